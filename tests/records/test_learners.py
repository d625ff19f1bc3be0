import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.communes import add_commune, add_hamlet
from records.database import Database
from records.handoffs import open_call
from records.inbox import claim
from records.learners import (
    find_conversation,
    find_identity,
    note_left,
    note_message,
    open_conversation,
    set_hamlet,
    wrote_at,
)
from records.models import ChannelIdentity, Commune, Completion, Conversation, Handoff, Learner, Question
from records.questions import record_completion, record_question
from tests.conftest import NOW

LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def hamlet(session: Session, commune_id: int, slug: str) -> int:
    return add_hamlet(session, session.get_one(Commune, commune_id), slug=slug, name=slug.title()).id


def talk(
    session: Session, commune_id: int, person: str, channel: str = "zalo", now: dt.datetime = NOW
) -> Conversation:
    return open_conversation(session, commune_id=commune_id, channel=channel, hashes=[person], now=now)


def act(session: Session, conversation: Conversation, inbox_id: int) -> None:
    """One question, one completion and one call for a person."""
    commune_id, learner_id = conversation.commune_id, conversation.learner_id
    record_question(
        session,
        commune_id=commune_id,
        inbox_id=inbox_id,
        learner_id=learner_id,
        channel="zalo",
        redacted="quên mật khẩu",
        outcome="guide",
        guide="vneid-quen-mat-khau",
        score=0.9,
        candidates=[],
        now=NOW,
    )
    record_completion(
        session,
        commune_id=commune_id,
        learner_id=learner_id,
        channel="zalo",
        guide=f"guide-{inbox_id}",
        grade="self",
        now=NOW,
    )
    session.add(
        Handoff(
            commune_id=commune_id,
            learner_id=learner_id,
            conversation_id=conversation.id,
            hamlet_id=session.get_one(Learner, (commune_id, learner_id)).hamlet_id,
            reason="asked",
            created_at=NOW,
        )
    )
    session.flush()


def counted_for(session: Session, learner_id: int) -> list[list[int | None]]:
    """The hamlets of a learner's questions, completions and calls, oldest first."""
    return [
        list(
            session.scalars(select(table.hamlet_id).where(table.learner_id == learner_id).order_by(table.id))
        )
        for table in (Question, Completion, Handoff)
    ]


def test_who_writes_for_the_first_time_becomes_a_learner(database: Database, home: int):
    with database.write() as session:
        conversation_id = talk(session, home, "ba").id

    with database.read() as session:
        (learner,) = session.scalars(select(Learner))
        (identity,) = session.scalars(select(ChannelIdentity))
        (stored,) = session.scalars(select(Conversation))
    assert (learner.commune_id, learner.hamlet_id, learner.created_at) == (home, None, NOW)
    assert (identity.learner_id, identity.channel, identity.external_hash) == (learner.id, "zalo", "ba")
    assert (stored.id, stored.learner_id, stored.identity_id) == (conversation_id, learner.id, identity.id)
    assert (stored.channel, stored.slots, stored.turns) == ("zalo", {}, 0)
    assert (stored.erased_at, stored.updated_at) == (None, NOW)


def test_who_writes_again_goes_on_with_the_same_talk(database: Database, home: int):
    with database.write() as session:
        first = talk(session, home, "ba").id
    with database.write() as session:
        again = talk(session, home, "ba", now=LATER)

        assert (again.id, again.updated_at) == (first, NOW)


