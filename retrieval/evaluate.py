"""How well the engine does on a file of labelled questions. Pure over answers."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from retrieval.decide import Choices, NoAnswer, OneGuide
from retrieval.engine import Found


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question and the guides that may answer it, best first; () for one that none may."""

    id: str
    question: str
    slugs: tuple[str, ...]
    style: str


@dataclass(frozen=True, slots=True)
class Result:
    labelled: Labelled
    found: Found

    @property
    def rank(self) -> int | None:
        """Place of the first right guide among the candidates, from 1."""
        guides = [candidate.guide for candidate in self.found.candidates]
        return next((at for at, guide in enumerate(guides, 1) if guide in self.labelled.slugs), None)

    @property
    def offered(self) -> bool:
        """Whether a right guide is among the choices of what was asked back."""
        decision = self.found.decision
        return isinstance(decision, Choices) and not set(decision.guides).isdisjoint(self.labelled.slugs)

    @property
    def answer(self) -> str:
        """'right', 'wrong', 'asked' or 'none'."""
        match self.found.decision:
            case OneGuide(guide):
                return "right" if guide in self.labelled.slugs else "wrong"
            case Choices():
                return "asked"
            case NoAnswer():
                return "none"


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares are of `count`, 0..1. For questions out of scope only those of the answers say something."""

    count: int
    success_at_1: float
    success_at_3: float
    mrr_at_10: float
    answered_right: float
    answered_wrong: float
    asked_back: float
    asked_right: float  # asked back with a right guide among the choices; part of `asked_back`
    no_answer: float


@dataclass(frozen=True, slots=True)
class Silence:
    """How well "there is no guide" was said; None where there was no occasion."""

    recall: float | None  # of the questions out of scope, those told that there is none
    precision: float | None  # of the questions told so, those out of scope


@dataclass(frozen=True, slots=True)
class Report:
    in_scope: Figures
    out_of_scope: Figures
    silence: Silence
    by_style: dict[str, Figures]  # of the questions in scope
    by_topic: dict[str, Figures]
    by_kind: dict[str, Figures]  # of those out of scope
    worst_guides: list[tuple[str, int, int]]  # guide, misses, questions
    confused: list[tuple[str, str, int]]  # right guide, guide that came first, how often

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def evaluate(results: Sequence[Result], topics: dict[str, str]) -> Report:
    """`topics` maps guides to their topics."""
    inside = [result for result in results if result.labelled.slugs]
    outside = [result for result in results if not result.labelled.slugs]
    styles: dict[str, list[Result]] = defaultdict(list)
    by_topic: dict[str, list[Result]] = defaultdict(list)
    kinds: dict[str, list[Result]] = defaultdict(list)
    for result in outside:
        kinds[result.labelled.style].append(result)
    questions: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for result in inside:
        right = result.labelled.slugs[0]
        styles[result.labelled.style].append(result)
        by_topic[topics.get(right, "?")].append(result)
        questions[right] += 1
        if result.rank != 1:
            missed[right] += 1
            first = result.found.candidates[0].guide if result.found.candidates else "-"
            pairs[right, first] += 1
    return Report(
        in_scope=_figures(inside),
        out_of_scope=_figures(outside),
        silence=_silence(inside, outside),
        by_style={style: _figures(rows) for style, rows in sorted(styles.items())},
        by_topic={topic: _figures(rows) for topic, rows in sorted(by_topic.items())},
        by_kind={kind: _figures(rows) for kind, rows in sorted(kinds.items())},
        worst_guides=[(guide, count, questions[guide]) for guide, count in missed.most_common(10)],
        confused=[(right, first, count) for (right, first), count in pairs.most_common(10)],
    )


def misses(results: Sequence[Result]) -> list[Result]:
    """In scope: the right guide does not come first. Out of scope: a guide answered."""
    return [
        result
        for result in results
        if (result.rank != 1 if result.labelled.slugs else result.answer == "wrong")
    ]


def _silence(inside: Sequence[Result], outside: Sequence[Result]) -> Silence:
    rightly = sum(result.answer == "none" for result in outside)
    silent = rightly + sum(result.answer == "none" for result in inside)
    return Silence(
        recall=round(rightly / len(outside), 4) if outside else None,
        precision=round(rightly / silent, 4) if silent else None,
    )


def _figures(results: Sequence[Result]) -> Figures:
    count = len(results)
    ranks = [result.rank for result in results]
    answers = Counter(result.answer for result in results)

    def share(number: float) -> float:
        return round(number / count, 4) if count else 0.0

    return Figures(
        count=count,
        success_at_1=share(sum(rank == 1 for rank in ranks)),
        success_at_3=share(sum(rank is not None and rank <= 3 for rank in ranks)),
        mrr_at_10=share(sum(1 / rank for rank in ranks if rank)),
        answered_right=share(answers["right"]),
        answered_wrong=share(answers["wrong"]),
        asked_back=share(answers["asked"]),
        asked_right=share(sum(result.offered for result in results)),
        no_answer=share(answers["none"]),
    )
