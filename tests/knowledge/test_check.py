"""The linter of the content: each rule with a guide that breaks it, beside one that keeps it."""

import datetime as dt
import unicodedata
from pathlib import Path

import pytest

from knowledge.check import (
    MIN_QUESTIONS,
    Problem,
    StyleWords,
    check_content,
    check_guide,
    check_text,
    fold,
    sentences,
    style_words,
)
from knowledge.guide import ContentError, parse_guide

TODAY = dt.date(2026, 11, 22)
WORDS = StyleWords(
    banned=(("vui lòng", "{bác} … giúp {cháu}"), ("lỗi của {bác}", "không sao ạ")),
    english=(("app", "ứng dụng"), ("link", "đường dẫn")),
    actions=("bấm", "gõ", "mở", "gọi"),
    not_actions=("cuộc gọi", "đã mở"),
)
STYLE = """\
banned:
  - {word: "vui lòng", instead: "{bác} … giúp {cháu}"}
english:
  - {word: app, instead: "ứng dụng"}
actions: [bấm, gõ, mở, gọi]
not_actions: [cuộc gọi]
"""

STEPS = ("{Bác} mở máy.", "{Bác} bấm nút tròn.", "{Bác} gõ tên mình.", "{Bác} chờ một chút.")


def guide_text(
    *,
    steps: tuple[str, ...] = STEPS,
    appears: str = "màn hình sáng.",
    if_not: str = "{bác} nhờ người nhà.",
    check: str = "Màn hình đã sáng chưa ạ?",
    safety: str = "Không đọc mã cho ai.",
    fault: str = "{bác} sạc pin.",
    ask: str = "- Tổ công nghệ số.",
    fields: str = "",
    reviewed: str = "2026-11-01",
) -> str:
    """A tiny guide that keeps all rules but those that a test breaks."""
    numbered = "\n".join(
        f"{number}. {action}\n   - Máy hiện: {appears}\n   - Nếu không thấy: {if_not}"
        for number, action in enumerate(steps, 1)
    )
    return f"""\
---
title: Bật máy
topic: ky-nang
summary: "{{Bác}} bật được máy."
level: 1
groups: [nguoi-dan]
sources: [{{name: Báo, address: "https://bao.vn/a", date: 2026}}]
reviewed: {reviewed}
safety: "{safety}"
check: "{check}"
{fields}
quiz:
  - {{question: "Nút nào?", options: [Nút tròn, Nút vuông], answer: 1, why: Nút tròn là nút nguồn.}}
  - {{question: "Chờ ai?", options: [Chờ máy, Chờ người], answer: 1, why: Máy cần một chút.}}
---

## Chuẩn bị
- Điện thoại.

## Các bước
{numbered}

## Lỗi hay gặp
- **Máy tối**: {fault}

## Hỏi ai
{ask}
"""


FIRST_STEP, FAULT_LINE = 21, 35  # where they stand in the text above


def found_in(text: str, *, slugs: tuple[str, ...] = ("kn-may",), today: dt.date = TODAY) -> list[Problem]:
    guide = parse_guide(Path("kn-may.md"), text)
    return list(check_guide(guide, "kn-may.md", WORDS, set(slugs), today))


def error(line: int, found: str, expected: str) -> Problem:
    return Problem("kn-may.md", line, found, expected)


def test_a_guide_that_keeps_the_rules_has_no_problems():
    assert found_in(guide_text()) == []


def test_a_problem_reads_as_a_line_with_its_place():
    problem = Problem("guides/kn-may.md", 7, "'app'", "'ứng dụng'", "warning")

    assert str(problem) == "guides/kn-may.md:7: warning: found 'app', expected 'ứng dụng'"


# --- U2: length -----------------------------------------------------------------------------------


def test_u2_a_step_has_60_words_at_most():
    action = "{Bác} chờ. " * 29  # 58 words, and 2 that the machine shows

    assert found_in(guide_text(steps=(action, *STEPS[1:]), appears="hình sáng.")) == []
    assert found_in(guide_text(steps=(action, *STEPS[1:]), appears="hình sáng lên.")) == [
        error(FIRST_STEP, f"61 words, {len(action.strip()) + 15} characters", "at most 60 and 350")
    ]


