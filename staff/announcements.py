"""Announcements: written, tried out, approved by another person, followed, paused and stopped.

What is sent to whom is `records.announcements`; the words as they arrive come from `Site.announcer`.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Form, Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.announcement_rules import problems
from records import announcements
from records.announcements import ALONE, EDITABLE, Audience, Estimate, Outlet, Progress, Words
from records.community import Volunteer
from records.models import Announcement, Hamlet
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.fields import typed
from staff.formats import VIETNAM, local
from staff.roles import Right
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/thong-bao"
MAX_TEXT = 900  # characters: with what stands around it, one message on every channel
MAX_LINK = 300

AnnouncementId = Annotated[int, Path(ge=1, lt=2**63)]
Chosen = Annotated[list[str], Form(default_factory=list)]  # checked against what there is


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form, as it was typed."""

    text: str = ""
    guide: str = ""
    link: str = ""
    hamlets: Sequence[str] = ()
    groups: Sequence[str] = ()
    channels: Sequence[str] = ()
    day: str = ""
    time: str = ""
    at_any_hour: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from: value → name."""

    hamlets: dict[str, str]
    groups: dict[str, str]
    channels: dict[str, str]
    guides: dict[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """An announcement with all that its page shows."""

    row: Announcement
    state: str
    estimate: Estimate | None  # None: it is over
    progress: Progress
    outlets: Sequence[Outlet]
    team: dict[int, str] = field(default_factory=dict)  # volunteers who are in a chat

    @property
    def is_editable(self) -> bool:
        return self.row.state in EDITABLE


def show(site: CurrentSite, user: CurrentUser) -> Response:
    with site.database.read() as session:
        user.require(Right.send_announcements)
        rows = announcements.listed(session, commune_id=user.commune_id)
        now = site.clock()
        listed = [(row, _state(row, now), announcements.progress(session, row)) for row in rows]
    return site.page("announcements.html", user=user, listed=listed)


def show_form(site: CurrentSite, user: CurrentUser) -> Response:
    with site.database.read() as session:
        choices = _choices(session, site, user)
    return _form(site, user, Draft(channels=list(choices.channels)), choices)


def add(
    site: CurrentSite,
    user: CurrentUser,
    hamlets: Chosen,
    groups: Chosen,
    channels: Chosen,
    text: FormText = "",
    guide: FormText = "",
    link: FormText = "",
    day: FormText = "",
    time: FormText = "",
    any_hour: FormText = "",
) -> Response:
    draft = Draft(text, guide, link, hamlets, groups, channels, day, time, bool(any_hour))
    return _save(site, user, draft, None)


def show_one(
    site: CurrentSite, user: CurrentUser, announcement_id: AnnouncementId, thu: str = ""
) -> Response:
    with site.database.read() as session:
        seen = _seen(session, site, user, announcement_id)
        choices = _choices(session, site, user)
    row = seen.row
    words = Words(row.text, row.guide, row.link)
    previews = {
        channel: site.announcer.preview(user.commune_id, words, channel)
        for channel in row.channels
        if site.announcer is not None and channel in choices.channels
    }
    return site.page(
        "announcement.html",
        user=user,
        seen=seen,
        row=row,
        previews=previews,
        choices=choices,
        alone=ALONE,
        is_tried=bool(thu),
        title=_title(site, user, row),
    )


def show_edit(site: CurrentSite, user: CurrentUser, announcement_id: AnnouncementId) -> Response:
    with site.database.read() as session:
        row = _find(session, user, announcement_id)
        choices = _choices(session, site, user)
    if row.state not in EDITABLE:
        raise Refused(409, "announcements.refused_sent")
    starts = local(row.starts_at) if row.starts_at else None
    draft = Draft(
        row.text,
        row.guide or "",
        row.link or "",
        row.hamlets,
        row.groups,
        row.channels,
        f"{starts:%d/%m/%Y}" if starts else "",
        f"{starts:%H:%M}" if starts else "",
        row.at_any_hour,
    )
    return _form(site, user, draft, choices, announcement_id=row.id)


def edit(
    site: CurrentSite,
    user: CurrentUser,
    announcement_id: AnnouncementId,
    hamlets: Chosen,
    groups: Chosen,
    channels: Chosen,
    text: FormText = "",
    guide: FormText = "",
    link: FormText = "",
    day: FormText = "",
    time: FormText = "",
    any_hour: FormText = "",
) -> Response:
    draft = Draft(text, guide, link, hamlets, groups, channels, day, time, bool(any_hour))
    return _save(site, user, draft, announcement_id)


def act(
    site: CurrentSite,
    user: CurrentUser,
    announcement_id: AnnouncementId,
    what: FormText = "",
    edition: FormText = "",
) -> Response:
    """Ask for approval, approve, pause, go on, stop."""
    now = site.clock()
    with site.database.write() as session:
        row = _find(session, user, announcement_id, is_changed=True)
        detail: dict[str, object] = {}
        match what:
            case "ask":
                is_done = announcements.ask(row)
            case "approve":
                detail["people"] = _approve(session, site, user, row, edition, now)
                is_done = True
            case "pause":
                is_done = announcements.pause(session, row)
            case "go_on":
                is_done = announcements.go_on(row)
            case "stop":
                is_done = announcements.stop(session, row, now=now)
            case _:
                raise Refused(400, "staff.refused_request")
        if is_done:
            _note(session, user, f"announcement_{what}", row, now, **detail)
    return RedirectResponse(f"{PATH}/{announcement_id}", 303)


def try_out(
    site: CurrentSite, user: CurrentUser, announcement_id: AnnouncementId, volunteer: FormText = ""
) -> Response:
    """Send it to one of the team, as everybody would get it."""
    with site.database.write() as session:
        row = _find(session, user, announcement_id)
        one = session.get(Volunteer, (user.commune_id, int(volunteer))) if volunteer.isdecimal() else None
        if one is None or not one.is_active:
            raise Refused(400, "staff.refused_request")
        words = Words(row.text, row.guide, row.link)
        if site.announcer is None or not site.announcer.try_out(session, user.commune_id, words, one):
            raise Refused(409, "announcements.refused_test")
        _note(session, user, "announcement_tested", row, site.clock(), volunteer=str(one.id))
    return RedirectResponse(f"{PATH}/{announcement_id}?thu=1", 303)


def _approve(
    session: Session, site: Site, user: StaffUser, row: Announcement, edition: str, now: dt.datetime
) -> int:
    """Returns how many would get it now; raises `Refused`."""
    found = announcements.estimate(
        session,
        commune_id=user.commune_id,
        audience=_audience(row),
        outlets=_outlets(site, user),
        now=now,
    )
    refused = announcements.approve(
        row,
        edition=int(edition) if edition.isdecimal() else 0,
        people=found.total,
        by=user.actor,
        now=now,
    )
    if refused == "alone":
        raise Refused(409, "announcements.refused_alone")
    if refused:
        raise Refused(409, "announcements.refused_changed")
    return found.total


def _save(site: Site, user: StaffUser, draft: Draft, announcement_id: int | None) -> Response:
    now = site.clock()
    with site.database.read() as session:
        choices = _choices(session, site, user)
    text = typed(site, draft.text, limit=MAX_TEXT)
    link = draft.link.strip()[:MAX_LINK] or None
    errors = _errors(site, draft, choices, text, link)
    starts_at = _starts(draft, now, errors)
    if errors:
        return _form(site, user, draft, choices, announcement_id=announcement_id, errors=errors)
    values = {
        "words": Words(text, draft.guide or None, link),
        "audience": Audience(list(draft.hamlets), list(draft.groups), list(draft.channels)),
        "starts_at": starts_at,
        "at_any_hour": draft.at_any_hour,
        "by": user.actor,
    }
    with site.database.write() as session:
        if announcement_id is None:
            row = announcements.add(session, commune_id=user.commune_id, now=now, **values)  # type: ignore[arg-type]
            _note(session, user, "announcement_written", row, now)
        else:
            row = _find(session, user, announcement_id, is_changed=True)
            if not announcements.change(row, **values):  # type: ignore[arg-type]
                raise Refused(409, "announcements.refused_sent")
            _note(session, user, "announcement_changed", row, now)
        return RedirectResponse(f"{PATH}/{row.id}", 303)


def _state(row: Announcement, now: dt.datetime) -> str:
    """As staff see it: what is approved may still wait for its time."""
    is_ahead = row.state == "approved" and row.starts_at is not None and row.starts_at > now
    return "scheduled" if is_ahead else row.state


def _errors(site: Site, draft: Draft, choices: Choices, text: str, link: str | None) -> list[str]:
    """Keys of what must be mended before it is kept."""
    for chosen, known in (
        (draft.hamlets, choices.hamlets),
        (draft.groups, choices.groups),
        (draft.channels, choices.channels),
    ):
        if not set(chosen) <= set(known):
            raise Refused(400, "staff.refused_request")
    errors = []
    if not text:
        errors.append("error_empty")
    if len(draft.text.strip()) > MAX_TEXT:
        errors.append("error_long")
    if not draft.channels:
        errors.append("error_channels")
    if draft.guide and draft.guide not in choices.guides:
        errors.append("error_guide")
    errors += [f"error_{name}" for name in problems(text, link)]
    if not errors and site.announcer is not None and site.announcer.looks_like_scam(text):
        errors.append("error_scam")
    return errors


def _starts(draft: Draft, now: dt.datetime, errors: list[str]) -> dt.datetime | None:
    """When it is to begin; None: as soon as it is approved. Adds to `errors`."""
    if not draft.day.strip() and not draft.time.strip():
        return None
    day = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", draft.day.strip(), re.ASCII)
    time = re.fullmatch(r"(\d{1,2})[:hg](\d{2})", draft.time.strip(), re.ASCII)
    try:
        if day is None or time is None:
            raise ValueError
        starts = dt.datetime(
            int(day[3]), int(day[2]), int(day[1]), int(time[1]), int(time[2]), tzinfo=VIETNAM
        )
        if not now < starts < now + dt.timedelta(days=365):
            raise ValueError
    except ValueError:
        errors.append("error_when")
        return None
    return starts.astimezone(dt.UTC)


def _form(
    site: Site,
    user: StaffUser,
    draft: Draft,
    choices: Choices,
    *,
    announcement_id: int | None = None,
    errors: Sequence[str] = (),
) -> Response:
    return site.page(
        "announcement_form.html",
        400 if errors else 200,
        user=user,
        draft=draft,
        choices=choices,
        announcement_id=announcement_id,
        errors=errors,
        max_text=MAX_TEXT,
        max_link=MAX_LINK,
        alone=ALONE,
    )


def _find(
    session: Session, user: StaffUser, announcement_id: int, *, is_changed: bool = False
) -> Announcement:
    user.require(Right.send_announcements)
    row = announcements.find(
        session, commune_id=user.commune_id, announcement_id=announcement_id, for_update=is_changed
    )
    if row is None:
        raise Refused(404, "staff.refused_missing")
    return row


def _seen(session: Session, site: Site, user: StaffUser, announcement_id: int) -> Seen:
    row = _find(session, user, announcement_id)
    outlets = _outlets(site, user)
    is_over = row.ended_at is not None
    found = announcements.estimate(
        session,
        commune_id=user.commune_id,
        audience=_audience(row),
        outlets=outlets,
        now=site.clock(),
    )
    team = session.scalars(
        select(Volunteer)
        .where(
            Volunteer.commune_id == user.commune_id,
            Volunteer.is_active,
            Volunteer.conversation_id.is_not(None),
        )
        .order_by(Volunteer.name, Volunteer.id)
    )
    return Seen(
        row,
        _state(row, site.clock()),
        None if is_over else found,
        announcements.progress(session, row),
        outlets,
        {one.id: one.name for one in team},
    )


def _choices(session: Session, site: Site, user: StaffUser) -> Choices:
    user.require(Right.send_announcements)
    hamlets = session.scalars(
        select(Hamlet)
        .where(Hamlet.commune_id == user.commune_id, Hamlet.closed_at.is_(None))
        .order_by(Hamlet.position, Hamlet.id)
    )
    guides = site.library_of(user.commune_id).answerable(site.today())
    return Choices(
        hamlets={hamlet.slug: hamlet.name for hamlet in hamlets},
        groups={path.slug: path.name for path in site.paths.by_slug.values()},
        channels={outlet.channel: channel_name(site, outlet.channel) for outlet in _outlets(site, user)},
        guides={slug: guide.title for slug, guide in sorted(guides.items(), key=lambda pair: pair[1].title)},
    )


def channel_name(site: Site, channel: str) -> str:
    key = f"announcements.channel_{channel.replace('-', '_')}"
    return site.phrases(key) if key in site.phrases else channel


def _title(site: Site, user: StaffUser, row: Announcement) -> str | None:
    """Of the guide it opens; None when there is none, or none any more."""
    guide = site.library_of(user.commune_id).guides.get(row.guide) if row.guide else None
    return guide.title if guide else None


def _outlets(site: Site, user: StaffUser) -> Sequence[Outlet]:
    return site.announcer.outlets(user.commune_id) if site.announcer is not None else ()


def _audience(row: Announcement) -> Audience:
    return Audience(row.hamlets, row.groups, row.channels)


def _note(
    session: Session, user: StaffUser, action: str, row: Announcement, now: dt.datetime, **detail: object
) -> None:
    note(
        session,
        commune_id=user.commune_id,
        actor=user.actor,
        action=action,
        now=now,
        announcement=str(row.id),
        edition=row.edition,
        **detail,
    )
