"""What a person gets to see is everything of theirs, and nothing of others."""

import json

from records import requests
from records.communes import add_commune, add_hamlet
from records.database import Database
from records.held import held_about
from records.learners import note_message
from records.questions import record_completion
from tests.conftest import NOW
from tests.records.test_erasure import live, settle, talk


def test_every_row_of_the_person_is_there_with_its_words_and_nothing_of_others(database: Database):
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        add_hamlet(session, commune, slug="nam-dong", name="Nam Đồng")
        live(session, talk(session, commune.id, "ba"), "lời của ba")
        live(session, talk(session, commune.id, "ông"), "lời của ông")
        settle(session, commune.id, "ba")
        home, ba = commune.id, talk(session, commune.id, "ba").learner_id
        requests.open_request(
            session, commune_id=home, kind="copy", source="chat", learner_id=ba, by="learner", now=NOW
        )

    with database.read() as session:
        held = held_about(session, commune_id=home, learner_id=ba)

    assert {table: len(rows) for table, rows in held.items() if rows} == {
        "learners": 1,
        "channel_identities": 1,
        "conversations": 1,
        "subject_requests": 1,
        "questions": 1,
        "completions": 1,
        "handoffs": 1,
        "inbox": 1,
        "outbox": 1,
        "conversation_events": 1,
    }
    text = json.dumps(held, ensure_ascii=False)
    assert text.count("lời của ba") == 8  # wherever a text may stand
    assert "lời của ông" not in text
    assert held["learners"][0]["hamlet"] == "Nam Đồng"
    assert held["questions"][0]["created_at"] == NOW.isoformat()


def test_hashes_addresses_and_our_own_numbers_are_left_out(database: Database):
    with database.write() as session:
        home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id
        conversation = talk(session, home, "dấu-vết-của-ba")
        note_message(
            session,
            commune_id=home,
            channel="zalo",
            hashes=["băm-mới", "dấu-vết-của-ba"],
            sealed_address=b"kin",
            now=NOW,
        )
        record_completion(
            session,
            commune_id=home,
            learner_id=conversation.learner_id,
            channel="zalo",
            guide="tt-quet-qr",
            grade="self",
            now=NOW,
        )
        learner_id = conversation.learner_id

    with database.read() as session:
        held = held_about(session, commune_id=home, learner_id=learner_id)

    assert held["channel_identities"] == [
        {
            "channel": "zalo",
            "last_message_at": NOW.isoformat(),
            "left_at": None,
            "created_at": NOW.isoformat(),
        }
    ]
    assert str(learner_id) not in json.dumps(held)


def test_a_learner_who_is_not_there_has_nothing(sqlite_database: Database):
    with sqlite_database.read() as session:
        held = held_about(session, commune_id=1, learner_id=2)

    assert {rows == [] for rows in held.values()} == {True}