def test_u2_a_step_has_350_characters_at_most():
    action = "{Bác} chờ " + "m" * 340 + "."

    assert found_in(guide_text(steps=(action, *STEPS[1:]), appears="sáng.")) == [
        error(FIRST_STEP, "4 words, 357 characters", "at most 60 and 350")
    ]


def test_u2_a_sentence_has_25_words_at_most():
    longest = "{bác} " + "chờ " * 23 + "nhé."

    assert found_in(guide_text(fault=longest)) == []
    assert found_in(guide_text(fault="thì " + longest)) == [
        error(FAULT_LINE, f"a sentence of 26 words ('{('thì ' + longest)[:30]}…')", "at most 25")
    ]


def test_u2_sentences_have_15_words_on_average_at_most():
    fifteen, seventeen = "chờ " * 14 + "nhé.", "chờ " * 16 + "nhé."

    assert found_in(guide_text(fault=f"{fifteen} {fifteen}")) == []
    assert found_in(guide_text(fault=f"{fifteen} {seventeen}")) == [
        error(FAULT_LINE, "sentences of 16.0 words on average", "at most 15")
    ]


# --- U3: one action a step ------------------------------------------------------------------------


def test_u3_a_step_has_one_action():
    assert found_in(guide_text(steps=("{Bác} bấm nút rồi gõ tên.", *STEPS[1:]))) == [
        error(FIRST_STEP, "actions bấm, gõ", "one action a step")
    ]


def test_u3_the_same_action_twice_is_two():
    assert found_in(guide_text(steps=("{Bác} bấm nút rồi bấm tiếp.", *STEPS[1:]))) == [
        error(FIRST_STEP, "actions bấm, bấm", "one action a step")
    ]


def test_u3_a_label_in_quotes_is_no_action():
    assert found_in(guide_text(steps=('{Bác} bấm chữ "Mở" ở dưới.', *STEPS[1:]))) == []


def test_u3_words_that_are_no_action_of_the_reader_do_not_count():
    assert found_in(guide_text(steps=("Cuộc gọi đến thì {bác} bấm nút đã mở.", *STEPS[1:]))) == []


# --- U4: words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word", "instead"),
    [
        ("{Bác} vui lòng chờ.", "vui lòng", "{bác} … giúp {cháu}"),
        ("Vui Lòng chờ.", "vui lòng", "{bác} … giúp {cháu}"),
        ("Đây là lỗi của {bác}.", "lỗi của {bác}", "không sao ạ"),
        ("{Bác} chờ app chạy.", "app", "ứng dụng"),
    ],
)
def test_u4_a_word_nobody_should_read_is_named_with_a_better_one(text: str, word: str, instead: str):
    assert list(check_text(text, "a.md", 3, WORDS)) == [
        Problem("a.md", 3, f"'{word}'", f"'{instead}', or the label in quotes")
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{Bác} chờ chữ "App Store" hiện ra.',
        "{Bác} chờ chữ “Vui lòng chờ” hiện ra.",
        "Vào https://app.vn/link là đúng.",
        "Trang app.com là giả.",
        "Món này mapping, apple.",
    ],
)
def test_u4_labels_addresses_and_parts_of_words_are_let_through(text: str):
    assert list(check_text(text, "a.md", 3, WORDS)) == []


def test_u4_every_text_of_a_guide_is_looked_at():
    app = [
        found_in(guide_text(**{part: value}))  # type: ignore[arg-type]
        for part, value in {
            "appears": "app sáng.",
            "if_not": "{bác} chờ app.",
            "check": "App đã sáng chưa ạ?",
            "safety": "Không đọc app cho ai.",
            "fault": "{bác} chờ app.",
            "ask": "- Người bán app.",
        }.items()
    ]

    expected = "'ứng dụng', or the label in quotes"
    steps = [error(FIRST_STEP + 3 * at, "'app'", expected) for at in range(4)]
    front = [error(1, "'app'", expected)]
    assert app == [steps, steps, front, front, [error(FAULT_LINE, "'app'", expected)], front]


