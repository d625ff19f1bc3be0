import datetime as dt
from dataclasses import replace

import pytest

from knowledge.guide import ContentError, Guide
from knowledge.library import CONTENT, Library, load_library, read_text
from knowledge.own_guide import MAX_QUESTION, broken, check_own, own_guide

TODAY = dt.date(2026, 11, 22)
SLUG = "kn-wifi"


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture
def source() -> str:
    return read_text(CONTENT / "guides" / f"{SLUG}.md")


def rules(library: Library, source: str, *questions: str, slug: str = SLUG) -> list[str]:
    """The rules that the guide breaks, as errors."""
    shipped = library.guides.get(slug)
    guide = own_guide(slug, source, questions, shipped)
    problems = check_own(guide, library, extra=questions, shipped=shipped, today=TODAY)
    return [problem.rule for problem in problems if problem.severity == "error"]


def test_every_shipped_guide_would_pass_as_a_commune_s_own(library: Library):
    broken_rules = {
        slug: found
        for slug in library.guides
        if (found := rules(library, read_text(CONTENT / "guides" / f"{slug}.md"), slug=slug))
    }

    assert broken_rules == {}


def test_questions_of_ones_own_come_after_those_that_are_shipped(library: Library, source: str):
    shipped = library.guide(SLUG)

    guide = own_guide(SLUG, source, ["mạng nhà văn hóa thôn", "  mạng   nhà văn hóa thôn ", ""], shipped)

    assert guide.questions == (*shipped.questions, "mạng nhà văn hóa thôn")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('mục "Cài đặt", hình bánh răng', "trang http://vneid-capnhat.top/x", "link"),
        ('mục "Cài đặt", hình bánh răng', "trang https://dichvucong.gov.vn@xau.com", "link"),
        ('mục "Cài đặt", hình bánh răng', "trang xau.com", "link"),
        ("https://thanhnien.vn/", "http://thanhnien.vn/", "source"),
        ("https://thanhnien.vn/", "https://example.org/", "source"),
        ("{Bác} mở mục", "Bác mở mục", "address"),
        ("{Bác} mở mục", "{Bác} click vào mục", "word"),
        ("related: [at-wifi-cong-cong", "related: [khong-co", "slug"),
        ("related: [at-wifi-cong-cong", "prerequisites: [kn-wifi]\nrelated: [at-wifi-cong-cong", "itself"),
        ("reviewed: 2026-11-22", "reviewed: 2026-11-23", "reviewed"),
        ("reviewed: 2026-11-22", "reviewed: 2026-11-22\nexpires: 2026-11-21", "expired"),
    ],
)
def test_what_may_not_go_live_is_named(library: Library, source: str, old: str, new: str, rule: str):
    assert old in source

    assert rule in rules(library, source.replace(old, new, 1))


def test_where_money_or_identity_is_near_there_must_be_a_warning(library: Library, source: str):
    without = "\n".join(line for line in source.splitlines() if not line.startswith("safety:"))

    assert rules(library, without) == []
    assert rules(library, without.replace("topic: ky-nang", "topic: thanh-toan")) == ["safety"]


def test_a_circle_through_another_guide_is_found(library: Library, source: str):
    needs_wifi = library.guide("kn-cap-nhat")
    front = needs_wifi.front.model_copy(update={"prerequisites": (SLUG,)})
    guides = {**library.guides, "kn-cap-nhat": replace(needs_wifi, front=front)}
    circled = source.replace("related: [", "prerequisites: [kn-cap-nhat]\nrelated: [", 1)

    assert rules(Library(guides), circled) == ["circle"]


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        ("mật\u200b khẩu wifi", "question_hidden"),
        ("gọi số ‹phone› hỏi mạng", "question_mask"),
        ("a" * (MAX_QUESTION + 1), "question_long"),
    ],
)
def test_a_question_that_may_not_go_live_is_named(library: Library, source: str, question: str, rule: str):
    assert rules(library, source, question) == [rule]


def test_a_question_of_another_guide_stays_there(library: Library, source: str):
    taken = library.guide("vneid-quen-mat-khau").questions[0]

    assert rules(library, source, taken.upper()) == ["question_taken"]


def test_a_new_guide_needs_questions(library: Library, source: str):
    few = ["loa xóm rè", "loa phường nói nhỏ"]

    assert rules(library, source, *few, slug="xa-loa") == ["questions_none"]
    assert rules(library, source, *few, "loa thôn không kêu", slug="xa-loa") == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("## Chuẩn bị", "## Chuẩn\u200b bị", "hidden"),
        ("level: 1", "level: 7", "front"),
        ("- Tên mạng và mật khẩu", "Tên mạng và mật khẩu", "section_0"),
        ("2. {Bác} bấm vào dòng", "3. {Bác} bấm vào dòng", "section_1"),
        ("- **Mất hết mạng**:", "- Mất hết mạng:", "section_2"),
        ("- Nhà mạng của SIM", "Nhà mạng của SIM", "section_3"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(source: str, old: str, new: str, rule: str):
    changed = source.replace(old, new, 1)
    line = changed[: changed.index(new)].count("\n") + 1

    with pytest.raises(ContentError) as error:
        _read(changed)

    problem = broken(error.value, changed)
    assert (problem.rule, problem.line) == (rule, line)


def _read(source: str) -> Guide:
    return own_guide(SLUG, source, (), None)
