"""Calls for a person: who waits, who has them, what happened to each, and how quickly people answer."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.library import Library
from records import handoffs, volunteers
from records.community import HandoffEvent, Volunteer
from records.handoff_figures import count_by_state, first_reply, load_by_volunteer
from records.handoff_watch import marked_for_staff
from records.models import Hamlet, Handoff
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.figures import title_of
from staff.period import ChosenPeriod, month_choices, quarter_choices
from staff.roles import Right
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/dang-cho"

HandoffId = Annotated[int, Path(ge=1, lt=2**63)]


@dataclass(frozen=True, slots=True)
class Call:
    handoff: Handoff
    waited: dt.timedelta  # until now, or until it was closed
    hamlet: str | None
    title: str | None  # of the guide they were at
    who: str | None  # the volunteer who has it
    is_for_staff: bool  # no volunteer took it in time


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of what happened to a call, in words."""

    at: dt.datetime
    what: str
    who: str
    more: str


def show(site: CurrentSite, user: CurrentUser, period: ChosenPeriod) -> Response:
    commune_id, now, today = user.commune_id, site.clock(), site.today()
    days = {"start": period.start, "end": period.end}
    with site.database.read() as session:
        waiting = handoffs.open_list(session, commune_id=commune_id)
        calls = _calls(session, user, waiting, site.library_of(commune_id), now)
        states = count_by_state(session, commune_id=commune_id)
        replies = first_reply(session, commune_id=commune_id, **days)
        loads = load_by_volunteer(session, commune_id=commune_id, **days)
    return site.page(
        "waiting.html",
        user=user,
        period=period,
        months=month_choices(today),
        quarters=quarter_choices(today),
        calls=calls,
        free=states.get("open", 0),
        helped=sum(states.get(state, 0) for state in handoffs.HAD),
        replies=replies,
        loads=loads,
        kept_days=site.periods.handoffs,
        calculated_at=now,
    )


def show_one(site: CurrentSite, user: CurrentUser, handoff_id: HandoffId) -> Response:
    """What somebody wrote is shown, so that it was looked at is written down."""
    commune_id = user.commune_id
    with site.database.read() as session:
        handoff = session.get(Handoff, (commune_id, handoff_id))
        if handoff is None:
            raise Refused(404, "staff.refused_missing")
        (call,) = _calls(session, user, [handoff], site.library_of(user.commune_id), site.clock())
        people = volunteers.list_volunteers(session, commune_id=commune_id)
        names = {volunteer.id: volunteer.name for volunteer in people}
        events = handoffs.events(session, commune_id=commune_id, handoff_id=handoff_id)
        free = [
            volunteer
            for volunteer in volunteers.on_duty(session, commune_id=commune_id, hamlet=None)
            if volunteer.id != handoff.volunteer_id and volunteer.conversation_id != handoff.conversation_id
        ]
    with site.database.write() as session:
        _note(session, user, "handoff_viewed", handoff, site.clock())
    return site.page(
        "call.html",
        user=user,
        call=call,
        tried=_tried(handoff, site.library_of(user.commune_id)),
        happened=[_happened(site, event, names) for event in events],
        is_open=handoff.state in handoffs.LIVE,
        reasons=handoffs.REASONS,
        free=free,
    )


def close(site: CurrentSite, user: CurrentUser, handoff_id: HandoffId, reason: FormText = "") -> Response:
    """Pressing twice, or after a colleague, changes nothing more."""
    if reason not in handoffs.REASONS:
        raise Refused(400, "staff.refused_request")
    with site.database.write() as session:
        close_call(session, site, user, handoff_id, reason)
    return RedirectResponse(f"{PATH}/{handoff_id}", 303)


def close_call(session: Session, site: Site, user: StaffUser, handoff_id: int, reason: str) -> None:
    """Raises `Refused` when the commune has no such call; one closed before stays as it is."""
    handoff = _locked(session, user, handoff_id)
    had_it = _volunteer(session, user, handoff.volunteer_id) if handoff.state in handoffs.HAD else None
    now = site.clock()
    is_closed = handoffs.close(
        session,
        commune_id=user.commune_id,
        handoff_id=handoff_id,
        reason=reason,
        actor=user.actor,
        now=now,
    )
    if not is_closed:
        return
    if site.help_line is not None:
        site.help_line.closed(session, handoff)
        if had_it is not None:
            site.help_line.taken_away(session, handoff, had_it)
    _note(session, user, "handoff_closed", handoff, now, reason=reason)


