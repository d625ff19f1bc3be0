"""Targets of the approved plan against what was reached: counted where staff chose a measure, else by hand.

A target is known by its words and its year, so that what was chosen and entered for it stays when a
corrected version of the plan is approved. What was entered is never overwritten: the latest day counts.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.communes import slug_of
from records.households import Lessons
from records.measures import NO_LESSONS, STANDING, UNITS, Measured, Span, measure
from records.models import PlanVersion
from records.models_plans import TargetMeasure, TargetValue

PERCENT = "%"
PEOPLE = "person"
NO_TOPICS: Mapping[str, Collection[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TargetRow:
    key: str
    name: str  # as the plan says it, group and measure together
    group: str  # of people or things: "người dân trong độ tuổi trưởng thành"
    year: int | None  # None where the plan ties it to no year
    bound: str  # "trên", "trở lên", "ít nhất"; empty for exactly
    assigned: float
    unit: str  # of what is assigned: "%", "lớp"
    lead: str | None
    cooperates: str | None
    locator: str  # where the plan says it
    actual: float | None  # None: not known, which is not 0
    actual_unit: str  # "%" or typed by hand, or one of `measures.UNITS` and "person" when `unit_is_code`
    unit_is_code: bool
    share: float | None  # of what is assigned, 1.0 is all of it; None where the units differ
    source: Literal["system", "hand"] | None
    measure: str | None
    count: int | None  # what was counted, when it is not `actual` itself; of `whole`
    whole: float | None
    as_of: dt.date | None
    by: str | None  # who entered it or chose the measure


def targets_with_actuals(
    session: Session,
    *,
    commune_id: int,
    first: dt.date,
    last: dt.date,
    lessons: Lessons = NO_LESSONS,
    topics: Mapping[str, Collection[str]] = NO_TOPICS,
    today: dt.date | None = None,
) -> tuple[TargetRow, ...]:
    """The targets of the approved plan that hold in the period, in its order; () without a plan.

    A year's target is counted from the first day of the year of `first` up to `last`, for that is how it
    is set; targets of other years are left out. What only stands now bears the date of `today`, when given.
    """
    plan = session.scalar(
        select(PlanVersion).where(PlanVersion.commune_id == commune_id, PlanVersion.state == "approved")
    )
    if plan is None:
        return ()
    span = Span(commune_id, first.replace(month=1, day=1), last, lessons, topics)
    chosen = {
        row.target: row
        for row in session.scalars(select(TargetMeasure).where(TargetMeasure.commune_id == commune_id))
    }
    latest = _latest_values(session, span)
    tasks = {task["locator"]: task for task in plan.facts.get("tasks", [])}
    return tuple(
        _row(session, target, tasks.get(target["locator"], {}), span, chosen, latest, today)
        for target in plan.facts.get("targets", [])
        if target["year"] is None or first.year <= target["year"] <= last.year
    )


def target_key(target: Mapping[str, Any]) -> str:
    words = slug_of(f"{target['group']} {target['measure']}")
    return hashlib.sha256(f"{words} {target['year']}".encode()).hexdigest()[:32]


def history(session: Session, *, commune_id: int, target: str, limit: int = 200) -> list[TargetValue]:
    """All that was entered for a target, the value that counts first."""
    return list(
        session.scalars(
            select(TargetValue)
            .where(TargetValue.commune_id == commune_id, TargetValue.target == target)
            .order_by(TargetValue.as_of.desc(), TargetValue.id.desc())
            .limit(limit)
        )
    )


def enter_value(
    session: Session,
    *,
    commune_id: int,
    target: str,
    value: float,
    unit: str,
    as_of: dt.date,
    note: str,
    by: str,
    now: dt.datetime,
) -> TargetValue:
    row = TargetValue(
        commune_id=commune_id,
        target=target,
        value=value,
        unit=unit,
        as_of=as_of,
        note=note,
        entered_by=by,
        entered_at=now,
    )
    session.add(row)
    session.flush()
    return row


def choose_measure(
    session: Session,
    *,
    commune_id: int,
    target: str,
    measure: str,
    whole: float | None,
    by: str,
    now: dt.datetime,
) -> None:
    """`measure` "" for by hand; `whole`: how many there are in all, of which a share in per cent is taken."""
    row = session.get(TargetMeasure, (commune_id, target), with_for_update=True)
    if row is None:
        row = TargetMeasure(commune_id=commune_id, target=target)
        session.add(row)
    row.measure, row.whole, row.changed_by, row.changed_at = measure, whole, by, now
    session.flush()


def _row(
    session: Session,
    target: Mapping[str, Any],
    task: Mapping[str, Any],
    span: Span,
    chosen: Mapping[str, TargetMeasure],
    latest: Mapping[str, TargetValue],
    today: dt.date | None,
) -> TargetRow:
    key, unit = target_key(target), target.get("unit") or PERCENT
    choice = chosen.get(key)
    said = latest.get(key)
    counted = measure(session, choice.measure, span) if choice and choice.measure else None
    if choice and counted:
        actual = _of_system(choice, counted, unit, span, today)
    elif said:
        actual = _Actual(
            said.value, said.unit, said.unit == unit, "hand", as_of=said.as_of, by=said.entered_by
        )
    else:
        actual = _Actual(None, unit, False, None)
    assigned = float(target["percent"])
    return TargetRow(
        key=key,
        name=f"{target['group']} {target['measure']}".strip(),
        group=target["group"],
        year=target["year"],
        bound=target["bound"],
        assigned=assigned,
        unit=unit,
        lead=task.get("lead"),
        cooperates=task.get("cooperates"),
        locator=target["locator"],
        actual=actual.value,
        actual_unit=actual.unit,
        unit_is_code=actual.source == "system" and actual.unit != PERCENT,
        share=actual.value / assigned if actual.compares and actual.value is not None and assigned else None,
        source=actual.source,
        measure=choice.measure if choice and actual.source == "system" else None,
        count=actual.count,
        whole=actual.whole,
        as_of=actual.as_of,
        by=actual.by,
    )


@dataclass(frozen=True, slots=True)
class _Actual:
    value: float | None
    unit: str
    compares: bool  # with what is assigned
    source: Literal["system", "hand"] | None
    count: int | None = None
    whole: float | None = None
    as_of: dt.date | None = None
    by: str | None = None


def _of_system(
    choice: TargetMeasure, counted: Measured, unit: str, span: Span, today: dt.date | None
) -> _Actual:
    whole = choice.whole or counted.whole
    as_of = (today or span.last) if choice.measure in STANDING else span.last
    if unit != PERCENT:
        code = UNITS.get(choice.measure, PEOPLE)
        return _Actual(counted.count, code, True, "system", as_of=as_of, by=choice.changed_by)
    if not whole:  # a share of nobody knows how many: only the number can be told
        code = UNITS.get(choice.measure, PEOPLE)
        return _Actual(counted.count, code, False, "system", as_of=as_of, by=choice.changed_by)
    share = 100 * counted.count / whole
    return _Actual(share, PERCENT, True, "system", counted.count, whole, as_of, choice.changed_by)


def _latest_values(session: Session, span: Span) -> dict[str, TargetValue]:
    """target → what was entered for the latest day in the span, of several the one entered last."""
    rows = session.scalars(
        select(TargetValue)
        .where(
            TargetValue.commune_id == span.commune_id,
            TargetValue.as_of >= span.first,
            TargetValue.as_of <= span.last,
        )
        .order_by(TargetValue.as_of, TargetValue.id)
    )
    return {row.target: row for row in rows}
