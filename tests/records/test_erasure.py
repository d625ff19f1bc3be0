import datetime as dt
import json
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from records import outbox
from records.communes import add_commune, add_hamlet
from records.community import Profile, Volunteer
from records.database import Database, sqlite_driver
from records.erasure import erase_again, erase_learner, erase_profile, remove_shells
from records.handoffs import open_call
from records.inbox import claim_row, finish, lock_next
from records.learners import find_conversation, open_conversation, set_hamlet
from records.models import (
    Base,
    ChannelIdentity,
    Conversation,
    Erasure,
    InboxMessage,
    Learner,
    OutboxMessage,
    Question,
    TurnEvents,
)
from records.profiles import switch
from records.questions import record_completion, record_question
from tests.conftest import NOW

ON_POSTGRESQL = pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
LATER = NOW + dt.timedelta(minutes=5)
HOUR = dt.timedelta(hours=1)
RECEIPT = "XD-2026-0001"

Rows = dict[str, set[str]]


@pytest.fixture
def home(database: Database) -> int:
    return new_commune(database)


def new_commune(database: Database) -> int:
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        add_hamlet(session, commune, slug="nam-dong", name="Nam Đồng")
        return commune.id


def talk(session: Session, commune_id: int, person: str, channel: str = "zalo") -> Conversation:
    return open_conversation(session, commune_id=commune_id, channel=channel, hashes=[person], now=NOW)


def link(session: Session, commune_id: int, person: str, channel: str) -> Conversation:
    """A learner known on Zalo is now known on `channel`, too."""
    learner_id = talk(session, commune_id, person).learner_id
    identity = ChannelIdentity(
        commune_id=commune_id, learner_id=learner_id, channel=channel, external_hash=person, created_at=NOW
    )
    session.add(identity)
    session.flush()
    conversation = Conversation(
        commune_id=commune_id,
        learner_id=learner_id,
        identity_id=identity.id,
        channel=channel,
        updated_at=NOW,
    )
    session.add(conversation)
    session.flush()
    return conversation


def live(session: Session, conversation: Conversation, says: str) -> None:
    """A whole turn of everything that is kept of a learner, with `says` wherever a text may stand."""
    commune_id, learner_id = conversation.commune_id, conversation.learner_id
    message, _ = claim_row(
        session,
        conversation,
        message_id=f"{conversation.id}:{says}",
        text=says,
        payload=says,
        secrets=["otp"],
        hamlet="nam-dong",
        now=NOW,
    )
    shared = {"commune_id": commune_id, "learner_id": learner_id, "now": NOW}
    record_question(
        session,
        inbox_id=message.id,
        channel=conversation.channel,
        redacted=says,
        outcome="guide",
        guide="tt-quet-qr",
        score=0.9,
        candidates=[{"guide": says, "score": 0.9}],
        **shared,
    )
    record_completion(session, channel=conversation.channel, guide=f"g-{message.id}", grade="self", **shared)
    open_call(
        session,
        conversation_id=conversation.id,
        reason="asked",
        guide=None,
        step=None,
        question=says,
        **shared,
    )
    session.add(
        TurnEvents(
            commune_id=commune_id,
            conversation_id=conversation.id,
            inbox_id=message.id,
            events=[{"event": "user", "text": says}],
            created_at=NOW,
        )
    )
    outbox.put(session, message, [{"text": says, "choices": []}], now=NOW)
    conversation.slots = {"name": says}
    finish(message, now=NOW)
    session.flush()


def ask_to_erase(session: Session, conversation: Conversation) -> InboxMessage:
    """The turn in which a learner's data is erased."""
    message, _ = claim_row(
        session,
        conversation,
        message_id=f"{conversation.id}:xóa",
        text="xóa dữ liệu của tôi",
        payload="erase",
        secrets=["phone"],
        hamlet="nam-dong",
        now=LATER,
    )
    conversation.updated_at = LATER
    erase_learner(session, conversation, keep=message, receipt=RECEIPT, now=LATER)
    outbox.put(session, message, [{"text": f"Đã xóa, biên nhận {RECEIPT}", "choices": []}], now=LATER)
    finish(message, now=LATER)
    session.flush()
    return message


