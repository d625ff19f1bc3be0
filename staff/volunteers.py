"""The volunteers of the commune: invite with a one-time code, their hamlets, who is on duty, switch off.

A code is shown once, in the answer to the form that made it; only its hash is kept.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import handoffs, volunteers
from records.community import Volunteer
from records.handoff_figures import load_by_volunteer
from records.models import Hamlet, Handoff
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.fields import typed
from staff.roles import Right
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/tinh-nguyen-vien"
MAX_NAME = 60  # characters: it stands in sentences to residents

VolunteerId = Annotated[int, Path(ge=1, lt=2**63)]
Slugs = Annotated[list[str], Form(default_factory=list)]  # checked against those of the commune


@dataclass(frozen=True, slots=True)
class Listed:
    volunteer: Volunteer
    hamlets: str  # names; "" for the whole commune
    state: str  # on_duty, off_duty, invited, expired, off
    holding: int  # calls they have now


def show(site: CurrentSite, user: CurrentUser) -> Response:
    now = site.clock()
    with site.database.read() as session:
        hamlets = _hamlets(session, user)
        loads = load_by_volunteer(session, commune_id=user.commune_id, start=now, end=now)
        holding = {load.volunteer_id: load.holding for load in loads}
        listed = [
            _listed(volunteer, hamlets, holding.get(volunteer.id, 0), now)
            for volunteer in volunteers.list_volunteers(session, commune_id=user.commune_id)
        ]
    return site.page("volunteers.html", user=user, listed=listed, hamlets=hamlets, max_name=MAX_NAME)


def invite(site: CurrentSite, user: CurrentUser, hamlets: Slugs, name: FormText = "") -> Response:
    shown = typed(site, name, limit=MAX_NAME)
    if not shown:
        raise Refused(400, "help_desk.refused_name")
    now = site.clock()
    with site.database.write() as session:
        known = _checked(hamlets, _hamlets(session, user))
        volunteer, code = volunteers.invite(
            session, commune_id=user.commune_id, name=shown, hamlets=known, by=user.actor, now=now
        )
        _note(session, user, "volunteer_invited", volunteer, now, hamlets=known)
        return _code_page(site, user, volunteer, code)


def show_one(site: CurrentSite, user: CurrentUser, volunteer_id: VolunteerId) -> Response:
    now = site.clock()
    with site.database.read() as session:
        volunteer = _find(session, user, volunteer_id, is_changed=False)
        hamlets = _hamlets(session, user)
        held = handoffs.of_volunteer(session, commune_id=user.commune_id, volunteer_id=volunteer_id)
        listed = _listed(volunteer, hamlets, len(held), now)
    return site.page("volunteer.html", user=user, one=listed, hamlets=hamlets)


def set_hamlets(site: CurrentSite, user: CurrentUser, volunteer_id: VolunteerId, hamlets: Slugs) -> Response:
    with site.database.write() as session:
        volunteer = _find(session, user, volunteer_id)
        known = _checked(hamlets, _hamlets(session, user))
        volunteers.set_hamlets(session, volunteer, known)
        _note(session, user, "volunteer_hamlets", volunteer, site.clock(), hamlets=known)
    return RedirectResponse(f"{PATH}/{volunteer_id}", 303)


def switch(site: CurrentSite, user: CurrentUser, volunteer_id: VolunteerId, what: FormText = "") -> Response:
    """On or off duty; switched off or on again. Doing it twice changes nothing more."""
    now = site.clock()
    with site.database.write() as session:
        volunteer = _find(session, user, volunteer_id)
        match what:
            case "on_duty" | "off_duty":
                volunteers.set_duty(session, volunteer, what == "on_duty")
            case "on":
                volunteers.set_active(session, volunteer, True)
            case "off":
                _switch_off(session, site, user, volunteer, now)
            case _:
                raise Refused(400, "staff.refused_request")
        _note(session, user, f"volunteer_{what}", volunteer, now)
    return RedirectResponse(f"{PATH}/{volunteer_id}", 303)


def renew_code(site: CurrentSite, user: CurrentUser, volunteer_id: VolunteerId) -> Response:
    """Another code, for who lost theirs or changed phones."""
    now = site.clock()
    with site.database.write() as session:
        volunteer = _find(session, user, volunteer_id)
        if not volunteer.is_active:
            raise Refused(409, "help_desk.refused_switched_off")
        code = volunteers.renew_code(session, volunteer, now=now)
        _note(session, user, "volunteer_code", volunteer, now)
        return _code_page(site, user, volunteer, code)


def _switch_off(
    session: Session, site: Site, user: StaffUser, volunteer: Volunteer, now: dt.datetime
) -> None:
    """What they had waits for the others."""
    volunteers.set_active(session, volunteer, False)
    released = handoffs.release_all(
        session, commune_id=user.commune_id, volunteer_id=volunteer.id, actor=user.actor, now=now
    )
    if site.help_line is not None:
        for handoff_id in released:
            handoff = session.get_one(Handoff, (user.commune_id, handoff_id))
            site.help_line.released(session, handoff, volunteer)


def _code_page(site: Site, user: StaffUser, volunteer: Volunteer, code: str) -> Response:
    return site.page(
        "volunteer_code.html", user=user, volunteer=volunteer, code=code, until=volunteer.code_expires_at
    )


def _find(session: Session, user: StaffUser, volunteer_id: int, *, is_changed: bool = True) -> Volunteer:
    user.require(Right.edit_lists)
    volunteer = session.get(Volunteer, (user.commune_id, volunteer_id), with_for_update=is_changed)
    if volunteer is None:
        raise Refused(404, "staff.refused_missing")
    return volunteer


def _hamlets(session: Session, user: StaffUser) -> dict[str, str]:
    """slug → name, in the commune's order."""
    rows = session.scalars(
        select(Hamlet).where(Hamlet.commune_id == user.commune_id).order_by(Hamlet.position, Hamlet.id)
    )
    return {hamlet.slug: hamlet.name for hamlet in rows}


def _checked(slugs: Sequence[str], hamlets: dict[str, str]) -> list[str]:
    """In the commune's order; all of them is the same as none: the whole commune."""
    if not set(slugs) <= set(hamlets):
        raise Refused(400, "staff.refused_request")
    chosen = [slug for slug in hamlets if slug in slugs]
    return [] if len(chosen) == len(hamlets) else chosen


def _listed(volunteer: Volunteer, hamlets: dict[str, str], holding: int, now: dt.datetime) -> Listed:
    names = ", ".join(hamlets.get(slug, slug) for slug in volunteer.hamlets)
    return Listed(volunteer, names, _state(volunteer, now), holding)


def _state(volunteer: Volunteer, now: dt.datetime) -> str:
    if not volunteer.is_active:
        return "off"
    if volunteer.conversation_id is not None:
        return "on_duty" if volunteer.is_on_duty else "off_duty"
    is_open = volunteer.code_expires_at is not None and volunteer.code_expires_at > now
    return "invited" if is_open else "expired"


def _note(
    session: Session, user: StaffUser, action: str, volunteer: Volunteer, now: dt.datetime, **detail: object
) -> None:
    # By number, not by name: the audit log is kept longer than the volunteer may want to be.
    note(
        session,
        commune_id=user.commune_id,
        actor=user.actor,
        action=action,
        now=now,
        volunteer=str(volunteer.id),
        **detail,
    )
