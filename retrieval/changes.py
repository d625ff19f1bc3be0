"""Which known questions would be answered otherwise by another engine. Pure over the two."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.decide import Choices, Decision, OneGuide
from retrieval.engine import Engine


@dataclass(frozen=True, slots=True)
class Known:
    """A question, and the guide that should answer it; None where nobody said which."""

    question: str
    right: str | None
    is_new: bool = False  # nobody knew it before: that it is answered now makes up for nothing lost


@dataclass(frozen=True, slots=True)
class Change:
    known: Known
    before: Decision
    after: Decision

    @property
    def is_loss(self) -> bool:
        return _is_right(self.before, self.known) and not _is_right(self.after, self.known)

    @property
    def is_gain(self) -> bool:
        return _is_right(self.after, self.known) and not _is_right(self.before, self.known)


@dataclass(frozen=True, slots=True)
class Changes:
    asked: int
    changed: tuple[Change, ...]  # losses first, in the order they were asked

    @property
    def losses(self) -> int:
        return sum(change.is_loss for change in self.changed)

    @property
    def gains(self) -> int:
        return sum(change.is_gain for change in self.changed)

    @property
    def drop(self) -> int:
        """How many of the questions known before fewer are answered rightly; 0 when it is not fewer."""
        gains = sum(change.is_gain and not change.known.is_new for change in self.changed)
        return max(self.losses - gains, 0)


def what_changes(known: Sequence[Known], *, before: Engine, after: Engine) -> Changes:
    questions = [each.question for each in known]
    pairs = zip(known, before.ask_all(questions), after.ask_all(questions), strict=True)
    changed = [
        Change(each, old.decision, new.decision)
        for each, old, new in pairs
        if not _is_same(old.decision, new.decision)
    ]
    return Changes(len(known), tuple(sorted(changed, key=lambda change: not change.is_loss)))


def spread(items: Sequence[Known], most: int) -> list[Known]:
    """At most `most` of them, evenly over all: the same ones each time."""
    if len(items) <= most:
        return list(items)
    return [items[at * len(items) // most] for at in range(most)]


def _is_right(decision: Decision, known: Known) -> bool:
    return known.right is not None and decision == OneGuide(known.right)


def _is_same(one: Decision, other: Decision) -> bool:
    """A list of choices in another order offers the same."""
    if isinstance(one, Choices) and isinstance(other, Choices):
        return set(one.guides) == set(other.guides)
    return one == other
