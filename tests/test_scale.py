"""What deploy/postgresql says fits the schema, and the program works on it."""

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text

from records import community  # noqa: F401 - its tables belong to the schema
from records.arrivals import Arrival, store
from records.communes import add_commune
from records.database import Database
from records.inbox import claim_row, finish, lock_next
from records.learners import open_conversation
from records.models import Base, InboxMessage
from records.outbox import put, take_next
from tests.conftest import NOW

DEPLOY = Path(__file__).parents[1] / "deploy" / "postgresql"
CUT = {"inbox", "outbox", "conversation_events", "questions", "completions"}

pytestmark = pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)


@pytest.fixture
def talked(database: Database) -> Database:
    """A commune in which somebody has written."""
    with database.write() as session:
        home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id
        talk = open_conversation(session, commune_id=home, channel="zalo", hashes=["ba"], now=NOW)
        claim_row(session, talk, message_id="1", text="chào", now=NOW)
    return database


def is_part(table: str) -> bool:
    return bool(re.fullmatch(rf"(?:{'|'.join(CUT)})_\d+", table))


def cut(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(
            text((DEPLOY / "partitions.sql").read_text(encoding="utf-8").replace(":=", "\\:="))
        )


def test_partitions_keep_rows_and_every_name_that_migrations_know(talked: Database):
    cut(talked)

    with talked.engine.connect() as connection:
        partitioned = set(connection.scalars(text("SELECT relname FROM pg_class WHERE relkind = 'p'")))
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, what, _parents: what != "table" or not is_part(name or ""),
                # PostgreSQL lists a reference to a table of parts once more for each of them.
                "include_object": lambda found, _name, what, _reflected, _other: (
                    what != "foreign_key_constraint"
                    or not is_part(found.elements[0].target_fullname.split(".")[0])
                ),
            },
        )
        differences = compare_metadata(context, Base.metadata)
        messages = connection.scalars(select(InboxMessage.text)).all()
    assert partitioned == CUT
    assert differences == []
    assert messages == ["chào"]


def test_a_message_is_answered_with_partitions(talked: Database):
    cut(talked)

    with talked.write() as session:
        locked = lock_next(session)
        assert locked is not None
        message, talk = locked
        put(session, message, [{"text": "Dạ", "choices": []}], now=NOW)
        finish(message, now=NOW)
        home = talk.commune_id
        _, is_new = claim_row(session, talk, message_id="1", text="chào", now=NOW)
    with talked.write() as session:
        taken = take_next(session, commune_id=home, channel="zalo", now=NOW)

    assert not is_new
    assert taken is not None
    assert taken.body["text"] == "Dạ"


def test_messages_that_come_together_are_stored_once_with_partitions(talked: Database):
    cut(talked)
    with talked.read() as session:
        home = session.scalars(select(InboxMessage.commune_id)).one()
    known = Arrival("zalo", ["ba"], None, "2", "chào lần nữa")
    new = Arrival("zalo", ["ông"], None, "3", "chào cháu")

    with talked.write_rows() as connection:
        first = store(connection, [known, new], commune_id=home, now=NOW)
    with talked.write_rows() as connection:
        again = store(connection, [known, new], commune_id=home, now=NOW)

    assert [claim.is_new for claim in first] == [True, True]
    assert again == [claim._replace(is_new=False) for claim in first]


def test_every_table_is_distributed_by_commune_and_those_it_refers_to_come_first(database: Database):
    said = (DEPLOY / "citus.sql").read_text(encoding="utf-8")
    distributed = re.findall(r"^SELECT create_distributed_table\('(\w+)', 'commune_id'", said, re.MULTILINE)

    tables = set(inspect(database.engine).get_table_names()) - {"alembic_version", "communes"}
    assert len(distributed) == len(set(distributed))
    assert set(distributed) == tables
    assert re.findall(r"create_reference_table\('(\w+)'\)", said) == ["communes"]
    for place, name in enumerate(distributed):
        referred = {key.column.table.name for key in Base.metadata.tables[name].foreign_keys}
        assert referred - {"communes"} <= {*distributed[:place], name}
