"""The search engine: built once from the guides, asked many times. Thread-safe to ask.

`build_engine` makes a complete new one, with the vectors of the engine before where texts stayed
as they were; whoever holds the current engine swaps it in one assignment, so a failed build leaves
the old one serving.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.glossary import Glossary
from knowledge.library import Library
from retrieval.decide import Candidate, Decision, NoAnswer, Thresholds, decide
from retrieval.encoded import Encoded
from retrieval.encoder import MODEL, Encoder, Vectors, unit
from retrieval.lexical import LexicalIndex
from retrieval.passages import Passage, chunk_guides
from retrieval.rank import Calibration, Evidence, gather, order, rank
from retrieval.repair import Repair, Repaired, Repairer
from retrieval.spelling import Vocabulary
from retrieval.text import normalise
from retrieval.vector_index import VectorIndex

NEAR = 64  # passages the vector side looks at
CANDIDATES = 5
RESEMBLES = 0.5  # cosine from which a text is like another
CALIBRATION = MODEL / "calibration.json"


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found. `understood` is the text as it was read, repairs made."""

    decision: Decision
    candidates: tuple[Candidate, ...]  # best first, at most 5 unless more were asked for
    understood: str
    repairs: tuple[Repair, ...]
    elsewhere: str | None = None  # with no answer: what it resembles, such as 'small_talk'


class Engine:
    def __init__(
        self,
        *,
        passages: Sequence[Passage],
        elsewhere: Mapping[str, Sequence[str]],
        repairer: Repairer,
        encoder: Encoder,
        calibration: Calibration,
        thresholds: Thresholds,
        previous: "Engine | None" = None,
    ) -> None:
        self.repairer, self._encoder = repairer, encoder
        self._calibration, self._thresholds = calibration, thresholds
        self.passages = tuple(passages)
        said = [text for kind, found in elsewhere.items() if kind != "gibberish" for text in found]
        before = previous._lexical if previous else None
        self._lexical: LexicalIndex = LexicalIndex(self.passages, elsewhere=said, previous=before)
        number = {document: at for at, document in enumerate(self._lexical.documents)}
        self._owner = np.array([number[passage.document] for passage in self.passages], dtype=np.int64)
        # A guide's passages are read like a question is, so that both sides look alike.
        texts = [normalise(passage.text) for passage in self.passages]
        self._encoded: Encoded = Encoded(texts, encoder, previous._encoded if previous else None)
        self._vectors = VectorIndex(self._encoded.vectors)
        self._centres = _centres(self._encoded.vectors, self._owner, len(number))
        self._elsewhere_kinds = [kind for kind, found in elsewhere.items() for _ in found]
        others = [normalise(text) for found in elsewhere.values() for text in found]
        self._encoded_elsewhere: Encoded = Encoded(
            others, encoder, previous._encoded_elsewhere if previous else None
        )
        self._elsewhere = VectorIndex(self._encoded_elsewhere.vectors)

    def ask(self, question: str, *, candidates: int = CANDIDATES) -> Found:
        """Blank text, bare numbers, and text of which we know no word and no piece of one find nothing."""
        read = self.repairer.read(question)
        return self._answer(read, None, candidates)

    def ask_all(self, questions: Sequence[str]) -> list[Found]:
        """The same for many at once, in less time: one call of the encoder."""
        read = [self.repairer.read(question) for question in questions]
        vectors = self._encoder.encode([each.text for each in read])
        return [self._answer(each, vector, CANDIDATES) for each, vector in zip(read, vectors, strict=True)]

    def encode(self, questions: Sequence[str]) -> Vectors:
        """Their vectors, read as a question is."""
        return self._encoder.encode([self.repairer.read(question).text for question in questions])

    def _answer(self, read: Repaired, vector: Vectors | None, candidates: int) -> Found:
        if not read.words or not self.passages:
            return Found(NoAnswer(), (), read.text, read.repairs)
        if not any(letter.isalpha() for letter in read.text):
            return Found(NoAnswer(), (), read.text, read.repairs, "gibberish")
        if vector is None:
            vector = self._encoder.encode([read.text])[0]
        evidence = self._gather(read.text, vector)
        # A text without features is a vector of zeros, equally far from all: FAISS then gives any rows.
        if not evidence.lexical.any() and evidence.nearest.max() <= 0:
            return Found(NoAnswer(), (), read.text, read.repairs, self._resembles(read.words, vector))
        scores = rank(evidence, self._calibration)
        best = tuple(
            Candidate(self._lexical.documents[at], round(float(scores[at]), 4))
            for at in order(scores, candidates)
        )
        decision = decide(best, self._thresholds)
        elsewhere = self._resembles(read.words, vector) if decision == NoAnswer() else None
        return Found(decision, best, read.text, read.repairs, elsewhere)

    def read(self, question: str) -> str:
        return self.repairer.read(question).text

    def evidence(self, text: str) -> Evidence:
        """What both sides say about a text as read."""
        return self._gather(text, self._encoder.encode([text])[0])

    def _gather(self, text: str, vector: Vectors) -> Evidence:
        rows, cosines = self._vectors.search(vector, NEAR)
        _rows, others = self._elsewhere.search(vector, 1)
        return gather(
            self._lexical.search(text),
            rows,
            cosines,
            self._owner,
            centre=(self._centres @ vector).astype(np.float64),
            elsewhere=float(others[0]) if len(others) else -1.0,
            words=len(text.split()),
        )

    def _resembles(self, words: Sequence[str], vector: Vectors) -> str | None:
        """The kind of the nearest text elsewhere, when one is near and the words are real."""
        if 2 * sum(self.repairer.knows(word) for word in words) < len(words):
            return "gibberish"  # pieces of letters may still look like something
        rows, cosines = self._elsewhere.search(vector, 1)
        return self._elsewhere_kinds[int(rows[0])] if len(rows) and cosines[0] >= RESEMBLES else None

    @property
    def guides(self) -> tuple[str, ...]:
        """The slugs in the order of the arrays of `evidence`."""
        return self._lexical.documents


def _centres(vectors: Vectors, owner: NDArray[np.int64], count: int) -> Vectors:
    """The middle of the passages of each guide, at length 1."""
    sums = np.zeros((count, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, owner, vectors)
    return unit(sums)


def make_repairer(library: Library, glossary: Glossary) -> Repairer:
    """Its vocabulary is all we know: what stands elsewhere is real, too, and not to be "corrected"."""
    texts = [passage.text for passage in chunk_guides(library.guides.values())]
    texts += [text for kind, found in library.elsewhere.items() if kind != "gibberish" for text in found]
    return Repairer(glossary, Vocabulary(texts))


def build_engine(
    library: Library,
    glossary: Glossary,
    encoder: Encoder,
    *,
    calibration: Calibration | None = None,
    thresholds: Thresholds | None = None,
    previous: Engine | None = None,
) -> Engine:
    """`calibration` is the shipped one when it is left out; from `previous` only vectors are taken."""
    return Engine(
        passages=chunk_guides(library.guides.values()),
        elsewhere=library.elsewhere,
        repairer=make_repairer(library, glossary),
        encoder=encoder,
        calibration=calibration or Calibration.load(CALIBRATION),
        thresholds=thresholds or Thresholds(),
        previous=previous,
    )
