"""What waits, what was given up, and what passed: the same on both databases."""

import datetime as dt

from records.communes import add_commune
from records.database import Database
from records.health import Traffic, Waiting, staff_without_second_factor, traffic
from records.health import waiting_messages as messages
from records.health import waiting_replies as replies
from records.inbox import claim_row
from records.learners import note_message, open_conversation
from records.outbox import sent_since
from records.staff_accounts import add_account, set_second_factor
from tests.records.replies import put_rows

HOUR = dt.timedelta(hours=1)


def talk(database: Database, commune_id: int, person: str, states: tuple[str, ...], at: dt.datetime) -> None:
    """A message on Telegram whose replies are in these states; without any it is pending."""
    with database.write() as session:
        conversation = open_conversation(
            session, commune_id=commune_id, channel="telegram", hashes=[person], now=at
        )
        note_message(
            session,
            commune_id=commune_id,
            channel="telegram",
            hashes=[person],
            sealed_address=None,
            now=at,
        )
        message, _ = claim_row(session, conversation, message_id=person, text="", now=at)
        message.state = "done" if states else "pending"
        rows = put_rows(session, message, [{"text": "a", "choices": []} for _ in states], now=at)
        for row, state in zip(rows, states, strict=True):
            row.state, row.error = state, "blocked" if state == "dead" else None
            row.sent_at = at if state == "sent" else None


def test_what_waits_was_given_up_and_passed_is_counted(database: Database, now: dt.datetime):
    with database.write() as session:
        home = add_commune(session, slug="home", name="xã Nhà", now=now).id
        other = add_commune(session, slug="other", name="xã Khác", now=now).id
    talk(database, home, "ba", (), now - 2 * HOUR)
    talk(database, home, "ông", ("sent", "dead", "dead"), now - 3 * HOUR)
    talk(database, home, "cô", ("sent", "pending", "sending"), now)
    talk(database, other, "chú", ("sent",), now + HOUR)

    with database.read() as session:
        assert messages(session, since=now) == Waiting(1, now - 2 * HOUR, 0)
        assert replies(session, since=now - 4 * HOUR, fetched="webchat") == Waiting(2, now, 2, "blocked")
        assert replies(session, since=now, fetched="webchat") == Waiting(2, now, 0, None)
        assert replies(session, since=now, fetched="telegram") == Waiting(0, None, 0, None)
        assert traffic(session, commune_id=home, channel="telegram") == Traffic(3, now, now)
        assert traffic(session, commune_id=home, channel="zalo-bot") == Traffic(0, None, None)
        assert sent_since(session, commune_id=home, channel="telegram", since=now - HOUR) == 1
        assert sent_since(session, commune_id=home, channel="telegram", since=now - 4 * HOUR) == 2


def test_who_signs_in_with_a_password_alone_is_counted(database: Database, now: dt.datetime):
    with database.write() as session:
        home = add_commune(session, slug="home", name="xã Nhà", now=now).id
        for username in ("lan", "hoa", "invited", "gone"):
            account = add_account(
                session, commune_id=home, username=username, display_name=username, roles=["staff"], now=now
            )
            account.password_hash = None if username == "invited" else "a hash"
            account.is_active = username != "gone"
            if username == "hoa":
                set_second_factor(account, sealed=b"sealed", step=1, recovery_codes=[])

    with database.read() as session:
        assert staff_without_second_factor(session) == (2, 1)
