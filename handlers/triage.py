"""Is somebody in need of help this minute? Asked of every message before anything else.

Two judges, both read from `knowledge/safety/`: patterns for what is unmistakable, and a small
network for all other ways of saying it (trained by `handlers.triage_training`, served with
numpy alone). Forwarded scams are judged by `handlers.scam`; what to answer is for others.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from handlers.guard import without_masks
from handlers.linear_model import LinearModel, unpack_names
from handlers.triage_features import Terms, fold_words, terms
from knowledge.library import CONTENT
from knowledge.safety_rules import UrgentRules, load_urgent_rules
from knowledge.wordings import Said, Wording
from retrieval.text import normalise

MODEL = CONTENT / "safety" / "triage.npz"
WINDOW, STEP = 60, 30  # words: in a long story the emergency may stand in any part
MAX_WORDS = 240  # of a longer message its beginning and its end are read

THRESHOLD_FORWARDED = 0.8  # of a text that speaks like a message from outside
# (words at most, least probability, least ideas, one of them of danger): "em", "tự mở", "nó mở ra" alone
# tell little, talks are full of such words, and the model is sure of what it was shown none of.
OF_FEW_WORDS = ((2, 0.98, 2), (4, 0.8, 1))

Reader = Callable[[str], str]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judgement:
    kind: str
    probability: float  # that the text is urgent at all, of whatever kind
    by: str  # "model" or "pattern"


class UrgentModel:
    """Sums of the features' rows, a layer, and outputs: the first is the log-odds that a message is
    urgent, the others say of which kind.

    Its file holds what `LinearModel` reads, and of both layers `layer_n` (in, out) and `layer_n_bias` (out,).
    """

    def __init__(self, path: Path = MODEL) -> None:
        self._sums = LinearModel(path)
        self.digest = self._sums.digest
        with np.load(path, allow_pickle=False) as data:
            self._layers = [(data[f"layer_{n}"], data[f"layer_{n}_bias"]) for n in (1, 2)]
            self.kinds = tuple(unpack_names(data["kinds"]))
            self.threshold = float(data["threshold"])

    def judge(self, found: Terms) -> tuple[str, float]:
        """The likeliest kind, and the probability that it is urgent at all."""
        values = self._sums.scores(found)
        for weights, bias in self._layers:
            values = np.maximum(values, 0) @ weights + bias
        return self.kinds[int(values[1:].argmax())], float(1 / (1 + np.exp(-values[0])))


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
            found = terms(readings, self._rules.ideas)
            kind, probability = self._model.judge(found)
            said = [Said(fold_words(reading)) for reading in readings]
            if probability >= self._least(said[0], found.ideas):
                return Judgement(kind, probability, "model")
            if sure := self._unmistakable(said):
                return Judgement(sure, probability, "pattern")
        return None

    def _least(self, typed: Said, ideas: frozenset[str]) -> float:
        """The probability from which the model decides; more than 1 where it may not."""
        if self._rules.forwarded.stands_in(typed):
            return THRESHOLD_FORWARDED
        count = sum(map(len, typed.places.values()))
        for most, least, ideas_needed in OF_FEW_WORDS:
            if count <= most:
                return least if len(ideas) >= ideas_needed and ideas & self._rules.danger else 2.0
        return self._model.threshold

    def _unmistakable(self, readings: Sequence[Said]) -> str | None:
        for said in readings:
            kinds = self._rules.unmistakable.keys_in(said)
            if kinds and not self._rules.excuses.stands_in(said):
                return min(kinds, key=self._rules.kinds.index)
        return None


def read(text: str, reader: Reader, figures: Wording) -> list[tuple[str, ...]]:
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


def without_figures(text: str, figures: Wording) -> str:
    """The text less its figures of speech ("nóng muốn chết")."""
    folded = fold_words(text)
    if len(folded) != len(text):  # letters that fold to several: leave such text alone
        return text
    if figures.needs and figures.needs.isdisjoint(folded.split()):
        return text
    for match in reversed(list(figures.pattern.finditer(folded))):
        text = text[: match.start()] + text[match.end() :]
    return " ".join(text.split())
