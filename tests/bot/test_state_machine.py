"""The whole conversation, walked at random: whatever was said before, there is always a way on.

After every message: somebody answers; the last thing said says how to go on; nothing is said twice in
a row; no message mixes two forms of address; "0" would call a person, and "9" would go back.
"""

import copy
import datetime as dt
import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from bot.assembly import build_services, open_plans, safety_checks
from bot.content import Content
from bot.conversation import Conversation, Message, Turn
from handlers.guard import guard
from handlers.privacy import NOTICE
from handlers.services import People
from knowledge.address import FORMS
from tests.bot.conftest import HandClock
from tests.bot.talk import COMMUNE, PHRASES, OneCommune
from tests.conftest import NOW
from tests.knowledge.test_address import KIN, OTHERS

QUESTIONS = (
    "quên mật khẩu vneid", "gọi video zalo thế nào", "quét mã qr trả tiền", "làm căn cước cho con",
    "nối wifi", "kế hoạch phong trào do ai phụ trách", "chữ nhỏ quá", "vneid", "bbvcx nmk", "zxcv qwrt",
    "giá lúa hôm nay bao nhiêu", "đăng ký tạm trú", "nộp phạt giao thông",
)  # fmt: skip
WALKING = (
    "xong rồi", "không thấy", "vẫn không thấy", "nhắc lại", "thế bước sau", "bước 3 là gì",
    "còn mấy bước", "xem hết các bước", "làm lại từ đầu", "việc khác", "thôi", "có rồi", "chưa", "vâng",
    "không", "được rồi", "cần giấy tờ gì",
)  # fmt: skip
TALK = (
    "chào cháu", "cảm ơn cháu", "người hay máy", "tạm biệt", "cháu khỏe không", "menu", "", "👍", "???",
    "a" * 30, "bà con xóm tôi hỏi nhiều lắm",
)  # fmt: skip
PEOPLE = (
    "gọi tôi là chú", "xưng em đi", "đừng gọi bác", "cho chị hỏi quên mật khẩu", "cô muốn gọi video zalo",
    "em hỏi cách nối wifi", "giờ đến bà học", "đổi sang ông", "là An đây", "tôi đây", "đổi người",
    "bỏ bà khỏi máy", "cháu đang giúp bà", "giúp xong rồi",
)  # fmt: skip
DATA = (
    "xóa dữ liệu của tôi", "dữ liệu của tôi", "sửa", "không lưu", "lưu lại", "đồng ý lưu", "đổi xóm",
    "xóm 3", "bỏ qua", "mã otp 771204",
)  # fmt: skip
LEARNING = ("học gì tiếp", "tôi đã xong mấy bài", "kiểm tra", "nhắc tôi ngày mai", "chợ số", "xin chứng nhận")
LANGUAGES = ("English please", "nói tiếng Việt", "nói tiếng Thái")
HARM = (
    "tôi vừa đọc mã otp cho người lạ, tiền đang bị trừ",
    "VNeID: Tai khoan cua ban se bi khoa trong 24h. Cap nhat tai http://vneid-gov.vn.xyz-login.top/app.apk",
)
WAY_ON = re.compile(
    r"nhắn|bấm|chọn|gọi|hỏi|chờ|gõ|bỏ qua|Trung tâm|\b(?:write|press|choose|call|ask)\b", re.IGNORECASE
)
QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”")


@dataclass
class Stage:
    """The conversation, and what it reads of the world outside; built once, for it takes seconds."""

    content: Content
    clock: HandClock = field(default_factory=HandClock)
    people: People = field(default_factory=People)

    def __post_init__(self) -> None:
        services = build_services(
            self.content, PHRASES, OneCommune(), open_plans(self.content, None, None), self.clock, None
        )
        services = replace(services, people=lambda _commune, _sender: self.people)
        self.talk = Conversation(services, safety_checks(self.content, None))

    def clear(self) -> None:
        self.clock.now, self.people = NOW, People()


