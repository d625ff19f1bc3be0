"""Volunteers: a one-time code makes a chat theirs; who is on duty where."""

import datetime as dt
import threading

import pytest
from sqlalchemy import select

from handlers.guard import guard
from records.communes import add_commune
from records.community import Volunteer
from records.database import Database
from records.handoffs import open_call, take
from records.learners import note_left, open_conversation
from records.models import Conversation, Handoff
from records.retention import Periods, expire
from records.volunteers import (
    invite,
    list_volunteers,
    of_conversation,
    on_duty,
    read_code,
    redeem,
    renew_code,
    set_active,
    set_duty,
    set_hamlets,
)
from tests.conftest import NOW

LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def chat(database: Database, commune_id: int, person: str) -> int:
    with database.write() as session:
        return open_conversation(
            session, commune_id=commune_id, channel="telegram", hashes=[person], now=NOW
        ).id


def invited(database: Database, commune_id: int, name: str = "Cô Hoa", hamlets: tuple[str, ...] = ()) -> str:
    with database.write() as session:
        return invite(session, commune_id=commune_id, name=name, hamlets=hamlets, by="staff:lan", now=NOW)[1]


def joined(database: Database, commune_id: int, name: str, hamlets: tuple[str, ...] = ()) -> int:
    """The id of a volunteer with a chat of their own."""
    code = invited(database, commune_id, name, hamlets)
    talk = chat(database, commune_id, name)
    with database.write() as session:
        volunteer = redeem(session, commune_id=commune_id, code=code, conversation_id=talk, now=NOW)
        assert volunteer is not None
        return volunteer.id


def test_a_code_makes_a_chat_the_volunteers_and_is_used_up(database: Database, home: int):
    code = invited(database, home, "Cô Hoa", ("xom-3",))
    first, second = chat(database, home, "hoa"), chat(database, home, "ai đó")

    with database.write() as session:
        volunteer = redeem(session, commune_id=home, code=code, conversation_id=first, now=LATER)
        again = redeem(session, commune_id=home, code=code, conversation_id=second, now=LATER)

        assert volunteer is not None
        assert (volunteer.name, volunteer.hamlets, volunteer.is_on_duty) == ("Cô Hoa", ["xom-3"], True)
        assert again is None
        assert of_conversation(session, commune_id=home, conversation_id=first) == volunteer
        assert of_conversation(session, commune_id=home, conversation_id=second) is None


def test_only_the_hash_of_a_code_is_kept_and_none_once_it_is_used(database: Database, home: int):
    code = invited(database, home)
    with database.read() as session:
        (kept,) = session.scalars(select(Volunteer))
        assert kept.code_hash is not None
        assert code.replace("-", "") not in str(kept.__dict__)

    talk = chat(database, home, "hoa")
    with database.write() as session:
        redeem(session, commune_id=home, code=code, conversation_id=talk, now=NOW)

    with database.read() as session:
        (used,) = session.scalars(select(Volunteer))
    assert (used.code_hash, used.code_expires_at) == (None, None)


@pytest.mark.parametrize("life", [dt.timedelta(days=7), dt.timedelta(hours=1)])
def test_a_code_is_of_no_use_once_its_time_is_over(database: Database, home: int, life: dt.timedelta):
    talk = chat(database, home, "hoa")
    with database.write() as session:
        _, code = invite(session, commune_id=home, name="Hoa", hamlets=(), by="x", now=NOW, life=life)

        assert redeem(session, commune_id=home, code=code, conversation_id=talk, now=NOW + life) is None
        soon = NOW + life - dt.timedelta(seconds=1)
        assert redeem(session, commune_id=home, code=code, conversation_id=talk, now=soon) is not None


