"""Calls that nobody took: to the volunteers, to the whole commune, to the staff; never out of hours."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import _housekeeping
from bot.assembly import Assistant, build_services, open_plans
from bot.content import Content
from bot.directory import CommuneDirectory
from bot.escalation import Escalation
from bot.help_line import HelpLine
from handlers.working_hours import VIETNAM, parse_hours
from knowledge.phrases import load_phrases
from records import handoffs, volunteers
from records.communes import add_commune, add_hamlet, find_commune
from records.community import Volunteer
from records.database import Database
from records.handoff_watch import marked_for_staff
from records.learners import open_conversation, set_hamlet
from records.models import Conversation, Handoff, OutboxMessage
from records.sample import SLUG
from tests.bot.conftest import HandClock

PATIENCE = 15  # minutes


@dataclass
class Office:
    """A commune with two hamlets, its volunteers and callers, and the job that watches the calls."""

    database: Database
    clock: HandClock
    commune_id: int
    escalation: Escalation
    help_line: HelpLine
    woken: list[tuple[int, str]]
    failures: list[Exception]  # raised when senders are woken, one each
    hamlets: dict[str, int]

    def talk(self, session: Session, name: str) -> Conversation:
        return open_conversation(
            session, commune_id=self.commune_id, channel="telegram", hashes=[name], now=self.clock()
        )

    def volunteer(self, name: str, *hamlets: str) -> int:
        with self.database.write() as session:
            volunteer, code = volunteers.invite(
                session,
                commune_id=self.commune_id,
                name=name,
                hamlets=hamlets,
                by="staff:lan",
                now=self.clock(),
            )
            volunteers.redeem(
                session,
                commune_id=self.commune_id,
                code=code,
                conversation_id=self.talk(session, name).id,
                now=self.clock(),
            )
            return volunteer.id

    def call(self, name: str, hamlet: str | None = None) -> int:
        """A call that nobody was told of yet."""
        with self.database.write() as session:
            talk = self.talk(session, name)
            if hamlet:
                set_hamlet(
                    session,
                    commune_id=self.commune_id,
                    learner_id=talk.learner_id,
                    hamlet_id=self.hamlets[hamlet],
                )
            handoff, _ = handoffs.open_call(
                session,
                commune_id=self.commune_id,
                learner_id=talk.learner_id,
                conversation_id=talk.id,
                reason="asked",
                guide=None,
                step=None,
                question="không thấy ô mật khẩu",
                now=self.clock(),
            )
            return handoff.id

    def after(self, **duration: float) -> list[str]:
        """The names of those who were written to by the job that runs so much later."""
        before = len(self.told())
        self.clock.forward(**duration)
        self.escalation.run_due()
        return self.told()[before:]

    def told(self) -> list[str]:
        with self.database.read() as session:
            people = {each.conversation_id: each.name for each in session.scalars(select(Volunteer))}
            rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
            return [people.get(row.conversation_id, "learner") for row in rows]

    def texts_to(self, name: str) -> list[str]:
        with self.database.read() as session:
            talk = self.talk(session, name)
            rows = session.scalars(
                select(OutboxMessage)
                .where(OutboxMessage.conversation_id == talk.id)
                .order_by(OutboxMessage.id)
            )
            return [row.body["text"] for row in rows]

    def staff_calls(self) -> set[int]:
        with self.database.read() as session:
            return marked_for_staff(session, commune_id=self.commune_id)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.fixture
def office(database: Database, content: Content) -> Office:
    """On a Monday at eight in the morning."""
    clock = HandClock(at("2026-11-23 08:00"))
    with database.write() as session:
        commune = add_commune(
            session, slug="tan-cuong", name="xã Tân Cương", phone="0208 000 111", now=clock()
        )
        hamlets = {
            slug: add_hamlet(session, commune, slug=slug, name=name).id
            for slug, name in (("nam-dong", "Nam Đồng"), ("go-phao", "Gò Pháo"))
        }
        commune_id = commune.id
    directory = CommuneDirectory(database)
    services = replace(
        build_services(content, load_phrases(), directory, open_plans(content, None, None), clock, None),
        hours=parse_hours("Mon-Fri 07:30-11:30 13:30-17:00"),
    )
    woken: list[tuple[int, str]] = []
    failures: list[Exception] = []

    def wake(commune_id: int, channel: str) -> None:
        if failures:
            raise failures.pop()
        woken.append((commune_id, channel))

    escalation = Escalation(database, services, directory.by_id, wake, minutes=PATIENCE)
    return Office(
        database, clock, commune_id, escalation, HelpLine(services, directory.by_id), woken, failures, hamlets
    )


def test_a_call_goes_to_the_hamlet_then_to_the_commune_then_to_the_staff(office: Office):
    office.volunteer("chị Hoa", "nam-dong")
    office.volunteer("anh Nam", "go-phao")
    call = office.call("bà Hòa", "nam-dong")

    assert office.after(minutes=1) == ["chị Hoa"]
    assert office.after(minutes=14) == []
    assert office.after(minutes=1) == ["anh Nam"]
    assert (office.after(minutes=14), office.staff_calls()) == ([], set())
    assert (office.after(minutes=1), office.staff_calls()) == (["learner"], {call})
    assert office.after(hours=1) == []
    assert office.woken == [(office.commune_id, "telegram")] * 3
    assert office.texts_to("bà Hòa") == [
        "Các tình nguyện viên đang bận. Cháu đã chuyển lời nhờ của bác đến cán bộ xã Tân Cương."
        " Gấp thì bác gọi 0208 000 111."
    ]


def test_out_of_hours_nothing_happens_and_the_night_does_not_count(office: Office):
    office.volunteer("chị Hoa", "nam-dong")
    office.volunteer("anh Nam", "go-phao")
    office.clock.now = at("2026-11-23 16:55")
    office.call("bà Hòa", "nam-dong")
    assert office.after(minutes=1) == ["chị Hoa"]

    assert office.after(hours=1) == []
    office.clock.now = at("2026-11-24 07:30")
    assert office.after(minutes=10) == []  # four minutes yesterday, ten today
    assert office.after(minutes=1) == ["anh Nam"]


def test_who_called_at_night_is_offered_in_the_morning(office: Office):
    office.clock.now = at("2026-11-22 21:00")
    office.volunteer("chị Hoa", "nam-dong")
    office.call("bà Hòa", "nam-dong")

    assert office.after(minutes=30) == []
    office.clock.now = at("2026-11-23 07:29")
    assert office.after(minutes=1) == ["chị Hoa"]


def test_a_call_that_was_taken_goes_no_further(office: Office):
    hoa = office.volunteer("chị Hoa", "nam-dong")
    office.volunteer("anh Nam", "go-phao")
    call = office.call("bà Hòa", "nam-dong")
    office.after(minutes=1)

    with office.database.write() as session:
        assert handoffs.take(
            session, commune_id=office.commune_id, handoff_id=call, volunteer_id=hoa, now=office.clock()
        )

    assert office.after(hours=2) == []
    assert office.staff_calls() == set()


def test_with_no_volunteer_at_all_the_staff_get_it_after_the_same_time(office: Office):
    call = office.call("bà Hòa")

    assert (office.after(minutes=14), office.staff_calls()) == ([], set())
    assert (office.after(minutes=1), office.staff_calls()) == (["learner"], {call})


def test_when_all_volunteers_were_told_at_once_the_staff_are_next(office: Office):
    office.volunteer("chị Hoa")
    call = office.call("bà Hòa")

    assert office.after(minutes=1) == ["chị Hoa"]
    assert (office.after(minutes=15), office.staff_calls()) == (["learner"], {call})


def test_a_call_that_was_given_back_begins_anew(office: Office):
    hoa = office.volunteer("chị Hoa")
    office.volunteer("anh Nam")
    call = office.call("bà Hòa")
    office.after(minutes=1)
    key = {"commune_id": office.commune_id, "handoff_id": call, "volunteer_id": hoa}
    with office.database.write() as session:
        handoffs.take(session, **key, now=office.clock())
    office.clock.forward(hours=1)
    with office.database.write() as session:
        handoffs.release(session, **key, now=office.clock())

    assert office.after(minutes=1) == ["chị Hoa", "anh Nam"]
    assert (office.after(minutes=14), office.staff_calls()) == ([], set())


def test_of_two_workers_one_does_each_step(office: Office):
    office.volunteer("chị Hoa", "nam-dong")
    office.call("bà Hòa", "nam-dong")
    office.clock.forward(minutes=1)

    with ThreadPoolExecutor() as workers:
        moved = list(workers.map(lambda _worker: office.escalation.run_due(), range(4)))

    assert (sum(moved), office.told()) == (1, ["chị Hoa"])


def test_a_call_that_fails_does_not_hold_up_the_next(office: Office):
    office.volunteer("chị Hoa", "nam-dong")
    calls = [office.call("bà Hòa"), office.call("ông Ba")]
    office.failures.append(RuntimeError("no sender is there"))

    office.after(minutes=1)

    with office.database.read() as session:
        offered = [session.get_one(Handoff, (office.commune_id, call)).offered_at for call in calls]
    assert (offered, office.failures) == ([office.clock()] * 2, [])


def test_the_server_looks_for_such_calls_each_minute(assistant: Assistant, clock: HandClock):
    clock.now = at("2026-11-23 08:00")
    with assistant.database.write() as session:
        commune = find_commune(session, SLUG)
        assert commune is not None
        talk = open_conversation(
            session, commune_id=commune.id, channel="telegram", hashes=["bà Hòa"], now=clock()
        )
        call, _ = handoffs.open_call(
            session,
            commune_id=commune.id,
            learner_id=talk.learner_id,
            conversation_id=talk.id,
            reason="asked",
            guide=None,
            step=None,
            question=None,
            now=clock(),
        )
        key = (commune.id, call.id)
    clock.forward(minutes=assistant.settings.escalate_minutes)

    _housekeeping(assistant)

    with assistant.database.read() as session:
        assert marked_for_staff(session, commune_id=key[0]) == {key[1]}


# --- What staff do is told in the chats ---------------------------------------------------------------


def test_who_gets_a_call_from_staff_and_who_called_are_told(office: Office):
    hoa, nam = office.volunteer("chị Hoa"), office.volunteer("anh Nam")
    call = office.call("bà Hòa")

    with office.database.write() as session:
        handoff = session.get_one(Handoff, (office.commune_id, call))
        office.help_line.taken_away(session, handoff, session.get_one(Volunteer, (office.commune_id, hoa)))
        office.help_line.given(session, handoff, session.get_one(Volunteer, (office.commune_id, nam)))

    assert "cán bộ đã khép hoặc giao cho người khác" in office.texts_to("chị Hoa")[0]
    assert 'Nhắn "việc của tôi" để bắt đầu giúp.' in office.texts_to("anh Nam")[0]
    assert "anh Nam" in office.texts_to("bà Hòa")[0]


def test_who_called_is_told_that_staff_closed_it(office: Office):
    call = office.call("bà Hòa")

    with office.database.write() as session:
        office.help_line.closed(session, session.get_one(Handoff, (office.commune_id, call)))

    assert office.texts_to("bà Hòa") == [
        "Cán bộ xã Tân Cương đã khép lời nhờ giúp của bác. Bác cần nữa thì bấm 0 ạ."
    ]


def test_the_call_of_who_was_switched_off_goes_to_the_next(office: Office):
    hoa = office.volunteer("chị Hoa")
    office.volunteer("anh Nam")
    call = office.call("bà Hòa")

    with office.database.write() as session:
        volunteer = session.get_one(Volunteer, (office.commune_id, hoa))
        volunteers.set_active(session, volunteer, False)
        office.help_line.released(session, session.get_one(Handoff, (office.commune_id, call)), volunteer)

    assert "chị Hoa" in office.texts_to("bà Hòa")[0]
    assert (len(office.texts_to("anh Nam")), office.texts_to("chị Hoa")) == (1, [])
