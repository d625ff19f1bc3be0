"""Answer with one guide, ask which is meant, or say there is none. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_CHOICES = 3  # more do not fit a small screen


@dataclass(frozen=True, slots=True)
class Candidate:
    guide: str
    score: float  # calibrated probability that this guide is the right answer, 0..1


@dataclass(frozen=True, slots=True)
class OneGuide:
    guide: str


@dataclass(frozen=True, slots=True)
class Choices:
    guides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoAnswer:
    pass


Decision = OneGuide | Choices | NoAnswer


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Chosen on the dev questions for stated costs (docs/benchmarks.md)."""

    answer: float = 0.5  # least score of a guide we answer with
    choose: float = 0.35  # least sum of the first three for asking back
    least: float = 0.07  # least score of a guide we name among choices


def decide(candidates: Sequence[Candidate], thresholds: Thresholds) -> Decision:
    """`candidates` come best first, one for each guide."""
    if candidates and candidates[0].score >= thresholds.answer:
        return OneGuide(candidates[0].guide)
    first = [c for c in candidates[:MAX_CHOICES] if c.score >= thresholds.least]
    if sum(candidate.score for candidate in first) < thresholds.choose or not first:
        return NoAnswer()
    if len(first) == 1:
        return OneGuide(first[0].guide)
    return Choices(tuple(candidate.guide for candidate in first))
