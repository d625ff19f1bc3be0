"""Is somebody in need of help this minute? Asked of every message before anything else.

Two judges, both read from `knowledge/safety/`: patterns for what is unmistakable, and a small
linear model for all other ways of saying it (trained by `handlers.triage_training`, served with
numpy alone). Forwarded scams are judged by `handlers.scam`; what to answer is for others.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handlers.guard import without_masks
from handlers.triage_features import features
from knowledge.library import CONTENT
from knowledge.safety_rules import Pattern, UrgentRules
from retrieval.repair import Repairer
from retrieval.text import fold, normalise

MODEL = CONTENT / "safety" / "triage.npz"
WINDOW, STEP = 60, 30  # words: in a long story the emergency may stand in any part
MAX_WORDS = 240  # of a longer message its beginning and its end are read

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
    def __init__(self, rules: UrgentRules, model: UrgentModel, repairer: Repairer) -> None:
        self._rules, self._model, self._repairer = rules, model, repairer

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
        for readings in read(text, self._repairer, self._rules.figures):
            kind, probability = self._model.judge(features(readings, self._rules.ideas))
            if probability >= self._model.threshold:
                return Judgement(kind, probability, "model")
            if sure := self._unmistakable(readings):
                return Judgement(sure, probability, "pattern")
        return None

    def _unmistakable(self, readings: Sequence[str]) -> str | None:
        for text in readings:
            folded = fold(text)
            for kind, patterns in self._rules.patterns.items():
                if any(pattern.search(folded) for pattern in patterns) and not any(
                    excuse.search(folded) for excuse in self._rules.excuses
                ):
                    return kind
        return None


def read(text: str, repairer: Repairer, figures: Sequence[Pattern]) -> list[tuple[str, ...]]:
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
        both = dict.fromkeys(
            (without_figures(typed, figures), without_figures(repairer.read(typed).text, figures))
        )
        readings.append(tuple(both))
    return readings


def without_figures(text: str, figures: Sequence[Pattern]) -> str:
    """The text less its figures of speech ("nóng muốn chết")."""
    folded = fold(text)
    if len(folded) != len(text):  # letters that fold to several: leave such text alone
        return text
    for figure in figures:
        while match := figure.search(folded):
            text = text[: match.start()] + text[match.end() :]
            folded = folded[: match.start()] + folded[match.end() :]
    return " ".join(text.split())
