"""The log of breaches: what happened, what is done about it, and the notice within 72 hours."""

import datetime as dt
from typing import Annotated

from fastapi import Depends, Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from records.breaches import MARKS, TEXTS, add_breach, find_breach, is_late, notice_due
from records.models import Breach
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.fields import typed, typed_count, typed_moment
from staff.formats import local
from staff.roles import Right
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/su-co"

RowId = Annotated[int, Path(ge=1, lt=2**63)]


def _texts(
    site: CurrentSite,
    happened: FormText = "",
    what: FormText = "",
    whose: FormText = "",
    data_kinds: FormText = "",
    harm: FormText = "",
    measures: FormText = "",
    told: FormText = "",
) -> dict[str, str]:
    given = (happened, what, whose, data_kinds, harm, measures, told)
    return {name: typed(site, text) for name, text in zip(TEXTS, given, strict=True)}


Texts = Annotated[dict[str, str], Depends(_texts)]


def show_form(site: CurrentSite, user: CurrentUser) -> Response:
    found_at = local(site.clock())
    return site.page("breach_new.html", user=user, found_at=found_at, texts=TEXTS, breach=None)


def add(
    site: CurrentSite,
    user: CurrentUser,
    texts: Texts,
    day: FormText = "",
    time: FormText = "",
    people: FormText = "",
) -> Response:
    now = site.clock()
    if not texts["what"]:
        raise Refused(400, "staff.refused_request")
    with site.database.write() as session:
        breach = add_breach(
            session,
            commune_id=user.commune_id,
            found_at=typed_moment(day, time, now=now),
            people=typed_count(people),
            texts=texts,
            by=user.actor,
            now=now,
        )
        _note(session, user, "breach_added", breach, now)
        breach_id = breach.id
    return RedirectResponse(f"{PATH}/{breach_id}", 303)


def show(site: CurrentSite, user: CurrentUser, breach_id: RowId) -> Response:
    return _page("breach.html", site, user, breach_id)


def show_notice(site: CurrentSite, user: CurrentUser, breach_id: RowId) -> Response:
    """What the authority's form asks for, to print and to copy from."""
    return _page("breach_notice.html", site, user, breach_id)


def change(
    site: CurrentSite, user: CurrentUser, breach_id: RowId, texts: Texts, people: FormText = ""
) -> Response:
    now = site.clock()
    with site.database.write() as session:
        breach = _find(session, user, breach_id, lock=True)
        if breach.closed_at is not None:
            raise Refused(409, "staff.refused_closed")
        for name, text in texts.items():
            setattr(breach, name, text)
        breach.people, breach.updated_at = typed_count(people), now
        _note(session, user, "breach_changed", breach, now)
    return RedirectResponse(f"{PATH}/{breach_id}", 303)


def mark(site: CurrentSite, user: CurrentUser, breach_id: RowId, done: FormText = "") -> Response:
    """Note the moment something was done; once noted it stays."""
    if done not in MARKS:
        raise Refused(400, "staff.refused_request")
    now = site.clock()
    with site.database.write() as session:
        breach = _find(session, user, breach_id, lock=True)
        if getattr(breach, done) is None:
            setattr(breach, done, now)
            _note(session, user, f"breach_{done.removesuffix('_at')}", breach, now)
    return RedirectResponse(f"{PATH}/{breach_id}", 303)


def _page(template: str, site: Site, user: StaffUser, breach_id: int) -> Response:
    with site.database.read() as session:
        breach = _find(session, user, breach_id)
    return site.page(
        template,
        user=user,
        breach=breach,
        notice_due=notice_due(breach),
        is_late=is_late(breach, now=site.clock()),
        texts=TEXTS,
        marks=MARKS,
        printed_at=site.clock(),
    )


def _find(session: Session, user: StaffUser, breach_id: int, *, lock: bool = False) -> Breach:
    user.require(Right.personal_data)
    breach = find_breach(session, commune_id=user.commune_id, breach_id=breach_id, lock=lock)
    if breach is None:
        raise Refused(404, "staff.refused_missing")
    return breach


def _note(session: Session, user: StaffUser, action: str, breach: Breach, now: dt.datetime) -> None:
    note(
        session,
        commune_id=user.commune_id,
        actor=user.actor,
        action=action,
        now=now,
        breach=str(breach.id),
    )
