"""A passage of a plan → the one or two sentences that answer a question. Pure."""

import re
from collections.abc import Sequence

from knowledge.plan_facts import Task
from knowledge.plan_lines import UPPER
from knowledge.plan_passages import PlanPassage
from retrieval.plan_query import PlanQuery
from retrieval.text import fold, normalise

MAX_WORDS = 60

_COLUMN = re.compile(rf"(?<=\.) (?=[{UPPER}][^.:“”]{{3,40}}: )")
_SENTENCE = re.compile(rf"(?<=[.!?])\s+(?=[{UPPER}“\"\d])")


def answer_text(passage: PlanPassage, query: PlanQuery, task: Task | None = None) -> str:
    """At most 60 words, taken from the passage; ends like a sentence."""
    if passage.kind == "row":
        return _answer_from_row(passage.text, query)
    chosen = _choose(_SENTENCE.split(passage.text), query)
    prefix = _prefix(passage, task, chosen)
    return f"{prefix}{_shortened(chosen, MAX_WORDS - len(prefix.split()))}"


def _answer_from_row(text: str, query: PlanQuery) -> str:
    """What the row is about, and the columns that were asked for; all of them where none was."""
    title, *columns = _COLUMN.split(text)
    wanted = [column for column in columns if _is_wanted(fold(column), query)] or columns
    said = " ".join(wanted)
    title = _shortened(title, max(MAX_WORDS - len(said.split()), MAX_WORDS // 3))
    return _shortened(f"{title} {said}".strip(), MAX_WORDS)


def _is_wanted(column: str, query: PlanQuery) -> bool:
    """`column` is folded, as "don vi chu tri: phong noi vu."."""
    name = column.split(":")[0]
    if year := re.match(r"nam (20\d\d)$", name):
        return "percent" in query.asks and (not query.years or int(year[1]) in query.years)
    if "phoi hop" in name:
        return "who" in query.asks and "phoi hop" in query.folded
    if re.search("thoi (?:gian|han)|tien do", name):
        return bool({"when", "often"} & query.asks)
    is_lead = re.search("chu tri|phan cong|thuc hien|phu trach", name) is not None
    return is_lead and "who" in query.asks and not re.search("phoi hop", query.folded)


def _choose(sentences: Sequence[str], query: PlanQuery) -> str:
    """All of them where they are short, else the one that says most of what was asked."""
    if len(" ".join(sentences).split()) <= MAX_WORDS:
        return " ".join(sentences)
    return max(sentences, key=lambda sentence: _worth(sentence, query))


def _worth(sentence: str, query: PlanQuery) -> float:
    text = f" {fold(normalise(sentence))} "
    worth = sum(
        1.0 + unit.is_topic for unit in query.units if any(f" {form} " in text for form in unit.forms)
    )
    worth += 2 * sum(f" {number} " in text for number in (*query.numbers, *map(str, query.years)))
    if "percent" in query.asks and "%" in sentence:
        worth += 3
    if "who" in query.asks and re.search("chu tri|phoi hop", text):
        worth += 1
    if "when" in query.asks and re.search(r" ngay \d| thang \d| dinh ky | moi quy ", text):
        worth += 3
    return worth


def _prefix(passage: PlanPassage, task: Task | None, chosen: str) -> str:
    """What the sentence needs from above it: whose task it is, which year."""
    nearest = re.sub(r"^\(?[\w.]{1,5}[.)]\s*", "", passage.heading.rsplit(" › ", 1)[-1])
    if re.fullmatch(r"[Nn]ăm 20\d\d", nearest):
        return f"{nearest}: "
    lead = task.lead or (task.cooperates or "").split(";")[0] if task else None
    return f"{lead}: " if lead and fold(lead) not in fold(chosen) else ""


def _shortened(text: str, words: int) -> str:
    """Cut at the last clause that fits, and ended with a full stop."""
    found = text.split()
    if len(found) <= words:
        return text
    kept = " ".join(found[:words])
    cut = max(kept.rfind(mark) for mark in (";", ",", "."))
    kept = kept[:cut] if cut > len(kept) // 3 else kept
    return kept.rstrip(' ,;:.(“"') + "."
