"""The pages of reports: choose days, look at it, write what no figure tells, fetch files, freeze it."""

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Annotated

from fastapi import Depends, Form, Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from records import reports
from records.models import Report
from staff import report_making
from staff.access import CurrentUser, FormText, StaffUser
from staff.fields import typed
from staff.period import ChosenPeriod, Period, month_choices, period_of_days, quarter_choices
from staff.report_context import has_ended, period_words
from staff.report_figures import STAGES
from staff.report_making import Contents, Place, ReportMaker
from staff.report_render import TemplateFault
from staff.report_tables import shown
from staff.report_words import (
    FIELDS,
    LINES,
    BadWords,
    ReportWords,
    read_words,
    words_from_data,
    words_to_data,
)
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/bao-cao"
MAX_FORM_BYTES = 256 * 1024  # five long texts
PATIENCE_S = 1.5  # counting that takes longer gets a page that says how far it is
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
QUICK = 2  # months and quarters to open with one click

RowId = Annotated[int, Path(ge=1, lt=2**63)]

_log = logging.getLogger(__name__)


def show(site: CurrentSite, user: CurrentUser, period: ChosenPeriod) -> Response:
    """What there is, and what to begin."""
    with site.database.read() as session:
        rows = reports.list_reports(session, commune_id=user.commune_id)
    today = site.today()
    return site.page(
        "reports.html",
        user=user,
        period=period,
        reports=rows,
        names={row.id: _name(site, row) for row in rows},
        quarters=quarter_choices(today),
        months=month_choices(today),
        quick=QUICK,
    )


def open_draft(site: CurrentSite, user: CurrentUser, period: ChosenPeriod) -> Response:
    """The draft about those days, its figures counted anew."""
    report_id = _maker(site).open(_place(user), period, by=user.actor)
    _count(site, user, report_id, period)
    return RedirectResponse(f"{PATH}/{report_id}", 303)


def count_again(site: CurrentSite, user: CurrentUser, report_id: RowId) -> Response:
    with site.database.read() as session:
        report = _find(session, user, report_id)
    if report.state == "draft":
        _count(site, user, report_id, _period(report))
    return RedirectResponse(f"{PATH}/{report_id}", 303)


def show_one(site: CurrentSite, user: CurrentUser, report_id: RowId) -> Response:
    with site.database.read() as session:
        report = _find(session, user, report_id)
    name = _name(site, report)
    if reports.is_building(report, now=site.clock()):
        return site.page("report_building.html", user=user, report=report, name=name, stages=STAGES)
    said = report_making.contents_of(report, site.phrases) if report.figures else None
    return site.page(
        "report.html",
        user=user,
        report=report,
        name=name,
        said=said,
        words=said.words if said else words_from_data(report.words),
        fields=FIELDS,
        fields_of_lines=LINES,
        shown=lambda column, value: shown(column, value, site.phrases),
        has_ended=has_ended(said.figures) if said else True,
        corrections=_corrections(site, user, report, said),
        period_query=_period(report).query,
    )


def _typed_words(
    superior: FormText = "",
    issuer: FormText = "",
    number: FormText = "",
    place: FormText = "",
    signed_on: FormText = "",
    signer_title: FormText = "",
    signer: FormText = "",
    recipients: FormText = "",
    basis: FormText = "",
    direction: FormText = "",
    difficulties: FormText = "",
    tasks: FormText = "",
    proposals: FormText = "",
) -> Mapping[str, str]:
    return dict(locals())


TypedWords = Annotated[Mapping[str, str], Depends(_typed_words)]


def save(
    site: CurrentSite, user: CurrentUser, report_id: RowId, values: TypedWords, what: FormText = ""
) -> Response:
    """Keep what was written into the form, then go on to the file that was asked for."""
    words = _read(site, values)
    with site.database.write() as session:
        report = _find(session, user, report_id, lock=True)
        try:
            reports.keep_words(session, report, words_to_data(words))
        except reports.AlreadySent as error:
            raise Refused(409, "reports.refused_sent") from error
    where = {"docx": "/bao-cao.docx", "xlsx": "/bao-cao.xlsx"}.get(what, "")
    return RedirectResponse(f"{PATH}/{report_id}{where}", 303)


def docx(site: CurrentSite, user: CurrentUser, report_id: RowId) -> Response:
    with site.database.read() as session:
        report = _find(session, user, report_id)
        template = reports.template_of(session, user.commune_id)
    said = _contents(site, report)
    try:
        file = report_making.docx_of(said, site.phrases, template)
    except TemplateFault as error:
        raise Refused(409, "reports.refused_template") from error
    return _fetched(site, user, report, file, kind="docx", media_type=DOCX)


