"""Calls for a person: exactly one has them, every change is noted, nothing is answered twice."""

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from records import handoffs
from records.communes import add_commune
from records.community import HandoffEvent, Volunteer
from records.database import Database
from records.learners import open_conversation
from records.models import Handoff
from records.volunteers import invite, redeem, set_active
from tests.conftest import NOW


def minutes(count: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=count)


@dataclass
class Village:
    """A commune with two volunteers, Hoa and Mai."""

    database: Database
    home: int
    hoa: int
    mai: int

    def call(self, person: str = "bà Tư", *, reason: str = "asked", at: float = 0) -> int:
        with self.database.write() as session:
            talk = open_conversation(
                session, commune_id=self.home, channel="webchat", hashes=[person], now=NOW
            )
            handoff, _ = handoffs.open_call(
                session, commune_id=self.home, learner_id=talk.learner_id, conversation_id=talk.id,
                reason=reason, guide="vneid-quen-mat-khau", step=2, question=f"câu của {person}",
                now=minutes(at),
            )  # fmt: skip
            return handoff.id

    def take(self, call: int, volunteer: int, at: float = 1) -> bool:
        with self.database.write() as session:
            return handoffs.take(
                session, commune_id=self.home, handoff_id=call, volunteer_id=volunteer, now=minutes(at)
            )

    def answer(self, call: int, volunteer: int, at: float = 2) -> bool:
        with self.database.write() as session:
            return handoffs.answer(
                session, commune_id=self.home, handoff_id=call, volunteer_id=volunteer, now=minutes(at)
            )

    def release(self, call: int, volunteer: int, at: float = 3) -> bool:
        with self.database.write() as session:
            return handoffs.release(
                session, commune_id=self.home, handoff_id=call, volunteer_id=volunteer, now=minutes(at)
            )

    def close(
        self, call: int, volunteer: int | None = None, *, reason: str = "helped", at: float = 4
    ) -> bool:
        with self.database.write() as session:
            return handoffs.close(
                session, commune_id=self.home, handoff_id=call, reason=reason, volunteer_id=volunteer,
                actor=f"volunteer:{volunteer}" if volunteer else "staff:lan", now=minutes(at),
            )  # fmt: skip

    def row(self, call: int) -> Handoff:
        with self.database.read() as session:
            return session.get_one(Handoff, (self.home, call))

    def course(self, call: int) -> list[tuple[str, str, float]]:
        """(kind, actor, minutes) of every change."""
        with self.database.read() as session:
            return [
                (event.kind, event.actor, (event.created_at - NOW) / dt.timedelta(minutes=1))
                for event in handoffs.events(session, commune_id=self.home, handoff_id=call)
            ]


@pytest.fixture
def village(database: Database) -> Village:
    with database.write() as session:
        home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id
        people = []
        for name in ("Hoa", "Mai"):
            talk = open_conversation(session, commune_id=home, channel="telegram", hashes=[name], now=NOW)
            _, code = invite(session, commune_id=home, name=name, hamlets=(), by="staff:lan", now=NOW)
            volunteer = redeem(session, commune_id=home, code=code, conversation_id=talk.id, now=NOW)
            assert volunteer is not None
            people.append(volunteer.id)
    return Village(database, home, *people)


def test_a_call_is_taken_answered_and_closed_and_each_change_has_its_time(village: Village):
    call = village.call()

    assert village.take(call, village.hoa, at=1)
    assert village.answer(call, village.hoa, at=2)
    assert village.answer(call, village.hoa, at=3)
    assert village.close(call, village.hoa, at=9)

    hoa = f"volunteer:{village.hoa}"
    assert village.course(call) == [
        ("opened", "learner", 0), ("taken", hoa, 1), ("answered", hoa, 2), ("closed", hoa, 9),
    ]  # fmt: skip
    row = village.row(call)
    assert (row.state, row.closed_reason, row.volunteer_id) == ("closed", "helped", village.hoa)
    assert (row.taken_at, row.answered_at, row.closed_at) == (minutes(1), minutes(2), minutes(9))


def test_nobody_takes_what_somebody_has(village: Village):
    call = village.call()
    village.take(call, village.hoa)

    assert not village.take(call, village.mai)
    assert not village.take(call, village.hoa)
    assert village.row(call).volunteer_id == village.hoa
    assert [kind for kind, *_ in village.course(call)] == ["opened", "taken"]