# --- U5: address ----------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["bác", "cháu"])
def test_u5_a_bare_word_of_address_is_refused(word: str):
    assert list(check_text(f"Giờ {word} chờ.", "a.md", 3, WORDS)) == [
        Problem("a.md", 3, f"'{word}'", "the placeholder {bác} or {cháu}")
    ]


def test_u5_third_persons_are_let_through():
    text = "Bác sĩ khám, con cháu ngồi chờ, {cháu} đứng cạnh {bác}."

    assert list(check_text(text, "a.md", 3, WORDS)) == []


@pytest.mark.parametrize("placeholder", ["bac", "ông", "BÁC", ""])
def test_u5_a_placeholder_nobody_fills_is_refused(placeholder: str):
    assert list(check_text(f"Mời {{{placeholder}}} ngồi.", "a.md", 3, WORDS)) == [
        Problem("a.md", 3, f"{{{placeholder}}}", "{bác}, {Bác}, {cháu} or {Cháu}")
    ]


def test_letters_composed_of_parts_are_refused():
    text = unicodedata.normalize("NFD", "Điện thoại sáng.")

    assert list(check_text(text, "a.md", 3, WORDS)) == [
        Problem("a.md", 3, "text that is not NFC", "composed letters (NFC)")
    ]


# --- U15, U16 and the shape -----------------------------------------------------------------------


def test_u15_a_guide_ends_with_a_question():
    assert found_in(guide_text(check="Màn hình đã sáng.")) == [
        error(1, "check: 'Màn hình đã sáng.'", "a question that ends with '?'")
    ]


def test_u16_a_step_without_a_way_out_does_not_even_load():
    text = guide_text().replace("   - Nếu không thấy: {bác} nhờ người nhà.\n", "", 1)

    with pytest.raises(ContentError, match="expected '   - Nếu không thấy: …'"):
        parse_guide(Path("kn-may.md"), text)


def test_u16_a_guide_names_whom_to_ask():
    assert found_in(guide_text(ask="")) == [error(1, "an empty section", "at least one line in each section")]


@pytest.mark.parametrize("count", [3, 10])
def test_a_guide_has_4_to_9_steps(count: int):
    assert found_in(guide_text(steps=("{Bác} chờ.",) * count)) == [
        error(FIRST_STEP, f"{count} steps", "4 to 9")
    ]


@pytest.mark.parametrize("count", [4, 9])
def test_4_and_9_steps_are_enough_and_not_too_many(count: int):
    assert found_in(guide_text(steps=("{Bác} chờ.",) * count)) == []


def test_a_guide_without_steps_is_said_to_have_none():
    assert found_in(guide_text(steps=())) == [error(1, "0 steps", "4 to 9")]


# --- Dates and links ------------------------------------------------------------------------------


def test_a_review_in_the_future_is_refused():
    assert found_in(guide_text(reviewed="2026-11-23")) == [
        error(1, "reviewed: 2026-11-23", "a date up to 2026-11-22")
    ]
    assert found_in(guide_text(reviewed="2026-11-22")) == []


def test_a_guide_is_a_problem_the_day_after_it_expires():
    text = guide_text(fields="expires: 2027-06-30")

    assert found_in(text, today=dt.date(2027, 7, 1)) == [
        error(1, "expires: 2027-06-30", "facts that still hold")
    ]


def test_a_guide_that_expires_within_60_days_is_a_warning():
    text = guide_text(fields="expires: 2027-06-30")

    assert found_in(text, today=dt.date(2027, 4, 30)) == []
    for today in (dt.date(2027, 5, 1), dt.date(2027, 6, 30)):
        assert found_in(text, today=today) == [
            Problem("kn-may.md", 1, "expires: 2027-06-30", "a review before that day", "warning")
        ]


@pytest.mark.parametrize("field", ["prerequisites", "related"])
def test_a_link_leads_to_a_guide(field: str):
    text = guide_text(fields=f"{field}: [kn-loa]")

    assert found_in(text, slugs=("kn-may", "kn-loa")) == []
    assert found_in(text) == [error(1, f"{field}: 'kn-loa'", "the slug of a guide")]


def test_a_guide_does_not_lead_to_itself():
    assert found_in(guide_text(fields="related: [kn-may]")) == [
        error(1, "related: the guide itself", "another guide")
    ]