def xlsx(site: CurrentSite, user: CurrentUser, report_id: RowId) -> Response:
    with site.database.read() as session:
        report = _find(session, user, report_id)
    file = report_making.xlsx_of(_contents(site, report), site.phrases)
    return _fetched(site, user, report, file, kind="xlsx", media_type=XLSX)


def unmasked(
    site: CurrentSite, user: CurrentUser, report_id: RowId, agree: Annotated[bool, Form()] = False
) -> Response:
    """The workbook with small numbers, for the office itself. No address leads to it, only this form."""
    if not agree:
        raise Refused(400, "reports.refused_agree")
    with site.database.read() as session:
        report = _find(session, user, report_id)
    file = report_making.xlsx_of(_contents(site, report), site.phrases, unmasked=True)
    return _fetched(site, user, report, file, kind="xlsx-unmasked", media_type=XLSX)


def mark_sent(
    site: CurrentSite, user: CurrentUser, report_id: RowId, agree: Annotated[bool, Form()] = False
) -> Response:
    if not agree:
        raise Refused(400, "reports.refused_agree")
    with site.database.write() as session:
        _find(session, user, report_id)
        try:
            reports.mark_sent(
                session, commune_id=user.commune_id, report_id=report_id, by=user.actor, now=site.clock()
            )
        except reports.NotExported as error:
            raise Refused(409, "reports.refused_not_exported") from error
    return RedirectResponse(f"{PATH}/{report_id}", 303)


def _fetched(
    site: Site, user: StaffUser, report: Report, file: bytes, *, kind: str, media_type: str
) -> Response:
    """The file, once it is written down that it was fetched."""
    with site.database.write() as session:
        reports.note_export(session, report, kind=kind, by=user.actor, now=site.clock())
    suffix = "-noi-bo.xlsx" if kind == "xlsx-unmasked" else f".{kind}"
    name = f"bao-cao-{report.first}-{report.last}{suffix}"
    return Response(
        file, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _count(site: Site, user: StaffUser, report_id: int, period: Period) -> None:
    """In a thread of its own: what takes longer than people like to wait goes on behind a page about it."""
    work = site.report_threads.submit(_maker(site).build, _place(user), report_id, period)
    try:
        work.result(timeout=PATIENCE_S)
    except TimeoutError:
        work.add_done_callback(_tell_of_failure)


def _tell_of_failure(work: Future[None]) -> None:
    if (error := work.exception()) is not None:
        _log.error("counting a report failed", exc_info=error)


def _corrections(
    site: Site, user: StaffUser, report: Report, said: Contents | None
) -> list[report_making.Correction] | None:
    """None for a draft."""
    if report.state != "sent" or said is None:
        return None
    figures = _maker(site).count(_place(user), _period(report))
    now = report_making.contents(figures, said.words, site.phrases)
    return report_making.corrections(said, now, site.phrases)


def _contents(site: Site, report: Report) -> Contents:
    if report.figures is None:
        raise Refused(409, "reports.refused_not_counted")
    return report_making.contents_of(report, site.phrases)


def _read(site: Site, values: Mapping[str, str]) -> ReportWords:
    """What was typed, its secrets masked; number and day are looked at as they are."""
    plain = ("number", "signed_on")
    kept = {
        name: values[name] if name in plain else typed(site, values[name], limit=8_000) for name in FIELDS
    }
    try:
        return read_words(kept)
    except BadWords as error:
        raise Refused(400, "reports.refused_words") from error


def _find(session: Session, user: StaffUser, report_id: int, *, lock: bool = False) -> Report:
    report = reports.find_report(session, commune_id=user.commune_id, report_id=report_id, lock=lock)
    if report is None:
        raise Refused(404, "staff.refused_missing")
    return report


def _maker(site: Site) -> ReportMaker:
    return ReportMaker(
        site.database, site.phrases, site.library_of, site.paths, site.clock, site.masked_below
    )


def _place(user: StaffUser) -> Place:
    return Place(user.commune_id, user.commune_name, user.is_sample)


def _period(report: Report) -> Period:
    """With the name of the month or quarter, where it is one."""
    return period_of_days(report.first, report.last)


def _name(site: Site, report: Report) -> str:
    return period_words(_period(report), site.phrases)