def settle(session: Session, commune_id: int, person: str) -> None:
    (hamlet_id,) = session.execute(text("SELECT id FROM hamlets")).scalars()
    learner_id = talk(session, commune_id, person).learner_id
    set_hamlet(session, commune_id=commune_id, learner_id=learner_id, hamlet_id=hamlet_id)


def all_rows(database: Database) -> Rows:
    with database.read() as session:
        return {
            name: {str(dict(row._mapping)) for row in session.execute(select(table))}
            for name, table in Base.metadata.tables.items()
        }


def more(after: Rows, before: Rows) -> dict[str, int]:
    """table → rows it has more; nothing may be missing or changed."""
    assert {name: before[name] - after[name] for name in before if before[name] - after[name]} == {}
    return {name: len(after[name] - before[name]) for name in after if after[name] - before[name]}


def test_nothing_of_the_learner_is_left_on_any_channel_but_an_empty_shell(database: Database, home: int):
    with database.write() as session:
        settle(session, home, "ông")
        live(session, talk(session, home, "ông"), "của ông")
    before = all_rows(database)
    with database.write() as session:
        settle(session, home, "ba")
        live(session, talk(session, home, "ba"), "của ba")
        live(session, talk(session, home, "ba"), "của ba, lần hai")
        live(session, link(session, home, "ba", "webchat"), "của ba, trên mạng")
    lived = more(all_rows(database), before)

    with database.write() as session:
        ask_to_erase(session, talk(session, home, "ba"))

    assert (lived["questions"], lived["channel_identities"], lived["conversations"]) == (3, 2, 2)
    after = all_rows(database)
    assert more(after, before) == {
        "channel_identities": 1,
        "conversations": 1,
        "erasures": 1,
        "inbox": 1,
        "learners": 1,
        "outbox": 1,
    }
    assert "của ba" not in str(after)


def test_the_shell_holds_the_receipt_and_nothing_that_was_said(database: Database, home: int):
    with database.write() as session:
        settle(session, home, "ba")
        live(session, talk(session, home, "ba"), "của ba")
        ask_to_erase(session, talk(session, home, "ba"))

    with database.read() as session:
        (learner,) = session.scalars(select(Learner))
        (shell,) = session.scalars(select(Conversation))
        (kept,) = session.scalars(select(InboxMessage))
        (reply,) = session.scalars(select(OutboxMessage))
        (receipt,) = session.scalars(select(Erasure))
    assert learner.hamlet_id is None
    assert (shell.slots, shell.erased_at) == ({}, LATER)
    assert (kept.text, kept.payload, kept.secrets, kept.hamlet) == ("", None, [], None)
    assert reply.body["text"] == f"Đã xóa, biên nhận {RECEIPT}"
    assert (receipt.commune_id, receipt.receipt, receipt.created_at) == (home, RECEIPT, LATER)


def test_nothing_the_learner_was_or_agreed_to_is_left_in_the_shell(database: Database, home: int):
    with database.write() as session:
        conversation = talk(session, home, "ba")
        learner = session.get_one(Learner, (home, conversation.learner_id))
        learner.code, learner.level, learner.notice_version, learner.notice_at = "K7", 2, "1", NOW
        learner.announce_consent_version, learner.announce_consent_at = "1", NOW
        conversation.turns, conversation.is_unlogged = 9, True
        ask_to_erase(session, conversation)

    with database.read() as session:
        (learner,) = session.scalars(select(Learner))
        (shell,) = session.scalars(select(Conversation))
        left = {
            column.key: getattr(learner, name)
            for name, column in inspect(Learner).columns.items()
            if getattr(learner, name) is not None
        }
    assert left == {"commune_id": home, "id": learner.id, "created_at": LATER}
    assert (shell.turns, shell.is_unlogged) == (0, False)


def test_a_volunteer_who_is_erased_stays_a_volunteer_without_the_talk(database: Database, home: int):
    with database.write() as session:
        conversation = talk(session, home, "ba")
        session.add(
            Volunteer(
                commune_id=home,
                name="chị Hoa",
                conversation_id=conversation.id,
                created_by="staff:lan",
                created_at=NOW,
            )
        )
        session.flush()
        ask_to_erase(session, conversation)
    with database.write() as session:
        assert remove_shells(session, before=LATER + HOUR) == 1

    with database.read() as session:
        (volunteer,) = session.scalars(select(Volunteer))
    assert (volunteer.name, volunteer.conversation_id) == ("chị Hoa", None)


