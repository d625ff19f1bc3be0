"""The order of a talk survives a clock that is set back while the program is not running."""

import datetime as dt

import pytest

from records import ids
from records.communes import add_commune
from records.database import Database
from records.id_floor import keep_ids_growing
from records.inbox import claim_row
from records.learners import open_conversation
from records.outbox import push
from tests.records.replies import put_rows


def test_after_a_restart_ids_are_above_those_made_before_the_clock_was_set_back(
    database: Database, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
):
    with database.write() as session:
        home = add_commune(session, slug="home", name="xã Nhà", now=now).id
        add_commune(session, slug="other", name="xã Khác", now=now)
        talk = open_conversation(session, commune_id=home, channel="webchat", hashes=["ba"], now=now)
        message, _ = claim_row(session, talk, message_id="1", text="", now=now)
        (reply,) = put_rows(session, message, [{"text": "một", "choices": []}], now=now)
        newest = reply.id
    monkeypatch.setattr(ids, "_last", 0)  # a new process
    yesterday = int((dt.datetime.now(dt.UTC) - dt.timedelta(days=1)).timestamp() * 1e9)

    without = ids.new_id(clock=lambda: yesterday)
    with database.read() as session:
        keep_ids_growing(session)

    assert without < newest < ids.new_id(clock=lambda: yesterday)


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
def test_a_word_to_somebody_comes_after_what_a_worker_with_a_clock_ahead_wrote_them(
    database: Database, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ids, "_last", ids.new_id() + (3_600_000 << 22))  # an hour ahead
    with database.write() as session:
        home = add_commune(session, slug="home", name="xã Nhà", now=now).id
        talk = open_conversation(session, commune_id=home, channel="webchat", hashes=["ba"], now=now)
        message, _ = claim_row(session, talk, message_id="1", text="", now=now)
        (reply,) = put_rows(session, message, [{"text": "một", "choices": []}], now=now)
        monkeypatch.setattr(ids, "_last", 0)  # another worker

        word = push(session, talk, {"text": "hai", "choices": []}, now=now)

        assert reply.id < word.id
