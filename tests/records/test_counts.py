import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from records.communes import add_commune, add_hamlet
from records.counts import (
    Pair,
    Row,
    count_by_guide,
    count_by_hamlet,
    count_by_hamlet_and_guide,
    count_learners,
)
from records.database import Database
from records.models import Completion, Learner, Question
from tests.conftest import NOW

START, END = dt.datetime(2026, 10, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
TICK = dt.timedelta(microseconds=1)
BORDERS = [START - TICK, START, END - TICK, END]
PERIODS = [
    (START, END),
    (START - TICK, START),
    (START, START + TICK),
    (END, END + dt.timedelta(days=90)),
    (START, START),
]
OUTCOMES = ["guide", "choices", "no_answer", "smalltalk"]
GUIDES = ["vneid-quen-mat-khau", "tt-quet-qr", "at-otp", None]


@dataclass(frozen=True)
class Place:
    """A commune with its hamlets in order, and what was asked and done there."""

    id: int
    hamlets: list[tuple[int, str]]
    questions: list[Question]
    completions: list[Completion]


def add_place(session: Session, slug: str) -> Place:
    commune = add_commune(session, slug=slug, name=slug.title(), now=NOW)
    names = ["Soi Vàng", "Gò Pháo", "Nam Đồng"]
    ids = [
        add_hamlet(session, commune, slug=f"h{place}", name=name, position=place).id
        for place, name in reversed(list(enumerate(names)))
    ]
    return Place(commune.id, list(zip(reversed(ids), names, strict=True)), [], [])


def fill(session: Session, place: Place, chance: random.Random) -> None:
    """300 questions and 150 completions by chance; nothing happens in the last hamlet."""
    hamlets = [place.hamlets[0][0], place.hamlets[1][0], None]
    learners = [Learner(commune_id=place.id, hamlet_id=None, created_at=NOW) for _ in range(25)]
    session.add_all(learners)
    session.flush()

    def some_time() -> dt.datetime:
        return chance.choice([*BORDERS, START + chance.random() * 1.2 * (END - START)])

    for number in range(300):
        place.questions.append(
            Question(
                commune_id=place.id,
                inbox_id=number,
                learner_id=chance.choice(learners).id,
                hamlet_id=chance.choice(hamlets),
                channel="zalo",
                redacted="",
                outcome=chance.choice(OUTCOMES),
                guide=chance.choice(GUIDES),
                created_at=some_time(),
            )
        )
    keys = [
        (learner.id, guide, grade)
        for learner in learners
        for guide in GUIDES
        if guide
        for grade in ("self", "quiz", "confirmed")
    ]
    for learner_id, guide, grade in chance.sample(keys, 150):
        place.completions.append(
            Completion(
                commune_id=place.id,
                learner_id=learner_id,
                hamlet_id=chance.choice(hamlets),
                channel="zalo",
                guide=guide,
                grade=grade,
                created_at=some_time(),
            )
        )
    for row in [*place.questions, *place.completions]:
        session.add(row)
        session.flush()  # one by one: ids grow in this order


@pytest.fixture
def home(database: Database) -> Place:
    """Tân Cương, beside Đại Từ where as much happens."""
    chance = random.Random(20261122)
    with database.write() as session:
        session.expire_on_commit = False
        places = [add_place(session, slug) for slug in ("tan-cuong", "dai-tu")]
        for place in places:
            fill(session, place, chance)
    return places[0]


@dataclass(frozen=True)
class Recount:
    """The rows of a period, counted again without a database."""

    questions: list[Question]
    completions: list[tuple[int | None, str]]  # (hamlet, guide), each learner and guide once

    def row(self, key: int | str | None, name: str | None, column: str) -> Row:
        asked = [question for question in self.questions if getattr(question, column) == key]
        place = 0 if column == "hamlet_id" else 1
        return Row(key, name, *_of(asked), sum(done[place] == key for done in self.completions))

    def pairs(self) -> set[Pair]:
        asked: dict[tuple[int | None, str | None], list[Question]] = {}
        for question in self.questions:
            asked.setdefault((question.hamlet_id, question.guide), []).append(question)
        done = Counter(self.completions)
        return {Pair(*key, *_of(asked.get(key, [])), done[key]) for key in asked.keys() | done.keys()}


def _of(questions: list[Question]) -> tuple[int, int, int]:
    """(questions, learners, unanswered)"""
    missed = [q for q in questions if q.outcome in ("no_answer", "choices") and q.guide is None]
    return len(questions), len({question.learner_id for question in questions}), len(missed)


def recount(place: Place, start: dt.datetime, end: dt.datetime) -> Recount:
    done: dict[tuple[int, str], int | None] = {}
    for completion in place.completions:
        if start <= completion.created_at < end:
            done.setdefault((completion.learner_id, completion.guide), completion.hamlet_id)
    return Recount(
        [question for question in place.questions if start <= question.created_at < end],
        [(hamlet, guide) for (_, guide), hamlet in done.items()],
    )


def by_hamlet(place: Place, start: dt.datetime, end: dt.datetime) -> list[Row]:
    again = recount(place, start, end)
    rows = [again.row(hamlet, name, "hamlet_id") for hamlet, name in place.hamlets]
    not_named = again.row(None, None, "hamlet_id")
    return rows + ([not_named] if not_named != Row(None, None, 0, 0, 0, 0) else [])


def by_guide(place: Place, start: dt.datetime, end: dt.datetime) -> list[Row]:
    again = recount(place, start, end)
    rows = [again.row(guide, None, "guide") for guide in GUIDES]
    rows = [row for row in rows if row.questions or row.completions]
    return sorted(rows, key=lambda row: (row.key is None, -row.questions, -row.completions, str(row.key)))


def test_the_counts_are_what_the_rows_say(database: Database, home: Place):
    with database.read() as session:
        for start, end in PERIODS:
            period = {"commune_id": home.id, "start": start, "end": end}
            again = recount(home, start, end)

            assert count_by_hamlet(session, **period) == by_hamlet(home, start, end)
            assert count_by_guide(session, **period) == by_guide(home, start, end)
            pairs = count_by_hamlet_and_guide(session, **period)
            assert (len(pairs), set(pairs)) == (len(again.pairs()), again.pairs())
            learners = {question.learner_id for question in again.questions}
            assert count_learners(session, **period) == len(learners)


def test_the_random_rows_would_show_a_wrong_border_or_commune(home: Place):
    counts = [len(recount(home, start, end).questions) for start, end in PERIODS]

    assert all(count > 10 for count in counts[:4])
    assert counts[4] == 0
    assert len(by_hamlet(home, START, END)) == 4


def test_a_hamlet_where_nothing_happened_is_listed_in_its_place(database: Database, home: Place):
    with database.read() as session:
        rows = count_by_hamlet(session, commune_id=home.id, start=START, end=END)

    assert [row.name for row in rows] == ["Soi Vàng", "Gò Pháo", "Nam Đồng", None]
    assert rows[2] == Row(home.hamlets[2][0], "Nam Đồng", 0, 0, 0, 0)


def test_a_quiet_commune_has_a_row_for_each_hamlet_and_none_besides(database: Database):
    with database.write() as session:
        place = add_place(session, "tan-cuong")

    with database.read() as session:
        period = {"commune_id": place.id, "start": START, "end": END}
        assert count_by_hamlet(session, **period) == [Row(*hamlet, 0, 0, 0, 0) for hamlet in place.hamlets]
        assert count_by_guide(session, **period) == []
        assert count_by_hamlet_and_guide(session, **period) == []
        assert count_learners(session, **period) == 0


def test_a_guide_done_in_two_grades_counts_once_where_it_was_done_first(database: Database):
    with database.write() as session:
        place = add_place(session, "tan-cuong")
        (soi_vang, _), (go_phao, _), _ = place.hamlets
        learner = Learner(commune_id=place.id, hamlet_id=go_phao, created_at=NOW)
        session.add(learner)
        session.flush()
        for grade, hamlet in (("self", soi_vang), ("quiz", go_phao)):
            session.add(
                Completion(
                    commune_id=place.id,
                    learner_id=learner.id,
                    hamlet_id=hamlet,
                    channel="zalo",
                    guide="tt-quet-qr",
                    grade=grade,
                    created_at=NOW,
                )
            )
            session.flush()

        period = {"commune_id": place.id, "start": START, "end": END}
        assert count_by_guide(session, **period) == [Row("tt-quet-qr", None, 0, 0, 0, 1)]
        assert [row.completions for row in count_by_hamlet(session, **period)] == [1, 0, 0]
        assert count_by_hamlet_and_guide(session, **period) == [Pair(soi_vang, "tt-quet-qr", 0, 0, 0, 1)]
