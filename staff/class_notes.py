"""Classes, visits and help in person as volunteers and staff noted them: see, correct, add, take out."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Path, Query, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from records import class_edits
from records.class_edits import Counts
from records.classes import KINDS, save_note
from records.hamlets import list_hamlets
from records.ids import new_id
from records.models import Hamlet
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.fields import typed, typed_count, typed_day
from staff.period import ChosenPeriod, month_choices, quarter_choices
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/buoi-hoc"
PARTS = ("women", "over_60", "disabled", "minority")
MAX_NOTE, MAX_PEOPLE = 500, 5_000

NoteId = Annotated[int, Path(ge=1, lt=2**63)]
Guides = Annotated[list[str], Form(default_factory=list)]


@dataclass(frozen=True, slots=True)
class _Said:
    """What the form of a class says, checked."""

    kind: str
    hamlet_id: int | None
    day: dt.date
    guides: list[str]
    counts: Counts
    text: str | None


def show(
    site: CurrentSite,
    user: CurrentUser,
    period: ChosenPeriod,
    xom: Annotated[str, Query(pattern=r"^[0-9]{0,19}$")] = "",
) -> Response:
    """`xom` is the id of a hamlet, or empty for all."""
    today, hamlet_id = site.today(), int(xom or 0) or None
    if hamlet_id is not None and hamlet_id >= 2**63:
        raise Refused(400, "staff.refused_request")
    with site.database.read() as session:
        hamlets = list_hamlets(session, commune_id=user.commune_id)
        listed = class_edits.list_notes(
            session, commune_id=user.commune_id, first=period.first, last=period.last, hamlet_id=hamlet_id
        )
        session.expunge_all()
    counted = [each.note for each in listed if not each.note.is_void]
    return site.page(
        "class_notes.html",
        user=user,
        period=period,
        months=month_choices(today),
        quarters=quarter_choices(today),
        hamlets=hamlets,
        chosen=hamlet_id,
        listed=listed,
        is_cut=len(listed) == class_edits.MAX_LISTED,
        total=sum(each.total for each in counted),
        count=len(counted),
        titles=_titles(site, user),
    )


def show_form(site: CurrentSite, user: CurrentUser) -> Response:
    with site.database.read() as session:
        hamlets = _open_hamlets(session, user, None)
        session.expunge_all()
    return _form_page(site, user, None, hamlets, once=new_id())


def add(
    site: CurrentSite,
    user: CurrentUser,
    guides: Guides,
    once: Annotated[int, Form(ge=1, lt=2**63)],
    kind: FormText = "",
    hamlet: FormText = "",
    day: FormText = "",
    total: FormText = "",
    women: FormText = "",
    over_60: FormText = "",
    disabled: FormText = "",
    minority: FormText = "",
    noted: FormText = "",
) -> Response:
    """`once` came with the form: sent twice, it is one class."""
    now = site.clock()
    counts = _counts(total, women, over_60, disabled, minority)
    with site.database.write() as session:
        said = _said(site, session, user, kind, hamlet, day, guides, counts, noted)
        is_new = save_note(
            session,
            commune_id=user.commune_id,
            inbox_id=once,
            volunteer_id=None,
            entered_by=user.actor,
            kind=said.kind,
            hamlet_id=said.hamlet_id,
            day=said.day,
            guides=said.guides,
            total=said.counts.total,
            women=said.counts.women,
            over_60=said.counts.over_60,
            disabled=said.counts.disabled,
            minority=said.counts.minority,
            note=said.text,
            now=now,
        )
        if is_new:
            _note(session, user, "class_added", 0, now, day=said.day.isoformat(), total=said.counts.total)
    return RedirectResponse(f"{PATH}?ky={said.day:%Y-%m}", 303)


def show_one(site: CurrentSite, user: CurrentUser, note_id: NoteId) -> Response:
    with site.database.read() as session:
        listed = _find(session, user, note_id)
        codes = class_edits.codes_of(session, listed.note)
        hamlets = _open_hamlets(session, user, listed.note.hamlet_id)
        session.expunge_all()
    return _form_page(site, user, listed, hamlets, codes=codes)


def change(
    site: CurrentSite,
    user: CurrentUser,
    note_id: NoteId,
    guides: Guides,
    kind: FormText = "",
    hamlet: FormText = "",
    day: FormText = "",
    total: FormText = "",
    women: FormText = "",
    over_60: FormText = "",
    disabled: FormText = "",
    minority: FormText = "",
    noted: FormText = "",
) -> Response:
    now = site.clock()
    counts = _counts(total, women, over_60, disabled, minority)
    with site.database.write() as session:
        found = _find(session, user, note_id).note
        said = _said(site, session, user, kind, hamlet, day, guides, counts, noted)
        changed = class_edits.change_note(
            session,
            found,
            kind=said.kind,
            hamlet_id=said.hamlet_id,
            day=said.day,
            guides=said.guides,
            counts=said.counts,
            text=said.text,
            by=user.actor,
            now=now,
        )
        if changed:
            detail = {field: [str(value) for value in values] for field, values in changed.items()}
            _note(session, user, "class_changed", note_id, now, changed=detail)
    return RedirectResponse(f"{PATH}/{note_id}", 303)


def take_out(site: CurrentSite, user: CurrentUser, note_id: NoteId, reason: FormText = "") -> Response:
    """It counts nowhere from now on; the list keeps it with the reason."""
    why, now = typed(site, reason, limit=MAX_NOTE), site.clock()
    if not why:
        raise Refused(400, "lists.refused_reason")
    with site.database.write() as session:
        found = _find(session, user, note_id).note
        if class_edits.take_out(session, found, reason=why, by=user.actor, now=now):
            _note(session, user, "class_taken_out", note_id, now, reason=why)
    return RedirectResponse(f"{PATH}/{note_id}", 303)


def put_back(site: CurrentSite, user: CurrentUser, note_id: NoteId) -> Response:
    now = site.clock()
    with site.database.write() as session:
        found = _find(session, user, note_id).note
        if class_edits.put_back(session, found, by=user.actor, now=now):
            _note(session, user, "class_put_back", note_id, now)
    return RedirectResponse(f"{PATH}/{note_id}", 303)


def _form_page(
    site: Site,
    user: StaffUser,
    listed: class_edits.Listed | None,
    hamlets: list[Hamlet],
    *,
    codes: class_edits.Codes | None = None,
    once: int | None = None,
) -> Response:
    return site.page(
        "class_note.html",
        user=user,
        listed=listed,
        hamlets=hamlets,
        codes=codes,
        once=once,
        kinds=KINDS,
        parts=PARTS,
        titles=_titles(site, user),
        today=site.today(),
        limits={"note": MAX_NOTE},
    )


def _said(
    site: Site,
    session: Session,
    user: StaffUser,
    kind: str,
    hamlet: str,
    day: str,
    guides: list[str],
    counts: Counts,
    text: str,
) -> _Said:
    known = {str(each.id): each.id for each in list_hamlets(session, commune_id=user.commune_id)}
    if kind not in KINDS or (hamlet and hamlet not in known) or not set(guides) <= set(_titles(site, user)):
        raise Refused(400, "staff.refused_request")
    return _Said(
        kind=kind,
        hamlet_id=known[hamlet] if hamlet else None,
        day=typed_day(day, today=site.today()),
        guides=list(dict.fromkeys(guides)),
        counts=counts,
        text=typed(site, text, limit=MAX_NOTE) or None,
    )


def _counts(total: str, women: str, over_60: str, disabled: str, minority: str) -> Counts:
    counts = Counts(
        typed_count(total) or 0,
        typed_count(women),
        typed_count(over_60),
        typed_count(disabled),
        typed_count(minority),
    )
    if not counts.is_possible or counts.total > MAX_PEOPLE:
        raise Refused(400, "lists.refused_counts")
    return counts


def _find(session: Session, user: StaffUser, note_id: int) -> class_edits.Listed:
    found = class_edits.find_note(session, commune_id=user.commune_id, note_id=note_id)
    if found is None:
        raise Refused(404, "staff.refused_missing")
    return found


def _open_hamlets(session: Session, user: StaffUser, own: int | None) -> list[Hamlet]:
    """The open ones, and the one that a class has."""
    rows = list_hamlets(session, commune_id=user.commune_id)
    return [each for each in rows if each.closed_at is None or each.id == own]


def _titles(site: Site, user: StaffUser) -> dict[str, str]:
    library = site.library_of(user.commune_id)
    return {slug: guide.front.title for slug, guide in library.guides.items()}


def _note(
    session: Session, user: StaffUser, action: str, note_id: int, now: dt.datetime, **detail: object
) -> None:
    known = {"class_note": str(note_id)} if note_id else {}
    note(session, commune_id=user.commune_id, actor=user.actor, action=action, now=now, **known, **detail)
