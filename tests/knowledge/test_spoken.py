"""Replies as words to be spoken: what is written otherwise than it sounds, and nothing unsaid is left."""

import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guide_pages import whole_guide
from bot.render import as_text, numbered
from knowledge.address import FORMS, address
from knowledge.library import load_library
from knowledge.number_words import digits, number
from knowledge.phrases import load_phrases
from knowledge.spoken import Speech, load_speech

speech = cache(load_speech)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "không"),
        (5, "năm"),
        (10, "mười"),
        (15, "mười lăm"),
        (21, "hai mươi mốt"),
        (24, "hai mươi bốn"),
        (105, "một trăm linh năm"),
        (110, "một trăm mười"),
        (1_005, "một nghìn không trăm linh năm"),
        (2_026, "hai nghìn không trăm hai mươi sáu"),
        (500_000, "năm trăm nghìn"),
        (1_500_000, "một triệu năm trăm nghìn"),
        (1_000_000_000, "một tỷ"),
        (2_000_000_000_001, "hai nghìn tỷ không trăm linh một"),
    ],
)
def test_numbers_are_said_as_people_say_them(value: int, words: str):
    assert number(value) == words


UNITS = {word: value for value, word in enumerate("không một hai ba bốn năm sáu bảy tám chín".split())}


def read(words: str) -> int:
    """The words as a number: a second reading of the rules, word by word."""
    total = group = unit = 0
    billions = 0
    for word in words.split():
        match word:
            case "trăm":
                group, unit = group + unit * 100, 0
            case "mười":
                group, unit = group + 10, 0
            case "mươi":
                group, unit = group + unit * 10, 0
            case "nghìn" | "triệu":
                total += (group + unit) * (1_000 if word == "nghìn" else 1_000_000)
                group = unit = 0
            case "tỷ":
                billions, total, group, unit = total + group + unit, 0, 0, 0
            case "linh":
                unit = 0
            case _:
                unit = {"mốt": 1, "lăm": 5}.get(word) or UNITS[word]
    return billions * 10**9 + total + group + unit


@given(st.integers(0, 10**15))
def test_the_words_of_a_number_mean_that_number(value: int):
    assert read(number(value)) == value


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('Bước 2/5. Bác mở VNeID, bấm "Quên".', "Bước hai trên năm. Bác mở vê nê ai đi, bấm Quên."),
        ("1. Xong rồi\n2. Không thấy\n0. Gặp người giúp · 9. Quay lại",
         "Số một, Xong rồi. Số hai, Không thấy. Số không, Gặp người giúp, Số chín, Quay lại"),
        ("Gọi 18001096.", "Gọi một tám không không, một không chín sáu."),
        ("Gọi 1900 0368.", "Gọi một chín không không, không ba sáu tám."),
        ("Gọi 113, 115 hoặc 5656.", "Gọi một một ba, một một năm hoặc năm sáu năm sáu."),
        ("Số 0912 345 678", "Số không chín một hai, ba bốn năm, sáu bảy tám"),
        ("Số 0912345678", "Số không chín một hai, ba bốn năm, sáu bảy tám"),
        ("Mã 123456", "Mã một hai ba bốn năm sáu"),
        ("Có 113 người, 14 tuổi", "Có một một ba người, mười bốn tuổi"),
        ("ngày 10/10", "ngày mười tháng mười"),
        ("ngày 12/11/2026", "ngày mười hai tháng mười một năm hai nghìn không trăm hai mươi sáu"),
        ("tháng 3/2026", "tháng ba năm hai nghìn không trăm hai mươi sáu"),
        ("trực 24/7", "trực hai mươi bốn trên bảy"),
        ("lúc 7h30 hoặc 13:05", "lúc bảy giờ ba mươi hoặc mười ba giờ năm"),
        ("giảm 50%", "giảm năm mươi phần trăm"),
        ("1.500.000 đ", "một triệu năm trăm nghìn đồng"),
        ("3,5 triệu", "ba phẩy năm triệu"),
        ("từ 8-20 chữ", "từ tám đến hai mươi chữ"),
        ("Nghị quyết số 57-NQ/TW", "Nghị quyết số năm mươi bảy, nghị quyết trung ương"),
        ("13/2023/NĐ-CP", "số mười ba năm hai nghìn không trăm hai mươi ba, nghị định chính phủ"),
        ("Vào https://dichvucong.gov.vn/p/home ạ", "Vào đường dẫn ạ"),
        ("Vào dichvucong.gov.vn.", "Vào dịch vụ công chấm gốp chấm vê en."),
        ("mã OTP, mã QR, CCCD, UBND xã", "mã ô tê pê, mã quy a, căn cước công dân, ủy ban nhân dân xã"),
        ("Cục C06, mạng 4G", "Cục xê không sáu, mạng bốn giê"),
        ("⚠️ Bác tắt máy! ✅ 📞", "Bác tắt máy!"),
        ("GIẤY GHI NHẬN KỸ NĂNG SỐ", "GIẤY GHI NHẬN KỸ NĂNG SỐ"),
        ("", ""),
        ("✅", ""),
    ],
)  # fmt: skip
def test_what_is_written_otherwise_is_said_as_it_sounds(written: str, said: str):
    assert speech()(written) == said


