"""Question → the passage of a plan that answers it, or "not in this plan". Built once, asked often; pure.

Lexical: BM25 over folded words and word sequences, a passage searched with the headings above it. On top
of that, what the question asks for decides (`retrieval.plan_judge`): a percentage, an office, a date must
stand in the passage, the year asked for must be its year, and the things it names must be named there.
Otherwise the plan does not say it, however near some passage comes.

The weights of `_probability` and `cue_sum` were set on tests/data/plan_questions.jsonl and on the questions
of the guides, which a plan must leave alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.plan_structure import Plan
from knowledge.plan_words import PlanWords
from retrieval.plan_answer import answer_text
from retrieval.plan_background import PlanBackground
from retrieval.plan_entries import PlanEntry, entry_terms, read_entries
from retrieval.plan_judge import boost, covered, fits_numbers, is_front, satisfies
from retrieval.plan_query import ASIDE, PlanQuery, PlanReader, Unit
from retrieval.text import fold

K1, B = 1.2, 0.35
NEAR = 30  # passages looked at closely
NUMBER = 2.0  # weight of a number that a question names
THRESHOLD = 0.5  # least probability that the first passage answers

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlanHit:
    document: str
    locator: str
    text: str  # with the headings above it, so that it can be read alone
    score: float  # probability that it answers, 0..1


@dataclass(frozen=True, slots=True)
class PlanFound:
    answered: bool
    passages: tuple[PlanHit, ...]  # best first
    answer_text: str  # one or two sentences; empty unless answered
    plan_score: float  # 0..1: how much the question is one about a plan, rather than a how-to
    understood: str  # the question as it was read, repairs made
    cue: float = 0.0  # 0..1: the same from the question's words alone


class PlanIndex:
    """`documents` are (name, plan)."""

    def __init__(
        self,
        documents: Sequence[tuple[str, Plan]],
        background: PlanBackground,
        *,
        threshold: float = THRESHOLD,
    ) -> None:
        self._words, forms = background.words, background.forms
        self._threshold = threshold
        self._entries = [entry for name, plan in documents for entry in read_entries(name, plan, forms)]
        texts = [entry.passage.full_text for entry in self._entries]
        self._repairer = background.repairer(texts)
        names = {fold(plan.head.commune) for _name, plan in documents if plan.head.commune}
        self._reader = PlanReader(self._words, forms, background.common_pairs(texts), names)
        self._postings, self._idf = _index(self._entries)

    def ask(self, question: str, k: int = 5) -> PlanFound:
        """Blank text finds nothing."""
        read = self._repairer.read(question)
        if not read.words or not self._entries:
            return PlanFound(False, (), "", 0.0, read.text)
        query = self._reader.read(read.text)
        cue = logistic(cue_sum(query.folded, self._words))
        scores = self._scores(query)
        found = [self._entries[at] for at in np.argsort(-scores, kind="stable")[:k] if scores[at] > 0]
        hits = tuple(self._hit(entry, query) for entry in found)
        if not hits or hits[0].score < self._threshold:
            return PlanFound(False, hits, "", cue, read.text, cue)
        first = found[0]
        answer = answer_text(first.passage, query, first.task)
        return PlanFound(True, hits, answer, self._plan_score(query, first), read.text, cue)

    def is_plan_question(self, question: str) -> float:
        """0..1 from its words alone: how much a question is about a plan, not a how-to."""
        query = self._reader.read(self._repairer.read(question).text)
        return logistic(cue_sum(query.folded, self._words))

    def _hit(self, entry: PlanEntry, query: PlanQuery) -> PlanHit:
        probability = round(self._probability(entry, query), 4)
        return PlanHit(entry.document, entry.passage.locator, entry.passage.full_text, probability)

    # --- Ranking ----------------------------------------------------------------------------------

    def _scores(self, query: PlanQuery) -> Floats:
        if query.is_about_plan:
            return np.array([boost(e, query) * (1.0 if satisfies(e, query) else 0.1) for e in self._entries])
        scores = np.zeros(len(self._entries))
        for unit in query.units:
            scores += self._unit_scores(unit)
        numbers = (*query.numbers, *map(str, query.years), *(f"thang_{month}" for month in query.months))
        for number in numbers:
            self._add(scores, number)
        for pair in query.pairs:
            self._add(scores, pair, 0.4)
        weighed = np.zeros(len(self._entries))
        for at in np.argsort(-scores, kind="stable")[:NEAR]:
            weighed[at] = self._weighed(self._entries[at], query, float(scores[at]))
        return weighed

    def _weighed(self, entry: PlanEntry, query: PlanQuery, score: float) -> float:
        score = (score + 0.5) * (0.4 + 0.6 * self._coverage(entry, query))
        score *= 1.4 if satisfies(entry, query) else 0.4
        score *= 1.0 if fits_numbers(entry, query) else 0.25
        return score * boost(entry, query)

    def _unit_scores(self, unit: Unit) -> Floats:
        best = np.zeros(len(self._entries))
        for number, form in enumerate(unit.forms):
            words = form.split()
            found = np.zeros(len(self._entries))
            for size in (1, 2):
                for at in range(len(words) - size + 1):
                    self._add(found, "_".join(words[at : at + size]))
            # What plans say for a word counts a little less than the word itself.
            best = np.maximum(best, found / math.sqrt(len(words)) * (1.0 if number == 0 else 0.8))
        return best

    def _add(self, scores: Floats, term: str, weight: float = 1.0) -> None:
        if (posting := self._postings.get(term)) is not None:
            scores[posting[0]] += weight * posting[1]

    # --- Whether it answers -----------------------------------------------------------------------

    def _probability(self, entry: PlanEntry, query: PlanQuery) -> float:
        is_kind, fits = satisfies(entry, query), fits_numbers(entry, query)
        if query.is_about_plan:
            return 0.9 if is_kind else 0.05
        if {"signer", "recipients"} & query.asks & entry.has and fits:
            return 0.9
        coverage = self._coverage(entry, query)
        has_topic = any(unit.means_topic for unit in query.units)
        topics = self._coverage(entry, query, only_topics=True) if has_topic else coverage
        value = -6.2 + 5.0 * topics + 3.6 * coverage
        return logistic(value + (0.6 if is_kind else -4.0) + (0.0 if fits else -4.0))

    def _coverage(self, entry: PlanEntry, query: PlanQuery, *, only_topics: bool = False) -> float:
        """The weighed share of what the question names that the passage names, 0..1."""
        total = named = NUMBER * len(query.numbers)  # those a passage lacks are judged elsewhere
        for unit in query.units:
            if unit.means_topic or not only_topics:
                weight = self._weight(unit)
                total += weight
                named += weight * covered(unit, entry)
        return named / total if total else 1.0

    def _weight(self, unit: Unit) -> float:
        if unit.words in ASIDE:
            return 0.3
        known = [self._idf[term] for form in unit.forms if (term := form.replace(" ", "_")) in self._idf]
        if unit.means_topic:
            return min(max(known), 3.0) if known else 4.0
        return min(min(known), 2.5) if known else 1.0  # a word that plans do not use tells little

    def _plan_score(self, query: PlanQuery, entry: PlanEntry) -> float:
        """The cues, and what the answering passage has of the question: rare things weigh more."""
        cues = cue_sum(query.folded, self._words)
        if is_front(entry):
            return logistic(cues + 2.5)
        topics = {unit: 1.0 if unit.is_topic else 0.6 for unit in query.units if unit.means_topic}
        said = sum(share * covered(unit, entry) * self._weight(unit) for unit, share in topics.items())
        missed = sum((1 - covered(unit, entry)) * self._weight(unit) for unit in query.units)
        return logistic(max(cues, cues + 1.2 * said - 2.0 * missed))


def cue_sum(folded: str, words: PlanWords) -> float:
    """The cues of the glossary as a logarithm of odds; longer cues win over those within them."""
    text = f" {folded} "
    total = -1.6
    for cue, weight in words.cues.items():  # longest first
        if f" {cue} " in text:
            total += weight
            text = text.replace(f" {cue} ", " | ")
    return total


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def _index(
    entries: Sequence[PlanEntry],
) -> tuple[dict[str, tuple[NDArray[np.int64], Floats]], dict[str, float]]:
    """Okapi BM25: for each term its passages with their weights, and its idf."""
    counts = [entry_terms(entry) for entry in entries]
    lengths = np.array([sum(count.values()) for count in counts] or [1.0], dtype=float)
    holders: dict[str, list[int]] = {}
    for at, count in enumerate(counts):
        for term in count:
            holders.setdefault(term, []).append(at)
    postings: dict[str, tuple[NDArray[np.int64], Floats]] = {}
    idf: dict[str, float] = {}
    for term, held in holders.items():
        rows = np.array(held)
        idf[term] = math.log1p((len(entries) - len(held) + 0.5) / (len(held) + 0.5))
        frequency = np.array([counts[row][term] for row in held])
        length = 1 - B + B * lengths[rows] / lengths.mean()
        postings[term] = (rows, idf[term] * frequency * (K1 + 1) / (frequency + K1 * length))
    return postings, idf
