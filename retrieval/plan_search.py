"""Question → the passage of a plan that answers it, or "not in this plan". Built once, asked often; pure.

Lexical: BM25 over folded words and pairs, a passage searched with the headings above it. On top of that,
what the question asks for decides: a percentage, an office, a date must stand in the passage, the year asked
for must be its year, and the things it names must be named there. Otherwise the plan does not say it, however
near some passage comes.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.glossary import Glossary
from knowledge.plan_facts import PlanFacts, Task, office_of, plan_facts, plan_year
from knowledge.plan_structure import Plan, PlanPassage
from knowledge.plan_words import PlanWords, load_plan_words
from retrieval.plan_answer import answer_text
from retrieval.plan_query import ASIDE, Ask, Forms, PlanQuery, PlanReader, Unit, common_pairs
from retrieval.repair import Repairer, Vocabulary
from retrieval.text import fold, normalise

K1, B = 1.2, 0.35
OWN, NEAREST, ABOVE = 1.0, 0.8, 0.3  # weight of a word in the text, the nearest heading, those above
NEAR = 30  # passages looked at closely
NUMBER = 2.0  # weight of a number that a question names
THRESHOLD = 0.5  # least probability that the first passage answers

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlanHit:
    document: str
    locator: str
    text: str  # with the headings above it, so that it can be read alone
    score: float  # calibrated probability that it answers, 0..1


@dataclass(frozen=True, slots=True)
class PlanFound:
    answered: bool
    passages: tuple[PlanHit, ...]  # best first
    answer_text: str  # one or two sentences; empty unless answered
    plan_score: float  # 0..1: how much the question is one about a plan, rather than a how-to
    understood: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A passage as it is searched."""

    document: str
    passage: PlanPassage
    text: str  # folded, in the one form, headings included, spaces around
    above: str  # the headings, folded
    own: str  # the same without the headings
    marked: frozenset[str]  # its words with their marks
    has: frozenset[Ask]  # the kinds of answer that stand in it
    is_deadline: bool
    lead: str  # folded names of who leads
    groups: str  # of people its targets are about, folded, spaces around
    years: frozenset[int]
    task: Task | None


