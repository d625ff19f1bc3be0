"""What kind of message this is: a scam, an honest one from outside, or a resident's own words.

A softmax regression over the words of the message and the signs found in it, trained by
`handlers.scam_training` and served with numpy alone. What follows from it is `handlers.scam`'s.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from handlers.linear_model import LinearModel, softmax
from handlers.triage_features import Terms, terms
from knowledge.library import CONTENT
from knowledge.safety_rules import Ideas

MODEL = CONTENT / "safety" / "scam.npz"
CLASSES = ("scam", "honest", "own")


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Probabilities that sum to 1."""

    scam: float
    honest: float
    own: float


class ScamModel:
    def __init__(self, path: Path = MODEL) -> None:
        self._model = LinearModel(path)
        self.digest = self._model.digest

    def judge(self, found: Terms) -> Likelihood:
        scam, honest, own = softmax(self._model.scores(found))
        return Likelihood(float(scam), float(honest), float(own))


def message_terms(text: str, signs: Iterable[str], ideas: Ideas) -> Terms:
    """The words of a cleaned, lower-case text, and the keys of the signs found in it."""
    return terms((text,), ideas, more=(f"s:{sign}" for sign in signs))
