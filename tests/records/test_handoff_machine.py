"""Whatever volunteers, learners and staff do in whatever order: a call has one helper, or none."""

import datetime as dt
import itertools
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from records import handoffs
from records.communes import add_commune
from records.community import Volunteer
from records.database import Database
from records.learners import open_conversation
from records.models import Handoff
from records.volunteers import invite, redeem, set_active
from tests.conftest import NOW

_runs = itertools.count(1)
VOLUNTEERS, LEARNERS = range(3), range(4)
who = st.sampled_from(VOLUNTEERS)
whose = st.sampled_from(LEARNERS)


class Calls(RuleBasedStateMachine):
    """Beside the records a model: who has which call, and who wrote the last reply."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.helper: dict[int, int | None] = {}  # live call → who has it
        self.active = set(VOLUNTEERS)

    @initialize()
    def begin(self) -> None:
        with self.database.write() as session:
            # A commune for each run: what happened before does not count.
            self.home = add_commune(session, slug=f"xa-{next(_runs)}", name="Thử", now=NOW).id
            self.volunteers = [self._volunteer(session, number) for number in VOLUNTEERS]
            self.talks = [
                open_conversation(session, commune_id=self.home, channel="webchat", hashes=[f"l{n}"], now=NOW)
                for n in LEARNERS
            ]
            self.learners = [(talk.learner_id, talk.id) for talk in self.talks]
        self.calls: dict[int, int] = {}  # learner → live call

    def _volunteer(self, session: Session, number: int) -> int:
        talk = open_conversation(
            session, commune_id=self.home, channel="telegram", hashes=[f"v{number}"], now=NOW
        )
        _, code = invite(session, commune_id=self.home, name=f"V{number}", hamlets=(), by="x", now=NOW)
        volunteer = redeem(session, commune_id=self.home, code=code, conversation_id=talk.id, now=NOW)
        assert volunteer is not None
        return volunteer.id

    @rule(learner=whose, is_urgent=st.booleans())
    def somebody_calls(self, learner: int, is_urgent: bool) -> None:
        learner_id, talk_id = self.learners[learner]
        with self.database.write() as session:
            call, is_new = handoffs.open_call(
                session, commune_id=self.home, learner_id=learner_id, conversation_id=talk_id,
                reason="urgent" if is_urgent else "asked", guide=None, step=None, question=None,
                now=self._tick(),
            )  # fmt: skip
            assert is_new == (learner not in self.calls)
            if is_new:
                self.calls[learner] = call.id
                self.helper[call.id] = None
            assert call.id == self.calls[learner]

    @rule(learner=whose, volunteer=who)
    def somebody_takes(self, learner: int, volunteer: int) -> None:
        if (call := self.calls.get(learner)) is None:
            return
        with self.database.write() as session:
            got = handoffs.take(session, **self._of(call, volunteer))
        assert got == (self.helper[call] is None and volunteer in self.active)
        if got:
            self.helper[call] = volunteer

    @rule(learner=whose, volunteer=who)
    def somebody_answers(self, learner: int, volunteer: int) -> None:
        if (call := self.calls.get(learner)) is not None:
            with self.database.write() as session:
                assert handoffs.answer(session, **self._of(call, volunteer)) == (
                    self.helper[call] == volunteer
                )

    @rule(learner=whose, volunteer=who)
    def somebody_gives_it_back(self, learner: int, volunteer: int) -> None:
        if (call := self.calls.get(learner)) is None:
            return
        with self.database.write() as session:
            was_theirs = handoffs.release(session, **self._of(call, volunteer))
        assert was_theirs == (self.helper[call] == volunteer)
        if was_theirs:
            self.helper[call] = None

    @rule(learner=whose, volunteer=st.none() | who)
    def somebody_closes(self, learner: int, volunteer: int | None) -> None:
        """A volunteer closes their own; staff (None) any."""
        if (call := self.calls.get(learner)) is None:
            return
        with self.database.write() as session:
            is_closed = handoffs.close(
                session, commune_id=self.home, handoff_id=call, reason="helped", actor="x", now=self._tick(),
                volunteer_id=None if volunteer is None else self.volunteers[volunteer],
            )  # fmt: skip
        assert is_closed == (volunteer is None or self.helper[call] == volunteer)
        if is_closed:
            del self.calls[learner], self.helper[call]

    @rule(volunteer=who)
    def somebody_is_switched_off(self, volunteer: int) -> None:
        with self.database.write() as session:
            row = session.get_one(Volunteer, (self.home, self.volunteers[volunteer]))
            set_active(session, row, volunteer not in self.active)
            handoffs.release_all(
                session, commune_id=self.home, volunteer_id=row.id, actor="staff:x", now=self._tick()
            )
        self.active ^= {volunteer}
        self.helper = {call: None if has == volunteer else has for call, has in self.helper.items()}

    @invariant()
    def nobody_shares_a_call(self) -> None:
        if not hasattr(self, "calls"):
            return
        with self.database.read() as session:
            for call, helper in self.helper.items():
                row = session.get_one(Handoff, (self.home, call))
                assert (row.state == "open") == (helper is None) == (row.volunteer_id is None)
                if helper is not None:
                    assert row.volunteer_id == self.volunteers[helper]
            live = handoffs.open_list(session, commune_id=self.home)
            assert {row.id for row in live} == set(self.helper)

    @invariant()
    def replies_come_only_from_who_took_it_last(self) -> None:
        if not hasattr(self, "calls"):
            return
        with self.database.read() as session:
            for call in self.helper:
                has = None
                for event in handoffs.events(session, commune_id=self.home, handoff_id=call):
                    if event.kind == "taken":
                        assert has is None
                        has = event.actor
                    elif event.kind == "answered":
                        assert event.actor == has
                    elif event.kind == "released":
                        assert f"volunteer:{event.detail['volunteer']}" == has
                        has = None

    def _of(self, call: int, volunteer: int) -> dict[str, Any]:
        return {
            "commune_id": self.home,
            "handoff_id": call,
            "volunteer_id": self.volunteers[volunteer],
            "now": self._tick(),
        }

    def _tick(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now


def test_never_two_people_answer_one_call(sqlite_database: Database):
    class OnThisDatabase(Calls):
        database = sqlite_database

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
