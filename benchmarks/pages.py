"""How long each page of the staff's site takes with a made-up year, on SQLite and on PostgreSQL.

Every address comes from the router itself; objects in them are found by the links of other pages.
Each page is asked for in this process, signed in with every role: what is measured is the server's
work, not the network. The first request is told apart: it loads templates, and draws what is kept
afterwards (handouts). Processor time is that of this process and of PostgreSQL's, a request on average:
what a clock shows when nothing else runs. With `--queries` the queries of the slowest pages are shown
with their plans.

Making a million questions takes many minutes: `--keep FOLDER` leaves the databases there, and a later
run with the same folder asks of them as if it were still the moment at which they were made.

Run: python -m benchmarks.pages [--communes 12 --hamlets 120 --learners 50000 --questions 1000000]
     [--requests 20] [--database sqlite --database postgresql] [--keep FOLDER] [--page /staff/cac-xa …]
"""

import argparse
import datetime as dt
import gc
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from benchmarks.machine import machine, percentile
from benchmarks.pages_made import make_report, sign_in
from benchmarks.postgresql import postgresql
from bot.app import build_app
from bot.assembly import Assistant, open_assistant
from bot.cli.demo import demo_content, demo_plan
from bot.settings import Settings
from knowledge.lessons import load_paths
from knowledge.library import load_library
from records import migrate
from records.database import Database, open_database, sqlite_url
from records.demo.fill import fill
from records.demo.plan import DemoSize
from staff.app import FIRST_STEPS, INSIDE, PUBLIC
from staff.period import Period, month, period_of_days, quarter
from staff.site import PREFIX

LIMIT_S, REPORT_LIMIT_S = 1.0, 10.0  # p95 of a page that staff wait for; a report with its files
HTTP_OK = 200
PATIENCE_S = 30  # a page that slow is not asked for again
SLOWEST = 5  # whose queries are shown
_LINK = re.compile(rf'href="({PREFIX}[^"#]*)"')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("communes", 12), ("hamlets", 120), ("learners", 50_000), ("questions", 1_000_000)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--keep", type=Path, help="the folder in which the databases stay")
    parser.add_argument("--page", nargs="*", help="only these, as the table names them")
    parser.add_argument("--queries", action="store_true", help="show the slowest queries of slow pages")
    options = parser.parse_args()
    size = DemoSize(options.communes, options.hamlets, options.learners, options.questions)
    print(f"machine: {machine()}; {size}")
    taken: dict[str, dict[str, Taken]] = {}
    for kind in options.database or ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as folder, _database(kind, options.keep or Path(folder)) as url:
            until = _filled(url, size, (options.keep or Path(folder)) / f"{kind}.made")
            age = dt.datetime.now(dt.UTC) - until
            settings = Settings(_env_file=None, data_folder=Path(folder), database_url=url)
            with open_assistant(settings, clock=_late_by(age)) as assistant:
                gc.collect()
                gc.freeze()  # as the server does
                print(f"\n{kind}", flush=True)
                if not options.page:
                    _measure_reports(assistant)
                taken[kind] = _measure(
                    assistant, options.requests, options.page, shows_queries=options.queries
                )
    _show_together(taken)


def _late_by(age: dt.timedelta) -> Callable[[], dt.datetime]:
    return lambda: dt.datetime.now(dt.UTC) - age


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "postgresql":
        with postgresql(kept=folder / "postgresql") as url:
            yield url
    else:
        yield sqlite_url(folder / "pages.db")


def _filled(url: str, size: DemoSize, made: Path) -> dt.datetime:
    """Fill the database unless the file `made` says that it is; the moment until which its year goes."""
    if made.exists():
        was, moment = made.read_text(encoding="utf-8").splitlines()
        if was != str(size):
            raise SystemExit(f"{made}: found {was}, expected {size}: another folder")
        return dt.datetime.fromisoformat(moment)
    until = dt.datetime.now(dt.UTC)
    database = open_database(url)
    migrate.upgrade(database)
    content = demo_content(load_library(), load_paths().first_lessons(), demo_plan())
    began = time.perf_counter()
    fill(database, content, size, until=until, seed=1)
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
    database.close()
    made.write_text(f"{size}\n{until.isoformat()}", encoding="utf-8")
    return until


