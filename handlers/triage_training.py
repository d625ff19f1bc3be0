"""Train the model of the triage (extra `models`): python -m handlers.triage_training [FOLDER].

Sentences and slots come from `knowledge/safety/`, each drawn several times and varied as people
type; the guides' questions join as ordinary ones. Reproducible from the seed on one kind of CPU.
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from handlers.linear_training import choose_features, pack_names
from handlers.network_training import fit_network
from handlers.triage import MODEL, Reader, read
from handlers.triage_features import terms
from knowledge.glossary import Glossary, load_glossary
from knowledge.intents import IntentWords, load_intent_words
from knowledge.library import CONTENT, Library, load_library
from knowledge.safety_rules import (
    KINDS,
    UrgentExamples,
    UrgentRules,
    draw,
    load_urgent_examples,
    load_urgent_rules,
)
from retrieval.augment import variants_of, vary
from retrieval.engine import make_repairer

NOT_URGENT = len(KINDS)
DRAWS_URGENT, DRAWS_NOT, DRAWS_PLAIN = 12, 10, 4  # of a sentence; plain ones have no slots
PLAIN_SHARE = 0.2  # of the draws that stay as written, besides the first
LEAST_SENTENCES = 3  # in which a feature occurs
THRESHOLD = 0.55  # between hearing everybody and not alarming who only asks (docs/benchmarks.md)

Example = tuple[tuple[str, ...], int, int]  # readings, class, number of the sentence


def train_triage(folder: Path | None = None, *, content: Path = CONTENT, seed: int = 20261122) -> Path:
    """Train on the content and write `triage.npz` into `folder`."""
    glossary, library = load_glossary(content), load_library(content)
    rules, examples = load_urgent_rules(content), load_urgent_examples(content)
    words = load_intent_words(content)
    repairer = make_repairer(library, glossary)

    def reader(text: str) -> str:
        return repairer.read(text).text

    drawn = list(draw_examples(examples, rules, library, words, glossary, reader, seed=seed))
    found = [terms(readings, rules.ideas).features() for readings, _, _ in drawn]
    names = choose_features(found, [number for _, _, number in drawn], least=LEAST_SENTENCES)
    network = fit_network(found, [label for _, label, _ in drawn], names, kinds=NOT_URGENT, seed=seed)
    (weights_1, bias_1), (weights_2, bias_2) = network.layers
    path = (folder or MODEL.parent) / MODEL.name
    np.savez_compressed(
        path,
        features=pack_names(names),
        weights=network.rows.astype(np.float16),
        bias=network.row_bias,
        layer_1=weights_1,
        layer_1_bias=bias_1,
        layer_2=weights_2,
        layer_2_bias=bias_2,
        kinds=pack_names(KINDS),
        threshold=np.float32(THRESHOLD),
        digest=pack_names([examples.digest]),
    )
    return path


def draw_examples(
    examples: UrgentExamples,
    rules: UrgentRules,
    library: Library,
    words: IntentWords,
    glossary: Glossary,
    reader: Reader,
    *,
    seed: int,
) -> Iterator[Example]:
    chance = random.Random(seed)  # noqa: S311 - not for secrets: a reproducible draw
    variants = variants_of(glossary)
    for number, (sentence, label, draws) in enumerate(_sentences(examples, library, words)):
        for at in range(draws):
            text = draw(sentence, examples.slots, chance) if draws != DRAWS_PLAIN else sentence
            if at and chance.random() >= PLAIN_SHARE:
                text = vary(text, variants, chance)
            for readings in read(text, reader, rules.figures)[:1]:
                yield readings, label, number


def _sentences(
    examples: UrgentExamples, library: Library, words: IntentWords
) -> Iterator[tuple[str, int, int]]:
    for label, kind in enumerate(KINDS):
        yield from ((template, label, DRAWS_URGENT) for template in examples.urgent[kind])
    yield from ((template, NOT_URGENT, DRAWS_NOT) for template in examples.not_urgent)
    for slug, guide in library.guides.items():
        for question in guide.questions:
            if not _is_unclear(slug, question, examples):
                yield question, NOT_URGENT, DRAWS_PLAIN
    for texts in library.elsewhere.values():
        yield from ((text, NOT_URGENT, DRAWS_PLAIN) for text in texts)
    yield from ((said, NOT_URGENT, DRAWS_PLAIN) for said in sorted(words.phrases))  # what steers a talk


def _is_unclear(slug: str, question: str, examples: UrgentExamples) -> bool:
    if slug in examples.unclear_guides or question in examples.unclear_questions:
        return True
    return slug.startswith("at-") and not examples.unclear_words.isdisjoint(question.lower().split())


if __name__ == "__main__":
    print(train_triage(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
