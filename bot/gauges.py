"""Numbers that are looked up when Prometheus asks: what waits, how old it is, what the disk has left.

Of several workers each looks at the same database and tells the same; take the largest.
"""

import datetime as dt
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.capabilities import CAPABILITIES
from bot.content import Content
from bot.turns import Worker
from records import health
from records.backup import newest_backup
from records.database import Database
from records.migrate import head_revision

KEPT_S = 5.0  # how long what the database said is told again: several may ask
PUSHED = tuple(name for name, can in CAPABILITIES.items() if can.is_pushed)

_log = structlog.get_logger()


class Gauges(Collector):
    def __init__(
        self,
        database: Database,
        content: Content,
        worker: Worker,
        clock: Callable[[], dt.datetime],
        *,
        data_folder: Path,
        backups: Path,
        kept_s: float = KEPT_S,
    ) -> None:
        self._database, self._content, self._worker, self._clock = database, content, worker, clock
        self._data_folder, self._backups, self._kept_s = data_folder, backups, kept_s
        self._lock = threading.Lock()
        self._work: health.Work | None = None
        self._looked_at = float("-inf")

    def describe(self) -> Iterable[Metric]:
        return ()  # or the registry would ask the database for the names

    def collect(self) -> Iterator[Metric]:
        work = self._look()
        yield _gauge(
            "hocvuso_worker_up", "Whether the thread that does the turns lives", self._worker.is_alive
        )
        yield _gauge("hocvuso_database_up", "Whether the database could be read", work is not None)
        if work is not None:
            yield from self._waiting(work)
            yield _of_jobs(work)
        yield self._connections()
        yield from self._disk()
        yield from self._content_in_force()
        yield InfoMetricFamily(
            "hocvuso_build",
            "The program",
            value={
                "version": version("hocvuso"),
                "schema": head_revision() or "",
                "database": self._database.engine.dialect.name,
            },
        )

    def _look(self) -> health.Work | None:
        """What the database said, now or a moment ago; None when it does not answer."""
        with self._lock:
            if time.monotonic() - self._looked_at >= self._kept_s:
                try:
                    with self._database.read() as session:
                        self._work = health.work(session, pushed=PUSHED)
                except SQLAlchemyError as error:
                    _log.warning("the numbers of the database are missing", error=type(error).__name__)
                    self._work = None
                self._looked_at = time.monotonic()
            return self._work

    def _waiting(self, work: health.Work) -> Iterator[Metric]:
        pending = GaugeMetricFamily("hocvuso_inbox_pending", "Messages not answered yet", labels=["channel"])
        replies = GaugeMetricFamily(
            "hocvuso_outbox_replies",
            "Replies not sent: pending, sending, dead (those of the web chat are fetched by its page)",
            labels=["channel", "state"],
        )
        oldest = GaugeMetricFamily(
            "hocvuso_outbox_oldest_seconds", "Age of the oldest reply not sent", labels=["channel"]
        )
        for channel in CAPABILITIES:
            pending.add_metric([channel], work.inbox.get(channel, health.NOTHING).count)
        for channel in PUSHED:
            states = {state: work.outbox.get((channel, state), health.NOTHING) for state in health.UNSENT}
            for state, pile in states.items():
                replies.add_metric([channel, state], pile.count)
            waiting = [pile.oldest for state, pile in states.items() if state != "dead" and pile.oldest]
            oldest.add_metric([channel], self._age(min(waiting, default=None)))
        yield from (pending, replies, oldest)
        arrivals = [pile.oldest for pile in work.inbox.values() if pile.oldest]
        yield _gauge(
            "hocvuso_inbox_oldest_seconds",
            "Age of the oldest message not answered",
            self._age(min(arrivals, default=None)),
        )
        yield _gauge("hocvuso_inbox_dead", "Messages given up", work.inbox_dead)

    def _connections(self) -> Metric:
        connections = GaugeMetricFamily(
            "hocvuso_database_connections", "Open connections: used, idle", labels=["pool", "state"]
        )
        for name, (used, idle) in self._database.connections().items():
            connections.add_metric([name, "used"], used)
            connections.add_metric([name, "idle"], idle)
        return connections

    def _disk(self) -> Iterator[Metric]:
        yield _gauge(
            "hocvuso_disk_free_bytes",
            "Free where the data folder is",
            shutil.disk_usage(self._data_folder).free,
        )
        if self._database.is_sqlite:
            path = self._database.engine.url.database
            files = [file for suffix in ("", "-wal") if (file := Path(f"{path}{suffix}")).exists()]
            size = sum(file.stat().st_size for file in files)
            yield _gauge("hocvuso_database_bytes", "Size of SQLite's file and its log", size)
        newest = newest_backup(self._backups)
        yield _gauge(
            "hocvuso_backup_newest_timestamp_seconds",
            "When the newest backup here was made; 0: there is none",
            newest.timestamp() if newest else 0,
        )

    def _content_in_force(self) -> Iterator[Metric]:
        yield _gauge("hocvuso_content_guides", "Guides in force", len(self._content.library().guides))
        yield _gauge(
            "hocvuso_content_builds", "How often content was built since the start", self._content.builds
        )
        yield _gauge(
            "hocvuso_content_problem",
            "Whether changed content could not be loaded, and older content serves",
            self._content.problem is not None,
        )

    def _age(self, moment: dt.datetime | None) -> float:
        return max(0.0, (self._clock() - moment).total_seconds()) if moment else 0.0


def _of_jobs(work: health.Work) -> Metric:
    done = GaugeMetricFamily(
        "hocvuso_job_done_timestamp_seconds",
        "When a night job of the whole installation was last done",
        labels=["task"],  # Prometheus has a `job` of its own
    )
    for job, moment in work.jobs_done.items():
        done.add_metric([job], moment.timestamp())
    return done


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=float(value))
