"""Reminders that are due are queued once, at a decent hour, and not for who cannot be reached."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from bot.app import _housekeeping
from bot.assembly import Assistant
from bot.reminders import BUSY, Reminders
from knowledge.phrases import load_phrases
from records.communes import add_commune
from records.community import Reminder
from records.database import Database
from records.learners import open_conversation
from records.models import Conversation, OutboxMessage
from records.reminders import set_reminder
from records.sample import SLUG
from tests.bot.conftest import HandClock

EVENING = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)  # 19:00 in Vietnam
PHRASES = load_phrases()


class Evening:
    """A commune at seven in the evening; what was queued is looked at in the outbox."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, HandClock(EVENING)
        self.woken: list[tuple[int, str]] = []
        with database.write() as session:
            self.home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=EVENING).id

    def worker(self) -> Reminders:
        return Reminders(
            self.database, PHRASES, self.clock, lambda home, channel: self.woken.append((home, channel))
        )

    def ask(
        self, person: str, *, kind: str = "daily", guide: str | None = None, channel: str = "telegram"
    ) -> None:
        with self.database.write() as session:
            long_ago = EVENING - dt.timedelta(days=2)
            talk = open_conversation(
                session, commune_id=self.home, channel=channel, hashes=[person], now=long_ago
            )
            set_reminder(
                session,
                commune_id=self.home,
                learner_id=talk.learner_id,
                conversation_id=talk.id,
                kind=kind,
                guide=guide,
                at=EVENING,
                now=long_ago,
            )

    def queued(self) -> list[OutboxMessage]:
        with self.database.read() as session:
            return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))

    def mark_all(self, state: str) -> None:
        with self.database.write() as session:
            for row in session.scalars(select(OutboxMessage)):
                row.state = state

    def one(self, table: type) -> object:
        with self.database.read() as session:
            return session.scalars(select(table)).one()


@pytest.fixture
def evening(database: Database) -> Evening:
    return Evening(database)


def test_a_reminder_is_a_list_that_the_next_number_answers(evening: Evening):
    evening.ask("ba", kind="once", guide="kn-wifi")

    assert evening.worker().send_due() == 1

    (row,) = evening.queued()
    assert "Học bây giờ" in row.body["text"]
    assert evening.woken == [(evening.home, "telegram")]
    talk = evening.one(Conversation)
    assert isinstance(talk, Conversation)
    assert [item["payload"] for item in talk.slots["choices"]["items"]] == [
        '/start_guide{"guide": "kn-wifi", "means": "yes"}',
        '/remind_off{"means": "no"}',
    ]


def test_the_words_keep_the_persons_form_of_address(evening: Evening):
    evening.ask("cô")
    with evening.database.write() as session:
        session.scalars(select(Conversation)).one().slots = {"address": "co"}

    evening.worker().send_due()

    text = evening.queued()[0].body["text"]
    assert "cô" in text
    assert "bác" not in text


def test_several_workers_send_each_reminder_once(evening: Evening):
    people = [f"người {number}" for number in range(12)]
    for person in people:
        evening.ask(person)

    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda _: evening.worker().send_due(), range(4)))

    rows = evening.queued()
    assert sum(sent) == len(rows) == len({row.conversation_id for row in rows})
    while evening.worker().send_due():  # what was passed over while another worker had it
        pass
    assert len(evening.queued()) == len(people)


@pytest.mark.parametrize(("state", "comes"), [("dead", 1), ("pending", 1), ("sent", 2)])
def test_what_could_not_be_delivered_is_not_followed_by_more(evening: Evening, state: str, comes: int):
    evening.ask("ba")
    evening.worker().send_due()
    evening.mark_all(state)

    evening.clock.forward(days=1)
    evening.worker().send_due()

    assert len(evening.queued()) == comes
    reminder = evening.one(Reminder)
    assert isinstance(reminder, Reminder)
    assert (reminder.state, reminder.next_at) == ("on", EVENING + dt.timedelta(days=2))


def test_after_days_off_there_is_one_reminder_and_not_one_for_each_day(evening: Evening):
    evening.ask("ba")
    evening.clock.forward(days=3, hours=1)

    assert [evening.worker().send_due() for _ in range(3)] == [1, 0, 0]


@pytest.mark.parametrize(("hours", "sent"), [(0.9, 1), (5, 0), (11.9, 0), (12.1, 1)])
def test_a_late_reminder_waits_for_the_day(evening: Evening, hours: float, sent: int):
    evening.ask("ba", kind="once")
    evening.clock.forward(hours=hours)

    assert evening.worker().send_due() == sent


def test_nobody_is_interrupted_in_the_middle_of_a_talk(evening: Evening):
    evening.ask("ba")
    with evening.database.write() as session:
        session.scalars(select(Conversation)).one().updated_at = EVENING

    assert evening.worker().send_due() == 0
    evening.clock.now += BUSY
    assert evening.worker().send_due() == 1


def test_one_that_fails_does_not_hold_up_the_others(evening: Evening):
    evening.ask("ba", channel="no such channel")
    evening.ask("ông")

    assert evening.worker().send_due() == 1
    assert [row.channel for row in evening.queued()] == ["telegram"]


def test_the_minutes_housekeeping_sends_what_is_due(assistant: Assistant, clock: HandClock):
    home = assistant.directory.by_slug(SLUG).id
    with assistant.database.write() as session:
        talk = open_conversation(session, commune_id=home, channel="telegram", hashes=["ba"], now=clock())
        set_reminder(
            session,
            commune_id=home,
            learner_id=talk.learner_id,
            conversation_id=talk.id,
            kind="once",
            guide=None,
            at=clock() + BUSY,
            now=clock(),
        )

    _housekeeping(assistant)
    clock.now += BUSY
    _housekeeping(assistant)

    with assistant.database.read() as session:
        (row,) = session.scalars(select(OutboxMessage))
        assert "Học bây giờ" in row.body["text"]
