import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records import ids
from records.communes import add_commune
from records.database import Database
from records.inbox import claim_row, count_attempt, depth, finish, finish_turn, keep_slots, lock_next
from records.learners import open_conversation
from records.models import Conversation, InboxMessage
from tests.conftest import NOW

ON_POSTGRESQL = pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def talk(session: Session, commune_id: int, person: str, channel: str = "zalo") -> Conversation:
    return open_conversation(session, commune_id=commune_id, channel=channel, hashes=[person], now=NOW)


def say(database: Database, commune_id: int, person: str, *message_ids: str) -> None:
    for message_id in message_ids:
        with database.write() as session:
            conversation = talk(session, commune_id, person)
            claim_row(session, conversation, message_id=message_id, text=f"tin {message_id}", now=NOW)


def do_next(database: Database, state: str = "done") -> str | None:
    """Finish the next message; returns its message id."""
    with database.write() as session:
        locked = lock_next(session)
        if locked is None:
            return None
        message, _ = locked
        finish(message, now=NOW, state=state)
        return message.message_id


def done_in_turn(database: Database) -> Iterator[str]:
    while (message_id := do_next(database)) is not None:
        yield message_id


def test_a_message_is_kept_as_it_came(database: Database, home: int):
    with database.write() as session:
        conversation = talk(session, home, "ba Tư", "webchat")
        message, is_new = claim_row(
            session,
            conversation,
            message_id="m1",
            text="mã là ‹otp›",
            payload="guide:at-otp",
            secrets=["otp"],
            hamlet="nam-dong",
            now=NOW,
        )
        key, conversation_id = (home, message.id), conversation.id

    with database.read() as session:
        stored = session.get_one(InboxMessage, key)
    assert is_new
    assert (stored.conversation_id, stored.channel, stored.message_id) == (conversation_id, "webchat", "m1")
    assert (stored.text, stored.payload) == ("mã là ‹otp›", "guide:at-otp")
    assert (stored.secrets, stored.hamlet) == (["otp"], "nam-dong")
    assert (stored.state, stored.attempts, stored.received_at, stored.done_at) == ("pending", 0, NOW, None)


def test_a_message_that_comes_again_is_the_one_that_is_there(database: Database, home: int):
    with database.write() as session:
        first, is_new = claim_row(session, talk(session, home, "ba"), message_id="m1", text="một", now=NOW)
        first_id = first.id
    with database.write() as session:
        later = NOW + dt.timedelta(minutes=1)
        again, is_new_again = claim_row(
            session, talk(session, home, "ba"), message_id="m1", text="khác", now=later
        )

        assert (is_new, is_new_again) == (True, False)
        assert (again.id, again.text, again.received_at) == (first_id, "một", NOW)


def test_a_message_that_comes_again_leaves_the_unit_of_work_whole(database: Database, home: int):
    say(database, home, "ba", "m1")

    with database.write() as session:
        conversation = talk(session, home, "ba")
        conversation.slots = {"address": "bac"}
        claim_row(session, conversation, message_id="m1", text="một", now=NOW)
        claim_row(session, conversation, message_id="m2", text="hai", now=NOW)

    with database.read() as session:
        assert session.scalars(select(Conversation.slots)).all() == [{"address": "bac"}]
        assert session.scalars(select(InboxMessage.message_id)).all() == ["m1", "m2"]


