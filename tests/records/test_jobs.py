"""A night's job is done by one worker, once; what a dead one left, another takes over."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from records.communes import add_commune
from records.database import Database
from records.jobs import EVERYWHERE, LEASE, MAX_ATTEMPTS, PAUSE, begin, fail, finish, is_open, latest_runs
from records.models import JobRun
from tests.conftest import NOW

NIGHT = dt.date(2026, 11, 22)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def take(database: Database, home: int, *, now: dt.datetime = NOW, day: dt.date = NIGHT) -> JobRun | None:
    with database.write() as session:
        run = begin(session, commune_id=home, job="retention", day=day, now=now)
        if run is not None:
            session.flush()
            session.expunge(run)
        return run


def has_time(database: Database, home: int, now: dt.datetime) -> bool:
    with database.read() as session:
        return is_open(session, commune_id=home, job="retention", day=NIGHT, now=now)


def test_of_eight_workers_one_gets_the_job(database: Database, home: int):
    together = Barrier(8)

    def worker(_number: int) -> bool:
        together.wait()
        return take(database, home) is not None

    with ThreadPoolExecutor(8) as workers:
        got = list(workers.map(worker, range(8)))

    assert sum(got) == 1


def test_a_job_that_is_done_is_not_done_again_that_night(database: Database, home: int):
    run = take(database, home)
    assert run is not None
    with database.write() as session:
        finish(session, run, {"messages": 3}, now=NOW)

    assert has_time(database, home, NOW + 9 * LEASE) is False
    assert take(database, home, now=NOW + 9 * LEASE) is None
    assert take(database, home, day=NIGHT + dt.timedelta(days=1)) is not None
    with database.read() as session:
        first = session.scalars(select(JobRun).where(JobRun.day == NIGHT)).one()
    assert (first.report, first.finished_at, first.error) == ({"messages": 3}, NOW, None)


def test_the_job_of_a_worker_that_died_is_taken_over_when_its_lease_is_over(database: Database, home: int):
    take(database, home)

    early = (has_time(database, home, NOW + LEASE - SECOND), take(database, home, now=NOW + LEASE - SECOND))
    later = take(database, home, now=NOW + LEASE)

    assert early == (False, None)
    assert later is not None
    assert later.attempts == 2


def test_who_lost_the_lease_does_not_speak_for_the_job_any_more(database: Database, home: int):
    slow = take(database, home)
    quick = take(database, home, now=NOW + LEASE)
    assert slow is not None
    assert quick is not None

    with database.write() as session:
        fail(session, slow, "too slow", now=NOW + LEASE)
        finish(session, slow, {"by": "slow"}, now=NOW + LEASE)
        finish(session, quick, {"by": "quick"}, now=NOW + LEASE)

    with database.read() as session:
        assert session.scalars(select(JobRun)).one().report == {"by": "quick"}


def test_what_failed_is_tried_again_after_a_pause_three_times_in_all(database: Database, home: int):
    now, tried = NOW, 0
    while (run := take(database, home, now=now)) is not None:
        tried += 1
        with database.write() as session:
            fail(session, run, "OperationalError", now=now)
        assert take(database, home, now=now + PAUSE - SECOND) is None
        now += PAUSE

    assert tried == MAX_ATTEMPTS
    assert has_time(database, home, now + 9 * LEASE) is False
    with database.read() as session:
        assert session.scalars(select(JobRun)).one().error == "OperationalError"


def test_a_commune_sees_its_own_runs_and_those_of_the_whole_installation(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
        for commune_id, job in ((home, "retention"), (EVERYWHERE, "backup"), (other, "retention")):
            begin(session, commune_id=commune_id, job=job, day=NIGHT, now=NOW)
        begin(session, commune_id=home, job="retention", day=NIGHT - dt.timedelta(days=1), now=NOW)

    with database.read() as session:
        seen = [(run.commune_id, run.job, run.day.day) for run in latest_runs(session, commune_id=home)]

    assert seen == [(home, "retention", 22), (EVERYWHERE, "backup", 22), (home, "retention", 21)]
