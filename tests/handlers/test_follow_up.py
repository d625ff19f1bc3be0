"""What is asked in the middle of a guide: in the guide, of another guide, or of nobody here."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.assembly import build_conversation, open_plans
from bot.content import Content
from bot.conversation import Safety, Turn
from handlers.privacy import NOTICE
from knowledge.address import address
from knowledge.guide import Guide
from retrieval.decide import NoAnswer
from tests.bot.conftest import HandClock
from tests.bot.talk import PHRASES, OneCommune, Talk

CASES = Path(__file__).parents[1] / "data" / "context_questions.jsonl"


class CalmTalk(Talk):
    """Without the checks for emergencies, which have tests and figures of their own."""

    def __init__(self, content: Content, clock: HandClock) -> None:
        super().__init__(content, clock)
        calm = Safety(urgent=lambda _text: None, scam=lambda _text: None)
        plans = open_plans(content, None, None)
        self._conversation = build_conversation(content, PHRASES, OneCommune(), plans, clock, None, calm)


@pytest.fixture(scope="module")
def talk(content: Content) -> Talk:
    """One conversation for all cases: its slots are set anew by each."""
    return CalmTalk(content, HandClock())


@dataclass(frozen=True)
class Case:
    id: str
    guide: str
    step: int
    text: str
    style: str
    split: str
    expected: tuple[str, ...]


def cases(split: str) -> Iterator[Case]:
    for line in CASES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == split:
            yield Case(**{**row, "expected": tuple(row["expected"])})


def answered(talk: Talk, case: Case, guide: Guide) -> set[str]:
    """The names of what came: of the part with its section, of every guide that was offered."""
    talk.slots = {"notice": NOTICE, "guide": case.guide, "step": case.step - 1, "phase": "step"}
    talk.say("nhắc lại")  # shows the step with its choices
    return names_of(talk.say(case.text), guide, case.step)


def names_of(turn: Turn, guide: Guide, step: int) -> set[str]:
    text = turn.replies[0].text
    if shown := re.match(r"(?:.*\n?)Bước (\d+)/", text):
        moved = {step + 1: "next", step - 1: "back", step: "repeat"}.get(int(shown[1]), "elsewhere")
        return {moved, f"goto:{shown[1]}"}
    if turn.slots["phase"] == "check":
        return {"next"}
    if text.startswith(("Bác đang ở bước", "Các bước bác đã làm hết")):
        return {"in_guide:progress"}
    if text.lower() == address(guide.steps[step - 1].if_not).lower():
        return {"in_guide:if_not"}
    if turn.outcome["outcome"] == "choices":
        payloads = [json.loads(item["payload"].partition("{")[1] + item["payload"].partition("{")[2])
                    for item in turn.slots["choices"]["items"] if "{" in item["payload"]]  # fmt: skip
        return {f"guide:{payload['guide']}" for payload in payloads if "guide" in payload}
    if turn.outcome["outcome"] == "guide" and turn.slots["guide"] != guide.slug:
        return {f"guide:{turn.outcome['guide']}"}
    if turn.outcome["outcome"] == "guide":
        return part_of(text, guide)
    return {turn.outcome["outcome"]}


def part_of(text: str, guide: Guide) -> set[str]:
    if text.startswith("Việc này cần có sẵn"):
        return {"in_guide:prepare", *(f"in_guide:prepare:{n}" for n, _ in enumerate(guide.prepare, 1))}
    if text.startswith("Bác hỏi ở đây ạ"):
        return {"in_guide:ask", *(f"in_guide:ask:{n}" for n, _ in enumerate(guide.ask, 1))}
    if shown := re.match(r"Chỗ này ở bước (\d+):", text):
        return {"in_guide:step", f"in_guide:step:{shown[1]}"}
    for number, fault in enumerate(guide.faults, 1):
        if text.startswith(address(fault.sign)):
            return {"in_guide:fault", f"in_guide:fault:{number}"}
    return {"in_guide:safety"} if text.startswith("⚠️") else {"in_guide:resume"}


# --- The words of the answers ---------------------------------------------------------------------

ASK = "kích hoạt tài khoản vneid mức 2"
GUIDE = "vneid-kich-hoat"


@pytest.fixture
def fresh(content: Content) -> Talk:
    """At step 3 of activating VNeID."""
    talk = Talk(content, HandClock())
    for text in (ASK, "xong", "xong"):
        talk.say(text)
    return talk


def lines(talk: Talk, text: str) -> list[str]:
    return talk.says(text)[0].splitlines()


def test_a_fault_of_the_guide_is_answered_in_its_words_with_the_way_back(fresh: Talk):
    said = lines(fresh, "thế đổi số điện thoại rồi thì sao")

    assert said == [
        "Đã đổi số điện thoại: bác ra Công an xã đổi số trước, vì mã gửi về số cũ.",
        "1. Làm tiếp bước 3",
        "2. Việc khác",
        "0. Gặp người giúp · 9. Quay lại",
    ]
    assert (fresh.turns[-1].outcome["outcome"], fresh.turns[-1].outcome["guide"]) == ("guide", GUIDE)
    assert lines(fresh, "1")[0].startswith("Bước 3/9.")


@pytest.mark.parametrize("back", ["9", "quay lại", "1", "xong rồi"])
def test_from_an_answer_beside_the_steps_the_same_step_comes_again(fresh: Talk, back: str):
    fresh.say("cần giấy tờ gì")

    assert lines(fresh, back)[0].startswith("Bước 3/9.")


def test_what_is_needed_is_listed_as_the_guide_has_it(fresh: Talk, content: Content):
    items = content.library().guide(GUIDE).prepare

    assert lines(fresh, "cần giấy tờ gì")[:4] == [
        "Việc này cần có sẵn:", *(f"- {address(item)}" for item in items)
    ]  # fmt: skip


def test_another_step_is_shown_with_the_way_to_it(fresh: Talk):
    said = lines(fresh, "passcode đặt mấy số")

    assert said[0].startswith("Chỗ này ở bước 7: Bác đặt passcode 6 số.")
    assert said[-4:-1] == ["1. Làm tiếp bước 3", "2. Việc khác", "3. Xem bước 7"]
    assert lines(fresh, "3")[0].startswith("Bước 7/9.")


def test_whom_to_ask_is_said(fresh: Talk):
    assert lines(fresh, "hỏi ai được")[:2] == [
        "Bác hỏi ở đây ạ:", "- Công an nơi bác làm hồ sơ, hoặc Công an xã gần nhà."
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["mất bao lâu", "có mất tiền không"])
def test_what_the_guide_does_not_say_is_not_guessed_and_it_says_whom_to_ask(fresh: Talk, text: str):
    said = lines(fresh, text)

    assert said[0].startswith("Hướng dẫn này không nói chuyện đó, cháu không dám đoán ạ.")
    assert said[1] == "- Công an nơi bác làm hồ sơ, hoặc Công an xã gần nhà."
    assert said[-4:-1] == ["1. Làm tiếp bước 3", "2. Việc khác", "3. Vâng, nhờ người giúp"]
    assert fresh.turns[-1].outcome["outcome"] == "no_answer"


def test_how_far_it_is_is_said_in_numbers(fresh: Talk):
    assert lines(fresh, "còn mấy bước nữa")[0] == "Bác đang ở bước 3 trên 9 bước. Còn 6 bước nữa là xong ạ."
    fresh.say("bước 9")
    assert lines(fresh, "xong chưa")[0] == "Bác đang ở bước 9 trên 9 bước. Đây là bước cuối rồi ạ."


def test_a_step_that_the_guide_does_not_have_is_said_not_to_be_there(fresh: Talk):
    first, then = fresh.says("bước 20 là gì")

    assert first == "Việc này có 9 bước thôi ạ. Bác đang ở đây:"
    assert then.startswith("Bước 3/9.")


def test_who_asks_for_the_step_after_the_last_has_not_said_that_it_is_done(fresh: Talk):
    fresh.say("bước 9")
    fresh.say("thế bước sau")

    closing = fresh.says("bước sau")[0]

    assert "đăng nhập VNeID bằng mật khẩu mới được chưa ạ?" in closing
    assert fresh.effects("completion") == []


def test_a_new_topic_is_answered_and_the_guide_is_left_to_come_back_to(fresh: Talk):
    intro, step = fresh.says("đổi bằng lái xe")

    assert intro.splitlines()[0].startswith("Cháu chỉ bác việc: Đổi, cấp lại giấy phép lái xe")
    assert intro.splitlines()[-1] == (
        'Việc "Kích hoạt tài khoản VNeID mức 2" bác đang làm dở ở bước 3. '
        'Muốn trở lại việc đó, bác nhắn "quay lại" hoặc bấm 9 ạ.'
    )
    assert step.startswith("Bước 1/8.")

    returned, where = fresh.says("9")
    assert returned == 'Dạ, mình trở lại việc "Kích hoạt tài khoản VNeID mức 2".'
    assert where.startswith("Bước 3/9.")


def test_when_the_new_topic_is_done_the_guide_that_was_left_is_offered(fresh: Talk):
    fresh.say("đổi bằng lái xe")
    for _ in range(8):
        fresh.say("xong")
    for text in ("có rồi", "bỏ qua"):
        fresh.say(text)

    offered = fresh.says("2")[-1]  # no handout

    assert '"Kích hoạt tài khoản VNeID mức 2"' in offered
    assert offered.splitlines()[1] == "1. Làm tiếp bước 3"


def test_what_asks_for_the_guide_under_way_offers_to_go_on(fresh: Talk):
    assert "1. Làm tiếp bước 3" in lines(fresh, ASK)


def test_a_poor_question_is_searched_with_what_the_guide_is_about(content: Content, fresh: Talk):
    question = "lỡ mất thì sao"

    fresh.say(question)

    assert content.ask(question).decision == NoAnswer()
    assert fresh.slots["guide"] == "vneid-khoa-tai-khoan"


def test_kind_words_in_between_are_no_question_to_the_guide(fresh: Talk):
    fresh.say("yêu cháu")

    assert fresh.turns[-1].outcome["outcome"] == "smalltalk"
    assert lines(fresh, "nhắc lại")[0].startswith("Bước 3/9.")


def test_what_nobody_could_read_leaves_the_step_and_offers_a_person(fresh: Talk):
    said = lines(fresh, "bbvcx nmk")

    assert said[-4:-1] == ["1. Làm tiếp bước 3", "2. Việc khác", "3. Vâng, nhờ người giúp"]


# --- Figures --------------------------------------------------------------------------------------


# Words and weights were made with the cases of 'dev' in sight. Those of 'test' are of guides that none of
# 'dev' is of; they were read once, at 75 of 90, before the last few steering words were added.
@pytest.mark.parametrize(("split", "least"), [("dev", 0.92), ("test", 0.83)])
def test_most_of_what_is_asked_in_the_middle_of_a_guide_is_read_in_its_light(
    content: Content, talk: Talk, split: str, least: float
):
    asked = list(cases(split))
    came = {case.id: answered(talk, case, content.library().guide(case.guide)) for case in asked}

    missed = [case for case in asked if not came[case.id] & set(case.expected)]

    right = 1 - len(missed) / len(asked)
    assert right >= least, "\n".join(f"{case}, came {sorted(came[case.id])}" for case in missed)
