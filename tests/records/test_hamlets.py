"""The list of hamlets: joining a double carries over everything that counts."""

import datetime as dt

import pytest
from sqlalchemy import select

from records import hamlets
from records.communes import add_commune
from records.database import Database
from records.desk_counts import desk_figures
from records.learners import open_conversation, set_hamlet
from records.models import Conversation, DailyCount, Hamlet
from records.questions import record_completion, record_question
from records.rollup import recount
from records.volunteers import invite
from tests.conftest import NOW

DAY = NOW.date()


@pytest.fixture
def commune_id(database: Database) -> int:
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        for name in ("Xóm Đông", "Xóm Tây", "Xóm Bãi"):
            hamlets.new_hamlet(session, commune_id=commune.id, name=name)
        return commune.id


def hamlet(session, commune_id: int, name: str) -> Hamlet:
    return session.scalars(select(Hamlet).where(Hamlet.commune_id == commune_id, Hamlet.name == name)).one()


def lives_and_asks(session, commune_id: int, who: str, where: int, slug: str) -> None:
    talk = open_conversation(session, commune_id=commune_id, channel="zalo", hashes=[who], now=NOW)
    talk.slots = {"hamlet": slug}
    set_hamlet(session, commune_id=commune_id, learner_id=talk.learner_id, hamlet_id=where)
    record_question(
        session, commune_id=commune_id, inbox_id=len(who), learner_id=talk.learner_id, channel="zalo",
        redacted="hỏi", outcome="guide", guide="tt-quet-qr", score=0.9, candidates=[], now=NOW,
    )  # fmt: skip
    record_completion(
        session, commune_id=commune_id, learner_id=talk.learner_id, channel="zalo", guide="tt-quet-qr",
        grade="self", now=NOW,
    )  # fmt: skip


def test_two_that_stand_there_twice_become_one_with_everything_that_counts(
    database: Database, commune_id: int
):
    with database.write() as session:
        source, into = (hamlet(session, commune_id, name) for name in ("Xóm Tây", "Xóm Đông"))
        lives_and_asks(session, commune_id, "a", source.id, source.slug)
        lives_and_asks(session, commune_id, "bb", into.id, into.slug)
        invite(
            session, commune_id=commune_id, name="Hoa", hamlets=[source.slug, into.slug], by="test", now=NOW
        )
        recount(session, commune_id=commune_id, first=DAY, last=DAY)
        source_id, into_id = source.id, into.id

    with database.write() as session:
        source, into = (session.get_one(Hamlet, (commune_id, key)) for key in (source_id, into_id))
        moved = hamlets.merge(session, source=source, into=into)
        recounted = recount(session, commune_id=commune_id, first=DAY, last=DAY)

    assert moved == {"learners": 1, "questions": 1, "completions": 1, "daily_counts": 2, "volunteers": 1}
    assert recounted == 0  # the days were added up as counting them anew would
    with database.read() as session:
        days = {"start": NOW - dt.timedelta(1), "end": NOW + dt.timedelta(1)}
        rows = desk_figures(session, commune_id=commune_id, **days).hamlets
        assert [(row.name, row.counts.questions, row.counts.completions) for row in rows] == [
            ("Xóm Đông", 2, 2),
            ("Xóm Bãi", 0, 0),
        ]
        assert [row.count for row in session.scalars(select(DailyCount))] == [2, 2]
        assert {talk.slots["hamlet"] for talk in session.scalars(select(Conversation))} == {"xom-dong"}
        assert session.get_one(Hamlet, (commune_id, into_id)).aliases == ["Xóm Tây"]


def test_a_name_that_folds_to_the_same_slug_is_taken(database: Database, commune_id: int):
    with database.write() as session, pytest.raises(hamlets.HamletTaken):
        hamlets.new_hamlet(session, commune_id=commune_id, name="XÓM ĐÔNG")


def test_the_order_is_kept_when_one_is_moved_beyond_the_end(database: Database, commune_id: int):
    with database.write() as session:
        hamlets.move(session, hamlet(session, commune_id, "Xóm Tây"), -1)
        hamlets.move(session, hamlet(session, commune_id, "Xóm Tây"), -1)

        order = [each.name for each in hamlets.list_hamlets(session, commune_id=commune_id)]

    assert order == ["Xóm Tây", "Xóm Đông", "Xóm Bãi"]


def test_only_a_hamlet_for_which_nothing_counts_is_deleted(database: Database, commune_id: int):
    with database.write() as session:
        lived_in = hamlet(session, commune_id, "Xóm Tây")
        lives_and_asks(session, commune_id, "a", lived_in.id, lived_in.slug)

        with pytest.raises(hamlets.StillCounted, match="learners"):
            hamlets.remove(session, lived_in)
        hamlets.remove(session, hamlet(session, commune_id, "Xóm Bãi"))

        assert len(hamlets.list_hamlets(session, commune_id=commune_id)) == 2
