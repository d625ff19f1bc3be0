"""The keys of the commune's portal: make, list, revoke. A token is shown once and never again."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from records.api_keys import EMBED, ORIGIN, SCOPES, add_key, calls_since, is_live, list_keys
from records.models import ApiKey
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.fields import typed
from staff.roles import Right
from staff.route import Refused
from staff.site import PREFIX, CurrentSite

PATH = f"{PREFIX}/khoa-api"
MAX_NAME, MAX_ORIGINS = 80, 10
DAYS = (90, 365)  # that a key can be made for
COUNTED = dt.timedelta(days=30)

KeyId = Annotated[int, Path(ge=1, lt=2**63)]
Scopes = Annotated[list[str], Form(default_factory=list)]


@dataclass(frozen=True, slots=True)
class Listed:
    key: ApiKey
    is_live: bool
    calls: int  # in the last thirty days


def show(site: CurrentSite, user: CurrentUser) -> Response:
    user.require(Right.manage_keys)
    now = site.clock()
    with site.database.read() as session:
        calls = calls_since(session, commune_id=user.commune_id, first=site.today() - COUNTED)
        listed = [
            Listed(
                key,
                is_live(key, now=now),
                sum(count for (key_id, _), count in calls.items() if key_id == key.id),
            )
            for key in list_keys(session, commune_id=user.commune_id)
        ]
    return site.page(
        "keys.html",
        user=user,
        listed=listed,
        scopes=SCOPES,
        days=DAYS,
        limits={"name": MAX_NAME, "origins": MAX_ORIGINS},
    )


def add(
    site: CurrentSite,
    user: CurrentUser,
    scopes: Scopes,
    name: FormText = "",
    origins: FormText = "",
    days: FormText = "",
) -> Response:
    user.require(Right.manage_keys)
    shown = typed(site, name, limit=MAX_NAME)
    if not shown or not scopes or not set(scopes) <= set(SCOPES) or days not in map(str, DAYS):
        raise Refused(400, "access.refused_key")
    places = _origins(origins)
    if EMBED in scopes and not places:
        raise Refused(400, "access.refused_origin")
    now = site.clock()
    with site.database.write() as session:
        key, token = add_key(
            session,
            commune_id=user.commune_id,
            name=shown,
            scopes=scopes,
            origins=places,
            by=user.actor,
            now=now,
            expires_at=now + dt.timedelta(days=int(days)),
        )
        _note(session, user, "api_key_made", key, now, scopes=key.scopes, origins=key.origins)
        return site.page("key_made.html", user=user, key=key, token=token)


def revoke(site: CurrentSite, user: CurrentUser, key_id: KeyId) -> Response:
    """From now on it opens nothing. Pressing twice changes nothing more."""
    user.require(Right.manage_keys)
    now = site.clock()
    with site.database.write() as session:
        key = session.get(ApiKey, (user.commune_id, key_id), with_for_update=True)
        if key is None:
            raise Refused(404, "staff.refused_missing")
        if key.revoked_at is None:
            key.revoked_at = now
            _note(session, user, "api_key_revoked", key, now)
    return RedirectResponse(PATH, 303)


def _origins(text: str) -> list[str]:
    """Addresses of web sites, one a line or with blanks between; raises `Refused`."""
    places = [place.rstrip("/").lower() for place in text.split()]
    if len(places) > MAX_ORIGINS or not all(ORIGIN.fullmatch(place) for place in places):
        raise Refused(400, "access.refused_origin")
    return places


def _note(
    session: Session, user: StaffUser, action: str, key: ApiKey, now: dt.datetime, **detail: object
) -> None:
    note(
        session,
        commune_id=user.commune_id,
        actor=user.actor,
        action=action,
        now=now,
        key=str(key.id),
        name=key.name,
        **detail,
    )
