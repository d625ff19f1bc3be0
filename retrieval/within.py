"""A question asked while a guide is walked: is it answered in that guide, or elsewhere?

Two readings are weighed against each other: the parts of this guide (what to prepare, steps, faults,
whom to ask), each with how well it answers, and the best other guide with the probability that the
search gives it for the question alone. One conditional logit turns them, and "neither", into
probabilities; `retrieval.within_fit` fits its weights.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.guide import Guide
from knowledge.walking import WalkingWords
from retrieval.encoder import Encoder, Vectors
from retrieval.engine import Found
from retrieval.text import fold, normalise

Section = Literal["prepare", "step", "fault", "ask", "safety"]
Floats = NDArray[np.float64]

_PLACEHOLDER = re.compile(r"\{\w+\}")

PART_FEATURES = (
    "part", "cosine", "core_cosine", "coverage", "pairs", "fits", "fits_alone", "misfits", "here",
    "this_guide", "fault", "prepare", "ask", "safety", "elsewhere", "strange",
)  # fmt: skip
OTHER_FEATURES = ("other", "other_guide", "says_much", "names_other", "contrasts")
# `python -m retrieval.within_fit` printed them.
WEIGHTS: Floats = np.array(
    [
        -0.21,  # part
        5.7,  # cosine
        3.64,  # core_cosine
        2.96,  # coverage
        2.8,  # pairs
        2.04,  # fits
        2.87,  # fits_alone
        -1.5,  # misfits
        2.51,  # here
        1.22,  # this_guide
        2.21,  # fault
        -0.99,  # prepare
        -0.67,  # ask
        0.55,  # safety
        -1.72,  # elsewhere
        -2.39,  # strange
        -1.76,  # other
        1.1,  # other_guide
        1.68,  # says_much
        2.24,  # names_other
        2.63,  # contrasts
    ]
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a guide that can answer by itself; `number` counts from 1 within its section."""

    section: Section
    number: int


