"""The nights' jobs: who does which, and how it went. The unique key (commune, job, day) is the lease.

Of several workers one inserts the row and does the job; a worker that dies leaves the row with a
lease that runs out, and another takes it over.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.models import JobRun

EVERYWHERE = 0  # stands for a commune: a job of the whole installation
LEASE = dt.timedelta(hours=1)
PAUSE = dt.timedelta(minutes=10)  # after a failure
MAX_ATTEMPTS = 3


def is_open(session: Session, *, commune_id: int, job: str, day: dt.date, now: dt.datetime) -> bool:
    """Whether the job of that night is still to be done and nobody is doing it."""
    run = _find(session, commune_id, job, day)
    return run is None or _is_free(run, now)


def begin(session: Session, *, commune_id: int, job: str, day: dt.date, now: dt.datetime) -> JobRun | None:
    """The run, now this worker's; None when it is done, given up, or another worker's."""
    run = JobRun(commune_id=commune_id, job=job, day=day, started_at=now, lease_until=now + LEASE, report={})
    try:
        with session.begin_nested():
            session.add(run)
        return run
    except IntegrityError:  # it was begun before
        known = _find(session, commune_id, job, day, lock=True)
    if known is None or not _is_free(known, now):
        return None
    known.attempts += 1
    known.started_at, known.lease_until = now, now + LEASE
    return known


def finish(session: Session, run: JobRun, report: Mapping[str, Any], *, now: dt.datetime) -> None:
    mine = _mine(session, run)
    if mine is not None:
        mine.finished_at, mine.report, mine.error = now, dict(report), None


def fail(session: Session, run: JobRun, error: str, *, now: dt.datetime) -> None:
    """It is tried again after a pause, three times in all."""
    mine = _mine(session, run)
    if mine is not None:
        mine.error, mine.lease_until = error, now + PAUSE


def latest_runs(session: Session, *, commune_id: int, limit: int = 30) -> list[JobRun]:
    """Of the commune and of the whole installation, newest night first."""
    return list(
        session.scalars(
            select(JobRun)
            .where(JobRun.commune_id.in_((commune_id, EVERYWHERE)))
            .order_by(JobRun.day.desc(), JobRun.started_at, JobRun.id)
            .limit(limit)
        )
    )


def _is_free(run: JobRun, now: dt.datetime) -> bool:
    return run.finished_at is None and run.lease_until <= now and run.attempts < MAX_ATTEMPTS


def _find(session: Session, commune_id: int, job: str, day: dt.date, *, lock: bool = False) -> JobRun | None:
    query = select(JobRun).where(JobRun.commune_id == commune_id, JobRun.job == job, JobRun.day == day)
    return session.scalar(query.with_for_update() if lock else query)


def _mine(session: Session, run: JobRun) -> JobRun | None:
    """The run, unless its lease ran out and another worker took it over."""
    found = session.get(JobRun, (run.commune_id, run.id), with_for_update=True)
    return found if found is not None and found.attempts == run.attempts else None
