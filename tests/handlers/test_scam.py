"""What a forwarded message looks like; a resident's own question is not judged."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.guard import guard
from handlers.scam import ScamCheck, ScamVerdict, looks_alike
from knowledge.check import check_text, style_words
from knowledge.glossary import load_glossary
from knowledge.library import load_library
from knowledge.phrases import load_phrases
from knowledge.safety_rules import load_scam_rules, load_urgent_rules
from retrieval.engine import make_repairer

DATA = Path(__file__).parents[1] / "data"
RULES = load_scam_rules()
REPAIRER = make_repairer(load_library(), load_glossary())
CHECK = ScamCheck(RULES, load_urgent_rules().ideas, reader=lambda text: REPAIRER.read(text).text)


def rows(name: str) -> Iterator[dict[str, Any]]:
    with (DATA / name).open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def verdict(text: str) -> str | None:
    found = CHECK(guard(text).redacted)
    return found.verdict if found else None


# The messages were written before the rules; the rules were mended on the half "dev" only. The half
# "test" was read once: 41 of 44 scams.
@pytest.mark.parametrize(("split", "least"), [("dev", 0.95), ("test", 0.9)])
def test_nearly_every_scam_is_at_least_suspicious(split: str, least: float):
    scams = [row["q"] for row in rows("scam_messages.jsonl") if row["scam"] and row["split"] == split]

    missed = [text for text in scams if verdict(text) not in ("likely", "suspicious")]

    assert 1 - len(missed) / len(scams) >= least, "\n".join(missed)


@pytest.mark.parametrize(("split", "most"), [("dev", 0.02), ("test", 0.02)])
def test_honest_messages_are_hardly_ever_called_likely_scams(split: str, most: float):
    honest = [row["q"] for row in rows("scam_messages.jsonl") if not row["scam"] and row["split"] == split]

    accused = [text for text in honest if verdict(text) == "likely"]

    assert len(accused) / len(honest) <= most, "\n".join(accused)


def test_a_residents_own_question_is_left_to_the_guides():
    # Questions about frauds are left out: "is this one?" is asked there, and may be judged.
    questions = [row["q"] for row in rows("questions/dev.jsonl") if not row["slugs"][0].startswith("at-")]

    judged = {text: found for text in questions if (found := verdict(text))}

    assert len(judged) / len(questions) <= 0.025, "\n".join(judged)
    warned = [text for text, found in judged.items() if found != "no_signs"]
    assert len(warned) / len(questions) <= 0.02, "\n".join(warned)


@pytest.mark.parametrize(
    "text",
    [
        "có người gọi xưng công an đòi tiền, làm sao",
        "họ bảo phải nộp phí mới cho vay, có nên không",
        "tôi vừa bị lừa 20 triệu",
        "vào dichvucong.gov.vn đăng nhập thế nào",
        "lừa đảo là gì",
        "có phải lừa đảo không",
        "",
    ],
)
def test_there_is_nothing_to_judge_in(text: str):
    assert verdict(text) is None


def test_says_which_signs_it_saw_and_where_the_message_leads():
    text = "Agribank: tai khoan cua quy khach se bi khoa trong 2h, nhap mat khau tai agribank-mo.xyz"

    assert CHECK(text) == ScamVerdict(
        "likely",
        (
            "lookalike_address",
            "asks_secret",
            "threat_of_loss",
            "account_locked",
            "pressure",
            "claims_company",
        ),
        ("agribank-mo.xyz",),
    )


def test_a_question_with_the_message_beside_it_is_judged():
    assert (
        verdict("tin này có phải lừa đảo không: chúc mừng chị trúng xe SH, nộp 2 triệu phí để nhận")
        == "likely"
    )


def test_a_strange_address_is_judged_whatever_is_asked_about_it():
    assert verdict("trang vneid-gov-vn.xyz này có thật không cháu") == "likely"


@pytest.mark.parametrize(
    "host",
    [
        "vneid-gov.vn.xyz",
        "vietcornbank.com",
        "vietc0mbank.com.vn.vip",
        "agrlbank.com",
        "dichvucong-gov.net",
        "zal0.site",
        "xn--vietcombnk-1ib.com",
        "vіetcombank.com",  # a Cyrillic і
        "bidv.doidiem.top",
        "viettell.vn",
    ],
)
def test_sees_an_address_that_borrows_an_official_name(host: str):
    assert looks_alike(host, RULES)


@pytest.mark.parametrize("host", ["phanbonhoabinh.vn", "nhaxethanh.com", "thoitiet24.net"])
def test_a_merely_unknown_address_borrows_no_name(host: str):
    assert not looks_alike(host, RULES)


@pytest.mark.parametrize(
    "address",
    [
        "https://dichvucong.gov.vn",
        "vneid.gov.vn",
        "nghean.gov.vn/tin",
        "www.vietcombank.com.vn",
        "zalo.me/123",
    ],
)
def test_an_official_address_is_no_sign(address: str):
    found = CHECK(f"Kính mời bà con xem thông báo tại {address}")

    assert found is None or found.signs == ()


def test_no_signs_is_not_called_safe():
    phrases = load_phrases()
    spoken = [text for key in phrases if key.startswith("safety.") for text in phrases.texts[key]]

    assert not [text for text in spoken if "an toàn" in text.lower()]


def test_every_sign_has_its_sentence_and_its_source():
    phrases = load_phrases()

    shown = {f"safety.sign_{sign.key}" for sign in RULES.signs if sign.weight > 0} | {"safety.sign_wording"}

    assert shown == {key for key in phrases if key.startswith("safety.sign_")}
    assert all(sign.source for sign in RULES.signs)


def test_the_sentences_keep_the_rules_for_what_residents_read():
    phrases, words = load_phrases(), style_words()

    problems = [
        str(problem)
        for key in phrases
        if key.startswith("safety.")
        for text in phrases.texts[key]
        for problem in check_text(text.replace("{{ addresses }}", ""), key, 1, words)
    ]

    assert problems == []


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_never_fails_whatever_is_forwarded(text: str):
    found = CHECK(text)

    assert found is None or found.verdict in ("likely", "suspicious", "no_signs")


@pytest.mark.parametrize(
    "unit", ["lừa đảo ", "x.y.z.", "1.", "http://", "a-", "chuyen tien tai khoan ", "qzx1 ", "vay ", "a"]
)
def test_ten_thousand_characters_take_less_than_fifty_milliseconds(unit: str):
    text = (unit * 10_000)[:10_000]
    CHECK(text)

    took = []
    for _ in range(3):
        started = time.perf_counter()
        CHECK(text)
        took.append(time.perf_counter() - started)

    assert min(took) < 0.05