@dataclass(frozen=True, slots=True)
class Taken:
    """How long one address took."""

    status: int
    first_s: float
    times_s: list[float]  # of the requests after the first
    processor_s: float  # a request, on average

    @property
    def p95_s(self) -> float:
        return percentile(self.times_s, 0.95)


def _measure_reports(assistant: Assistant) -> None:
    """A report of the quarter before, and of the year: counted, written as Word file and as workbook."""
    today = assistant.clock().date()
    print("| report | counted, ms | .docx and .xlsx, ms |\n|---|---|---|")
    for name, period in (("quarter before", _quarter_before(today)), ("a year", _year(today))):
        counted_s, written_s = make_report(assistant, period)
        mark = " SLOW" if counted_s + written_s > REPORT_LIMIT_S else ""
        print(f"| {name} | {_ms(counted_s)} | {_ms(written_s)}{mark} |", flush=True)


def _measure(
    assistant: Assistant, requests: int, only: list[str] | None, *, shows_queries: bool
) -> dict[str, Taken]:
    """Path → how long it took."""
    browser = TestClient(build_app(assistant), follow_redirects=False, raise_server_exceptions=False)
    name = "__Host-hvs_staff" if assistant.settings.secure_cookies else "hvs_staff"
    browser.cookies.set(name, sign_in(assistant), domain="testserver.local", path=PREFIX)
    found, unreached = _addresses(browser, assistant.clock().date())
    print("\n| page | status | first, ms | p50 | p95 | processor |\n|---|---|---|---|---|---|")
    measured: dict[str, Taken] = {}
    for path, address in found.items():
        if only and path not in only:
            continue
        taken = _time(assistant.database, browser, address, requests)
        times = (taken.first_s, percentile(taken.times_s, 0.5), taken.p95_s, taken.processor_s)
        mark = " SLOW" if taken.p95_s > LIMIT_S else ""
        print(f"| {path} | {taken.status} | {' | '.join(map(_ms, times))}{mark} |", flush=True)
        measured[path] = taken
    if not only:
        print(f"nothing links to: {', '.join(unreached)}")
    if shows_queries:
        for path in sorted(measured, key=lambda path: -measured[path].p95_s)[:SLOWEST]:
            _show_queries(assistant, browser, path, found[path])
    return measured


def _show_together(taken: dict[str, dict[str, Taken]]) -> None:
    """A row for each page that answered, with every database beside the others."""
    print(f"\n| page | {' | '.join(f'{kind}: p50, ms | p95 | processor' for kind in taken)} |")
    print("|---" * (3 * len(taken) + 1) + "|")
    for path in next(iter(taken.values())):
        each = [pages[path] for pages in taken.values()]
        if all(page.status == HTTP_OK for page in each):
            cells = [
                _ms(value)
                for page in each
                for value in (percentile(page.times_s, 0.5), page.p95_s, page.processor_s)
            ]
            print(f"| `{path}` | {' | '.join(cells)} |")


def _addresses(browser: TestClient, today: dt.date) -> tuple[dict[str, str], list[str]]:
    """(path → an address of it, paths to which no page links)."""
    paths = _paths()
    found = {path: path for path in paths if "{" not in path}
    links = dict.fromkeys([f"{PREFIX}?{_quarter_before(today).query}"])
    for address in list(found):
        links.update(dict.fromkeys(_LINK.findall(browser.get(address).text.replace("&amp;", "&"))))
    for depth in range(2):  # what is linked only from the page of one thing
        for path in paths:
            pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/?]+", path) + r"(?:\?.*)?$")
            wanted = (link for link in links if pattern.match(link) and link.partition("?")[0] not in found)
            match = next(wanted, None)
            if "{" in path and path not in found and match is not None:
                found[path] = match
                if depth == 0:
                    page = browser.get(match)
                    if page.headers.get("content-type", "").startswith("text/html"):
                        links.update(dict.fromkeys(_LINK.findall(page.text.replace("&amp;", "&"))))
    for path in paths:  # what only a form leads to: files of a report
        parent, _, last = path.rpartition("/")
        if path not in found and parent in found and "{" not in last:
            found[path] = f"{found[parent].partition('?')[0]}/{last}"
    return found | _longer(today), [path for path in paths if path not in found]