class Talks(RuleBasedStateMachine):
    """One person, later maybe several, on one phone."""

    stage: Stage

    @initialize()
    def begin(self) -> None:
        self.stage.clear()
        self.slots: dict[str, Any] = {"notice": NOTICE}
        self.last: str | None = None
        self.buttons: list[str] = []
        self.number = 0

    @rule(text=st.sampled_from(QUESTIONS + WALKING + TALK + PEOPLE + DATA + LEARNING + LANGUAGES + HARM))
    def says(self, text: str) -> None:
        self.take(text)

    @rule(text=st.sampled_from(WALKING))
    def walks(self, text: str) -> None:
        self.take(text)

    @rule(number=st.integers(1, 4))
    def chooses(self, number: int) -> None:
        self.take(str(number))

    @rule(constant=st.sampled_from(["0", "9"]))
    def goes_back_or_calls(self, constant: str) -> None:
        self.take(constant)

    @rule(index=st.integers(0, 30))
    def presses_some_button_ever_shown(self, index: int) -> None:
        if self.buttons:
            self.take("", self.buttons[-1 - index % len(self.buttons)])

    @rule(hours=st.sampled_from([0.6, 2, 30, 24 * 8]))
    def comes_back_later(self, hours: float) -> None:
        self.stage.clock.forward(hours=hours)
        self.take("chào cháu")

    def take(self, text: str, payload: str | None = None) -> None:
        turn = self.turn(text, payload, self.slots)
        said = f"after {text or payload!r}: {[reply.as_text() for reply in turn.replies]}"
        self.answered(turn, said)
        self.slots = turn.slots
        self.keep(turn)
        self.zero_reaches_a_person(said)
        self.nine_goes_back(said)

    def turn(self, text: str, payload: str | None, slots: dict[str, Any]) -> Turn:
        guarded = guard(text)
        self.number += 1
        message = Message(
            id=f"m{self.number}",
            text=guarded.redacted,
            payload=payload,
            secrets=tuple(secret.kind for secret in guarded.secrets),
        )
        return self.stage.talk.respond(
            message, copy.deepcopy(slots), commune=COMMUNE.slug, channel="test", sender="test:1"
        )

    def answered(self, turn: Turn, said: str) -> None:
        assert turn.replies, said
        texts = [reply.text for reply in turn.replies]
        assert all(before != after for before, after in zip([self.last, *texts], texts, strict=False)), said
        last = turn.replies[-1]
        assert last.choices or WAY_ON.search(last.text), f"a dead end {said}"
        for text in texts:
            assert not re.search(r"\{[^ ]*\}", text), said
            words = re.findall(r"\w+", OTHERS.sub(" ", QUOTED.sub(" ", text).lower()))
            forms = [
                FORMS[str(slots["address"])] for slots in (self.slots, turn.slots) if slots.get("address")
            ]
            mixed = [
                KIN.intersection(words) - {*form.you.split(), form.me} for form in forms or [FORMS["bac"]]
            ]
            assert not all(mixed), f"{mixed} {said}"
        self.last = texts[-1]

    def keep(self, turn: Turn) -> None:
        """What the host records between turns."""
        self.buttons += [choice.payload for reply in turn.replies for choice in reply.choices]
        people = {name: dict(slots) for name, slots in self.stage.people.slots.items()}
        for effect in turn.effects:
            if effect["kind"] == "switch_profile":
                people[effect["leaving_name"]] = effect["leaving"]
                people[effect["name"]] = {}
            elif effect["kind"] == "remove_profile":
                people.pop(effect["name"], None)
            elif effect["kind"] == "erase":
                people, self.slots = {}, {}
        self.stage.people = People(people)

    def zero_reaches_a_person(self, said: str) -> None:
        called = self.turn("0", None, self.slots)
        assert "handoff" in [effect["kind"] for effect in called.effects], f"0 {said}"
        assert called.replies, said

    def nine_goes_back(self, said: str) -> None:
        before, turn = self.slots, self.turn("9", None, self.slots)
        after = turn.slots
        assert turn.replies, said
        last = turn.replies[-1]
        assert last.choices or WAY_ON.search(last.text), f"9 {said}"
        is_shown = before.get("guide") and not self.clock_is_late()
        if is_shown and before.get("phase") == "step" and not before.get("aside") and before.get("step"):
            assert (after["guide"], after["step"]) == (before["guide"], before["step"] - 1), f"9 {said}"
        if is_shown and before.get("phase") in ("not_found", "check", "check_no"):
            assert (after["guide"], after["phase"]) in (
                (before["guide"], "step"),
                (before["guide"], before["phase"] if before.get("aside") else "step"),
            ), f"9 {said}"

    def clock_is_late(self) -> bool:
        last = self.slots.get("last_at")
        return last is None or self.stage.clock() - dt.datetime.fromisoformat(last) > dt.timedelta(minutes=20)


@pytest.fixture(scope="module")
def machine(content: Content) -> type[Talks]:
    return type("TalksHere", (Talks,), {"stage": Stage(content)})


def test_from_any_state_there_is_a_way_on(machine: type[Talks]):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=80,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,  # a failure is one everybody sees; benchmarks may walk further
            suppress_health_check=list(HealthCheck),
        ),
    )
