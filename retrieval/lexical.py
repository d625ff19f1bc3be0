"""The lexical side, over folded words and word pairs, one text per guide.

Two readings of the same counts: Okapi BM25 (idf = ln(1 + (N - n + 0.5) / (n + 0.5))), and how likely
each guide is to say such words (naive Bayes with Laplace smoothing), which tells near guides apart
better on short questions. And whether words are rather ours or rather said elsewhere, by the same
counts against those of messages that no guide is for.

Our own small index over numpy: documents are a guide each (about a hundred), so a query is a few
additions of short arrays. Folding is what makes unaccented questions work, and one text per guide
ranks better than one per question (measured: docs/benchmarks.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.passages import Kind, Passage
from retrieval.text import fold, normalise

K1, B = 1.2, 0.5
SMOOTHING = 0.3  # added to every count; best of 0.03..1 by cross-validation on dev
WEIGHT: dict[Kind, float] = {"title": 3.0, "summary": 0.7, "question": 1.0, "step": 0.3, "fault": 0.7}

Floats = NDArray[np.float64]
Counts = dict[str, float]  # term → how often, weighted


@dataclass(frozen=True, slots=True)
class LexicalHits:
    scores: Floats  # (documents,), BM25
    likelihood: Floats  # (documents,), log-likelihood of the query's known terms, up to a constant
    known: float  # 0..1: the part of the query's weight that stands in any document
    our_words: float  # log-odds that its words are ours rather than said elsewhere, summed; 0 says nothing
    our_pairs: float  # the same of its pairs


class LexicalIndex:
    def __init__(
        self,
        passages: Sequence[Passage],
        *,
        elsewhere: Sequence[str] = (),
        previous: "LexicalIndex | None" = None,
    ) -> None:
        """What did not change since `previous` is taken from it: documents, and the texts elsewhere."""
        by_document: dict[str, list[Passage]] = {}
        for passage in passages:
            by_document.setdefault(passage.document, []).append(passage)
        self.documents = tuple(by_document)
        known = previous._counted if previous else {}
        self._counted: dict[str, tuple[list[Passage], Counts]] = {
            document: known[document]
            if document in known and known[document][0] == own
            else (own, _weighted_terms(own))
            for document, own in by_document.items()
        }
        said = list(elsewhere)
        same = previous is not None and previous._elsewhere[0] == said
        self._elsewhere: tuple[list[str], Counts] = (
            previous._elsewhere if previous and same else (said, _occurrences(said))
        )
        self._index([counts for _passages, counts in self._counted.values()], self._elsewhere[1])

    def _index(self, counts: Sequence[Counts], elsewhere: Counts) -> None:
        """A posting is a term in a document; the arrays below have one value for each, by term."""
        place: dict[str, int] = {}
        terms = np.array([place.setdefault(term, len(place)) for count in counts for term in count], int)
        frequency = np.array([value for count in counts for value in count.values()], float)
        owner = np.repeat(np.arange(len(counts)), [len(count) for count in counts])
        by_term = np.argsort(terms, kind="stable")
        terms, frequency, owner = terms[by_term], frequency[by_term], owner[by_term]
        held = np.bincount(terms, minlength=len(place))
        idf = np.log1p((len(counts) - held + 0.5) / (held + 0.5))
        lengths = np.array([sum(count.values()) for count in counts])
        length = 1 - B + B * lengths[owner] / (lengths.mean() if len(lengths) else 1.0)
        ends = np.cumsum(held).tolist()
        self._place, self._document = place, owner
        self._postings = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
        self._bm25 = idf[terms] * frequency * (K1 + 1) / (frequency + K1 * length)
        # A term that is absent has the likelihood SMOOTHING / (length + …): kept as the length alone.
        self._present = np.log1p(frequency / SMOOTHING)
        self._log_length = np.log(lengths + SMOOTHING * len(place))
        self._word_idf = np.where(["_" in term for term in place], 0.0, idf)
        self._unknown_idf = float(np.log1p((len(counts) + 0.5) / 0.5))
        ours = dict(zip(place, np.bincount(terms, frequency, len(place)).tolist(), strict=True))
        self._odds = _log_odds(ours, elsewhere)

    def search(self, text: str) -> LexicalHits:
        """Scores of all documents for a normalised text."""
        size, found = len(self.documents), list(dict.fromkeys(_terms(text)))
        our_words = sum(self._odds.get(term, 0.0) for term in found if "_" not in term)
        our_pairs = sum(self._odds.get(term, 0.0) for term in found if "_" in term)
        at = [place for term in found if (place := self._place.get(term)) is not None]
        if not at:
            return LexicalHits(np.zeros(size), np.zeros(size), 0.0, our_words, our_pairs)
        known = float(self._word_idf[at].sum())
        # Words alone: an unseen pair is the normal case.
        unknown = sum(term not in self._place for term in found if "_" not in term) * self._unknown_idf
        documents = np.concatenate([self._document[self._postings[place]] for place in at])
        bm25 = np.concatenate([self._bm25[self._postings[place]] for place in at])
        present = np.concatenate([self._present[self._postings[place]] for place in at])
        return LexicalHits(
            _added(documents, bm25, size),
            _added(documents, present, size) - len(at) * self._log_length,
            known / (known + unknown),
            our_words,
            our_pairs,
        )


def _added(documents: NDArray[np.int64], values: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(documents, values, size), dtype=np.float64)


def _log_odds(ours: Counts, elsewhere: Counts) -> Counts:
    """Of each term, how much likelier it is among ours than elsewhere, as a logarithm; none without both."""
    if not ours or not elsewhere:
        return {}
    terms = list(ours | elsewhere)
    here = np.array([ours.get(term, 0.0) for term in terms])
    there = np.array([elsewhere.get(term, 0.0) for term in terms])
    odds = [np.log((count + SMOOTHING) / (count.sum() + SMOOTHING * len(terms))) for count in (here, there)]
    return dict(zip(terms, (odds[0] - odds[1]).tolist(), strict=True))


def _weighted_terms(passages: Sequence[Passage]) -> Counts:
    counts: Counts = {}
    for passage in passages:
        weight = WEIGHT[passage.kind]
        for term in _terms(normalise(passage.text)):
            counts[term] = counts.get(term, 0.0) + weight
    return counts


def _occurrences(texts: Sequence[str]) -> Counts:
    """In how many texts each term stands."""
    counts: Counts = {}
    for text in texts:
        for term in dict.fromkeys(_terms(normalise(text))):
            counts[term] = counts.get(term, 0.0) + 1
    return counts


def _terms(text: str) -> list[str]:
    words = fold(text).split()
    return words + [f"{left}_{right}" for left, right in pairwise(words)]
