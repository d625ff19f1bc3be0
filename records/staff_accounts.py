"""Staff accounts, their logins and the one-time links that set a password.

Hashing a password takes a fifth of a second: do it outside a unit of work and outside the event
loop (`hash_password`, `password_matches`), then call the functions here with the result.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.orm import Session

from records.models import StaffAccount, StaffInvitation, StaffSession

INVITATION_LIFE = dt.timedelta(days=2)
SESSION_IDLE = dt.timedelta(minutes=30)
SESSION_LIFE = dt.timedelta(hours=12)
CODE_WAIT = dt.timedelta(minutes=10)  # between the password and the code of the second factor
FREE_FAILURES = 5  # wrong passwords in a row before a delay begins

_hasher = PasswordHasher()
# Compared with when there is no such user, so that both cases take the same time.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$F+AyZUMHYE0B9UaoYG8WYw$wTZHKCM6NL/71yI70MgArpt1uJGiFT0/3U5g2fi7nKw"


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    try:
        _hasher.verify(password_hash or _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


def has_accounts(session: Session) -> bool:
    """Whether any account can sign in."""
    return bool(
        session.scalar(
            select(func.count())
            .select_from(StaffAccount)
            .where(StaffAccount.password_hash.is_not(None), StaffAccount.is_active)
        )
    )


def add_account(
    session: Session,
    *,
    commune_id: int,
    username: str,
    display_name: str,
    roles: Collection[str],
    now: dt.datetime,
) -> StaffAccount:
    account = StaffAccount(
        commune_id=commune_id,
        username=username,
        display_name=display_name,
        roles=sorted(set(roles)),
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account


def find_account(session: Session, *, commune_id: int, username: str) -> StaffAccount | None:
    return session.scalar(
        select(StaffAccount).where(StaffAccount.commune_id == commune_id, StaffAccount.username == username)
    )


def list_accounts(session: Session, *, commune_id: int) -> list[StaffAccount]:
    """All of a commune, those that are switched off too, by name."""
    return list(
        session.scalars(
            select(StaffAccount)
            .where(StaffAccount.commune_id == commune_id)
            .order_by(StaffAccount.display_name, StaffAccount.id)
        )
    )


def accounts_named(session: Session, username: str) -> list[StaffAccount]:
    """Accounts of that name, one for each commune that has one."""
    return list(session.scalars(select(StaffAccount).where(StaffAccount.username == username)))


def invite(session: Session, account: StaffAccount, *, now: dt.datetime) -> str:
    """A token for a one-time link; earlier ones of the account stop working."""
    session.execute(
        delete(StaffInvitation).where(
            StaffInvitation.commune_id == account.commune_id,
            StaffInvitation.account_id == account.id,
        )
    )
    token = secrets.token_urlsafe(32)
    session.add(
        StaffInvitation(
            commune_id=account.commune_id,
            account_id=account.id,
            token_hash=token_hash(token),
            expires_at=now + INVITATION_LIFE,
        )
    )
    session.flush()
    return token


def invited_account(session: Session, token: str, *, now: dt.datetime) -> StaffAccount | None:
    invitation = session.scalar(_invitation(token, now))
    if invitation is None:
        return None
    return session.get(StaffAccount, (invitation.commune_id, invitation.account_id))


def accept_invitation(
    session: Session, token: str, *, password_hash: str, now: dt.datetime
) -> StaffAccount | None:
    """Set the account's password, once; None when the link is used, old or unknown."""
    # Of two who use the link at once, the second waits here and then finds it used.
    invitation = session.scalar(_invitation(token, now).with_for_update())
    if invitation is None:
        return None
    invitation.used_at = now
    account = session.get_one(StaffAccount, (invitation.commune_id, invitation.account_id))
    account.password_hash, account.failures, account.locked_until = password_hash, 0, None
    end_sessions(session, account)
    return account


def note_failure(account: StaffAccount, *, now: dt.datetime) -> None:
    """After five wrong passwords in a row each further one doubles the wait, up to 15 minutes."""
    account.failures += 1
    if account.failures >= FREE_FAILURES:
        wait_s = min(2 ** (account.failures - FREE_FAILURES + 1), 900)
        account.locked_until = now + dt.timedelta(seconds=wait_s)


def begin_attempt(session: Session, *, commune_id: int, account_id: int, now: dt.datetime) -> bool:
    """Count a try to sign in before its password is checked; False while the account must wait.

    Counting first, under the account's lock, is what makes tries at the same moment wait as
    well. `start_session` takes the count back when the password was right.
    """
    account = session.get_one(
        StaffAccount, (commune_id, account_id), with_for_update=True, populate_existing=True
    )
    if account.locked_until is not None and now < account.locked_until:
        return False
    note_failure(account, now=now)
    return True


