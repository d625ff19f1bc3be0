"""The commune's Word template: fetch it, give back a changed one, go back to ours."""

import io
from typing import Any

from fastapi import Response, UploadFile
from fastapi.responses import RedirectResponse

from knowledge.plan_file import shown_name
from records import reports
from records.models import ReportForm
from staff import report_making
from staff.access import CurrentUser, StaffUser
from staff.period import month
from staff.report_context import Context
from staff.report_docx import MAX_TEMPLATE, check_template, shipped_template
from staff.report_making import Place, ReportMaker
from staff.report_render import TemplateFault
from staff.report_words import default_words
from staff.reports import DOCX, PATH
from staff.site import CurrentSite, Site

MAX_FORM_BYTES = MAX_TEMPLATE + 64 * 1024


def show(site: CurrentSite, user: CurrentUser) -> Response:
    return _page(site, user)


def fetch(site: CurrentSite, user: CurrentUser) -> Response:
    """The file to change in Word: the commune's own, else ours."""
    with site.database.read() as session:
        own = reports.template_of(session, user.commune_id)
    return Response(
        own or shipped_template(site.phrases),
        media_type=DOCX,
        headers={"Content-Disposition": 'attachment; filename="mau-bao-cao.docx"'},
    )


def put(site: CurrentSite, user: CurrentUser, file: UploadFile | None = None) -> Response:
    """Takes a changed template when a report of today can be made with it; else says what is wrong."""
    if file is None or not file.filename:
        return _page(site, user, 400, fault=TemplateFault("empty", ""))
    name = shown_name(file.filename)
    try:
        template = check_template(name, io.BytesIO(file.file.read(MAX_TEMPLATE + 1)), _example(site, user))
    except TemplateFault as fault:
        return _page(site, user, 400, fault=fault)
    _keep(site, user, template, name)
    return RedirectResponse(f"{PATH}/mau", 303)


def reset(site: CurrentSite, user: CurrentUser) -> Response:
    _keep(site, user, None, None)
    return RedirectResponse(f"{PATH}/mau", 303)


def _keep(site: Site, user: StaffUser, template: bytes | None, name: str | None) -> None:
    with site.database.write() as session:
        reports.keep_template(
            session,
            commune_id=user.commune_id,
            template=template,
            name=name,
            by=user.actor,
            now=site.clock(),
        )


def _page(
    site: Site, user: StaffUser, status: int = 200, /, *, fault: TemplateFault | None = None
) -> Response:
    with site.database.read() as session:
        form: Any = session.get(ReportForm, user.commune_id)
    return site.page(
        "report_template.html",
        status,
        user=user,
        form=form,
        fault=fault,
        tags=sorted(_example(site, user)),
    )


def _example(site: Site, user: StaffUser) -> Context:
    """What a report of this month would say."""
    maker = ReportMaker(
        site.database, site.phrases, site.library_of, site.paths, site.clock, site.masked_below
    )
    today = site.today()
    place = Place(user.commune_id, user.commune_name, user.is_sample)
    figures = maker.count(place, month(today.year, today.month))
    words = default_words(place.name, site.phrases)
    return report_making.contents(figures, words, site.phrases).context