class PlanIndex:
    """`documents` are (name, plan); `texts` other words people may use (guides), for repairs."""

    def __init__(
        self,
        documents: Sequence[tuple[str, Plan]],
        glossary: Glossary,
        *,
        texts: Iterable[str] = (),
        words: PlanWords | None = None,
        threshold: float = THRESHOLD,
    ) -> None:
        self._words = words or load_plan_words()
        self._forms = Forms(self._words.same)
        self._threshold = threshold
        self._entries = [entry for name, plan in documents for entry in _entries(name, plan, self._forms)]
        background = [*texts, *(entry.passage.full_text for entry in self._entries)]
        self._repairer = Repairer(glossary, Vocabulary([*background, *_spelt(self._words)]))
        names = {fold(plan.head.commune) for _name, plan in documents if plan.head.commune}
        pairs = common_pairs(self._forms.read(text) for text in background)
        self._reader = PlanReader(self._words, self._forms, pairs, names)
        self._years = {name: _plan_years(plan) for name, plan in documents}
        self._postings, self._idf = _index(self._entries)
        self._unknown = math.log1p((len(self._entries) + 0.5) / 0.5)

    def ask(self, question: str, k: int = 5) -> PlanFound:
        """Blank text finds nothing."""
        read = self._repairer.read(question)
        query = self._reader.read(read.text)
        if not read.words or not self._entries:
            return PlanFound(False, (), "", 0.0, "")
        scores = self._scores(query)
        first = [int(at) for at in np.argsort(-scores, kind="stable")[:k] if scores[at] > 0]
        hits = tuple(self._hit(self._entries[at], query) for at in first)
        answered = bool(hits) and hits[0].score >= self._threshold
        text = (
            answer_text(self._entries[first[0]].passage, query, self._entries[first[0]].task)
            if answered
            else ""
        )
        return PlanFound(
            answered, hits, text, self._plan_score(query, first[:1] if answered else []), read.text
        )

    def is_plan_question(self, question: str) -> float:
        """0..1: how much a question is about a plan (targets, tasks, deadlines), not a how-to."""
        return cue_score(self._reader.read(self._repairer.read(question).text).folded, self._words)

    def _hit(self, entry: _Entry, query: PlanQuery) -> PlanHit:
        probability = round(self._probability(entry, query), 4)
        return PlanHit(entry.document, entry.passage.locator, entry.passage.full_text, probability)

    def _plan_score(self, query: PlanQuery, answering: Sequence[int]) -> float:
        """The cues, and what the answering passage has of the question: rare things weigh more."""
        cues = cue_sum(query.folded, self._words)
        if not answering:
            return logistic(cues)
        entry = self._entries[answering[0]]
        if _is_front(entry):
            return logistic(cues + 2.5)
        said = sum(_covered(unit, entry) * self._weight(unit) for unit in query.units if unit.is_topic)
        missed = sum((1 - _covered(unit, entry)) * self._weight(unit) for unit in query.units)
        return logistic(cues + 1.2 * said - 2.0 * missed)

    # --- Ranking ----------------------------------------------------------------------------------

    def _scores(self, query: PlanQuery) -> Floats:
        scores = np.zeros(len(self._entries))
        for unit in query.units:
            scores += self._unit_scores(unit)
        for number in (*query.numbers, *map(str, query.years), *(f"thang {month}" for month in query.months)):
            scores += self._term_scores(number.replace(" ", "_"))
        scores += 0.4 * sum((self._term_scores(pair) for pair in query.pairs), np.zeros(len(self._entries)))
        if query.is_about_plan:
            return np.array([self._weighed(entry, query, 0.0) for entry in self._entries])
        weighed = np.zeros(len(self._entries))
        for at in np.argsort(-scores, kind="stable")[:NEAR]:
            weighed[at] = self._weighed(self._entries[at], query, float(scores[at]))
        return weighed

    def _weighed(self, entry: _Entry, query: PlanQuery, score: float) -> float:
        if query.is_about_plan:
            return _kind_weight(entry, query) * (1.0 if _satisfies(entry, query) else 0.1)
        score = (score + 0.5) * (0.4 + 0.6 * self._coverage(entry, query))
        score *= 1.4 if _satisfies(entry, query) else 0.4
        score *= 1.0 if self._fits_numbers(entry, query) else 0.25
        score *= _kind_weight(entry, query)
        if "who" in query.asks and entry.lead:
            score *= 1.25
        if entry.lead and any(f" {unit.words} " in f" {entry.lead} " for unit in query.units):
            score *= 1.7 if "task" in query.asks else 1.25
        if re.search("chi tieu|muc tieu", query.folded) and re.search("chi tieu|muc tieu", entry.above):
            score *= 1.2
            if any(f" {form} " in entry.groups for unit in query.units for form in unit.forms):
                score *= 1.2
        if "who" in query.asks and not any(unit.means_topic for unit in query.units) and _leads_all(entry):
            score *= 2.0
        return score

    def _unit_scores(self, unit: Unit) -> Floats:
        best = np.zeros(len(self._entries))
        for number, form in enumerate(unit.forms):
            words = form.split()
            terms = [*words, *(f"{left}_{right}" for left, right in zip(words, words[1:], strict=False))]
            found = sum((self._term_scores(term) for term in terms), np.zeros(len(self._entries)))
            best = np.maximum(best, found / math.sqrt(len(words)) * (1.0 if number == 0 else 0.8))
        return best

    def _term_scores(self, term: str) -> Floats:
        scores = np.zeros(len(self._entries))
        if (posting := self._postings.get(term)) is not None:
            scores[posting[0]] = posting[1]
        return scores

    # --- Whether it answers -----------------------------------------------------------------------

    def _probability(self, entry: _Entry, query: PlanQuery) -> float:
        if query.is_about_plan:
            return 0.9 if _satisfies(entry, query) else 0.05
        if {"signer", "recipients"} & query.asks & entry.has and self._fits_numbers(entry, query):
            return 0.9
        coverage = self._coverage(entry, query)
        has_topic = any(unit.means_topic for unit in query.units)
        topics = self._coverage(entry, query, topics=True) if has_topic else coverage
        value = -6.2 + 5.0 * topics + 3.6 * coverage
        value += 0.6 if _satisfies(entry, query) else -4.0
        value += 0.0 if self._fits_numbers(entry, query) else -4.0
        return logistic(value)

    def _coverage(self, entry: _Entry, query: PlanQuery, *, topics: bool = False) -> float:
        """The weighed share of what the question names that the passage names, 0..1."""
        total = covered = NUMBER * len(query.numbers)  # those a passage lacks are judged elsewhere
        for unit in query.units:
            if topics and not unit.means_topic:
                continue
            weight = self._weight(unit)
            total += weight
            covered += weight * _covered(unit, entry)
        return covered / total if total else 1.0

    def _weight(self, unit: Unit) -> float:
        known = [self._idf[term] for form in unit.forms if (term := form.replace(" ", "_")) in self._idf]
        if unit.words in ASIDE:
            return 0.3
        if unit.means_topic:
            return min(max(known), 3.0) if known else 4.0
        return min(min(known), 2.5) if known else 1.0  # a word plans do not use tells little

    def _fits_numbers(self, entry: _Entry, query: PlanQuery) -> bool:
        if any(f" {number} " not in entry.text for number in query.numbers):
            return False
        if any(f" thang {month} " not in entry.text for month in query.months):
            return False
        if not query.years:
            return True
        if entry.years:
            return bool(query.years & entry.years)
        return query.years <= self._years[entry.document]


