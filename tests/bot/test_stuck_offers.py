"""Who went silent at a step after a fault is asked once: on either database, by day, where we may write."""

import datetime as dt

import pytest

from bot.assembly import Assistant
from bot.messages import IncomingMessage
from records.models import Conversation, Handoff, OutboxMessage
from records.sample import SLUG
from tests.bot.conftest import HandClock
from tests.bot.test_desk import rows

STUCK = ("quen mat khau vneid lam sao", "1", "không thấy", "vẫn không thấy")
MORNING = dt.datetime(2026, 11, 23, 3, tzinfo=dt.UTC)  # ten o'clock in Vietnam


@pytest.fixture
def morning(clock: HandClock) -> HandClock:
    clock.now = MORNING
    return clock


def say(assistant: Assistant, *texts: str, channel: str = "telegram") -> None:
    """Write on a channel, and get what is answered."""
    for text in texts:
        receipt = assistant.desk.receive(
            IncomingMessage(SLUG, channel, "bà Tư", f"{channel} {text}", text, address="4711")
        )
        assert assistant.desk.wait(receipt, timeout_s=20)
        assistant.desk.entries(receipt)


def pushed(assistant: Assistant) -> list[str]:
    return [row.body["text"] for row in rows(assistant, OutboxMessage) if "lúc nãy" in str(row.body)]


def test_they_are_asked_once_and_their_yes_calls_a_person(assistant: Assistant, morning: HandClock):
    say(assistant, *STUCK)
    morning.forward(minutes=31)

    assert [assistant.stuck_offers.run_due() for _ in range(2)] == [1, 0]
    (asked,) = pushed(assistant)
    assert asked.splitlines() == [
        "Bác ơi, việc dở lúc nãy bác làm được chưa ạ? Nếu còn vướng, để người của xã Mẫu giúp nhé?",
        "1. Vâng, nhờ người giúp",
        "2. Thử tiếp bước 2",
        "3. Việc khác",
        "0. Gặp người giúp · 9. Quay lại",
    ]
    say(assistant, "vâng")
    assert [(call.reason, call.step) for call in rows(assistant, Handoff)] == [("stuck", 2)]
    morning.forward(minutes=40)
    assert assistant.stuck_offers.run_due() == 0


def test_what_they_did_is_not_named_in_the_notification(assistant: Assistant, morning: HandClock):
    say(assistant, *STUCK)
    morning.forward(minutes=31)
    assistant.stuck_offers.run_due()

    assert "VNeID" not in pushed(assistant)[0]


@pytest.mark.parametrize(
    ("channel", "said", "minutes"),
    [
        ("telegram", STUCK, 29),  # not silent for long
        ("telegram", STUCK, 60 * 7),  # they have left it
        ("telegram", STUCK[:3], 31),  # no fault was shown yet
        ("telegram", (*STUCK, "0"), 31),  # a person was called
        ("telegram", ("không lưu", *STUCK), 31),  # nothing is kept of them
        ("webchat", STUCK, 31),  # nobody can be written to there
    ],
    ids=["early", "late", "no fault", "called", "unlogged", "web"],
)
def test_nobody_else_is_asked(
    assistant: Assistant, morning: HandClock, channel: str, said: tuple[str, ...], minutes: int
):
    say(assistant, *said, channel=channel)
    morning.forward(minutes=minutes)

    assert assistant.stuck_offers.run_due() == 0
    assert pushed(assistant) == []


def test_nobody_is_asked_by_night(assistant: Assistant, morning: HandClock):
    morning.now = MORNING.replace(hour=15)  # ten in the evening
    say(assistant, *STUCK)
    morning.forward(minutes=31)

    assert assistant.stuck_offers.run_due() == 0
    assert "stuck_asked" not in rows(assistant, Conversation)[0].slots
