"""Train the static encoder on the project's own text, with sentence-transformers (extra `models`).

Each step shows one question of every guide beside another text of the same guide; the texts of
all other guides in the batch, and one text for each that no guide is for, are the negatives
(MultipleNegativesRankingLoss), so a step is a softmax over all guides. Some of what no guide is
for is shown as a question, too, that is to find itself. Features are left out at random, so that
no text is known by a single word of it.

Reproducible bit for bit from the seed on one kind of CPU: one thread, our own batches, no
shuffling elsewhere.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from knowledge.glossary import Glossary
from knowledge.guide import Guide
from knowledge.library import Library
from retrieval.augment import Variants, variants_of, vary
from retrieval.features import features
from retrieval.passages import Passage, chunk_guide
from retrieval.repair import Repairer
from retrieval.text import normalise

DIMENSION = 192
STEPS = 900
LEARNING_RATE = 0.01
SCALE = 20.0  # of the cosines in the loss
PLAIN_SHARE = 0.25  # of the questions shown as they stand
LEFT_OUT = 0.4  # of the features of a text
FROM_ELSEWHERE = 30  # questions in a step that no guide is for
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
    texts = _Texts(library, repairer, variants_of(glossary), random.Random(seed))  # noqa: S311 - no secrets

    vocabulary = texts.vocabulary()
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
        batch = [model.preprocess(column) for column in texts.batch()]
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
    _shrink(folder / "model.safetensors")


def joined_features(text: str) -> str:
    """A normalised text as the model's tokenizer reads it."""
    return " ".join(features(text)) or "[UNK]"


def _shrink(path: Path) -> None:
    """Keep each row as whole numbers of 8 bits and a weight; sentence-transformers reads that, too."""
    rows = load_file(path)["embedding.weight"]
    weights = np.maximum(np.abs(rows).max(axis=1), 1e-12) / 127
    whole = np.rint(rows / weights[:, None]).astype(np.int8)
    save_file({"embeddings": whole, "weights": weights.astype(np.float32)}, path)


@dataclass
class _Texts:
    """What is shown to the model, drawn by chance."""

    library: Library
    repairer: Repairer
    variants: Variants
    chance: random.Random
    _plain: dict[str, str] = field(default_factory=dict)  # texts read once

    def __post_init__(self) -> None:
        self._guides = list(self.library.guides.values())
        self._passages = [chunk_guide(guide) for guide in self._guides]
        self._others = [text for texts in self.library.elsewhere.values() for text in texts]

    def vocabulary(self) -> dict[str, int]:
        """The features of all texts and of some variants of them, as far as they are seen often enough."""
        counts = Counter[str]()
        for passages in self._passages:
            for passage in passages:
                texts = {normalise(passage.text), self._read(passage.text)}
                if passage.kind == "question":
                    texts |= {self._varied(passage.text) for _ in range(3)}
                counts.update(feature for text in sorted(texts) for feature in features(text))
        for text in self._others:
            for shown in sorted({self._read(text), self._varied(text)}):
                counts.update(features(shown))
        kept = sorted(feature for feature, count in counts.items() if count >= MIN_COUNT)
        return {feature: at for at, feature in enumerate(["[UNK]", *kept])}

    def batch(self) -> list[list[str]]:
        """For each guide (a question as somebody would type it, another text of the guide, a text elsewhere),
        then some texts elsewhere, each beside itself. Without texts elsewhere there are two columns."""
        anchors, positives, negatives = [], [], []
        for guide, passages in zip(self._guides, self._passages, strict=True):
            anchors.append(self._shown(self._question(self.chance.choice(guide.questions))))
            positives.append(self._shown(normalise(self._positive(guide, passages))))
            if self._others:
                negatives.append(self._shown(self._read(self.chance.choice(self._others))))
        if not self._others:
            return [anchors, positives]
        for text in self.chance.sample(self._others, min(FROM_ELSEWHERE, len(self._others))):
            anchors.append(self._shown(self._question(text)))
            positives.append(self._shown(self._read(text)))
            negatives.append(self._shown(self._read(self.chance.choice(self._others))))
        return [anchors, positives, negatives]

    def _question(self, text: str) -> str:
        return self._read(text) if self.chance.random() < PLAIN_SHARE else self._varied(text)

    def _positive(self, guide: Guide, passages: Sequence[Passage]) -> str:
        draw = self.chance.random()
        if draw < 0.65:
            return self.chance.choice(guide.questions)
        kind = "title" if draw < 0.8 else self.chance.choice(("summary", "step", "fault"))
        return self.chance.choice(
            [passage.text for passage in passages if passage.kind == kind] or [guide.title]
        )

    def _shown(self, text: str) -> str:
        found = features(text)
        kept = [feature for feature in found if self.chance.random() >= LEFT_OUT]
        return " ".join(kept or found) or "[UNK]"

    def _varied(self, text: str) -> str:
        return self.repairer.read(vary(text, self.variants, self.chance)).text

    def _read(self, text: str) -> str:
        if text not in self._plain:
            self._plain[text] = self.repairer.read(text).text
        return self._plain[text]
