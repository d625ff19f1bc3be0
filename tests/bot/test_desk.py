"""Messages in, replies out: once, in order, masked, on both kinds of database."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.assembly import Assistant
from bot.crowd import Crowd, Marks
from bot.desk import DatabaseDesk
from bot.messages import Entry, IncomingMessage, Overloaded, Receipt, UnknownCommune
from records import arrivals
from records.models import (
    Completion,
    Erasure,
    Handoff,
    InboxMessage,
    Learner,
    OutboxMessage,
    Question,
    TurnEvents,
)
from records.sample import SLUG
from tests.bot.conftest import HandClock

ASK = "quen mat khau vneid lam sao"
GUIDE = "vneid-quen-mat-khau"


def message(text: str, number: object, *, person: str = "ba Tư", **more: str) -> IncomingMessage:
    return IncomingMessage(SLUG, "webchat", person, str(number), text, **more)


def tell(
    assistant: Assistant, text: str, number: object, *, person: str = "ba Tư", **more: str
) -> list[Entry]:
    """Send a message and read what came after it, but for the notice that a new person gets."""
    receipt = assistant.desk.receive(message(text, number, person=person, **more))
    assert assistant.desk.wait(receipt, timeout_s=20)
    return without_notice(assistant.desk.entries(receipt, after=receipt.inbox_id))


def without_notice(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if not entry.text.startswith("Cháu ghi câu hỏi của bác")]


def rows(assistant: Assistant, table: type) -> list:
    with assistant.database.read() as session:
        return list(session.scalars(select(table)))


def test_a_question_is_answered_and_recorded_once(assistant: Assistant):
    replies = tell(assistant, ASK, 1)

    (question,) = rows(assistant, Question)
    assert (question.redacted, question.outcome, question.guide) == (ASK, "guide", GUIDE)
    assert [reply.who for reply in replies] == ["assistant", "assistant"]
    assert [choice.number for choice in replies[-1].choices] == [1, 2, 0, 9]


def test_a_message_delivered_again_changes_nothing_and_gets_no_second_reply(assistant: Assistant):
    first = assistant.desk.receive(message(ASK, 1))
    assistant.desk.wait(first, timeout_s=20)

    again = assistant.desk.receive(message(ASK, 1))

    assert (first.is_new, again.is_new, again.inbox_id) == (True, False, first.inbox_id)
    assert len(rows(assistant, Question)) == 1
    assert len(rows(assistant, OutboxMessage)) == 3


def test_the_same_message_from_eight_clients_at_once_is_one_message(assistant: Assistant):
    with ThreadPoolExecutor(8) as clients:
        receipts = list(clients.map(lambda _: assistant.desk.receive(message(ASK, 1)), range(40)))
    assistant.desk.wait(receipts[0], timeout_s=20)

    assert len({receipt.inbox_id for receipt in receipts}) == 1
    assert sum(receipt.is_new for receipt in receipts) == 1
    assert (len(rows(assistant, Learner)), len(rows(assistant, Question))) == (1, 1)


def test_two_people_with_the_same_message_ids_do_not_meet(assistant: Assistant):
    tell(assistant, ASK, 1, person="ba Tư")
    tell(assistant, "quét mã qr trả tiền", 1, person="ông Năm")

    talk = assistant.desk.talk(commune=SLUG, channel="webchat", external_id="ông Năm")

    assert [entry.text for entry in talk if entry.who == "learner"] == ["quét mã qr trả tiền"]
    assert len(rows(assistant, Learner)) == 2


def test_messages_of_one_person_are_done_in_the_order_they_came(assistant: Assistant):
    receipts = [assistant.desk.receive(message(ASK, 0))]
    receipts += [assistant.desk.receive(message("xong rồi", n)) for n in range(1, 6)]
    assert all(assistant.desk.wait(receipt, timeout_s=20) for receipt in receipts)

    entries = without_notice(assistant.desk.entries(receipts[0]))
    said = [entry.text for entry in entries if entry.who == "assistant"]

    assert [text.split(".")[0] for text in said[1:]] == [f"Bước {n}/7" for n in range(1, 7)]


def test_a_walk_to_the_end_counts_for_the_hamlet_that_is_named_afterwards(assistant: Assistant):
    for number, text in enumerate([ASK, *["xong"] * 7, "có rồi", "x3", "có rồi"]):
        tell(assistant, text, number)

    hamlet = assistant.directory.by_slug(SLUG).hamlet("xom-3")
    assert hamlet is not None
    assert [question.hamlet_id for question in rows(assistant, Question)] == [hamlet.id]
    assert [(done.guide, done.grade, done.hamlet_id) for done in rows(assistant, Completion)] == [
        (GUIDE, "self", hamlet.id)
    ]


def test_a_guide_done_twice_counts_once(assistant: Assistant):
    for number, text in enumerate([ASK, *["xong"] * 7, "có rồi", "bỏ qua", ASK, *["xong"] * 7, "có rồi"]):
        tell(assistant, text, number)

    assert len(rows(assistant, Completion)) == 1
    assert len(rows(assistant, Question)) == 2


def test_a_secret_is_nowhere_in_the_database(assistant: Assistant):
    tell(assistant, "mã otp 735208 và mật khẩu Hoa@1957 của bác nhập vào đâu", 1)

    with assistant.database.read() as session:
        for table in (InboxMessage, Question, OutboxMessage, TurnEvents, Handoff):
            for row in session.scalars(select(table)):
                text = str([getattr(row, column.key) for column in row.__table__.columns])
                assert "735208" not in text
                assert "Hoa@1957" not in text
    (stored,) = rows(assistant, InboxMessage)
    assert stored.text == "mã otp ‹otp› và mật khẩu ‹password› của bác nhập vào đâu"
    assert stored.secrets == ["otp", "password"]


def test_a_pressed_button_is_shown_as_the_line_that_was_pressed(assistant: Assistant):
    payload = tell(assistant, ASK, 1)[-1].choices[0].payload

    tell(assistant, "", 2, payload=payload)

    talk = assistant.desk.talk(commune=SLUG, channel="webchat", external_id="ba Tư")
    assert [entry.text for entry in talk if entry.who == "learner"] == [ASK, "1. Xong rồi"]


def test_a_message_is_open_until_its_turn_is_done(assistant: Assistant):
    assistant.worker.stop()
    assistant.desk.receive(message(ASK, 1))
    talk = {"commune": SLUG, "channel": "webchat", "external_id": "ba Tư"}
    before = [entry.is_open for entry in assistant.desk.talk(**talk)]

    with assistant.database.write() as session:
        session.execute(update(InboxMessage).values(state="done"))

    assert (before, [entry.is_open for entry in assistant.desk.talk(**talk)]) == ([True], [False])


def test_replies_are_marked_sent_when_the_page_has_them(assistant: Assistant):
    tell(assistant, ASK, 1)

    assert {reply.state for reply in rows(assistant, OutboxMessage)} == {"sent"}


def test_who_ends_the_talk_leaves_nothing_to_be_read_there(assistant: Assistant):
    tell(assistant, ASK, 1)

    assistant.desk.end(commune=SLUG, channel="webchat", external_id="ba Tư")

    assert assistant.desk.talk(commune=SLUG, channel="webchat", external_id="ba Tư") == []
    assert len(rows(assistant, Question)) == 1  # it still counts


def test_what_is_erased_is_gone_and_others_stay(assistant: Assistant):
    tell(assistant, ASK, 1, person="ông Năm")
    for number, text in enumerate([ASK, "xóm 3", "xóa dữ liệu của tôi"]):
        tell(assistant, text, number)
    replies = tell(assistant, "1", 9)

    (receipt,) = rows(assistant, Erasure)
    assert receipt.receipt in replies[-1].text
    assert len(rows(assistant, Question)) == 1
    assert {
        event["name"] for turn in rows(assistant, TurnEvents) for event in turn.events if "name" in event
    } != set()
    talk = assistant.desk.talk(commune=SLUG, channel="webchat", external_id="ba Tư")
    assert [entry.who for entry in talk] == ["assistant"]


def test_calling_a_person_waits_once_for_staff(assistant: Assistant):
    for number, text in enumerate([ASK, "0", "0"]):
        tell(assistant, text, number)

    (handoff,) = rows(assistant, Handoff)
    assert (handoff.reason, handoff.guide, handoff.step, handoff.state) == ("asked", GUIDE, 1, "open")


def test_a_message_that_cannot_be_done_is_set_aside_and_the_next_one_is_answered(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
):
    real = assistant.content.ask

    def breaks_on_one(question: str):
        if "hỏng" in question:
            raise RuntimeError("a fault in an Action")
        return real(question)

    services = assistant.worker._runner._conversation._services
    object.__setattr__(services, "ask", breaks_on_one)
    try:
        apology = tell(assistant, "câu này làm hỏng máy", 1)
        answered = tell(assistant, ASK, 2)
    finally:
        object.__setattr__(services, "ask", real)

    assert apology[0].text.startswith("Cháu xin lỗi, máy đang trục trặc.")
    assert len(answered) == 2
    states = {
        row.message_id.rpartition(":")[2]: (row.state, row.attempts) for row in rows(assistant, InboxMessage)
    }
    assert states == {"1": ("dead", 3), "2": ("done", 0)}
    assert [handoff.reason for handoff in rows(assistant, Handoff)] == ["error"]


def test_when_too_many_wait_new_ones_are_told_to_come_again(assistant: Assistant):
    desk = DatabaseDesk(
        assistant.database,
        assistant.worker,
        assistant.directory.by_slug,
        assistant.clock,
        b"k",
        crowd=Crowd(assistant.database, assistant.clock, Marks(full=0)),
    )

    with pytest.raises(Overloaded):
        desk.receive(message(ASK, 1))

    assert rows(assistant, InboxMessage) == []


def test_a_message_for_a_commune_that_is_not_here_is_refused(assistant: Assistant):
    with pytest.raises(UnknownCommune):
        assistant.desk.receive(IncomingMessage("xa-la", "webchat", "ba Tư", "1", ASK))


def test_state_goes_on_after_a_restart(assistant: Assistant, clock: HandClock):
    """The worker that answers next has nothing but the database."""
    from bot.assembly import open_assistant

    tell(assistant, ASK, 1)
    tell(assistant, "xong rồi", 2)
    assistant.worker.stop()
    clock.forward(minutes=5)

    with open_assistant(assistant.settings, clock=clock, content=assistant.content) as restarted:
        reply = tell(restarted, "xong rồi", 3)

    assert reply[0].text.startswith("Bước 3/7")


def test_the_time_of_a_question_is_when_it_was_answered(assistant: Assistant, clock: HandClock):
    tell(assistant, ASK, 1)

    assert rows(assistant, Question)[0].created_at == clock.now.astimezone(dt.UTC)


def test_a_long_message_is_kept_only_as_far_as_it_is_read(assistant: Assistant):
    tell(assistant, "quên mật khẩu vneid " + "a " * 5_000, 1)

    with assistant.database.read() as session:
        assert session.scalar(select(func.max(func.length(InboxMessage.text)))) == 2_000


# --- Several at once ---


def test_what_comes_together_is_what_would_come_one_by_one(assistant: Assistant):
    known = assistant.desk.receive(message(ASK, 1))

    again, other, second, unknown = assistant.desk.receive_all(
        [
            message(ASK, 1),
            message("quét mã qr trả tiền", 1, person="ông Năm"),
            message("xong rồi", 2),
            IncomingMessage("o-dau", "webchat", "ba Tư", "3", ASK),
        ]
    )

    assert isinstance(again, Receipt)
    assert isinstance(other, Receipt)
    assert isinstance(second, Receipt)
    assert isinstance(unknown, UnknownCommune)
    assert (again.inbox_id, again.is_new) == (known.inbox_id, False)
    assert (other.is_new, second.is_new) == (True, True)
    assert second.conversation_id == known.conversation_id != other.conversation_id
    assert known.inbox_id < second.inbox_id
    assert all(assistant.desk.wait(receipt, timeout_s=20) for receipt in (known, other, second))


def test_one_that_cannot_be_stored_takes_no_other_with_it(assistant: Assistant):
    odd = message(ASK, 1, person="ông Năm")
    broken = replace(odd, context={"when": assistant.clock()})  # no JSON: no database takes it

    failed, taken = assistant.desk.receive_all([broken, message(ASK, 1)])

    assert isinstance(failed, Exception)
    assert isinstance(taken, Receipt)
    assert [row.text for row in rows(assistant, InboxMessage)] == [ASK]


def test_people_of_two_communes_may_come_together(assistant: Assistant):
    other = next(profile.slug for profile in assistant.directory.all() if profile.slug != SLUG)
    there = IncomingMessage(other, "webchat", "ba Tư", "1", ASK)

    here, away = assistant.desk.receive_all([message(ASK, 1), there])

    assert isinstance(here, Receipt)
    assert isinstance(away, Receipt)
    assert here.commune_id != away.commune_id
    assert {row.commune_id for row in rows(assistant, InboxMessage)} == {here.commune_id, away.commune_id}


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
def test_who_is_erased_the_moment_they_write_begins_anew(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
):
    before = assistant.desk.receive(message(ASK, 1))
    assert assistant.desk.wait(before, timeout_s=20)
    stored = arrivals._stored

    def erased_meanwhile(connection, *more):
        monkeypatch.setattr(arrivals, "_stored", stored)
        with assistant.database.write() as session:
            session.execute(delete(Learner))
        raise IntegrityError("the talk is gone", None, Exception())

    monkeypatch.setattr(arrivals, "_stored", erased_meanwhile)
    receipt = assistant.desk.receive(message(ASK, 2))

    assert receipt.is_new
    assert receipt.conversation_id != before.conversation_id


def test_when_the_database_stays_away_nobody_is_kept_waiting_one_after_the_other(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
):
    tried = []

    def away(self, message):
        tried.append(message.external_id)
        raise OperationalError("away", None, Exception())

    monkeypatch.setattr("bot.desk.ONE_BY_ONE_S", -1)
    monkeypatch.setattr(DatabaseDesk, "_receive_together", lambda self, messages: {})
    monkeypatch.setattr(DatabaseDesk, "receive", away)

    outcomes = assistant.desk.receive_all([message(ASK, 1, person=f"người {n}") for n in range(3)])

    assert tried == ["người 0"]
    assert [type(outcome) for outcome in outcomes] == [OperationalError, Overloaded, Overloaded]
