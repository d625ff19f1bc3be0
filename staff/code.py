"""After the password: the code of the second factor, or one of the recovery codes."""

import datetime as dt
import logging
from typing import Literal

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from records.models import StaffAccount
from records.staff_accounts import (
    begin_attempt,
    end_session,
    session_awaiting_code,
    start_session,
    use_recovery_code,
    use_step,
)
from records.vault import VaultError
from staff.access import FormText, give_session, public_form_page, session_token
from staff.audit_log import note_own
from staff.route import SignInNeeded
from staff.second_factor import matching_step, recovery_code
from staff.site import PREFIX, CurrentSite, Site

_log = logging.getLogger(__name__)


def show(request: Request, site: CurrentSite) -> Response:
    with site.database.read() as session:
        if session_awaiting_code(session, session_token(request, site), now=site.clock()) is None:
            raise SignInNeeded
    return _form(site, request)


def submit(request: Request, site: CurrentSite, code: FormText = "") -> Response:
    token, now = session_token(request, site), site.clock()
    with site.database.write() as session:
        found = session_awaiting_code(session, token, now=now)
        if found is None:
            raise SignInNeeded
        _, account = found
        key = (account.commune_id, account.id)
        may_try = begin_attempt(session, commune_id=key[0], account_id=key[1], now=now)
        factor = _use(site, account, code, now) if may_try else None
        if factor is None:
            note_own(session, account, "sign_in_failed", now, factor="code")
            login = None
        else:
            note_own(session, account, "signed_in", now, factor=factor)
            end_session(session, token)
            login = start_session(session, account, now=now)
    if login is None:
        return _form(site, request, 403, error="staff.code_failed")
    response = RedirectResponse(PREFIX, 303)
    give_session(site, response, login)
    return response


def _form(site: Site, request: Request, status: int = 200, *, error: str | None = None) -> Response:
    return public_form_page(site, request, "code.html", status, error=error)


def _use(
    site: Site, account: StaffAccount, typed: str, now: dt.datetime
) -> Literal["code", "recovery code"] | None:
    """What was typed, used up; None when it is neither, or was used before."""
    assert account.totp_sealed is not None
    try:
        step = matching_step(site.vault.open(account.totp_sealed), typed, now)
    except VaultError:
        _log.exception("a second factor was sealed with a key that is gone; recovery codes still work")
        step = None
    if step is not None and use_step(account, step):
        return "code"
    return "recovery code" if use_recovery_code(account, recovery_code(typed)) else None
