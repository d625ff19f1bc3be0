"""Train the judge of the scam check (extra `models`): python -m handlers.scam_training [FOLDER].

Scams and honest messages come from `knowledge/safety/`, each drawn several times and varied as
people type; residents' own words are the guides' questions and the sentences of the triage.
Reproducible from the seed on one kind of CPU.
"""

import hashlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from handlers.guard import guard
from handlers.linear_training import choose_features, fit, pack_names
from handlers.scam import read_message
from handlers.scam_model import CLASSES, MODEL
from knowledge.glossary import load_glossary
from knowledge.library import CONTENT, load_library, load_questions, read_text
from knowledge.safety_rules import draw, load_scam_rules, load_urgent_examples, load_urgent_rules
from retrieval.augment import variants_of, vary

LEAST_WEIGHT = 0.03  # a feature below it for every class is left out of the file
SCAM, HONEST, OWN = range(len(CLASSES))
FILES = (("scam_messages.txt", SCAM, 16), ("honest_messages.txt", HONEST, 16), ("messages.txt", HONEST, 8))
DRAWS_OWN, DRAWS_PLAIN = 3, 4  # of a sentence of the triage; of one without slots
VARIED_SHARE = 0.5  # of the draws after the first: misspelt, unaccented

Example = tuple[list[str], int, int]  # features, those of two words twice; class; number of the template


def train_scam(folder: Path | None = None, *, content: Path = CONTENT, seed: int = 20261122) -> Path:
    """Train on the content and write `scam.npz` into `folder`."""
    drawn = list(draw_examples(content, seed=seed))
    found = [features for features, _, _ in drawn]
    names = choose_features(found, [number for _, _, number in drawn])
    weights, bias = fit(found, [label for _, label, _ in drawn], names)
    kept = np.abs(weights).max(axis=1) >= LEAST_WEIGHT
    path = (folder or MODEL.parent) / MODEL.name
    np.savez_compressed(
        path,
        features=pack_names([name for name, keep in zip(names, kept, strict=True) if keep]),
        weights=weights[kept].astype(np.float16),
        bias=bias.astype(np.float32),
        digest=pack_names([digest(content)]),
    )
    return path


def digest(content: Path = CONTENT) -> str:
    """Of the messages: a trained model says what it was trained on."""
    texts = "".join(read_text(content / "safety" / name) for name, _, _ in FILES)
    return hashlib.sha256(texts.encode()).hexdigest()[:16]


def draw_examples(content: Path, *, seed: int) -> Iterator[Example]:
    chance = random.Random(seed)  # noqa: S311 - not for secrets: a reproducible draw
    variants = variants_of(load_glossary(content))
    slots = load_urgent_examples(content).slots
    rules, ideas = load_scam_rules(content), load_urgent_rules(content).ideas
    for number, (template, label, draws) in enumerate(_templates(content)):
        for at in range(draws):
            text = template if draws == DRAWS_PLAIN else draw(template, slots, chance)
            if at and chance.random() < VARIED_SHARE:
                text = vary(text, variants, chance)
            yield read_message(guard(text).redacted, rules, ideas).terms.features(), label, number


def _templates(content: Path) -> Iterator[tuple[str, int, int]]:
    folder = content / "safety"
    for name, label, draws in FILES:
        yield from ((template, label, draws) for template in load_questions(folder / name))
    library = load_library(content)
    # Not what is urgent: that is told before, and reads like a scam that somebody retells.
    yield from ((text, OWN, DRAWS_OWN) for text in load_questions(folder / "not_urgent.txt"))
    for guide in library.guides.values():
        yield from ((question, OWN, DRAWS_PLAIN) for question in guide.questions)
    for texts in library.elsewhere.values():
        yield from ((text, OWN, DRAWS_PLAIN) for text in texts)


if __name__ == "__main__":
    print(train_scam(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
