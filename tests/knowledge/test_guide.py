"""Reading one guide file: what a good one becomes, and what is said about a broken one."""

import datetime as dt
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from knowledge.guide import ContentError, Fault, FrontMatter, Guide, QuizQuestion, Source, Step, parse_guide
from knowledge.library import read_text

PATH = Path("guides/kn-loa.md")

GUIDE = """\
---
title: Bật loa điện thoại
topic: ky-nang
summary: "{Bác} bật được loa ngoài khi nghe điện thoại."
level: 1
groups: [nguoi-dan]
prerequisites: [kn-goi]
related: [kn-chu-to]
sources:
  - name: Báo Dân trí
    address: https://dantri.com.vn/loa.htm
    date: 2025-12-04
  - name: Sổ tay của xã
    address: https://example.vn/so-tay
    date: 2026
reviewed: 2026-11-22
expires: 2027-12-31
safety: "{Bác} không đọc mã OTP cho ai."
check: "{Bác} nghe tiếng rõ từ loa ngoài chưa ạ?"
quiz:
  - question: Muốn nghe to hơn thì làm gì?
    options: [Bật loa ngoài, Tắt máy]
    answer: 1
    why: Loa ngoài to hơn loa trong.
  - question: Nút loa ở đâu?
    options: [Sau lưng máy, Trong hộp, Trên màn hình gọi]
    answer: 3
    why: Nút hiện khi đang gọi.
---

## Chuẩn bị
- Điện thoại còn pin.

## Các bước
1. {Bác} gọi cho người nhà.
   - Máy hiện: màn hình cuộc gọi.
   - Nếu không thấy: {bác} nhờ người bên cạnh.
2. {Bác} bấm chữ "Loa".
   - Máy hiện: chữ "Loa" sáng lên.
   - Nếu không thấy: {bác} chạm vào màn hình một cái.

## Lỗi hay gặp
- **Không nghe gì**: {bác} vặn to bằng nút bên hông.
- **Máy kêu rè:** {bác} đưa máy ra xa tai.

## Hỏi ai
- Tổ công nghệ số cộng đồng của xóm.
"""


def guide_text(*changes: tuple[str, str]) -> str:
    """The good guide with each `old` replaced by its `new`."""
    text = GUIDE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@dataclass(frozen=True)
class Said:
    line: int
    found: str
    expected: str


def error_of(*changes: tuple[str, str]) -> Said:
    return error_in(guide_text(*changes))


def error_in(text: str, path: Path = PATH) -> Said:
    with pytest.raises(ContentError) as caught:
        parse_guide(path, text)
    error = caught.value
    assert str(error) == f"{path}:{error.line}: found {error.found}, expected {error.expected}"
    return Said(error.line, error.found, error.expected)


def line_of(start: str, text: str = GUIDE) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if line.startswith(start))


def test_a_good_file_becomes_a_guide():
    guide = parse_guide(PATH, GUIDE)

    assert guide == Guide(
        slug="kn-loa",
        front=FrontMatter(
            title="Bật loa điện thoại",
            topic="ky-nang",
            summary="{Bác} bật được loa ngoài khi nghe điện thoại.",
            level=1,
            groups=("nguoi-dan",),
            prerequisites=("kn-goi",),
            related=("kn-chu-to",),
            sources=(
                Source(name="Báo Dân trí", address="https://dantri.com.vn/loa.htm", date="2025-12-04"),
                Source(name="Sổ tay của xã", address="https://example.vn/so-tay", date="2026"),
            ),
            reviewed=dt.date(2026, 11, 22),
            expires=dt.date(2027, 12, 31),
            safety="{Bác} không đọc mã OTP cho ai.",
            check="{Bác} nghe tiếng rõ từ loa ngoài chưa ạ?",
            quiz=(
                QuizQuestion(
                    question="Muốn nghe to hơn thì làm gì?",
                    options=("Bật loa ngoài", "Tắt máy"),
                    answer=1,
                    why="Loa ngoài to hơn loa trong.",
                ),
                QuizQuestion(
                    question="Nút loa ở đâu?",
                    options=("Sau lưng máy", "Trong hộp", "Trên màn hình gọi"),
                    answer=3,
                    why="Nút hiện khi đang gọi.",
                ),
            ),
        ),
        prepare=("Điện thoại còn pin.",),
        steps=(
            Step("{Bác} gọi cho người nhà.", "màn hình cuộc gọi.", "{bác} nhờ người bên cạnh."),
            Step('{Bác} bấm chữ "Loa".', 'chữ "Loa" sáng lên.', "{bác} chạm vào màn hình một cái."),
        ),
        faults=(
            Fault("Không nghe gì", "{bác} vặn to bằng nút bên hông."),
            Fault("Máy kêu rè", "{bác} đưa máy ra xa tai."),
        ),
        ask=("Tổ công nghệ số cộng đồng của xóm.",),
        questions=(),
    )


