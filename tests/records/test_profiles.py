"""A phone that passes between people: whose learner counts, what each comes back to, who is in the house."""

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from records.communes import add_commune, add_hamlet
from records.community import Profile
from records.database import Database
from records.held import held_about
from records.learners import open_conversation
from records.models import Conversation, Learner
from records.profiles import house_of, list_profiles, owner_of, switch
from records.retention import Periods, expire
from tests.conftest import NOW
from tests.records.test_erasure import live


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        add_hamlet(session, commune, slug="nam-dong", name="Nam Đồng")
        return commune.id


def phone(session: Session, home: int, person: str = "máy chung") -> Conversation:
    return open_conversation(session, commune_id=home, channel="zalo", hashes=[person], now=NOW)


def pass_to(session: Session, talk: Conversation, name: str, *, before: str = "", **leaving: object) -> None:
    switch(session, talk, name=name, leaving_name=before, leaving=leaving, now=NOW)


def names(session: Session, talk: Conversation) -> dict[str, dict[str, object]]:
    rows = list_profiles(session, commune_id=talk.commune_id, conversation_id=talk.id)
    return {row.name: row.slots for row in rows}


def test_somebody_new_gets_a_learner_of_their_own(database: Database, home: int):
    with database.write() as session:
        talk = phone(session, home)
        owner = talk.learner_id
        pass_to(session, talk, "bà", guide="kn-wifi")

        assert talk.learner_id != owner
        assert owner_of(session, talk) == owner
        assert names(session, talk) == {"": {"guide": "kn-wifi"}, "bà": {}}


def test_who_comes_back_has_the_learner_they_had(database: Database, home: int):
    with database.write() as session:
        talk = phone(session, home)
        owner = talk.learner_id
        pass_to(session, talk, "bà", guide="kn-wifi")
        her = talk.learner_id
        pass_to(session, talk, "", before="bà", guide="tt-quet-qr")
        assert talk.learner_id == owner
        pass_to(session, talk, "bà", before="")

        assert talk.learner_id == her
        assert len(session.scalars(select(Learner.id)).all()) == 2
        assert len(session.scalars(select(Profile.id)).all()) == 2


def test_of_an_unlogged_talk_only_preferences_are_put_by(database: Database, home: int):
    with database.write() as session:
        talk = phone(session, home)
        talk.is_unlogged = True
        pass_to(session, talk, "bà", guide="kn-wifi", address="chu")

        assert names(session, talk)[""] == {"address": "chu"}


def test_the_house_of_anybody_on_a_phone_is_everybody_on_it(database: Database, home: int):
    with database.write() as session:
        alone, talk = phone(session, home, "ông"), phone(session, home)
        owner = talk.learner_id
        pass_to(session, talk, "bà")
        her = talk.learner_id

        houses = [house_of(session, commune_id=home, learner_id=one) for one in (owner, her)]

        assert houses[0] == houses[1]
        assert (houses[0].owners, houses[0].learners, houses[0].talks) == ({owner}, {owner, her}, {talk.id})
        assert house_of(session, commune_id=home, learner_id=alone.learner_id).learners == {alone.learner_id}


def test_what_is_held_is_shown_of_everybody_on_the_phone_and_of_nobody_else(database: Database, home: int):
    with database.write() as session:
        live(session, phone(session, home, "ông"), "lời của ông")
        talk = phone(session, home)
        live(session, talk, "lời của chủ máy")
        pass_to(session, talk, "bà")
        live(session, talk, "lời của bà")
        learner_id = talk.learner_id

    with database.read() as session:
        held = held_about(session, commune_id=home, learner_id=learner_id)

    assert [row["redacted"] for row in held["questions"]] == ["lời của chủ máy", "lời của bà"]
    assert [row["name"] for row in held["profiles"]] == ["", "bà"]
    assert "lời của ông" not in str(held)


def test_what_somebody_left_is_forgotten_with_the_talk(database: Database, home: int):
    with database.write() as session:
        pass_to(session, phone(session, home), "bà", guide="kn-wifi", address="chu")
    later = NOW + dt.timedelta(days=91)

    with database.write() as session:
        assert expire(session, "talks", commune_id=home, periods=Periods(), now=later) == 1
    with database.read() as session:
        assert session.scalars(select(Profile.slots).order_by(Profile.id)).all() == [{"address": "chu"}, {}]
