"""Whether a passage answers a question about a plan: what it names, and the kind of answer it holds. Pure."""

import itertools
import re

from retrieval.plan_asks import Ask
from retrieval.plan_entries import PlanEntry
from retrieval.plan_query import PlanQuery, Unit

# Kinds of answer that only one place of a plan, or none, can give.
_SPECIAL: frozenset[Ask] = frozenset(("phone", "hour", "money", "signer", "recipients", "name", "person"))
_HARD: frozenset[Ask] = frozenset(("when", "number", "count", "who"))
_FRONT_ASKS: frozenset[Ask] = frozenset(("number", "signer", "recipients", "name", "person", "when"))


def covered(unit: Unit, entry: PlanEntry) -> float:
    """How far a passage names what a unit of the question names, 0..1."""
    for number, form in enumerate(unit.forms):
        if f" {form} " in entry.text:
            if number == 0 and unit.marked and unit.marked not in entry.marked:
                continue  # "ký" is not in a passage that says "kỹ"
            return 1.0
    words = unit.words.split()
    if len(words) > 2:  # a long name may be said in part
        pairs = [f" {left} {right} " for left, right in itertools.pairwise(words)]
        return 0.8 * sum(pair in entry.text for pair in pairs) / len(pairs)
    return 0.25 if all(f" {word} " in entry.text for word in words) else 0.0


def satisfies(entry: PlanEntry, query: PlanQuery) -> bool:
    """Whether the kind of answer that the question asks for stands in the passage."""
    if query.is_about_plan and not is_front(entry):
        return False
    asked = query.asks
    if special := asked & _SPECIAL:
        return special <= entry.has
    if "percent" in asked:
        return "percent" in entry.has
    if "often" in asked:
        return "often" in entry.has
    if "when" in asked and "bao cao" in query.folded:  # a day or at least how often, not just any date
        return entry.is_deadline and re.search(r"\d", entry.own) is not None
    return (asked & _HARD) <= entry.has or bool({"when", "number"} & asked & entry.has)


def fits_numbers(entry: PlanEntry, query: PlanQuery) -> bool:
    """Whether the numbers, months and years of the question are those of the passage."""
    if any(f" {number} " not in entry.text for number in query.numbers):
        return False
    if any(f" thang {month} " not in entry.text for month in query.months):
        return False
    if not query.years:
        return True
    return bool(query.years & entry.years) if entry.years else query.years <= entry.plan_years


def is_front(entry: PlanEntry) -> bool:
    """Whether a passage is one that speaks of the plan itself: its head, end and recipients."""
    return entry.passage.kind in ("head", "signature", "recipients")


def boost(entry: PlanEntry, query: PlanQuery) -> float:
    """What the kind of the question and the kind of the passage say of each other."""
    factor = _kind_weight(entry, query)
    if "who" in query.asks and entry.lead.strip():
        factor *= 1.25
    if any(f" {unit.words} " in entry.lead for unit in query.units):
        factor *= 1.7 if "task" in query.asks else 1.25
    if re.search("chi tieu|muc tieu", query.folded) and re.search("chi tieu|muc tieu", entry.above):
        is_group = any(f" {form} " in entry.groups for unit in query.units for form in unit.forms)
        factor *= 1.2 * (1.2 if is_group else 1.0)
    if "who" in query.asks and not any(unit.means_topic for unit in query.units) and _leads_all(entry):
        factor *= 2.0
    return factor


def _leads_all(entry: PlanEntry) -> bool:
    """Whether it is the task of the office that keeps the whole plan going."""
    return entry.own.startswith("chu tri") and re.search("don doc|theo doi", entry.own) is not None


def _kind_weight(entry: PlanEntry, query: PlanQuery) -> float:
    match entry.passage.kind:
        case "head" if query.is_about_plan:
            return 1.2
        case "head" | "basis" | "recipients" | "signature":
            return 1.0 if _FRONT_ASKS & query.asks else 0.55
        case "closing":
            return 0.8
        case "heading":
            return 1.1 if "giai doan" in query.folded else 0.8
        case _:  # what it is all for says little of what is done
            return 0.85 if "muc dich" in entry.above and "muc dich" not in query.folded else 1.0