def test_a_guide_knows_its_title_and_topic():
    guide = parse_guide(PATH, GUIDE)

    assert (guide.title, guide.topic) == ("Bật loa điện thoại", "ky-nang")


def test_steps_and_faults_know_their_lines():
    guide = parse_guide(PATH, GUIDE)

    assert [step.line for step in guide.steps] == [line_of("1. "), line_of("2. ")]
    assert [fault.line for fault in guide.faults] == [line_of("- **Không"), line_of("- **Máy kêu")]


def test_fields_that_may_be_left_out_are_empty():
    guide = parse_guide(
        PATH,
        guide_text(
            ("prerequisites: [kn-goi]\nrelated: [kn-chu-to]\n", ""),
            ("expires: 2027-12-31\n", ""),
            ('safety: "{Bác} không đọc mã OTP cho ai."\n', ""),
        ),
    )

    front = guide.front
    assert (front.prerequisites, front.related, front.expires, front.safety) == ((), (), None, None)


def test_a_guide_holds_on_its_last_day_and_not_the_day_after():
    guide = parse_guide(PATH, GUIDE)

    assert not guide.is_expired(dt.date(2027, 12, 31))
    assert guide.is_expired(dt.date(2028, 1, 1))


def test_a_guide_without_a_last_day_never_expires():
    guide = parse_guide(PATH, guide_text(("expires: 2027-12-31\n", "")))

    assert not guide.is_expired(dt.date(2999, 1, 1))


# --- The file -------------------------------------------------------------------------------------


def test_an_empty_file_is_refused():
    assert error_in("") == Said(1, "an empty file", "'---' and the front matter")


def test_a_file_that_does_not_open_with_dashes_is_refused():
    assert error_of(("---\n", "")) == Said(1, "'title: Bật loa điện thoại'", "'---' and the front matter")


def test_front_matter_without_an_end_is_refused_at_the_end_of_the_file():
    text = guide_text(("---\n\n## Chuẩn bị", "\n## Chuẩn bị"))

    assert error_in(text) == Said(
        len(text.splitlines()), "the end of the file", "'---' after the front matter"
    )


def test_a_file_name_that_is_no_slug_is_refused():
    said = error_in(GUIDE, Path("guides/Kn Loa.md"))

    assert said == Said(1, "'Kn Loa'", "a name such as 'kn-wifi'")


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\u200b", "U+200B"),  # zero-width space
        ("\u202e", "U+202E"),  # what follows runs from right to left
        ("\u2066", "U+2066"),  # the same, isolated
        ("\u2028", "U+2028"),  # a line break that editors do not show
        ("\u00ad", "U+00AD"),  # soft hyphen
        ("\ufeff", "U+FEFF"),
        ("\x00", "U+0000"),
        ("\x0c", "U+000C"),
        ("\x85", "U+0085"),
    ],
)
def test_a_hidden_character_is_refused_where_it_stands(character: str, name: str):
    said = error_of(("Điện thoại còn pin", f"Điện thoại{character} còn pin"))

    assert said == Said(line_of("- Điện thoại"), f"hidden character {name}", "visible text")


def test_bytes_that_are_not_utf_8_are_refused_where_they_stand(tmp_path: Path):
    path = tmp_path / "kn-loa.md"
    path.write_bytes(b"---\ntitle: B\xe2\x01t loa\n")

    with pytest.raises(ContentError) as caught:
        read_text(path)

    assert str(caught.value) == f"{path}:2: found bytes that are not UTF-8, expected a file saved as UTF-8"


def test_line_ends_of_windows_read_alike(tmp_path: Path):
    path = tmp_path / "kn-loa.md"
    path.write_bytes(GUIDE.replace("\n", "\r\n").encode())

    assert parse_guide(path, read_text(path)) == parse_guide(PATH, GUIDE)