def test_the_same_id_of_another_channel_or_commune_is_another_message(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
        places = [(home, "zalo"), (home, "webchat"), (other, "zalo")]

        claimed = [
            claim_row(session, talk(session, commune_id, "ba", channel), message_id="m1", text="", now=NOW)
            for commune_id, channel in places
        ]

    assert [is_new for _, is_new in claimed] == [True, True, True]


def test_eight_deliveries_at_once_of_fifty_messages_are_fifty_messages(database: Database, home: int):
    def deliver(message_id: str) -> tuple[int, bool]:
        with database.write() as session:
            conversation = talk(session, home, f"người {message_id[-1]}")
            message, is_new = claim_row(session, conversation, message_id=message_id, text="", now=NOW)
            return message.id, is_new

    with ThreadPoolExecutor(8) as channels:
        delivered = list(channels.map(deliver, [f"m{number}" for number in range(50) for _ in range(8)]))

    with database.read() as session:
        stored = session.scalars(select(InboxMessage.id)).all()
    assert len(stored) == 50
    assert sorted(message_id for message_id, is_new in delivered if is_new) == sorted(stored)
    assert {message_id for message_id, _ in delivered} == set(stored)


def test_a_claim_in_a_talk_that_is_gone_is_no_repeat(database: Database, home: int):
    with database.write() as session:
        conversation = talk(session, home, "ba")
        session.flush()
        session.expunge(conversation)
        session.execute(delete(Conversation))

    with pytest.raises(IntegrityError), database.write() as session:
        claim_row(session, conversation, message_id="m1", text="", now=NOW)


def test_messages_are_done_in_the_order_they_came(database: Database, home: int):
    say(database, home, "ba", "m1", "m2")
    say(database, home, "ông", "m3")
    say(database, home, "ba", "m4")

    assert list(done_in_turn(database)) == ["m1", "m2", "m3", "m4"]


def test_a_message_comes_with_its_conversation(database: Database, home: int):
    say(database, home, "ông", "m1")
    say(database, home, "ba", "m2")
    do_next(database)

    with database.write() as session:
        locked = lock_next(session)
        assert locked is not None
        message, conversation = locked
        assert (message.message_id, conversation.id) == ("m2", talk(session, home, "ba").id)


def test_there_is_nothing_to_do_in_an_empty_inbox(database: Database):
    assert do_next(database) is None


def test_a_message_set_aside_does_not_hold_up_the_next(database: Database, home: int):
    say(database, home, "ba", "m1", "m2")

    assert [do_next(database, "dead"), *done_in_turn(database)] == ["m1", "m2"]


def test_a_finished_message_says_when(database: Database, home: int):
    say(database, home, "ba", "m1")
    do_next(database, "dead")

    with database.read() as session:
        (message,) = session.scalars(select(InboxMessage))
    assert (message.state, message.done_at) == ("dead", NOW)


def test_a_message_whose_turn_failed_is_given_again(database: Database, home: int):
    say(database, home, "ba", "m1", "m2")

    with pytest.raises(LookupError):
        fail_next(database)

    assert list(done_in_turn(database)) == ["m1", "m2"]


@ON_POSTGRESQL
def test_a_second_worker_gets_the_message_of_somebody_else(database: Database, home: int):
    say(database, home, "ba", "m1", "m2")
    say(database, home, "ông", "m3")

    with database.write() as first, database.write() as second, database.write() as third:
        locked = [lock_next(session) for session in (first, second, third)]

        assert [found and found[0].message_id for found in locked] == ["m1", "m3", None]


@ON_POSTGRESQL
def test_a_worker_that_died_holds_nothing_up(database: Database, home: int):
    say(database, home, "ba", "m1")
    with Session(database.engine) as session:
        lock_next(session)
        session.connection().detach()
        session.connection().connection.close()  # as when the process is killed

    assert list(done_in_turn(database)) == ["m1"]


@ON_POSTGRESQL
def test_a_message_is_taken_in_while_its_talk_is_being_worked_on(database: Database, home: int):
    say(database, home, "ba", "m1")

    with database.write() as turn:
        assert lock_next(turn) is not None
        say(database, home, "ba", "m2")

    assert list(done_in_turn(database)) == ["m1", "m2"]


def test_three_workers_do_each_message_once_and_in_order(database: Database, home: int):
    people = [f"người {number}" for number in range(8)]
    for number in range(6):
        for person in people:
            say(database, home, person, f"{person}/{number}")
    done: list[str] = []

    def work(_: int) -> None:
        while True:
            with database.write() as session:
                locked = lock_next(session)
                if locked is None:
                    return
                message, conversation = locked
                conversation.turns += 1
                finish(message, now=NOW)
                done.append(message.message_id)  # still locked: the next of this talk comes later

    with ThreadPoolExecutor(3) as workers:
        list(workers.map(work, range(3)))

    by_person = {person: [each for each in done if each.startswith(f"{person}/")] for person in people}
    assert by_person == {person: [f"{person}/{number}" for number in range(6)] for person in people}
    with database.read() as session:
        assert session.scalars(select(Conversation.turns)).all() == [6] * 8


def test_failed_attempts_are_counted(database: Database, home: int):
    say(database, home, "ba", "m1", "m2")
    with database.read() as session:
        first = session.scalars(select(InboxMessage.id).order_by(InboxMessage.id)).first()
    assert first is not None

    counted = []
    for _ in range(3):
        with database.write() as session:
            counted.append(count_attempt(session, commune_id=home, inbox_id=first))

    with database.read() as session:
        stored = session.scalars(select(InboxMessage.attempts).order_by(InboxMessage.id)).all()
    assert (counted, stored) == ([1, 2, 3], [3, 0])


def test_the_depth_is_what_is_still_to_do(database: Database, home: int):
    say(database, home, "ba", "m1", "m2", "m3", "m4")
    do_next(database)
    do_next(database, "dead")

    with database.read() as session:
        assert depth(session) == 2


def fail_next(database: Database) -> None:
    with database.write() as session:
        locked = lock_next(session)
        assert locked is not None
        finish(locked[0], now=NOW)
        session.flush()
        raise LookupError


def test_how_a_turn_left_its_talk_is_kept_and_known_at_once(database: Database, home: int):
    say(database, home, "ba", "m1")

    with database.write() as session:
        locked = lock_next(session)
        assert locked is not None
        message, conversation = locked
        keep_slots(session, conversation, {"guide": "vneid"}, is_unlogged=True, now=NOW)
        finish_turn(session, message, now=NOW)
        known = (conversation.slots, conversation.turns, conversation.is_unlogged, message.state)
        conversation.slots = {**conversation.slots, "call": 7}  # as an effect may

    assert known == ({"guide": "vneid"}, 1, True, "done")
    with database.read() as session:
        (kept,) = session.scalars(select(Conversation))
        (done,) = session.scalars(select(InboxMessage))
    assert (kept.slots, kept.turns, kept.is_unlogged) == ({"guide": "vneid", "call": 7}, 1, True)
    assert kept.updated_at == NOW
    assert (done.state, done.done_at) == ("done", NOW)


@ON_POSTGRESQL
def test_after_a_message_is_locked_ids_are_above_all_in_its_talk(
    database: Database, home: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ids, "_last", ids.new_id() + (3_600_000 << 22))  # another worker, an hour ahead
    say(database, home, "ba", "m1")
    monkeypatch.setattr(ids, "_last", 0)

    with database.write() as session:
        locked = lock_next(session)
        assert locked is not None
        assert locked[0].id < ids.new_id()
