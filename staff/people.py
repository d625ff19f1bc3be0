"""The accounts of the commune's staff: invite, roles, new link, second factor, switch off.

For administrators. Every change says why, and stands in the audit log with who made it. A link is
shown once, in the answer to the form that made it. Whose role lets them see other communes is
decided on the server (`hocvuso staff`), never by one commune's administrator.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Path, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from records.models import StaffAccount
from records.staff_accounts import (
    add_account,
    end_sessions,
    find_account,
    invite,
    list_accounts,
    remove_second_factor,
)
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.fields import typed
from staff.first_account import USERNAME
from staff.roles import ADMIN, DISTRICT, ROLES, Right
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/tai-khoan-can-bo"
MAX_NAME, MAX_WHY, MAX_EMAIL = 80, 300, 254  # characters
GIVEN_HERE = tuple(role for role in ROLES if role != DISTRICT)

AccountId = Annotated[int, Path(ge=1, lt=2**63)]
Roles = Annotated[list[str], Form(default_factory=list)]


@dataclass(frozen=True, slots=True)
class Listed:
    account: StaffAccount
    state: str  # active, invited, off
    is_self: bool


def show(site: CurrentSite, user: CurrentUser) -> Response:
    with site.database.read() as session:
        listed = [_listed(account, user) for account in _accounts(session, user)]
    return site.page(
        "people.html",
        user=user,
        listed=listed,
        roles=GIVEN_HERE,
        needs_second_factor=site.needs_second_factor,
        limits={"name": MAX_NAME, "why": MAX_WHY},
    )


def add(
    request: Request,
    site: CurrentSite,
    user: CurrentUser,
    roles: Roles,
    username: FormText = "",
    name: FormText = "",
    why: FormText = "",
) -> Response:
    username, shown = username.strip().lower(), typed(site, name, limit=MAX_NAME)
    if not USERNAME.fullmatch(username):
        raise Refused(400, "access.refused_username")
    given, reason, now = _given(roles), _reason(site, why), site.clock()
    with site.database.write() as session:
        user.require(Right.manage_people)
        if find_account(session, commune_id=user.commune_id, username=username):
            raise Refused(409, "access.refused_taken")
        account = add_account(
            session,
            commune_id=user.commune_id,
            username=username,
            display_name=shown or username,
            roles=given,
            now=now,
        )
        _note(session, user, "staff_invited", account, now, why=reason, roles=given)
        return _link_page(site, request, user, account, invite(session, account, now=now))


def show_one(site: CurrentSite, user: CurrentUser, account_id: AccountId) -> Response:
    with site.database.read() as session:
        listed = _listed(_find(session, user, account_id), user)
        others = _has_other_admin(session, user)
    return site.page(
        "person.html",
        user=user,
        one=listed,
        roles=GIVEN_HERE,
        is_locked=listed.is_self and others,
        has_sso=site.sso is not None,
        limits={"why": MAX_WHY, "email": MAX_EMAIL},
    )


def set_roles(
    site: CurrentSite, user: CurrentUser, account_id: AccountId, roles: Roles, why: FormText = ""
) -> Response:
    """The roles that can be given here; that of a district stays as it was."""
    given, reason = _given(roles), _reason(site, why)
    with site.database.write() as session:
        account = _find(session, user, account_id, lock=True)
        before = sorted(account.roles)
        if account.id == user.account_id:
            _check_own(session, user, keeps_admin=ADMIN in given)
        account.roles = sorted({*given, *(role for role in before if role == DISTRICT)})
        _note(
            session, user, "roles_changed", account, site.clock(),
            why=reason, before=before, after=account.roles,
        )  # fmt: skip
    return RedirectResponse(f"{PATH}/{account_id}", 303)


def renew_link(
    request: Request, site: CurrentSite, user: CurrentUser, account_id: AccountId, why: FormText = ""
) -> Response:
    """A new link for a forgotten password; the second factor stays."""
    reason, now = _reason(site, why), site.clock()
    with site.database.write() as session:
        account = _find(session, user, account_id, lock=True)
        if not account.is_active:
            raise Refused(409, "access.refused_off")
        _note(session, user, "staff_invited", account, now, why=reason)
        return _link_page(site, request, user, account, invite(session, account, now=now))


def switch(
    site: CurrentSite, user: CurrentUser, account_id: AccountId, what: FormText = "", why: FormText = ""
) -> Response:
    """`what` is on or off; who is switched off is out at once."""
    if what not in ("on", "off"):
        raise Refused(400, "staff.refused_request")
    reason = _reason(site, why)
    with site.database.write() as session:
        account = _find(session, user, account_id, lock=True)
        if account.id == user.account_id:
            _check_own(session, user, keeps_admin=what == "on")
        account.is_active = what == "on"
        end_sessions(session, account)
        action = "staff_enabled" if account.is_active else "staff_disabled"
        _note(session, user, action, account, site.clock(), why=reason)
    return RedirectResponse(f"{PATH}/{account_id}", 303)


def reset_second_factor(
    site: CurrentSite, user: CurrentUser, account_id: AccountId, why: FormText = ""
) -> Response:
    """Phone and recovery codes are lost; whoever presses this must know the person (ASVS 5.0 6.4.4)."""
    reason = _reason(site, why)
    with site.database.write() as session:
        account = _find(session, user, account_id, lock=True)
        remove_second_factor(account)
        end_sessions(session, account)
        _note(session, user, "second_factor_removed", account, site.clock(), why=reason)
    return RedirectResponse(f"{PATH}/{account_id}", 303)


def set_sso(
    site: CurrentSite,
    user: CurrentUser,
    account_id: AccountId,
    email: FormText = "",
    why: FormText = "",
) -> Response:
    """The address under which the sign-in service knows the person; "" ends that way in."""
    address, reason = email.strip().lower(), _reason(site, why)
    if address and ("@" not in address or len(address) > MAX_EMAIL):
        raise Refused(400, "access.refused_email")
    with site.database.write() as session:
        account = _find(session, user, account_id, lock=True)
        account.sso_email, account.sso_subject = address or None, None
        action = "sso_linked" if address else "sso_unlinked"
        _note(session, user, action, account, site.clock(), why=reason)
    return RedirectResponse(f"{PATH}/{account_id}", 303)


def _accounts(session: Session, user: StaffUser) -> list[StaffAccount]:
    user.require(Right.manage_people)
    return list_accounts(session, commune_id=user.commune_id)


def _find(session: Session, user: StaffUser, account_id: int, *, lock: bool = False) -> StaffAccount:
    user.require(Right.manage_people)
    account = session.get(StaffAccount, (user.commune_id, account_id), with_for_update=lock)
    if account is None:
        raise Refused(404, "staff.refused_missing")
    return account


def _check_own(session: Session, user: StaffUser, *, keeps_admin: bool) -> None:
    """Nobody gives themselves rights, but where they are the only administrator; and one stays."""
    if _has_other_admin(session, user):
        raise Refused(409, "access.refused_own")
    if not keeps_admin:
        raise Refused(409, "access.refused_last_admin")


def _has_other_admin(session: Session, user: StaffUser) -> bool:
    """Somebody else who can sign in as one."""
    accounts = session.scalars(
        select(StaffAccount).where(
            StaffAccount.commune_id == user.commune_id,
            StaffAccount.id != user.account_id,
            StaffAccount.is_active,
            StaffAccount.password_hash.is_not(None),
        )
    )
    return any(ADMIN in account.roles for account in accounts)


def _given(roles: Sequence[str]) -> list[str]:
    if not set(roles) <= set(GIVEN_HERE):
        raise Refused(400, "staff.refused_request")
    return sorted(set(roles))


def _reason(site: Site, why: str) -> str:
    if not (reason := typed(site, why, limit=MAX_WHY)):
        raise Refused(400, "access.refused_why")
    return reason


def _listed(account: StaffAccount, user: StaffUser) -> Listed:
    state = "off" if not account.is_active else "active" if account.password_hash else "invited"
    return Listed(account, state, account.id == user.account_id)


def _link_page(site: Site, request: Request, user: StaffUser, account: StaffAccount, token: str) -> Response:
    return site.page(
        "person_link.html",
        user=user,
        account=account,
        link=f"{site.base_url(request)}{PREFIX}/moi/{token}",
    )


def _note(
    session: Session, user: StaffUser, action: str, account: StaffAccount, now: dt.datetime, **detail: object
) -> None:
    note(
        session,
        commune_id=user.commune_id,
        actor=user.actor,
        action=action,
        now=now,
        username=account.username,
        **detail,
    )
