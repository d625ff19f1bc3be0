"""The guides as each commune has them: those that are shipped, with its staff's own over them.

A commune without guides of its own has no view here: it shares the one of the content in force. A
view is built when a commune with some is first asked for. When another version goes live, or the
shipped content changed, a thread builds a new one while the one before goes on answering, and they
are swapped in one assignment, as in `bot.plans`. What is live is looked up in the database, so that
every worker sees it.
"""

import structlog

from bot.content import Content, View
from bot.shelf import LOOK_S, Shelf, Shelved
from knowledge.guide import ContentError, Guide
from knowledge.own_guide import own_guide
from records.database import Database
from records.guide_versions import live_ids, live_versions

_log = structlog.get_logger()

Stamp = tuple[int, tuple[int, ...]]  # builds of the shipped content, ids of the live versions


class GuideShelf(Shelf[View, Stamp]):
    what = "own guides"

    def __init__(self, content: Content, database: Database | None, *, look_s: float = LOOK_S) -> None:
        super().__init__(look_s=look_s)
        self._content, self._database = content, database

    def of(self, commune: str) -> View | None:
        """What the commune of that slug answers from; None when that is the shipped content."""
        return super().of(commune) if self._database is not None else None

    def view(self, commune: str) -> View:
        return self.of(commune) or self._content.view

    def _stamp(self, commune: str) -> Stamp:
        builds = self._content.builds
        assert self._database is not None
        with self._database.read_rows() as connection:
            live = live_ids(connection, commune=commune)
        return (builds, live) if live else (0, ())  # without its own the commune has what is shipped

    def _build(self, commune: str, before: Shelved[View, Stamp] | None) -> Shelved[View, Stamp]:
        builds = self._content.builds  # first: content that changes meanwhile makes it outdated
        assert self._database is not None
        with self._database.read() as session:
            versions = live_versions(session, commune=commune)
            texts = [(row.id, row.slug, row.source, tuple(row.questions)) for row in versions]
        if not texts:
            return Shelved((0, ()), None)
        read = [self._read(commune, slug, source, questions) for _, slug, source, questions in texts]
        guides = [guide for guide in read if guide]
        previous = before.built if before else None
        view = self._content.with_guides(guides, previous=previous)
        return Shelved((builds, tuple(number for number, *_ in texts)), view)

    def _read(self, commune: str, slug: str, source: str, questions: tuple[str, ...]) -> Guide | None:
        """One that an upgrade no longer reads is left out; the others answer, and the shipped one does."""
        try:
            return own_guide(slug, source, questions, self._content.library().guides.get(slug))
        except ContentError as error:
            _log.error("own guide not read, the shipped one stays", commune=commune, problem=str(error))
            return None
