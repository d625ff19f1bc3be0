"""Messages of several people, stored together: each once, above what is in its talk, newcomers and all."""

import datetime as dt
import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from records import ids
from records.arrivals import NOTED_WITHIN, Arrival, store
from records.communes import add_commune
from records.database import Database
from records.inbox import Claim
from records.learners import find_conversation, find_identity, note_left
from records.models import ChannelIdentity, InboxMessage, Learner
from tests.conftest import NOW
from tests.records.replies import put_rows

ON_POSTGRESQL = pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
_numbers = itertools.count()


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def said(person: str, text: str = "chào", *, message_id: str | None = None) -> Arrival:
    return Arrival("zalo", [person], f"nơi của {person}".encode(), message_id or f"m{next(_numbers)}", text)


def keep(database: Database, home: int, *arrivals: Arrival, now: dt.datetime = NOW) -> list[Claim]:
    with database.write_rows() as connection:
        return store(connection, arrivals, commune_id=home, now=now)


def texts(database: Database, claims: list[Claim]) -> list[str]:
    with database.read() as session:
        return [session.get_one(InboxMessage, (claim.commune_id, claim.id)).text for claim in claims]


def identity(database: Database, home: int, person: str) -> ChannelIdentity:
    with database.read() as session:
        found = find_identity(session, commune_id=home, channel="zalo", hashes=[person])
        assert found is not None
        return found


def test_each_gets_the_claim_of_their_own_message_whether_they_are_new_or_not(database: Database, home: int):
    (before,) = keep(database, home, said("ba"))

    claims = keep(database, home, said("tư", "một"), said("ba", "hai"), said("năm", "ba"))

    assert texts(database, claims) == ["một", "hai", "ba"]
    assert [claim.is_new for claim in claims] == [True, True, True]
    assert claims[1].conversation_id == before.conversation_id
    with database.read() as session:
        assert len(session.scalars(select(Learner)).all()) == 3


def test_a_message_is_stored_whole(database: Database, home: int):
    whole = Arrival(
        "zalo", ["ba"], b"x", "m1", "mã là ‹otp›", "voice", "/next", {"voice": {"id": "a"}}, ["otp"], "xom-3"
    )

    (claim,) = keep(database, home, whole)

    with database.read() as session:
        row = session.get_one(InboxMessage, (home, claim.id))
        assert (row.channel, row.message_id, row.text) == ("zalo", "m1", "mã là ‹otp›")
        assert (row.kind, row.payload, row.context) == ("voice", "/next", {"voice": {"id": "a"}})
        assert (row.secrets, row.hamlet, row.received_at) == (["otp"], "xom-3", NOW)
        assert (row.state, row.attempts, row.done_at) == ("pending", 0, None)
        assert row.conversation_id == claim.conversation_id


def test_what_is_left_out_is_nothing(database: Database, home: int):
    (claim,) = keep(database, home, said("ba"))

    with database.read() as session:
        row = session.get_one(InboxMessage, (home, claim.id))
        assert (row.payload, row.context, row.secrets, row.hamlet) == (None, None, [], None)


def test_what_is_delivered_again_is_known_among_others_and_stays_as_it_was(database: Database, home: int):
    first, _ = keep(database, home, said("ba", "một", message_id="1"), said("tư", "hai", message_id="2"))

    again, other = keep(database, home, said("ba", "khác", message_id="1"), said("tư", "ba", message_id="3"))

    assert again == first._replace(is_new=False)
    assert other.is_new
    assert texts(database, [again, other]) == ["một", "ba"]


def test_a_message_comes_after_what_a_worker_with_a_clock_ahead_wrote_in_its_talk(
    database: Database, home: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ids, "_last", ids.new_id() + (3_600_000 << 22))  # an hour ahead
    (ahead,) = keep(database, home, said("ba", "một"))
    with database.write() as session:
        message = session.get_one(InboxMessage, (home, ahead.id))
        (reply,) = put_rows(session, message, [{"text": "dạ", "choices": []}], now=NOW)
        newest = reply.id
    if not database.is_sqlite:  # the other one; SQLite has none
        monkeypatch.setattr(ids, "_last", 0)

    (claim,) = keep(database, home, said("ba", "hai"))

    assert ahead.id < newest < claim.id < ids.new_id()


def test_who_writes_is_here_again_and_can_be_answered_where_they_are_now(database: Database, home: int):
    (claim,) = keep(database, home, said("ba"))
    with database.write() as session:
        note_left(session, commune_id=home, conversation_id=claim.conversation_id, now=NOW)

    keep(database, home, replace(said("ba"), sealed_address="nơi mới".encode()), said("tư"))

    found = identity(database, home, "ba")
    assert (found.left_at, found.sealed_address) == (None, "nơi mới".encode())


def test_when_somebody_wrote_last_is_known_to_the_minute(database: Database, home: int):
    keep(database, home, said("ba"))
    soon, later = NOW + NOTED_WITHIN / 2, NOW + 2 * NOTED_WITHIN

    keep(database, home, said("ba"), now=soon)
    at_once = identity(database, home, "ba").last_message_at
    keep(database, home, said("ba"), now=later)

    assert at_once is not None
    assert NOW <= at_once <= soon
    assert identity(database, home, "ba").last_message_at == later


def test_who_is_known_by_an_older_key_goes_on_with_the_newest_among_others(database: Database, home: int):
    (before,) = keep(database, home, said("cũ"))

    found, _ = keep(database, home, replace(said("mới"), hashes=["mới", "cũ"]), said("tư"))

    assert found.conversation_id == before.conversation_id
    with database.read() as session:
        assert find_conversation(session, commune_id=home, channel="zalo", hashes=["mới"]) is not None


@ON_POSTGRESQL
def test_somebody_whom_two_workers_meet_at_once_is_one_person(database: Database, home: int):
    (before,) = keep(database, home, said("ba"))
    with ThreadPoolExecutor(1) as other, database.write_rows() as connection:
        (first,) = store(connection, [said("tư", "một")], commune_id=home, now=NOW)
        waiting = other.submit(keep, database, home, said("ba", "hai"), said("tư", "ba"))
        while not is_blocked(database):
            assert not waiting.done()
        connection.commit()
        claims = waiting.result()

    assert [claim.conversation_id for claim in claims] == [before.conversation_id, first.conversation_id]
    assert texts(database, claims) == ["hai", "ba"]
    assert [claim.is_new for claim in claims] == [True, True]


def is_blocked(database: Database) -> bool:
    """Whether somebody waits for a lock."""
    with database.read_rows() as connection:
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return connection.exec_driver_sql(waits).scalar() == 1
