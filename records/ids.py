"""Identifiers made by the program: 63-bit integers that grow with time.

A database sequence would be one point that all workers (and later all machines) share; with
these, rows of one commune can live anywhere. 41 bits of milliseconds since 2025 and 22 bits
that start at random in each millisecond and then count, so ids of one process never repeat or
run backwards, and two processes would have to hit the same of 4 million values in the same
millisecond (the primary key would then refuse the second row).
"""

import datetime as dt
import itertools
import secrets
import threading
import time
from collections.abc import Callable

EPOCH_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
_COUNTER_BITS = 22

_LETTERS = "23456789ABCDEFGHKMNPQRSTUVWXYZ"  # none that look alike on paper
_REFERENCE_LENGTH = 8

_lock = threading.Lock()
_last = 0


def new_id(*, clock: Callable[[], int] = time.time_ns) -> int:
    global _last
    with _lock:
        milliseconds = clock() // 1_000_000 - EPOCH_MS
        # The top bit of the counter starts at 0: at least 2 million ids fit in a millisecond.
        fresh = (milliseconds << _COUNTER_BITS) | secrets.randbits(_COUNTER_BITS - 1)
        _last = max(_last + 1, fresh)  # a clock set back must not give an id twice
        return _last


class Ids:
    """Makes ids as of past moments, for rows that are written as if that were now."""

    def __init__(self) -> None:
        self._serial = itertools.count()

    def __call__(self, at: dt.datetime) -> int:
        """`at` is `first_moment()` or later."""
        milliseconds = int(at.timestamp() * 1_000) - EPOCH_MS
        return (milliseconds << _COUNTER_BITS) | (next(self._serial) % (1 << _COUNTER_BITS))


def first_moment() -> dt.datetime:
    """Before it there are no ids."""
    return dt.datetime.fromtimestamp(EPOCH_MS / 1_000, dt.UTC)


def start_above(used: int) -> None:
    """Make no id up to `used` any more: the clock may have been set back since it was made."""
    global _last
    with _lock:
        _last = max(_last, used)


def new_reference() -> str:
    """A number that people are given, write down and read out: a receipt."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_REFERENCE_LENGTH))
