"""What libraries offer, our static encoder alone, and the whole of ours, on the dev questions.

All get the same passages, each in the way that does best for it. For BM25 that is one text per
guide (its passages joined) of folded words and pairs; one row shows what becomes of words as they are.
For TF-IDF and vectors it is the nearest passage of a guide.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.machine import percentile
from benchmarks.retrieval_measure import built, in_own_process, query_ms
from knowledge.glossary import load_glossary
from knowledge.library import load_library
from retrieval.engine import NEAR, make_repairer
from retrieval.passages import Passage, chunk_guides
from retrieval.text import fold, normalise

QUESTIONS = Path(__file__).parents[1] / "tests" / "data" / "questions" / "dev.jsonl"

Ask = Callable[[str], Sequence[str]]  # question → guides, best first


@dataclass(frozen=True, slots=True)
class Asked:
    question: str
    read: str  # the question with its repairs made by us
    slugs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    at_1: float
    at_3: float
    read_at_1: float
    read_at_3: float
    p50_ms: float
    p95_ms: float
    build_s: float
    memory_mib: float

    def row(self, name: str) -> str:
        return (
            f"| {name} | {self.at_1:.3f} | {self.at_3:.3f} | {self.read_at_1:.3f} | {self.read_at_3:.3f} "
            f"| {self.p50_ms:.2f} | {self.p95_ms:.2f} | {self.build_s:.2f} | {self.memory_mib:.0f} |"
        )


def compare() -> None:
    passages = chunk_guides(load_library().guides.values())
    asked = _asked()
    print(f"{len(asked)} questions of dev, {len(passages):,} passages of {len(_by_guide(passages))} guides\n")
    print("| | success@1 | success@3 | with our repairs: @1 | @3 | p50 ms | p95 ms | build s | memory MiB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in METHODS:
        print(in_own_process(_measure, name, passages, asked).row(name), flush=True)


def _asked() -> list[Asked]:
    repairer = make_repairer(load_library(), load_glossary())
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return [
        Asked(row["q"], repairer.read(row["q"]).text, tuple(row["slugs"])) for row in rows if row["slugs"]
    ]


def _measure(name: str, passages: Sequence[Passage], asked: Sequence[Asked]) -> Measured:
    ask, build_s, memory_mib = built(METHODS[name], passages)
    ranks = [_rank(ask(one.question), one.slugs) for one in asked]
    read_ranks = [_rank(ask(one.read), one.slugs) for one in asked]
    times = query_ms(ask, [one.question for one in asked])
    return Measured(
        at_1=_success(ranks, 1),
        at_3=_success(ranks, 3),
        read_at_1=_success(read_ranks, 1),
        read_at_3=_success(read_ranks, 3),
        p50_ms=percentile(times, 0.5),
        p95_ms=percentile(times, 0.95),
        build_s=build_s,
        memory_mib=memory_mib,
    )


def _rank(guides: Sequence[str], right: Sequence[str]) -> int | None:
    """Place of the first right guide, from 1."""
    return next((at for at, guide in enumerate(guides, 1) if guide in right), None)


def _success(ranks: Sequence[int | None], k: int) -> float:
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks)


# --- The methods: each imports what it needs, so that this counts as its memory and build time ------


def _rank_bm25_as_typed(passages: Sequence[Passage]) -> Ask:
    return _rank_bm25_of(passages, lambda text: normalise(text).split())


def _rank_bm25(passages: Sequence[Passage]) -> Ask:
    return _rank_bm25_of(passages, words_and_pairs)


def _rank_bm25_of(passages: Sequence[Passage], words: Callable[[str], list[str]]) -> Ask:
    from rank_bm25 import BM25Okapi

    guides = _by_guide(passages)
    index = BM25Okapi([words(text) for text in guides.values()])
    slugs = tuple(guides)

    def ask(question: str) -> Sequence[str]:
        return [slugs[at] for at in np.argsort(-index.get_scores(words(question)), kind="stable")[:3]]

    return ask


def _bm25s(passages: Sequence[Passage]) -> Ask:
    import bm25s

    guides = _by_guide(passages)
    index = bm25s.BM25()
    index.index([words_and_pairs(text) for text in guides.values()], show_progress=False)
    slugs = tuple(guides)

    def ask(question: str) -> Sequence[str]:
        rows, _scores = index.retrieve([words_and_pairs(question)], k=3, show_progress=False)
        return [slugs[row] for row in rows[0]]

    return ask


def _tfidf_of_letters(passages: Sequence[Passage]) -> Ask:
    from sklearn.feature_extraction.text import TfidfVectorizer

    letters = TfidfVectorizer(
        preprocessor=lambda text: fold(normalise(text)),
        analyzer="char_wb",
        ngram_range=(2, 4),
        sublinear_tf=True,
    )
    rows = letters.fit_transform([passage.text for passage in passages])

    def ask(question: str) -> Sequence[str]:
        cosines = (rows @ letters.transform([question]).T).toarray()[:, 0]
        return _guides_of(np.argsort(-cosines, kind="stable")[:NEAR], passages)

    return ask


def _encoder_alone(passages: Sequence[Passage]) -> Ask:
    """A guide is as near as its nearest passage."""
    from retrieval.encoder import StaticEncoder
    from retrieval.vector_index import VectorIndex

    encoder = StaticEncoder()
    index = VectorIndex(encoder.encode([normalise(passage.text) for passage in passages]))

    def ask(question: str) -> Sequence[str]:
        rows, _cosines = index.search(encoder.encode([normalise(question)])[0], NEAR)
        return _guides_of(rows, passages)

    return ask


def _ours(_passages: Sequence[Passage]) -> Ask:
    """Cuts the guides into the same passages itself."""
    from retrieval.encoder import StaticEncoder
    from retrieval.engine import build_engine

    engine = build_engine(load_library(), load_glossary(), StaticEncoder())
    return lambda question: [candidate.guide for candidate in engine.ask(question).candidates]


METHODS: dict[str, Callable[[Sequence[Passage]], Ask]] = {
    "rank_bm25, words with their marks": _rank_bm25_as_typed,
    "rank_bm25, folded words and pairs": _rank_bm25,
    "bm25s, folded words and pairs": _bm25s,
    "TF-IDF of 2 to 4 letters (scikit-learn)": _tfidf_of_letters,
    "our static encoder alone": _encoder_alone,
    "ours": _ours,
}


def _guides_of(rows: Iterable[int], passages: Sequence[Passage]) -> list[str]:
    """The guides of the nearest passages, each at its first place."""
    return list(dict.fromkeys(passages[row].document for row in rows))


def _by_guide(passages: Sequence[Passage]) -> dict[str, str]:
    guides: dict[str, list[str]] = {}
    for passage in passages:
        guides.setdefault(passage.document, []).append(passage.text)
    return {slug: " ".join(texts) for slug, texts in guides.items()}


def words_and_pairs(text: str) -> list[str]:
    words = fold(normalise(text)).split()
    return words + [f"{left}_{right}" for left, right in pairwise(words)]
