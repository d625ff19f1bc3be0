"""Counts at many questions on PostgreSQL: from the questions themselves, and from the counts by day.

Makes communes with two years of questions inside the database (generate_series), counts the days as
the night does, and asks what staff and a province ask. Ten million take about 5 GiB of disk.

Run: python -m benchmarks.counts [--questions 10000000] [--communes 130]
"""

import argparse
import datetime as dt
import time
from collections.abc import Callable
from contextlib import closing

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from benchmarks.machine import machine
from benchmarks.postgresql import postgresql
from records import migrate, rollup
from records.communes import add_commune
from records.counts import count_learners
from records.database import Database, open_database
from records.desk_counts import desk_figures
from records.models import Commune
from staff.formats import VIETNAM

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
LAST = dt.date(2026, 11, 21)
FIRST = LAST - dt.timedelta(days=727)
LEARNERS = 3_000  # of a commune
GUIDES = 101

# Ids as the program makes them: of the moment, then of the row.
QUESTIONS = text("""
INSERT INTO questions (commune_id, id, inbox_id, learner_id, hamlet_id, channel, redacted, outcome, guide,
                       score, candidates, created_at)
SELECT :commune, (extract(epoch FROM at) * 1000)::bigint * 4194304 + n, n, 1 + n % :learners, NULL, 'zalo-oa',
       'quên mật khẩu vneid thì làm thế nào', CASE WHEN n % 20 = 0 THEN 'no_answer' ELSE 'guide' END,
       CASE WHEN n % 20 = 0 THEN NULL ELSE 'huong-dan-' || (n * 7919 % :guides) END, 0.9, '[]', at
FROM generate_series(1, :each) AS n,
     LATERAL (SELECT CAST(:start AS timestamptz) + n * CAST(:step AS interval)) AS moment (at)
""")
PEOPLE = text(
    "INSERT INTO learners (commune_id, id, created_at) "
    "SELECT :commune, n, :now FROM generate_series(1, :learners) AS n"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=10_000_000)
    parser.add_argument("--communes", type=int, default=130)
    options = parser.parse_args()
    print(f"machine: {machine()}; {options.questions} questions in {options.communes} communes, two years")
    with postgresql() as url, closing(open_database(url)) as database:
        migrate.upgrade(database)
        _timed("questions made", lambda: fill(database, options.communes, options.questions))
        _timed("days counted, all communes", lambda: count_all(database))
        _timed("the same again: nothing to do", lambda: count_all(database))
        with database.read() as session:  # planned for each question, as in service
            session.execute(text("SET LOCAL statement_timeout = 0"))
            ask(session)
            size = text(
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
                "WHERE relname IN ('questions', 'daily_counts', 'monthly_counts')"
            )
            for name, size_bytes in session.execute(size):
                print(f"{name:44} {size_bytes / 2**20:10.0f} MiB")


def fill(database: Database, communes: int, questions: int) -> None:
    start = dt.datetime.combine(FIRST, dt.time(), VIETNAM)
    each = questions // communes
    step = dt.timedelta(days=727) / each
    for number in range(communes):
        with database.write() as session:
            session.execute(text("SET LOCAL statement_timeout = 0"))
            home = add_commune(session, slug=f"xa-{number}", name=f"xã {number}", now=NOW).id
            session.execute(PEOPLE, {"commune": home, "now": NOW, "learners": LEARNERS})
            session.execute(
                QUESTIONS,
                {"commune": home, "learners": LEARNERS, "guides": GUIDES, "each": each, "start": start,
                 "step": step},
            )  # fmt: skip
    database.vacuum([])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE questions"))


def count_all(database: Database) -> None:
    with database.read() as session:
        communes = session.scalars(select(Commune.id)).all()
    for home in communes:
        with database.write() as session:
            session.execute(text("SET LOCAL statement_timeout = 0"))
            rollup.recount(session, commune_id=home, first=FIRST, last=LAST)


def ask(session: Session) -> None:
    home = session.scalars(select(Commune.id).limit(1)).one()
    end = dt.datetime.combine(LAST, dt.time(), VIETNAM) + dt.timedelta(days=1)
    month, year = end - dt.timedelta(days=30), end - dt.timedelta(days=365)
    for name, start in (("a month", month), ("a year", year)):
        _timed(
            f"a commune, {name}, all of the desk's figures",
            lambda start=start: desk_figures(session, commune_id=home, start=start, end=end),
        )
        _timed(
            f"a commune, {name}, different learners",
            lambda start=start: count_learners(session, commune_id=home, start=start, end=end),
        )
    year_first = LAST - dt.timedelta(days=364)
    for by in ("commune", "guide", "outcome"):
        _timed(
            f"all communes, a year by {by}, counts by day",
            lambda by=by: rollup.totals(session, by=by, first=year_first, last=LAST),
        )
    raw = text(
        "SELECT guide, count(*) FROM questions WHERE created_at >= :start AND created_at < :end GROUP BY 1"
    )
    _timed(
        "all communes, a year by guide, from questions",
        lambda: session.execute(raw, {"start": year, "end": end}).all(),
    )


def _timed(name: str, do: Callable[[], object]) -> None:
    began = time.perf_counter()
    do()
    print(f"{name:44} {time.perf_counter() - began:10.3f} s", flush=True)


if __name__ == "__main__":
    main()
