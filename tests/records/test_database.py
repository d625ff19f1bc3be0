import datetime as dt
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from records.communes import add_commune
from records.database import (
    Database,
    DatabaseError,
    open_database,
    sqlite_driver,
    sqlite_is_fixed,
    sqlite_url,
)
from records.models import Commune
from tests.conftest import NOW, new_postgresql_database

ON_POSTGRESQL = pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)

DURABLE = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "secure_delete": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "mmap_size": 0,
}


def pragmas(session: Session, *names: str) -> dict[str, object]:
    return {name: session.scalar(text(f"PRAGMA {name}")) for name in names}


def shown(session: Session, *names: str) -> dict[str, object]:
    return {name: session.scalar(text(f"SHOW {name}")) for name in names}


def add(session: Session, slug: str) -> None:
    add_commune(session, slug=slug, name=slug.title(), now=NOW)


def add_and_fail(database: Database) -> None:
    with database.write() as session:
        add(session, "tan-cuong")
        raise LookupError


def count_communes(session: Session) -> int | None:
    return session.scalar(select(func.count()).select_from(Commune))


def test_sqlite_writes_so_that_a_commit_survives_a_power_cut(sqlite_database: Database):
    with sqlite_database.write() as session:
        found = pragmas(session, *DURABLE, "query_only")

    assert found == {**DURABLE, "query_only": 0}


def test_every_reader_of_sqlite_is_set_up_alike_and_may_only_read(sqlite_database: Database):
    with sqlite_database.read() as first, sqlite_database.read() as second:
        found = [pragmas(session, *DURABLE, "query_only") for session in (first, second)]

    assert found == [{**DURABLE, "query_only": 1}] * 2


@ON_POSTGRESQL
def test_postgresql_is_durable_and_lets_nobody_wait_for_long(database: Database):
    with database.write() as session:
        found = shown(
            session,
            "fsync",
            "synchronous_commit",
            "full_page_writes",
            "timezone",
            "lock_timeout",
            "statement_timeout",
            "idle_in_transaction_session_timeout",
            "transaction_read_only",
        )

    assert found == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "timezone": "UTC",
        "lock_timeout": "5s",
        "statement_timeout": "15s",
        "idle_in_transaction_session_timeout": "30s",
        "transaction_read_only": "off",
    }


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "found sqlite://, expected a database file"),
        ("sqlite:///:memory:", "found sqlite:///:memory:, expected a database file"),
        ("mysql://localhost/hocvuso", "found mysql, expected sqlite or postgresql"),
        ("postgres://localhost/hocvuso", "found postgres, expected sqlite or postgresql"),
        (
            "data/hocvuso.db",
            "found no address of a database, expected sqlite:/// or postgresql://",
        ),
    ],
)
def test_what_is_no_durable_database_is_refused(url: str, message: str):
    with pytest.raises(DatabaseError) as refused:
        open_database(url)

    assert str(refused.value) == message


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path):
    path = tmp_path / "letter.db"
    path.write_text("Kính gửi Ủy ban nhân dân xã. " * 100, encoding="utf-8")
    before = path.read_bytes()

    with pytest.raises(DatabaseError, match="file is not a database"):
        open_database(sqlite_url(path))

    assert path.read_bytes() == before


def test_a_postgresql_that_does_not_answer_is_refused():
    with pytest.raises(DatabaseError, match="connection failed"):
        open_database("postgresql://127.0.0.1:1/hocvuso")


def test_a_postgresql_that_could_lose_messages_is_refused(postgresql_server: str):
    url = new_postgresql_database(postgresql_server)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {make_url(url).database} SET synchronous_commit = off"))
    engine.dispose()

    with pytest.raises(DatabaseError) as refused:
        open_database(url)

    assert str(refused.value) == "found synchronous_commit=off, expected on: messages could be lost"


@pytest.mark.parametrize("folder", ["Học vụ số", "sao lưu?", "50%20", "a#b&c=d"])
def test_the_folder_may_have_any_name(tmp_path: Path, folder: str):
    path = tmp_path / folder / "hocvuso.db"

    open_database(sqlite_url(path)).close()

    assert path.is_file()


def test_a_unit_of_work_is_kept_at_its_end(database: Database):
    with database.write() as session:
        add(session, "tan-cuong")

    with database.read() as session:
        assert count_communes(session) == 1


def test_a_unit_of_work_that_fails_leaves_nothing(database: Database):
    with pytest.raises(LookupError):
        add_and_fail(database)

    with database.read() as session:
        assert count_communes(session) == 0


def test_a_reader_cannot_write(database: Database):
    with pytest.raises(DBAPIError, match=r"read-?only"), database.read() as session:
        add(session, "tan-cuong")

    with database.read() as session:
        assert count_communes(session) == 0


def test_reading_takes_nothing_from_the_writers_that_come_after(database: Database):
    for number in range(20):
        with database.read() as session:
            assert count_communes(session) == number
        with database.write() as session:
            add(session, f"commune-{number}")


def test_a_reader_waits_for_no_writer_and_sees_nothing_unfinished(database: Database):
    with database.write() as writer:
        add(writer, "tan-cuong")
        with database.read() as reader:
            during = count_communes(reader)

    with database.read() as reader:
        assert (during, count_communes(reader)) == (0, 1)


