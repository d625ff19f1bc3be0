import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from records.audit import append, first_broken, head, trim
from records.communes import add_commune
from records.database import Database
from records.models import AuditEntry
from tests.conftest import NOW

LATER = NOW + dt.timedelta(days=800)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


@pytest.fixture
def other(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id


def write(database: Database, commune_id: int, count: int) -> None:
    for number in range(1, count + 1):
        with database.write() as session:
            append(
                session,
                commune_id=commune_id,
                actor="staff:lan",
                action="export",
                detail={"file": f"báo cáo {number}.xlsx", "rows": number, "hamlets": ["Nam Đồng", None]},
                now=NOW + dt.timedelta(minutes=number),
            )


def broken(database: Database, commune_id: int) -> int | None:
    with database.read() as session:
        return first_broken(session, commune_id=commune_id)


def entry(sequence: int):
    return AuditEntry.sequence == sequence


def shift_back(session: Session, *, after: int) -> None:
    """Close the gap that a removed entry left."""
    for sequence in session.scalars(
        select(AuditEntry.sequence).where(AuditEntry.sequence > after).order_by(AuditEntry.sequence)
    ).all():
        session.execute(update(AuditEntry).where(entry(sequence)).values(sequence=sequence - 1))


def forge(session: Session, sequence: int, previous_hash: str) -> None:
    (commune_id,) = session.scalars(select(AuditEntry.commune_id).limit(1))
    session.execute(
        insert(AuditEntry).values(
            commune_id=commune_id,
            sequence=sequence,
            actor="staff:lan",
            action="export",
            detail={},
            previous_hash=previous_hash,
            hash="f" * 64,
            created_at=NOW,
        )
    )


def test_an_entry_says_who_did_what_and_when(database: Database, home: int):
    with database.write() as session:
        append(session, commune_id=home, actor="staff:lan", action="export", detail={"rows": 3}, now=NOW)
        append(session, commune_id=home, actor="learner", action="erase", now=NOW)

    with database.read() as session:
        first, second = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
    assert (first.sequence, first.actor, first.action) == (1, "staff:lan", "export")
    assert (first.detail, first.created_at, first.previous_hash) == ({"rows": 3}, NOW, "0" * 64)
    assert (second.sequence, second.actor, second.action) == (2, "learner", "erase")
    assert (second.detail, second.created_at, second.previous_hash) == ({}, NOW, first.hash)


def test_what_nobody_touched_is_whole(database: Database, home: int):
    assert broken(database, home) is None

    write(database, home, 5)

    assert broken(database, home) is None


def test_each_commune_has_a_log_of_its_own(database: Database, home: int, other: int):
    write(database, home, 2)
    write(database, other, 3)

    with database.read() as session:
        rows = session.execute(
            select(AuditEntry.commune_id, AuditEntry.sequence).order_by(AuditEntry.created_at, AuditEntry.id)
        ).all()
    assert [tuple(row) for row in rows] == [(home, 1), (other, 1), (home, 2), (other, 2), (other, 3)]
    assert (broken(database, home), broken(database, other)) == (None, None)


def test_entries_written_at_once_are_one_chain(database: Database, home: int):
    with ThreadPoolExecutor(8) as staff:
        list(staff.map(lambda _: write(database, home, 3), range(8)))

    with database.read() as session:
        sequences = session.scalars(select(AuditEntry.sequence).order_by(AuditEntry.sequence)).all()
    assert sequences == list(range(1, 25))
    assert broken(database, home) is None


def test_what_was_rolled_back_leaves_no_gap(database: Database, home: int):
    write(database, home, 1)
    with database.write() as session:
        append(session, commune_id=home, actor="staff:lan", action="export", now=NOW)
        session.rollback()

    write(database, home, 1)

    assert broken(database, home) is None


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "staff:hoa"},
        {"action": "view"},
        {"detail": {"file": "báo cáo 3.xlsx", "rows": 0, "hamlets": ["Nam Đồng", None]}},
        {"created_at": NOW},
        {"previous_hash": "0" * 64},
        {"hash": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_entry_that_was_changed_is_found(database: Database, home: int, change: dict[str, object]):
    write(database, home, 5)
    with database.write() as session:
        session.execute(update(AuditEntry).where(entry(3)).values(change))

    assert broken(database, home) == 3


TAMPERING: dict[str, tuple[Callable[[Session], object], int]] = {
    "the first one removed": (lambda session: session.execute(delete(AuditEntry).where(entry(1))), 2),
    "one removed": (lambda session: session.execute(delete(AuditEntry).where(entry(3))), 4),
    "one removed and the gap closed": (
        lambda session: (session.execute(delete(AuditEntry).where(entry(3))), shift_back(session, after=3)),
        3,
    ),
    "one added at the end": (lambda session: forge(session, 6, "0" * 64), 6),
    "one added at the end that names its forerunner": (
        lambda session: forge(session, 6, session.scalars(select(AuditEntry.hash).where(entry(5))).one()),
        6,
    ),
    "one added before the first": (lambda session: forge(session, 0, "0" * 64), 0),
    "one put in the place of another": (
        lambda session: (
            session.execute(delete(AuditEntry).where(entry(3))),
            forge(session, 3, session.scalars(select(AuditEntry.hash).where(entry(2))).one()),
        ),
        3,
    ),
}


@pytest.mark.parametrize(("tamper", "found"), TAMPERING.values(), ids=TAMPERING.keys())
def test_tampering_is_found_where_it_was_done(
    database: Database, home: int, other: int, tamper: Callable[[Session], object], found: int
):
    write(database, home, 5)
    with database.write() as session:
        tamper(session)
    write(database, other, 2)

    assert (broken(database, home), broken(database, other)) == (found, None)


# --- The beginning, cut off after its time ---


def trimmed(database: Database, commune_id: int, *, minutes: int) -> int:
    with database.write() as session:
        return trim(session, commune_id=commune_id, before=NOW + dt.timedelta(minutes=minutes), now=LATER)


def test_a_log_that_was_trimmed_goes_on_and_is_whole(database: Database, home: int, other: int):
    write(database, home, 5)
    write(database, other, 2)

    gone = trimmed(database, home, minutes=4)
    write(database, home, 2)

    with database.read() as session:
        left = session.scalars(
            select(AuditEntry).where(AuditEntry.commune_id == home).order_by(AuditEntry.sequence)
        ).all()
        ends = [head(session, commune_id=commune_id) for commune_id in (home, other)]
    assert gone == 3
    assert [each.sequence for each in left] == [4, 5, 6, 7, 8]
    assert (left[2].action, left[2].detail) == (
        "audit_trimmed",
        {"through": 3, "hash": left[0].previous_hash},
    )
    assert (broken(database, home), broken(database, other)) == (None, None)
    assert [end[0] for end in ends if end] == [8, 2]


def test_it_can_be_trimmed_again_and_again(database: Database, home: int):
    write(database, home, 5)

    assert [trimmed(database, home, minutes=minutes) for minutes in (3, 3, 5, 6, 9)] == [2, 0, 2, 1, 0]
    assert broken(database, home) is None


def test_nobody_else_can_cut_the_beginning_off(database: Database, home: int):
    write(database, home, 5)
    trimmed(database, home, minutes=3)

    with database.write() as session:
        session.execute(delete(AuditEntry).where(entry(3)))

    assert broken(database, home) == 4


def test_a_trimmed_log_whose_mark_was_changed_is_broken_there(database: Database, home: int):
    write(database, home, 5)
    trimmed(database, home, minutes=3)
    with database.write() as session:
        session.execute(update(AuditEntry).where(entry(6)).values(detail={"through": 3, "hash": "f" * 64}))

    assert broken(database, home) == 6


def test_an_empty_log_has_no_head_and_nothing_to_trim(database: Database, home: int):
    with database.write() as session:
        assert head(session, commune_id=home) is None
        assert trim(session, commune_id=home, before=LATER, now=LATER) == 0
        assert session.scalars(select(AuditEntry)).all() == []
