"""How many messages a second: taken in and durable, and answered; and how long one waits at half of that.

Real servers, real sockets of 127.0.0.1, a database on the disk with its full durability, the fake of
Zalo Bot as platform. In the same run: what a bare FastAPI with one durable insert does. The client
runs on the same cores.

Run: python -m benchmarks.load --database sqlite|postgresql [--workers N] [--seconds S]
"""

import argparse
import asyncio
import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psutil
from sqlalchemy import select, text

from benchmarks.bare import make_table
from benchmarks.client import Sent, push_all, request
from benchmarks.machine import machine, percentile
from benchmarks.simulate import script
from benchmarks.workers import HEADERS, PATH, Cluster, cluster, event
from knowledge.library import load_library
from records import migrate
from records.database import Database, open_database
from records.inbox import depth
from records.models import InboxMessage
from tests.bot.serving import environment
from tests.fakes.zalo_bot import FakeZaloBot

CONNECTIONS = 12
AT_ONCE = 200  # people who talk at the same time
FIRST = 400  # requests by which a rate is guessed

Requests = Iterator[tuple[int, bytes]]
Address = tuple[str, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--workers", type=int, help="1 on SQLite, 3 on PostgreSQL when left out")
    parser.add_argument("--seconds", type=float, default=60.0, help="about so long each row")
    options = parser.parse_args()
    workers = options.workers or (1 if options.database == "sqlite" else 3)
    if options.database == "sqlite" and workers > 1:
        parser.error("found several workers on SQLite, expected --database postgresql")
    print(f"machine: {machine()}; {options.database}, {workers} workers, {options.seconds:.0f} s a row")
    bare = _bare(options.database, workers, options.seconds)
    print(f"bare durable insert            {bare}")
    held = _held(options.database, workers, options.seconds)
    print(f"taken in, turns held           {held}, {held.rate / bare.rate:.0%} of bare")
    _turns(options.database, workers, options.seconds)
    _whole(options.database, workers, options.seconds, bare)


@dataclass(frozen=True, slots=True)
class Figure:
    """How many a second, and what each cost the servers (not the database's own processes)."""

    rate: float
    cpu_ms: float

    def __str__(self) -> str:
        return f"{self.rate:7.0f} /s, {self.cpu_ms:.2f} ms of processor time each"


def _bare(kind: str, workers: int, seconds: float) -> Figure:
    with cluster(kind) as made, closing(open_database(made.database_url)) as database:
        make_table(database)
        with _processes("benchmarks.bare", workers, made, made.database_url) as (addresses, pids):
            return _rate(made, addresses, pids, mixed("/", {}), seconds)


def _held(kind: str, workers: int, seconds: float) -> Figure:
    with cluster(kind, platform_url="http://127.0.0.1:9") as made:
        with closing(open_database(made.database_url)) as database:
            migrate.upgrade(database)
        with _processes("benchmarks.held", workers, made, "turns") as (addresses, pids):
            # Not more than may wait before messages are refused.
            return _rate(made, addresses, pids, mixed(PATH, HEADERS), seconds, most=19_000)


def _turns(kind: str, workers: int, seconds: float) -> None:
    """Whole turns, from the webhook to the committed reply; how long one waits at half of that."""
    with (
        cluster(kind, platform_url="http://127.0.0.1:9") as made,
        closing(open_database(made.database_url)) as database,
    ):
        migrate.upgrade(database)
        with _processes("benchmarks.held", workers, made, "replies") as (addresses, pids):
            messages = mixed(PATH, HEADERS)
            turns, _ = _answered(made, addresses, pids, database, messages, seconds)
            print(f"turns, message to commit       {turns}, replies held")
            _print_waits(addresses, database, messages, turns.rate / 2, seconds)


def _whole(kind: str, workers: int, seconds: float, bare: Figure) -> None:
    """With the replies being sent, too; how long one waits at half of that."""
    with closing(FakeZaloBot()) as platform, cluster(kind, platform_url=platform.url) as made:
        platform._known = Everybody()
        made.start_all(workers)
        with made.database() as database:
            messages = mixed(PATH, HEADERS)
            pids = [server.process.pid for server in made.servers]
            turns, taken = _answered(made, made.addresses, pids, database, messages, seconds)
            print(f"taken in, turns running        {taken:7.0f} /s, {taken / bare.rate:.0%} of bare")
            print(f"the same                       {turns}, replies being sent")
            sent = _drain(made, platform)
            print(f"replies sent afterwards        {sent}")
            _print_waits(made.addresses, database, messages, turns.rate / 2, seconds)


class Everybody(set[str]):
    """The platform knows every person."""

    def __contains__(self, _person: object) -> bool:
        return True


def _answered(
    made: Cluster,
    addresses: list[Address],
    pids: Sequence[int],
    database: Database,
    messages: Requests,
    seconds: float,
) -> tuple[Figure, float]:
    """(turns, messages taken in a second) from a burst of about so many seconds' work."""
    _burst(addresses, database, messages, FIRST)
    _take_statistics(made)
    guess = FIRST / _burst(addresses, database, messages, FIRST)[0]
    count = max(FIRST, int(guess * seconds))
    cpu = _cpu_s(pids)
    whole_s, taken_s = _burst(addresses, database, messages, count)
    return Figure(count / whole_s, 1_000 * (_cpu_s(pids) - cpu) / count), count / taken_s


def _burst(
    addresses: list[Address], database: Database, messages: Requests, count: int
) -> tuple[float, float]:
    """Seconds until so many more messages are answered, and until they were taken in."""
    ready = list(itertools.islice(messages, count))
    began = time.perf_counter()
    _all_taken(_push(addresses, ready))
    taken_s = time.perf_counter() - began
    _wait_for(lambda: _pending(database) == 0)
    return time.perf_counter() - began, taken_s


def _drain(made: Cluster, platform: FakeZaloBot) -> Figure:
    """Until nothing is sent any more."""
    pids = [server.process.pid for server in made.servers]
    began, before, cpu = time.perf_counter(), len(platform.sent), _cpu_s(pids)
    sent, at = before, began
    while time.perf_counter() - at < 1.5:
        if len(platform.sent) > sent:
            sent, at = len(platform.sent), time.perf_counter()
        time.sleep(0.02)
    count = max(1, sent - before)
    return Figure(count / (at - began or 1), 1_000 * (_cpu_s(pids) - cpu) / count)


def _cpu_s(pids: Sequence[int]) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(time.user + time.system for time in times)


def _print_waits(
    addresses: list[Address], database: Database, messages: Requests, rate: float, seconds: float
) -> None:
    waits = _waits(addresses, database, messages, rate, seconds)
    print(f"at {rate:.0f} turns a second, from the request to the commit of the reply:")
    for share in (0.5, 0.95, 0.99):
        print(f"    p{share * 100:.0f} {1_000 * percentile(waits, share):7.1f} ms")


def _waits(
    addresses: list[Address], database: Database, messages: Requests, rate: float, seconds: float
) -> list[float]:
    """Seconds from the request to the commit of the reply, at a steady rate."""
    some = list(itertools.islice(messages, int(rate * seconds)))
    done = _push(addresses, some, rate=rate)
    _all_taken(done)
    _wait_for(lambda: _pending(database) == 0)
    left = {f"u{sent.number}": sent.began for sent in done}
    with database.read() as session:
        rows = session.execute(select(InboxMessage.message_id, InboxMessage.done_at)).all()
    ended = {message_id.rpartition(":")[2]: done_at for message_id, done_at in rows}
    return [ended[name].timestamp() - began for name, began in left.items()]


def mixed(path: str, headers: dict[str, str]) -> Requests:
    """Endless talks of made-up people, `AT_ONCE` of them at a time; each writes their messages in order."""
    questions = [guide.questions for guide in load_library().guides.values()]
    people = itertools.count(1)
    numbers = itertools.count(1)
    talks: list[Iterator[tuple[str, str]]] = []
    while True:
        talks += [_talk(next(people), questions) for _ in range(AT_ONCE - len(talks))]
        for talk in list(talks):
            said = next(talk, None)
            if said is None:
                talks.remove(talk)
                continue
            number = next(numbers)
            yield number, request(path, headers, event(said[0], number, said[1]))


def _talk(person: int, questions: list[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    return ((f"chat-{person}", text) for text in script(questions, person))


def _rate(
    made: Cluster,
    addresses: list[Address],
    pids: Sequence[int],
    messages: Requests,
    seconds: float,
    most: int = 10**9,
) -> Figure:
    _push(addresses, list(itertools.islice(messages, FIRST)))
    _take_statistics(made)
    began = time.perf_counter()
    _push(addresses, list(itertools.islice(messages, FIRST)))
    count = min(int(seconds * FIRST / (time.perf_counter() - began)), most - 2 * FIRST)
    ready = list(itertools.islice(messages, count))
    began, cpu = time.perf_counter(), _cpu_s(pids)
    _all_taken(_push(addresses, ready))
    return Figure(count / (time.perf_counter() - began), 1_000 * (_cpu_s(pids) - cpu) / count)


def _take_statistics(made: Cluster) -> None:
    """As autovacuum does by itself within a minute: a database that was just made has none."""
    if made.is_sqlite:
        return
    with (
        made.database() as database,
        database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
    ):
        connection.execute(text("ANALYZE"))


def _push(
    addresses: list[Address], requests: list[tuple[int, bytes]], rate: float | None = None
) -> list[Sent]:
    return asyncio.run(push_all(addresses, requests, connections=CONNECTIONS, rate=rate))


def _all_taken(done: list[Sent]) -> None:
    refused = [sent.status for sent in done if sent.status != 200]
    if refused:
        raise RuntimeError(
            f"found {len(refused)} of {len(done)} refused, such as {refused[0]}, expected none"
        )


def _pending(database: Database) -> int:
    with database.read() as session:
        return depth(session)


def _wait_for(is_so: Callable[[], bool], timeout_s: float = 600) -> None:
    until = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.05)


@contextmanager
def _processes(
    module: str, count: int, made: Cluster, *arguments: str
) -> Iterator[tuple[list[Address], list[int]]]:
    """(addresses, process ids)"""
    settings = {} if made.is_sqlite else {"HOCVUSO_DATABASE_URL": made.database_url}
    env = environment(made.folder, HOCVUSO_LOG_LEVEL="ERROR", **settings)
    command = [sys.executable, "-m", module, *arguments]
    running = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        addresses = []
        for process in running:
            assert process.stdout is not None
            addresses.append(("127.0.0.1", int(process.stdout.readline())))
        time.sleep(1)  # until they accept
        yield addresses, [process.pid for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
