import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, String, event, inspect, select, text

from records import migrate
from records.communes import add_commune
from records.database import Database, open_database
from records.learners import open_conversation
from records.models import Base, ChannelIdentity, Conversation, DailyCount, MonthlyCount, TurnEvents
from tests.conftest import NOW

ON_SQLITE = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def empty(database_url: str):
    database = open_database(database_url)
    yield database
    database.close()


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def open_talk(database: Database) -> None:
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        open_conversation(session, commune_id=commune.id, channel="zalo", hashes=["ba"], now=NOW)


def change_and_fail(database: Database) -> None:
    with migrate.migrating(database) as connection:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        connection.execute(text("DROP TABLE outbox"))
        raise LookupError


def test_an_empty_database_is_brought_up_to_date(empty: Database):
    before = migrate.current_revision(empty)

    migrate.upgrade(empty)

    assert (before, migrate.current_revision(empty)) == (None, migrate.head_revision())
    assert tables(empty) == {*Base.metadata.tables, "alembic_version"}


def test_the_migrated_schema_is_the_one_of_the_models(database: Database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_every_migration_can_be_taken_back_and_done_again(database: Database):
    migrate.downgrade(database, "base")
    down = (migrate.current_revision(database), tables(database))
    migrate.upgrade(database)

    assert down == (None, {"alembic_version"})
    assert tables(database) == {*Base.metadata.tables, "alembic_version"}


def test_bringing_it_up_to_date_again_changes_nothing(database: Database):
    open_talk(database)

    migrate.upgrade(database)

    with database.read() as session:
        assert len(session.scalars(select(Conversation)).all()) == 1


def test_two_workers_that_start_at_once_bring_it_up_to_date_once(empty: Database, database_url: str):
    other = open_database(database_url)

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(migrate.upgrade, [empty, other]))

    assert {migrate.current_revision(empty), migrate.current_revision(other)} == {migrate.head_revision()}
    other.close()


def test_a_migration_that_fails_halfway_leaves_the_schema_as_it_was(database: Database):
    before = tables(database)

    with pytest.raises(LookupError):
        change_and_fail(database)

    assert tables(database) == before


@ON_SQLITE
def test_rebuilding_a_table_keeps_the_rows_that_refer_to_it(database: Database):
    open_talk(database)

    with migrate.migrating(database) as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("channel_identities", recreate="always") as identities:
            identities.alter_column("channel", type_=String(40))

    with database.read() as session:
        assert len(session.scalars(select(ChannelIdentity)).all()) == 1
        assert len(session.scalars(select(Conversation)).all()) == 1
    with database.write() as session:
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


@ON_POSTGRESQL
def test_a_migration_may_take_longer_than_a_statement_of_a_turn(empty: Database):
    limits = limits_at_commit(empty.engine)

    migrate.upgrade(empty)

    assert limits == [("0", "0")]
    with empty.read() as session:
        assert session.scalar(text("SHOW statement_timeout")) == "15s"


def test_only_the_revisions_of_this_program_are_known():
    known = [migrate.knows_revision(revision) for revision in ("0001", migrate.head_revision(), "9999")]

    assert known == [True, True, False]


def limits_at_commit(engine: Engine) -> list[tuple[str, str]]:
    """(statement, lock) timeouts as they stand when a transaction ends."""
    found = []

    @event.listens_for(engine, "commit")
    def look(connection):
        found.append(
            tuple(
                connection.exec_driver_sql(f"SHOW {name}").scalar()
                for name in ("statement_timeout", "lock_timeout")
            )
        )

    return found


def test_events_of_turns_are_kept_as_one_row_each(database: Database):
    asked, shown = {"event": "user", "text": "chào"}, {"event": "action", "name": "greet"}
    with database.write() as session:
        home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id
        talk = open_conversation(session, commune_id=home, channel="zalo", hashes=["ba"], now=NOW)
        whose = {"commune_id": home, "conversation_id": talk.id, "created_at": NOW}
        session.add(TurnEvents(**whose, inbox_id=1, events=[asked, shown]))

    migrate.downgrade(database, "0014")
    with database.write() as session:
        before = session.scalar(text("SELECT event FROM conversation_events"))
        session.execute(text("UPDATE conversation_events SET event = :one"), {"one": json.dumps(asked)})
    migrate.upgrade(database)

    assert (json.loads(before) if isinstance(before, str) else before) == {
        "event": "turn", "events": [asked, shown],
    }  # fmt: skip
    with database.read() as session:
        assert session.scalars(select(TurnEvents.events)).all() == [[asked]]


def test_months_are_added_up_from_the_days_that_are_there(database: Database):
    with database.write() as session:
        home = add_commune(session, slug="home", name="xã Nhà", now=NOW).id
        for day, hamlet_id in (("2026-10-01", 0), ("2026-10-31", 7), ("2026-11-01", 7)):
            of_day = {"day": dt.date.fromisoformat(day), "hamlet_id": hamlet_id}
            session.add(DailyCount(commune_id=home, guide="kn-wifi", outcome="guide", count=2, **of_day))
    migrate.downgrade(database, "0015")

    migrate.upgrade(database)

    with database.read() as session:
        found = session.execute(select(MonthlyCount.month, MonthlyCount.guide, MonthlyCount.count)).all()
    assert {tuple(row) for row in found} == {
        (dt.date(2026, 10, 1), "kn-wifi", 4),
        (dt.date(2026, 11, 1), "kn-wifi", 2),
    }
