"""A passage of a plan → the one or two sentences that answer a question. Pure."""

import re
from collections.abc import Sequence

from knowledge.plan_facts import Task
from knowledge.plan_structure import PlanPassage
from retrieval.plan_query import PlanQuery
from retrieval.text import fold, normalise

MAX_WORDS = 60


def answer_text(passage: PlanPassage, query: PlanQuery, task: Task | None = None) -> str:
    """At most 60 words, taken from the passage; ends like a sentence."""
    sentences = _sentences(passage)
    chosen = _choose(sentences, query)
    prefix = _prefix(passage, query, task, chosen)
    return f"{prefix}{_shortened(chosen, MAX_WORDS - len(prefix.split()))}"


def _sentences(passage: PlanPassage) -> list[str]:
    return [
        part.strip()
        for part in re.split(r"(?<=[.!?])\s+(?=[^\W\d_a-zà-ỹ]|[“\"\d])", passage.text)
        if part.strip()
    ]


def _choose(sentences: Sequence[str], query: PlanQuery) -> str:
    """All of them where they are short, else the one that says most of what was asked, and its column."""
    if len(" ".join(sentences).split()) <= MAX_WORDS:
        return " ".join(sentences)
    best = max(sentences, key=lambda sentence: _worth(sentence, query))
    if (
        best is not sentences[0]
        and re.match(r"[^.:]{3,40}: ", best)
        and len(sentences[0].split()) <= MAX_WORDS // 2
    ):
        return f"{sentences[0]} {best}"  # a column of a row says little without the row's title
    return best


def _worth(sentence: str, query: PlanQuery) -> float:
    text = f" {fold(normalise(sentence))} "
    worth = sum(
        1.0 + unit.is_topic for unit in query.units if any(f" {form} " in text for form in unit.forms)
    )
    worth += 2 * sum(f" {number} " in text for number in (*query.numbers, *map(str, query.years)))
    if "percent" in query.asks and "%" in sentence:
        worth += 3
    if "who" in query.asks and re.search("chu tri|phoi hop|thuc hien:", text):
        worth += 1
    if "when" in query.asks and re.search(r" ngay \d| thang \d| dinh ky | moi quy ", text):
        worth += 3
    return worth


def _prefix(passage: PlanPassage, query: PlanQuery, task: Task | None, chosen: str) -> str:
    """What the sentence needs from above it: whose task it is, which year."""
    nearest = re.sub(r"^\(?[\w.]{1,5}[.)]\s*", "", passage.heading.rsplit(" › ", 1)[-1])
    if re.fullmatch(r"[Nn]ăm 20\d\d", nearest):
        return f"{nearest}: "
    lead = task.lead or (task.cooperates or "").split(";")[0] if task and passage.kind != "row" else None
    if lead and fold(lead) not in fold(chosen):
        return f"{lead}: "
    return ""


def _shortened(text: str, words: int) -> str:
    """Cut at the last clause that fits, and ended with a full stop."""
    found = text.split()
    if len(found) <= words:
        return text
    kept = " ".join(found[:words])
    cut = max(kept.rfind(mark) for mark in (";", ",", "."))
    kept = kept[:cut] if cut > len(kept) // 3 else kept
    return kept.rstrip(' ,;:.(“"') + "."
