"""What is older than its period goes; counts stay what they were."""

import datetime as dt

import pytest
from sqlalchemy import select, update

from records import audit, outbox
from records.communes import add_commune, add_hamlet
from records.database import Database
from records.desk_counts import desk_figures
from records.inbox import claim_row
from records.jobs import begin
from records.learners import note_message, open_conversation, set_hamlet
from records.models import (
    AuditEntry,
    Base,
    ChannelIdentity,
    Completion,
    Conversation,
    Erasure,
    Handoff,
    InboxMessage,
    JobRun,
    Learner,
    OutboxMessage,
    Question,
    StaffSession,
    SubjectRequest,
    TurnEvents,
    UnloggedCount,
)
from records.requests import close_request, open_request
from records.retention import PIECE, STEPS, Periods, expire
from records.staff_accounts import add_account, start_session
from tests.conftest import NOW
from tests.records.test_erasure import all_rows, live, more

DAY = dt.timedelta(days=1)
PERIODS = Periods()


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        add_hamlet(session, commune, slug="nam-dong", name="Nam Đồng")
        return commune.id


def night(database: Database, home: int, now: dt.datetime = NOW, **periods: int) -> dict[str, int]:
    """All steps to their end; step → rows, for those that did something."""
    report = {}
    for step in STEPS:
        while True:
            with database.write() as session:
                done = expire(session, step, commune_id=home, periods=Periods(**periods), now=now)
            if not done:
                break
            report[step] = report.get(step, 0) + done
    return report


def lived(database: Database, home: int, person: str, says: str, at: dt.datetime, **address: bytes) -> int:
    """Everything that is kept of a learner, as it was kept at that time; returns their number."""
    with database.write() as session:
        conversation = open_conversation(session, commune_id=home, channel="zalo", hashes=[person], now=at)
        live(session, conversation, says)
        conversation.slots = {"address": "ba", "hamlet": "nam-dong", "last_text": says, "guide": "tt-quet-qr"}
        conversation.updated_at = at
        note_message(
            session,
            commune_id=home,
            channel="zalo",
            hashes=[person],
            sealed_address=address.get("address"),
            now=at,
        )
        learner_id, of_learner = conversation.learner_id, {"learner_id": conversation.learner_id}
        of_talk = {"conversation_id": conversation.id}
        for table, time, whose in (
            (InboxMessage, "received_at", of_talk),
            (OutboxMessage, "created_at", of_talk),
            (TurnEvents, "created_at", of_talk),
            (Question, "created_at", of_learner),
            (Completion, "created_at", of_learner),
            (Handoff, "created_at", of_learner),
        ):
            session.execute(update(table).filter_by(**whose).values({time: at}))
        return learner_id


def test_the_day_after_ninety_days_no_text_of_a_message_is_left_and_the_counts_are_what_they_were(
    database: Database, home: int
):
    asked = NOW - 90 * DAY
    lived(database, home, "ba", "lời của ba", asked, address=b"kin")
    with database.write() as session:
        hamlet = session.execute(select(Base.metadata.tables["hamlets"].c.id)).scalar_one()
        learner = session.scalars(select(Learner)).one()
        set_hamlet(session, commune_id=home, learner_id=learner.id, hamlet_id=hamlet)

    def counted() -> list[object]:
        with database.read() as session:
            period = {"commune_id": home, "start": asked - DAY, "end": NOW + DAY}
            figures = desk_figures(session, **period)
            return [figures.total.counts, figures.hamlets, figures.guides]

    before = counted()
    early = night(database, home, NOW)
    report = night(database, home, NOW + DAY)

    assert early == {}
    assert report == {"messages": 1, "replies": 1, "events": 1, "question_texts": 1, "talks": 1}
    assert counted() == before
    assert before[0].questions == before[0].completions == 1
    with database.read() as session:
        (question,) = session.scalars(select(Question))
        (talk,) = session.scalars(select(Conversation))
    assert (question.redacted, question.candidates) == ("", [])
    assert (question.outcome, question.guide) == ("guide", "tt-quet-qr")
    assert talk.slots == {"address": "ba", "hamlet": "nam-dong"}
    assert "lời của ba" not in str({k: v for k, v in all_rows(database).items() if k != "handoffs"})


def test_a_message_that_still_waits_is_never_too_old(database: Database, home: int):
    with database.write() as session:
        talk = open_conversation(session, commune_id=home, channel="zalo", hashes=["ba"], now=NOW)
        claim_row(session, talk, message_id="1", text="đang chờ", now=NOW)

    assert night(database, home, NOW + 100 * DAY) == {}

    # Nor does who waits become a stranger meanwhile.
    night(database, home, NOW + 400 * DAY)
    with database.read() as session:
        assert [row.text for row in session.scalars(select(InboxMessage))] == ["đang chờ"]


def test_a_call_for_a_person_goes_180_days_after_it_was_closed_or_made(database: Database, home: int):
    with database.write() as session:
        talk = open_conversation(session, commune_id=home, channel="zalo", hashes=["ba"], now=NOW)
        for name, made, closed in (
            ("cũ, đã giúp", 200, 181),
            ("cũ, mới giúp", 200, 100),
            ("cũ, chưa giúp", 181, None),
            ("mới", 179, None),
        ):
            session.add(
                Handoff(
                    commune_id=home,
                    learner_id=talk.learner_id,
                    conversation_id=talk.id,
                    reason="asked",
                    question=name,
                    state="closed" if closed else "open",
                    created_at=NOW - made * DAY,
                    closed_at=NOW - closed * DAY if closed else None,
                )
            )

    assert night(database, home, handoffs=180) == {"handoffs": 2}

    with database.read() as session:
        left = session.scalars(select(Handoff.question).order_by(Handoff.id)).all()
    assert left == ["cũ, mới giúp", "mới"]