def cue_score(folded: str, words: PlanWords) -> float:
    """0..1 from the cues of the glossary alone."""
    return logistic(cue_sum(folded, words))


def cue_sum(folded: str, words: PlanWords) -> float:
    """As a logarithm of odds; longer cues win over those within them."""
    text = f" {folded} "
    total = -1.6
    for cue, weight in words.cues.items():  # longest first
        if f" {cue} " in text:
            total += weight
            text = text.replace(f" {cue} ", " | ")
    return total


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


# --- Building -------------------------------------------------------------------------------------


def _entries(name: str, plan: Plan, forms: Forms) -> list[_Entry]:
    facts = plan_facts(plan)
    named = plan.head.commune is not None
    tasks = {task.locator: task for task in facts.tasks}
    deadlines = {deadline.locator for deadline in facts.deadlines}
    return [
        _entry(
            name,
            passage,
            forms,
            facts,
            tasks.get(passage.locator),
            is_deadline=passage.locator in deadlines,
            has_name=named and passage.kind == "head",
        )
        for passage in plan.passages
    ]


def _entry(
    name: str,
    passage: PlanPassage,
    forms: Forms,
    facts: PlanFacts,
    task: Task | None,
    *,
    is_deadline: bool,
    has_name: bool,
) -> _Entry:
    lead = (task.lead or task.cooperates or "") if task else ""
    return _Entry(
        document=name,
        passage=passage,
        text=f" {forms.read(passage.full_text)} ",
        above=_folded(passage.heading),
        own=forms.read(passage.text),
        marked=frozenset(normalise(passage.full_text).split()),
        has=frozenset(_has(passage, task, is_deadline=is_deadline, has_name=has_name)),
        is_deadline=is_deadline,
        lead=forms.read(lead),
        groups=f" {forms.read(' | '.join(t.group for t in facts.targets if t.locator == passage.locator))} ",
        years=_passage_years(passage, facts),
        task=task,
    )


_DATE = re.compile(
    r"\d{1,2}/\d{1,2}|[Tt]háng \d|[Nn]gày \d|[Nn]ăm 20\d\d|[Qq]uý|[Hh]ằng|[Hh]àng (?:năm|tháng|tuần)|[Tt]hường xuyên|[Đđ]ịnh kỳ"
)
_OFFICES = re.compile(
    r"\b(?:[Pp]hòng|Văn phòng|Ban|UBND|Ủy ban|Uỷ ban|Đảng ủy|Đoàn|[Hh]ội (?:phụ|nông|cựu|doanh|Phụ|Nông|Cựu|viên)|Công an|Tổ|Trung tâm|Liên đoàn|[Tt]rường"
    r"|Trưởng|[Cc]ơ quan|[Đđ]ơn vị|[Tt]hôn|[Xx]óm|Mặt trận|doanh nghiệp|Sở|[Cc]ác cơ sở"
    r"|Thủ tướng|Chính phủ|Bộ|Tỉnh ủy|Thành ủy|Huyện ủy)\b"
)
_NUMBERED = re.compile(r"\d+\s*[-/]\s*[A-ZĐ]{2,}")
_COUNTED = re.compile(
    r"\d|\b(?:một|hai|ba|bốn|năm|mười) (?:thành viên|nhân sự|người|buổi|lần)", re.IGNORECASE
)


def _has(passage: PlanPassage, task: Task | None, *, is_deadline: bool, has_name: bool) -> Iterable[Ask]:
    text = passage.text
    tests: Mapping[Ask, bool] = {
        "percent": "%" in text,
        "who": task is not None or _OFFICES.search(text) is not None or office_of(passage) is not None,
        "when": is_deadline or _DATE.search(passage.full_text) is not None,
        "number": _NUMBERED.search(text) is not None,
        "count": _COUNTED.search(text) is not None,
        "money": re.search(r"\d[\d.,]*\s*(?:triệu|tỷ|nghìn|đồng)\b", text) is not None,
        "phone": re.search(r"\b0\d[\d. ]{7,}\d\b", text) is not None,
        "often": re.search(
            r"[Hh]ằng |[Hh]àng (?:năm|tháng|tuần|quý)|[Đđ]ịnh kỳ|[Tt]hường xuyên|mỗi [Qq]uý", text
        )
        is not None,
        "hour": re.search(r"\d+\s*(?:giờ|h\d|:\d\d)", text) is not None,
        "signer": passage.kind == "signature",
        "person": passage.kind == "signature",
        "recipients": passage.kind == "recipients",
        "task": task is not None,
        "name": has_name,
    }
    return (ask for ask, holds in tests.items() if holds)