# --- All content ----------------------------------------------------------------------------------


class Content:
    """A content folder to which a test adds guides."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("guides", "questions", "glossary"):
            (folder / name).mkdir()
        (folder / "glossary/style.yaml").write_text(STYLE, encoding="utf-8")

    def guide(self, slug: str, text: str | None = None, *, questions: tuple[str, ...] | None = ()) -> Path:
        """Its title has the slug, so that no two read alike."""
        path = self.folder / "guides" / f"{slug}.md"
        text = (text or guide_text()).replace("title: Bật máy\n", f"title: Bật {slug}\n")
        path.write_text(text, encoding="utf-8")
        if questions is not None:
            own = [f"{slug} câu {number}" for number in range(MIN_QUESTIONS - len(questions))]
            self.questions(slug, *questions, *own)
        return path

    def questions(self, slug: str, *questions: str) -> Path:
        path = self.folder / "questions" / f"{slug}.txt"
        path.write_text("\n".join(questions) + "\n", encoding="utf-8")
        return path

    def problems(self, *only: str) -> list[Problem]:
        return check_content(self.folder, today=TODAY, only=only)


@pytest.fixture
def content(tmp_path: Path) -> Content:
    return Content(tmp_path)


def test_content_that_keeps_the_rules_has_no_problems(content: Content):
    content.guide("kn-may", questions=("bật máy",))
    content.guide("kn-loa", questions=("bật loa",))

    assert content.problems() == []


def titled(title: str, *, choice: str | None = None) -> str:
    line = f"title: {title}\n" + (f"choice: {choice}\n" if choice else "")
    return guide_text().replace("title: Bật máy\n", line)


def test_two_guides_that_read_alike_are_to_say_what_tells_them_apart(content: Content):
    one = content.guide("kn-tam", titled("Đăng ký tạm trú"))
    other = content.guide("kn-lau", titled("Đăng ký thường trú"))

    assert content.problems() == [
        Problem(str(path), 2, f"{own!r}, which reads like {near!r} of {slug}",
                "a choice that says the difference", "warning")
        for path, own, near, slug in (
            (other, "Đăng ký thường trú", "Đăng ký tạm trú", "kn-tam"),
            (one, "Đăng ký tạm trú", "Đăng ký thường trú", "kn-lau"),
        )
    ]  # fmt: skip

    content.guide("kn-tam", titled("Đăng ký tạm trú", choice="Ở trọ từ 30 ngày"))
    assert content.problems() == []


def test_a_title_too_long_for_a_line_to_choose_from_needs_a_shorter_choice(content: Content):
    title = "Bật máy rồi chờ cho máy sáng lên và hiện giờ"
    path = content.guide("kn-may", titled(title))

    assert content.problems() == [
        Problem(str(path), 2, "title: 44 characters and no choice", "a choice of at most 40", "warning")
    ]

    content.guide("kn-may", titled(title, choice="Bật máy"))
    assert content.problems() == []


def test_a_broken_guide_is_named_and_the_others_are_checked(content: Content):
    broken = content.guide("kn-loa", "Bật loa")
    other = content.guide("kn-may", guide_text(check="Màn hình đã sáng."))

    assert content.problems() == [
        Problem(str(broken), 1, "'Bật loa'", "'---' and the front matter"),
        Problem(str(other), 1, "check: 'Màn hình đã sáng.'", "a question that ends with '?'"),
    ]


def test_prerequisites_do_not_lead_round_in_a_circle(content: Content):
    paths = [
        content.guide(slug, guide_text(fields=f"prerequisites: [{needs}]"))
        for slug, needs in [("kn-a", "kn-b"), ("kn-b", "kn-c"), ("kn-c", "kn-a")]
    ]
    content.guide("kn-d", guide_text(fields="prerequisites: [kn-a]"))

    assert content.problems() == [
        Problem(str(path), 1, "prerequisites that lead back here", "no circle") for path in paths
    ]


def test_a_guide_without_questions_is_a_problem(content: Content):
    content.guide("kn-may", questions=None)

    path = content.folder / "questions/kn-may.txt"
    assert content.problems() == [Problem(str(path), 1, "no file", "the guide's questions, one a line")]


def test_a_guide_has_15_questions_at_least(content: Content):
    content.guide("kn-may")
    path = content.questions("kn-may", *(f"câu {number}" for number in range(14)))

    assert content.problems() == [Problem(str(path), 1, "14 questions", "at least 15")]


def test_questions_without_a_guide_are_a_problem(content: Content):
    content.guide("kn-may")
    path = content.questions("kn-loa", "bật loa")

    assert content.problems() == [Problem(str(path), 1, "questions for 'kn-loa'", "the slug of a guide")]


def test_a_question_belongs_to_one_guide_however_it_is_typed(content: Content):
    content.guide("kn-loa", questions=("Nghe không rõ?",))
    content.guide("kn-may", questions=("bật máy", "nghe khong ro"))

    path = content.folder / "questions/kn-may.txt"
    assert content.problems() == [
        Problem(str(path), 2, "'nghe khong ro', which is also in kn-loa", "a question of one guide")
    ]


def test_the_same_words_in_another_order_are_a_warning(content: Content):
    content.guide("kn-loa", questions=("loa nghe không rõ",))
    content.guide("kn-may", questions=("nghe loa không rõ",))

    path = content.folder / "questions/kn-may.txt"
    found = "'nghe loa không rõ', the same words as one in kn-loa"
    expected = "a question that tells the two apart"
    assert content.problems() == [Problem(str(path), 1, found, expected, "warning")]


def test_a_question_one_word_away_from_one_of_another_guide_is_a_warning(content: Content):
    content.guide("kn-loa", questions=("bật loa điện thoại cho to",))
    content.guide("kn-may", questions=("bật màn điện thoại cho to",))

    path = content.folder / "questions/kn-may.txt"
    found = "'bật màn điện thoại cho to', one word away from one in kn-loa"
    expected = "a question that tells the two apart"
    assert content.problems() == [Problem(str(path), 1, found, expected, "warning")]


def test_a_question_twice_in_its_own_guide_is_let_through(content: Content):
    content.guide("kn-may", questions=("bật máy", "bật máy"))

    assert content.problems() == []


def test_a_hidden_character_in_a_question_is_a_problem(content: Content):
    content.guide("kn-may", questions=("bật\u200b máy",))

    path = content.folder / "questions/kn-may.txt"
    assert content.problems() == [Problem(str(path), 1, "hidden character U+200B", "visible text")]


def test_only_the_guides_asked_for_are_checked(content: Content):
    content.guide("kn-a", "broken")
    content.guide("kn-b", guide_text(check="Không hỏi gì cả."), questions=None)
    content.guide("kn-c", guide_text(fields="prerequisites: [kn-d]"), questions=("bật\u200b máy",))
    content.guide("kn-d", guide_text(fields="prerequisites: [kn-c]"))
    content.questions("kn-e", "lạc")
    named = content.guide("kn-f", guide_text(check="Cũng không hỏi."))

    assert content.problems("kn-f") == [
        Problem(str(named), 1, "check: 'Cũng không hỏi.'", "a question that ends with '?'")
    ]


def test_a_guide_asked_for_that_is_not_there_is_named(content: Content):
    content.guide("kn-may")

    path = content.folder / "guides/kn-loa.md"
    assert content.problems("kn-loa") == [Problem(str(path), 1, "no file", "a guide")]


# --- Small parts ----------------------------------------------------------------------------------


def test_sentences_end_at_marks_and_line_breaks():
    text = "Một hai: ba. **Bốn** năm?\nSáu; bảy… 1900 0368!"

    assert sentences(text) == ["Một hai:", "ba.", "Bốn năm?", "Sáu;", "bảy… 1900 0368!"]


def test_a_part_without_letters_is_no_sentence():
    assert sentences("Một. … 😀") == ["Một."]


def test_fold_leaves_bare_words():
    assert fold("  Quên  MẬT-khẩu, Đăng nhập? ") == "quen mat khau dang nhap"


def test_the_words_of_the_project_are_read_once():
    words = style_words()

    assert words is style_words()
    assert ("vui lòng", "{bác} … giúp {cháu}") in words.banned
    assert ("app", "ứng dụng") in words.english
    assert "bấm" in words.actions
    assert "cuộc gọi" in words.not_actions
