"""The guides and the search as the staff site gets them (staff.guides_port)."""

from collections.abc import Callable, Sequence

from bot.content import Content
from bot.guide_shelf import GuideShelf
from knowledge.guide import Guide
from knowledge.library import Library
from records.communes import CommuneProfile
from retrieval.encoder import Vectors
from retrieval.engine import Engine


class StaffGuides:
    def __init__(self, content: Content, shelf: GuideShelf, commune: Callable[[int], CommuneProfile]) -> None:
        self._content, self._shelf, self._commune = content, shelf, commune

    def library(self, commune_id: int) -> Library:
        return self._shelf.view(self._slug(commune_id)).library()

    def shipped(self) -> Library:
        return self._content.library()

    def shipped_source(self, slug: str) -> str | None:
        return self._content.source(slug)

    def engine(self, commune_id: int) -> Engine:
        return self._shelf.view(self._slug(commune_id)).engine

    def engine_with(self, commune_id: int, guide: Guide) -> Engine:
        own = {**self._own(commune_id), guide.slug: guide}
        return self._content.engine_of(own.values(), previous=self.engine(commune_id))

    def encode(self, questions: Sequence[str]) -> Vectors:
        return self._content.engine.encode(questions)

    def refresh(self, commune_id: int) -> None:
        self._shelf.refresh(self._slug(commune_id))

    def _own(self, commune_id: int) -> dict[str, Guide]:
        """Those that are not as they are shipped."""
        shipped = self._content.library().guides
        return {
            slug: guide
            for slug, guide in self.library(commune_id).guides.items()
            if shipped.get(slug) is not guide
        }

    def _slug(self, commune_id: int) -> str:
        return self._commune(commune_id).slug
