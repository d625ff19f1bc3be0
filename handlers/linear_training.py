"""Train what `handlers.linear_model` serves (extra `models`): choose features, fit their weights, pack names.

A drawing is a text as its features, those that count twice given twice.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

STRENGTH = 10.0  # inverse regularisation; of 2..30 the best on an earlier set (docs/benchmarks.md)
MIN_COUNT = 6  # drawings a feature must occur in
MIN_SENTENCES = 2  # and the sentences these were drawn from

Floats = NDArray[np.float64]


def choose_features(
    found: Sequence[list[str]], sentences: Sequence[int], *, least: int = MIN_SENTENCES
) -> list[str]:
    """`sentences` are the numbers of those drawn: what fewer than `least` have would be learnt by heart."""
    counts, seen_in = Counter[str](), dict[str, set[int]]()
    for names, sentence in zip(found, sentences, strict=True):
        for name in set(names):
            counts[name] += 1
            seen_in.setdefault(name, set()).add(sentence)
    return sorted(
        name for name, count in counts.items() if count >= MIN_COUNT and len(seen_in[name]) >= least
    )


def fit(found: Sequence[list[str]], labels: Sequence[int], names: Sequence[str]) -> tuple[Floats, Floats]:
    """Weights (features, classes) and bias (classes,) of a softmax regression; of two classes, the
    log-odds of the second alone."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    row = {name: at for at, name in enumerate(names)}
    starts, columns, values = [0], [], []
    for one in found:
        known = sorted(row[name] for name in one if name in row)  # one that comes twice is added up
        columns += known
        values += [max(len(known), 1) ** -0.5] * len(known)  # as `LinearModel` divides
        starts.append(len(columns))
    matrix = csr_matrix((values, columns, starts), shape=(len(found), len(names)), dtype=np.float32)
    solver = "liblinear" if len(set(labels)) == 2 else "lbfgs"  # the quicker one, each
    model = LogisticRegression(C=STRENGTH, max_iter=1000, tol=1e-4, solver=solver).fit(matrix, labels)
    return model.coef_.T, model.intercept_


def pack_names(names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer("\n".join(names).encode(), dtype=np.uint8)
