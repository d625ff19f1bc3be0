"""The totals of several communes are the ones each commune's desk sees, and what is public is masked."""

import datetime as dt
import itertools

import pytest

from records import volunteers
from records.communes import CommuneProfile, add_commune, add_hamlet, commune_profile
from records.community import ClassNote
from records.database import Database
from records.desk_counts import desk_total
from records.district_counts import count_by_commune
from records.learners import open_conversation, set_hamlet
from records.public_counts import PublicRow, by_hamlet, by_topic
from records.questions import record_completion, record_question
from tests.conftest import NOW

START, END = dt.datetime(2026, 10, 31, 17, tzinfo=dt.UTC), dt.datetime(2026, 11, 30, 17, tzinfo=dt.UTC)
PERIOD = {"start": START, "end": END, "first": dt.date(2026, 11, 1), "last": dt.date(2026, 11, 30)}
_numbers = itertools.count(1)


def commune(database: Database, slug: str, name: str) -> CommuneProfile:
    with database.write() as session:
        made = add_commune(session, slug=slug, name=name, now=NOW)
        for position, hamlet in enumerate(("Gò Pháo", "Nam Đồng", "Soi Vàng")):
            add_hamlet(session, made, slug=f"h{position}", name=hamlet, position=position)
        return commune_profile(session, made)


def asks(
    database: Database,
    place: CommuneProfile,
    who: str,
    *,
    hamlet: str | None = None,
    guide: str | None = "at-otp",
    at: dt.datetime = NOW,
    done: bool = False,
) -> None:
    with database.write() as session:
        talk = open_conversation(session, commune_id=place.id, channel="zalo", hashes=[who], now=NOW)
        if hamlet and (known := place.hamlet(hamlet)):
            set_hamlet(session, commune_id=place.id, learner_id=talk.learner_id, hamlet_id=known.id)
        of_learner = {"commune_id": place.id, "learner_id": talk.learner_id, "channel": "zalo"}
        record_question(
            session, **of_learner, inbox_id=next(_numbers), redacted="…", guide=guide, score=0.5,
            outcome="guide" if guide else "no_answer", candidates=[], now=at,
        )  # fmt: skip
        if done:
            for grade in ("self", "quiz"):
                record_completion(session, **of_learner, guide=guide or "", grade=grade, now=at)


@pytest.fixture
def home(database: Database) -> CommuneProfile:
    return commune(database, "tan-cuong", "Tân Cương")


@pytest.fixture
def other(database: Database) -> CommuneProfile:
    return commune(database, "dai-tu", "Đại Từ")


def test_each_commune_has_the_totals_that_its_own_desk_sees(
    database: Database, home: CommuneProfile, other: CommuneProfile
):
    for number in range(6):
        asks(database, home, f"p{number}", guide="at-otp" if number else None, done=number > 3)
    asks(database, home, "p1", at=START)
    asks(database, home, "p1", at=END)  # of the month after
    asks(database, other, "q")
    with database.write() as session:
        invited, _ = volunteers.invite(
            session, commune_id=home.id, name="chị Hoa", hamlets=(), by="staff:lan", now=NOW
        )
        helper = invited.id
        for kind, total, is_void in (("class", 12, False), ("class", 9, True), ("visit", 2, False)):
            session.add(
                ClassNote(commune_id=home.id, kind=kind, day=NOW.date(), total=total, is_void=is_void,
                          inbox_id=next(_numbers), volunteer_id=helper, entered_by="x",
                          created_at=NOW)
            )  # fmt: skip

    with database.read() as session:
        rows = count_by_commune(session, slugs=None, **PERIOD)
        desk = desk_total(session, commune_id=home.id, start=START, end=END).counts
        one = count_by_commune(session, slugs=["dai-tu"], **PERIOD)

    found = {
        row.commune.slug: (row.helped, row.questions, row.completions, row.classes, row.class_people)
        for row in rows
    }
    assert found == {"dai-tu": (1, 1, 0, 0, 0), "tan-cuong": (5, 7, 2, 1, 12)}
    assert (desk.helped, desk.questions, desk.completions) == (5, 7, 2)
    assert [row.commune.slug for row in one] == ["dai-tu"]


def test_no_slugs_are_no_communes(database: Database, home: CommuneProfile):
    asks(database, home, "p")

    with database.read() as session:
        assert count_by_commune(session, slugs=[], **PERIOD) == []


def test_what_is_public_by_hamlet_hides_few_people_and_what_would_give_them_away(
    database: Database, home: CommuneProfile, other: CommuneProfile
):
    for number in range(20):
        asks(database, home, f"g{number}", hamlet="h0", done=number < 7)
    for number in range(6):
        asks(database, home, f"n{number}", hamlet="h1")
    for _ in range(9):
        asks(database, home, "one alone", hamlet="h2")
    asks(database, other, "elsewhere", hamlet="h0")

    with database.read() as session:
        counts = by_hamlet(session, commune_id=home.id, start=START, end=END)

    assert counts.rows == [
        PublicRow("h0", "Gò Pháo", 20, 20, 7),
        PublicRow("h1", "Nam Đồng", None, None, 0),
        PublicRow("h2", "Soi Vàng", None, None, 0),
        PublicRow(None, None, 0, 0, 0),
    ]
    assert counts.total == PublicRow(None, None, 35, 27, 7)


def test_a_person_counts_once_in_each_topic_they_asked_about(database: Database, home: CommuneProfile):
    topics = {"at-otp": "an-toan", "tt-quet-qr": "thanh-toan", "tt-vi": "thanh-toan"}
    for number in range(6):
        for guide in ("at-otp", "tt-quet-qr", "tt-vi", None):
            asks(database, home, f"p{number}", guide=guide)

    with database.read() as session:
        counts = by_topic(
            session,
            commune_id=home.id,
            start=START,
            end=END,
            topic_of=lambda guide: topics.get(guide or ""),
            topics=[("an-toan", "An toàn"), ("thanh-toan", "Thanh toán")],
        )

    assert [(row.key, row.questions, row.learners) for row in counts.rows] == [
        ("an-toan", 6, 6),
        ("thanh-toan", 12, 6),
        (None, 6, 6),
    ]
    assert (counts.total.questions, counts.total.learners) == (24, 6)
