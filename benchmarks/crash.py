"""Kill servers at random while people talk, again and again, and count what was lost or came twice.

Real `hocvuso serve` processes, `kill -9`, clients that repeat what was not acknowledged as a platform
does, and the fake of Zalo Bot that keeps what arrived. In the end every message and every reply is
looked up. With --rounds 0 nothing is killed: then it shows the order over several workers.

Run: python -m benchmarks.crash --rounds 100 --database sqlite|postgresql [--stored 100000]
"""

import argparse
import itertools
import json
import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import httpx
from sqlalchemy import func, insert, select, text

from benchmarks.load import Everybody
from benchmarks.machine import machine, percentile
from benchmarks.simulate import script
from benchmarks.workers import HEADERS, PATH, Cluster, cluster, event
from bot.assembly import utc_now
from knowledge.library import load_library
from records.database import Database
from records.ids import new_id
from records.learners import open_conversation
from records.models import Base, Conversation, InboxMessage, OutboxMessage, TurnEvents
from records.sample import ensure_sample_commune
from tests.fakes.zalo_bot import FakeZaloBot

CLIENTS = 8
IN_FLIGHT = 60  # messages taken and not answered, at most: a crash is to find work in every stage
STOPS_S = 150.0  # how long the end may take: on PostgreSQL a dead worker's replies wait for their lease
ROUND_S = 120.0  # the longest a round may take


@dataclass
class People:
    """Clients who send messages until they are told to stop; each person's in their order."""

    platform: FakeZaloBot
    addresses: list[str]
    people: int
    most: int
    acknowledged: set[int] = field(default_factory=set)
    said_by: dict[int, str] = field(default_factory=dict)  # message → person

    def __post_init__(self) -> None:
        self._numbers, self._stopping = itertools.count(1), threading.Event()
        questions = [guide.questions for guide in load_library().guides.values()]
        self._texts = [itertools.cycle(script(questions, seed)) for seed in range(self.people)]
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _client(self, client: int) -> None:
        turn = itertools.cycle(range(client, self.people, CLIENTS))
        with httpx.Client(timeout=10) as http:
            while not self._stopping.is_set():
                if len(self.acknowledged) - len(self.platform.sent) > IN_FLIGHT:
                    time.sleep(0.01)
                    continue
                person = next(turn)
                with self._lock:
                    number = next(self._numbers)
                if number > self.most:
                    return
                self.said_by[number] = f"chat-{person}"
                self._say(http, number, next(self._texts[person]))

    def _say(self, http: httpx.Client, number: int, said: str) -> None:
        """Until it is taken."""
        body = json.dumps(event(self.said_by[number], number, said))
        while not self._stopping.is_set():
            try:
                answer = http.post(random.choice(self.addresses) + PATH, content=body, headers=HEADERS)
            except httpx.TransportError:
                time.sleep(0.02)
                continue
            if answer.status_code == 200:
                self.acknowledged.add(number)
                return
            time.sleep(0.05)


@dataclass
class Report:
    rounds: int
    acknowledged: int
    lost: int
    undone: int
    doubled_in_state: int
    replies: int
    missing: int
    doubled: int
    inversions: int
    is_whole: bool
    back_s: list[tuple[float, float]]  # of anybody, of the worker

    @property
    def is_good(self) -> bool:
        broken = self.lost + self.undone + self.doubled_in_state + self.missing + self.inversions
        return not broken and self.is_whole

    def lines(self) -> list[str]:
        answered, back = (sorted(times) for times in zip(*self.back_s or [(0.0, 0.0)], strict=True))
        doubled = f"{self.doubled} ({self.doubled / max(1, self.rounds):.2f} a crash)"
        return [
            f"crashes                    {self.rounds}",
            f"acknowledged, lost         {self.acknowledged}, {self.lost}",
            f"not done in the end        {self.undone}",
            f"doubled in state           {self.doubled_in_state}",
            f"replies, missing           {self.replies}, {self.missing}",
            f"replies that came twice    {doubled}",
            f"out of order               {self.inversions}",
            f"database whole             {'yes' if self.is_whole else 'NO'}",
            f"back in service            {_seconds(answered)}",
            f"the worker itself          {_seconds(back)}",
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--workers", type=int, help="1 on SQLite, 3 on PostgreSQL when left out")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--messages", type=int, default=200, help="about so many a round")
    parser.add_argument("--stored", type=int, default=0, help="messages that are there from before")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    workers = options.workers or (1 if options.database == "sqlite" else 3)
    print(f"machine: {machine()}; {options.database}, {workers} workers, {options.stored} messages stored")
    report = run(
        options.database,
        workers=workers,
        rounds=options.rounds,
        people=options.people,
        messages=options.messages,
        stored=options.stored,
        seed=options.seed,
    )
    print("\n".join(report.lines()))
    sys.exit(0 if report.is_good else 1)