def test_letters_composed_of_parts_read_alike(tmp_path: Path):
    path = tmp_path / "kn-loa.md"
    path.write_text(unicodedata.normalize("NFD", GUIDE), encoding="utf-8")

    assert parse_guide(path, read_text(path)) == parse_guide(PATH, GUIDE)


# --- Front matter ---------------------------------------------------------------------------------


def test_broken_yaml_is_refused_with_its_line():
    said = error_of(("title: Bật loa điện thoại", "title: Bật loa: ngoài"))

    assert said == Said(2, "mapping values are not allowed here", "YAML such as 'title: Nối Wi-Fi'")


def test_a_placeholder_without_quotes_is_refused_with_its_line():
    said = error_of(('summary: "{Bác} bật được loa ngoài khi nghe điện thoại."', "summary: {Bác} bật loa"))

    expected = "YAML such as 'title: Nối Wi-Fi'"
    assert said == Said(4, "expected <block end>, but found '<scalar>'", expected)


def test_front_matter_that_is_no_list_of_fields_is_refused():
    assert error_in("---\n- Bật loa\n---\n") == Said(
        2, "['Bật loa']", "YAML fields such as 'title: Nối Wi-Fi'"
    )


def test_an_unknown_field_is_refused():
    said = error_of(("level: 1", "level: 1\nnivel: 2"))

    assert said == Said(6, "nivel: 2", "Extra inputs are not permitted")


def test_a_field_left_out_is_refused():
    assert error_of(("level: 1\n", "")) == Said(2, "level: nothing", "Field required")


@pytest.mark.parametrize(
    ("written", "found", "expected"),
    [
        (
            "hôm qua",
            "'hôm qua'",
            "Input should be a valid date or datetime, input is too short",
        ),
        (
            "22/11/2026",
            "'22/11/2026'",
            "Input should be a valid date or datetime, invalid character in year",
        ),
        (
            "2026-02-30",
            "'2026-02-30'",
            "Input should be a valid date or datetime, day value is outside expected range",
        ),
        (
            "2026-13-01",
            "'2026-13-01'",
            "Input should be a valid date or datetime, month value is outside expected range of 1-12",
        ),
    ],
)
def test_a_date_that_is_none_is_refused(written: str, found: str, expected: str):
    said = error_of(("reviewed: 2026-11-22", f"reviewed: {written}"))

    assert said == Said(line_of("reviewed:"), f"reviewed: {found}", expected)


def test_the_date_of_a_source_is_a_year_a_month_or_a_day():
    said = error_of(("date: 2025-12-04", "date: 12/2025"))

    assert said == Said(
        line_of("sources:"),
        "sources.0.date: '12/2025'",
        r"String should match pattern '^\d{4}(-\d{2}(-\d{2})?)?$'",
    )


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("title: Bật loa điện thoại", "title: Loa", "title"),
        ("topic: ky-nang", "topic: ky-nang-so", "topic"),
        ("level: 1", "level: 4", "level"),
        ("groups: [nguoi-dan]", "groups: []", "groups"),
        ("groups: [nguoi-dan]", "groups: [nong-dan]", "groups.0"),
        ("https://dantri.com.vn/loa.htm", "dantri.com.vn", "sources.0.address"),
        ("check: ", "check: Chưa? # ", "check"),
        ("[Bật loa ngoài, Tắt máy]", "[Bật loa ngoài]", "quiz.0.options"),
        ("[Bật loa ngoài, Tắt máy]", "[Một, Hai, Ba, Bốn, Năm]", "quiz.0.options"),
    ],
)
def test_a_field_out_of_bounds_is_refused_by_its_name(old: str, new: str, field: str):
    said = error_of((old, new))

    assert said.found.split(": ")[0] == field
    assert said.line == line_of(f"{field.split('.')[0]}:")


@pytest.mark.parametrize("answer", [3, 4])
def test_a_quiz_answer_that_is_no_option_is_refused(answer: int):
    said = error_of(("answer: 1", f"answer: {answer}"))

    expected = "Value error, the answer must be the number of one of the options"
    assert said == Said(line_of("quiz:"), f"quiz.0.answer: {answer}", expected)


def test_quiz_answers_count_from_1():
    said = error_of(("answer: 1", "answer: 0"))

    expected = "Input should be greater than or equal to 1"
    assert said == Said(line_of("quiz:"), "quiz.0.answer: 0", expected)


# --- Body -----------------------------------------------------------------------------------------


