"""Open the database: SQLite in a folder, or PostgreSQL by address.

SQLite: WAL, synchronous FULL, one writer at a time (reliability.md §2.3), readers that cannot
write. PostgreSQL: plain transactions with time limits; durability settings are checked.
"""

import fcntl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

try:  # a SQLite without the WAL-reset bug; only Linux has the wheel
    import pysqlite3.dbapi2 as sqlite_driver
except ImportError:  # pragma: no cover
    import sqlite3 as sqlite_driver

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit survives a power cut
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "secure_delete": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "mmap_size": 0,
}
PING_AFTER_S = 1.0  # a connection that was used less long ago is taken to live
FIXED_SQLITE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))  # WAL-reset bug fixed in these, per branch


class DatabaseError(Exception):
    """The database cannot be used as it is set up; the message says what to change."""


class Database:
    """Sessions for reading and for writing. Make one with `open_database`; close it at the end."""

    def __init__(self, writer: Engine, reader: Engine, *, held: ExitStack | None = None) -> None:
        """`held` is let go of when the database is closed."""
        self._writer, self._reader, self._held = writer, reader, held or ExitStack()
        self._write_lock = threading.RLock()
        self._lent = threading.local()
        self.is_sqlite = writer.dialect.name == "sqlite"

    @property
    def engine(self) -> Engine:
        return self._writer

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One unit of work: commits at the end, rolls back on any error."""
        if self.is_sqlite:
            with self._write_lock, Session(self._writer) as session, session.begin():
                yield session
        else:
            with Session(self._writer) as session, session.begin():
                yield session

    @contextmanager
    def write_rows(self) -> Iterator[Connection]:
        """As `write`, without objects: for the few statements that every message and reply needs."""
        if self.is_sqlite:
            with self._write_lock, self._writer.begin() as connection:
                yield connection
        else:
            with self._writer.begin() as connection:
                yield connection

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A snapshot that cannot write: all its queries see the same moment, whoever writes meanwhile."""
        with Session(self._reader) as session:
            yield session

    @contextmanager
    def read_rows(self) -> Iterator[Connection]:
        """As `read`, without objects; of this thread's own transaction where one is `lent`."""
        if (connection := getattr(self._lent, "connection", None)) is not None:
            yield connection
            return
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def lent(self, session: Session) -> Iterator[None]:
        """Let what this thread asks by `read_rows` meanwhile be asked in the session's transaction.

        A turn asks one or two small questions, and a connection of their own would cost more than they do.
        """
        self._lent.connection = session.connection()
        try:
            yield
        finally:
            self._lent.connection = None

    def connections(self) -> dict[str, tuple[int, int]]:
        """pool → (connections in use, open and idle)."""
        pools = {"writer": self._writer.pool, "reader": self._reader.pool}
        return {
            name: (pool.checkedout(), pool.checkedin())
            for name, pool in pools.items()
            if isinstance(pool, QueuePool)
        }

    def let_go(self) -> None:
        """Close connections that nobody uses now; they are made again when they are needed."""
        self._reader.dispose()
        self._writer.dispose()

    def checkpoint(self) -> None:
        """Empty SQLite's write-ahead log, where rows that were erased can still be read."""
        if self.is_sqlite:
            with self._write_lock, self._writer.connect() as connection:
                raw = connection.connection.dbapi_connection
                assert raw is not None
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def vacuum(self, tables: Iterable[str]) -> None:
        """Rid the files of deleted rows: SQLite's only file, or these tables of PostgreSQL.

        Turns wait meanwhile. PostgreSQL refuses (`OperationalError`) when a table stays in use.
        """
        if self.is_sqlite:
            with self._write_lock, self._writer.connect() as connection:
                raw = connection.connection.dbapi_connection
                assert raw is not None
                raw.execute("VACUUM")
            self.checkpoint()
            return
        with self._writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET statement_timeout = 0"))
            try:
                for table in tables:
                    connection.execute(text(f'VACUUM (FULL, ANALYZE) "{table}"'))
            finally:
                connection.execute(text("RESET statement_timeout"))

    def close(self) -> None:
        self.let_go()
        self._held.close()


def sqlite_url(path: Path) -> str:
    # Quoted: a '?' or '%' in the name of a folder is no part of the address's own grammar.
    return URL.create("sqlite", database=str(path)).render_as_string()


