"""Who is signed in, and whether a form really comes from one of our pages.

A POST must pass two checks: the browser says it comes from this site (Sec-Fetch-Site, or Origin
where that is missing), and it brings the token that our page put into the form. The cookies are
SameSite=Strict besides.
"""

import datetime as dt
import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Request, Response
from fastapi.responses import HTMLResponse

from records.models import Commune
from records.staff_accounts import live_session, note_seen
from staff.roles import Right, first_page, rights_of
from staff.route import ElsewhereFirst, Refused, SecondFactorNeeded, SignInNeeded
from staff.site import PREFIX, CurrentSite, Site
from staff.window import network_of

_SESSION, _FORM = "hvs_staff", "hvs_staff_form"  # cookies: the login, and of the forms before it
SEEN_EVERY = dt.timedelta(minutes=1)  # a login's last use is written no more often than this

# No keyboard types a zero character, and PostgreSQL takes no text that holds one.
FormText = Annotated[str, Form(pattern=r"^[^\x00]*$")]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StaffUser:
    """The signed-in person. Every query of a page takes its `commune_id` from here."""

    commune_id: int
    commune_name: str
    is_sample: bool  # the commune is an example, its figures too
    account_id: int
    username: str
    display_name: str
    roles: tuple[str, ...]
    rights: frozenset[Right]
    has_second_factor: bool
    form_token: str  # goes into each form of theirs

    @property
    def actor(self) -> str:
        return actor(self.username)

    def require(self, right: Right) -> None:
        """For functions that read what not everybody may see; raises `Refused`, whatever page asked."""
        if right not in self.rights:
            raise Refused(403, "access.refused_role")


def actor(username: str) -> str:
    """How the audit log names a member of staff."""
    return f"staff:{username}"


def find_user(request: Request, site: CurrentSite) -> StaffUser | None:
    token = session_token(request, site)
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
            roles=tuple(account.roles),
            rights=rights_of(account.roles),
            has_second_factor=account.totp_sealed is not None,
            form_token=_form_token(token),
        )
    if now - last_seen_at >= SEEN_EVERY:
        with site.database.write() as session:
            note_seen(session, token, now=now)
    return user


def signed_in_at_all(user: Annotated[StaffUser | None, Depends(find_user)]) -> StaffUser:
    """Also who still has to set up the second factor that this site asks for."""
    if user is None:
        raise SignInNeeded
    return user


def signed_in(user: Annotated[StaffUser, Depends(signed_in_at_all)], site: CurrentSite) -> StaffUser:
    if site.needs_second_factor and not user.has_second_factor:
        raise SecondFactorNeeded
    return user


def needs(right: Right) -> Callable[..., None]:
    """A check that lets only those in whose roles bring the right."""

    def check(request: Request, user: Annotated[StaffUser, Depends(signed_in)]) -> None:
        if right not in user.rights and request.scope["route"].path == PREFIX:
            # Where the sign-in leads: not everybody's work begins with the figures.
            raise ElsewhereFirst(PREFIX + first_page(user.rights))
        user.require(right)

    return check


MaybeUser = Annotated[StaffUser | None, Depends(find_user)]
AnyUser = Annotated[StaffUser, Depends(signed_in_at_all)]
CurrentUser = Annotated[StaffUser, Depends(signed_in)]


def count_try(request: Request, site: CurrentSite) -> None:
    """Refuse what could be guessing: too many tries from one part of the network, whatever the names."""
    network = network_of(request)
    wait_s = site.tries.hit(network)
    if wait_s:
        if site.told.hit(network) == 0:
            _log.warning("too many tries to sign in from %s", network)
        raise Refused(429, "staff.refused_tries", wait_s=wait_s)


def check_staff_form(request: Request, user: AnyUser, form_token: FormText = "") -> None:
    """Refuse a POST that none of the person's own pages made."""
    if not (_is_same_origin(request) and _same(form_token, user.form_token)):
        raise Refused(403, "staff.refused_form")


def check_public_form(request: Request, site: CurrentSite, form_token: FormText = "") -> None:
    """The same before the sign-in: the form repeats a cookie that another site cannot know."""
    cookie = request.cookies.get(site.cookie(_FORM), "")
    if not (cookie and _is_same_origin(request) and _same(form_token, cookie)):
        raise Refused(403, "staff.refused_form")


def public_form_page(
    site: Site, request: Request, template: str, status: int = 200, /, **values: object
) -> HTMLResponse:
    """A page whose form `check_public_form` will accept from this browser."""
    token = request.cookies.get(site.cookie(_FORM)) or secrets.token_urlsafe(32)
    response = site.page(template, status, form_token=token, **values)
    _set_cookie(site, response, _FORM, token)
    return response


def session_token(request: Request, site: Site) -> str:
    return request.cookies.get(site.cookie(_SESSION), "")


def give_session(site: Site, response: Response, token: str) -> None:
    _set_cookie(site, response, _SESSION, token)
    _delete_cookie(site, response, _FORM)


def take_session(site: Site, response: Response) -> None:
    response.headers["Clear-Site-Data"] = '"cache"'
    _delete_cookie(site, response, _SESSION)


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
        site.cookie(name),
        value,
        path=site.cookie_path,
        httponly=True,
        samesite="strict",
        secure=site.secure_cookies,
    )


def _delete_cookie(site: Site, response: Response, name: str) -> None:
    response.delete_cookie(
        site.cookie(name),
        path=site.cookie_path,
        httponly=True,
        samesite="strict",
        secure=site.secure_cookies,
    )
