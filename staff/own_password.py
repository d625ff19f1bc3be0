"""Ask for the password once more before something of the account changes (ASVS 5.0 7.5.1)."""

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from records.models import StaffAccount
from records.staff_accounts import begin_attempt, end_sessions, start_session
from staff.access import StaffUser
from staff.site import Site


async def is_own_password(site: Site, user: StaffUser, password: str) -> bool:
    """Wrong ones count and delay as at the sign-in; `renewed_login` takes the count back."""
    password_hash = await run_in_threadpool(_begin, site, user)
    return await site.passwords.matches(password_hash, password)


def renewed_login(session: Session, account: StaffAccount, site: Site) -> str:
    """After a change: all logins of the account end, this browser gets a new one."""
    end_sessions(session, account)
    return start_session(session, account, now=site.clock())


def own_account(session: Session, user: StaffUser, *, lock: bool = False) -> StaffAccount:
    return session.get_one(StaffAccount, (user.commune_id, user.account_id), with_for_update=lock or None)


def _begin(site: Site, user: StaffUser) -> str | None:
    with site.database.write() as session:
        may_try = begin_attempt(
            session, commune_id=user.commune_id, account_id=user.account_id, now=site.clock()
        )
        return own_account(session, user).password_hash if may_try else None