def test_of_two_who_take_it_at_once_one_gets_it(village: Village):
    for round_number in range(5):
        call = village.call(f"người {round_number}")
        start, got = threading.Barrier(2), {}

        def grab(volunteer: int, call: int = call, start: threading.Barrier = start, got: dict = got) -> None:
            start.wait()
            got[volunteer] = village.take(call, volunteer)

        threads = [threading.Thread(target=grab, args=(who,)) for who in (village.hoa, village.mai)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(got.values()) == [False, True]
        (winner,) = [who for who, has_it in got.items() if has_it]
        assert village.row(call).volunteer_id == winner


def test_only_who_has_a_call_answers_releases_or_closes_it(village: Village):
    call = village.call()
    village.take(call, village.hoa)

    assert not village.answer(call, village.mai)
    assert not village.release(call, village.mai)
    assert not village.close(call, village.mai)
    assert village.row(call).state == "taken"


def test_a_released_call_goes_to_the_next_and_the_first_reply_stays_the_first(village: Village):
    call = village.call()
    village.take(call, village.hoa, at=1)
    village.answer(call, village.hoa, at=2)

    assert village.release(call, village.hoa, at=3)
    assert not village.answer(call, village.hoa, at=4)
    assert village.take(call, village.mai, at=5)
    assert village.answer(call, village.mai, at=6)

    row = village.row(call)
    assert (row.state, row.volunteer_id) == ("answered", village.mai)
    assert (row.taken_at, row.answered_at) == (minutes(5), minutes(2))


def test_staff_can_close_what_anybody_has_and_nothing_is_closed_twice(village: Village):
    call = village.call()
    village.take(call, village.hoa)

    assert village.close(call, reason="gone")
    assert not village.close(call)
    assert not village.take(call, village.mai)
    assert village.course(call)[-1][:2] == ("closed", "staff:lan")


def test_a_reason_that_is_none_is_refused(village: Village):
    call = village.call()

    with pytest.raises(ValueError, match="found the reason 'bored', expected one of helped, gone"):
        village.close(call, reason="bored")


def test_who_calls_again_has_one_call_that_becomes_more_urgent(village: Village):
    call = village.call()
    village.take(call, village.hoa)

    assert village.call(reason="urgent", at=5) == call
    assert village.row(call).reason == "urgent"
    village.close(call, village.hoa)
    assert village.call(at=10) != call


def test_nobody_takes_a_call_of_their_own_or_when_switched_off(village: Village):
    own = village.call("Hoa")
    with village.database.write() as session:
        talk = session.get_one(Volunteer, (village.home, village.hoa)).conversation_id
        session.get_one(Handoff, (village.home, own)).conversation_id = talk
        set_active(session, session.get_one(Volunteer, (village.home, village.mai)), False)

    assert not village.take(own, village.hoa)
    assert not village.take(own, village.mai)


def test_who_is_switched_off_gives_everything_back(village: Village):
    calls = [village.call("bà Tư"), village.call("ông Năm")]
    for call in calls:
        village.take(call, village.hoa)
    village.answer(calls[0], village.hoa)

    with village.database.write() as session:
        released = handoffs.release_all(
            session, commune_id=village.home, volunteer_id=village.hoa, actor="staff:lan", now=minutes(7)
        )
    assert released == calls

    assert [village.row(call).state for call in calls] == ["open", "open"]
    assert village.course(calls[0])[-1] == ("released", "staff:lan", 7)
    with village.database.read() as session:
        assert handoffs.of_volunteer(session, commune_id=village.home, volunteer_id=village.hoa) == []


def test_offers_and_escalations_are_noted_with_those_who_were_told(village: Village):
    call = village.call()
    with village.database.write() as session:
        hoa, mai = (session.get_one(Volunteer, (village.home, each)) for each in (village.hoa, village.mai))
        here = {"commune_id": village.home, "handoff_id": call}
        assert handoffs.offer(session, **here, volunteers=[hoa], is_whole_commune=False, now=minutes(1))
        assert handoffs.escalate(session, **here, volunteers=[hoa, mai], now=minutes(16))
        assert not handoffs.escalate(session, **here, volunteers=[hoa, mai], now=minutes(17))

    row = village.row(call)
    assert (row.offered_at, row.escalated_at) == (minutes(1), minutes(16))
    with village.database.read() as session:
        assert handoffs.told(session, **here) == {village.hoa, village.mai}
    assert [kind for kind, *_ in village.course(call)] == ["opened", "offered", "escalated"]


def test_what_is_taken_is_not_offered_any_more(village: Village):
    call = village.call()
    village.take(call, village.hoa)

    with village.database.write() as session:
        here = {"commune_id": village.home, "handoff_id": call, "now": NOW}
        assert not handoffs.offer(session, **here, volunteers=[], is_whole_commune=True)
        assert not handoffs.escalate(session, **here, volunteers=[])
    assert village.row(call).offered_at is None


def test_lists_are_oldest_first_and_of_one_commune(village: Village):
    late, early, done = village.call("a", at=5), village.call("b", at=1), village.call("c", at=0)
    village.close(done)
    village.take(early, village.hoa)
    with village.database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id

    def ids(read: Callable[..., list[Handoff]], commune_id: int) -> list[int]:
        with village.database.read() as session:
            return [row.id for row in read(session, commune_id=commune_id)]

    assert ids(handoffs.open_list, village.home) == [early, late]
    assert ids(handoffs.waiting, village.home) == [late]
    assert ids(handoffs.open_list, other) == []


def test_the_events_go_with_their_call(village: Village):
    call = village.call()
    village.take(call, village.hoa)

    with village.database.write() as session:
        session.delete(session.get_one(Handoff, (village.home, call)))
        session.flush()

        assert session.scalars(select(HandoffEvent)).all() == []
