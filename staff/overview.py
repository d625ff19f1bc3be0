"""The overview: what was asked and done in a period, by hamlet and topic, and who waits now.

`ban=in` in the address is the page for print and for others: small numbers are masked, nothing is
a link. The CSV is masked too, unless `ban=noi-bo` asks for the plain one.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

from fastapi import Query, Response

from knowledge.library import Library
from records.desk_counts import DeskFigures, GuideCounts, desk_figures
from records.report_dates import next_deadline
from staff import charts
from staff.access import CurrentUser
from staff.audit_log import note_export
from staff.csv_file import csv_response
from staff.desk_filters import NONE, ChosenDesk
from staff.figures import (
    CLASSES,
    COLUMNS,
    GRADES,
    TOPIC_ROWS,
    HamletRow,
    Overview,
    masked_overview,
    overview,
    shade,
    title_of,
    topic_of,
    trend,
)
from staff.formats import number
from staff.period import previous_period
from staff.site import CurrentSite, Site
from staff.suppression import Cell, Mark, as_text

_PLAIN_COLUMNS = ("hamlet", "topic", "slug", "guide", "questions", "learners", "unanswered", "completions")
_GRADES = ("grade_self", "grade_quiz", "grade_confirmed")
_MASKED_COLUMNS = ("hamlet", "topic", "questions", "completions", "helped", "unanswered", "calls", *_GRADES)


def show(
    site: CurrentSite,
    user: CurrentUser,
    desk: ChosenDesk,
    ban: Annotated[str, Query(pattern="^(in)?$")] = "",
    xep: Annotated[str, Query(pattern="^(it-dung)?$")] = "",
) -> Response:
    """`xep=it-dung` lists the hamlets where least was asked first, instead of in the commune's order."""
    library, now = site.library_of(user.commune_id), site.clock()
    with site.database.read() as session:
        figures = overview(session, commune_id=user.commune_id, desk=desk, library=library, paths=site.paths)
        deadline = next_deadline(session, user.commune_id, site.today())
    if ban:
        figures = masked_overview(figures, library, threshold=site.masked_below)
    elif xep:
        figures = replace(figures, hamlets=tuple(sorted(figures.hamlets, key=_least_used)))
    hours = [cell if isinstance(cell, int) else 0 for cell in figures.hours]
    return site.page(
        "overview.html",
        user=user,
        desk=desk,
        period=desk.period,
        before=previous_period(desk.period),
        figures=figures,
        now=now,
        write=partial(as_text, threshold=site.masked_below, number=number),
        columns=COLUMNS,
        work_columns=(*GRADES, *CLASSES),
        topic_rows=TOPIC_ROWS,
        none_=NONE,
        most_masked=site.masked_below - 1,
        is_least_first=bool(xep),
        deadline=deadline,
        small=as_text(Mark.SMALL, threshold=site.masked_below),
        most=max(
            (cell for row in figures.hamlets for cell in row.topics if isinstance(cell, int)), default=0
        ),
        shade=shade,
        trend_of=lambda row: trend(row.trend, figures.figures.days),
        line=lambda row: charts.line(trend(row.trend, figures.figures.days)),
        bars=charts.bars(hours),
        bars_size=(charts.BARS_WIDTH, charts.BARS_HEIGHT),
        line_size=(charts.LINE_WIDTH, charts.LINE_HEIGHT),
        calculated_at=now,
    )


def export(
    site: CurrentSite, user: CurrentUser, desk: ChosenDesk, ban: Literal["gui-di", "noi-bo"] = "gui-di"
) -> Response:
    """Masked: by hamlet and topic, with the totals. Plain: by hamlet and guide."""
    period, library = desk.period, site.library_of(user.commune_id)
    is_masked = ban == "gui-di"
    with site.database.read() as session:
        if is_masked:
            plain = overview(
                session, commune_id=user.commune_id, desk=desk, library=library, paths=site.paths
            )
            rows = list(_masked_rows(site, masked_overview(plain, library, threshold=site.masked_below)))
        else:
            counted = desk_figures(
                session, commune_id=user.commune_id, start=period.start, end=period.end, filters=desk.filters
            )
            rows = list(_plain_rows(site, counted, library))
    note_export(site, user, period, name="overview" if is_masked else "overview, plain")
    columns = _MASKED_COLUMNS if is_masked else (*_PLAIN_COLUMNS, *_GRADES)
    header = [site.phrases(f"desk.column_{column}") for column in columns]
    name = "tong-quan" if is_masked else "tong-quan-noi-bo"
    return csv_response(f"{name}-{period.first}-{period.last}.csv", header, rows)


def _plain_rows(site: Site, figures: DeskFigures, library: Library) -> Iterator[tuple[str | int, ...]]:
    """A hamlet with nothing has a row of zeros."""
    by_hamlet: dict[int | None, list[GuideCounts]] = {}
    for pair in figures.pairs:
        by_hamlet.setdefault(pair.hamlet_id, []).append(pair.counts)
    for hamlet in figures.hamlets:
        found = by_hamlet.get(hamlet.id, [GuideCounts(None)])
        for row in sorted(found, key=partial(_place, library=library)):
            yield (
                hamlet.name or site.phrases("staff.hamlet_unnamed"),
                site.label("topic", topic_of(row.guide, library) or ""),
                row.guide or "",
                title_of(row.guide, library) or "",
                row.questions,
                row.learners,
                row.unanswered,
                row.completions,
                *(getattr(row.grades, grade) for grade in GRADES),
            )


def _masked_rows(site: Site, figures: Overview) -> Iterator[tuple[str | int, ...]]:
    """For each hamlet, then for all: its totals, then the questions of each topic."""

    def cell(value: Cell) -> str | int:
        return as_text(value, threshold=site.masked_below) if isinstance(value, Mark) else value

    def of(row: HamletRow, name: str) -> Iterator[tuple[str | int, ...]]:
        yield (
            name,
            site.phrases("desk.all_topics"),
            cell(row.cells["questions"]),
            cell(row.cells["completions"]),
            *(cell(row.cells[key]) for key in ("helped", "unanswered", "calls", *GRADES)),
        )
        for topic, value in zip(TOPIC_ROWS, row.topics, strict=True):
            title = site.label("topic", topic) if topic else site.phrases("staff.topic_none")
            yield (name, title, cell(value), *[""] * (len(_MASKED_COLUMNS) - 3))

    for row in figures.hamlets:
        yield from of(row, row.name or site.phrases("staff.hamlet_unnamed"))
    yield from of(figures.whole, site.phrases("staff.total"))


def _least_used(row: HamletRow) -> tuple[bool, int, int]:
    """Real hamlets before 'not named'."""
    asked, done = row.cells["questions"], row.cells["completions"]
    assert isinstance(asked, int)
    assert isinstance(done, int)
    return row.id is None, asked, done


def _place(row: GuideCounts, library: Library) -> tuple[int, str]:
    """By topic, then by slug; no guide comes last."""
    topic = topic_of(row.guide, library)
    return TOPIC_ROWS.index(topic) + (row.guide is None), row.guide or ""
