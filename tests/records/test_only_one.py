"""Of several workers one holds a post; when it is gone, another does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from threading import Barrier

import pytest
from sqlalchemy import text

from records.database import Database, open_database
from records.only_one import Leadership, one_at_a_time

ON_POSTGRESQL = pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)


@pytest.fixture
def workers(migrated_url: str) -> Iterator[list[Database]]:
    """Three processes' worth of connections to one database."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(open_database(migrated_url))) for _ in range(3)]


@ON_POSTGRESQL
def test_of_three_workers_one_is_the_leader_each_time_they_ask(workers: list[Database]):
    posts = [Leadership(worker, "clock") for worker in workers]

    asked = [[post.is_mine() for post in posts] for _ in range(3)]

    assert asked == [[True, False, False]] * 3
    posts[0].resign()


@ON_POSTGRESQL
def test_when_the_leader_dies_another_takes_over(workers: list[Database]):
    first, second = Leadership(workers[0], "clock"), Leadership(workers[1], "clock")
    assert (first.is_mine(), second.is_mine()) == (True, False)

    with workers[2].write() as session:
        session.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        )

    assert second.is_mine()
    assert not first.is_mine()
    second.resign()


@ON_POSTGRESQL
def test_who_resigns_makes_room_at_once(workers: list[Database]):
    first, second = Leadership(workers[0], "clock"), Leadership(workers[1], "clock")
    assert first.is_mine()

    first.resign()

    assert second.is_mine()
    second.resign()
    assert not first.is_mine()  # a thread that asks late


@ON_POSTGRESQL
def test_posts_of_other_names_are_others(workers: list[Database]):
    posts = [Leadership(workers[0], "clock"), Leadership(workers[1], "telegram")]

    assert [post.is_mine() for post in posts] == [True, True]
    for post in posts:
        post.resign()


def test_blocks_of_one_name_never_overlap(workers: list[Database]):
    if workers[0].is_sqlite:
        workers = workers[:1]  # there is one server
    together, inside, most = Barrier(len(workers)), [], []

    def start(worker: Database) -> None:
        together.wait()
        with one_at_a_time(worker, "start"):
            inside.append(worker)
            most.append(len(inside))
            inside.remove(worker)

    with ThreadPoolExecutor(len(workers)) as threads:
        list(threads.map(start, workers))

    assert most == [1] * len(workers)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_the_only_server_of_a_file_is_its_leader(database: Database):
    assert Leadership(database, "clock").is_mine()
