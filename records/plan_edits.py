"""Correcting a plan that was read from a file, while it is a draft. What was changed stays marked.

A part of a plan (its passages, targets, tasks or deadlines) is a list of rows. Each change is kept with who
made it and what stood there before. Which fields a row has is `knowledge.plan_structure`'s and `plan_facts`'.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy.orm import Session

from records import audit, plans
from records.models import Commune, PlanVersion

Part = Literal["passages", "targets", "tasks", "deadlines"]
Row = Mapping[str, Any]


class NotADraft(Exception):
    """Only a draft is corrected: what is answered from changes by approving another version."""


class Changed(Exception):
    """The row is not (any more) what the person saw when they began to correct it."""


def rows_of(plan: PlanVersion, part: Part) -> list[dict[str, Any]]:
    return list(plan.passages if part == "passages" else plan.facts.get(part, []))


def stamp(row: Row) -> str:
    """What tells a row from the same row changed: goes into the form with which it is corrected."""
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]


def save_row(
    session: Session,
    draft: PlanVersion,
    part: Part,
    *,
    number: int,
    seen: str,
    row: Row,
    by: str,
    now: dt.datetime,
) -> None:
    """Put `row` in the place of row `number`, counted from 1, or behind the last one with 0.

    Saving what stands there already changes nothing. Raises `NotADraft` and `Changed`.
    """
    _check_draft(draft)
    rows = rows_of(draft, part)
    before = _seen_row(rows, number, seen) if number else None
    if before == dict(row):
        return
    if number:
        rows[number - 1] = dict(row)
    else:
        rows.append(dict(row))
    _store(session, draft, part, rows, "changed" if number else "added", before, row, by=by, now=now)


def drop_row(
    session: Session, draft: PlanVersion, part: Part, *, number: int, seen: str, by: str, now: dt.datetime
) -> None:
    """Raises `NotADraft` and `Changed`."""
    _check_draft(draft)
    rows = rows_of(draft, part)
    before = _seen_row(rows, number, seen)
    del rows[number - 1]
    _store(session, draft, part, rows, "dropped", before, None, by=by, now=now)


def save_head(
    session: Session, draft: PlanVersion, *, name: str, head: Mapping[str, Any], by: str, now: dt.datetime
) -> None:
    """`name` is how answers name the document; `head` holds the fields that change. Raises `NotADraft`."""
    _check_draft(draft)
    before = {"name": draft.name, **{field: draft.head.get(field) for field in head}}
    after = {"name": name, **head}
    if after == before:
        return
    draft.name, draft.head = name, {**draft.head, **head}
    _keep(session, draft, "head", "changed", before, after, by=by, now=now)


def marks(plan: PlanVersion, part: str) -> dict[str, dict[str, Any]]:
    """place (locator) → the last correction of what stands there."""
    return {each["place"]: each for each in plan.corrections if each["part"] == part}


def copy_as_draft(
    session: Session, commune: Commune, plan: PlanVersion, *, by: str, now: dt.datetime
) -> PlanVersion:
    """A draft to correct of a version that is or was answered from; one that waits already is that draft."""
    draft = plans.add_draft(
        session,
        commune,
        name=plan.name,
        source_name=plan.source_name,
        sha256=plan.sha256,
        head=plan.head,
        passages=plan.passages,
        facts=plan.facts,
        text=plan.text,
        by=by,
        now=now,
    )
    if not draft.corrections:
        draft.corrections = list(plan.corrections)
        session.flush()
    return draft


def discard(session: Session, draft: PlanVersion, *, by: str, now: dt.datetime) -> None:
    """The draft is not wanted: it stays as a version that is never answered from. Raises `NotADraft`."""
    _check_draft(draft)
    draft.state = plans.DISCARDED
    session.flush()
    detail = {"version": draft.version, "sha256": draft.sha256}
    audit.append(
        session, commune_id=draft.commune_id, actor=by, action="plan.discard", now=now, detail=detail
    )


def _check_draft(plan: PlanVersion) -> None:
    if plan.state != "draft":
        raise NotADraft(f"version {plan.version}: found {plan.state!r}, expected a draft")


def _seen_row(rows: list[dict[str, Any]], number: int, seen: str) -> dict[str, Any]:
    if not 1 <= number <= len(rows) or stamp(rows[number - 1]) != seen:
        raise Changed(f"row {number} of {len(rows)}: found another row, expected the one that was shown")
    return rows[number - 1]


def _store(
    session: Session,
    draft: PlanVersion,
    part: Part,
    rows: list[dict[str, Any]],
    did: str,
    before: Row | None,
    after: Row | None,
    *,
    by: str,
    now: dt.datetime,
) -> None:
    # New lists and dicts: SQLAlchemy sees that a JSON column changed by its identity.
    if part == "passages":
        draft.passages = rows
    else:
        draft.facts = {**draft.facts, part: rows}
    _keep(session, draft, part, did, before, after, by=by, now=now)


def _keep(
    session: Session,
    draft: PlanVersion,
    part: str,
    did: str,
    before: Row | None,
    after: Row | None,
    *,
    by: str,
    now: dt.datetime,
) -> None:
    place = str((after or before or {}).get("locator", ""))
    entry = {
        "part": part,
        "place": place,
        "did": did,
        "before": dict(before) if before else None,
        "after": dict(after) if after else None,
        "by": by,
        "at": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
    }
    draft.corrections = [*draft.corrections, entry]
    session.flush()
    detail = {"version": draft.version, "part": part, "place": place, "did": did}
    audit.append(
        session, commune_id=draft.commune_id, actor=by, action="plan.correct", now=now, detail=detail
    )