def shared_by(session: Session, home: int, *names: str) -> Conversation:
    """A phone on which each of `names` has talked, its owner before them; the last is talking."""
    conversation = talk(session, home, "máy chung")
    live(session, conversation, "lời của chủ máy")
    before = ""
    for name in names:
        switch(session, conversation, name=name, leaving_name=before, leaving={"guide": "g"}, now=NOW)
        live(session, conversation, f"lời của {name}")
        before = name
    return conversation


@pytest.mark.parametrize("names", [("bà",), ("bà", "ông"), ("bà", "ông", "")])
def test_on_a_shared_phone_everybody_is_erased_together(
    database: Database, home: int, names: tuple[str, ...]
):
    with database.write() as session:
        ask_to_erase(session, shared_by(session, home, *names))
    assert "lời của" not in json.dumps(all_rows(database), default=str, ensure_ascii=False)
    with database.write() as session:
        assert remove_shells(session, before=LATER + HOUR) == 1

    with database.read() as session:
        assert session.scalars(select(Profile.name)).all() == []
        assert session.scalars(select(Learner.id)).all() == []
        assert find_conversation(session, commune_id=home, channel="zalo", hashes=["máy chung"]) is None
        erased = session.scalars(select(Erasure.receipt).order_by(Erasure.receipt)).all()
    assert erased[0] == RECEIPT
    assert len(erased) == len({*names, ""})


def test_one_of_several_is_taken_off_a_phone_with_every_text_of_it(database: Database, home: int):
    with database.write() as session:
        conversation = shared_by(session, home, "bà", "")
        message, _ = claim_row(session, conversation, message_id="bỏ", text="bỏ bà khỏi máy", now=LATER)
        erase_profile(session, conversation, name="bà", keep=message, receipt=RECEIPT, now=LATER)

    assert "lời của bà" not in json.dumps(all_rows(database), default=str, ensure_ascii=False)
    with database.read() as session:
        assert session.scalars(select(Profile.name)).all() == [""]
        assert len(session.scalars(select(Learner.id)).all()) == 1
        questions = session.scalars(select(Question.redacted)).all()
    assert questions == ["lời của chủ máy", "lời của "]


def test_who_is_talking_cannot_be_taken_off(database: Database, home: int):
    with database.write() as session:
        conversation = shared_by(session, home, "bà")
        message, _ = claim_row(session, conversation, message_id="bỏ", text="bỏ bà khỏi máy", now=LATER)

        with pytest.raises(ValueError, match="expected somebody else"):
            erase_profile(session, conversation, name="bà", keep=message, receipt=RECEIPT, now=LATER)


def test_in_an_older_database_one_of_several_is_erased_again_and_the_phone_stays(
    database: Database, home: int
):
    with database.write() as session:
        conversation = shared_by(session, home, "bà")
        erased = conversation.learner_id

    with database.write() as session:
        assert erase_again(
            session, Erasure(commune_id=home, receipt=RECEIPT, learner_id=erased, created_at=LATER)
        )

    assert "lời của bà" not in json.dumps(all_rows(database), default=str, ensure_ascii=False)
    with database.read() as session:
        (kept,) = session.scalars(select(Conversation))
        assert kept.learner_id != erased