def run(
    kind: str, *, workers: int, rounds: int, people: int, messages: int, stored: int = 0, seed: int = 7
) -> Report:
    chance = random.Random(seed)
    with closing(FakeZaloBot()) as platform, cluster(kind, platform_url=platform.url) as made:
        platform._known = Everybody()
        made.start_all(workers)
        if stored:
            with made.database() as database:
                fill(database, stored)
        most = messages if rounds == 0 else 10**9
        talking = People(platform, [server.url for server in made.servers], people, most)
        talking.start()
        try:
            back_s = [_crash(made, talking, chance, messages) for _ in range(rounds)]
            if rounds == 0:
                _wait(lambda: len(talking.acknowledged) >= most, ROUND_S * 10)
        finally:
            talking.stop()
        with made.database() as database:
            _wait(lambda: _open_rows(database) == 0, STOPS_S)
            made.stop_all()
            return _check(database, talking, rounds, back_s)


def _crash(made: Cluster, talking: People, chance: random.Random, messages: int) -> tuple[float, float]:
    """A round; returns the seconds until anybody answered again, and until the worker was back."""
    enough = len(talking.acknowledged) + messages
    _wait(lambda: len(talking.acknowledged) >= enough, ROUND_S)
    time.sleep(chance.random() / 2)
    number = chance.randrange(len(made.servers))
    made.servers[number].kill()
    began, replies = time.perf_counter(), len(talking.platform.sent)
    with ThreadPoolExecutor(1) as starter:
        starting = starter.submit(made.start)
        # What was sent by others: of several workers the rest go on.
        _wait(lambda: len(talking.platform.sent) > replies or starting.done(), ROUND_S)
        answered_s = time.perf_counter() - began
        is_answered = len(talking.platform.sent) > replies
        made.servers[number] = starting.result()
    talking.addresses[number] = made.servers[number].url
    back_s = time.perf_counter() - began
    _wait(lambda: len(talking.platform.sent) > replies, ROUND_S)
    return (answered_s if is_answered else time.perf_counter() - began), back_s


def _seconds(times: Sequence[float]) -> str:
    return f"median {percentile(times, 0.5):.1f} s, longest {times[-1]:.1f} s"


