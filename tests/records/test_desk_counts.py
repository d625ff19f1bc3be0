"""The desk's figures against plain recounts of the same rows, for periods and filters by chance."""

import datetime as dt
import random
from typing import Any

import pytest

from records.class_counts import ClassRow
from records.database import Database
from records.desk_counts import (
    Counts,
    DeskFigures,
    Filters,
    GuideCounts,
    desk_figures,
    desk_total,
    waiting_now,
)
from tests.records.desk_world import (
    FIRST,
    LAST,
    VIETNAM,
    Place,
    Recount,
    add_place,
    midnight,
    monday,
    some_filters,
    some_period,
)

TRIES = 60


@pytest.fixture
def home(database: Database) -> Place:
    """Tân Cương, beside Đại Từ where as much happens."""
    chance = random.Random(20261122)
    with database.write() as session:
        session.expire_on_commit = False
        home, _other = (add_place(session, slug, chance) for slug in ("tan-cuong", "dai-tu"))
        return home


def plain(counts: Counts) -> tuple[int, ...]:
    return (
        counts.helped,
        counts.learners,
        counts.questions,
        counts.unanswered,
        counts.completions,
        *plain_grades(counts),
        counts.calls,
    )


def plain_grades(counts: Counts | GuideCounts) -> tuple[int, int, int]:
    return counts.grades.self_reported, counts.grades.quiz, counts.grades.confirmed


def plain_guide(counts: GuideCounts) -> tuple[int, ...]:
    """As `Recount.counts`, but who was helped is not counted by guide."""
    return (
        counts.learners,
        counts.questions,
        counts.unanswered,
        counts.completions,
        *plain_grades(counts),
        counts.calls,
    )


def of_figures(figures: DeskFigures) -> dict[str, Any]:
    classes = figures.total.classes
    return {
        "total": plain(figures.total.counts),
        "median": figures.total.first_reply.median,
        "classes": None if classes is None else classes.classes,
        "hamlets": [(row.id, row.name, plain(row.counts), row.trend) for row in figures.hamlets],
        "hamlet classes": [None if row.classes is None else row.classes.classes for row in figures.hamlets],
        "guides": {row.guide: plain_guide(row) for row in figures.guides},
        "pairs": {(row.hamlet_id, row.counts.guide): plain_guide(row.counts) for row in figures.pairs},
        "groups": {row.key: plain(row.counts) for row in figures.groups},
        "channels": {row.key: plain(row.counts) for row in figures.channels},
        "weeks": [(row.monday, plain(row.counts)) for row in figures.weeks],
        "hours": list(figures.hours),
        "hard steps": {(row.guide, row.step): (row.calls, row.learners) for row in figures.hard_steps},
    }


def of_recount(again: Recount) -> dict[str, Any]:
    hamlets = [
        each
        for each in again.place.hamlets
        if again.filters.hamlet_id is None or again.filters.hamlet_id == each[0]
    ]
    nowhere = None in again.keys("hamlet_id") or any(note.hamlet_id is None for note in again.notes)
    has_classes = again.filters.channel is None and again.filters.group is None
    if again.filters.hamlet_id == 0 or (nowhere and (has_classes or None in again.keys("hamlet_id"))):
        hamlets = [*hamlets, (None, None)]  # type: ignore[list-item]
    pairs = {(row.hamlet_id, row.guide) for row in (*again.questions, *again.completions, *again.calls)}
    return {
        "total": again.counts(),
        "median": again.median(),
        "classes": again.classes() if has_classes else None,
        "hamlets": [
            (id_, name, again.counts(hamlet_id=id_), _asked_by_day(again, id_)) for id_, name in hamlets
        ],
        "hamlet classes": [again.classes(hamlet_id=id_) if has_classes else None for id_, _name in hamlets],
        "guides": {key: again.counts(guide=key)[1:] for key in again.keys("guide")},
        "pairs": {key: again.counts(hamlet_id=key[0], guide=key[1])[1:] for key in pairs},
        "groups": {key: again.counts(group=key) for key in again.keys("group")},
        "channels": {key: again.counts(channel=key) for key in again.keys("channel")},
        "weeks": [(day, again.counts(week=day)) for day in dict.fromkeys(map(monday, again.days()))],
        "hours": [
            sum(row.created_at.astimezone(VIETNAM).hour == hour for row in again.questions)
            for hour in range(24)
        ],
        "hard steps": _hard_steps(again),
    }


