import datetime as dt

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError, StatementError

from records.communes import add_commune, add_hamlet, commune_profile
from records.database import Database
from records.models import Commune, Learner
from tests.conftest import NOW

# A reference table, copied to every machine; the rest is distributed by commune.
REFERENCE = {"communes", "alembic_version"}


def distributed(database: Database) -> list[str]:
    return sorted(set(inspect(database.engine).get_table_names()) - REFERENCE)


def test_every_primary_key_begins_with_the_commune(database: Database):
    schema = inspect(database.engine)

    keys = {table: schema.get_pk_constraint(table)["constrained_columns"] for table in distributed(database)}

    assert len(keys) >= 14
    assert {table: columns[0] for table, columns in keys.items()} == dict.fromkeys(keys, "commune_id")


def test_everything_unique_is_unique_within_a_commune(database: Database):
    schema = inspect(database.engine)

    unique = {
        (table, constraint["name"]): constraint["column_names"]
        for table in distributed(database)
        for constraint in [
            *schema.get_unique_constraints(table),
            *(index for index in schema.get_indexes(table) if index["unique"]),
        ]
    }

    assert len(unique) >= 10
    assert {name: columns for name, columns in unique.items() if "commune_id" not in columns} == {}


def test_every_reference_stays_within_the_commune(database: Database):
    schema = inspect(database.engine)

    references = [key for table in distributed(database) for key in schema.get_foreign_keys(table)]

    assert len(references) >= 15
    assert {
        (key["constrained_columns"][0], key["referred_columns"][0], key["referred_table"] == "communes")
        for key in references
    } == {("commune_id", "commune_id", False), ("commune_id", "id", True)}


def test_ids_have_room_for_63_bits(database: Database):
    schema = inspect(database.engine)

    types = {
        (table, column["name"]): str(column["type"])
        for table in distributed(database)
        for column in schema.get_columns(table)
        if column["name"] in ("id", "commune_id", "inbox_id", "learner_id", "conversation_id")
    }

    assert set(types.values()) == {"BIGINT"}


def test_the_largest_id_comes_back_as_it_was(database: Database):
    with database.write() as session:
        session.add(Commune(id=2**63 - 1, slug="xa-cuoi", name="Xã Cuối", created_at=NOW))

    with database.read() as session:
        assert session.scalars(select(Commune.id)).all() == [2**63 - 1]


def test_a_time_comes_back_in_utc_whatever_its_zone_was(database: Database):
    in_hanoi = dt.datetime(2026, 11, 22, 15, 30, tzinfo=dt.timezone(dt.timedelta(hours=7)))
    with database.write() as session:
        add_commune(session, slug="tan-cuong", name="Tân Cương", now=in_hanoi)

    with database.read() as session:
        (found,) = session.scalars(select(Commune.created_at))

    assert (found, found.tzinfo) == (dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC), dt.UTC)


def test_times_of_different_zones_are_compared_as_moments(database: Database):
    with database.write() as session:
        add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
    a_minute_before_in_hanoi = (NOW - dt.timedelta(minutes=1)).astimezone(dt.timezone(dt.timedelta(hours=7)))

    with database.read() as session:
        later = session.scalars(select(Commune.slug).where(Commune.created_at > a_minute_before_in_hanoi))
        assert later.all() == ["tan-cuong"]


def test_a_time_without_a_zone_is_refused(database: Database):
    naive = NOW.replace(tzinfo=None)

    with pytest.raises(StatementError, match="without a zone, expected an aware one"):  # noqa: SIM117
        with database.write() as session:
            add_commune(session, slug="tan-cuong", name="Tân Cương", now=naive)


def test_vietnamese_in_a_list_comes_back_as_it_was(database: Database):
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        add_hamlet(session, commune, slug="nam-dong", name="Nam Đồng", aliases=("xóm Đồng", 'thôn "Nam"'))
        session.expire_all()
        (hamlet,) = commune_profile(session, commune).hamlets

    assert (hamlet.name, hamlet.aliases) == ("Nam Đồng", ("xóm Đồng", 'thôn "Nam"'))


def test_a_row_of_a_commune_that_is_not_there_is_refused(database: Database):
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(Learner(commune_id=404, hamlet_id=None, created_at=NOW))


def test_nobody_lives_in_the_hamlet_of_another_commune(database: Database):
    with database.write() as session:
        home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW)
        foreign = add_hamlet(session, other, slug="h1", name="Nam Đồng").id

    with pytest.raises(IntegrityError), database.write() as session:
        session.add(Learner(commune_id=home, hamlet_id=foreign, created_at=NOW))
