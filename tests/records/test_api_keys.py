import datetime as dt

import pytest

from records import api_keys
from records.api_keys import ASK, COUNTS, EMBED, add_key
from records.communes import add_commune
from records.database import Database
from records.models import ApiKey
from tests.conftest import NOW

DAY = NOW.date()


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def make(database: Database, home: int, **changes: object) -> tuple[int, str]:
    fields = {"name": "cổng", "scopes": [COUNTS], "origins": [], "by": "staff:lan", "now": NOW}
    with database.write() as session:
        key, token = add_key(session, commune_id=home, **(fields | changes))
        return key.id, token


def found(database: Database, token: str, now: dt.datetime = NOW) -> int | None:
    with database.read() as session:
        key = api_keys.live_key(session, token, now=now)
        return key.id if key else None


def test_a_token_opens_its_key_and_is_kept_as_a_hash_alone(database: Database, home: int):
    key_id, token = make(database, home)

    with database.read() as session:
        kept = session.get_one(ApiKey, (home, key_id))
        texts = [str(getattr(kept, column.key)) for column in ApiKey.__table__.columns]

    assert (found(database, token), found(database, token[:-1])) == (key_id, None)
    assert len(token) >= 43
    assert [text for text in texts if token in text or token[4:] in text] == []


def test_a_key_that_was_revoked_or_whose_time_is_over_opens_nothing(database: Database, home: int):
    _, short = make(database, home, expires_at=NOW + dt.timedelta(days=1))
    revoked_id, revoked = make(database, home)
    with database.write() as session:
        session.get_one(ApiKey, (home, revoked_id)).revoked_at = NOW

    in_time = found(database, short, NOW + dt.timedelta(hours=23))
    late = found(database, short, NOW + dt.timedelta(days=1))

    assert in_time is not None
    assert (late, found(database, revoked)) == (None, None)


@pytest.mark.parametrize(
    "origin",
    ["http://xa.example.vn", "https://xa.example.vn/", "https://xa.example.vn/x", "https://*", "*", "null",
     "https://a b", "https://xa.example.vn; script-src *", "ftp://127.0.0.1", "https://"],
)  # fmt: skip
def test_what_is_no_origin_of_a_safe_page_makes_no_key(database: Database, home: int, origin: str):
    with pytest.raises(ValueError, match="found the origin"):
        make(database, home, origins=[origin])


def test_an_unknown_scope_makes_no_key(database: Database, home: int):
    with pytest.raises(ValueError, match="found the scopes"):
        make(database, home, scopes=["everything"])


def test_origins_are_those_of_keys_that_work_and_of_one_scope_where_it_is_named(
    database: Database, home: int
):
    make(database, home, scopes=[EMBED, ASK], origins=["https://xa.example.vn", "http://127.0.0.1:9"])
    make(database, home, scopes=[COUNTS], origins=["https://so-lieu.example.vn"])
    make(database, home, scopes=[EMBED], origins=["https://cu.example.vn"], expires_at=NOW)
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id

    with database.read() as session:
        of_all = api_keys.live_origins(session, now=NOW)
        framing = api_keys.live_origins(session, now=NOW, commune_id=home, scope=EMBED)
        elsewhere = api_keys.live_origins(session, now=NOW, commune_id=other)

    assert of_all == {"https://xa.example.vn", "http://127.0.0.1:9", "https://so-lieu.example.vn"}
    assert framing == {"https://xa.example.vn", "http://127.0.0.1:9"}
    assert elsewhere == set()


def test_uses_are_counted_by_day_and_scope(database: Database, home: int):
    key_id, _ = make(database, home)
    yesterday = DAY - dt.timedelta(days=1)

    for scope, day in ((COUNTS, yesterday), (COUNTS, DAY), (COUNTS, DAY), (ASK, DAY)):
        with database.write() as session:
            api_keys.note_use(session, commune_id=home, key_id=key_id, scope=scope, day=day, now=NOW)

    with database.read() as session:
        assert api_keys.calls_since(session, commune_id=home, first=DAY) == {
            (key_id, COUNTS): 2,
            (key_id, ASK): 1,
        }
        assert session.get_one(ApiKey, (home, key_id)).last_used_at == NOW
