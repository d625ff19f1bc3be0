"""The overview: what was asked and done in a period, by hamlet and topic, and who waits now."""

from typing import Annotated

from fastapi import Path, Response
from fastapi.responses import RedirectResponse

from records.counts import Grades, count_by_hamlet, count_by_hamlet_and_guide, count_grades
from records.unlogged import count_unlogged
from staff.access import CurrentUser
from staff.audit_log import note_export
from staff.csv_file import csv_response
from staff.figures import overview, pairs_in_order, title_of, topic_of
from staff.period import ChosenPeriod, month_choices, quarter_choices
from staff.site import PREFIX, CurrentSite
from staff.waiting import close_call

RowId = Annotated[int, Path(ge=1, lt=2**63)]

_COLUMNS = ("hamlet", "topic", "slug", "guide", "questions", "learners", "unanswered", "completions")
_GRADES = ("grade_self", "grade_quiz", "grade_confirmed")


def show(site: CurrentSite, user: CurrentUser, period: ChosenPeriod) -> Response:
    now, today = site.clock(), site.today()
    with site.database.read() as session:
        figures = overview(
            session,
            commune_id=user.commune_id,
            period=period,
            library=site.library(),
            paths=site.paths,
            now=now,
        )
        unlogged = count_unlogged(session, commune_id=user.commune_id, first=period.first, last=period.last)
    return site.page(
        "overview.html",
        user=user,
        period=period,
        months=month_choices(today),
        quarters=quarter_choices(today),
        figures=figures,
        unlogged=unlogged,
        calculated_at=now,
    )


def export(site: CurrentSite, user: CurrentUser, period: ChosenPeriod) -> Response:
    """By hamlet and guide, plain figures; a hamlet with nothing has a row of zeros."""
    commune_id, start, end = user.commune_id, period.start, period.end
    library = site.library()
    with site.database.read() as session:
        hamlets = count_by_hamlet(session, commune_id=commune_id, start=start, end=end)
        pairs = count_by_hamlet_and_guide(session, commune_id=commune_id, start=start, end=end)
        grades = count_grades(session, commune_id=commune_id, start=start, end=end)
    note_export(site, user, period, name="overview")
    rows = [
        (
            hamlet or site.phrases("staff.hamlet_unnamed"),
            site.label("topic", topic_of(pair.guide, library) or ""),
            pair.guide or "",
            title_of(pair.guide, library) or "",
            pair.questions,
            pair.learners,
            pair.unanswered,
            pair.completions,
            *_in_grades(grades.get((pair.hamlet_id, pair.guide or ""), Grades())),
        )
        for hamlet, pair in pairs_in_order(hamlets, pairs, library)
    ]
    header = [site.phrases(f"staff.column_{column}") for column in (*_COLUMNS, *_GRADES)]
    return csv_response(f"tong-quan-{period.first}-{period.last}.csv", header, rows)


def _in_grades(grades: Grades) -> tuple[int, int, int]:
    return (grades.self_reported, grades.quiz, grades.confirmed)


def close(site: CurrentSite, user: CurrentUser, period: ChosenPeriod, handoff_id: RowId) -> Response:
    """The learner was helped. Pressing twice, or after a colleague, changes nothing more."""
    with site.database.write() as session:
        close_call(session, site, user, handoff_id, "helped")
    return RedirectResponse(f"{PREFIX}?{period.query}#can-giup", 303)
