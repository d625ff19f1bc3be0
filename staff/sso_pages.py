"""Signing in with the account of one's office: out to its issuer, and back.

No account is made here: an administrator has written the person's address into theirs. The first
time it is found by that address, if the issuer has verified it, and from then on by the issuer's
own name for the person, for an address may be given to somebody else later. The second factor is
asked for as after a password.
"""

import json
import logging
import secrets as random

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from records.models import StaffAccount
from records.staff_accounts import end_session
from records.vault import VaultError
from staff.access import count_try, give_session, session_token
from staff.audit_log import note_own
from staff.route import Refused
from staff.sign_in import Login, begin_login
from staff.site import PREFIX, CurrentSite, Site
from staff.sso_port import Person, Secrets, SignOn, SsoAway, SsoRefused

PATH = "/dang-nhap-co-quan"
BACK = f"{PATH}/ve"
COOKIE = "hvs_staff_sso"
WAIT_S = 600  # between going out and coming back

_log = logging.getLogger(__name__)


def begin(request: Request, site: CurrentSite) -> Response:
    sign_on = _sign_on(site)
    count_try(request, site)
    secrets = Secrets(random.token_urlsafe(32), random.token_urlsafe(32), random.token_urlsafe(48))
    try:
        address = sign_on.begin(secrets, back_to=_back_to(site, request))
    except (SsoAway, SsoRefused) as error:
        raise _refusal(error) from error
    response = RedirectResponse(address, 303)
    kept = json.dumps([secrets.state, secrets.nonce, secrets.verifier, int(site.clock().timestamp())])
    response.set_cookie(
        site.cookie(COOKIE),
        site.vault.seal(kept).hex(),
        max_age=WAIT_S,
        path=site.cookie_path,
        httponly=True,
        samesite="lax",  # who comes back comes from the issuer's site
        secure=site.secure_cookies,
    )
    return response


def finish(request: Request, site: CurrentSite, code: str = "", state: str = "") -> Response:
    """A page that goes on by itself: the login's cookie is not sent where another site led to."""
    sign_on = _sign_on(site)
    count_try(request, site)
    now = site.clock()
    secrets = _kept(site, request)
    is_ours = secrets is not None and random.compare_digest(state.encode(), secrets.state.encode())
    # The cookie goes, but a copy of it may come again: each state counts once.
    if secrets is None or not is_ours or not code or site.used_states.hit(secrets.state):
        raise Refused(403, "access.refused_sso")
    try:
        person = sign_on.finish(code, secrets, back_to=_back_to(site, request), now_s=int(now.timestamp()))
    except (SsoAway, SsoRefused) as error:
        raise _refusal(error) from error
    login = _sign_in(site, person, former=session_token(request, site))
    response = site.page("sso_done.html", next_page=login.next_page)
    give_session(site, response, login.token)
    response.delete_cookie(
        site.cookie(COOKIE),
        path=site.cookie_path,
        httponly=True,
        samesite="lax",
        secure=site.secure_cookies,
    )
    return response


def _sign_in(site: Site, person: Person, *, former: str) -> Login:
    now = site.clock()
    with site.database.write() as session:
        account = _account(session, person)
        if account is None:
            raise Refused(403, "access.refused_sso_account")
        if account.sso_subject is None:
            account.sso_subject = person.subject
            note_own(session, account, "sso_pinned", now)
        end_session(session, former)
        return begin_login(session, account, now)


def _account(session: Session, person: Person) -> StaffAccount | None:
    """The one account of that person that can sign in; none when there are several."""
    can = (
        StaffAccount.is_active,
        StaffAccount.password_hash.is_not(None),
        StaffAccount.sso_email.is_not(None),
    )
    by_subject = StaffAccount.sso_subject == person.subject
    by_email = StaffAccount.sso_subject.is_(None) & (StaffAccount.sso_email == person.email)
    for so in (by_subject, by_email):
        found = session.scalars(select(StaffAccount).where(*can, so).with_for_update()).all()
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _kept(site: Site, request: Request) -> Secrets | None:
    """What this browser went out with, less than ten minutes ago."""
    sealed = request.cookies.get(site.cookie(COOKIE), "")
    try:
        state, nonce, verifier, at_s = json.loads(site.vault.open(bytes.fromhex(sealed)))
    except (ValueError, TypeError, VaultError):
        return None
    if not 0 <= site.clock().timestamp() - at_s <= WAIT_S:
        return None
    return Secrets(state, nonce, verifier)


def _sign_on(site: Site) -> SignOn:
    if site.sso is None:
        raise Refused(404, "staff.refused_missing")
    return site.sso


def _back_to(site: Site, request: Request) -> str:
    return f"{site.base_url(request)}{PREFIX}{BACK}"


def _refusal(error: SsoAway | SsoRefused) -> Refused:
    _log.warning("single sign-on: %s %s", type(error).__name__, error)
    if isinstance(error, SsoAway):
        return Refused(503, "access.refused_sso_away")
    return Refused(403, "access.refused_sso")
