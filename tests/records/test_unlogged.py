"""Of an unlogged talk nothing is kept but a count; what an answer still needs goes within the hour."""

import datetime as dt

import pytest
from sqlalchemy import select

from records.communes import add_commune
from records.database import Database
from records.inbox import claim_row, finish
from records.learners import open_conversation
from records.models import Conversation, InboxMessage, OutboxMessage
from records.unlogged import KEPT, SEEN, UNSENT, count_unlogged, forget_message, forget_talks
from tests.conftest import NOW
from tests.records.replies import put_rows

DAY = dt.date(2026, 11, 22)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def answer(database: Database, home: int, number: int, *, person: str = "ba", state: str = "sent") -> None:
    """A turn of an unlogged talk, with its reply in `state`."""
    with database.write() as session:
        conversation = open_conversation(session, commune_id=home, channel="zalo", hashes=[person], now=NOW)
        conversation.is_unlogged = person == "ba"
        conversation.slots = {"address": "ba", "guide": "vneid", "choices": {"items": ["Quên mật khẩu"]}}
        conversation.updated_at = NOW
        message, _ = claim_row(
            session,
            conversation,
            message_id=f"{person}{number}",
            text="câu hỏi kín",
            payload="nút kín",
            secrets=["otp"],
            hamlet="xom-kin",
            context={"message": "kín"},
            now=NOW,
        )
        (reply,) = put_rows(session, message, [{"text": f"lời đáp {number}", "choices": []}], now=NOW)
        finish(message, now=NOW)
        if person == "ba":
            forget_message(session, message, day=DAY)
        reply.state = state


def replies(database: Database) -> list[str]:
    with database.read() as session:
        return [row.body["text"] for row in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))]


def test_a_message_is_blanked_and_the_reply_before_it_goes(database: Database, home: int):
    with database.write() as session:
        conversation = open_conversation(session, commune_id=home, channel="zalo", hashes=["ba"], now=NOW)
        conversation.is_unlogged = True
        first, _ = claim_row(
            session, conversation, message_id="1", text="câu hỏi kín", context={"a": 1}, now=NOW
        )
        (old,) = put_rows(session, first, [{"text": "đáp cũ", "choices": []}], now=NOW)
        old.state = "sent"
        second, _ = claim_row(session, conversation, message_id="2", text="câu kín", payload="x", now=NOW)
        put_rows(session, second, [{"text": "đáp mới", "choices": []}], now=NOW)

        forget_message(session, second, day=DAY)

    assert replies(database) == ["đáp mới"]
    with database.read() as session:
        kept = session.scalars(select(InboxMessage).order_by(InboxMessage.id)).all()[1]
        assert (kept.text, kept.payload, kept.secrets, kept.hamlet, kept.context) == (
            "",
            None,
            [],
            None,
            None,
        )


def test_messages_are_counted_for_their_day_and_channel_and_nothing_else(database: Database, home: int):
    for number in range(3):
        answer(database, home, number)

    with database.read() as session:
        counts = [
            count_unlogged(session, commune_id=commune, first=first, last=DAY)
            for commune, first in ((home, DAY), (home, DAY + dt.timedelta(days=1)), (home + 1, DAY))
        ]
    assert counts == [3, 0, 0]


def test_an_hour_after_the_last_message_the_place_and_the_replies_go(database: Database, home: int):
    answer(database, home, 1)
    answer(database, home, 1, person="ông")

    with database.write() as session:
        early = forget_talks(session, now=NOW + KEPT)
    before = replies(database)
    with database.write() as session:
        forget_talks(session, now=NOW + KEPT + MINUTE)

    assert (early, before) == (0, ["lời đáp 1", "lời đáp 1"])
    assert replies(database) == ["lời đáp 1"]  # of who did not ask for it
    with database.read() as session:
        slots = [talk.slots for talk in session.scalars(select(Conversation).order_by(Conversation.id))]
    assert [sorted(each) for each in slots] == [["address"], ["address", "choices", "guide"]]


@pytest.mark.parametrize("state", ["pending", "sending"])
def test_a_reply_that_is_still_to_be_sent_stays_until_it_is_given_up(
    database: Database, home: int, state: str
):
    answer(database, home, 1, state=state)

    with database.write() as session:
        forget_talks(session, now=NOW + UNSENT)
    waiting = replies(database)
    with database.write() as session:
        forget_talks(session, now=NOW + UNSENT + MINUTE)

    assert (waiting, replies(database)) == (["lời đáp 1"], [])


def test_the_blank_row_of_a_message_stays_for_a_day_against_a_second_delivery(database: Database, home: int):
    answer(database, home, 1)
    answer(database, home, 1, person="ông")

    left = []
    for time in (NOW + SEEN, NOW + SEEN + MINUTE):
        with database.write() as session:
            forget_talks(session, now=time)
        with database.read() as session:
            left.append([row.text for row in session.scalars(select(InboxMessage).order_by(InboxMessage.id))])

    assert left == [["", "câu hỏi kín"], ["câu hỏi kín"]]


def test_a_message_that_waits_is_never_taken_away(database: Database, home: int):
    with database.write() as session:
        talk = open_conversation(session, commune_id=home, channel="zalo", hashes=["ba"], now=NOW)
        talk.is_unlogged = True
        claim_row(session, talk, message_id="1", text="", payload="/next", now=NOW)

    with database.write() as session:
        forget_talks(session, now=NOW + 9 * SEEN)

    with database.read() as session:
        assert [row.payload for row in session.scalars(select(InboxMessage))] == ["/next"]
