"""What the staff site needs of the guides and the search, from the room that holds them."""

from collections.abc import Sequence
from typing import Protocol

from knowledge.guide import Guide
from knowledge.library import Library
from retrieval.encoder import Vectors
from retrieval.engine import Engine


class DeskGuides(Protocol):
    """The guides as each commune has them, by the commune's id."""

    def library(self, commune_id: int) -> Library:
        """Those that are shipped with the commune's own over them."""

    def shipped(self) -> Library: ...

    def shipped_source(self, slug: str) -> str | None:
        """The file of a shipped guide as this release has it."""

    def engine(self, commune_id: int) -> Engine:
        """What answers the commune's questions now."""

    def engine_with(self, commune_id: int, guide: Guide) -> Engine:
        """What would answer them with this guide; a second of work."""

    def encode(self, questions: Sequence[str]) -> Vectors:
        """Unit vectors of questions, (n, dimension)."""

    def refresh(self, commune_id: int) -> None:
        """Answer with what is live by now."""
