import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from records import reports
from records.communes import add_commune
from records.database import Database
from records.models import AuditEntry, Report
from tests.conftest import NOW

FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 12, 31)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def commune_id(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def open_draft(database: Database, commune_id: int, **words: str) -> int:
    with database.write() as session:
        return reports.open_draft(
            session, commune_id=commune_id, first=FIRST, last=LAST, words=words, by="staff:lan", now=NOW
        ).id


def counted(database: Database, commune_id: int, report_id: int, **figures: int) -> None:
    with database.write() as session:
        assert reports.begin_build(session, commune_id=commune_id, report_id=report_id, now=NOW)
    with database.write() as session:
        reports.end_build(session, commune_id=commune_id, report_id=report_id, figures=figures, now=NOW)


def exported(database: Database, commune_id: int, report_id: int, kind: str = "docx") -> None:
    with database.write() as session:
        report = session.get_one(Report, (commune_id, report_id))
        reports.note_export(session, report, kind=kind, by="staff:lan", now=NOW)


def send(database: Database, commune_id: int, report_id: int, by: str = "staff:lan") -> None:
    with database.write() as session:
        reports.mark_sent(session, commune_id=commune_id, report_id=report_id, by=by, now=NOW)


def kept(database: Database, commune_id: int, report_id: int) -> Report:
    with database.read() as session:
        return session.get_one(Report, (commune_id, report_id))


def actions(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.sequence)))


def test_a_period_has_one_draft_whoever_opens_it(database: Database, commune_id: int):
    with ThreadPoolExecutor(4) as threads:
        opened = set(threads.map(lambda _: open_draft(database, commune_id, number="1"), range(4)))

    assert len(opened) == 1
    assert actions(database) == ["report.created"]


def test_a_sent_report_stays_as_it_was_and_the_period_gets_a_new_draft(database: Database, commune_id: int):
    report_id = open_draft(database, commune_id, number="12")
    counted(database, commune_id, report_id, learners=5)
    exported(database, commune_id, report_id)
    send(database, commune_id, report_id)

    with database.write() as session:
        again = reports.begin_build(session, commune_id=commune_id, report_id=report_id, now=NOW + HOUR)
        reports.end_build(
            session, commune_id=commune_id, report_id=report_id, figures={"learners": 6}, now=NOW + HOUR
        )
        report = session.get_one(Report, (commune_id, report_id))
        with pytest.raises(reports.AlreadySent):
            reports.keep_words(session, report, {"number": "13"})
    other = open_draft(database, commune_id)

    report = kept(database, commune_id, report_id)
    assert (again, report.figures, report.words, report.calculated_at) == (
        False,
        {"learners": 5},
        {"number": "12"},
        NOW,
    )
    assert other != report_id


def test_freezing_at_the_same_time_freezes_once(database: Database, commune_id: int):
    report_id = open_draft(database, commune_id)
    counted(database, commune_id, report_id, learners=5)
    exported(database, commune_id, report_id)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: send(database, commune_id, report_id, f"staff:{number}"), range(4)))

    assert actions(database).count("report.sent") == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).where(Report.state == "sent")) == 1


def test_only_what_was_fetched_as_a_word_file_can_have_been_sent(database: Database, commune_id: int):
    report_id = open_draft(database, commune_id)
    refused = 0
    for step in ("nothing", "counted", "workbook", "docx", "counted anew", "docx", "other words"):
        match step:
            case "counted" | "counted anew":
                counted(database, commune_id, report_id, learners=5)
            case "workbook" | "docx":
                exported(database, commune_id, report_id, "docx" if step == "docx" else "xlsx")
            case "other words":
                with database.write() as session:
                    report = session.get_one(Report, (commune_id, report_id))
                    reports.keep_words(session, report, {"number": "13"})
        if step != "docx":
            with pytest.raises(reports.NotExported):
                send(database, commune_id, report_id)
            refused += 1

    exported(database, commune_id, report_id)
    send(database, commune_id, report_id)

    assert refused == 5
    assert kept(database, commune_id, report_id).state == "sent"


def test_one_counts_at_a_time_until_they_gave_up(database: Database, commune_id: int):
    report_id = open_draft(database, commune_id)
    with database.write() as session:
        begun = [
            reports.begin_build(session, commune_id=commune_id, report_id=report_id, now=NOW + later)
            for later in (dt.timedelta(0), dt.timedelta(minutes=1), dt.timedelta(minutes=3))
        ]

    assert begun == [True, False, True]


def test_the_next_report_begins_with_the_words_of_the_last(database: Database, commune_id: int):
    report_id = open_draft(database, commune_id)
    with database.write() as session:
        report = session.get_one(Report, (commune_id, report_id))
        reports.keep_words(session, report, {"place": "Tân Cương"})

    with database.write() as session:
        assert reports.form_of(session, commune_id).words == {"place": "Tân Cương"}


def test_another_communes_report_is_not_found(database: Database, commune_id: int):
    report_id = open_draft(database, commune_id)
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id

    with database.read() as session:
        assert reports.find_report(session, commune_id=other, report_id=report_id) is None
        assert reports.list_reports(session, commune_id=other) == []
