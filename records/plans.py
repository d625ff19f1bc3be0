"""The plans of a commune: drafts, the approved one, and those it replaced.

A plan is replaced as a whole, in one unit of work: there is never a moment in which passages of the old and
of the new one answer together. Versions stay, so that a rollback brings back what stood before. What is in a
plan (head, passages, facts) comes and goes as JSON values; `knowledge.plan_structure` makes and reads them.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import Session, defer

from records import audit
from records.models import Commune, PlanVersion

MAX_LISTED = 50
DISCARDED = "discarded"  # a draft nobody wanted; a copy of it may still be approved


class NoSuchVersion(Exception):
    """The commune has no such version of a plan."""


class NoEarlierPlan(Exception):
    """There is nothing to roll back to: no plan is approved, or it was the first."""


def add_draft(
    session: Session,
    commune: Commune,
    *,
    name: str,
    source_name: str,
    sha256: str,
    head: Mapping[str, Any],
    passages: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
    by: str,
    now: dt.datetime,
    text: str | None = None,
) -> PlanVersion:
    """A new version that answers nothing yet. The file of a draft that waits already makes no second one.

    `text` is what was read from the file, to be shown beside what was recognised in it.
    """
    _lock(session, commune)
    waiting = session.scalar(
        select(PlanVersion).where(
            PlanVersion.commune_id == commune.id, PlanVersion.sha256 == sha256, PlanVersion.state == "draft"
        )
    )
    if waiting is not None:
        return waiting
    last = session.scalar(select(func.max(PlanVersion.version)).where(PlanVersion.commune_id == commune.id))
    draft = PlanVersion(
        commune_id=commune.id,
        version=(last or 0) + 1,
        name=name,
        source_name=source_name,
        sha256=sha256,
        head=dict(head),
        passages=[dict(passage) for passage in passages],
        facts=dict(facts),
        text=text,
        created_at=now,
        created_by=by,
    )
    session.add(draft)
    session.flush()
    _note(session, draft, "plan.draft", by=by, now=now)
    return draft


def approve(session: Session, commune: Commune, *, version: int, by: str, now: dt.datetime) -> PlanVersion:
    """Answer from this version from now on, and from no other; raises `NoSuchVersion`."""
    _lock(session, commune)
    chosen = find_version(session, commune, version)
    if chosen is None or chosen.state == DISCARDED:
        raise NoSuchVersion(f"{commune.slug}: found no version {version}, expected one that was imported")
    if chosen.state == "approved":
        return chosen
    before = current_plan(session, commune)
    if before is not None:
        before.state = "replaced"
        session.flush()  # first: two approved ones would break the unique index
        chosen.replaces = before.version
    _make_current(session, chosen, "plan.approve", by=by, now=now)
    return chosen


def rollback(session: Session, commune: Commune, *, by: str, now: dt.datetime) -> PlanVersion:
    """Bring back what the approved plan replaced; again, what that replaced. Raises `NoEarlierPlan`."""
    _lock(session, commune)
    current = current_plan(session, commune)
    if current is None or current.replaces is None:
        raise NoEarlierPlan(f"{commune.slug}: found no earlier plan, expected one that was approved before")
    earlier = find_version(session, commune, current.replaces)
    assert earlier is not None  # versions are never deleted
    current.state = "replaced"
    session.flush()
    _make_current(session, earlier, "plan.rollback", by=by, now=now)
    return earlier


def current_plan(session: Session, commune: Commune) -> PlanVersion | None:
    """The approved plan of a commune: the only one that answers."""
    return session.scalar(
        select(PlanVersion).where(PlanVersion.commune_id == commune.id, PlanVersion.state == "approved")
    )


_CURRENT_ID = (
    select(PlanVersion.id)
    .join(Commune, Commune.id == PlanVersion.commune_id)
    .where(Commune.slug == bindparam("commune"), PlanVersion.state == "approved")
)


def current_plan_id(connection: Connection, *, commune: str) -> int | None:
    """The id of the approved plan, without its contents: to see cheaply whether it is another one."""
    return connection.scalar(_CURRENT_ID, {"commune": commune})


def find_version(session: Session, commune: Commune, version: int) -> PlanVersion | None:
    return session.scalar(
        select(PlanVersion).where(PlanVersion.commune_id == commune.id, PlanVersion.version == version)
    )


def list_versions(session: Session, commune: Commune, *, limit: int = MAX_LISTED) -> list[PlanVersion]:
    """Newest first, without their contents, which are read when asked for."""
    return list(
        session.scalars(
            select(PlanVersion)
            .where(PlanVersion.commune_id == commune.id)
            .options(defer(PlanVersion.passages), defer(PlanVersion.facts), defer(PlanVersion.text))
            .order_by(PlanVersion.version.desc())
            .limit(limit)
        )
    )


def _lock(session: Session, commune: Commune) -> None:
    """One change of a commune's plans at a time (SQLite lets one writer in anyway)."""
    # key_share: what only refers to the commune, such as a new learner, does not wait for us.
    session.execute(select(Commune.id).where(Commune.id == commune.id).with_for_update(key_share=True))


def _make_current(session: Session, plan: PlanVersion, action: str, *, by: str, now: dt.datetime) -> None:
    plan.state, plan.approved_at, plan.approved_by = "approved", now, by
    session.flush()
    _note(session, plan, action, by=by, now=now)


def _note(session: Session, plan: PlanVersion, action: str, *, by: str, now: dt.datetime) -> None:
    detail = {"version": plan.version, "sha256": plan.sha256}
    audit.append(session, commune_id=plan.commune_id, actor=by, action=action, now=now, detail=detail)
