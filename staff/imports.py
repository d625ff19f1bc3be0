"""Bring a list in from Excel: the file to fill in, a look at every row, and then only the right ones."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from knowledge.plan_file import PlanFileError, shown_name
from knowledge.sheet_file import MAX_BYTES, MAX_ROWS, read_sheet_upload
from records import list_imports
from records.classes import save_note
from records.communes import slug_of
from records.hamlets import list_hamlets, new_hamlet
from records.models_plans import PendingImport
from staff.access import CurrentUser, StaffUser
from staff.audit_log import note
from staff.import_rows import LISTS, CheckedRow, Checker, Known, NoHead, asked, labels
from staff.import_template import example, template_file
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/nhap"
MAX_FORM_BYTES = MAX_BYTES + 2 * 1024 * 1024
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LIST_PAGES = {
    "hamlets": "/xom",
    "volunteers": "/tinh-nguyen-vien",
    "classes": "/buoi-hoc",
    "households": "/gia-dinh-so",
}

Kind = Annotated[Literal["hamlets", "volunteers", "classes", "households"], Query(alias="ds")]
ImportId = Annotated[int, Path(ge=1, lt=2**63)]


def show(site: CurrentSite, user: CurrentUser, kind: Kind = "hamlets") -> Response:
    with site.database.read() as session:
        hamlets = _open_names(session, user)
    names = labels(kind, site.phrases)
    columns = [
        {
            "name": names[column.key],
            "is_needed": column.is_needed,
            "asked": asked(column, site.phrases),
            "example": example(kind, column.key, hamlets, site.phrases, today=site.today()),
        }
        for column in LISTS[kind]
    ]
    return site.page(
        "import.html",
        user=user,
        kind=kind,
        columns=columns,
        back=LIST_PAGES[kind],
        max_mb=MAX_BYTES // 2**20,
        max_rows=MAX_ROWS,
    )


def template(site: CurrentSite, user: CurrentUser, kind: Kind = "hamlets") -> Response:
    with site.database.read() as session:
        hamlets = _open_names(session, user)
    content = template_file(kind, hamlets, site.phrases, today=site.today())
    name = f"mau-{LIST_PAGES[kind].removeprefix('/')}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=XLSX, headers=headers)


def upload(
    site: CurrentSite, user: CurrentUser, kind: Kind = "hamlets", file: UploadFile | None = None
) -> Response:
    """Reads the file in a child process with limits; nothing of it is taken in yet."""
    if file is None or not file.filename:
        raise Refused(400, "lists.refused_import_file")
    name, now = shown_name(file.filename), site.clock()
    try:
        rows = [(row.line, row.cells) for row in read_sheet_upload(name, file.file)]
        _checker(site, kind, Known()).check(rows[:1])
    except PlanFileError as error:
        raise Refused(400, f"lists.file_{error.reason}") from error
    except NoHead as error:
        raise Refused(400, "lists.file_no_head") from error
    file.file.seek(0)
    sha256 = hashlib.sha256(file.file.read()).hexdigest()
    with site.database.write() as session:
        pending = list_imports.keep(
            session,
            commune_id=user.commune_id,
            kind=kind,
            source_name=name,
            sha256=sha256,
            rows=rows,
            by=user.actor,
            now=now,
        )
        import_id = pending.id
    return RedirectResponse(f"{PATH}/{import_id}", 303)


def preview(site: CurrentSite, user: CurrentUser, import_id: ImportId) -> Response:
    with site.database.read() as session:
        pending = _find(session, user, import_id)
        checked = _check(session, site, user, pending)
        session.expunge_all()
    return site.page(
        "import_preview.html",
        user=user,
        kind=pending.kind,
        pending=pending,
        checked=checked,
        right=sum(row.is_right for row in checked),
        known=sum(row.is_known for row in checked),
        wrong=[row for row in checked if row.problems],
        columns=labels(pending.kind, site.phrases),
        back=LIST_PAGES[pending.kind],
    )


def take_in(site: CurrentSite, user: CurrentUser, import_id: ImportId) -> Response:
    """The rows are judged once more, in the unit of work that writes them; pressing twice does it once."""
    now = site.clock()
    with site.database.write() as session:
        list_imports.lock(session, commune_id=user.commune_id)
        pending = _find(session, user, import_id)
        session.refresh(pending)
        if pending.done_at is None:
            right = [row for row in _check(session, site, user, pending) if row.is_right]
            for row in right:
                _ADD[pending.kind](session, site, user, row.values)
            list_imports.settle(session, pending, added=len(right), now=now)
            note(
                session,
                commune_id=user.commune_id,
                actor=user.actor,
                action="list_imported",
                now=now,
                list=pending.kind,
                file_sha256=pending.sha256,
                added=len(right),
            )
    return RedirectResponse(f"{PATH}/{import_id}", 303)


def _check(session: Session, site: Site, user: StaffUser, pending: PendingImport) -> list[CheckedRow]:
    if not pending.rows:  # was taken in
        return []
    here = user.commune_id
    hamlets = list_hamlets(session, commune_id=here)
    known = Known(
        hamlets=[each for each in hamlets if each.closed_at is None],
        slugs=frozenset(slug for each in hamlets for slug in (each.slug, slug_of(each.name))),
        volunteers=frozenset(list_imports.known_volunteers(session, commune_id=here)),
        classes=frozenset(list_imports.known_classes(session, commune_id=here)),
        households=frozenset(list_imports.known_households(session, commune_id=here)),
    )
    return _checker(site, pending.kind, known).check([(line, cells) for line, cells in pending.rows])


def _checker(site: Site, kind: str, known: Known) -> Checker:
    return Checker(kind, known, site.phrases, today=site.today(), mask=site.mask)


def _find(session: Session, user: StaffUser, import_id: int) -> PendingImport:
    found = session.get(PendingImport, (user.commune_id, import_id))
    if found is None:
        raise Refused(404, "lists.refused_import_gone")
    return found


def _open_names(session: Session, user: StaffUser) -> list[str]:
    return [each.name for each in list_hamlets(session, commune_id=user.commune_id) if each.closed_at is None]


def _add_hamlet(session: Session, site: Site, user: StaffUser, values: Mapping[str, Any]) -> None:
    new_hamlet(session, commune_id=user.commune_id, **values)


def _add_volunteer(session: Session, site: Site, user: StaffUser, values: Mapping[str, Any]) -> None:
    list_imports.add_volunteer(session, commune_id=user.commune_id, by=user.actor, now=site.clock(), **values)


def _add_class(session: Session, site: Site, user: StaffUser, values: Mapping[str, Any]) -> None:
    save_note(
        session,
        commune_id=user.commune_id,
        inbox_id=values["key"],
        volunteer_id=None,
        entered_by=user.actor,
        kind=values["kind"],
        hamlet_id=values["hamlet"],
        day=values["day"],
        guides=(),
        total=values["total"],
        women=values["women"],
        over_60=values["over_60"],
        disabled=values["disabled"],
        minority=values["minority"],
        note=values["note"],
        now=site.clock(),
    )


def _add_household(session: Session, site: Site, user: StaffUser, values: Mapping[str, Any]) -> None:
    list_imports.add_household(
        session,
        commune_id=user.commune_id,
        code=values["code"],
        hamlet_id=values["hamlet"],
        reached_on=values["reached_on"],
        by=user.actor,
        now=site.clock(),
    )


_ADD = {
    "hamlets": _add_hamlet,
    "volunteers": _add_volunteer,
    "classes": _add_class,
    "households": _add_household,
}
