"""Is somebody in need of help this minute? Asked of every message before anything else.

Two judges, both read from `knowledge/safety/`: patterns for what is unmistakable, and a small
linear model for all other ways of saying it (trained by `handlers.triage_training`, served with
numpy alone). Forwarded scams are judged by `handlers.scam`; what to answer is for others.
"""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handlers.guard import without_masks
from handlers.triage_features import features, fold_words
from knowledge.library import CONTENT
from knowledge.safety_rules import Pattern, UrgentRules, load_urgent_rules
from retrieval.text import normalise

MODEL = CONTENT / "safety" / "triage.npz"
WINDOW, STEP = 60, 30  # words: in a long story the emergency may stand in any part
MAX_WORDS = 240  # of a longer message its beginning and its end are read

THRESHOLD_FORWARDED = 0.9  # of a text that speaks like a message from outside

Reader = Callable[[str], str]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judgement:
    kind: str
    probability: float  # that the text is urgent at all, of whatever kind
    by: str  # "model" or "pattern"


class UrgentModel:
    """Softmax regression over `features`; the last class is "not urgent"."""

    def __init__(self, path: Path = MODEL) -> None:
        with np.load(path, allow_pickle=False) as data:
            names = bytes(data["features"]).decode().split("\n")
            self._weights: NDArray[np.float32] = data["weights"].astype(np.float32)
            self._bias: NDArray[np.float32] = data["bias"].astype(np.float32)
            self.kinds: tuple[str, ...] = tuple(bytes(data["kinds"]).decode().split("\n"))
            self.threshold = float(data["threshold"])
            self.digest = bytes(data["digest"]).decode()
        self._row = {name: at for at, name in enumerate(names)}

    def judge(self, found: set[str]) -> tuple[str, float]:
        """The likeliest kind, and the probability that it is urgent at all."""
        rows = [row for name in found if (row := self._row.get(name)) is not None]
        scores = self._bias
        if rows:
            scores = scores + self._weights[rows].sum(axis=0) / math.sqrt(len(rows))
        likely = np.exp(scores - scores.max())
        return self.kinds[int(likely[:-1].argmax())], float(1 - likely[-1] / likely.sum())


class Triage:
    """`reader` reads a text as it was meant (`Repairer.read(…).text`)."""

    def __init__(
        self, reader: Reader, *, rules: UrgentRules | None = None, model: UrgentModel | None = None
    ) -> None:
        self._read = reader
        self._rules = rules or load_urgent_rules()
        self._model = model or UrgentModel()

    def urgent(self, text: str) -> str | None:
        """The kind of emergency a masked message tells of, or None. Never raises."""
        try:
            judgement = self.judge(text)
        except Exception:
            # A message must not go unheard because of a fault of ours; what it said is not logged.
            _log.exception("triage failed")
            return "scam" if any(word in str(text).lower() for word in self._rules.coarse) else None
        return judgement.kind if judgement else None

    def judge(self, text: str) -> Judgement | None:
        for readings in read(text, self._read, self._rules.figures):
            kind, probability = self._model.judge(features(readings, self._rules.ideas))
            if probability >= self._least(readings):
                return Judgement(kind, probability, "model")
            if sure := self._unmistakable(readings):
                return Judgement(sure, probability, "pattern")
        return None

    def _least(self, readings: Sequence[str]) -> float:
        forwarded = self._rules.forwarded.search(fold_words(readings[0]))
        return THRESHOLD_FORWARDED if forwarded else self._model.threshold

    def _unmistakable(self, readings: Sequence[str]) -> str | None:
        for folded in map(fold_words, readings):
            for kind, pattern in self._rules.patterns.items():
                if pattern.search(folded) and not self._rules.excuses.search(folded):
                    return kind
        return None


def read(text: str, reader: Reader, figures: Pattern) -> list[tuple[str, ...]]:
    """The parts of a message to judge, each as it was typed and, where that differs, as repaired."""
    words = normalise(without_masks(text)).split()
    if len(words) > MAX_WORDS:
        words = words[: MAX_WORDS // 2] + words[-MAX_WORDS // 2 :]
    parts = [words]
    if len(words) > WINDOW:
        parts = [words[at : at + WINDOW] for at in range(0, len(words) - STEP, STEP)]
    readings = []
    for part in parts:
        typed = " ".join(part)
        both = (without_figures(reading, figures) for reading in (typed, reader(typed)))
        readings.append(tuple(dict.fromkeys(both)))
    return readings


def without_figures(text: str, figures: Pattern) -> str:
    """The text less its figures of speech ("nóng muốn chết")."""
    folded = fold_words(text)
    if len(folded) != len(text):  # letters that fold to several: leave such text alone
        return text
    if not figures.search(folded):
        return text
    for match in reversed(list(figures.finditer(folded))):
        text = text[: match.start()] + text[match.end() :]
    return " ".join(text.split())
