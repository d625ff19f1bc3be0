"""A quarter of a commune, simulated: every number on the staff's pages equals a recount of the raw rows.

The recount is plain SQL and Python of its own; it uses nothing of `records.desk_counts` or `staff.figures`.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from sqlalchemy import text

from benchmarks.quarter import NOW, PERIOD, Lived, live
from knowledge.guide import TOPICS
from knowledge.lessons import Paths, load_paths
from knowledge.library import Library, load_library
from records.communes import CommuneProfile, commune_profile
from records.database import Database
from records.models import Commune
from tests.staff.world import World, build_world, table, text_between

RESIDENTS, VOLUNTEERS, SEED = 120, 16, 2
LIBRARY, PATHS = load_library(), load_paths()
GRADES = ("self", "quiz", "confirmed")
Key = int | None


@pytest.fixture
def lived(database: Database) -> Lived:
    return live(
        database, residents=RESIDENTS, volunteer_count=VOLUNTEERS, seed=SEED, library=LIBRARY, paths=PATHS
    )


@pytest.fixture
def site(database: Database, lived: Lived) -> Iterable[World]:
    with database.read() as session:
        home = commune_profile(session, session.get_one(Commune, lived.commune_id))
    world = staff_site(database, home, LIBRARY, PATHS)
    yield world
    world.close()


def staff_site(database: Database, home: CommuneProfile, library: Library, paths: Paths) -> World:
    """The site of the tests, in the commune of the quarter, with its guides and its time."""
    world = build_world(database, NOW)
    site = world.app.state.staff_site
    site.library, site.paths, site.guides = lambda: library, paths, None
    return replace(world, home=home, other=home, library=library)


class Recount:
    """The raw rows of a commune in the quarter, and what they come to."""

    def __init__(self, database: Database, commune_id: int) -> None:
        self._database, self._commune_id = database, commune_id
        names = self._rows("SELECT id, name FROM hamlets WHERE commune_id = :here ORDER BY position")
        self.hamlets: dict[Key, str] = {row[0]: row[1] for row in names}
        during = "created_at >= :start AND created_at < :end"
        self.questions = self._rows(
            "SELECT hamlet_id, guide, learner_id, outcome FROM questions"
            f" WHERE commune_id = :here AND {during}"
        )
        self.completions = self._rows(
            "SELECT hamlet_id, guide, learner_id, grade FROM completions"
            f" WHERE commune_id = :here AND taken_back_at IS NULL AND {during} ORDER BY id"
        )
        self.calls = self._rows(
            "SELECT hamlet_id, learner_id, answered_at, closed_reason FROM handoffs"
            f" WHERE commune_id = :here AND {during}"
        )
        self.notes = self._rows(
            "SELECT hamlet_id, kind, total, women, over_60, id FROM class_notes"
            " WHERE commune_id = :here AND NOT is_void AND day >= :first AND day <= :last"
        )

    def _rows(self, statement: str) -> list[Any]:
        # SQLite keeps times as texts in UTC, with microseconds; PostgreSQL as times.
        is_text = self._database.engine.dialect.name == "sqlite"
        start, end = (
            moment.astimezone(tz=UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if is_text else moment
            for moment in (PERIOD.start, PERIOD.end)
        )
        first, last = (str(day) if is_text else day for day in (PERIOD.first, PERIOD.last))
        values = {"here": self._commune_id, "start": start, "end": end, "first": first, "last": last}
        named = {name: value for name, value in values.items() if f":{name}" in statement}
        with self._database.read() as session:
            return list(session.execute(text(statement), named))

    @property
    def keys(self) -> list[Key]:
        """The hamlets, and None where something belongs to none."""
        counted = (*self.questions, *self.completions, *self.calls, *self.notes)
        nowhere = any(row.hamlet_id is None for row in counted)
        return [*self.hamlets, None] if nowhere else [*self.hamlets]

    def done(self) -> list[Any]:
        """Each learner and guide once, where the first of their grades stands."""
        first: dict[tuple[int, str], Any] = {}
        for row in self.completions:
            first.setdefault((row.learner_id, row.guide), row)
        return list(first.values())

    def main(self, rows: list[Any], done: list[Any]) -> list[str]:
        """Questions, learners, unanswered, completions: as four cells."""
        unanswered = [row for row in rows if row.outcome in ("no_answer", "choices") and row.guide is None]
        return cells(len(rows), len({row.learner_id for row in rows}), len(unanswered), len(done))

    def desk(self, rows: list[Any], done: list[Any], calls: list[Any]) -> list[str]:
        """People helped, questions, unanswered, completions, calls: as five cells."""
        questions, _learners, unanswered, completions = self.main(rows, done)
        answered = [row for row in rows if row.guide or row.outcome in ("plan", "scam_check", "urgent")]
        met = [row for row in calls if row.answered_at or row.closed_reason == "helped"]
        helped = {row.learner_id for row in (*answered, *met)}
        return [*cells(len(helped)), questions, unanswered, completions, *cells(len(calls))]

    def grades(self, rows: list[Any]) -> list[int]:
        found = Counter(row.grade for row in rows)
        return [found[grade] for grade in GRADES]

    def taught(self, rows: list[Any]) -> list[int]:
        numbers = []
        for kind in ("class", "visit", "help"):
            of_kind = [row.total for row in rows if row.kind == kind]
            numbers += [len(of_kind), sum(of_kind)]
        return numbers

    def proven(self) -> dict[int, set[str]]:
        """learner → guides with a quiz or seen by a volunteer, at any time."""
        guides = defaultdict(set)
        for learner_id, guide in self._rows(
            "SELECT learner_id, guide FROM completions WHERE commune_id = :here"
            " AND taken_back_at IS NULL AND grade IN ('quiz', 'confirmed')"
        ):
            guides[learner_id].add(guide)
        return guides

    def models(self) -> list[list[str]]:
        learners = self._rows("SELECT id, learner_group, household_id FROM learners WHERE commune_id = :here")
        proven = self.proven()
        first = {slug: set(path.levels[0]) for slug, path in PATHS.by_slug.items()}
        reached = {
            row.id for row in learners if first[row.learner_group or "nguoi-dan"] <= proven.get(row.id, set())
        }
        homes = self._rows("SELECT id FROM households WHERE commune_id = :here")
        digital = {row.household_id for row in learners if row.household_id and row.id in reached}
        taught = self.mentees_by_mentor()
        traders = [row for row in learners if row.learner_group == "cho-so"]
        return [
            cells(len(homes), len(digital)),
            cells(len(taught), sum(count >= 5 for count in taught.values())),
            cells(len(traders), sum(row.id in reached for row in traders)),
        ]

    def mentees_by_mentor(self) -> Counter[int]:
        """Of volunteers who are still active; who said yes and did not end it."""
        return Counter(
            row.volunteer_id
            for row in self._rows(
                "SELECT m.volunteer_id, m.learner_id FROM mentorships m JOIN volunteers v"
                " ON v.commune_id = m.commune_id AND v.id = m.volunteer_id"
                " WHERE m.commune_id = :here AND m.ended_at IS NULL AND v.is_active"
            )
        )

    def attendants(self) -> int:
        notes = {row.id for row in self.notes}
        rows = self._rows("SELECT class_note_id, learner_id FROM attendances WHERE commune_id = :here")
        return len({row.learner_id for row in rows if row.class_note_id in notes})

    def waiting(self) -> list[Any]:
        return self._rows("SELECT hamlet_id FROM handoffs WHERE commune_id = :here AND state = 'open'")


def cells(*numbers: int) -> list[str]:
    """As the pages write them: 1.234."""
    return [f"{number:,}".replace(",", ".") for number in numbers]


def of(rows: Iterable[Any], key: Key) -> list[Any]:
    return [row for row in rows if row.hamlet_id == key]


def topic(guide: str | None) -> str | None:
    return LIBRARY.guides[guide].topic if guide in LIBRARY.guides else None


def test_the_simulated_quarter_holds_something_of_everything(database: Database, lived: Lived):
    recount = Recount(database, lived.commune_id)

    assert len(recount.questions) > 100
    assert {row.grade for row in recount.completions} == set(GRADES)
    assert {row.kind for row in recount.notes} == {"class", "visit", "help"}
    assert len(recount.done()) < len(recount.completions)  # done in two grades
    assert None in recount.keys
    assert {4, 5} <= set(recount.mentees_by_mentor().values())  # on both sides of "at least five"
    assert of(recount.questions, list(recount.hamlets)[-1]) == []  # and a hamlet in which nobody asks
    models = recount.models()
    assert all(int(row[0]) > 0 for row in models)
    assert any(int(row[1]) > 0 for row in models)


def test_every_number_of_the_overview_equals_the_recount(database: Database, lived: Lived, site: World):
    recount = Recount(database, lived.commune_id)
    done = recount.done()
    names = {**recount.hamlets, None: "Chưa rõ thôn, xóm"}

    page = site.signed_in().get("/staff?ky=2026-Q4").text

    ids = ("o-duoc-giup", "o-viec-lam-duoc", "o-dang-cho")
    numbers = [text_between(page, f'id="{name}">', "</p>") for name in ids]
    main = recount.desk(recount.questions, done, recount.calls)
    assert numbers == [main[0], main[3], *cells(len(recount.waiting()))]
    told, quiz, confirmed = cells(*recount.grades(recount.completions))
    assert f"{told} tự báo, {quiz} qua câu hỏi, {confirmed} có người xác nhận" in page

    assert [row[:7] for row in table(page, "theo-thon")] == [
        *(
            [
                names[key],
                *recount.desk(of(recount.questions, key), of(done, key), of(recount.calls, key)),
                *cells(len(of(recount.waiting(), key))),
            ]
            for key in recount.keys
        ),
        ["Cả địa bàn", *main, *cells(len(recount.waiting()))],
    ]
    asked, learnt = (
        Counter(topic(row.guide) for row in recount.questions),
        Counter(topic(row.guide) for row in done),
    )
    assert [row[1:] for row in table(page, "theo-chu-de")] == [
        *(cells(asked[each], learnt[each]) for each in (*TOPICS, None)),
        cells(len(recount.questions), len(done)),
    ]
    assert [row[1:] for row in table(page, "thon-chu-de")] == [
        [
            *cells(
                *(
                    sum(topic(row.guide) == each for row in of(recount.questions, key))
                    for each in (*TOPICS, None)
                )
            )
        ]
        for key in recount.keys
    ]


def test_every_number_by_guide_equals_the_recount(database: Database, lived: Lived, site: World):
    recount = Recount(database, lived.commune_id)
    done = Counter(row.guide for row in recount.done())
    asked: dict[str | None, list[Any]] = defaultdict(list)
    for row in recount.questions:
        asked[row.guide].append(row)

    page = site.signed_in().get("/staff/theo-huong-dan?ky=2026-Q4").text

    assert {row[0]: [row[2], row[3], row[5]] for row in table(page, "theo-huong-dan")[:-1]} == {
        LIBRARY.guides[guide].title if guide else "Không gắn với hướng dẫn nào": cells(
            len(asked[guide]), len({row.learner_id for row in asked[guide]}), done[guide]
        )
        for guide in {*asked, *done, None}
    }


def test_classes_visits_and_models_equal_the_recount(database: Database, lived: Lived, site: World):
    recount = Recount(database, lived.commune_id)
    keys = recount.keys
    names = {**recount.hamlets, None: "Cả xã hoặc chưa rõ thôn, xóm"}

    page = site.signed_in().get("/staff?ky=2026-Q4").text

    assert table(page, "lop-hoc") == [
        *(
            [
                names[key],
                *cells(
                    *recount.grades(of(recount.completions, key)), *recount.taught(of(recount.notes, key))
                ),
            ]
            for key in keys
        ),
        ["Cả địa bàn", *cells(*recount.grades(recount.completions), *recount.taught(recount.notes))],
    ]
    of_classes = [row for row in recount.notes if row.kind == "class"]
    people, women, elderly = cells(
        *(sum(getattr(row, name) or 0 for row in of_classes) for name in ("total", "women", "over_60"))
    )
    said = f"Trong {people} lượt dự lớp có đếm được {women} lượt nữ, {elderly} lượt người trên 60 tuổi."
    assert said in page
    (known,) = cells(recount.attendants())
    assert f"Số người khác nhau đã đọc mã khi dự lớp hoặc được giúp: {known}." in page
    assert [row[1:] for row in table(page, "mo-hinh")] == recount.models()


def test_every_row_of_the_file_equals_the_recount(database: Database, lived: Lived, site: World):
    recount = Recount(database, lived.commune_id)
    done = recount.done()
    names = {**recount.hamlets, None: "Chưa rõ thôn, xóm"}

    answer = site.signed_in().get("/staff/tong-quan.csv?ky=2026-Q4&ban=noi-bo")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]
    found = {(row[0], row[2]): [int(cell) for cell in row[4:]] for row in rows}
    pairs = {(row.hamlet_id, row.guide) for row in (*recount.questions, *done)}
    quiet = [key for key in recount.hamlets if not any(hamlet == key for hamlet, _guide in pairs)]
    assert len(rows) == len(found)
    assert found == {
        (names[hamlet], guide or ""): [
            *map(int, recount.main(pick(recount.questions, hamlet, guide), pick(done, hamlet, guide))),
            *recount.grades(pick(recount.completions, hamlet, guide)),
        ]
        for hamlet, guide in pairs
    } | {(names[key], ""): [0] * 7 for key in quiet}


def pick(rows: Iterable[Any], hamlet: Key, guide: str | None) -> list[Any]:
    return [row for row in rows if row.hamlet_id == hamlet and row.guide == guide]
