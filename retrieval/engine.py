"""The search engine: built once from the guides, asked many times. Thread-safe to ask.

`build_engine` makes a complete new one; whoever holds the current engine swaps it in one
assignment, so a failed build leaves the old one serving.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.glossary import Glossary
from knowledge.guide import Guide
from retrieval.decide import Candidate, Decision, NoAnswer, Thresholds, decide
from retrieval.encoder import MODEL, Encoder
from retrieval.lexical import LexicalIndex
from retrieval.passages import Passage, chunk_guides
from retrieval.rank import Calibration, Evidence, gather, order, rank
from retrieval.repair import Repair, Repairer, Vocabulary
from retrieval.text import normalise
from retrieval.vector_index import VectorIndex

NEAR = 64  # passages the vector side looks at
CANDIDATES = 5
CALIBRATION = MODEL / "calibration.json"


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found. `understood` is the text as it was read, repairs made."""

    decision: Decision
    candidates: tuple[Candidate, ...]  # best first, at most 5
    understood: str
    repairs: tuple[Repair, ...]


class Engine:
    def __init__(
        self,
        *,
        passages: Sequence[Passage],
        repairer: Repairer,
        encoder: Encoder,
        calibration: Calibration,
        thresholds: Thresholds,
    ) -> None:
        self._repairer, self._encoder = repairer, encoder
        self._calibration, self._thresholds = calibration, thresholds
        self.passages = tuple(passages)
        self._lexical = LexicalIndex(self.passages)
        number = {document: at for at, document in enumerate(self._lexical.documents)}
        self._owner = np.array([number[passage.document] for passage in self.passages])
        # A guide's passages are read like a question is, so that both sides look alike.
        texts = [normalise(passage.text) for passage in self.passages]
        self._vectors = VectorIndex(encoder.encode(texts))

    def ask(self, question: str) -> Found:
        """Blank text and text without a word of ours find nothing."""
        read = self._repairer.read(question)
        if not read.words:
            return Found(NoAnswer(), (), "", ())
        evidence = self.evidence(read.text)
        scores = rank(evidence, self._calibration)
        candidates = tuple(
            Candidate(self._lexical.documents[at], round(float(scores[at]), 4))
            for at in order(scores, CANDIDATES)
        )
        return Found(decide(candidates, self._thresholds), candidates, read.text, read.repairs)

    def read(self, question: str) -> str:
        return self._repairer.read(question).text

    def evidence(self, text: str) -> Evidence:
        """What both sides say about a text as read."""
        rows, cosines = self._vectors.search(self._encoder.encode([text])[0], NEAR)
        return gather(self._lexical.search(text), rows, cosines, self._owner, len(text.split()))

    @property
    def guides(self) -> tuple[str, ...]:
        """The slugs in the order of the arrays of `evidence`."""
        return self._lexical.documents


def make_repairer(guides: Mapping[str, Guide], glossary: Glossary) -> Repairer:
    return Repairer(glossary, Vocabulary(passage.text for passage in chunk_guides(guides.values())))


def build_engine(
    guides: Mapping[str, Guide],
    glossary: Glossary,
    encoder: Encoder,
    *,
    calibration: Path = CALIBRATION,
    thresholds: Thresholds | None = None,
) -> Engine:
    return Engine(
        passages=chunk_guides(guides.values()),
        repairer=make_repairer(guides, glossary),
        encoder=encoder,
        calibration=Calibration.load(calibration),
        thresholds=thresholds or Thresholds(),
    )
