"""The night's jobs: when they are due, who does them, and what they leave."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.jobs import Job, NightJobs, night_jobs, night_of
from records import audit
from records.backup import backups
from records.communes import add_commune, add_hamlet
from records.database import Database
from records.erasure_list import ErasureList
from records.jobs import EVERYWHERE
from records.models import AuditEntry, Erasure, JobRun, Question
from records.retention import Periods
from tests.bot.conftest import HandClock
from tests.conftest import NOW
from tests.records.test_erasure import all_rows, ask_to_erase, live, talk

EVENING = dt.datetime(2026, 11, 22, 15, 0, tzinfo=dt.UTC)  # 22:00 in Vietnam


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        add_hamlet(session, commune, slug="nam-dong", name="Nam Đồng")
        return commune.id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def nights(database: Database, clock: HandClock, tmp_path: Path, folder: Path) -> NightJobs:
    return night_jobs(database, ErasureList(tmp_path / "erasures.log"), Periods(), clock, backups=folder)


def counting(done: list[tuple[str, int]], name: str, *, is_per_commune: bool = True) -> Job:
    def run(commune_id: int) -> dict[str, Any]:
        done.append((name, commune_id))
        return {"done": 1}

    return Job(name, run, is_per_commune=is_per_commune)


def runs(database: Database) -> dict[tuple[str, int], JobRun]:
    with database.read() as session:
        return {(run.job, run.commune_id): run for run in session.scalars(select(JobRun))}


@pytest.mark.parametrize(
    ("moment", "night"),
    [("2026-11-22 18:59", 22), ("2026-11-22 19:00", 23), ("2026-11-23 10:00", 23), ("2026-11-22 05:00", 22)],
)
def test_a_night_begins_at_two_oclock_in_vietnam(moment: str, night: int):
    assert night_of(dt.datetime.fromisoformat(f"{moment}+00:00")) == dt.date(2026, 11, night)


def test_each_job_is_done_once_a_night_from_two_oclock_on(database: Database, home: int, clock: HandClock):
    done: list[tuple[str, int]] = []
    todo = [counting(done, "retention"), counting(done, "backup", is_per_commune=False)]
    nights = NightJobs(database, todo, clock)

    clock.now = EVENING
    evening = nights.run_due()
    clock.now = EVENING + dt.timedelta(hours=4)
    counts = [nights.run_due(), nights.run_due()]
    clock.forward(days=1)
    counts.append(nights.run_due())

    assert evening == 0  # the commune was made this day: its first night is still to come
    assert counts == [2, 0, 2]
    assert done == [("retention", home), ("backup", EVERYWHERE)] * 2


def test_a_machine_that_was_off_at_night_does_it_in_the_morning(
    database: Database, home: int, clock: HandClock
):
    done: list[tuple[str, int]] = []
    nights = NightJobs(database, [counting(done, "retention")], clock)

    clock.now = dt.datetime(2026, 11, 25, 1, 0, tzinfo=dt.UTC)  # 8:00 in Vietnam, three nights later

    assert [nights.run_due(), nights.run_due()] == [1, 0]


def test_two_workers_share_a_night_without_doing_anything_twice(
    database: Database, home: int, clock: HandClock
):
    done: list[tuple[str, int]] = []
    first, second = (NightJobs(database, [counting(done, "retention")], clock) for _ in range(2))
    clock.forward(days=1)

    assert first.run_due() + second.run_due() == 1
    assert len(done) == 1


def test_a_job_that_fails_holds_up_no_other_and_is_tried_again(
    database: Database, home: int, clock: HandClock
):
    done: list[tuple[str, int]] = []
    faults = [RuntimeError("lời của ai đó")]

    def breaks(_commune_id: int) -> dict[str, Any]:
        if faults:
            raise faults.pop()
        return {"late": 1}

    nights = NightJobs(database, [Job("retention", breaks), counting(done, "audit_head")], clock)
    clock.forward(days=1)

    first = nights.run_due()
    failed = runs(database)["retention", home]
    again = nights.run_due()
    clock.forward(minutes=11)

    assert (first, again, nights.run_due()) == (1, 0, 1)
    assert (failed.error, failed.finished_at) == ("RuntimeError", None)  # its text might tell of somebody
    assert runs(database)["retention", home].report == {"late": 1}


def test_a_whole_night_forgets_cleans_backs_up_and_notes_the_head(
    database: Database, home: int, clock: HandClock, nights: NightJobs, folder: Path, tmp_path: Path
):
    with database.write() as session:
        live(session, talk(session, home, "ông"), "lời của ông")
        live(session, talk(session, home, "ba"), "lời của ba")
        ask_to_erase(session, talk(session, home, "ba"))
        audit.append(session, commune_id=home, actor="staff:lan", action="export", now=NOW)
    clock.forward(days=100)

    nights.run_due()

    found = {name: run.report for name, run in runs(database).items()}
    with database.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
        receipt = session.scalars(select(Erasure)).one()
        assert session.scalars(select(Question.redacted)).all() == [""]
    assert found["retention", home]["question_texts"] == 1
    assert found["cleaning", EVERYWHERE] == {"erasures": 1, "backups_rewritten": 0}
    assert found["audit_head", home] == {"entries": 1, "head": entry.hash}
    assert receipt.cleaned_at == clock()
    assert "lời của ba" not in str(all_rows(database))
    assert len(ErasureList(tmp_path / "erasures.log").read()) == 1
    if database.is_sqlite:
        (backup,) = backups(folder)
        assert found["backup", EVERYWHERE] == {"made": backup.name, "removed": 0}
    else:
        assert not folder.exists()  # PostgreSQL has tools of its own


def test_an_erasure_of_a_moment_ago_is_cleaned_the_night_after(
    database: Database, home: int, clock: HandClock, nights: NightJobs
):
    """Its receipt may still be on its way."""
    clock.forward(days=1)
    with database.write() as session:
        conversation = talk(session, home, "ba")
        live(session, conversation, "lời của ba")
        message = ask_to_erase(session, conversation)
        session.scalars(select(Erasure)).one().created_at = clock()
        conversation.erased_at = conversation.updated_at = clock()
        message.received_at = clock()

    nights.run_due()
    first = runs(database)["cleaning", EVERYWHERE].report["erasures"]
    clock.forward(days=1)
    nights.run_due()

    with database.read() as session:
        receipt = session.scalars(select(Erasure)).one()
    assert (first, receipt.cleaned_at) == (0, clock())


def test_a_log_that_was_tampered_with_is_said_to_be_so(
    database: Database, home: int, clock: HandClock, nights: NightJobs
):
    for _ in range(2):
        with database.write() as session:
            audit.append(session, commune_id=home, actor="staff:lan", action="export", now=NOW)
    with database.write() as session:
        session.scalars(select(AuditEntry).where(AuditEntry.sequence == 2)).one().actor = "staff:hoa"
    clock.forward(days=1)

    nights.run_due()

    assert runs(database)["audit_head", home].report["broken_at"] == 2