def test_the_learner_of_another_commune_with_the_same_identity_is_left_alone(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
        live(session, talk(session, other, "ba"), "của ba ở Đại Từ")
    before = all_rows(database)
    with database.write() as session:
        live(session, talk(session, home, "ba"), "của ba")
        ask_to_erase(session, talk(session, home, "ba"))
    with database.write() as session:
        remove_shells(session, before=LATER + HOUR)

    assert more(all_rows(database), before) == {"erasures": 1}


def test_shells_go_when_their_time_is_up_and_the_receipt_stays(database: Database, home: int):
    before = all_rows(database)
    with database.write() as session:
        live(session, talk(session, home, "ba"), "của ba")
        ask_to_erase(session, talk(session, home, "ba"))

    removed = []
    for time in (LATER, LATER + dt.timedelta(seconds=1), LATER + HOUR):
        with database.write() as session:
            removed.append(remove_shells(session, before=time))

    assert removed == [0, 1, 0]
    assert more(all_rows(database), before) == {"erasures": 1}


def test_a_talk_that_nobody_erased_is_no_shell(database: Database, home: int):
    with database.write() as session:
        live(session, talk(session, home, "ba"), "của ba")
    before = all_rows(database)

    with database.write() as session:
        assert remove_shells(session, before=LATER + HOUR) == 0

    assert all_rows(database) == before


def test_a_talk_used_again_after_the_erasure_stays_however_quiet_it_gets(database: Database, home: int):
    with database.write() as session:
        ask_to_erase(session, talk(session, home, "ba"))
        conversation = talk(session, home, "ba")
        live(session, conversation, "chuyện mới")
        conversation.updated_at = LATER + dt.timedelta(minutes=1)
    before = all_rows(database)

    with database.write() as session:
        assert remove_shells(session, before=LATER + 1000 * HOUR) == 0

    assert all_rows(database) == before


def test_a_shell_with_a_message_that_waits_stays_until_it_is_done(database: Database, home: int):
    with database.write() as session:
        ask_to_erase(session, talk(session, home, "ba"))
        claim_row(session, talk(session, home, "ba"), message_id="mới", text="quét mã qr", now=LATER)

    with database.write() as session:
        assert remove_shells(session, before=LATER + HOUR) == 0
        locked = lock_next(session)

        assert locked is not None
        assert locked[0].text == "quét mã qr"


def test_who_writes_on_another_channel_after_the_erasure_begins_anew(database: Database, home: int):
    with database.write() as session:
        live(session, link(session, home, "ba", "webchat"), "của ba")
        erased = talk(session, home, "ba").learner_id
        ask_to_erase(session, talk(session, home, "ba"))

    with database.write() as session:
        again = talk(session, home, "ba", "webchat")

        assert again.learner_id != erased
        assert again.slots == {}


@ON_POSTGRESQL
def test_what_another_worker_is_just_writing_is_erased_too(database: Database, home: int):
    with database.write() as session:
        link(session, home, "ba", "webchat")

    def erase() -> None:
        with database.write() as session:
            ask_to_erase(session, talk(session, home, "ba"))

    with ThreadPoolExecutor(1) as other_worker:
        with database.write() as turn:
            conversation = talk(turn, home, "ba", "webchat")
            turn.refresh(conversation, with_for_update={"key_share": True})  # as `lock_next` does
            live(turn, conversation, "của ba")
            erasure = other_worker.submit(erase)
            wait_until_it_waits(database, erasure)
        erasure.result()

    with database.read() as session:
        assert find_conversation(session, commune_id=home, channel="webchat", hashes=["ba"]) is None
    assert "của ba" not in str(all_rows(database))


def test_the_words_of_the_erased_are_not_in_the_file(sqlite_database: Database):
    marker = "Bác Nguyễn Thị Dấu Vết 0912"
    home = new_commune(sqlite_database)
    with sqlite_database.write() as session:
        settle(session, home, "ba")
        live(session, talk(session, home, "ba"), marker)
        live(session, talk(session, home, "ông"), "của ông")
    tidy(sqlite_database)
    before = bytes_of(sqlite_database)

    with sqlite_database.write() as session:
        ask_to_erase(session, talk(session, home, "ba"))
    tidy(sqlite_database)

    after = bytes_of(sqlite_database)
    assert [form in before for form in forms(marker)] == [True, True]
    assert [form in after for form in forms(marker)] == [False, False]
    assert [form in after for form in forms("của ông")] == [True, True]


def wait_until_it_waits(database: Database, work: Future[None]) -> None:
    """Until `work` is held up by a lock, or done."""
    waiting = 0
    while not waiting and not work.done():
        with database.read() as session:
            waiting = session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")) or 0


def tidy(database: Database) -> None:
    """What the nightly job does on the disk."""
    database.close()
    path = database.engine.url.database
    assert path is not None
    connection = sqlite_driver.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def bytes_of(database: Database) -> bytes:
    path = database.engine.url.database
    assert path is not None
    return b"".join(each.read_bytes() for each in sorted(Path(path).parent.glob(f"{Path(path).name}*")))


def forms(words: str) -> list[bytes]:
    """As text, and as JSON writes it."""
    return [words.encode(), json.dumps(words).strip('"').encode()]