def test_all_queries_of_a_reader_see_the_same_moment(database: Database):
    with database.read() as reader:
        before = count_communes(reader)
        with database.write() as writer:
            add(writer, "tan-cuong")
        after = count_communes(reader)

    with database.read() as reader:
        assert (before, after, count_communes(reader)) == (0, 0, 1)


def test_writers_of_eight_threads_do_not_lose_each_others_work(database: Database):
    def work(number: int) -> None:
        with database.write() as session:
            add(session, f"commune-{number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(80)))

    with database.read() as session:
        assert count_communes(session) == 80


def test_times_come_back_from_the_database_as_they_were_put_in(database: Database):
    precise = NOW + dt.timedelta(microseconds=123_456)
    with database.write() as session:
        add_commune(session, slug="tan-cuong", name="Tân Cương", now=precise)

    with database.read() as session:
        assert session.scalar(select(Commune.created_at)) == precise


@pytest.mark.parametrize(
    ("version", "is_fixed"),
    [
        ((3, 6, 23), False),
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_the_sqlite_versions_with_the_wal_reset_bug_are_known(version: tuple[int, ...], is_fixed: bool):
    assert sqlite_is_fixed(version) is is_fixed


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the wheel of pysqlite3")
def test_the_sqlite_we_run_on_has_the_bug_fixed(sqlite_database: Database):
    with sqlite_database.read() as session:
        running = session.scalar(text("SELECT sqlite_version()"))

    assert running == sqlite_driver.sqlite_version
    assert sqlite_is_fixed()


OPEN_IT = """
import sys
from records.database import DatabaseError, open_database
try:
    open_database(sys.argv[1], sqlite_version=tuple(map(int, sys.argv[2].split(".")))).close()
except DatabaseError as error:
    sys.exit(str(error))
"""


def another_process(url: str, version: str) -> subprocess.CompletedProcess[str]:
    """One with a SQLite of that version opens the database and closes it."""
    command = [sys.executable, "-c", OPEN_IT, url, version]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_with_a_sqlite_that_has_the_bug_a_second_process_is_refused(tmp_path: Path):
    url = sqlite_url(tmp_path / "test.db")
    database = open_database(url, sqlite_version=(3, 40, 1))

    refused = another_process(url, "3.40.1")
    database.close()
    after = another_process(url, "3.40.1")

    assert refused.returncode == 1
    assert refused.stderr.startswith("found SQLite 3.40.1 and another process that has ")
    assert (after.returncode, after.stderr) == (0, "")


def test_with_a_fixed_sqlite_a_second_process_is_let_in(tmp_path: Path):
    url = sqlite_url(tmp_path / "test.db")
    database = open_database(url, sqlite_version=(3, 51, 3))

    beside = another_process(url, "3.51.3")
    database.close()

    assert (beside.returncode, beside.stderr) == (0, "")


def test_after_a_vacuum_nothing_of_a_deleted_row_is_in_the_files_of_sqlite(sqlite_database: Database):
    with sqlite_database.write() as session:
        add(session, "dau-vet-cu")
    sqlite_database.checkpoint()
    with sqlite_database.write() as session:
        session.delete(session.scalars(select(Commune)).one())

    sqlite_database.vacuum(["communes"])

    assert sqlite_database.engine.url.database is not None
    folder = Path(sqlite_database.engine.url.database).parent
    assert [path.name for path in folder.iterdir() if b"dau-vet-cu" in path.read_bytes()] == []
    with sqlite_database.write() as session:
        add(session, "dai-tu")  # and it goes on


@ON_POSTGRESQL
def test_after_a_vacuum_nothing_of_a_deleted_row_is_in_the_tables_of_postgresql(
    database: Database,
):
    with database.write() as session:
        add(session, "dau-vet-cu")
        number = session.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
        folder = Path(str(session.scalar(text("SHOW data_directory")))) / "base" / str(number)
    with database.write() as session:
        session.delete(session.scalars(select(Commune)).one())

    def found() -> list[str]:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CHECKPOINT"))
        return [path.name for path in folder.iterdir() if b"dau-vet-cu" in path.read_bytes()]

    before = found()
    database.vacuum(["communes"])

    assert (len(before) > 0, found()) == (True, [])
    with database.read() as session:
        assert session.scalar(text("SHOW statement_timeout")) == "15s"


def test_what_a_thread_asks_within_a_lent_transaction_is_asked_in_it_and_by_no_other_thread(
    database: Database,
):
    def count() -> int | None:
        with database.read_rows() as connection:
            return connection.scalar(select(func.count()).select_from(Commune))

    with ThreadPoolExecutor(1) as other, database.write() as session:
        add(session, "tan-cuong")
        session.flush()
        with database.lent(session):
            here, there = count(), other.submit(count).result()
        afterwards = count()

    assert (here, there, afterwards) == (1, 0, 0)
    assert count() == 1


def test_a_transaction_is_lent_no_longer_than_until_an_error(database: Database):
    with pytest.raises(LookupError), database.write() as session, database.lent(session):
        raise LookupError

    with database.read_rows() as connection:
        assert connection.scalar(select(func.count()).select_from(Commune)) == 0
