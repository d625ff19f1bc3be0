"""How pure groups of like questions are, by the cosine from which two are alike: python -m benchmarks.alike

On the dev questions: of questions in groups of two or more, the share whose right guide is that of
most in their group (purity), and how many questions are in such a group at all. Then the time for
2,000 questions.
"""

import json
import time
from collections import Counter
from pathlib import Path

import numpy as np

from knowledge.glossary import load_glossary
from knowledge.library import load_library
from retrieval.alike import ALIKE, group_alike
from retrieval.encoder import StaticEncoder, Vectors
from retrieval.engine import build_engine

DEV = Path("tests/data/questions/dev.jsonl")
TRIED = (0.5, 0.55, 0.6, 0.62, 0.65, 0.7, 0.75, 0.8)


def main() -> None:
    engine = build_engine(load_library(), load_glossary(), StaticEncoder())
    rows = [json.loads(line) for line in DEV.read_text(encoding="utf-8").splitlines()]
    asked = [row["q"] for row in rows]
    right = [tuple(row["slugs"])[:1] for row in rows]
    vectors = engine.encode(asked)
    print(f"{len(asked)} questions; alike from {ALIKE}")
    print("cosine  purity  in a group  groups  largest")
    for alike in TRIED:
        print(_row(vectors, right, alike))
    many = np.concatenate([vectors] * (2000 // len(vectors) + 1))[:2000]
    start = time.perf_counter()
    engine.encode((asked * (2000 // len(asked) + 1))[:2000])
    read = time.perf_counter()
    group_alike(many)
    grouped = time.perf_counter()
    print(f"2,000 questions: read and encoded {read - start:.2f} s, grouped {grouped - read:.2f} s")


def _row(vectors: Vectors, right: list[tuple[str, ...]], alike: float) -> str:
    groups = [group for group in group_alike(vectors, alike=alike) if len(group.rows) > 1]
    inside = sum(len(group.rows) for group in groups)
    pure = sum(Counter(right[row] for row in group.rows).most_common(1)[0][1] for group in groups)
    largest = max((len(group.rows) for group in groups), default=0)
    purity, share = pure / max(inside, 1), inside / len(right)
    return f"{alike:6.2f}  {purity:6.3f}  {share:10.3f}  {len(groups):6}  {largest:7}"


if __name__ == "__main__":
    main()