def replies() -> list[str]:
    """Each guide step by step and as a whole, with choices, in some form of address."""
    phrases, forms = load_phrases(), sorted(FORMS)
    choices = numbered("x", (phrases("guide.done"), phrases("guide.not_seen")), phrases)
    found = []
    for guide in load_library().guides.values():
        form = forms[len(found) % len(forms)]
        found.append(whole_guide(guide, phrases, form))
        for place, step in enumerate(guide.steps, 1):
            text = phrases(
                "guide.step",
                number=place,
                count=len(guide.steps),
                action=step.action,
                appears=step.appears,
            )
            found += [as_text(address(text, form), choices), address(step.if_not, form)]
        for question in guide.front.quiz:
            found.append(address(f"{question.question}\n{question.why}", form))
    plain = (
        texts for key, texts in phrases.texts.items() if key.split(".")[0] in ("chat", "guide", "safety")
    )
    found += [
        address(text, "bac") for texts in plain for text in texts if "{{" not in text and "{%" not in text
    ]
    return found


def test_no_reply_has_a_digit_a_sign_or_letters_nobody_can_say():
    said = [(reply, speech()(reply)) for reply in replies()]
    syllable = re.compile(r"[B-DĐF-HJ-NP-TV-XZ]{0,3}[AEIOUY]+[CMNPTGH]{0,2}")

    assert len(said) >= 1_000
    assert [
        (reply, words) for reply, words in said if not re.fullmatch(r"[^\W\d_][^\W\d_ .,;:?!]*.*", words)
    ] == []
    assert [words for _, words in said if re.search(r"[^\w\s.,;:?!]|[\d_]", words)] == []
    capitals = {word for _, words in said for word in re.findall(r"\b[A-ZĐ]{2,}\b", words)}
    assert {word for word in capitals if not syllable.fullmatch(word)} == set()


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_whatever_is_typed_leaves_letters_and_pauses_alone(text: str):
    assert re.fullmatch(r"(?:[^\W\d_]|[ .,;:?!])*", speech()(text))


@given(st.from_regex(r"0\d{9}", fullmatch=True))
def test_every_digit_of_a_phone_number_is_said(phone: str):
    assert speech()(f"Gọi {phone}").replace(",", "") == f"Gọi {digits(phone)}"


def test_the_words_of_the_file_are_words():
    found: Speech = speech()

    said = [
        *found.words.values(),
        *found.documents.values(),
        *found.letters.values(),
        *found.symbols.values(),
    ]
    assert [words for words in said if not re.fullmatch(r"[^\W\d_]+(?: [^\W\d_]+)*", words)] == []
