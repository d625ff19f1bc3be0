import datetime as dt
from collections.abc import Iterator

import pytest

from records.database import Database
from tests.staff.world import World, build_world


@pytest.fixture
def world(database: Database, now: dt.datetime) -> Iterator[World]:
    world = build_world(database, now)
    yield world
    world.close()


@pytest.fixture
def small_world(sqlite_database: Database, now: dt.datetime) -> Iterator[World]:
    """One where the kind of database makes no difference."""
    world = build_world(sqlite_database, now)
    yield world
    world.close()
