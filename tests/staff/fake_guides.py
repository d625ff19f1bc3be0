"""The guides of a site whose tests are not about guides: the same for all communes, and nothing is found."""

from collections.abc import Sequence

import numpy as np

from knowledge.guide import Guide
from knowledge.library import Library
from retrieval.decide import NoAnswer
from retrieval.encoder import Vectors
from retrieval.engine import Found


class FindsNothing:
    def ask(self, question: str) -> Found:
        return Found(NoAnswer(), (), question, ())


class FakeDeskGuides:
    def __init__(self, library: Library) -> None:
        self._library = library

    def library(self, commune_id: int) -> Library:
        return self._library

    def shipped(self) -> Library:
        return self._library

    def shipped_source(self, slug: str) -> str | None:
        return None

    def engine(self, commune_id: int) -> FindsNothing:
        return FindsNothing()

    def engine_with(self, commune_id: int, guide: Guide) -> FindsNothing:
        return FindsNothing()

    def encode(self, questions: Sequence[str]) -> Vectors:
        return np.zeros((len(questions), 4), dtype=np.float32)

    def refresh(self, commune_id: int) -> None:
        pass
