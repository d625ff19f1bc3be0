import datetime as dt
from collections.abc import Iterator

import pytest

from records.database import Database
from tests.staff.world import World, build_world


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Of one kind: what pages ask of the records is tested with these on both, and every address
    is asked on PostgreSQL in tests/security."""
    return sqlite_database


@pytest.fixture
def world(database: Database, now: dt.datetime) -> Iterator[World]:
    world = build_world(database, now)
    yield world
    world.close()
