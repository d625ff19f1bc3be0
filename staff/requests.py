"""What people ask about their own data, on paper or by chat: write it down, answer in time, close it."""

import datetime as dt
from typing import Annotated

from fastapi import Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import outbox, requests
from records.held import held_about
from records.models import ChannelIdentity, Conversation, SubjectRequest
from records.requests import CLOSED, DAYS, OPEN, SOURCES, NotOpen
from records.vault import VaultError
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.fields import typed, typed_day
from staff.formats import VIETNAM
from staff.held import held_json, held_text
from staff.roles import Right
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/yeu-cau"
MAX_REQUESTER, MAX_ANSWER = 300, 1_000  # characters; an answer is one message on every channel

RowId = Annotated[int, Path(ge=1, lt=2**63)]


def show_form(site: CurrentSite, user: CurrentUser) -> Response:
    return site.page(
        "request_new.html",
        user=user,
        kinds=list(DAYS),
        sources=[source for source in SOURCES if source != "chat"],
        today=site.today(),
        limits={"requester": MAX_REQUESTER},
    )


def add(
    site: CurrentSite,
    user: CurrentUser,
    kind: FormText = "",
    source: FormText = "",
    received: FormText = "",
    requester: FormText = "",
    noted: FormText = "",
) -> Response:
    if kind not in DAYS or source not in SOURCES or source == "chat":
        raise Refused(400, "staff.refused_request")
    now = site.clock()
    day = typed_day(received, today=site.today())
    # By hand it is the day that counts: the clock begins with the next one.
    received_at = now if day == site.today() else dt.datetime.combine(day, dt.time(12), VIETNAM)
    who = typed(site, requester, limit=MAX_REQUESTER, keep=("phone",))
    with site.database.write() as session:
        request = requests.open_request(
            session,
            commune_id=user.commune_id,
            kind=kind,
            source=source,
            by=user.actor,
            now=received_at,
            requester_sealed=site.vault.seal(who) if who else None,
            note=typed(site, noted),
        )
        _note(session, site, user, "request_added", request)
        request_id = request.id
    return RedirectResponse(f"{PATH}/{request_id}", 303)


def show(site: CurrentSite, user: CurrentUser, request_id: RowId) -> Response:
    """Who asks is shown, so that it was looked at is written down."""
    with site.database.write() as session:
        request = _find(session, user, request_id)
        if request.requester_sealed is not None:
            _note(session, site, user, "request_viewed", request)
        can_be_told = _talk(session, request) is not None
        session.flush()
        session.expunge(request)
    return site.page(
        "request.html",
        user=user,
        request=request,
        requester=_requester(site, request),
        clock=requests.clock(request, today=site.today(), days_off=site.days_off),
        is_open=request.state in OPEN,
        can_be_told=can_be_told,
        limits={"answer": MAX_ANSWER},
    )


def act(
    site: CurrentSite,
    user: CurrentUser,
    request_id: RowId,
    what: FormText = "",
    answer: FormText = "",
) -> Response:
    """`what` is answered, extended, done or refused; who asked by chat is told `answer` there."""
    said = typed(site, answer, limit=MAX_ANSWER)
    if what not in ("answered", "extended", *CLOSED) or (what != "answered" and not said):
        raise Refused(400, "staff.refused_answer")
    now = site.clock()
    with site.database.write() as session:
        request = _find(session, user, request_id)
        try:
            if what == "answered":
                requests.answer_request(request, by=user.actor, now=now)
            elif what == "extended":
                requests.extend_request(request, reason=said, by=user.actor)
            else:
                requests.close_request(request, state=what, outcome=said, by=user.actor, now=now)
        except NotOpen as error:
            raise Refused(409, "staff.refused_closed") from error
        talk = _talk(session, request)
        if talk is not None:
            outbox.push(session, talk, {"text": _message(site, request, what, said), "choices": []}, now=now)
        _note(session, site, user, f"request_{what}", request, told=talk is not None)
    return RedirectResponse(f"{PATH}/{request_id}", 303)


def text_file(site: CurrentSite, user: CurrentUser, request_id: RowId) -> Response:
    """What is held about who asked, to hand over."""
    return _file(site, user, request_id, "txt")


def json_file(site: CurrentSite, user: CurrentUser, request_id: RowId) -> Response:
    return _file(site, user, request_id, "json")


def _file(site: Site, user: StaffUser, request_id: int, ending: str) -> Response:
    now = site.clock()
    with site.database.write() as session:
        request = _find(session, user, request_id)
        if request.learner_id is None:
            raise Refused(404, "staff.refused_missing")
        held = held_about(session, commune_id=user.commune_id, learner_id=request.learner_id)
        _note(session, site, user, "request_data_exported", request, file=ending)
        reference = request.reference
    if ending == "txt":
        text = held_text(held, site.phrases, place=user.commune_name, now=now)
        content, media_type = text.encode("utf-8-sig"), "text/plain; charset=utf-8"
    else:
        content = held_json(held, place=user.commune_name, now=now).encode()
        media_type = "application/json"
    headers = {"Content-Disposition": f'attachment; filename="yeu-cau-{reference}.{ending}"'}
    return Response(content, media_type=media_type, headers=headers)


def _find(session: Session, user: StaffUser, request_id: int) -> SubjectRequest:
    user.require(Right.personal_data)
    request = requests.find_request(session, commune_id=user.commune_id, request_id=request_id)
    if request is None:
        raise Refused(404, "staff.refused_missing")
    return request


def _talk(session: Session, request: SubjectRequest) -> Conversation | None:
    """Where who asked by chat wrote last, and can still be written to: a web chat may be over."""
    if request.learner_id is None:
        return None
    return session.scalar(
        select(Conversation)
        .join(
            ChannelIdentity,
            (ChannelIdentity.commune_id == Conversation.commune_id)
            & (ChannelIdentity.id == Conversation.identity_id),
        )
        .where(
            Conversation.commune_id == request.commune_id,
            Conversation.learner_id == request.learner_id,
            ChannelIdentity.sealed_address.is_not(None),
            ChannelIdentity.left_at.is_(None),
        )
        .order_by(Conversation.updated_at.desc())
        .limit(1)
    )


def _message(site: Site, request: SubjectRequest, what: str, said: str) -> str:
    lead = site.phrases(f"staff.tell_{what}", reference=request.reference)
    return f"{lead} {said}".strip()


def _requester(site: Site, request: SubjectRequest) -> str | None:
    if request.requester_sealed is None:
        return None
    try:
        return site.vault.open(request.requester_sealed)
    except VaultError:
        return site.phrases("staff.request_unreadable")


def _note(
    session: Session, site: Site, user: StaffUser, action: str, request: SubjectRequest, **detail: object
) -> None:
    note(
        session,
        commune_id=user.commune_id,
        actor=user.actor,
        action=action,
        now=site.clock(),
        reference=request.reference,
        kind=request.kind,
        **detail,
    )
