"""What is done each night: forget what is old, clean the disk, back up, note the audit log's head.

Housekeeping asks every minute; a job is done once a night, from two o'clock in Vietnam on, by one
worker (`records.jobs`). A machine that was off at night does it in the morning.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select

from records import audit, erasure, jobs, retention, rollup
from records.backup import KEPT, Kept, back_up, rotate, scrub
from records.database import Database
from records.erasure_list import ErasureList
from records.models import Commune
from records.personal import WAYS_IN, of_learner, of_talk
from records.retention import Periods
from staff.formats import VIETNAM, local

_log = structlog.get_logger()

STARTS_AT = dt.timedelta(hours=2)  # after midnight
RECEIPT_LIFE = dt.timedelta(minutes=10)  # in which a person still gets the reply that all was erased

Clock = Callable[[], dt.datetime]


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    run: Callable[[int], dict[str, Any]]  # a commune's id, or EVERYWHERE → what was done, as JSON
    is_per_commune: bool = True


class NightJobs:
    def __init__(self, database: Database, todo: Sequence[Job], clock: Clock) -> None:
        """`todo` in the order in which it is done."""
        self._database, self._todo, self._clock = database, todo, clock

    def run_due(self) -> int:
        """Do what is due and nobody else does; returns how many jobs were done. Failures are logged."""
        night = night_of(self._clock())
        begins = dt.datetime.combine(night, dt.time(), VIETNAM) + STARTS_AT
        with self._database.read() as session:
            # A commune's first night is the one after it was made.
            communes = session.scalars(select(Commune.id).where(Commune.created_at < begins)).all()
        if not communes:
            return 0
        return sum(
            self._run(job, commune_id, night)
            for job in self._todo
            for commune_id in (communes if job.is_per_commune else (jobs.EVERYWHERE,))
        )

    def _run(self, job: Job, commune_id: int, night: dt.date) -> bool:
        now = self._clock()
        with self._database.read() as session:
            if not jobs.is_open(session, commune_id=commune_id, job=job.name, day=night, now=now):
                return False
        with self._database.write() as session:
            run = jobs.begin(session, commune_id=commune_id, job=job.name, day=night, now=now)
            if run is None:
                return False
            session.flush()
            session.expunge(run)
        try:
            report = job.run(commune_id)
        except Exception as error:
            _log.exception("a night job failed", job=job.name, commune_id=commune_id)
            with self._database.write() as session:
                jobs.fail(session, run, type(error).__name__, now=self._clock())
            return False
        with self._database.write() as session:
            jobs.finish(session, run, report, now=self._clock())
        _log.info("a night job is done", job=job.name, commune_id=commune_id, report=report)
        return True


def night_of(now: dt.datetime) -> dt.date:
    """The day on whose early morning the jobs are due: before two o'clock it is still yesterday's."""
    return (local(now) - STARTS_AT).date()


def night_jobs(
    database: Database,
    erasures: ErasureList,
    periods: Periods,
    clock: Clock,
    *,
    backups: Path,
    kept: Kept = KEPT,
    keys: Sequence[str] = (),
) -> NightJobs:
    """The jobs of an installation. With PostgreSQL its own tools make the backups.

    `kept` says how many backups stay, `keys` are the ids of the key ring.
    """
    todo = [
        Job("retention", lambda commune_id: forget_old(database, commune_id, periods, clock)),
        Job(
            "cleaning",
            lambda _everywhere: clean(database, erasures, periods, clock, backups=backups),
            is_per_commune=False,
        ),
    ]
    if database.is_sqlite:
        todo.append(
            Job(
                "backup",
                lambda _everywhere: make_backup(
                    database, periods, clock, backups=backups, kept=kept, keys=keys
                ),
                is_per_commune=False,
            )
        )
    todo.append(Job("counts", lambda commune_id: count_days(database, commune_id, periods, clock)))
    todo.append(Job("audit_head", lambda commune_id: note_audit_head(database, commune_id)))
    return NightJobs(database, todo, clock)


def forget_old(database: Database, commune_id: int, periods: Periods, clock: Clock) -> dict[str, Any]:
    """step → rows that went or were emptied."""
    report = {}
    for step in retention.STEPS:
        count = 0
        while True:
            with database.write() as session:
                piece = retention.expire(session, step, commune_id=commune_id, periods=periods, now=clock())
            count += piece
            if not piece:
                break
        report[step] = count
    return report


def clean(
    database: Database, erasures: ErasureList, periods: Periods, clock: Clock, *, backups: Path
) -> dict[str, Any]:
    """Rid the disk and the backups of what was erased, and say so on the receipts."""
    until = clock() - RECEIPT_LIFE
    with database.write() as session:
        erasure.remove_shells(session, before=until)
        waiting = len(erasure.uncleaned(session))
    erasures.add_from(database)
    rewritten = scrub(backups, erasures.read()) if database.is_sqlite else 0
    # PostgreSQL locks the tables meanwhile; without an erasure its own vacuum is enough.
    if database.is_sqlite or waiting:
        database.vacuum(["learners", *WAYS_IN, *(table.name for table in (*of_learner(), *of_talk()))])
    with database.write() as session:
        cleaned = erasure.mark_cleaned(session, until=until, now=clock())
    erasures.forget(before=clock() - dt.timedelta(days=max(periods.audit, periods.backups)))
    return {"erasures": cleaned, "backups_rewritten": rewritten}


def make_backup(
    database: Database, periods: Periods, clock: Clock, *, backups: Path, kept: Kept, keys: Sequence[str]
) -> dict[str, Any]:
    made = back_up(database, backups, now=clock(), keys=keys)
    gone = rotate(backups, now=clock(), keep_days=periods.backups, kept_of=kept)
    return {"made": made.name, "removed": len(gone)}


def count_days(database: Database, commune_id: int, periods: Periods, clock: Clock) -> dict[str, Any]:
    """Bring the counts by day up to yesterday, for as long as questions are kept."""
    last = local(clock()).date() - dt.timedelta(days=1)
    # What lies further back is no longer there to be counted anew; its counts stay.
    first = last - dt.timedelta(days=periods.statistics - 2)
    with database.write() as session:
        return {"days": rollup.recount(session, commune_id=commune_id, first=first, last=last)}


def note_audit_head(database: Database, commune_id: int) -> dict[str, Any]:
    """Where the audit log ends, told to our own log too: who keeps that can prove a later change."""
    with database.read() as session:
        head = audit.head(session, commune_id=commune_id)
        broken = audit.first_broken(session, commune_id=commune_id)
    report: dict[str, Any] = {"entries": head[0] if head else 0, "head": head[1] if head else None}
    if broken is not None:
        _log.error("the audit log was tampered with", commune_id=commune_id, sequence=broken)
        report["broken_at"] = broken
    return report
