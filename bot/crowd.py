"""How crowded the inbox is, and from when on messages are better refused than left waiting.

Two marks (reliability.md §2.5): at the first the page tells people that many are asking, while the
platforms, which would send again anyway, are still let in; at the second nobody is.
"""

import datetime as dt
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from records import inbox
from records.database import Database

LOOK_S = 1.0  # how long a look at the inbox is believed


@dataclass(frozen=True, slots=True)
class Marks:
    busy: int = 2_000  # messages waiting
    busy_after_s: float = 30.0  # or the oldest of them waiting so long
    full: int = 20_000


class Crowd:
    """One for a process; any thread may ask."""

    def __init__(
        self, database: Database, clock: Callable[[], dt.datetime], marks: Marks | None = None
    ) -> None:
        self._database, self._clock, self._marks = database, clock, marks or Marks()
        self._lock = threading.Lock()
        self._pending, self._age_s = 0, 0.0
        self._looked_at = float("-inf")

    @property
    def is_busy(self) -> bool:
        pending, age_s = self._look()
        return pending >= self._marks.busy or age_s > self._marks.busy_after_s

    @property
    def is_full(self) -> bool:
        return self._look()[0] >= self._marks.full

    def _look(self) -> tuple[int, float]:
        with self._lock:
            if time.monotonic() - self._looked_at > LOOK_S:
                with self._database.read() as session:
                    self._pending, oldest = inbox.depth(session), inbox.oldest(session)
                self._age_s = (self._clock() - oldest).total_seconds() if oldest else 0.0
                self._looked_at = time.monotonic()
            return self._pending, self._age_s
