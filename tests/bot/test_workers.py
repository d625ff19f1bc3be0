"""Three workers on one PostgreSQL and one data folder: they start at once, share the work, and each
serves what was changed through another."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest
from sqlalchemy import func, select

from bot.app import _housekeeping
from bot.assembly import Assistant, open_assistant
from bot.content import Content
from bot.messages import IncomingMessage
from bot.plans import PlanShelf
from bot.settings import Settings
from records import ids
from records.models import Commune, InboxMessage, JobRun, OutboxMessage, TurnEvents
from records.sample import SLUG
from tests.bot.channel_stories import wait_until
from tests.bot.conftest import HandClock
from tests.bot.test_plans import PLAN, answer, approve
from tests.conftest import new_postgresql_database

WORKERS, PEOPLE, MESSAGES = 3, 10, 10


def open_together(
    settings: Settings, clock: HandClock, content: Content, stack: ExitStack
) -> list[Assistant]:
    together = Barrier(WORKERS)

    def start(_number: int) -> Assistant:
        together.wait()
        return stack.enter_context(open_assistant(settings, clock=clock, content=content))

    with ThreadPoolExecutor(WORKERS) as threads:
        return list(threads.map(start, range(WORKERS)))


@pytest.fixture
def empty(postgresql_server: str, settings: Settings) -> Settings:
    """Of an empty database and an empty data folder."""
    url = new_postgresql_database(postgresql_server)
    return settings.model_copy(update={"database_url": url})


@pytest.fixture
def workers(
    postgresql_server: str, migrated_postgresql: str, settings: Settings, clock: HandClock, content: Content
) -> Iterator[list[Assistant]]:
    url = new_postgresql_database(postgresql_server, migrated_postgresql)
    here = settings.model_copy(update={"database_url": url})
    with ExitStack() as stack:
        yield open_together(here, clock, content, stack)


def say(worker: Assistant, person: str, number: int, said: str, *, wait: bool = False) -> None:
    message = IncomingMessage(SLUG, "webchat", person, f"{person} {number}", said)
    receipt = worker.desk.receive(message)
    if wait:
        assert worker.desk.wait(receipt, timeout_s=30)


def test_workers_that_start_at_once_on_an_empty_database_all_come_up(
    empty: Settings, clock: HandClock, content: Content
):
    with ExitStack() as stack:
        workers = open_together(empty, clock, content, stack)

        keys = {worker.vault.signing_keys for worker in workers}
        with workers[0].database.read() as session:
            communes = Counter(session.scalars(select(Commune.slug)))

    assert len(keys) == 1
    assert communes[SLUG] == 1
    assert set(communes.values()) == {1}


def test_one_learners_messages_are_done_once_and_in_order_by_several_workers(workers: list[Assistant]):
    def talk(person: int) -> None:
        for number in range(MESSAGES):
            say(workers[(person + number) % WORKERS], f"p{person}", number, f"tin số {number}")

    with ThreadPoolExecutor(PEOPLE) as people:
        list(people.map(talk, range(PEOPLE)))
    for person in range(PEOPLE):
        say(workers[0], f"p{person}", MESSAGES, "cảm ơn", wait=True)

    with workers[0].database.read() as session:
        heard = session.execute(
            select(InboxMessage.conversation_id, InboxMessage.message_id).order_by(InboxMessage.id)
        ).all()
        turns = select(TurnEvents.conversation_id, TurnEvents.inbox_id)
        done = session.execute(turns.order_by(TurnEvents.id)).all()
        replied = session.execute(
            select(OutboxMessage.conversation_id, OutboxMessage.inbox_id).order_by(OutboxMessage.id)
        ).all()
    for talk_id in {row.conversation_id for row in heard}:
        numbers = [int(row.message_id.split()[-1]) for row in heard if row.conversation_id == talk_id]
        assert numbers == list(range(MESSAGES + 1))
        for rows in (done, replied):
            of_talk = [row.inbox_id for row in rows if row.conversation_id == talk_id]
            assert of_talk == sorted(of_talk)
    assert len(heard) == PEOPLE * (MESSAGES + 1)
    assert len(set(done)) == len(heard)


def test_an_answer_stands_after_the_one_before_although_a_workers_clock_is_behind(
    workers: list[Assistant], monkeypatch: pytest.MonkeyPatch
):
    say(workers[0], "ba", 1, "chào cháu", wait=True)
    with workers[0].database.read() as session:
        newest = session.scalar(select(func.max(OutboxMessage.id)))
    assert newest is not None

    monkeypatch.setattr(ids, "_last", 0)  # as in a process that began an hour ago, by its clock
    monkeypatch.setattr(ids.new_id, "__kwdefaults__", {"clock": lambda: 10**9 * 1_763_000_000})
    say(workers[1], "ba", 2, "cảm ơn cháu", wait=True)

    with workers[0].database.read() as session:
        later = session.scalars(select(OutboxMessage.id).order_by(OutboxMessage.created_at.desc())).all()
        last_heard = session.scalar(select(func.max(InboxMessage.id)))
    assert last_heard is not None
    assert newest < last_heard < max(later)


def test_a_plan_approved_through_one_worker_is_answered_from_by_all(workers: list[Assistant]):
    shelves = [PlanShelf(worker.database, list, look_s=0) for worker in workers]
    approve(workers[0].database, PLAN)
    first = ["80%" in answer(shelf) for shelf in shelves]

    approve(workers[1].database, PLAN.replace("80%", "90%"))
    for shelf in shelves:
        wait_until(lambda shelf=shelf: "90%" in answer(shelf), "the new plan to be answered from")

    assert first == [True] * WORKERS
    assert ["80%" in answer(shelf) for shelf in shelves] == [False] * WORKERS


def test_what_the_clock_asks_for_is_done_by_one_of_three(workers: list[Assistant], clock: HandClock):
    clock.forward(days=1)
    for _minute in range(3):
        for worker in workers:
            _housekeeping(worker)
        clock.forward(minutes=1)

    with workers[0].database.read() as session:
        runs = session.scalars(select(JobRun)).all()
    assert {"retention", "cleaning", "counts"} <= {run.job for run in runs}
    assert all(run.attempts == 1 and run.finished_at is not None for run in runs)
    assert [worker.clock_leader.is_mine() for worker in workers].count(True) == 1
