"""Signing in and out.

An unknown name, a wrong password, a disabled account and one that must wait get the same answer
after the same work, so that nobody learns which names exist. A try is counted before its
password is checked: many guesses sent at once do not slip through together.
"""

import datetime as dt
from dataclasses import dataclass

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from records.communes import find_commune, list_communes
from records.models import StaffAccount
from records.staff_accounts import accounts_named, begin_attempt, end_session, start_session
from staff.access import (
    AnyUser,
    FormText,
    MaybeUser,
    commune_name,
    give_session,
    public_form_page,
    session_token,
    take_session,
)
from staff.audit_log import note, note_own
from staff.site import PREFIX, CurrentSite, Site


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a password is checked against; no account and no hash when it cannot succeed."""

    account: tuple[int, int] | None = None  # commune and account
    password_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """What was begun with the right password."""

    token: str
    awaits_code: bool

    @property
    def next_page(self) -> str:
        return f"{PREFIX}/ma-xac-thuc" if self.awaits_code else PREFIX


@dataclass(frozen=True, slots=True)
class AskCommune:
    """Several communes have somebody of that name: (slug, name) of all communes."""

    communes: tuple[tuple[str, str], ...]


def show(request: Request, site: CurrentSite, user: MaybeUser) -> Response:
    if user is not None:
        return RedirectResponse(PREFIX, 303)
    return _form(site, request)


async def submit(
    request: Request,
    site: CurrentSite,
    username: FormText = "",
    password: FormText = "",
    commune: FormText = "",
) -> Response:
    username = username.strip().lower()
    match await run_in_threadpool(_begin, site, username, commune):
        case AskCommune(communes):
            return _form(site, request, username=username, communes=communes)
        case Attempt(account, password_hash):
            is_right = await site.passwords.matches(password_hash, password)
    former = session_token(request, site)
    login = await run_in_threadpool(_finish, site, account, password_hash, is_right, former)
    if login is None:
        return _form(site, request, 403, username=username, error="staff.sign_in_failed")
    response = RedirectResponse(login.next_page, 303)
    give_session(site, response, login.token)
    return response


def sign_out(request: Request, site: CurrentSite, user: AnyUser) -> Response:
    with site.database.write() as session:
        end_session(session, session_token(request, site))
        note(
            session,
            commune_id=user.commune_id,
            actor=user.actor,
            action="signed_out",
            now=site.clock(),
        )
    response = RedirectResponse(f"{PREFIX}/dang-nhap", 303)
    take_session(site, response)
    return response


def _form(
    site: Site,
    request: Request,
    status: int = 200,
    *,
    username: str = "",
    communes: tuple[tuple[str, str], ...] = (),
    error: str | None = None,
) -> Response:
    return public_form_page(
        site, request, "sign_in.html", status, username=username, communes=communes, error=error,
        has_sso=site.sso is not None,
    )  # fmt: skip


def _begin(site: Site, username: str, commune: str) -> Attempt | AskCommune:
    now = site.clock()
    with site.database.write() as session:
        accounts = accounts_named(session, username)
        if commune:
            chosen = find_commune(session, commune)
            accounts = [account for account in accounts if chosen and account.commune_id == chosen.id]
        if len(accounts) > 1:
            return AskCommune(_communes(session))
        return _count_attempt(session, accounts[0], now) if accounts else Attempt()


def _communes(session: Session) -> tuple[tuple[str, str], ...]:
    return tuple((commune.slug, commune_name(commune)) for commune in list_communes(session))


def _count_attempt(session: Session, account: StaffAccount, now: dt.datetime) -> Attempt:
    key = (account.commune_id, account.id)
    may_try = begin_attempt(session, commune_id=key[0], account_id=key[1], now=now)
    return Attempt(key, account.password_hash) if may_try else Attempt()


def _finish(
    site: Site, key: tuple[int, int] | None, password_hash: str | None, is_right: bool, former: str
) -> Login | None:
    """A new login, if the password was right; the browser's former login ends."""
    if key is None:
        return None
    now = site.clock()
    with site.database.write() as session:
        account = session.get_one(StaffAccount, key, with_for_update=True)
        # Disabled accounts come this far too; and the password may have changed meanwhile.
        is_right = is_right and account.is_active and account.password_hash == password_hash
        if not is_right:
            note_own(session, account, "sign_in_failed", now)
            return None
        end_session(session, former)
        return begin_login(session, account, now)


def begin_login(session: Session, account: StaffAccount, now: dt.datetime) -> Login:
    """After the password: sign in, or ask for the code of the second factor first."""
    awaits_code = account.totp_sealed is not None
    if not awaits_code:
        note_own(session, account, "signed_in", now)
    return Login(start_session(session, account, now=now, awaits_code=awaits_code), awaits_code)