def open_database(
    url: str, *, sqlite_version: tuple[int, ...] = sqlite_driver.sqlite_version_info
) -> Database:
    """Connect and check the durability settings; raises `DatabaseError`.

    A SQLite of a version with the WAL-reset bug is for one process alone: a second one is refused.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:  # the message leaves the address out: it may hold a password
        raise DatabaseError("found no address of a database, expected sqlite:/// or postgresql://") from error
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise DatabaseError(f"found {url}, expected a database file")
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        held = ExitStack()
        if not sqlite_is_fixed(sqlite_version):
            held.enter_context(_only_process(Path(parsed.database), sqlite_version))
        writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", read_only=False)
        reader = _sqlite_engine(url, begin="BEGIN", read_only=True)
        database = Database(writer, reader, held=held)
        _check(database, _check_pragmas)
        return database
    if parsed.get_backend_name() != "postgresql":
        raise DatabaseError(f"found {parsed.get_backend_name()}, expected sqlite or postgresql")
    # The few statements that write are planned once for each connection, not each time: planning costs
    # more than running them. What is read is as various as periods are, and planned for each.
    writer = _postgresql_engine(url, "-c plan_cache_mode=force_generic_plan")
    # Who writes comes again after an error: platforms deliver once more, turns are done again.
    _ping_what_was_idle(writer)
    # READ COMMITTED would give each query of a reader a moment of its own.
    reader = _postgresql_engine(url, pool_pre_ping=True, max_overflow=4).execution_options(
        postgresql_readonly=True, isolation_level="REPEATABLE READ"
    )
    database = Database(writer, reader)
    _check(database, _check_postgresql)
    return database


def sqlite_is_fixed(version: tuple[int, ...] = sqlite_driver.sqlite_version_info) -> bool:
    """Whether two processes may safely share a WAL database with this SQLite."""
    return any(version >= fixed for fixed in FIXED_SQLITE if version[:2] == fixed[:2]) or (
        version >= FIXED_SQLITE[0]
    )


@contextmanager
def _only_process(path: Path, version: tuple[int, ...]) -> Iterator[None]:
    """Hold the lock beside the file; the system lets go of it when the process ends, however it ends."""
    with Path(f"{path}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DatabaseError(
                f"found SQLite {'.'.join(map(str, version))} and another process that has {path} open, "
                "expected 3.51.3 or newer, or one process: two could break the file (pip install pysqlite3)"
            ) from error
        yield


def _check(database: Database, check: Callable[[Engine], None]) -> None:
    """Raise `DatabaseError` for what `check` finds, with nothing left open."""
    try:
        check(database.engine)
    except DBAPIError as error:
        database.close()
        raise DatabaseError(f"found {error.orig}, expected a database that can be opened") from error
    except DatabaseError:
        database.close()
        raise


def _sqlite_engine(url: str, *, begin: str, read_only: bool) -> Engine:
    engine = create_engine(
        url,
        module=sqlite_driver,
        hide_parameters=True,  # they hold what people wrote, and errors are logged
        connect_args={"check_same_thread": False, "timeout": 5},
        pool_size=8 if read_only else 1,
        max_overflow=8 if read_only else 0,
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for name, value in PRAGMAS.items():
            cursor.execute(f"PRAGMA {name}={value}")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def say_begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _check_pragmas(engine: Engine) -> None:
    with engine.connect() as connection:
        for name, wanted in PRAGMAS.items():
            found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            # A SQLite built without memory mapping answers nothing for mmap_size.
            if found != wanted and not (name == "mmap_size" and found is None):
                raise DatabaseError(f"found PRAGMA {name}={found}, expected {wanted}: use a local disk")


def _postgresql_engine(url: str, more: str = "", **options: Any) -> Engine:
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=8,
        **options,
        hide_parameters=True,
        connect_args={
            "options": "-c timezone=UTC -c lock_timeout=5s -c statement_timeout=15s "
            "-c idle_in_transaction_session_timeout=30s "
            # A worker whose machine is gone must not hold its locks for hours.
            f"-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 {more}"
        },
    )


def _ping_what_was_idle(engine: Engine) -> None:
    """Make a new connection for one that has died since it was last used.

    `pool_pre_ping` asks before each use, which under load costs as much as a statement.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: Any, record: Any, _proxy: object) -> None:
        if time.monotonic() - record.info.get("used_at", float("inf")) < PING_AFTER_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error  # the pool makes another one


def _check_postgresql(engine: Engine) -> None:
    with engine.connect() as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            if (found := connection.execute(text(f"SHOW {name}")).scalar()) == "off":
                raise DatabaseError(f"found {name}={found}, expected on: messages could be lost")
