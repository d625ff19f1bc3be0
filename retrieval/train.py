"""Train the static encoder on the project's own text, with sentence-transformers (extra `models`).

Each step shows one question of every guide beside another text of the same guide; the texts of
all other guides in the batch, and one text for each that no guide is for, are the negatives
(MultipleNegativesRankingLoss), so a step is a softmax over all guides.

Reproducible bit for bit from the seed on one kind of CPU: one thread, our own batches, no
shuffling elsewhere.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from knowledge.glossary import Glossary
from knowledge.guide import Guide
from knowledge.library import Library
from retrieval.augment import Variants, variants_of, vary
from retrieval.features import features
from retrieval.passages import chunk_guide
from retrieval.repair import Repairer
from retrieval.text import normalise

DIMENSION = 96
STEPS = 900
LEARNING_RATE = 0.01
SCALE = 20.0  # of the cosines in the loss
PLAIN_SHARE = 0.25  # of the questions shown as they stand
MIN_COUNT = 2  # of a feature over the variants it was seen in

Progress = Callable[[int, int, float], None]  # step, steps, loss


def train(
    library: Library,
    glossary: Glossary,
    repairer: Repairer,
    folder: Path,
    *,
    seed: int = 20261122,
    steps: int = STEPS,
    progress: Progress = lambda step, steps, loss: None,
) -> None:
    """Train and save into `folder` what `StaticEncoder` and sentence-transformers read."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import losses
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311 - not for secrets: a reproducible draw
    variants = variants_of(glossary)

    guides = list(library.guides.values())
    others = [text for texts in library.elsewhere.values() for text in texts]
    vocabulary = _vocabulary(guides, others, repairer, variants, random.Random(seed + 1))  # noqa: S311
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106 - no password
    tokenizer.pre_tokenizer = WhitespaceSplit()
    embedding = StaticEmbedding(tokenizer, embedding_dim=DIMENSION)
    torch.nn.init.normal_(embedding.embedding.weight, std=0.1)
    model = SentenceTransformer(modules=[embedding], device="cpu")
    loss_function = losses.MultipleNegativesRankingLoss(model, scale=SCALE)
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=LEARNING_RATE, total_steps=steps)
    model.train()
    unknown = vocabulary["[UNK]"]
    for step in range(1, steps + 1):
        columns = _batch(guides, others, repairer, variants, chance)
        batch = [model.preprocess(column) for column in columns]
        optimiser.zero_grad()
        loss = loss_function(batch, labels=None)
        loss.backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():  # an unknown feature says nothing: its row stays 0
            embedding.embedding.weight[unknown] = 0
        progress(step, steps, float(loss.detach()))
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(False)
    model.eval()
    model.save(str(folder), create_model_card=False)


def joined_features(text: str) -> str:
    """A normalised text as the model's tokenizer reads it."""
    return " ".join(features(text)) or "[UNK]"


def _vocabulary(
    guides: Sequence[Guide],
    others: Sequence[str],
    repairer: Repairer,
    variants: Variants,
    chance: random.Random,
) -> dict[str, int]:
    counts = Counter[str]()
    for guide in guides:
        for passage in chunk_guide(guide):
            texts = {normalise(passage.text), repairer.read(passage.text).text}
            if passage.kind == "question":
                texts |= {repairer.read(vary(passage.text, variants, chance)).text for _ in range(3)}
            counts.update(feature for text in texts for feature in features(text))
    for text in others:
        counts.update(features(normalise(text)))
    kept = sorted(feature for feature, count in counts.items() if count >= MIN_COUNT)
    return {feature: at for at, feature in enumerate(["[UNK]", *kept])}


def _batch(
    guides: Sequence[Guide],
    others: Sequence[str],
    repairer: Repairer,
    variants: Variants,
    chance: random.Random,
) -> list[list[str]]:
    """For each guide (question as somebody would type it, other text of the guide[, text elsewhere])."""
    anchors, positives, negatives = [], [], []
    for guide in guides:
        question = chance.choice(guide.questions)
        if chance.random() >= PLAIN_SHARE:
            question = vary(question, variants, chance)
        anchors.append(joined_features(repairer.read(question).text))
        positives.append(joined_features(normalise(_positive(guide, chance))))
        if others:
            negatives.append(joined_features(normalise(chance.choice(others))))
    return [anchors, positives, negatives] if others else [anchors, positives]


def _positive(guide: Guide, chance: random.Random) -> str:
    draw = chance.random()
    if draw < 0.65:
        return chance.choice(guide.questions)
    passages = chunk_guide(guide)
    kind = "title" if draw < 0.8 else chance.choice(("summary", "step", "fault"))
    return chance.choice([passage.text for passage in passages if passage.kind == kind] or [guide.title])
