"""What only one of several workers may do: one after the other, or one of them for as long as it lives.

Both are advisory locks of PostgreSQL on a connection of their own: when a worker dies, however it
dies, its connection ends and the lock with it, and no clocks are compared. On SQLite there is one
server (`bot.lock`), so there is nothing to wait for.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from records.database import Database
from records.ids import new_id


@contextmanager
def one_at_a_time(database: Database, name: str) -> Iterator[None]:
    """Wait until no other worker is within the block of this name."""
    if database.is_sqlite:
        yield
        return
    with database.engine.connect() as connection, connection.begin():
        # The time limits are for turns; who waits here waits for somebody else's start.
        for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {limit} = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(name)})
        yield


class Leadership:
    """A post that one worker holds until it resigns or ends; then another takes it. Any thread may ask.

    As a context manager it is resigned at the end of the block.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._key = database, _key(name)
        self._lock = threading.Lock()
        self._connection: Connection | None = None  # that holds the post
        self._has_resigned = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.resign()

    def is_mine(self) -> bool:
        """Whether this worker has the post, which is taken if nobody has it. Waits for nobody."""
        if self._database.is_sqlite:
            return True
        with self._lock:
            if self._has_resigned:
                return False
            if self._connection is None:
                return self._try_to_take()
            try:
                self._connection.execute(text("SELECT 1"))
            except SQLAlchemyError:  # the post ended with the connection
                self._drop()
                return False
            return True

    def resign(self) -> None:
        """Let another worker have it, for good: who asks late does not take it again."""
        with self._lock:
            self._has_resigned = True
            self._drop()

    def _try_to_take(self) -> bool:
        try:
            connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        except SQLAlchemyError:
            return False
        try:
            taken = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": self._key})
        except SQLAlchemyError:
            taken = False
        if taken:
            self._connection = connection
        else:
            connection.close()
        return bool(taken)

    def _drop(self) -> None:
        if self._connection is not None:
            # Closed, not given back: the lock belongs to the connection.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


class Presence:
    """Tells the other workers that this one lives: a post of its own that nobody else takes."""

    def __init__(self, database: Database) -> None:
        self.worker_id = new_id()
        self._post = Leadership(database, _presence(self.worker_id))

    def keep(self) -> None:
        """Take the post again when its connection was lost; to be called every few seconds."""
        self._post.is_mine()

    def end(self) -> None:
        self._post.resign()


def is_gone(session: Session, worker_id: int) -> bool:
    """Whether the worker's post is vacant: it died, or for a moment has no connection.

    Never on SQLite, where there is no other worker.
    """
    if session.get_bind().dialect.name == "sqlite":
        return False
    key = {"key": _key(_presence(worker_id))}
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), key))


def _presence(worker_id: int) -> str:
    return f"worker {worker_id}"


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
