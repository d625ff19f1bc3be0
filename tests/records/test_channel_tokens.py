"""The row of an account's tokens: made once, and changed by one at a time."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from records.channel_tokens import find_token, lock_token, write_token
from records.communes import add_commune
from records.database import Database
from records.models import ChannelToken
from tests.conftest import NOW

LATER = NOW + dt.timedelta(hours=25)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def lock(session: Session, home: int, first: bytes = b"0") -> ChannelToken:
    return lock_token(session, commune_id=home, channel="zalo-oa", first=first, now=NOW)


def test_the_row_is_made_when_it_is_first_locked_and_has_then_expired(database: Database, home: int):
    with database.write() as session:
        assert find_token(session, commune_id=home, channel="zalo-oa") is None
        lock(session, home, b"first")

    with database.read() as session:
        row = find_token(session, commune_id=home, channel="zalo-oa")
        assert row is not None
        assert (row.sealed, row.expires_at, row.updated_at) == (b"first", NOW, NOW)


def test_what_is_there_is_kept_and_can_be_changed(database: Database, home: int):
    with database.write() as session:
        lock(session, home, b"first")
    with database.write() as session:
        row = lock(session, home, b"another")
        assert row.sealed == b"first"
        write_token(row, sealed=b"renewed", expires_at=LATER, now=NOW)

    with database.read() as session:
        rows = session.scalars(select(ChannelToken)).all()
        assert [(row.sealed, row.expires_at) for row in rows] == [(b"renewed", LATER)]


def test_two_communes_have_rows_of_their_own(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="thuan-trung", name="Thuần Trung", now=NOW).id
        lock(session, home, b"ours")

        assert find_token(session, commune_id=other, channel="zalo-oa") is None
        assert lock(session, other, b"theirs").sealed == b"theirs"


def test_eight_that_count_at_once_lose_no_count(database: Database, home: int):
    def count_one_up(_: int) -> None:
        with database.write() as session:
            row = lock(session, home)
            write_token(row, sealed=str(int(row.sealed) + 1).encode(), expires_at=LATER, now=NOW)

    with ThreadPoolExecutor(8) as many:
        list(many.map(count_one_up, range(40)))

    with database.read() as session:
        row = find_token(session, commune_id=home, channel="zalo-oa")
        assert row is not None
        assert row.sealed == b"40"


def test_there_is_no_row_for_a_commune_that_is_not_here(database: Database, home: int):
    with pytest.raises(NoResultFound), database.write() as session:
        lock(session, home + 1)
