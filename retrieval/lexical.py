"""BM25 over folded words and word pairs, one text per guide.

Our own small index over numpy: documents are a guide each (about a hundred), so a query is a few
additions of short arrays. Folding is what makes unaccented questions work, and one text per guide
ranks better than one per question (measured: docs/benchmarks.md).
Formula: Okapi BM25 with idf = ln(1 + (N - n + 0.5) / (n + 0.5)).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.passages import Kind, Passage
from retrieval.text import fold, normalise

K1, B = 1.2, 0.5
WEIGHT: dict[Kind, float] = {"title": 3.0, "summary": 0.7, "question": 1.0, "step": 0.3, "fault": 0.7}


@dataclass(frozen=True, slots=True)
class LexicalHits:
    scores: NDArray[np.float64]  # (documents,), BM25
    coverage: float  # 0..1: the part of the query's weight that stands in the best document
    known: float  # 0..1: the part of its weight that stands anywhere


class LexicalIndex:
    def __init__(self, passages: Sequence[Passage]) -> None:
        self.documents = tuple(dict.fromkeys(passage.document for passage in passages))
        number = {document: at for at, document in enumerate(self.documents)}
        counts = [Counter[str]() for _ in self.documents]
        for passage in passages:
            terms = _terms(normalise(passage.text))
            for term in terms:
                counts[number[passage.document]][term] += WEIGHT[passage.kind]  # type: ignore[assignment]
        lengths = np.array([sum(count.values()) for count in counts])
        average = lengths.mean() if len(lengths) else 1.0
        holders: dict[str, list[int]] = {}
        for at, count in enumerate(counts):
            for term in count:
                holders.setdefault(term, []).append(at)
        self._idf = {
            term: float(np.log1p((len(counts) - len(at) + 0.5) / (len(at) + 0.5)))
            for term, at in holders.items()
        }
        self._unknown_idf = float(np.log1p((len(counts) + 0.5) / 0.5))
        self._postings: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        for term, numbers in holders.items():
            documents = np.array(numbers)
            frequency = np.array([counts[document][term] for document in numbers], dtype=np.float64)
            length = 1 - B + B * lengths[documents] / average
            weight = self._idf[term] * frequency * (K1 + 1) / (frequency + K1 * length)
            self._postings[term] = (documents, weight)

    def search(self, text: str) -> LexicalHits:
        """Scores of all documents for a normalised text."""
        scores = np.zeros(len(self.documents))
        total = known = 0.0
        found: list[tuple[float, NDArray[np.int64]]] = []
        for term in dict.fromkeys(_terms(text)):
            idf = self._idf.get(term)
            if "_" not in term:  # words speak for coverage; unseen pairs are the normal case
                total += idf if idf is not None else self._unknown_idf
                known += idf or 0.0
            if idf is not None:
                documents, weights = self._postings[term]
                scores[documents] += weights
                if "_" not in term:
                    found.append((idf, documents))
        if not total or not self.documents:
            return LexicalHits(scores, 0.0, 0.0)
        best = int(scores.argmax())
        covered = sum(idf for idf, documents in found if best in documents)
        return LexicalHits(scores, covered / total, known / total)


def _terms(text: str) -> list[str]:
    words = fold(text).split()
    return words + [f"{left}_{right}" for left, right in pairwise(words)]