def test_who_is_silent_for_a_year_can_no_longer_be_found_but_still_counts(database: Database, home: int):
    learner_id = lived(database, home, "ba", "lời", NOW - 366 * DAY, address=b"kin")
    lived(database, home, "ông", "lời", NOW - 364 * DAY, address=b"kin")

    report = night(database, home)

    assert report["silent"] == 1
    with database.read() as session:
        assert session.scalars(select(ChannelIdentity.external_hash)).all() == ["ông"]
        assert len(session.scalars(select(Conversation)).all()) == 1
        assert learner_id in session.scalars(select(Question.learner_id)).all()
        assert learner_id in session.scalars(select(Learner.id)).all()


def test_a_talk_that_nobody_can_come_back_to_goes_with_its_messages(database: Database, home: int):
    """On the web chat no address is kept: once the page is closed the talk is over."""
    lived(database, home, "trang web", "lời", NOW - 91 * DAY)
    lived(database, home, "ba", "lời", NOW - 91 * DAY, address=b"kin")

    night(database, home)

    with database.read() as session:
        assert session.scalars(select(ChannelIdentity.external_hash)).all() == ["ba"]


def test_after_two_years_what_was_counted_goes_and_the_number_of_the_person_with_it(
    database: Database, home: int
):
    before = all_rows(database)
    lived(database, home, "ba", "lời", NOW - 731 * DAY, address=b"kin")
    with database.write() as session:
        day = (NOW - 732 * DAY).date()
        session.add(UnloggedCount(commune_id=home, day=day, channel="zalo", count=3))

    report = night(database, home)

    assert (report["statistics"], report["learners"]) == (3, 1)
    assert all_rows(database) == before


def test_another_communes_rows_are_left_alone(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
    lived(database, other, "ông", "lời của ông", NOW - 800 * DAY, address=b"kin")
    before = all_rows(database)

    assert night(database, home) == {}
    assert all_rows(database) == before

    assert night(database, other)["statistics"] == 2


def test_a_long_night_is_done_in_pieces(database: Database, home: int):
    with database.write() as session:
        talk = open_conversation(session, commune_id=home, channel="zalo", hashes=["ba"], now=NOW)
        message, _ = claim_row(session, talk, message_id="1", text="x", now=NOW)
        bodies = [{"text": str(number), "choices": []} for number in range(PIECE + 1)]
        outbox.put(session, message, bodies, now=NOW - 100 * DAY)

    def piece() -> int:
        with database.write() as session:
            return expire(session, "replies", commune_id=home, periods=PERIODS, now=NOW)

    assert [piece(), piece(), piece()] == [PIECE, 1, 0]


def test_logins_requests_receipts_and_reports_go_in_their_time(database: Database, home: int):
    old = NOW - 731 * DAY
    with database.write() as session:
        account = add_account(
            session, commune_id=home, username="lan", display_name="Lan", roles=["staff"], now=old
        )
        start_session(session, account, now=NOW - 31 * DAY)
        start_session(session, account, now=NOW - 29 * DAY)
        for at in (old, NOW):
            request = open_request(
                session, commune_id=home, kind="copy", source="paper", by="staff:lan", now=old
            )
            close_request(request, state="done", outcome="xong", by="staff:lan", now=at)
            session.add(Erasure(commune_id=home, receipt=f"{at:%Y%m%d}", learner_id=7, created_at=at))
        open_request(session, commune_id=home, kind="copy", source="paper", by="staff:lan", now=old)
        begin(session, commune_id=home, job="retention", day=old.date(), now=old)
        begin(session, commune_id=home, job="retention", day=NOW.date(), now=NOW)

    assert night(database, home) == {"logins": 1, "requests": 1, "receipts": 1, "reports": 1}

    with database.read() as session:
        left = [len(session.scalars(select(table)).all()) for table in (StaffSession, SubjectRequest, JobRun)]
    assert left == [1, 2, 1]


def test_the_audit_log_is_cut_at_its_beginning_and_still_proves_itself(database: Database, home: int):
    for days in (800, 735, 731, 1):
        with database.write() as session:
            audit.append(session, commune_id=home, actor="staff:lan", action="export", now=NOW - days * DAY)

    assert night(database, home) == {"audit": 3}

    with database.read() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
        assert [(each.sequence, each.action) for each in entries] == [(4, "export"), (5, "audit_trimmed")]
        assert audit.first_broken(session, commune_id=home) is None
    assert night(database, home) == {}


def test_a_receipt_outlives_every_backup_that_could_bring_the_person_back(database: Database, home: int):
    with database.write() as session:
        session.add(Erasure(commune_id=home, receipt="A", learner_id=7, created_at=NOW - 731 * DAY))

    assert night(database, home, backups=1_000) == {}


def test_nothing_goes_that_is_young(database: Database, home: int):
    lived(database, home, "ba", "lời", NOW - 89 * DAY)
    before = all_rows(database)

    assert night(database, home) == {}
    assert more(all_rows(database), before) == {}