def give(
    site: CurrentSite, user: CurrentUser, handoff_id: HandoffId, volunteer_id: FormText = ""
) -> Response:
    """Staff choose who helps: the call is taken from who has it, if anybody, and is that volunteer's."""
    now = site.clock()
    key = {"commune_id": user.commune_id, "handoff_id": handoff_id}
    with site.database.write() as session:
        handoff = _locked(session, user, handoff_id)
        volunteer = _volunteer(session, user, int(volunteer_id) if volunteer_id.isdecimal() else None)
        if volunteer is None or volunteer.conversation_id is None:
            raise Refused(400, "help_desk.refused_volunteer")
        before = _volunteer(session, user, handoff.volunteer_id) if handoff.state in handoffs.HAD else None
        if before is not None and before.id != volunteer.id:
            handoffs.release(session, **key, volunteer_id=before.id, actor=user.actor, now=now)
        if before is None or before.id != volunteer.id:
            if not handoffs.take(session, **key, volunteer_id=volunteer.id, now=now):
                raise Refused(409, "help_desk.refused_volunteer")
            handoffs.note(session, handoff, "given", user.actor, {"volunteer": volunteer.id}, now)
            if site.help_line is not None:
                if before is not None:
                    site.help_line.taken_away(session, handoff, before)
                site.help_line.given(session, handoff, volunteer)
            _note(session, user, "handoff_given", handoff, now, volunteer=str(volunteer.id))
    return RedirectResponse(f"{PATH}/{handoff_id}", 303)


def _locked(session: Session, user: StaffUser, handoff_id: int) -> Handoff:
    user.require(Right.answer_calls)
    handoff = handoffs.lock(session, commune_id=user.commune_id, handoff_id=handoff_id)
    if handoff is None:
        raise Refused(404, "staff.refused_missing")
    return handoff


def _volunteer(session: Session, user: StaffUser, volunteer_id: int | None) -> Volunteer | None:
    return session.get(Volunteer, (user.commune_id, volunteer_id)) if volunteer_id else None


def _calls(
    session: Session, user: StaffUser, found: Sequence[Handoff], library: Library, now: dt.datetime
) -> list[Call]:
    user.require(Right.answer_calls)
    hamlets = {
        hamlet.id: hamlet.name
        for hamlet in session.scalars(select(Hamlet).where(Hamlet.commune_id == user.commune_id))
    }
    people = volunteers.list_volunteers(session, commune_id=user.commune_id)
    names = {volunteer.id: volunteer.name for volunteer in people}
    for_staff = marked_for_staff(session, commune_id=user.commune_id)
    return [
        Call(
            handoff,
            (handoff.closed_at or now) - handoff.created_at,
            hamlets.get(handoff.hamlet_id) if handoff.hamlet_id else None,
            title_of(handoff.guide, library),
            names.get(handoff.volunteer_id) if handoff.volunteer_id else None,
            handoff.id in for_staff,
        )
        for handoff in found
    ]


def _tried(handoff: Handoff, library: Library) -> list[str]:
    """The guides they had seen before they called, each once."""
    slugs = [each.get("guide") for each in handoff.tried if isinstance(each, dict)]
    return list(dict.fromkeys(title_of(slug, library) or slug for slug in slugs if slug))


def _happened(site: Site, event: HandoffEvent, names: dict[int, str]) -> Happened:
    is_known = f"help_desk.event_{event.kind}" in site.phrases
    what = site.phrases(f"help_desk.event_{event.kind}") if is_known else event.kind
    return Happened(event.created_at, what, _who(site, event.actor, names), _more(site, event.detail, names))


def _who(site: Site, actor: str, names: dict[int, str]) -> str:
    kind, _, name = actor.partition(":")
    if kind == "volunteer" and name.isdecimal():
        return names.get(int(name), actor)
    is_known = f"help_desk.actor_{kind}" in site.phrases
    return site.phrases(f"help_desk.actor_{kind}", name=name) if is_known else actor


def _more(site: Site, detail: dict[str, Any], names: dict[int, str]) -> str:
    """What else is known of an event: who was told, who got it, why."""
    ids = [*detail.get("volunteers", ()), *([detail["volunteer"]] if "volunteer" in detail else [])]
    words = [names.get(each, str(each)) for each in ids]
    if reason := detail.get("reason"):
        is_end = reason in handoffs.REASONS
        words.append(site.phrases(f"help_desk.closed_{reason}") if is_end else site.label("reason", reason))
    return ", ".join(words)


def _note(
    session: Session, user: StaffUser, action: str, handoff: Handoff, now: dt.datetime, **detail: object
) -> None:
    note(
        session,
        commune_id=user.commune_id,
        actor=user.actor,
        action=action,
        now=now,
        handoff=str(handoff.id),
        **detail,
    )
