"""Texts → unit vectors. The default is our own static model, served without torch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from retrieval.features import pair_features, word_features
from retrieval.text import fold

Vectors = NDArray[np.float32]  # (n, dim); every row has length 1, or is 0 for a text without features

MODEL = Path(__file__).parent / "model"


class Encoder(Protocol):
    dimension: int

    def encode(self, texts: Sequence[str], *, as_passages: bool = False) -> Vectors:
        """One row for each normalised text, in order; some models want to know what is searched in."""


class _Word(NamedTuple):
    folded: str
    rows: list[int]


class StaticEncoder:
    """Serves what sentence-transformers reads as `StaticEmbedding`: a mean of rows, then length 1.

    A row is whole numbers of 8 bits times a weight of its own, so the model is a quarter of the size;
    the vectors are the same as sentence-transformers gives, by test. A feature the model does not know
    adds nothing, so unknown words only fail to help.
    """

    def __init__(self, folder: Path = MODEL) -> None:
        tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        self._row: dict[str, int] = tokenizer["model"]["vocab"]
        tensors = load_file(folder / "model.safetensors")
        self._rows, self._weights = tensors["embeddings"], tensors["weights"]  # int8 (n, dim), float32 (n,)
        self.features, self.dimension = (int(size) for size in self._rows.shape)

    def encode(self, texts: Sequence[str], *, as_passages: bool = False) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # The texts of one call share most of their words: each word is taken apart once.
        words: dict[str, _Word] = {}
        for at, text in enumerate(texts):
            if rows := self._rows_of(text, words):
                vectors[at] = self._weights.take(rows) @ self._rows.take(rows, axis=0).astype(np.float32)
        return unit(vectors)

    def _rows_of(self, text: str, words: dict[str, _Word]) -> list[int]:
        """The known rows of `features(text)`, in that order; `words` grows by those not seen before."""
        rows: list[int] = []
        folded: list[str] = []
        for word in text.split():
            if (seen := words.get(word)) is None:
                plain = fold(word)
                seen = words[word] = _Word(plain, self._known(word_features(word, plain)))
            folded.append(seen.folded)
            rows += seen.rows
        return rows + self._known(pair_features(folded))

    def _known(self, found: Sequence[str]) -> list[int]:
        return [row for feature in found if (row := self._row.get(feature)) is not None]


class TransformerEncoder:
    """Any sentence-transformers model, by folder or hub name (extra `models`).

    The prompts are put before each question and each passage, for models that were trained with
    such ("query: ", "passage: "). Where one is None, the model's own is taken, if it has one.
    """

    def __init__(self, name: str, *, prompt: str | None = None, passage_prompt: str | None = None) -> None:
        # 6 s and 400 MB: only who chose such a model pays for it.
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(name)
        # sentence-transformers would take an empty "document" it puts in itself for the prompt of passages.
        own = self._model.prompts
        self._prompt = prompt or own.get("query")
        self._passage_prompt = (
            passage_prompt or own.get("document") or own.get("passage") or own.get("corpus")
        )
        dimension = self._model.get_embedding_dimension()
        assert dimension is not None
        self.dimension = int(dimension)

    def encode(self, texts: Sequence[str], *, as_passages: bool = False) -> Vectors:
        if as_passages:
            encode, prompt = self._model.encode_document, self._passage_prompt
        else:
            encode, prompt = self._model.encode_query, self._prompt
        vectors = encode(list(texts), prompt=prompt, convert_to_numpy=True, show_progress_bar=False)
        return unit(np.asarray(vectors, dtype=np.float32).reshape(len(texts), self.dimension))


def unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def open_encoder(
    name: str | None, *, prompt: str | None = None, passage_prompt: str | None = None
) -> Encoder:
    """Our own model, or the sentence-transformers model of that name."""
    return TransformerEncoder(name, prompt=prompt, passage_prompt=passage_prompt) if name else StaticEncoder()
