"""What is built for a commune from the version that is in force, kept and swapped when another one is.

Built when a commune is first asked for. When another version is in force, a thread builds anew while what
was built before goes on answering, and they are swapped in one assignment: old and new never answer
together, and nobody waits. A build that fails leaves the old one serving. What is in force is looked up in
the database, so that every worker sees it.
"""

import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

_log = structlog.get_logger()

LOOK_S = 0.25  # how often a commune's version is looked up, by its id alone

Built = TypeVar("Built")
Stamp = TypeVar("Stamp")


@dataclass(frozen=True, slots=True)
class Shelved(Generic[Built, Stamp]):
    stamp: Stamp  # what tells versions apart
    built: Built | None  # None: the commune has nothing of its own


class Shelf(ABC, Generic[Built, Stamp]):
    what = "content"  # for the log

    def __init__(self, *, look_s: float = LOOK_S) -> None:
        self._look_s = look_s
        self._building = threading.Lock()
        self._shelved: dict[str, Shelved[Built, Stamp]] = {}
        self._looked_at: dict[str, float] = {}
        self._failed: dict[str, Stamp] = {}  # commune → stamp of the version that cannot be built

    def of(self, commune: str) -> Built | None:
        """What is in force for the commune of that slug."""
        shelved = self._shelved.get(commune)
        if shelved is None:
            self.refresh(commune)
            shelved = self._shelved[commune]
        elif self._is_due(commune) and self._is_outdated(commune, shelved):
            threading.Thread(
                target=self._refresh_behind, args=(commune,), name=self.what, daemon=True
            ).start()
        return shelved.built

    def refresh(self, commune: str) -> bool:
        """Build what is in force if it is not built yet; returns whether a new one is."""
        with self._building:
            shelved, stamp = self._shelved.get(commune), self._stamp(commune)
            if (shelved and shelved.stamp == stamp) or self._failed.get(commune) == stamp:
                return False
            self._looked_at[commune] = time.monotonic()
            try:
                self._shelved[commune] = self._build(commune, shelved)
            except Exception:
                _log.exception("not built, the last good one stays", what=self.what, commune=commune)
                self._failed[commune] = stamp
                self._shelved.setdefault(commune, Shelved(stamp, None))
                return False
            self._failed.pop(commune, None)
            return True

    @abstractmethod
    def _stamp(self, commune: str) -> Stamp:
        """Of the version in force; cheap."""

    @abstractmethod
    def _build(self, commune: str, before: Shelved[Built, Stamp] | None) -> Shelved[Built, Stamp]: ...

    def _refresh_behind(self, commune: str) -> None:
        try:
            self.refresh(commune)
        except Exception:
            _log.exception("what is in force was not looked up", what=self.what, commune=commune)

    def _is_due(self, commune: str) -> bool:
        now = time.monotonic()
        if now - self._looked_at.get(commune, float("-inf")) < self._look_s:
            return False
        self._looked_at[commune] = now
        return True

    def _is_outdated(self, commune: str, shelved: Shelved[Built, Stamp]) -> bool:
        stamp = self._stamp(commune)
        return stamp not in (shelved.stamp, self._failed.get(commune)) and not self._building.locked()