def fill(database: Database, count: int) -> None:
    """Messages that were answered, as they lie there after a while; a hundred of each person."""
    tables = Base.metadata.tables
    now = utc_now()
    with database.write() as session:
        home = ensure_sample_commune(session, now=now).id
        for person in range(count // 100):
            talk = open_conversation(
                session, commune_id=home, channel="zalo-bot", hashes=[f"old {person}"], now=now
            )
            common = {"commune_id": home, "conversation_id": talk.id, "channel": "zalo-bot"}
            numbers = [new_id() for _ in range(100)]
            session.execute(
                insert(tables["inbox"]),
                [
                    {**common, "id": number, "message_id": f"old {number}", "text": "quên mật khẩu vneid",
                     "secrets": [], "state": "done", "attempts": 0, "kind": "text", "received_at": now,
                     "done_at": now}
                    for number in numbers
                ],
            )  # fmt: skip
            session.execute(
                insert(tables["outbox"]),
                [
                    {**common, "id": new_id(), "inbox_id": number, "position": 0, "state": "sent",
                     "body": {"text": "Bước 1/7. Bác mở ứng dụng VNeID.", "choices": []}, "attempts": 1,
                     "not_before": now, "created_at": now, "sent_at": now}
                    for number in numbers
                ],
            )  # fmt: skip


def _open_rows(database: Database) -> int:
    with database.read() as session:
        waiting = select(func.count()).where(InboxMessage.state == "pending")
        unsent = select(func.count()).where(OutboxMessage.state.in_(("pending", "sending")))
        return (session.scalar(waiting) or 0) + (session.scalar(unsent) or 0)


def _check(database: Database, talking: People, rounds: int, back_s: list[tuple[float, float]]) -> Report:
    with database.read() as session:
        rows = session.execute(
            select(InboxMessage.id, InboxMessage.message_id, InboxMessage.conversation_id, InboxMessage.state)
            .where(InboxMessage.message_id.like("%:u%"))
            .order_by(InboxMessage.id)
        ).all()
        turns = dict(session.execute(select(Conversation.id, Conversation.turns)).all())
        events = session.execute(
            select(TurnEvents.conversation_id, TurnEvents.inbox_id).order_by(TurnEvents.id)
        ).all()
        outbox = session.execute(
            select(OutboxMessage.conversation_id, OutboxMessage.body, OutboxMessage.state)
            .where(OutboxMessage.conversation_id.in_({row.conversation_id for row in rows}))
            .order_by(OutboxMessage.id)
        ).all()
        is_whole = not database.is_sqlite or session.scalar(text("PRAGMA integrity_check")) == "ok"
    numbers = {row.id: int(row.message_id.rpartition(":u")[2]) for row in rows}
    person_of = {row.conversation_id: talking.said_by[numbers[row.id]] for row in rows}
    heard = Counter(row.conversation_id for row in rows if row.state == "done")
    written: dict[str, list[str]] = defaultdict(list)
    for row in outbox:
        written[person_of[row.conversation_id]].append(row.body["text"])
    arrived: dict[str, list[str]] = defaultdict(list)
    for sent in list(talking.platform.sent):
        arrived[sent.chat_id].append(sent.text)
    missing = sum((Counter(written[person]) - Counter(arrived[person])).total() for person in written)
    doubled = sum((Counter(arrived[person]) - Counter(written[person])).total() for person in arrived)
    inversions = sum(
        _inversions([numbers[row.id] for row in rows if row.conversation_id == talk])
        + _inversions([row.inbox_id for row in events if row.conversation_id == talk])
        for talk in person_of
    )
    return Report(
        rounds=rounds,
        acknowledged=len(talking.acknowledged),
        lost=len(talking.acknowledged - set(numbers.values())),
        undone=sum(row.state != "done" for row in rows),
        doubled_in_state=sum(abs(turns[talk] - count) for talk, count in heard.items())
        + len(numbers)
        - len(set(numbers.values())),
        replies=sum(map(len, written.values())),
        missing=missing,
        doubled=doubled,
        inversions=inversions + sum(_disorder(written[who], arrived[who]) for who in written),
        is_whole=is_whole,
        back_s=back_s,
    )


def _inversions(numbers: Sequence[int]) -> int:
    return sum(later < earlier for earlier, later in itertools.pairwise(numbers))


def _disorder(written: Sequence[str], arrived: Sequence[str]) -> int:
    """Replies that did not come in the order of the outbox; one that came again at once is none."""
    place = 0
    for number, said in enumerate(arrived):
        if place < len(written) and said == written[place]:
            place += 1
        elif number == 0 or said != arrived[number - 1]:
            return len(written) - place
    return len(written) - place


def _wait(is_so: object, timeout_s: float) -> None:
    assert callable(is_so)
    until = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.02)


if __name__ == "__main__":
    main()
