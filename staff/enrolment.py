"""Setting up one's second factor: a picture for the app, then a code from it as proof.

Until the proof the secret is in the form alone, sealed for this account, so that nothing half
done is kept.
"""

import hmac

from fastapi import Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from records.staff_accounts import remove_second_factor, set_second_factor
from records.vault import VaultError
from staff.access import AnyUser, CurrentUser, FormText, StaffUser, give_session
from staff.audit_log import note_own
from staff.my_account import PATH
from staff.own_password import is_own_password, own_account, renewed_login
from staff.route import Refused
from staff.second_factor import (
    address_of,
    in_groups,
    matching_step,
    new_recovery_codes,
    new_secret,
    picture,
)
from staff.site import CurrentSite, Site


def show(site: CurrentSite, user: AnyUser) -> Response:
    return _form(site, user, new_secret())


async def set_up(
    site: CurrentSite,
    user: AnyUser,
    sealed: FormText = "",
    code: FormText = "",
    password: FormText = "",
) -> Response:
    secret = _secret(site, user, sealed)
    is_owner = await is_own_password(site, user, password)
    step = matching_step(secret, code, site.clock())
    if not is_owner or step is None:
        return _form(site, user, secret, 400, error="staff.second_wrong")
    codes = new_recovery_codes()
    login = await run_in_threadpool(_keep, site, user, secret, step, codes)
    # Shown in the answer itself: they are not kept, so no later page could show them.
    response = site.page("recovery_codes.html", user=user, codes=[in_groups(code) for code in codes])
    give_session(site, response, login)
    return response


async def turn_off(site: CurrentSite, user: CurrentUser, password: FormText = "") -> Response:
    if site.needs_second_factor:
        raise Refused(403, "staff.refused_request")
    if not await is_own_password(site, user, password):
        raise Refused(403, "staff.password_wrong")
    login = await run_in_threadpool(_remove, site, user)
    response = RedirectResponse(PATH, 303)
    give_session(site, response, login)
    return response


def _form(
    site: Site, user: StaffUser, secret: str, status: int = 200, *, error: str | None = None
) -> Response:
    side, path = picture(address_of(secret, user.username))
    return site.page(
        "second_factor.html",
        status,
        user=user,
        error=error,
        is_needed=site.needs_second_factor and not user.has_second_factor,
        sealed=site.vault.seal(f"{user.account_id} {secret}").hex(),
        secret=in_groups(secret),
        side=side,
        path=path,
    )


def _secret(site: Site, user: StaffUser, sealed: str) -> str:
    try:
        account_id, _, secret = site.vault.open(bytes.fromhex(sealed)).partition(" ")
    except (ValueError, VaultError) as error:
        raise Refused(400, "staff.refused_request") from error
    if not hmac.compare_digest(account_id, str(user.account_id)):
        raise Refused(400, "staff.refused_request")
    return secret


def _keep(site: Site, user: StaffUser, secret: str, step: int, codes: list[str]) -> str:
    with site.database.write() as session:
        account = own_account(session, user, lock=True)
        set_second_factor(account, sealed=site.vault.seal(secret), step=step, recovery_codes=codes)
        note_own(session, account, "second_factor_set", site.clock())
        return renewed_login(session, account, site)


def _remove(site: Site, user: StaffUser) -> str:
    with site.database.write() as session:
        account = own_account(session, user, lock=True)
        remove_second_factor(account)
        note_own(session, account, "second_factor_removed", site.clock())
        return renewed_login(session, account, site)
