import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records import handoffs
from records.communes import add_commune, add_hamlet
from records.database import Database
from records.learners import open_conversation, set_hamlet
from records.models import Commune, Completion, Handoff, Question
from records.questions import (
    count_unanswered,
    record_completion,
    record_question,
    resolve_question,
    unanswered,
)
from tests.conftest import NOW

TICK = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


@pytest.fixture
def other(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id


def learner(session: Session, commune_id: int, person: str = "ba") -> tuple[int, int]:
    """(learner, conversation)"""
    talk = open_conversation(session, commune_id=commune_id, channel="zalo", hashes=[person], now=NOW)
    return talk.learner_id, talk.id


def ask(
    session: Session,
    commune_id: int,
    inbox_id: int,
    *,
    person: str = "ba",
    outcome: str = "no_answer",
    guide: str | None = None,
    at: dt.datetime = NOW,
    **more: Any,
) -> Question:
    question = record_question(
        session,
        commune_id=commune_id,
        inbox_id=inbox_id,
        learner_id=learner(session, commune_id, person)[0],
        channel="zalo",
        redacted=f"câu {inbox_id}",
        outcome=outcome,
        guide=guide,
        score=more.get("score"),
        candidates=more.get("candidates", ()),
        now=at,
    )
    session.flush()
    return question


def complete(
    session: Session, commune_id: int, *, person: str = "ba", guide: str = "tt-quet-qr", grade: str = "self"
) -> bool:
    return record_completion(
        session,
        commune_id=commune_id,
        learner_id=learner(session, commune_id, person)[0],
        channel="zalo",
        guide=guide,
        grade=grade,
        now=NOW,
    )


def call(
    session: Session,
    commune_id: int,
    *,
    person: str = "ba",
    reason: str = "asked",
    question: str | None = None,
    at: dt.datetime = NOW,
) -> bool:
    learner_id, conversation_id = learner(session, commune_id, person)
    _, is_new = handoffs.open_call(
        session,
        commune_id=commune_id,
        learner_id=learner_id,
        conversation_id=conversation_id,
        reason=reason,
        guide="tt-quet-qr",
        step=3,
        question=question,
        now=at,
    )
    return is_new


def close(session: Session, commune_id: int, handoff_id: int, *, at: dt.datetime) -> bool:
    return handoffs.close(
        session, commune_id=commune_id, handoff_id=handoff_id, reason="helped", actor="staff:lan", now=at
    )


def move(session: Session, commune_id: int, person: str, slug: str) -> int:
    commune, (learner_id, _) = session.get_one(Commune, commune_id), learner(session, commune_id, person)
    hamlet_id = add_hamlet(session, commune, slug=slug, name=slug.title()).id
    set_hamlet(session, commune_id=commune_id, learner_id=learner_id, hamlet_id=hamlet_id)
    return hamlet_id


def inbox_ids(questions: list[Question]) -> list[int]:
    return [question.inbox_id for question in questions]


def guides(session: Session) -> list[str | None]:
    return list(session.scalars(select(Question.guide).order_by(Question.inbox_id)))


def test_a_question_is_kept_with_its_answer_and_the_hamlet(database: Database, home: int):
    candidates = [{"guide": "tt-quet-qr", "score": 0.75}, {"guide": "at-otp", "score": 0.25}]
    with database.write() as session:
        learner_id, _ = learner(session, home)
        nam_dong = move(session, home, "ba", "nam-dong")
        ask(session, home, 7, outcome="guide", guide="tt-quet-qr", score=0.75, candidates=candidates)

    with database.read() as session:
        (stored,) = session.scalars(select(Question))
    assert (stored.inbox_id, stored.learner_id, stored.hamlet_id) == (7, learner_id, nam_dong)
    assert (stored.channel, stored.redacted, stored.created_at) == ("zalo", "câu 7", NOW)
    assert (stored.outcome, stored.guide, stored.score) == ("guide", "tt-quet-qr", 0.75)
    assert stored.candidates == candidates


def test_a_message_is_one_question_only(database: Database, home: int, other: int):
    with database.write() as session:
        ask(session, home, 7)
        ask(session, other, 7)

    with pytest.raises(IntegrityError), database.write() as session:
        ask(session, home, 7)


def test_what_the_learner_chose_becomes_the_guide_of_their_last_question(database: Database, home: int):
    with database.write() as session:
        ask(session, home, 1)
        ask(session, home, 2, outcome="choices")
        ask(session, home, 3, person="ông", outcome="choices")

        resolve_question(
            session, commune_id=home, learner_id=learner(session, home)[0], guide="vneid-quen-mat-khau"
        )

        assert guides(session) == [None, "vneid-quen-mat-khau", None]


def test_a_question_keeps_the_guide_it_was_answered_with(database: Database, home: int):
    with database.write() as session:
        ask(session, home, 1, outcome="choices")
        ask(session, home, 2, outcome="guide", guide="tt-quet-qr")

        resolve_question(session, commune_id=home, learner_id=learner(session, home)[0], guide="at-otp")

        assert guides(session) == [None, "tt-quet-qr"]


def test_a_choice_of_somebody_who_never_asked_changes_nothing(database: Database, home: int):
    with database.write() as session:
        ask(session, home, 1)

        resolve_question(
            session, commune_id=home, learner_id=learner(session, home, "ông")[0], guide="at-otp"
        )

        assert guides(session) == [None]


def test_a_guide_is_done_once_in_each_grade(database: Database, home: int):
    with database.write() as session:
        nam_dong = move(session, home, "ba", "nam-dong")
        counts = [
            complete(session, home),
            complete(session, home),
            complete(session, home, grade="quiz"),
            complete(session, home, guide="at-otp"),
            complete(session, home, person="ông"),
        ]

    with database.read() as session:
        rows = session.execute(
            select(Completion.guide, Completion.grade, Completion.hamlet_id).order_by(Completion.id)
        ).all()
    assert counts == [True, False, True, True, True]
    assert [tuple(row) for row in rows] == [
        ("tt-quet-qr", "self", nam_dong),
        ("tt-quet-qr", "quiz", nam_dong),
        ("at-otp", "self", nam_dong),
        ("tt-quet-qr", "self", None),
    ]


def test_a_call_for_a_person_is_kept_with_the_place_in_the_guide(database: Database, home: int):
    with database.write() as session:
        learner_id, conversation_id = learner(session, home)
        nam_dong = move(session, home, "ba", "nam-dong")
        assert call(session, home, question="không thấy nút")

    with database.read() as session:
        (stored,) = session.scalars(select(Handoff))
    assert (stored.learner_id, stored.conversation_id, stored.hamlet_id) == (
        learner_id,
        conversation_id,
        nam_dong,
    )
    assert (stored.reason, stored.guide, stored.step) == ("asked", "tt-quet-qr", 3)
    assert (stored.question, stored.state) == ("không thấy nút", "open")
    assert (stored.created_at, stored.closed_at) == (NOW, None)


def test_who_calls_again_while_waiting_waits_once_from_the_first_call(database: Database, home: int):
    with database.write() as session:
        counts = [
            call(session, home, question="một"),
            call(session, home, question="hai", at=NOW + DAY),
            call(session, home, person="ông"),
        ]

        waiting = handoffs.waiting(session, commune_id=home)
        assert counts == [True, False, True]
        assert [(each.question, each.created_at) for each in waiting] == [("một", NOW), (None, NOW)]


def test_an_urgent_call_makes_the_waiting_one_urgent_and_it_stays_so(database: Database, home: int):
    with database.write() as session:
        call(session, home, question="không thấy nút")
        call(session, home, reason="urgent", question="tôi vừa chuyển tiền cho kẻ lừa")
        call(session, home, question="alo")

        (waiting,) = handoffs.waiting(session, commune_id=home)
        assert (waiting.reason, waiting.question) == ("urgent", "tôi vừa chuyển tiền cho kẻ lừa")


def test_a_call_is_closed_once_and_the_next_one_is_new(database: Database, home: int):
    with database.write() as session:
        call(session, home)
        (first,) = handoffs.waiting(session, commune_id=home)
        closed = [
            close(session, home, first.id, at=NOW + DAY),
            close(session, home, first.id, at=NOW + 2 * DAY),
        ]

        assert (closed, first.state, first.closed_at) == ([True, False], "closed", NOW + DAY)
        assert handoffs.waiting(session, commune_id=home) == []
        assert call(session, home)


def test_a_call_of_another_commune_is_not_there(database: Database, home: int, other: int):
    with database.write() as session:
        call(session, other)
        (theirs,) = handoffs.waiting(session, commune_id=other)

        assert not close(session, home, theirs.id, at=NOW)
        assert theirs.state == "open"


def test_who_waits_longest_is_listed_first(database: Database, home: int, other: int):
    with database.write() as session:
        call(session, home, person="ba", at=NOW + DAY, question="ba")
        call(session, home, person="ông", at=NOW, question="ông")
        call(session, home, person="cô", at=NOW + 2 * DAY, question="cô")
        call(session, other, person="dì", question="dì")

        def waiting(limit: int) -> list[str | None]:
            return [each.question for each in handoffs.waiting(session, commune_id=home, limit=limit)]

        assert waiting(200) == ["ông", "ba", "cô"]
        assert waiting(2) == ["ông", "ba"]


def test_unanswered_is_what_got_no_guide_newest_first(database: Database, home: int, other: int):
    with database.write() as session:
        ask(session, home, 1, outcome="no_answer", at=NOW)
        ask(session, home, 2, outcome="guide", guide="tt-quet-qr", at=NOW)
        ask(session, home, 3, outcome="choices", at=NOW + DAY)
        ask(session, home, 4, outcome="choices", guide="at-otp", at=NOW + DAY)
        ask(session, home, 5, outcome="smalltalk", at=NOW + DAY)
        ask(session, home, 6, outcome="no_answer", at=NOW)
        ask(session, other, 7, outcome="no_answer", at=NOW)
        period = {"commune_id": home, "start": NOW, "end": NOW + 2 * DAY}

        assert inbox_ids(unanswered(session, **period)) == [3, 6, 1]
        assert inbox_ids(unanswered(session, **period, limit=2)) == [3, 6]
        assert count_unanswered(session, **period) == 3


def test_a_period_has_its_start_but_not_its_end(database: Database, home: int):
    with database.write() as session:
        for number, at in enumerate([NOW - TICK, NOW, NOW + DAY - TICK, NOW + DAY]):
            ask(session, home, number, at=at)
        period = {"commune_id": home, "start": NOW, "end": NOW + DAY}

        assert inbox_ids(unanswered(session, **period)) == [2, 1]
        assert count_unanswered(session, **period) == 2
