"""How calls for a person were met, counted from the calls and their events."""

import datetime as dt
import itertools

import pytest

from records.communes import add_commune
from records.community import HandoffEvent, Volunteer
from records.database import Database
from records.handoff_figures import (
    FirstReply,
    Load,
    count_by_state,
    first_reply,
    load_by_volunteer,
)
from records.learners import open_conversation
from records.models import Handoff
from tests.conftest import NOW

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
PERIOD = {"start": NOW, "end": NOW + DAY}
_numbers = itertools.count(1)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


@pytest.fixture
def other(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id


def call(
    database: Database,
    commune_id: int,
    *,
    at: dt.datetime = NOW,
    answered_after: dt.timedelta | None = None,
    **changes: object,
) -> int:
    with database.write() as session:
        conversation = open_conversation(
            session, commune_id=commune_id, channel="zalo", hashes=[f"person {next(_numbers)}"], now=at
        )
        handoff = Handoff(
            commune_id=commune_id,
            learner_id=conversation.learner_id,
            conversation_id=conversation.id,
            reason="asked",
            answered_at=at + answered_after if answered_after else None,
            created_at=at,
            **changes,
        )
        session.add(handoff)
        session.flush()
        return handoff.id


def volunteer(database: Database, commune_id: int, name: str, *, is_active: bool = True) -> int:
    with database.write() as session:
        row = Volunteer(
            commune_id=commune_id, name=name, is_active=is_active, created_by="staff:lan", created_at=NOW
        )
        session.add(row)
        session.flush()
        return row.id


def happens(
    database: Database, commune_id: int, handoff_id: int, kind: str, actor: str, at: dt.datetime = NOW
) -> None:
    with database.write() as session:
        session.add(
            HandoffEvent(commune_id=commune_id, handoff_id=handoff_id, kind=kind, actor=actor, created_at=at)
        )


def test_the_first_reply_is_the_median_of_the_calls_of_the_period(database: Database, home: int, other: int):
    for minutes in (2, 10, 90):
        call(database, home, answered_after=minutes * MINUTE)
    call(database, home)
    call(database, home, at=NOW - MINUTE, answered_after=MINUTE)
    call(database, home, at=NOW + DAY, answered_after=MINUTE)
    call(database, other, answered_after=MINUTE)

    with database.read() as session:
        assert first_reply(session, commune_id=home, **PERIOD) == FirstReply(4, 3, 10 * MINUTE)


def test_with_nobody_answered_there_is_no_median(database: Database, home: int):
    call(database, home)

    with database.read() as session:
        assert first_reply(session, commune_id=home, **PERIOD) == FirstReply(1, 0, None)


def test_what_waits_is_counted_by_its_state(database: Database, home: int, other: int):
    for state in ("open", "open", "taken", "answered", "closed"):
        call(database, home, state=state)
    call(database, other)

    with database.read() as session:
        assert count_by_state(session, commune_id=home) == {"open": 2, "taken": 1, "answered": 1}


def test_a_call_given_back_counts_for_both_who_had_it(database: Database, home: int, other: int):
    first, second = volunteer(database, home, "Chị Bình"), volunteer(database, home, "Anh An")
    stranger = volunteer(database, other, "Anh An")
    handoff = call(database, home, state="answered", volunteer_id=second)
    for kind, actor in (
        ("taken", first),
        ("released", first),
        ("taken", second),
        ("released", second),
        ("taken", second),
        ("answered", second),
    ):
        happens(database, home, handoff, kind, f"volunteer:{actor}")
    happens(database, home, handoff, "closed", "staff:lan")
    happens(database, home, handoff, "closed", f"volunteer:{first}", at=NOW + DAY)
    happens(database, other, call(database, other), "taken", f"volunteer:{stranger}")

    with database.read() as session:
        loads = load_by_volunteer(session, commune_id=home, **PERIOD)

    assert loads == [
        Load(second, "Anh An", is_active=True, holding=1, taken=1, answered=1, closed=0),
        Load(first, "Chị Bình", is_active=True, holding=0, taken=1, answered=0, closed=0),
    ]


def test_who_was_switched_off_is_listed_for_what_they_did(database: Database, home: int):
    gone = volunteer(database, home, "Chị Bình", is_active=False)
    volunteer(database, home, "Anh An", is_active=False)
    happens(database, home, call(database, home), "closed", f"volunteer:{gone}")

    with database.read() as session:
        loads = load_by_volunteer(session, commune_id=home, **PERIOD)

    assert loads == [Load(gone, "Chị Bình", is_active=False, holding=0, taken=0, answered=0, closed=1)]
