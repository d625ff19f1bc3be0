"""The shipped digests: our own words, the documents' own figures."""

from pathlib import Path

import pytest

from knowledge.guide import ContentError
from knowledge.plan_digest import PlanDigest, load_plan_digest, load_plan_digests
from knowledge.plan_facts import plan_facts
from knowledge.plan_lines import fold
from tests.knowledge.test_plan_structure import (
    HUNG_NGUYEN_NAM,
    KIEN_MINH,
    NAM_DAN,
    THACH_THANH,
    WARD,
    needs_seeds,
    seed,
    seed_plan,
)

DIGESTS = {digest.commune: digest for digest in load_plan_digests()}
SEED_OF = {
    "hung-nguyen-nam": HUNG_NGUYEN_NAM,
    "kien-minh": KIEN_MINH,
    "nam-dan": NAM_DAN,
    "phuong-khong-ten": WARD,
    "thach-thanh": THACH_THANH,
}
COPIED = 24  # syllables in a row; names of offices and groups of people alone can take as many

BROKEN = """---
commune: xa-thu
name: Xã Thử
kind: xã
province: null
document: Kế hoạch thử
issuer: Ủy ban nhân dân xã Thử
number: null
date: 2026-05
subject: Thử
signer: null
signer_post: null
bases: []
recipients: []
---
## I. Mục tiêu
- **I.1** 80% cán bộ biết dùng.
"""


def test_there_is_a_digest_for_each_sample_commune():
    assert {slug: (digest.name, digest.kind, digest.province) for slug, digest in DIGESTS.items()} == {
        "hung-nguyen-nam": ("Hưng Nguyên Nam", "xã", "Nghệ An"),
        "kien-minh": ("Kiến Minh", "xã", "Hải Phòng"),
        "nam-dan": ("Nam Đàn", "xã", "Nghệ An"),
        "phuong-khong-ten": ("Phường (văn bản không nêu tên)", "phường", None),
        "thach-thanh": ("Thạch Thành", "huyện", "Thanh Hóa"),
    }


@needs_seeds
@pytest.mark.parametrize("digest", DIGESTS.values(), ids=DIGESTS)
def test_a_digest_holds_every_target_of_its_plan(digest: PlanDigest):
    theirs = plan_facts(seed_plan(SEED_OF[digest.commune])).targets
    ours = plan_facts(digest.plan).targets

    assert {(t.year, t.percent, t.bound, t.locator) for t in ours} == {
        (t.year, t.percent, t.bound, t.locator) for t in theirs
    }


@needs_seeds
@pytest.mark.parametrize("digest", DIGESTS.values(), ids=DIGESTS)
def test_a_digest_holds_the_same_kinds_of_facts_in_the_same_places(digest: PlanDigest):
    theirs, ours = plan_facts(seed_plan(SEED_OF[digest.commune])), plan_facts(digest.plan)

    for kind in ("tasks", "deadlines", "phases", "models"):
        assert {fact.locator for fact in getattr(ours, kind)} == {
            fact.locator for fact in getattr(theirs, kind)
        }
    assert [(d.day, d.period) for d in ours.deadlines] == [(d.day, d.period) for d in theirs.deadlines]
    assert [(m.name, m.least) for m in ours.models] == [(m.name, m.least) for m in theirs.models]


@needs_seeds
@pytest.mark.parametrize("digest", DIGESTS.values(), ids=DIGESTS)
def test_a_digest_names_the_head_as_the_document_does(digest: PlanDigest):
    theirs, ours = seed_plan(SEED_OF[digest.commune]).head, digest.plan.head

    assert (ours.issuer, ours.number, ours.date, ours.signer) == (
        theirs.issuer,
        theirs.number,
        theirs.date,
        theirs.signer,
    )
    assert (ours.kind, ours.commune) == (theirs.kind, theirs.commune)


@needs_seeds
@pytest.mark.parametrize("digest", DIGESTS.values(), ids=DIGESTS)
def test_a_digest_is_told_in_our_own_words(digest: PlanDigest):
    words = fold(seed(SEED_OF[digest.commune])).split()
    runs = {tuple(words[at : at + COPIED]) for at in range(len(words) - COPIED + 1)}

    copied = [
        passage.locator
        for passage in digest.plan.passages
        if passage.kind == "item" and runs & set(_runs(fold(passage.text).split()))
    ]

    assert copied == []


def _runs(words: list[str]) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + COPIED]) for at in range(len(words) - COPIED + 1)]


def test_a_digest_reads_as_a_plan(tmp_path: Path):
    (tmp_path / "xa-thu.md").write_text(BROKEN, encoding="utf-8")

    plan = load_plan_digest(tmp_path / "xa-thu.md").plan

    assert [(p.locator, p.heading, p.text, p.kind) for p in plan.passages][1:] == [
        ("I.1", "I. Mục tiêu", "80% cán bộ biết dùng.", "item")
    ]


@pytest.mark.parametrize(
    ("instead", "by", "message"),
    [
        ("commune: xa-thu", "commune: xa-khac", "found commune: 'xa-khac', expected the name of the file"),
        ("kind: xã", "kind: làng", "kind: 'làng'"),
        ("- **I.1** 80%", "- I.1 80%", "xa-thu.md:17: found '- I.1 80%"),
        ("biết dùng.", "biết dùng", "expected a sentence"),
        ("---\ncommune", "commune", "expected front matter"),
    ],
)
def test_a_broken_digest_is_refused_with_its_place(instead: str, by: str, message: str, tmp_path: Path):
    path = tmp_path / "xa-thu.md"
    path.write_text(BROKEN.replace(instead, by, 1), encoding="utf-8")

    with pytest.raises(ContentError) as caught:
        load_plan_digest(path)

    assert message in str(caught.value)