def _asked_by_day(again: Recount, hamlet_id: int | None) -> tuple[int, ...]:
    asked = [
        row.created_at.astimezone(VIETNAM).date() for row in again.questions if row.hamlet_id == hamlet_id
    ]
    return tuple(asked.count(day) for day in again.days())


def _hard_steps(again: Recount) -> dict[tuple[str, int], tuple[int, int]]:
    stuck: dict[tuple[str, int], list[int]] = {}
    for row in again.calls:
        if row.guide and row.step:
            stuck.setdefault((row.guide, row.step), []).append(row.learner_id)
    return {key: (len(people), len(set(people))) for key, people in stuck.items()}


def test_every_figure_is_what_the_rows_say_for_periods_and_filters_by_chance(database: Database, home: Place):
    chance = random.Random(8)
    wrong = []
    with database.read() as session:
        for number in range(TRIES):
            (first, last), filters = some_period(chance), some_filters(home, chance)
            if number < 10:
                first, last = FIRST, LAST
            if number == 0:
                filters = Filters()
            end = midnight(last + dt.timedelta(days=1))
            scope = {"commune_id": home.id, "start": midnight(first), "end": end, "filters": filters}

            figures = desk_figures(session, **scope)

            found, expected = of_figures(figures), of_recount(Recount(home, first, last, filters))
            wrong += [(first, last, filters, key) for key in found if found[key] != expected[key]]
            assert desk_total(session, **scope) == figures.total

    assert wrong == []


def test_rows_that_are_no_people_add_up_to_the_total(database: Database, home: Place):
    with database.read() as session:
        figures = desk_figures(session, commune_id=home.id, start=midnight(FIRST), end=midnight(LAST))

    total = figures.total.counts
    for found in (figures.hamlets, figures.groups, figures.channels, figures.weeks):
        counts = [row.counts for row in found]
        assert sum(row.questions for row in counts) == total.questions > 200
        assert sum(row.completions for row in counts) == total.completions > 20
        assert sum(row.calls for row in counts) == total.calls > 10
    assert sum(row.questions for row in figures.guides) == sum(figures.hours) == total.questions
    assert sum(sum(row.trend) for row in figures.hamlets) == total.questions


def test_hamlets_come_in_their_order_and_what_is_asked_most_comes_first(database: Database, home: Place):
    with database.read() as session:
        figures = desk_figures(session, commune_id=home.id, start=midnight(FIRST), end=midnight(LAST))

    names = [row.name for row in figures.hamlets]
    assert names == ["Soi Vàng", "Gò Pháo", "Nam Đồng", "Xóm Vắng", None]
    quiet = figures.hamlets[3]
    assert (plain(quiet.counts), quiet.classes) == ((0,) * 9, ClassRow(quiet.id, "Xóm Vắng"))
    asked = [row.questions for row in figures.guides[:-1]]
    assert asked == sorted(asked, reverse=True)
    assert (figures.guides[-1].guide, figures.groups[-1].key) == (None, None)
    stuck = [row.calls for row in figures.hard_steps]
    assert stuck == sorted(stuck, reverse=True)


def test_who_waits_now_is_counted_whatever_the_period(database: Database, home: Place):
    waits = [call for call in home.calls if call.state == "open"]
    longest = min(waits, key=lambda call: (call.created_at, call.id))
    hamlet_id = max(call.hamlet_id or 0 for call in waits)

    with database.read() as session:
        everywhere = waiting_now(session, commune_id=home.id)
        in_one = waiting_now(session, commune_id=home.id, filters=Filters(hamlet_id=hamlet_id))
        nobody = waiting_now(session, commune_id=home.id, filters=Filters(group="hoc-sinh"))

    assert (everywhere.calls, everywhere.longest) == (len(waits), (longest.id, longest.created_at))
    assert in_one.by_hamlet == {hamlet_id: sum(call.hamlet_id == hamlet_id for call in waits)}
    assert (nobody.calls, nobody.by_hamlet, nobody.longest) == (0, {}, None)


def test_a_commune_where_nothing_happened_has_a_row_for_each_hamlet_and_zeros(database: Database):
    with database.write() as session:
        place = add_place(session, "tan-cuong", random.Random(1), size=0)

        figures = desk_figures(session, commune_id=place.id, start=midnight(FIRST), end=midnight(LAST))

    assert [(row.id, row.name) for row in figures.hamlets] == place.hamlets
    assert {plain(row.counts) for row in (figures.total, *figures.hamlets, *figures.weeks)} == {(0,) * 9}
    assert (figures.guides, figures.pairs, figures.hard_steps) == ((), (), ())
