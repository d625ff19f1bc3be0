"""Reminders: one at a time, due at their hour, taken by one worker, stopped at once."""

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import outbox
from records.communes import add_commune
from records.community import Reminder
from records.database import Database, open_database
from records.erasure import delete_learner
from records.held import held_about
from records.learners import note_left, open_conversation
from records.models import Conversation, OutboxMessage
from records.reminders import (
    can_reach,
    due_reminders,
    lock_due,
    move_on,
    reminder_of,
    set_reminder,
    stop_reminders,
)
from records.retention import Periods, expire
from tests.conftest import NOW, new_postgresql_database

HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=7)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def talk(session: Session, home: int, person: str = "ba") -> Conversation:
    return open_conversation(session, commune_id=home, channel="telegram", hashes=[person], now=NOW)


def remind(
    session: Session,
    conversation: Conversation,
    *,
    kind: str = "daily",
    at: dt.datetime = NOW,
    guide: str | None = None,
) -> Reminder:
    return set_reminder(
        session,
        commune_id=conversation.commune_id,
        learner_id=conversation.learner_id,
        conversation_id=conversation.id,
        kind=kind,
        guide=guide,
        at=at,
        now=NOW,
    )


def test_a_new_reminder_takes_the_place_of_the_one_before(database: Database, home: int):
    with database.write() as session:
        ba, ong = talk(session, home, "ba"), talk(session, home, "ông")
        remind(session, ba, kind="once")
        kept = remind(session, ong)
        new = remind(session, ba, kind="weekly")

        found = reminder_of(session, commune_id=home, learner_id=ba.learner_id)
        assert found is not None
        assert (found.id, found.kind) == (new.id, "weekly")
        states = {row.id: row.state for row in session.scalars(select(Reminder))}
        assert (states[kept.id], states[new.id], sorted(states.values())) == ("on", "on", ["off", "on", "on"])


def test_a_stopped_reminder_is_due_no_more(database: Database, home: int):
    with database.write() as session:
        ba = talk(session, home)
        remind(session, ba)

        assert stop_reminders(session, commune_id=home, learner_id=ba.learner_id) == 1
        assert stop_reminders(session, commune_id=home, learner_id=ba.learner_id) == 0
        assert due_reminders(session, now=NOW) == []
        assert reminder_of(session, commune_id=home, learner_id=ba.learner_id) is None


def test_what_is_due_is_found_the_oldest_first_and_nothing_before_its_time(database: Database, home: int):
    with database.write() as session:
        late = remind(session, talk(session, home, "ba"), at=NOW)
        later = remind(session, talk(session, home, "ông"), at=NOW + HOUR)
        remind(session, talk(session, home, "cô"), at=NOW + 2 * HOUR)

        assert due_reminders(session, now=NOW + HOUR) == [(home, late.id), (home, later.id)]


def test_a_reminder_that_was_moved_on_is_not_locked_again(database: Database, home: int):
    with database.write() as session:
        reminder_id = remind(session, talk(session, home)).id

    with database.write() as session:
        found = lock_due(session, commune_id=home, reminder_id=reminder_id, now=NOW)
        assert found is not None
        move_on(found[0], now=NOW)

    with database.write() as session:
        assert lock_due(session, commune_id=home, reminder_id=reminder_id, now=NOW) is None


def test_while_one_worker_has_a_reminder_another_passes_it_over(
    postgresql_server: str, migrated_postgresql: str
):
    database = open_database(new_postgresql_database(postgresql_server, migrated_postgresql))
    with database.write() as session:
        home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id
        reminder_id = remind(session, talk(session, home)).id

    with database.write() as first, database.write() as second:
        taken = [
            lock_due(session, commune_id=home, reminder_id=reminder_id, now=NOW) is not None
            for session in (first, second)
        ]
    database.close()

    assert taken == [True, False]


@pytest.mark.parametrize(
    ("kind", "late", "state", "after"),
    [
        ("once", HOUR, "done", None),
        ("daily", HOUR, "on", DAY),
        ("daily", 3 * DAY + HOUR, "on", 4 * DAY),  # missed days are not made up for
        ("daily", DAY, "on", 2 * DAY),
        ("weekly", 8 * DAY, "on", 2 * WEEK),
    ],
)
def test_the_next_time_is_the_first_that_is_still_to_come(
    kind: str, late: dt.timedelta, state: str, after: dt.timedelta | None
):
    reminder = Reminder(kind=kind, next_at=NOW, state="on")

    move_on(reminder, now=NOW + late)

    assert (reminder.state, reminder.next_at) == (state, NOW + (after or dt.timedelta()))


def test_whom_the_last_message_did_not_reach_is_not_sent_another(database: Database, home: int):
    with database.write() as session:
        ba = talk(session, home)
        assert can_reach(session, ba)

        row = outbox.push(session, ba, {"text": "nhắc", "choices": []}, now=NOW)
        seen = []
        for state in ("pending", "sending", "dead", "sent"):
            row.state = state
            session.flush()
            seen.append(can_reach(session, ba))

        assert seen == [False, False, False, True]


def test_who_left_the_channel_is_not_reminded(database: Database, home: int):
    with database.write() as session:
        ba = talk(session, home)
        note_left(session, commune_id=home, conversation_id=ba.id, now=NOW)

        assert not can_reach(session, ba)
        assert session.scalars(select(OutboxMessage)).all() == []


# --- A person's own data --------------------------------------------------------------------------


def test_a_reminder_is_shown_to_the_person_and_goes_with_what_is_erased(database: Database, home: int):
    with database.write() as session:
        ba, ong = talk(session, home, "ba"), talk(session, home, "ông")
        remind(session, ba, guide="kn-wifi")
        kept = remind(session, ong).id
        held = held_about(session, commune_id=home, learner_id=ba.learner_id)
        assert [(row["kind"], row["guide"]) for row in held["reminders"]] == [("daily", "kn-wifi")]

        assert delete_learner(session, commune_id=home, learner_id=ba.learner_id)

        assert list(session.scalars(select(Reminder.id))) == [kept]


def test_what_is_over_is_forgotten_and_what_is_on_stays(database: Database, home: int):
    later = NOW + dt.timedelta(days=Periods().messages + 1)
    with database.write() as session:
        for person, state, at in (
            ("ba", "off", NOW), ("ông", "done", NOW), ("cô", "on", NOW), ("chú", "off", later)
        ):  # fmt: skip
            remind(session, talk(session, home, person), at=at).state = state
        session.flush()

        expire(session, "replies", commune_id=home, periods=Periods(), now=later)

        assert sorted(session.scalars(select(Reminder.state))) == ["off", "on"]
