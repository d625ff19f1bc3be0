"""How targets of a plan, and what was reached of them, are said. Numbers as written in Vietnam."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from knowledge.phrases import Phrases
from knowledge.plan_facts import BOUND_AFTER
from records.plan_targets import TargetRow

PERCENT = "%"


def decimal(value: float) -> str:
    """One decimal at most: 1.234,5."""
    tenths = Decimal(repr(value)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    text = f"{tenths:,}".removesuffix(".0")
    return text.translate(str.maketrans(",.", ".,"))


def amount(phrases: Phrases, value: float, unit: str, *, is_code: bool = False) -> str:
    """'83,5%', '20 lớp'; `is_code` when the unit is one of `records.measures.UNITS`, or "person"."""
    words = phrases(f"plans_desk.unit_{unit}") if is_code else unit
    return f"{decimal(value)}{PERCENT}" if words == PERCENT else f"{decimal(value)} {words}".strip()


def assigned(phrases: Phrases, target: TargetRow) -> str:
    """'trên 80%', '60% trở lên'."""
    return _bounded(amount(phrases, target.assigned, target.unit), target.bound)


def actual(phrases: Phrases, target: TargetRow) -> str | None:
    """None where it is not known."""
    if target.actual is None:
        return None
    return amount(phrases, target.actual, target.actual_unit, is_code=target.unit_is_code)


def target_value(phrases: Phrases, row: Mapping[str, Any]) -> str:
    """Of a target as the plan holds it: 'trên 80%'."""
    return _bounded(amount(phrases, row["percent"], row.get("unit") or PERCENT), row["bound"])


def changed_fields(phrases: Phrases, correction: Mapping[str, Any]) -> dict[str, str]:
    """before and after, each a line for every field that was changed."""
    before, after = correction["before"] or {}, correction["after"] or {}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {
        "before": _lines(phrases, correction["part"], before, names),
        "after": _lines(phrases, correction["part"], after, names),
    }


def _lines(phrases: Phrases, part: str, row: Mapping[str, Any], names: list[str]) -> str:
    group = "head" if part == "head" else "field"
    said = [
        f"{phrases(f'plans_desk.{group}_{name}')}: {row[name]}"
        for name in names
        if row.get(name) not in (None, "")
    ]
    return "\n".join(said)


def _bounded(said: str, bound: str) -> str:
    if not bound:
        return said
    return f"{said} {bound}" if bound == BOUND_AFTER else f"{bound} {said}"