def test_a_code_of_another_commune_or_of_one_switched_off_is_of_no_use(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
    code = invited(database, home)
    theirs, talk = chat(database, other, "hoa"), chat(database, home, "hoa")
    with database.write() as session:
        assert redeem(session, commune_id=other, code=code, conversation_id=theirs, now=NOW) is None
        (volunteer,) = list_volunteers(session, commune_id=home)
        set_active(session, volunteer, False)

        assert redeem(session, commune_id=home, code=code, conversation_id=talk, now=NOW) is None


def test_a_new_code_ends_the_one_before(database: Database, home: int):
    before = invited(database, home)
    talk = chat(database, home, "hoa")
    with database.write() as session:
        (volunteer,) = list_volunteers(session, commune_id=home)
        after = renew_code(session, volunteer, now=NOW)

        assert redeem(session, commune_id=home, code=before, conversation_id=talk, now=NOW) is None
        assert redeem(session, commune_id=home, code=after, conversation_id=talk, now=NOW) == volunteer


def test_of_two_chats_that_send_a_code_at_once_one_gets_it(database: Database, home: int):
    code = invited(database, home)
    talks = [chat(database, home, person) for person in ("hoa", "mai")]
    start, got = threading.Barrier(2), []

    def send(talk: int) -> None:
        start.wait()
        with database.write() as session:
            volunteer = redeem(session, commune_id=home, code=code, conversation_id=talk, now=NOW)
            got.append(volunteer is not None)

    threads = [threading.Thread(target=send, args=(talk,)) for talk in talks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got) == [False, True]


def test_who_is_invited_anew_is_the_new_volunteer_and_gives_the_old_ones_calls_back(
    database: Database, home: int
):
    joined(database, home, "Hoa")
    talk = chat(database, home, "Hoa")
    code = invited(database, home, "Hoa xóm 5", ("xom-5",))
    with database.write() as session:
        (first, _) = list_volunteers(session, commune_id=home)
        resident = open_conversation(session, commune_id=home, channel="webchat", hashes=["bà Tư"], now=NOW)
        call, _ = open_call(
            session, commune_id=home, learner_id=resident.learner_id, conversation_id=resident.id,
            reason="asked", guide=None, step=None, question=None, now=NOW,
        )  # fmt: skip
        take(session, commune_id=home, handoff_id=call.id, volunteer_id=first.id, now=NOW)

        new = redeem(session, commune_id=home, code=code, conversation_id=talk, now=LATER)

        assert of_conversation(session, commune_id=home, conversation_id=talk) == new
        assert (first.is_active, first.conversation_id) == (False, None)
        assert session.scalars(select(Handoff.state)).all() == ["open"]


# --- Who is on duty -------------------------------------------------------------------------------


def names_on_duty(database: Database, commune_id: int, hamlet: str | None) -> list[str]:
    with database.read() as session:
        return [each.name for each in on_duty(session, commune_id=commune_id, hamlet=hamlet)]


def test_a_call_of_a_hamlet_goes_to_its_volunteers_and_to_those_of_the_whole_commune(
    database: Database, home: int
):
    joined(database, home, "Hoa", ("xom-3",))
    joined(database, home, "Mai", ("xom-4", "xom-5"))
    joined(database, home, "Tám")

    assert names_on_duty(database, home, "xom-3") == ["Hoa", "Tám"]
    assert names_on_duty(database, home, "xom-5") == ["Mai", "Tám"]
    assert names_on_duty(database, home, None) == ["Hoa", "Mai", "Tám"]


def test_who_rests_left_was_switched_off_or_never_came_is_not_on_duty(database: Database, home: int):
    rests, off, left, there = (joined(database, home, name) for name in ("Hoa", "Mai", "Lan", "Tám"))
    invited(database, home, "Cúc")
    with database.write() as session:
        set_duty(session, session.get_one(Volunteer, (home, rests)), False)
        set_active(session, session.get_one(Volunteer, (home, off)), False)
        gone = session.get_one(Volunteer, (home, left))
        assert gone.conversation_id is not None
        note_left(session, commune_id=home, conversation_id=gone.conversation_id, now=NOW)

    assert names_on_duty(database, home, None) == ["Tám"]
    with database.write() as session:
        set_duty(session, session.get_one(Volunteer, (home, rests)), True)
        set_hamlets(session, session.get_one(Volunteer, (home, there)), ["xom-8"])
    assert names_on_duty(database, home, "xom-3") == ["Hoa"]


# --- The code itself ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written", ["KTM-HPQ-RXV", "ktm hpq rxv", "KTMHPQRXV", " Ktm-hPq–rxv. ", "k t m h p q r x v"]
)
def test_a_code_is_read_however_it_is_written(written: str):
    assert read_code(written) == "KTMHPQRXV"


@pytest.mark.parametrize("text", ["", "KTM-HPQ", "quên mật khẩu", "KTM-HPQ-RXV nhé cháu", "123456789"])
def test_what_is_no_code_is_not_read_as_one(text: str):
    assert read_code(text) is None


def test_the_guard_leaves_a_code_as_it_is(sqlite_database: Database):
    with sqlite_database.write() as session:
        home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id
    codes = [invited(sqlite_database, home, f"số {number}") for number in range(200)]

    said = [
        form.format(code) for code in codes for form in ("{}", "mã mời: {}", "ma moi {}", "mã của tôi là {}")
    ]

    assert [text for text in said if guard(text).redacted != text] == []
    assert len(set(codes)) == 200


# --- How long they are kept -----------------------------------------------------------------------


def test_who_was_switched_off_is_forgotten_in_time_and_who_is_active_is_not(database: Database, home: int):
    off, _ = joined(database, home, "Hoa"), joined(database, home, "Mai")
    with database.write() as session:
        set_active(session, session.get_one(Volunteer, (home, off)), False)

    def names_after(days: int) -> list[str]:
        now = NOW + dt.timedelta(days=days)
        for step in ("volunteers", "silent"):
            with database.write() as session:
                expire(session, step, commune_id=home, periods=Periods(), now=now)
        with database.read() as session:
            chats = session.scalars(select(Conversation.id)).all()
            names = [each.name for each in list_volunteers(session, commune_id=home)]
            return [*names, f"{len(chats)} chats"]

    assert names_after(300) == ["Mai", "Hoa", "2 chats"]
    assert names_after(400) == ["Mai", "Hoa", "1 chats"]
    assert names_after(800) == ["Mai", "1 chats"]
