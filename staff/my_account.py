"""One's own account: change the password, see where one is signed in, sign out everywhere."""

import datetime as dt
from dataclasses import dataclass

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from records.staff_accounts import end_sessions, open_sessions, token_hash
from staff.access import CurrentUser, FormText, StaffUser, give_session, session_token, take_session
from staff.audit_log import note_own
from staff.own_password import is_own_password, own_account, renewed_login
from staff.passwords import MAX_LENGTH, MIN_LENGTH, password_fault
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/tai-khoan"


@dataclass(frozen=True, slots=True)
class Login:
    begun_at: dt.datetime
    seen_at: dt.datetime
    is_here: bool  # the browser that asks


def show(request: Request, site: CurrentSite, user: CurrentUser, xong: str = "") -> Response:
    return _page(site, request, user, is_done=bool(xong))


async def change_password(
    request: Request,
    site: CurrentSite,
    user: CurrentUser,
    password_now: FormText = "",
    password: FormText = "",
    password_again: FormText = "",
) -> Response:
    fault = password_fault(password, password_again, own_words(user))
    if fault is None and not await is_own_password(site, user, password_now):
        fault = "staff.password_wrong"
    if fault is not None:
        return await run_in_threadpool(_page, site, request, user, 400, error=fault)
    password_hash = await site.passwords.hash(password)
    login = await run_in_threadpool(_change, site, user, password_hash)
    response = RedirectResponse(f"{PATH}?xong=1", 303)
    give_session(site, response, login)
    return response


def sign_out_everywhere(site: CurrentSite, user: CurrentUser) -> Response:
    with site.database.write() as session:
        account = own_account(session, user)
        end_sessions(session, account)
        note_own(session, account, "signed_out_everywhere", site.clock())
    response = RedirectResponse(f"{PREFIX}/dang-nhap", 303)
    take_session(site, response)
    return response


def own_words(user: StaffUser) -> tuple[str, ...]:
    return user.username, user.display_name, user.commune_name


def _page(
    site: Site,
    request: Request,
    user: StaffUser,
    status: int = 200,
    *,
    error: str | None = None,
    is_done: bool = False,
) -> Response:
    here = token_hash(session_token(request, site))
    with site.database.read() as session:
        account = own_account(session, user)
        codes_left = len(account.recovery_hashes)
        logins = [
            Login(login.created_at, login.last_seen_at, login.token_hash == here)
            for login in open_sessions(session, account, now=site.clock())
        ]
    return site.page(
        "account.html",
        status,
        user=user,
        error=error,
        is_done=is_done,
        codes_left=codes_left,
        may_turn_off=not site.needs_second_factor,
        logins=logins,
        limits={"shortest": MIN_LENGTH, "longest": MAX_LENGTH},
    )


def _change(site: Site, user: StaffUser, password_hash: str) -> str:
    with site.database.write() as session:
        account = own_account(session, user, lock=True)
        account.password_hash = password_hash
        note_own(session, account, "password_changed", site.clock())
        return renewed_login(session, account, site)