def test_the_same_identity_elsewhere_is_somebody_else(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id

        learners = {
            talk(session, home, "ba").learner_id,
            talk(session, home, "ba", "telegram").learner_id,
            talk(session, home, "ông").learner_id,
            talk(session, other, "ba").learner_id,
        }

    assert len(learners) == 4


def test_nobody_is_made_by_looking(database: Database, home: int):
    with database.read() as session:
        found = find_conversation(session, commune_id=home, channel="zalo", hashes=["ba"])

    assert found is None


def test_a_talk_is_found_in_its_commune_only(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
        conversation_id = talk(session, home, "ba").id

    with database.read() as session:
        here = find_conversation(session, commune_id=home, channel="zalo", hashes=["ba"])
        there = find_conversation(session, commune_id=other, channel="zalo", hashes=["ba"])
    assert here is not None
    assert (here.id, there) == (conversation_id, None)


def test_eight_first_messages_at_once_make_one_learner(database: Database, home: int):
    people = [f"người {number}" for number in range(10)]

    def write(person: str) -> tuple[str, int]:
        with database.write() as session:
            return person, talk(session, home, person).id

    with ThreadPoolExecutor(8) as channels:
        talks = set(channels.map(write, [person for person in people for _ in range(8)]))

    assert len(talks) == 10
    with database.read() as session:
        rows = [
            session.scalar(select(func.count()).select_from(table))
            for table in (Learner, ChannelIdentity, Conversation)
        ]
    assert rows == [10, 10, 10]


def test_what_was_done_before_the_hamlet_was_named_counts_for_it(database: Database, home: int):
    with database.write() as session:
        nam_dong = hamlet(session, home, "nam-dong")
        conversation = talk(session, home, "ba")
        act(session, conversation, 1)
        act(session, conversation, 2)
        learner_id = conversation.learner_id

        set_hamlet(session, commune_id=home, learner_id=learner_id, hamlet_id=nam_dong)
        act(session, conversation, 3)

    with database.read() as session:
        assert session.get_one(Learner, (home, learner_id)).hamlet_id == nam_dong
        assert counted_for(session, learner_id) == [[nam_dong] * 3] * 3


def test_what_counts_for_a_hamlet_stays_there_when_the_learner_moves(database: Database, home: int):
    with database.write() as session:
        nam_dong, go_phao = hamlet(session, home, "nam-dong"), hamlet(session, home, "go-phao")
        conversation = talk(session, home, "ba")
        learner_id = conversation.learner_id
        set_hamlet(session, commune_id=home, learner_id=learner_id, hamlet_id=nam_dong)
        act(session, conversation, 1)

        set_hamlet(session, commune_id=home, learner_id=learner_id, hamlet_id=go_phao)
        act(session, conversation, 2)

    with database.read() as session:
        assert session.get_one(Learner, (home, learner_id)).hamlet_id == go_phao
        assert counted_for(session, learner_id) == [[nam_dong, go_phao]] * 3


def test_what_others_did_is_not_counted_for_the_hamlet(database: Database, home: int):
    with database.write() as session:
        nam_dong = hamlet(session, home, "nam-dong")
        ba, ong = talk(session, home, "ba"), talk(session, home, "ông")
        act(session, ba, 1)
        act(session, ong, 2)
        ong_id = ong.learner_id

        set_hamlet(session, commune_id=home, learner_id=ba.learner_id, hamlet_id=nam_dong)

    with database.read() as session:
        assert session.get_one(Learner, (home, ong_id)).hamlet_id is None
        assert counted_for(session, ong_id) == [[None]] * 3


def test_a_call_for_a_person_is_counted_too(database: Database, home: int):
    with database.write() as session:
        nam_dong = hamlet(session, home, "nam-dong")
        conversation = talk(session, home, "ba")
        open_call(
            session,
            commune_id=home,
            learner_id=conversation.learner_id,
            conversation_id=conversation.id,
            reason="asked",
            guide=None,
            step=None,
            question=None,
            now=NOW,
        )

        set_hamlet(session, commune_id=home, learner_id=conversation.learner_id, hamlet_id=nam_dong)

    with database.read() as session:
        assert session.scalars(select(Handoff.hamlet_id)).all() == [nam_dong]


def test_somebody_is_known_by_the_hash_of_an_older_key_and_gets_the_new_one(database: Database, home: int):
    with database.write() as session:
        before = talk(session, home, "old")
        before_id = before.id

    with database.write() as session:
        found = note_message(
            session,
            commune_id=home,
            channel="zalo",
            hashes=["new", "old"],
            sealed_address=b"sealed",
            now=NOW,
        )

    with database.read() as session:
        again = find_conversation(session, commune_id=home, channel="zalo", hashes=["new"])
        assert again is not None
        assert again.id == before_id == found.id
        identity = session.get_one(ChannelIdentity, (home, again.identity_id))
        assert (identity.sealed_address, identity.last_message_at) == (b"sealed", NOW)


def test_who_left_is_written_to_again_only_after_they_wrote(database: Database, home: int):
    with database.write() as session:
        conversation = talk(session, home, "ba")
        note_left(session, commune_id=home, conversation_id=conversation.id, now=NOW)
        identity = find_identity(session, commune_id=home, channel="zalo", hashes=["ba"])
        assert identity is not None
        assert identity.left_at == NOW

        note_message(session, commune_id=home, channel="zalo", hashes=["ba"], sealed_address=None, now=NOW)
        session.refresh(identity)
        assert identity.left_at is None


def test_who_is_known_by_an_old_and_by_the_new_hash_goes_on_with_the_new_one(database: Database, home: int):
    with database.write() as session:
        talk(session, home, "old")
        newer = talk(session, home, "new").id

    with database.write() as session:
        found = note_message(
            session, commune_id=home, channel="zalo", hashes=["new", "old"], sealed_address=None, now=NOW
        )

    assert found.id == newer


def test_when_somebody_wrote_last_is_known_exactly_from_their_messages(database: Database, home: int):
    who = {"commune_id": home, "channel": "zalo", "hashes": ["ba"]}
    later = NOW + dt.timedelta(seconds=40)
    with database.write() as session:
        nobody = wrote_at(session, **who)
        noted = note_message(session, **who, sealed_address=None, now=NOW)
        at_first = wrote_at(session, **who)
        claim(session, noted, message_id="2", text="", now=later)

        assert (nobody, at_first, wrote_at(session, **who)) == (None, NOW, later)
