"""How long each page of the staff's site takes with a made-up year, on SQLite and on PostgreSQL.

Every address comes from the router itself; objects in them are found by the links of other pages.
Each page is asked for in this process, signed in with every role: what is measured is the server's
work, not the network. With `--queries` the queries of the slowest pages are shown with their plans.

Run: python -m benchmarks.pages [--communes 12 --hamlets 120 --learners 50000 --questions 1000000]
     [--requests 20] [--database sqlite --database postgresql]
"""

import argparse
import datetime as dt
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import event

from benchmarks.machine import machine, percentile
from benchmarks.postgresql import postgresql
from bot.app import build_app
from bot.assembly import Assistant, open_assistant
from bot.cli.demo import demo_content, demo_plan
from bot.settings import Settings
from knowledge.lessons import load_paths
from knowledge.library import load_library
from records import announcements, migrate
from records.announcements import Audience, Words
from records.communes import find_commune
from records.database import open_database, sqlite_url
from records.demo.fill import fill
from records.demo.plan import DemoSize
from records.sample import SLUG
from records.staff_accounts import add_account, start_session
from staff.app import FIRST_STEPS, INSIDE, PUBLIC
from staff.roles import ROLES
from staff.site import PREFIX

LIMIT_S = 1.0  # p95 of a page that staff wait for
SLOWEST = 5  # whose queries are shown
_LINK = re.compile(rf'href="({PREFIX}[^"#]*)"')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("communes", 12), ("hamlets", 120), ("learners", 50_000), ("questions", 1_000_000)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--made", type=Path, help="a SQLite file that `hocvuso demo` filled before")
    parser.add_argument("--queries", action="store_true", help="show the slowest queries of slow pages")
    options = parser.parse_args()
    size = DemoSize(options.communes, options.hamlets, options.learners, options.questions)
    print(f"machine: {machine()}; {size}")
    for kind in options.database or ("sqlite", "postgresql"):
        with _database(kind, options.made) as url, tempfile.TemporaryDirectory() as folder:
            if options.made is None or kind == "postgresql":
                _fill(url, size)
            settings = Settings(_env_file=None, data_folder=Path(folder), database_url=url)
            with open_assistant(settings) as assistant:
                _measure(kind, assistant, options.requests, shows_queries=options.queries)


@contextmanager
def _database(kind: str, made: Path | None) -> Iterator[str]:
    if kind == "postgresql":
        with postgresql() as url:
            yield url
    elif made is not None:
        yield sqlite_url(made)
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield sqlite_url(Path(folder) / "pages.db")


def _fill(url: str, size: DemoSize) -> None:
    database = open_database(url)
    migrate.upgrade(database)
    content = demo_content(load_library(), load_paths().first_lessons(), demo_plan())
    began = time.perf_counter()
    fill(database, content, size, until=dt.datetime.now(dt.UTC), seed=1)
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
    database.close()


def _measure(kind: str, assistant: Assistant, requests: int, *, shows_queries: bool) -> None:
    browser = TestClient(build_app(assistant), follow_redirects=False, raise_server_exceptions=False)
    name = "__Host-hvs_staff" if assistant.settings.secure_cookies else "hvs_staff"
    browser.cookies.set(name, _sign_in(assistant), domain="testserver.local", path=PREFIX)
    found, unreached = _addresses(browser, assistant.clock().date())
    print(f"\n{kind}: {len(found)} addresses, p50 and p95 of {requests} requests each")
    slow = []
    for path, address in found.items():
        times, status = _time(browser, address, requests)
        p50, p95 = percentile(times, 0.5), percentile(times, 0.95)
        mark = "  SLOW" if p95 > LIMIT_S else ""
        print(f"{path:52} {status:4} {p50 * 1000:9.0f} ms {p95 * 1000:9.0f} ms{mark}", flush=True)
        slow.append((p95, path, address))
    for path in unreached:
        print(f"{path:52}    -  nothing links to it here")
    if shows_queries:
        for _p95, path, address in sorted(slow, reverse=True)[:SLOWEST]:
            _show_queries(assistant, browser, path, address)


def _sign_in(assistant: Assistant) -> str:
    """The token of a login with every role, in the made-up commune of the web chat."""
    now = assistant.clock()
    with assistant.database.write() as session:
        commune = find_commune(session, SLUG)
        assert commune is not None
        account = add_account(
            session,
            commune_id=commune.id,
            username=f"do-{time.time_ns()}",
            display_name="Người mẫu",
            roles=list(ROLES),
            now=now,
        )
        account.district_communes = ["*"]
        announcements.add(
            session,
            commune_id=commune.id,
            words=Words("Tối nay họp xóm."),
            audience=Audience(channels=["webchat"]),
            starts_at=None,
            at_any_hour=False,
            by="command line",
            now=now,
        )
        return start_session(session, account, now=now)


def _addresses(browser: TestClient, today: dt.date) -> tuple[dict[str, str], list[str]]:
    """(path → an address of it, paths to which no page links)."""
    paths = _paths()
    found = {path: path for path in paths if "{" not in path}
    links = {f"{PREFIX}?ky={today.year}-Q{(today.month + 2) // 3}": None}
    for address in list(found):
        links.update(dict.fromkeys(_LINK.findall(browser.get(address).text.replace("&amp;", "&"))))
    for depth in range(2):  # what is linked only from the page of one thing
        for path in paths:
            pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/?]+", path) + r"(?:\?.*)?$")
            match = next((link for link in links if pattern.match(link) and link not in found.values()), None)
            if "{" in path and path not in found and match is not None:
                found[path] = match
                if depth == 0:
                    page = browser.get(match)
                    if page.headers.get("content-type", "").startswith("text/html"):
                        links.update(dict.fromkeys(_LINK.findall(page.text.replace("&amp;", "&"))))
    found[f"{PREFIX} (this quarter)"] = next(iter(links))
    return found, [path for path in paths if path not in found]


def _paths() -> list[str]:
    """Of every page; what is sent to them is not asked for here."""
    inside = (*PUBLIC, *FIRST_STEPS, *INSIDE)
    return [PREFIX + route[1] for route in inside if route[0] == "GET" and "static" not in route[1]]


def _time(browser: TestClient, address: str, requests: int) -> tuple[list[float], int]:
    status = browser.get(address).status_code  # the first one loads templates and fills caches
    times = []
    for _ in range(requests):
        began = time.perf_counter()
        browser.get(address)
        times.append(time.perf_counter() - began)
        if sum(times) > 30:  # a page that slow needs no more
            break
    return times, status


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
    for seconds, text, values in sorted(said, key=lambda each: each[0], reverse=True)[:3]:
        print(f"  {seconds * 1000:.0f} ms: {' '.join(text.split())[:600]}")
        with assistant.database._reader.connect() as connection:
            for row in connection.exec_driver_sql(explain + text, values):  # type: ignore[arg-type]
                print(f"      {row[-1]}")


if __name__ == "__main__":
    main()
