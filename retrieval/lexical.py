"""BM25 over folded words and word pairs, one text per guide.

Our own small index over numpy: documents are a guide each (about a hundred), so a query is a few
additions of short arrays. Folding is what makes unaccented questions work, and one text per guide
ranks better than one per question (measured: docs/benchmarks.md).
Formula: Okapi BM25 with idf = ln(1 + (N - n + 0.5) / (n + 0.5)).
"""

from collections.abc import Mapping, Sequence
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
    def __init__(self, passages: Sequence[Passage], *, previous: "LexicalIndex | None" = None) -> None:
        """The terms of a document that did not change since `previous` are taken from it."""
        by_document: dict[str, list[Passage]] = {}
        for passage in passages:
            by_document.setdefault(passage.document, []).append(passage)
        self.documents = tuple(by_document)
        known = previous._counted if previous else {}
        self._counted: dict[str, tuple[list[Passage], dict[str, float]]] = {
            document: known[document]
            if document in known and known[document][0] == own
            else (own, _weighted_terms(own))
            for document, own in by_document.items()
        }
        self._unknown_idf = float(np.log1p((len(self.documents) + 0.5) / 0.5))
        self._index([weights for _passages, weights in self._counted.values()])

    def _index(self, counts: Sequence[Mapping[str, float]]) -> None:
        """Postings by term: the documents that have it, and its weight in each."""
        lengths = np.array([sum(count.values()) for count in counts])
        number: dict[str, int] = {}
        terms = np.array([number.setdefault(term, len(number)) for count in counts for term in count], int)
        frequency = np.array([weight for count in counts for weight in count.values()])
        owner = np.repeat(np.arange(len(counts)), [len(count) for count in counts])
        by_term = np.argsort(terms, kind="stable")
        terms, frequency, owner = terms[by_term], frequency[by_term], owner[by_term]
        held = np.bincount(terms)
        idf = np.log1p((len(counts) - held + 0.5) / (held + 0.5))
        length = 1 - B + B * lengths[owner] / (lengths.mean() if len(lengths) else 1.0)
        weight = idf[terms] * frequency * (K1 + 1) / (frequency + K1 * length)
        ends = np.cumsum(held).tolist()
        starts = [0, *ends[:-1]]
        self._idf = dict(zip(number, idf.tolist(), strict=True))
        self._postings: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {
            term: (owner[starts[at] : ends[at]], weight[starts[at] : ends[at]]) for term, at in number.items()
        }

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


def _weighted_terms(passages: Sequence[Passage]) -> dict[str, float]:
    counts: dict[str, float] = {}
    for passage in passages:
        weight = WEIGHT[passage.kind]
        for term in _terms(normalise(passage.text)):
            counts[term] = counts.get(term, 0.0) + weight
    return counts


def _terms(text: str) -> list[str]:
    words = fold(text).split()
    return words + [f"{left}_{right}" for left, right in pairwise(words)]