def _longer(today: dt.date) -> dict[str, str]:
    """Pages that count, for more than the month they begin with."""
    pages = ("", "/theo-huong-dan", "/chua-tra-loi/nhom", "/cac-xa")
    periods = {"a quarter": _quarter_before(today), "a year": _year(today)}
    return {
        f"{PREFIX}{page} ({name})": f"{PREFIX}{page}?{period.query}"
        for page in pages
        for name, period in periods.items()
    }


def _quarter_before(today: dt.date) -> Period:
    """The last one that is over."""
    last = month(today.year, 3 * ((today.month - 1) // 3) + 1).first - dt.timedelta(days=1)
    return quarter(last.year, last.month // 3)


def _year(today: dt.date) -> Period:
    return period_of_days(today - dt.timedelta(days=364), today)


def _paths() -> list[str]:
    """Of every page; what is sent to them is not asked for here."""
    inside = (*PUBLIC, *FIRST_STEPS, *INSIDE)
    return [PREFIX + route[1] for route in inside if route[0] == "GET" and "static" not in route[1]]


def _time(database: Database, browser: TestClient, address: str, requests: int) -> Taken:
    began = time.perf_counter()
    status = browser.get(address).status_code
    first_s = time.perf_counter() - began
    times: list[float] = []
    processor_s = _processor_s(database)
    while len(times) < requests and sum(times) < PATIENCE_S:
        began = time.perf_counter()
        browser.get(address)
        times.append(time.perf_counter() - began)
    return Taken(status, first_s, times, (_processor_s(database) - processor_s) / len(times))


def _processor_s(database: Database) -> float:
    """What this process, and PostgreSQL for it, took until now."""
    taken = time.process_time()
    if not database.is_sqlite:
        ours = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        with database.engine.connect() as connection:
            for pid in connection.scalars(ours).all():
                spent = psutil.Process(pid).cpu_times()
                taken += spent.user + spent.system
    return taken


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f}"


def _show_queries(assistant: Assistant, browser: TestClient, path: str, address: str) -> None:
    """The three slowest statements of a page, with what the database says of them."""
    said: list[tuple[float, str, object]] = []
    engines = {assistant.database.engine, assistant.database._reader}

    def before(
        _connection: object, _cursor: object, _text: str, _values: object, context: object, _many: object
    ) -> None:
        context.began = time.perf_counter()  # type: ignore[attr-defined]

    def after(
        _connection: object, _cursor: object, text: str, values: object, context: object, _many: object
    ) -> None:
        said.append((time.perf_counter() - context.began, text, values))  # type: ignore[attr-defined]

    for engine in engines:
        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)
    browser.get(address)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)
    print(f"\n{path}: {len(said)} statements, {sum(each[0] for each in said) * 1000:.0f} ms of the database")
    explain = "EXPLAIN QUERY PLAN " if assistant.database.is_sqlite else "EXPLAIN "
    for seconds, statement, values in sorted(said, key=lambda each: each[0], reverse=True)[:3]:
        print(f"  {seconds * 1000:.0f} ms: {' '.join(statement.split())[:600]}")
        with assistant.database._reader.connect() as connection:
            for row in connection.exec_driver_sql(explain + statement, values):  # type: ignore[arg-type]
                print(f"      {row[-1]}")


if __name__ == "__main__":
    main()
