"""Write down what staff do."""

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from records import audit
from records.models import StaffAccount
from staff.access import StaffUser, actor
from staff.period import Period
from staff.site import Site


def note(
    session: Session, *, commune_id: int, actor: str, action: str, now: dt.datetime, **detail: Any
) -> None:
    audit.append(session, commune_id=commune_id, actor=actor, action=action, now=now, detail=detail)


def note_own(session: Session, account: StaffAccount, action: str, now: dt.datetime, **detail: Any) -> None:
    """What somebody did with their own account."""
    note(
        session,
        commune_id=account.commune_id,
        actor=actor(account.username),
        action=action,
        now=now,
        **detail,
    )


def note_export(site: Site, user: StaffUser, period: Period, *, name: str) -> None:
    with site.database.write() as session:
        note(
            session,
            commune_id=user.commune_id,
            actor=user.actor,
            action="export",
            now=site.clock(),
            name=name,
            first=period.first.isoformat(),
            last=period.last.isoformat(),
        )