def test_sections_in_another_order_are_refused():
    said = error_of(("## Chuẩn bị", "## Các bước"))

    assert said == Said(line_of("## Chuẩn bị"), "'## Các bước'", "'## Chuẩn bị'")


def test_a_heading_of_another_level_is_refused():
    said = error_of(("## Lỗi hay gặp", "### Lỗi hay gặp"))

    assert said == Said(line_of("## Lỗi"), "'### Lỗi hay gặp'", "'## Lỗi hay gặp'")


def test_a_fifth_section_is_refused():
    text = GUIDE + "## Khác\n- Thêm.\n"

    assert error_in(text) == Said(line_of("## Khác", text), "'## Khác'", "no more sections")


def test_a_section_left_out_at_the_end_is_refused():
    text = GUIDE[: GUIDE.index("## Hỏi ai")]

    assert error_in(text) == Said(len(text.splitlines()), "the end of the file", "'## Hỏi ai'")


def test_text_before_the_first_section_is_refused():
    said = error_of(("---\n\n## Chuẩn bị", "---\n\nLời nói đầu\n## Chuẩn bị"))

    assert said == Said(line_of("## Chuẩn bị"), "'Lời nói đầu'", "'## Chuẩn bị'")


def test_a_line_of_a_list_begins_with_a_dash():
    said = error_of(("- Điện thoại còn pin.", "Điện thoại còn pin."))

    assert said == Said(line_of("- Điện thoại"), "'Điện thoại còn pin.'", "a line such as '- …'")


def test_steps_are_numbered_in_order():
    said = error_of(("2. {Bác} bấm", "3. {Bác} bấm"))

    assert said == Said(line_of("2. "), "'3. {Bác} bấm chữ \"Loa\".'", "step '2. …'")


def test_steps_are_numbered_from_1():
    said = error_of(("1. {Bác} gọi", "0. {Bác} gọi"))

    assert said == Said(line_of("1. "), "'0. {Bác} gọi cho người nhà.'", "step '1. …'")


def test_a_step_says_what_the_machine_shows():
    said = error_of(("   - Máy hiện: màn hình cuộc gọi.\n", ""))

    expected = "'   - Máy hiện: …'"
    assert said == Said(line_of("1. ") + 1, "'   - Nếu không thấy: {bác} nhờ người bên'", expected)


def test_a_step_says_what_to_do_when_it_is_not_seen():
    said = error_of(("   - Nếu không thấy: {bác} nhờ người bên cạnh.\n", ""))

    assert said == Said(line_of("1. ") + 2, "'2. {Bác} bấm chữ \"Loa\".'", "'   - Nếu không thấy: …'")


def test_the_last_step_must_not_break_off():
    said = error_of(("   - Nếu không thấy: {bác} chạm vào màn hình một cái.\n", ""))

    assert said == Said(line_of("2. "), "the end of the step", "'   - Nếu không thấy: …'")


def test_what_belongs_to_a_step_is_indented():
    said = error_of(("   - Máy hiện: màn hình", "- Máy hiện: màn hình"))

    assert said == Said(line_of("1. ") + 1, "'- Máy hiện: màn hình cuộc gọi.'", "'   - Máy hiện: …'")


def test_a_label_without_text_is_refused():
    said = error_of(("   - Máy hiện: màn hình cuộc gọi.", "   - Máy hiện:"))

    assert said == Said(line_of("1. ") + 1, "'   - Máy hiện:'", "'   - Máy hiện: …'")


def test_a_fault_has_its_sign_in_bold():
    said = error_of(("- **Không nghe gì**: {bác} vặn", "- Không nghe gì: {bác} vặn"))

    found, expected = "'Không nghe gì: {bác} vặn to bằng nút bên'", "'- **what is seen**: what to do'"
    assert said == Said(line_of("- **Không"), found, expected)


def test_a_fault_says_what_to_do():
    said = error_of(("- **Máy kêu rè:** {bác} đưa máy ra xa tai.", "- **Máy kêu rè**"))

    assert said == Said(line_of("- **Máy"), "'**Máy kêu rè**'", "'- **what is seen**: what to do'")


def test_guides_are_equal_whatever_lines_they_stand_on():
    guide = parse_guide(PATH, GUIDE)

    moved = replace(guide, steps=tuple(replace(step, line=step.line + 7) for step in guide.steps))

    assert moved == guide
