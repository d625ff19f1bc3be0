"""Fit the weights of `retrieval.within` (extra `models`).

On the context questions of the split 'dev', on dev questions asked in the middle of a guide that is not
theirs, and on dev messages that no guide answers, asked in the middle of any.

Run: python -m retrieval.within_fit tests/data
"""

import json
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.glossary import load_glossary
from knowledge.library import Library, load_library
from knowledge.walking import load_walking_words
from retrieval.encoder import StaticEncoder
from retrieval.engine import Engine, build_engine
from retrieval.within import OTHER_FEATURES, PART_FEATURES, Floats, FollowUps, Options, Part

RIDGE = 0.0003  # chosen by cross-validation over them
WEIGHT_OF_TOPICS, WEIGHT_OF_NOTHING = 0.25, 0.5  # there are many of them, and they are easy
STEERING = ("next", "back", "repeat", "goto", "in_guide:progress", "in_guide:if_not", "in_guide:resume")


@dataclass(frozen=True, slots=True)
class Case:
    options: Options
    right: Floats  # (parts + 2,): 1 where it is right
    weight: float


def names(part: Part) -> tuple[str, str]:
    """How a case may name a part: its section, or the very one."""
    return f"in_guide:{part.section}", f"in_guide:{part.section}:{part.number}"


def fit(cases: Sequence[Case], *, ridge: float = RIDGE) -> Floats:
    """The weights that make what is right likeliest; a conditional logit, a little held back."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    def loss(weights: Floats) -> tuple[float, Floats]:
        held = ridge * len(cases)
        total, gradient = held * float(weights @ weights), 2 * held * weights
        for case in cases:
            probabilities = case.options.probabilities(weights)
            right = probabilities * case.right
            share = right.sum() + 1e-12
            total -= case.weight * float(np.log(share))
            gradient -= case.weight * ((right / share - probabilities)[:-1] @ case.options.features)
        return total, gradient

    start = np.zeros(len(PART_FEATURES) + len(OTHER_FEATURES))
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)


def context_cases(rows: Sequence[dict[str, Any]], engine: Engine, follow_ups: FollowUps) -> Iterator[Case]:
    for row in rows:
        expected = row["expected"]
        if expected[0].startswith(STEERING):
            continue
        options = follow_ups.options(row["guide"], engine.ask(row["text"]), step=row["step"])
        right = [any(name in expected for name in names(part)) for part in options.parts]
        another = any(name.startswith("guide:") for name in expected)
        right += [another and bool(options.possible[-2]), "no_answer" in expected]
        yield Case(options, np.array(right, dtype=np.float64), 1.0)


def other_cases(folder: Path, library: Library, engine: Engine, follow_ups: FollowUps) -> Iterator[Case]:
    for row in _rows(folder / "questions" / "dev.jsonl"):
        found = engine.ask(row["q"])
        near = {
            *row["slugs"],
            *(slug for right in row["slugs"] for slug in library.guide(right).front.related),
        }
        if found.candidates and found.candidates[0].guide in row["slugs"]:
            options = follow_ups.options(_any_guide(row["id"], library, near), found, step=1)
            yield Case(options, _only(options, -2), WEIGHT_OF_TOPICS)
    for row in _rows(folder / "questions" / "out_of_scope.jsonl"):
        found = engine.ask(row["q"])
        if row["split"] == "dev" and found.candidates:
            options = follow_ups.options(_any_guide(row["id"], library, set()), found, step=1)
            yield Case(options, _only(options, -1), WEIGHT_OF_NOTHING)


def _only(options: Options, at: int) -> Floats:
    right = np.zeros(len(options.parts) + 2)
    right[at] = 1.0
    return right


def _any_guide(id_: str, library: Library, without: set[str]) -> str:
    """One by chance, the same each time."""
    slugs = [slug for slug in library.guides if slug not in without]
    return slugs[zlib.crc32(id_.encode()) % len(slugs)]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    folder = Path(sys.argv[1])
    library, encoder = load_library(), StaticEncoder()
    engine = build_engine(library, load_glossary(), encoder)
    follow_ups = FollowUps(library.guides.values(), encoder, load_walking_words())
    rows = [row for row in _rows(folder / "context_questions.jsonl") if row["split"] == "dev"]
    cases = [*context_cases(rows, engine, follow_ups), *other_cases(folder, library, engine, follow_ups)]
    for name, weight in zip((*PART_FEATURES, *OTHER_FEATURES), fit(cases), strict=True):
        sys.stdout.write(f"    {round(float(weight), 2)},  # {name}\n")


if __name__ == "__main__":
    main()
