"""The guides as each commune has them: those that are shipped, with its staff's own over them.

A commune without guides of its own has no view here: it shares the one of the content in force. A
view is built when a commune with some is first asked for. When another version goes live, or the
shipped content changed, a thread builds a new one while the one before goes on answering, and they
are swapped in one assignment, as in `bot.plans`. What is live is looked up in the database, so that
every worker sees it.
"""

import threading
import time
from dataclasses import dataclass

import structlog

from bot.content import Content, View
from knowledge.guide import ContentError, Guide
from knowledge.own_guide import own_guide
from records.database import Database
from records.guide_versions import live_ids, live_versions

_log = structlog.get_logger()

LOOK_S = 0.25  # how often a commune's live versions are looked up, by their ids alone

Stamp = tuple[int, tuple[int, ...]]  # builds of the shipped content, ids of the live versions


@dataclass(frozen=True, slots=True)
class _Shelved:
    stamp: Stamp
    view: View | None  # None: the shipped guides alone


class GuideShelf:
    def __init__(self, content: Content, database: Database | None, *, look_s: float = LOOK_S) -> None:
        self._content, self._database, self._look_s = content, database, look_s
        self._building = threading.Lock()
        self._shelved: dict[str, _Shelved] = {}
        self._looked_at: dict[str, float] = {}
        self._failed: dict[str, Stamp] = {}

    def of(self, commune: str) -> View | None:
        """What the commune of that slug answers from; None when that is the shipped content."""
        if self._database is None:
            return None
        shelved = self._shelved.get(commune)
        if shelved is None:
            self.refresh(commune)
            shelved = self._shelved[commune]
        elif self._is_due(commune) and self._is_outdated(commune, shelved):
            threading.Thread(target=self._refresh_behind, args=(commune,), name="guides", daemon=True).start()
        return shelved.view

    def view(self, commune: str) -> View:
        return self.of(commune) or self._content.view

    def refresh(self, commune: str) -> bool:
        """Build the commune's view if what is in force is another; returns whether a new one is."""
        with self._building:
            shelved, stamp = self._shelved.get(commune), self._stamp(commune)
            if (shelved and shelved.stamp == stamp) or self._failed.get(commune) == stamp:
                return False
            self._looked_at[commune] = time.monotonic()
            try:
                self._shelved[commune] = self._build(commune, shelved)
            except Exception:
                _log.exception("own guides not built, the last good ones stay", commune=commune)
                self._failed[commune] = stamp
                self._shelved.setdefault(commune, _Shelved(stamp, None))
                return False
            self._failed.pop(commune, None)
            return True

    def _refresh_behind(self, commune: str) -> None:
        try:
            self.refresh(commune)
        except Exception:
            _log.exception("own guides not looked up", commune=commune)

    def _is_due(self, commune: str) -> bool:
        now = time.monotonic()
        if now - self._looked_at.get(commune, float("-inf")) < self._look_s:
            return False
        self._looked_at[commune] = now
        return True

    def _is_outdated(self, commune: str, shelved: _Shelved) -> bool:
        stamp = self._stamp(commune)
        return stamp not in (shelved.stamp, self._failed.get(commune)) and not self._building.locked()

    def _stamp(self, commune: str) -> Stamp:
        builds = self._content.builds
        assert self._database is not None
        with self._database.read() as session:
            live = live_ids(session, commune=commune)
        return (builds, live) if live else (0, ())  # without its own the commune has what is shipped

    def _build(self, commune: str, before: _Shelved | None) -> _Shelved:
        builds = self._content.builds  # first: content that changes meanwhile makes it outdated
        assert self._database is not None
        with self._database.read() as session:
            versions = live_versions(session, commune=commune)
            texts = [(row.id, row.slug, row.source, tuple(row.questions)) for row in versions]
        if not texts:
            return _Shelved((0, ()), None)
        read = [self._read(commune, slug, source, questions) for _, slug, source, questions in texts]
        guides = [guide for guide in read if guide]
        previous = before.view if before else None
        view = self._content.with_guides(guides, previous=previous)
        return _Shelved((builds, tuple(number for number, *_ in texts)), view)

    def _read(self, commune: str, slug: str, source: str, questions: tuple[str, ...]) -> Guide | None:
        """One that an upgrade no longer reads is left out; the others answer, and the shipped one does."""
        try:
            return own_guide(slug, source, questions, self._content.library().guides.get(slug))
        except ContentError as error:
            _log.error("own guide not read, the shipped one stays", commune=commune, problem=str(error))
            return None