def _passage_years(passage: PlanPassage, facts: PlanFacts) -> frozenset[int]:
    said = {int(year) for year in re.findall(r"(?:[Nn]ăm |/)(20\d\d)\b", f"{passage.heading} {passage.text}")}
    targets = {target.year for target in facts.targets if target.locator == passage.locator and target.year}
    return frozenset(said | targets)


def _plan_years(plan: Plan) -> frozenset[int]:
    years = {plan_year(plan), int(plan.head.date[:4]) if plan.head.date else None}
    return frozenset(year for year in years if year)


def _spelt(words: PlanWords) -> list[str]:
    """The words of the glossary, so that the repairer knows them."""
    return [
        *words.same,
        *words.same.values(),
        *words.asked,
        *words.topics,
        *words.cues,
        " ".join(words.around),
    ]


def _index(
    entries: Sequence[_Entry],
) -> tuple[dict[str, tuple[NDArray[np.int64], Floats]], dict[str, float]]:
    counts = [_term_counts(entry) for entry in entries]
    lengths = np.array([sum(count.values()) for count in counts] or [1.0])
    holders: dict[str, list[int]] = {}
    for at, count in enumerate(counts):
        for term in count:
            holders.setdefault(term, []).append(at)
    postings, idf = {}, {}
    for term, at in holders.items():
        rows = np.array(at)
        idf[term] = math.log1p((len(entries) - len(at) + 0.5) / (len(at) + 0.5))
        frequency = np.array([counts[row][term] for row in at])
        length = 1 - B + B * lengths[rows] / lengths.mean()
        postings[term] = (rows, idf[term] * frequency * (K1 + 1) / (frequency + K1 * length))
    return postings, idf


def _term_counts(entry: _Entry) -> Counter[str]:
    counts: Counter[str] = Counter()
    above, _, nearest = entry.passage.heading.rpartition(" › ")
    for text, weight in ((entry.own, OWN), (_folded(nearest), NEAREST), (_folded(above), ABOVE)):
        words = text.split()
        terms = [*words]
        for size in (2, 3, 4):
            terms += ("_".join(words[at : at + size]) for at in range(len(words) - size + 1))
        for term in terms:
            counts[term] += weight  # type: ignore[assignment]
    for year in entry.years:
        counts[str(year)] += 1
    return counts


def _folded(text: str) -> str:
    return fold(normalise(text))


# --- Judging --------------------------------------------------------------------------------------


def _covered(unit: Unit, entry: _Entry) -> float:
    for number, form in enumerate(unit.forms):
        if f" {form} " in entry.text:
            if number == 0 and unit.marked and unit.marked not in entry.marked:
                continue  # "ký" is not in a passage that says "kỹ"
            return 1.0
    words = unit.words.split()
    if len(words) > 2:  # a long name may be said in part
        pairs = [f" {left} {right} " for left, right in zip(words, words[1:], strict=False)]
        return 0.8 * sum(pair in entry.text for pair in pairs) / len(pairs)
    return 0.25 if all(f" {word} " in entry.text for word in words) else 0.0


_SPECIAL: frozenset[Ask] = frozenset(("phone", "hour", "money", "signer", "recipients", "name", "person"))


def _satisfies(entry: _Entry, query: PlanQuery) -> bool:
    """Whether the kind of answer that the question asks for stands in the passage."""
    if query.is_about_plan and not _is_front(entry):
        return False
    asked = set(query.asks)
    if _SPECIAL & asked:
        return (asked & _SPECIAL) <= entry.has
    if "percent" in asked:
        return "percent" in entry.has
    if "often" in asked:
        return "often" in entry.has
    if "when" in asked and "bao cao" in query.folded:
        return entry.is_deadline and re.search(r"\d", entry.own) is not None
    hard: set[Ask] = {"when", "number", "count", "who"}
    return (asked & hard) <= entry.has or bool({"when", "number"} & asked & entry.has)


def _leads_all(entry: _Entry) -> bool:
    """Whether it is the task of the office that keeps the whole plan going."""
    return entry.own.startswith("chu tri") and re.search("don doc|theo doi", entry.own) is not None


def _is_front(entry: _Entry) -> bool:
    """Whether a passage is one that speaks of the plan itself: its head, end and recipients."""
    return entry.passage.kind in ("head", "signature", "recipients")


def _kind_weight(entry: _Entry, query: PlanQuery) -> float:
    asks_front = {"number", "signer", "recipients", "name", "when"} & query.asks
    match entry.passage.kind:
        case "head" if query.is_about_plan:
            return 1.2
        case "head" | "basis" | "recipients" | "signature":
            return 1.0 if asks_front else 0.55
        case "closing":
            return 0.8
        case "heading":
            return 1.1 if re.search("giai doan", query.folded) else 0.8
        case _:
            return 0.85 if "muc dich" in entry.above and "muc dich" not in query.folded else 1.0
