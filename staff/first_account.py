"""Accounts made from outside the site: the first one, and those of the command line.

Nobody is given a password. What comes back is the path of a one-time link, good for two days,
to be opened by the person themselves.
"""

import datetime as dt
import re
from collections.abc import Collection

from sqlalchemy.orm import Session

from records.communes import find_commune
from records.database import Database
from records.models import Commune, StaffAccount
from records.staff_accounts import (
    add_account,
    end_sessions,
    find_account,
    has_accounts,
    invite,
    remove_second_factor,
)
from staff.audit_log import note
from staff.roles import FIRST_ROLES, ROLES
from staff.site import PREFIX

ALL = "*"  # every commune
FIRST_USERNAME, FIRST_NAME = "quantri", "Quản trị"
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")


class AccountError(Exception):
    """The account cannot be made; the message says what was found and what was expected."""


def first_account_link(database: Database, commune_id: int, *, now: dt.datetime) -> str | None:
    """The path of a link for the first account; None once anybody can sign in.

    Each call makes a new link and the one before stops working.
    """
    with database.write() as session:
        # Of several servers that start at once, each waits for the one before.
        session.get_one(Commune, commune_id, with_for_update={"key_share": True})
        if has_accounts(session):
            return None
        account = find_account(session, commune_id=commune_id, username=FIRST_USERNAME)
        if account is None:
            account = add_account(
                session,
                commune_id=commune_id,
                username=FIRST_USERNAME,
                display_name=FIRST_NAME,
                roles=FIRST_ROLES,
                now=now,
            )
        return _link(session, account, now) if account.is_active else None


def add_staff(
    database: Database,
    *,
    commune_slug: str,
    username: str,
    display_name: str,
    roles: Collection[str],
    sees: Collection[str] = (),
    now: dt.datetime,
) -> str:
    """Make an account and return the path of its link; raises `AccountError`.

    `sees` are the communes (slugs; '*': all) whose totals the role district shows.
    """
    if not USERNAME.fullmatch(username):
        expected = "3 to 40 of the characters a-z 0-9 . _ -"
        raise AccountError(f"found the username {username!r}, expected {expected}")
    _check_roles(roles)
    with database.write() as session:
        commune = _commune(session, commune_slug)
        if find_account(session, commune_id=commune.id, username=username):
            raise AccountError(f"found an account {username!r} in {commune_slug!r}, expected a new name")
        account = add_account(
            session,
            commune_id=commune.id,
            username=username,
            display_name=display_name.strip() or username,
            roles=roles,
            now=now,
        )
        account.district_communes = _slugs(session, sees)
        return _link(session, account, now)


def renew_link(
    database: Database,
    *,
    commune_slug: str,
    username: str,
    now: dt.datetime,
    forget_second_factor: bool = False,
) -> str:
    """A new link for an account whose password was forgotten; raises `AccountError`.

    The old password and open logins stay good until the link is used. The second factor stays, too,
    unless it is lost as well: then whoever runs this must know the person (ASVS 5.0 6.4.4).
    """
    with database.write() as session:
        commune = _commune(session, commune_slug)
        account = find_account(session, commune_id=commune.id, username=username)
        if account is None or not account.is_active:
            raise AccountError(f"found no active account {username!r} in {commune_slug!r}")
        if forget_second_factor:
            remove_second_factor(account)
            note(
                session,
                commune_id=commune.id,
                actor="command line",
                action="second_factor_removed",
                now=now,
                username=username,
            )
        return _link(session, account, now)


def set_active(
    database: Database, *, commune_slug: str, username: str, is_active: bool, now: dt.datetime
) -> None:
    """Disable an account, which ends its logins at once, or enable it again; raises `AccountError`."""
    with database.write() as session:
        account = _account(session, commune_slug, username)
        account.is_active = is_active
        end_sessions(session, account)
        note(
            session,
            commune_id=account.commune_id,
            actor="command line",
            action="staff_enabled" if is_active else "staff_disabled",
            now=now,
            username=username,
        )


def give_roles(
    database: Database,
    *,
    commune_slug: str,
    username: str,
    roles: Collection[str],
    sees: Collection[str] | None = None,
    now: dt.datetime,
) -> list[str]:
    """These roles instead of those the account has; returns those it had. Raises `AccountError`.

    `sees` as in `add_staff`; None leaves them as they are. Open logins go on with the new roles.
    """
    _check_roles(roles)
    with database.write() as session:
        account = _account(session, commune_slug, username)
        before, account.roles = sorted(account.roles), sorted(set(roles))
        if sees is not None:
            account.district_communes = _slugs(session, sees)
        note(
            session,
            commune_id=account.commune_id,
            actor="command line",
            action="roles_changed",
            now=now,
            username=username,
            before=before,
            after=account.roles,
        )
        return before


def _check_roles(roles: Collection[str]) -> None:
    if unknown := sorted(set(roles) - ROLES.keys()):
        raise AccountError(f"found the role {unknown[0]!r}, expected one of {', '.join(ROLES)}")


def _slugs(session: Session, sees: Collection[str]) -> list[str]:
    return [each if each == ALL else _commune(session, each).slug for each in sees]


def _account(session: Session, commune_slug: str, username: str) -> StaffAccount:
    commune = _commune(session, commune_slug)
    account = find_account(session, commune_id=commune.id, username=username)
    if account is None:
        raise AccountError(f"found no account {username!r} in {commune_slug!r}")
    return account


def _commune(session: Session, slug: str) -> Commune:
    commune = find_commune(session, slug)
    if commune is None:
        raise AccountError(f"found no commune {slug!r}")
    return commune


def _link(session: Session, account: StaffAccount, now: dt.datetime) -> str:
    note(
        session,
        commune_id=account.commune_id,
        actor="command line",
        action="staff_invited",
        now=now,
        username=account.username,
    )
    return f"{PREFIX}/moi/{invite(session, account, now=now)}"
