"""Texts with their vectors, so that building anew after a small change encodes only what changed."""

from collections.abc import Sequence

import numpy as np

from retrieval.encoder import Encoder


class Encoded:
    """Row i of `vectors` is of `texts[i]`; texts that `known` has, by the same encoder, are taken from it."""

    def __init__(self, texts: Sequence[str], encoder: Encoder, known: "Encoded | None" = None) -> None:
        self._encoder = encoder
        self._row = {text: at for at, text in enumerate(texts)}
        if known is None or known._encoder is not encoder:
            self.fresh = len(texts)
            self.vectors = encoder.encode(texts, as_passages=True)
            return
        new = [text for text in self._row if text not in known._row]
        self.fresh = len(new)  # how many had to be encoded
        self.vectors = np.empty((len(texts), encoder.dimension), dtype=np.float32)
        old = [(at, row) for at, text in enumerate(texts) if (row := known._row.get(text)) is not None]
        if old:
            here, there = zip(*old, strict=True)
            self.vectors[list(here)] = known.vectors[list(there)]
        if new:
            at_new = dict(zip(new, encoder.encode(new, as_passages=True), strict=True))
            for at, text in enumerate(texts):
                if text in at_new:
                    self.vectors[at] = at_new[text]
