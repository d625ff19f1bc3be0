import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.communes import add_commune
from records.database import Database
from records.inbox import claim_row
from records.learners import open_conversation
from records.models import InboxMessage, OutboxMessage
from records.outbox import mark_sent, replies_after
from tests.conftest import NOW
from tests.records.replies import put_rows

LATER = NOW + dt.timedelta(seconds=5)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def heard(session: Session, commune_id: int, message_id: str, *, person: str = "ba") -> InboxMessage:
    conversation = open_conversation(session, commune_id=commune_id, channel="zalo", hashes=[person], now=NOW)
    message, _ = claim_row(session, conversation, message_id=message_id, text="", now=NOW)
    return message


def answer(session: Session, message: InboxMessage, *texts: str) -> list[OutboxMessage]:
    return put_rows(session, message, [{"text": text, "choices": []} for text in texts], now=NOW)


def texts(rows: list[OutboxMessage]) -> list[str]:
    return [row.body["text"] for row in rows]


def test_replies_wait_in_the_order_they_were_given(database: Database, home: int):
    with database.write() as session:
        message = heard(session, home, "m1")
        answer(session, message, "Bước 1", "Bước 2", "Xong")
        key = (message.id, message.conversation_id)

    with database.read() as session:
        rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert [(row.position, row.body) for row in rows] == [
        (0, {"text": "Bước 1", "choices": []}),
        (1, {"text": "Bước 2", "choices": []}),
        (2, {"text": "Xong", "choices": []}),
    ]
    assert {(row.inbox_id, row.conversation_id) for row in rows} == {key}
    assert {(row.channel, row.state, row.attempts) for row in rows} == {("zalo", "pending", 0)}
    assert {(row.not_before, row.created_at, row.sent_at) for row in rows} == {(NOW, NOW, None)}


def test_a_message_is_not_answered_twice(database: Database, home: int):
    with database.write() as session:
        answer(session, heard(session, home, "m1"), "Bước 1")

    with pytest.raises(IntegrityError), database.write() as session:
        answer(session, heard(session, home, "m1"), "Bước 1")


def test_a_message_may_have_no_answer(database: Database, home: int):
    with database.write() as session:
        assert answer(session, heard(session, home, "m1")) == []


def test_the_replies_of_a_talk_are_its_own_oldest_first(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
        mine = heard(session, home, "m1")
        answer(session, mine, "một", "hai")
        answer(session, heard(session, home, "m2", person="ông"), "của ông")
        answer(session, heard(session, other, "m1"), "ở xã khác")
        answer(session, heard(session, home, "m3"), "ba")

        found = texts(replies_after(session, commune_id=home, conversation_id=mine.conversation_id))

    assert found == ["một", "hai", "ba"]


def test_only_what_came_after_is_listed_and_only_so_much(database: Database, home: int):
    with database.write() as session:
        message = heard(session, home, "m1")
        rows = answer(session, message, "một", "hai", "ba", "bốn")

        def after(row_id: int, limit: int) -> list[str]:
            return texts(
                replies_after(
                    session,
                    commune_id=home,
                    conversation_id=message.conversation_id,
                    after=row_id,
                    limit=limit,
                )
            )

        assert after(rows[0].id, 2) == ["hai", "ba"]
        assert after(rows[3].id, 2) == []


def test_what_was_sent_says_when_and_keeps_its_first_time(database: Database, home: int):
    with database.write() as session:
        rows = answer(session, heard(session, home, "m1"), "một", "hai", "ba")
        mark_sent(session, rows[:1], now=NOW)

    with database.write() as session:
        rows = list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
        mark_sent(session, rows[:2], now=LATER)

    with database.read() as session:
        stored = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert [(row.state, row.sent_at) for row in stored] == [
        ("sent", NOW),
        ("sent", LATER),
        ("pending", None),
    ]


def test_marking_nothing_changes_nothing(database: Database, home: int):
    with database.write() as session:
        answer(session, heard(session, home, "m1"), "một")

        mark_sent(session, [], now=LATER)

    with database.read() as session:
        assert session.scalars(select(OutboxMessage.state)).all() == ["pending"]
