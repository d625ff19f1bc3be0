"""Whatever holds something of a person is known to be theirs."""

import records.migrate  # noqa: F401 - brings every table
from records.held import held_about
from records.models import Base
from records.personal import OF_COMMUNE, WAYS_IN, of_learner, of_talk


def test_every_table_with_a_learner_or_a_talk_is_erased_and_shown():
    personal = {
        name
        for name, table in Base.metadata.tables.items()
        if {"learner_id", "conversation_id"} & set(table.c.keys())
    }

    found = [*(table.name for table in of_learner()), *(table.name for table in of_talk())]

    assert len(found) == len(set(found)) >= 6
    assert {*found, *WAYS_IN, *OF_COMMUNE} == personal


def test_what_refers_to_others_goes_before_them():
    order = [table.name for table in of_learner()]

    for table in of_learner():
        for key in table.foreign_keys:
            if key.column.table.name in order and key.column.table is not table:
                assert order.index(table.name) < order.index(key.column.table.name)


def test_what_is_held_is_asked_of_the_same_tables(sqlite_database):
    with sqlite_database.read() as session:
        held = held_about(session, commune_id=1, learner_id=1)

    own = {"learners", "subject_requests", *WAYS_IN}
    assert set(held) == own | {table.name for table in (*of_learner(), *of_talk())}