def start_session(
    session: Session, account: StaffAccount, *, now: dt.datetime, awaits_code: bool = False
) -> str:
    """Sign in: returns the token for the cookie.

    With `awaits_code` only the password was right: the login counts for nothing until a code
    brings a new one, and of the failures only this try is taken back, or who knows the password
    could guess codes for ever.
    """
    account.failures = account.failures - 1 if awaits_code else 0
    if account.failures < FREE_FAILURES:
        account.locked_until = None
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            commune_id=account.commune_id,
            account_id=account.id,
            token_hash=token_hash(token),
            awaits_code=awaits_code,
            created_at=now,
            last_seen_at=now,
        )
    )
    session.flush()
    return token


def live_session(
    session: Session, token: str, *, now: dt.datetime
) -> tuple[StaffSession, StaffAccount] | None:
    """The login of a cookie, unless it ended: 30 minutes idle, 12 hours in all, or disabled."""
    found = _login(session, token, awaits_code=False)
    return found if found and _is_live(found[0], now) else None


def session_awaiting_code(
    session: Session, token: str, *, now: dt.datetime
) -> tuple[StaffSession, StaffAccount] | None:
    """The login of a cookie whose password was right less than ten minutes ago, and no more."""
    found = _login(session, token, awaits_code=True)
    return found if found and now - found[0].created_at <= CODE_WAIT else None


def open_sessions(session: Session, account: StaffAccount, *, now: dt.datetime) -> list[StaffSession]:
    """The account's live logins, the newest first."""
    logins = session.scalars(
        select(StaffSession)
        .where(*_of(account), ~StaffSession.awaits_code)
        .order_by(StaffSession.created_at.desc())
    )
    return [login for login in logins if _is_live(login, now)]


def note_seen(session: Session, token: str, *, now: dt.datetime) -> None:
    session.execute(
        update(StaffSession).where(StaffSession.token_hash == token_hash(token)).values(last_seen_at=now)
    )


def end_session(session: Session, token: str) -> None:
    session.execute(delete(StaffSession).where(StaffSession.token_hash == token_hash(token)))


def end_sessions(session: Session, account: StaffAccount, *, but: str = "") -> None:
    """End the account's logins, all or all but that of the token `but`."""
    session.execute(delete(StaffSession).where(*_of(account), StaffSession.token_hash != token_hash(but)))


def set_second_factor(account: StaffAccount, *, sealed: bytes, step: int, recovery_codes: list[str]) -> None:
    """From now on each sign-in needs a code; `step` is that of the code that proved it works."""
    account.totp_sealed, account.totp_last_step = sealed, step
    account.recovery_hashes = [token_hash(code) for code in recovery_codes]


def remove_second_factor(account: StaffAccount) -> None:
    account.totp_sealed, account.totp_last_step, account.recovery_hashes = None, None, []


def use_step(account: StaffAccount, step: int) -> bool:
    """Whether a code of this step may still be used; each can be once, and none older than the last.

    Call it with the account's row locked.
    """
    if account.totp_last_step is not None and step <= account.totp_last_step:
        return False
    account.totp_last_step = step
    return True


def use_recovery_code(account: StaffAccount, code: str) -> bool:
    """Use one of the codes up. They have 120 bits, so a plain hash is enough (ASVS 5.0 6.5.2)."""
    used = token_hash(code)
    if used not in account.recovery_hashes:
        return False
    account.recovery_hashes = [kept for kept in account.recovery_hashes if kept != used]
    return True


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _login(session: Session, token: str, *, awaits_code: bool) -> tuple[StaffSession, StaffAccount] | None:
    row = session.execute(
        select(StaffSession, StaffAccount)
        .join(
            StaffAccount,
            (StaffAccount.commune_id == StaffSession.commune_id)
            & (StaffAccount.id == StaffSession.account_id),
        )
        .where(
            StaffSession.token_hash == token_hash(token),
            StaffSession.awaits_code == awaits_code,
            StaffAccount.is_active,
        )
    ).first()
    return (row[0], row[1]) if row else None


def _is_live(login: StaffSession, now: dt.datetime) -> bool:
    return now - login.last_seen_at <= SESSION_IDLE and now - login.created_at <= SESSION_LIFE


def _of(account: StaffAccount) -> tuple[ColumnElement[bool], ...]:
    return (StaffSession.commune_id == account.commune_id, StaffSession.account_id == account.id)


def _invitation(token: str, now: dt.datetime) -> Select[StaffInvitation]:
    return select(StaffInvitation).where(
        StaffInvitation.token_hash == token_hash(token),
        StaffInvitation.used_at.is_(None),
        StaffInvitation.expires_at > now,
    )
