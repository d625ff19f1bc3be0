"""What somebody wrote goes from the chat of their volunteer when it goes from their own."""

import pytest
from sqlalchemy import select

from records.codes import code_of
from records.communes import add_commune
from records.database import Database
from records.erasure import delete_learner, erase_learner
from records.handoffs import open_call, take
from records.inbox import claim_row, finish
from records.learners import open_conversation
from records.models import Conversation, Handoff, InboxMessage, Learner, OutboxMessage
from records.outbox import push
from records.relayed import MARK, forget_unlogged
from records.volunteers import invite, redeem
from tests.conftest import NOW


@pytest.fixture
def home(database: Database) -> int:
    """A commune where Cô Hoa helps bà Tư and ông Năm, and each of them wrote once."""
    with database.write() as session:
        commune_id = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id

        def talk(person: str) -> Conversation:
            return open_conversation(
                session, commune_id=commune_id, channel="telegram", hashes=[person], now=NOW
            )

        chat = talk("hoa")
        _, code = invite(session, commune_id=commune_id, name="Hoa", hamlets=(), by="x", now=NOW)
        volunteer = redeem(session, commune_id=commune_id, code=code, conversation_id=chat.id, now=NOW)
        assert volunteer is not None
        for person in ("ba", "nam"):
            learner = talk(person)
            call, _ = open_call(
                session, commune_id=commune_id, learner_id=learner.learner_id, conversation_id=learner.id,
                reason="asked", guide=None, step=None, question=f"câu của {person}", now=NOW,
            )  # fmt: skip
            code_of(session, commune_id=commune_id, learner_id=learner.learner_id)
            take(session, commune_id=commune_id, handoff_id=call.id, volunteer_id=volunteer.id, now=NOW)
            mark = {MARK: str(learner.id)}
            sent = push(session, chat, {"text": f"tin của {person}", "choices": [], **mark}, now=NOW)
            sent.state = "sent"
            said, _ = claim_row(
                session,
                chat,
                message_id=person,
                text=f"tin cho {person}",
                context={"message": 5, **mark},
                now=NOW,
            )
            finish(said, now=NOW)
        own, _ = claim_row(session, chat, message_id="own", text="tra cứu vneid", now=NOW)
        finish(own, now=NOW)
        push(session, chat, {"text": "hướng dẫn", "choices": []}, now=NOW)
    return commune_id


def kept(database: Database) -> list[str]:
    with database.read() as session:
        texts = [*session.scalars(select(InboxMessage.text)), *session.scalars(select(Handoff.question))]
        texts += [body["text"] for body in session.scalars(select(OutboxMessage.body))]
    return sorted(text for text in texts if text)


OF_NAM = ["câu của nam", "hướng dẫn", "tin cho nam", "tin của nam", "tra cứu vneid"]
OF_BOTH = sorted([*OF_NAM, "câu của ba", "tin cho ba", "tin của ba"])


def ba(database: Database, home: int) -> int:
    with database.write() as session:
        return open_conversation(session, commune_id=home, channel="telegram", hashes=["ba"], now=NOW).id


def test_an_erasure_reaches_the_chat_of_the_volunteer_and_nobody_elses_words(database: Database, home: int):
    assert kept(database) == OF_BOTH
    number = ba(database, home)
    with database.write() as session:
        talk = session.get_one(Conversation, (home, number))
        learner_id = talk.learner_id
        wish, _ = claim_row(session, talk, message_id="x", text="xóa", now=NOW)
        erase_learner(session, talk, keep=wish, receipt="R", now=NOW)

    assert kept(database) == OF_NAM
    with database.read() as session:
        code = session.scalar(select(Learner.code).where(Learner.id == learner_id))
    assert code is None


def test_so_does_one_that_is_done_again_after_a_restore(database: Database, home: int):
    number = ba(database, home)
    with database.write() as session:
        learner_id = session.get_one(Conversation, (home, number)).learner_id
        delete_learner(session, commune_id=home, learner_id=learner_id)

    assert kept(database) == OF_NAM


def test_what_was_delivered_of_an_unlogged_talk_is_not_kept(database: Database, home: int):
    number = ba(database, home)
    with database.write() as session:
        session.get_one(Conversation, (home, number)).is_unlogged = True
    with database.write() as session:
        assert forget_unlogged(session) == 1

    assert kept(database) == [text for text in OF_BOTH if text != "tin của ba"]