@dataclass(frozen=True, slots=True)
class Within:
    """How a question reads while a guide is walked."""

    part: Part  # the part of the guide that answers best
    inside: float  # probability that the guide answers, 0..1
    outside: float  # probability that another guide is meant
    ask: str | None  # the kind of thing asked for, where its words are known
    restates: bool  # asks for what the guide is about as a whole
    is_bare: bool  # asks only that, as "mất bao lâu": what is found for it alone means nothing

    @property
    def is_inside(self) -> bool:
        return self.inside >= self.outside and self.inside >= 1 - self.inside - self.outside


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is compared with parts.

    Words have their marks where they were typed with marks that make a word we know: "mất" is not "mật".
    """

    text: str
    core: str  # without the frame of a follow-up ("thế … thì sao")
    ask: str | None  # the kind of thing asked for
    rest: tuple[str, ...]  # without the words that ask for it
    topic: tuple[str, ...]  # and without the frame

    @property
    def is_bare(self) -> bool:
        return self.ask is not None and not self.topic


@dataclass(frozen=True, slots=True)
class Options:
    """What a question can mean: a row of features for each part and, last, for another guide."""

    question: Question
    parts: tuple[Part, ...]
    features: Floats  # (parts + 1, features)
    possible: NDArray[np.bool_]  # (parts + 2,): the last for neither
    restates: bool

    def probabilities(self, weights: Floats) -> Floats:
        """(parts + 2,): of each part, of another guide, of neither."""
        utilities = np.where(self.possible, np.append(self.features @ weights, 0.0), -np.inf)
        exponent = np.exp(utilities - utilities.max())
        return np.asarray(exponent / exponent.sum())

    def read(self, weights: Floats = WEIGHTS) -> Within:
        probabilities = self.probabilities(weights)
        of_parts = probabilities[:-2]
        best = self.parts[int(of_parts.argmax())]
        return Within(
            best,
            inside=1.0 if self.restates else float(of_parts.sum()),
            outside=0.0 if self.restates else float(probabilities[-2]),
            ask=self.question.ask,
            restates=self.restates,
            is_bare=self.question.is_bare,
        )


class GuideParts:
    """The parts of one guide, ready to be compared with."""

    def __init__(self, guide: Guide, encoder: Encoder) -> None:
        self._encoder = encoder
        texts = list(_texts(guide))
        self.parts = tuple(part for part, _texts_of_part in texts)
        self._texts = [
            [normalise(_PLACEHOLDER.sub(" ", text)) for text in of_part] for _part, of_part in texts
        ]
        self.read = [_both_forms(of_part) for of_part in self._texts]
        self.words = [frozenset("".join(of_part).split()) for of_part in self.read]
        title = _both_forms([normalise(guide.title)])
        self.title_size = title[0].count(" ") - 1  # words
        self.title = frozenset("".join(title).split())
        self.all_words = self.title.union(*self.words)

    @cached_property
    def _vectors(self) -> Vectors:
        # Only of guides that somebody asks about: all together take as long as the index.
        return self._encoder.encode([text for of_part in self._texts for text in of_part], as_passages=True)

    def cosines(self, vector: Vectors) -> Floats:
        """For each part the cosine of its nearest text."""
        owner = np.array([at for at, of_part in enumerate(self._texts) for _ in of_part])
        nearest = np.full(len(self.parts), -1.0)
        np.maximum.at(nearest, owner, (self._vectors @ vector).astype(np.float64))
        return nearest


class FollowUps:
    """The guides of a library as they are asked about while being walked. Thread-safe to ask."""

    def __init__(
        self,
        guides: Iterable[Guide],
        encoder: Encoder,
        words: WalkingWords,
        *,
        previous: "FollowUps | None" = None,
    ) -> None:
        """What did not change since `previous` is taken from it."""
        self._encoder, self._words = encoder, words
        known = previous._guides if previous else {}
        self._guides: dict[str, tuple[Guide, GuideParts]] = {
            guide.slug: (guide, known[guide.slug][1])
            if guide.slug in known and known[guide.slug][0] == guide
            else (guide, GuideParts(guide, encoder))
            for guide in guides
        }
        everywhere = [words for _guide, parts in self._guides.values() for words in parts.words]
        held = Counter(word for words_of_part in everywhere for word in words_of_part)
        self._rarest = math.log(max(len(everywhere), 2))
        self._weight = {word: max(self._rarest - math.log(1 + count), 0.0) for word, count in held.items()}

    def read(self, slug: str, found: Found, *, step: int) -> Within | None:
        """`found` is what the question found alone; `step` counts from 1. None: there is no such guide."""
        return self.options(slug, found, step=step).read() if slug in self._guides else None

    def options(self, slug: str, found: Found, *, step: int) -> Options:
        guide = self._guides[slug][1]
        question = self._question(found.understood)
        this = next((c.score for c in found.candidates if c.guide == slug), 0.0)
        other = next((c for c in found.candidates if c.guide != slug), None)
        mass = self._mass(question.topic)
        rows = self._part_rows(guide, question, step, _log_odds(this), found.elsewhere is not None)
        fits = rows[:, PART_FEATURES.index("misfits")] == 0
        features = np.zeros((len(guide.parts) + 1, len(PART_FEATURES) + len(OTHER_FEATURES)))
        features[:-1, : len(PART_FEATURES)] = rows
        features[-1, len(PART_FEATURES) :] = (
            1.0,
            _log_odds(other.score if other else 0.0),
            min(mass, 12.0) / 12.0,
            self._coverage(question.topic, self._guides[other.guide][1].title) if other else 0.0,
            self._contrasts(question.text),
        )
        # How long and how much is said where it is said, or nowhere.
        parts_possible = fits if question.ask in ("time", "cost") else np.ones(len(guide.parts), dtype=bool)
        # What asks for nothing but papers, or whom to ask, means those of this guide.
        is_sure = question.is_bare and question.ask in ("prepare", "ask")
        possible = np.append(parts_possible, [not question.is_bare, not is_sure])
        # The title says all of the question, and the question half of the title.
        restates = (
            question.ask is None
            and guide.title.issuperset(question.topic)
            and 2 * len(set(question.topic)) >= guide.title_size
        )
        return Options(question, guide.parts, features, possible, restates)

    def _question(self, text: str) -> Question:
        words = [word if word in self._weight else fold(word) for word in text.split()]
        kind, rest = self._asked(words)
        core = " ".join(self._topic(text.split()))
        return Question(text, core or text, kind, rest, self._topic(rest))

    def _asked(self, words: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
        """The kind of thing asked for, and the words without those that ask."""
        for kind, ask in self._words.asks.items():
            for said in ask.said:
                if (rest := _taken_out(said, words)) is not None:
                    return kind, rest
            for said in ask.alone:
                rest = _taken_out(said, words)
                if rest is not None and not self._topic(rest):
                    return kind, rest
        return None, tuple(words)

    def _topic(self, words: Iterable[str]) -> tuple[str, ...]:
        return tuple(word for word in words if fold(word) not in self._words.frame)

    def _part_rows(
        self, guide: GuideParts, question: Question, step: int, this: float, is_elsewhere: bool
    ) -> Floats:
        vectors = self._encoder.encode([question.text, question.core])
        cosines, core_cosines = guide.cosines(vectors[0]), guide.cosines(vectors[1])
        strange = 1.0 - self._coverage(question.topic, guide.all_words) if question.topic else 0.0
        rows = []
        for at, part in enumerate(guide.parts):
            fits = question.ask is not None and self._fits(question.ask, part, guide.read[at])
            misfits = question.ask is not None and not fits
            rows.append(
                (
                    1.0,
                    cosines[at],
                    core_cosines[at],
                    0.0 if misfits else self._coverage(question.topic, guide.words[at]),
                    0.0 if misfits else _share_of_pairs(question.rest, guide.read[at]),
                    fits,
                    fits and not question.topic,
                    misfits,
                    part.section == "step" and part.number == step,
                    this,
                    part.section == "fault",
                    part.section == "prepare" and not fits,
                    part.section == "ask" and not fits,
                    part.section == "safety",
                    is_elsewhere,
                    strange,
                )
            )
        return np.array(rows, dtype=np.float64)

    def _fits(self, kind: str, part: Part, folded: Collection[str]) -> bool:
        pattern = self._words.asks[kind].answered
        if pattern is None:
            return part.section == kind
        return any(pattern.search(text) for text in folded)

    def _contrasts(self, text: str) -> bool:
        """ "còn … thì sao": what comes is another thing. Unaccented, "con" may be a child."""
        folded = fold(text)
        opens = any(folded.startswith(f"{word} ") for word in self._words.contrast)
        return opens and ("còn" in text.split() or text == folded)

    def _mass(self, words: Iterable[str]) -> float:
        """How much words say: rare ones more."""
        return sum(self._weight.get(word, self._rarest) for word in words)

    def _coverage(self, topic: Collection[str], words: Collection[str]) -> float:
        mass = self._mass(topic)
        return self._mass(word for word in topic if word in words) / mass if mass else 0.0


def _texts(guide: Guide) -> Iterable[tuple[Part, tuple[str, ...]]]:
    """The parts with what they are searched by, each text alone."""
    for number, item in enumerate(guide.prepare, 1):
        yield Part("prepare", number), (item,)
    for number, step in enumerate(guide.steps, 1):
        yield Part("step", number), (step.action, f"{step.action} {step.appears}", step.if_not)
    for number, fault in enumerate(guide.faults, 1):
        yield Part("fault", number), (fault.sign, f"{fault.sign} {fault.remedy}")
    for number, whom in enumerate(guide.ask, 1):
        yield Part("ask", number), (whom,)
    if guide.front.safety:
        yield Part("safety", 1), (guide.front.safety,)


def _taken_out(said: str, words: Sequence[str]) -> tuple[str, ...] | None:
    """The words without a folded phrase; None where it is not among them."""
    folded, phrase = [fold(word) for word in words], said.split()
    for at in range(len(words) - len(phrase) + 1):
        if folded[at : at + len(phrase)] == phrase:
            return (*words[:at], *words[at + len(phrase) :])
    return None


def _both_forms(texts: Iterable[str]) -> list[str]:
    """Normalised texts as they are and folded, with spaces around."""
    return [f" {form} " for text in texts for form in (text, fold(text))]


def _share_of_pairs(words: Collection[str], texts: Collection[str]) -> float:
    pairs = [f" {left} {right} " for left, right in pairwise(words)]
    found = sum(any(pair in text for text in texts) for pair in pairs)
    return found / len(pairs) if pairs else 0.0


def _log_odds(score: float) -> float:
    """Bounded: beyond one in a hundred a score says no more."""
    return math.log((score + 0.01) / (1.01 - score))
