"""What was tried out lately (staff.guide_effect), in memory only and for a short while."""

import datetime as dt
import threading
from dataclasses import dataclass, field

from retrieval.changes import Changes

REMEMBERED, REMEMBERED_FOR = 8, dt.timedelta(minutes=10)

Key = tuple[int, ...]


@dataclass
class Remembered:
    """What was tried last, a few of them."""

    _kept: dict[Key, tuple[dt.datetime, Changes]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Key, now: dt.datetime) -> Changes | None:
        with self._lock:
            self._kept = {
                each: (at, changes) for each, (at, changes) in self._kept.items() if now - at < REMEMBERED_FOR
            }
            return self._kept[key][1] if key in self._kept else None

    def put(self, key: Key, changes: Changes, now: dt.datetime) -> None:
        with self._lock:
            self._kept[key] = now, changes
            while len(self._kept) > REMEMBERED:
                del self._kept[next(iter(self._kept))]
