"""Who is signed in, and whether a form really comes from one of our pages.

A POST must pass two checks: the browser says it comes from this site (Sec-Fetch-Site, or Origin
where that is missing), and it brings the token that our page put into the form. The cookies are
SameSite=Strict besides.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Request, Response
from fastapi.responses import HTMLResponse

from records.models import Commune
from records.staff_accounts import live_session, note_seen
from staff.route import Refused, SignInNeeded
from staff.site import PREFIX, CurrentSite, Site

SESSION_COOKIE = "hvs_staff"
FORM_COOKIE = "hvs_staff_form"  # of the forms before the sign-in
SEEN_EVERY = dt.timedelta(minutes=1)  # a login's last use is written no more often than this

FormText = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class StaffUser:
    """The signed-in person. Every query of a page takes its `commune_id` from here."""

    commune_id: int
    commune_name: str
    is_sample: bool  # the commune is an example, its figures too
    account_id: int
    username: str
    display_name: str
    role: str
    form_token: str  # goes into each form of theirs

    @property
    def actor(self) -> str:
        return actor(self.username)


def actor(username: str) -> str:
    """How the audit log names a member of staff."""
    return f"staff:{username}"


def find_user(request: Request, site: CurrentSite) -> StaffUser | None:
    token = request.cookies.get(SESSION_COOKIE, "")
    now = site.clock()
    with site.database.read() as session:
        found = live_session(session, token, now=now)
        if found is None:
            return None
        login, account = found
        last_seen_at = login.last_seen_at
        commune = session.get_one(Commune, account.commune_id)
        user = StaffUser(
            commune_id=commune.id,
            commune_name=commune_name(commune),
            is_sample=commune.is_sample,
            account_id=account.id,
            username=account.username,
            display_name=account.display_name,
            role=account.role,
            form_token=_form_token(token),
        )
    if now - last_seen_at >= SEEN_EVERY:
        with site.database.write() as session:
            note_seen(session, token, now=now)
    return user


def signed_in(user: Annotated[StaffUser | None, Depends(find_user)]) -> StaffUser:
    if user is None:
        raise SignInNeeded
    return user


MaybeUser = Annotated[StaffUser | None, Depends(find_user)]
CurrentUser = Annotated[StaffUser, Depends(signed_in)]


def check_staff_form(request: Request, user: CurrentUser, form_token: FormText = "") -> None:
    """Refuse a POST that none of the person's own pages made."""
    if not (_is_same_origin(request) and _same(form_token, user.form_token)):
        raise Refused(403, "staff.refused_form")


def check_public_form(request: Request, form_token: FormText = "") -> None:
    """The same before the sign-in: the form repeats a cookie that another site cannot know."""
    cookie = request.cookies.get(FORM_COOKIE, "")
    if not (cookie and _is_same_origin(request) and _same(form_token, cookie)):
        raise Refused(403, "staff.refused_form")


def public_form_page(
    site: Site, request: Request, template: str, status: int = 200, /, **values: object
) -> HTMLResponse:
    """A page whose form `check_public_form` will accept from this browser."""
    token = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    response = site.page(template, status, form_token=token, **values)
    _set_cookie(site, response, FORM_COOKIE, token)
    return response


def give_session(site: Site, response: Response, token: str) -> None:
    _set_cookie(site, response, SESSION_COOKIE, token)
    _delete_cookie(site, response, FORM_COOKIE)


def take_session(site: Site, response: Response) -> None:
    _delete_cookie(site, response, SESSION_COOKIE)


def commune_name(commune: Commune) -> str:
    """'Xã Tân Cương', also where the name itself already says 'Xã'."""
    if commune.name.casefold().startswith(commune.kind.casefold()):
        return commune.name
    return f"{commune.kind.capitalize()} {commune.name}"


def _form_token(session_token: str) -> str:
    # The session's token is a secret of 256 bits, so it can be the key: nothing else is to be kept.
    return hmac.new(session_token.encode(), b"staff form", hashlib.sha256).hexdigest()


def _is_same_origin(request: Request) -> bool:
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site == "same-origin"
    # Browsers leave it out on plain http. The scheme is not compared: a proxy may end TLS.
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _set_cookie(site: Site, response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name, value, path=PREFIX, httponly=True, samesite="strict", secure=site.secure_cookies
    )


def _delete_cookie(site: Site, response: Response, name: str) -> None:
    response.delete_cookie(name, path=PREFIX, httponly=True, samesite="strict", secure=site.secure_cookies)
