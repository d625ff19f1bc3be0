"""The reports of a commune: drafts, whose figures are counted anew, and sent ones, which stay as they were.

What stands in a report (figures, words) comes and goes as JSON values; `staff.report_figures` makes and reads
them. Every file is made from what is kept here, so that page, Word file and workbook of a report agree.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from records import audit
from records.models import Report, ReportForm

MAX_LISTED = 50
BUILD_LASTS = dt.timedelta(minutes=2)  # what was begun longer ago was given up


class AlreadySent(Exception):
    """The report was sent: nothing of it changes any more."""


class NotExported(Exception):
    """Nobody fetched the Word file with these figures and words, so they cannot have been sent."""


def open_draft(
    session: Session,
    *,
    commune_id: int,
    first: dt.date,
    last: dt.date,
    words: Mapping[str, Any],
    by: str,
    now: dt.datetime,
) -> Report:
    """The draft about those days; a new one, with these words, where there is none."""
    if (draft := _draft(session, commune_id, first, last)) is not None:
        return draft
    report = Report(
        commune_id=commune_id, first=first, last=last, words=dict(words), created_at=now, created_by=by
    )
    try:
        with session.begin_nested():
            session.add(report)
    except IntegrityError:  # a colleague opened it in the same moment
        other = _draft(session, commune_id, first, last)
        if other is None:
            raise
        return other
    _note(session, report, "report.created", by=by, now=now)
    return report


def find_report(session: Session, *, commune_id: int, report_id: int, lock: bool = False) -> Report | None:
    query = select(Report).where(Report.commune_id == commune_id, Report.id == report_id)
    return session.scalar(query.with_for_update() if lock else query)


def list_reports(session: Session, *, commune_id: int, limit: int = MAX_LISTED) -> list[Report]:
    """The latest days first; their figures are read when asked for."""
    return list(
        session.scalars(
            select(Report)
            .where(Report.commune_id == commune_id)
            .options(defer(Report.figures))
            .order_by(Report.last.desc(), Report.first.desc(), Report.created_at.desc(), Report.id)
            .limit(limit)
        )
    )


def is_building(report: Report, *, now: dt.datetime) -> bool:
    return report.building_since is not None and now - report.building_since < BUILD_LASTS


def begin_build(session: Session, *, commune_id: int, report_id: int, now: dt.datetime) -> bool:
    """Whether the caller is to count the figures now: False when somebody does, or when it was sent."""
    report = find_report(session, commune_id=commune_id, report_id=report_id, lock=True)
    if report is None or report.state != "draft" or is_building(report, now=now):
        return False
    report.building_since, report.stage = now, 0
    return True


def note_stage(session: Session, *, commune_id: int, report_id: int, stage: int) -> None:
    report = find_report(session, commune_id=commune_id, report_id=report_id, lock=True)
    if report is not None:
        report.stage = stage


def end_build(
    session: Session, *, commune_id: int, report_id: int, figures: Mapping[str, Any] | None, now: dt.datetime
) -> None:
    """Keep what was counted (None: it failed, and the figures before stay), unless it was sent meanwhile."""
    report = find_report(session, commune_id=commune_id, report_id=report_id, lock=True)
    if report is None:
        return
    report.building_since = None
    if figures is not None and report.state == "draft":
        report.figures, report.calculated_at, report.exported_at = dict(figures), now, None


def keep_words(session: Session, report: Report, words: Mapping[str, Any]) -> None:
    """Also what the commune's next report begins with. Raises `AlreadySent`."""
    _check_draft(report)
    if report.words != dict(words):
        report.words, report.exported_at = dict(words), None
    form_of(session, report.commune_id).words = dict(words)


def note_export(session: Session, made_from: Report, *, kind: str, by: str, now: dt.datetime) -> None:
    """Somebody fetched a file ('docx', 'xlsx', 'xlsx-unmasked') made from the report as it was when read."""
    report = find_report(session, commune_id=made_from.commune_id, report_id=made_from.id, lock=True)
    if report is None:
        return
    is_same = (report.calculated_at, report.words) == (made_from.calculated_at, made_from.words)
    if kind == "docx" and report.state == "draft" and is_same:
        report.exported_at = now
    _note(session, report, "report.exported", by=by, now=now, kind=kind)


def mark_sent(
    session: Session, *, commune_id: int, report_id: int, by: str, now: dt.datetime
) -> Report | None:
    """Freeze the report; one that is frozen already stays as it is. Raises `NotExported`."""
    report = find_report(session, commune_id=commune_id, report_id=report_id, lock=True)
    if report is None or report.state == "sent":
        return report
    if report.figures is None or report.exported_at is None:
        raise NotExported(f"report {report_id}: found no Word file with these figures, expected one")
    report.state, report.sent_at, report.sent_by = "sent", now, by
    _note(session, report, "report.sent", by=by, now=now)
    return report


def form_of(session: Session, commune_id: int) -> ReportForm:
    """What the next report begins with; an empty one where nothing was written yet."""
    if (form := session.get(ReportForm, commune_id)) is not None:
        return form
    try:
        with session.begin_nested():
            session.add(ReportForm(commune_id=commune_id, words={}))
    except IntegrityError:  # a colleague was first
        session.expire_all()
    return session.get_one(ReportForm, commune_id)


def template_of(session: Session, commune_id: int) -> bytes | None:
    """The commune's own Word template; None: ours."""
    return session.scalar(select(ReportForm.template).where(ReportForm.commune_id == commune_id))


def keep_template(
    session: Session, *, commune_id: int, template: bytes | None, name: str | None, by: str, now: dt.datetime
) -> None:
    """Make reports with this Word file from now on; None: with ours again."""
    form = form_of(session, commune_id)
    form.template, form.template_name = template, name
    form.template_at, form.template_by = (None, None) if template is None else (now, by)
    audit.append(
        session,
        commune_id=commune_id,
        actor=by,
        action="report.template",
        now=now,
        detail={"name": name, "bytes": 0 if template is None else len(template)},
    )


def _draft(session: Session, commune_id: int, first: dt.date, last: dt.date) -> Report | None:
    return session.scalar(
        select(Report).where(
            Report.commune_id == commune_id,
            Report.first == first,
            Report.last == last,
            Report.state == "draft",
        )
    )


def _check_draft(report: Report) -> None:
    if report.state != "draft":
        raise AlreadySent(f"report {report.id}: found a sent one, expected a draft")


def _note(session: Session, report: Report, action: str, *, by: str, now: dt.datetime, **detail: str) -> None:
    audit.append(
        session,
        commune_id=report.commune_id,
        actor=by,
        action=action,
        now=now,
        detail={
            "report": report.id,
            "first": report.first.isoformat(),
            "last": report.last.isoformat(),
            **detail,
        },
    )
