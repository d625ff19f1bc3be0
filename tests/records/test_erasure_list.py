"""The list beside the database brings an older database to forget what was erased since."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from records.communes import add_commune, add_hamlet
from records.database import Database, open_database, sqlite_url
from records.erasure import remove_shells
from records.erasure_list import ErasureList
from records.models import Commune, Erasure, Learner
from tests.conftest import NOW
from tests.records.test_erasure import LATER, all_rows, ask_to_erase, live, more, talk

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def erasures(tmp_path: Path) -> ErasureList:
    return ErasureList(tmp_path / "erasures.log")


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        add_hamlet(session, commune, slug="nam-dong", name="Nam Đồng")
        for person in ("ba", "ông"):
            live(session, talk(session, commune.id, person), f"lời của {person}")
        return commune.id


def erase(database: Database, home: int, person: str = "ba") -> None:
    with database.write() as session:
        ask_to_erase(session, talk(session, home, person))
    with database.write() as session:
        remove_shells(session, before=LATER + HOUR)


def unerase(database: Database) -> None:
    """As if the database were an older one: the receipts are gone."""
    with database.write() as session:
        for erasure in session.scalars(select(Erasure)):
            session.delete(erasure)


def test_an_erasure_is_written_down_once_with_a_number_that_names_nobody(
    database: Database, home: int, erasures: ErasureList, tmp_path: Path
):
    with database.read() as session:
        learner_id = talk(session, home, "ba").learner_id
    erase(database, home)

    added = [erasures.add_from(database), erasures.add_from(database)]

    assert added == [1, 0]
    (line,) = (tmp_path / "erasures.log").read_text().splitlines()
    assert line == (
        f'{{"commune": {home}, "learner": {learner_id}, "receipt": "XD-2026-0001", '
        f'"at": "{LATER.isoformat()}"}}'
    )
    assert (tmp_path / "erasures.log").stat().st_mode & 0o777 == 0o600


def test_a_database_that_does_not_know_of_an_erasure_is_rid_of_the_person_again(
    database: Database, home: int, erasures: ErasureList
):
    with database.write() as session:
        learner_id = talk(session, home, "ba").learner_id
        session.add(Erasure(commune_id=home, receipt="ABC", learner_id=learner_id, created_at=LATER))
    erasures.add_from(database)
    unerase(database)
    assert "lời của ba" in str(all_rows(database))

    done = [erasures.replay(database), erasures.replay(database)]

    assert done == [1, 0]
    after = str(all_rows(database))
    assert "lời của ba" not in after
    assert after.count("lời của ông") > 5
    with database.read() as session:
        (again,) = session.scalars(select(Erasure))
        assert (again.receipt, again.cleaned_at) == ("ABC", None)  # the disk is still to be cleaned
        assert len(session.scalars(select(Learner)).all()) == 1


def test_who_came_back_after_an_erasure_that_the_database_knows_keeps_what_is_new(
    database: Database, home: int, erasures: ErasureList
):
    with database.write() as session:
        ask_to_erase(session, talk(session, home, "ba"))
        live(session, talk(session, home, "ba"), "chuyện mới")  # the same learner, a new talk
    erasures.add_from(database)
    before = all_rows(database)

    assert erasures.replay(database) == 0

    assert all_rows(database) == before


def test_replaying_touches_nobody_else(database: Database, home: int, erasures: ErasureList):
    erase(database, home)
    erasures.add_from(database)
    unerase(database)
    before = all_rows(database)

    erasures.replay(database)

    assert more(all_rows(database), before) == {"erasures": 1}


def test_without_a_file_there_is_nothing_to_do(database: Database, home: int, erasures: ErasureList):
    assert (erasures.read(), erasures.replay(database), erasures.forget(before=LATER)) == ([], 0, 0)
    assert erasures.add_from(database) == 0


def test_a_line_that_a_crash_cut_short_is_written_anew(
    database: Database, home: int, erasures: ErasureList, tmp_path: Path
):
    erase(database, home)
    erasures.add_from(database)
    file = tmp_path / "erasures.log"
    whole = file.read_text()
    file.write_text(whole[:-7])

    read, added = erasures.read(), erasures.add_from(database)

    assert (read, added) == ([], 1)
    assert file.read_text() == whole


def test_workers_that_write_at_once_write_each_erasure_once(
    database: Database, home: int, erasures: ErasureList
):
    for person in ("ba", "ông", "cô"):
        with database.write() as session:
            number = talk(session, home, person).learner_id
            session.add(Erasure(commune_id=home, receipt=person, learner_id=number, created_at=NOW))

    with ThreadPoolExecutor(6) as workers:
        added = list(workers.map(lambda _: erasures.add_from(database), range(12)))

    assert sum(added) == 3
    assert sorted(each.receipt for each in erasures.read()) == sorted(("ba", "ông", "cô"))


def test_what_no_backup_can_bring_back_any_more_is_forgotten(
    database: Database, home: int, erasures: ErasureList
):
    erase(database, home, "ba")
    erasures.add_from(database)

    gone = [erasures.forget(before=LATER), erasures.forget(before=LATER + HOUR)]

    assert gone == [0, 1]
    assert erasures.read() == []


def test_an_erasure_for_a_commune_that_the_older_database_lacks_is_noted(
    erasures: ErasureList, database: Database, home: int, tmp_path: Path, migrated_sqlite: Path
):
    erase(database, home)
    erasures.add_from(database)
    (tmp_path / "older.db").write_bytes(migrated_sqlite.read_bytes())
    older = open_database(sqlite_url(tmp_path / "older.db"))

    assert erasures.replay(older) == 1

    with older.read() as session:
        assert session.scalars(select(Commune)).all() == []
        assert [each.receipt for each in session.scalars(select(Erasure))] == ["XD-2026-0001"]
    older.close()
