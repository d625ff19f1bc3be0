"""The official plans that are answered from: a commune's approved one, else its shipped digest.

An index is built when a commune is first asked about. When another version is approved, a thread
builds its index while the one before goes on answering, and they are swapped in one assignment: old
and new never answer together, and nobody waits. A build that fails leaves the old one serving.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog

from knowledge.glossary import load_glossary
from knowledge.library import CONTENT
from knowledge.plan_digest import PlanDigest, load_plan_digests
from knowledge.plan_structure import Plan, plan_from_data
from knowledge.plan_words import load_plan_words
from records.communes import find_commune
from records.database import Database
from records.plans import current_plan, current_plan_id
from retrieval.plan_background import PlanBackground
from retrieval.plan_search import PlanFound, PlanIndex

_log = structlog.get_logger()

LOOK_S = 0.25  # how often a commune's approved version is looked up, by its id alone


@dataclass(frozen=True, slots=True)
class _Shelved:
    """What is in force for a commune; without an index it has no plan here."""

    stamp: str  # what tells versions apart
    index: PlanIndex | None


class PlanShelf:
    """`texts` are other words people use (the guides' questions), for reading slips."""

    def __init__(
        self,
        database: Database | None,
        texts: Callable[[], Iterable[str]],
        folder: Path | None = None,
        *,
        look_s: float = LOOK_S,
    ) -> None:
        self._database, self._texts, self._look_s = database, texts, look_s
        self._glossary = load_glossary(folder or CONTENT)
        self._words = load_plan_words(folder or CONTENT)
        self._digests = {digest.commune: digest for digest in load_plan_digests(folder or CONTENT)}
        self._building = threading.Lock()
        self._shelved: dict[str, _Shelved] = {}
        self._looked_at: dict[str, float] = {}
        self._read: tuple[tuple[str, ...], PlanBackground] | None = None  # the guides', as last read
        self._failed: dict[str, str] = {}  # commune → stamp of the version that cannot be built

    @property
    def digests(self) -> tuple[PlanDigest, ...]:
        return tuple(self._digests.values())

    def ask(self, commune: str, question: str) -> PlanFound | None:
        """What the commune's plan says to a question; None when it has no plan here."""
        shelved = self._shelved.get(commune)
        if shelved is None:
            self.refresh(commune)
            shelved = self._shelved[commune]
        elif self._is_due(commune) and self._is_outdated(commune, shelved):
            threading.Thread(target=self._refresh_behind, args=(commune,), name="plans", daemon=True).start()
        return shelved.index.ask(question) if shelved.index else None

    def refresh(self, commune: str) -> bool:
        """Build the approved plan's index if it is not in force yet; returns whether a new one is."""
        with self._building:
            shelved = self._shelved.get(commune)
            stamp = self._stamp(commune)
            if (shelved and shelved.stamp == stamp) or self._failed.get(commune) == stamp:
                return False
            self._looked_at[commune] = time.monotonic()
            try:
                self._shelved[commune] = self._build(commune)
            except Exception:
                _log.exception("plan not built, the last good one stays", commune=commune, version=stamp)
                self._failed[commune] = stamp
                self._shelved.setdefault(commune, _Shelved(stamp, None))
                return False
            self._failed.pop(commune, None)
            return True

    def _refresh_behind(self, commune: str) -> None:
        try:
            self.refresh(commune)
        except Exception:
            _log.exception("approved plan not looked up", commune=commune)

    def _is_due(self, commune: str) -> bool:
        now = time.monotonic()
        if now - self._looked_at.get(commune, float("-inf")) < self._look_s:
            return False
        self._looked_at[commune] = now
        return True

    def _is_outdated(self, commune: str, shelved: _Shelved) -> bool:
        stamp = self._stamp(commune)
        return stamp not in (shelved.stamp, self._failed.get(commune)) and not self._building.locked()

    def _stamp(self, commune: str) -> str:
        if self._database is not None:
            with self._database.read() as session:
                row = find_commune(session, commune)
                version = current_plan_id(session, row) if row else None
            if version is not None:
                return f"version {version}"
        return "digest" if commune in self._digests else "none"

    def _build(self, commune: str) -> _Shelved:
        stamp, name, plan = self._current(commune)
        if plan is None:
            return _Shelved(stamp, None)
        return _Shelved(stamp, PlanIndex([(name, plan)], self._background()))

    def _background(self) -> PlanBackground:
        texts = tuple(self._texts())
        if self._read is None or self._read[0] != texts:
            self._read = texts, PlanBackground(self._glossary, self._words, texts)
        return self._read[1]

    def _current(self, commune: str) -> tuple[str, str, Plan | None]:
        """(what tells versions apart, name of the document, the plan), read in one transaction."""
        if self._database is not None:
            with self._database.read() as session:
                row = find_commune(session, commune)
                version = current_plan(session, row) if row else None
                if version is not None:
                    data = {"name": version.name, "head": version.head, "passages": version.passages}
                    return f"version {version.id}", version.name, plan_from_data(data)
        digest = self._digests.get(commune)
        if digest is None:
            return "none", "", None
        return "digest", digest.plan.name, digest.plan
