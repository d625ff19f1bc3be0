"""The one-time link: whoever holds it sets the account's password and is signed in."""

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from records.models import Commune, StaffAccount
from records.staff_accounts import accept_invitation, end_session, invited_account
from staff.access import FormText, commune_name, give_session, public_form_page, session_token
from staff.audit_log import note_own
from staff.passwords import MAX_LENGTH, MIN_LENGTH, password_fault
from staff.route import Refused
from staff.sign_in import Login, begin_login
from staff.site import CurrentSite, Site


def show(request: Request, site: CurrentSite, token: str) -> Response:
    """Opening the page does not use the link up: chat programs open links to preview them."""
    return _form(site, request, token)


async def submit(
    request: Request,
    site: CurrentSite,
    token: str,
    password: FormText = "",
    password_again: FormText = "",
) -> Response:
    own_words = await run_in_threadpool(_invited, site, token)  # before the work of hashing
    fault = password_fault(password, password_again, own_words)
    if fault is not None:
        return await run_in_threadpool(_form, site, request, token, 400, fault)
    password_hash = await site.passwords.hash(password)
    former = session_token(request, site)
    login = await run_in_threadpool(_accept, site, token, password_hash, former)
    response = RedirectResponse(login.next_page, 303)
    give_session(site, response, login.token)
    return response


def _form(site: Site, request: Request, token: str, status: int = 200, error: str | None = None) -> Response:
    display_name, username, commune = _invited(site, token)
    return public_form_page(
        site,
        request,
        "invitation.html",
        status,
        display_name=display_name,
        username=username,
        commune=commune,
        error=error,
        limits={"shortest": MIN_LENGTH, "longest": MAX_LENGTH},
    )


def _invited(site: Site, token: str) -> tuple[str, str, str]:
    """Display name, username and commune of the account; raises `Refused` for a dead link."""
    with site.database.read() as session:
        account = invited_account(session, token, now=site.clock())
        if account is None or not account.is_active:
            raise Refused(404, "staff.refused_link")
        commune = session.get_one(Commune, account.commune_id)
        return account.display_name, account.username, commune_name(commune)


def _accept(site: Site, token: str, password_hash: str, former: str) -> Login:
    now = site.clock()
    with site.database.write() as session:
        account = invited_account(session, token, now=now)
        if account is None or not account.is_active:
            raise Refused(404, "staff.refused_link")
        # Of two who use the link at once, the second waits here and then finds it used.
        key = (account.commune_id, account.id)
        session.get_one(StaffAccount, key, with_for_update=True)
        if accept_invitation(session, token, password_hash=password_hash, now=now) is None:
            raise Refused(404, "staff.refused_link")
        note_own(session, account, "password_set", now)
        end_session(session, former)
        return begin_login(session, account, now)
