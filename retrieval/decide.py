"""Answer with one guide, ask which is meant, or say there is none. Pure.

What an outcome costs is the trouble it makes for a person who is not at home with a phone (`Costs`): a
wrong guide is walked for minutes before one notices, and does harm where money is concerned; being
told "there is none" while there is one loses them, though they are shown the topics; being asked back
costs one more turn, and two where nothing fits. Answering right, and saying that there is none when
there is none, cost nothing. As far as scores are probabilities the thresholds follow (`thresholds_for`);
`hocvuso index calibrate` says what they cost on the dev questions, and what the best there would.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

MAX_CHOICES = 3  # more do not fit a small screen
MIN_CHOICES = 2  # one alone would be an answer


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
    """Those that follow from `Costs()`."""

    answer: float = 0.7  # least score of a guide we answer with
    choose: float = 0.5  # least sum of the first three for asking back
    least: float = 0.07  # least score of a third guide we name among choices: one in fourteen is worth a line


@dataclass(frozen=True, slots=True)
class Costs:
    wrong: float = 10.0  # a guide that is not the right one, or any guide where none is
    left_alone: float = 8.0  # told that there is none, though there is
    asked_in_vain: float = 5.0  # asked back without a right guide among the choices
    asked: float = 3.0  # asked back with one

    def of(self, decision: Decision, right: Collection[str]) -> float:
        """`right` is empty where no guide is."""
        match decision:
            case OneGuide(guide):
                return 0.0 if guide in right else self.wrong
            case Choices(guides):
                return self.asked_in_vain if set(guides).isdisjoint(right) else self.asked
            case NoAnswer():
                return self.left_alone if right else 0.0


def thresholds_for(costs: Costs) -> Thresholds:
    """The scores from which on the next outcome is the cheaper one, by expectation.

    Answering costs wrong x (1 - p) with p the score of the first guide; asking back costs
    asked x s + asked_in_vain x (1 - s) with s the sum of the choices, near 1 where one thinks of
    answering; saying that there is none costs left_alone x s.
    """
    return Thresholds(
        answer=1 - costs.asked / costs.wrong,
        choose=costs.asked_in_vain / (costs.left_alone - costs.asked + costs.asked_in_vain),
    )


def decide(candidates: Sequence[Candidate], thresholds: Thresholds) -> Decision:
    """`candidates` come best first, one for each guide."""
    if candidates and candidates[0].score >= thresholds.answer:
        return OneGuide(candidates[0].guide)
    first = candidates[:MAX_CHOICES]
    if not first or sum(candidate.score for candidate in first) < thresholds.choose:
        return NoAnswer()
    if len(first) == 1:
        return OneGuide(first[0].guide)  # nothing else to offer beside it
    offered = [c for at, c in enumerate(first) if at < MIN_CHOICES or c.score >= thresholds.least]
    return Choices(tuple(candidate.guide for candidate in offered))
