import datetime as dt
import hashlib
import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from records import migrate
from records.backup import BackupError, back_up, backups, check_backup, restore, rotate, scrub
from records.communes import add_commune
from records.database import Database, open_database, sqlite_url
from records.erasure import delete_learner
from records.inbox import claim_row, finish
from records.learners import open_conversation
from records.models import (
    ChannelIdentity,
    Commune,
    Conversation,
    Erasure,
    InboxMessage,
    OutboxMessage,
    Question,
)
from records.outbox import put
from records.questions import record_question
from tests.conftest import NOW

NAME = "hocvuso-20261122T083000"


@pytest.fixture
def home(sqlite_database: Database) -> int:
    with sqlite_database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def backup(sqlite_database: Database, home: int, folder: Path) -> Path:
    """A backup with one turn in it."""
    do_turn(sqlite_database, home, 1)
    return back_up(sqlite_database, folder, now=NOW)


def do_turn(database: Database, commune_id: int, number: int) -> None:
    """A message, its question and two replies, in one unit of work."""
    with database.write() as session:
        talk = open_conversation(
            session, commune_id=commune_id, channel="zalo", hashes=[f"người {number % 7}"], now=NOW
        )
        message, _ = claim_row(session, talk, message_id=f"m{number}", text=f"câu {number}", now=NOW)
        record_question(
            session,
            commune_id=commune_id,
            inbox_id=message.id,
            learner_id=talk.learner_id,
            channel="zalo",
            redacted=f"câu {number}",
            outcome="no_answer",
            guide=None,
            score=None,
            candidates=[],
            now=NOW,
        )
        put(session, message, [{"text": "một"}, {"text": "hai"}], now=NOW)
        finish(message, now=NOW)


def asked(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Question.redacted).order_by(Question.id)))


def restored(path: Path, folder: Path) -> Database:
    restore(path, folder / "hocvuso.db")
    return open_database(sqlite_url(folder / "hocvuso.db"))


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def make_anew(manifest: Path, **changes: object) -> None:
    content = json.loads(manifest.read_text(encoding="utf-8")) | changes
    manifest.write_text(json.dumps(content), encoding="utf-8")


def refusal(path: Path) -> str:
    with pytest.raises(BackupError) as refused:
        check_backup(path)
    return str(refused.value)


def test_a_backup_is_a_file_with_a_manifest_beside_it(backup: Path, folder: Path):
    manifest = check_backup(backup)

    assert sorted(each.name for each in folder.iterdir()) == [f"{NAME}.db", f"{NAME}.json"]
    assert (manifest["made"], manifest["schema"]) == (NOW.isoformat(), migrate.head_revision())
    assert {name: rows for name, rows in manifest["rows"].items() if rows} == {
        "alembic_version": 1,
        "channel_identities": 1,
        "communes": 1,
        "conversations": 1,
        "inbox": 1,
        "learners": 1,
        "outbox": 2,
        "questions": 1,
    }


def test_a_backup_is_named_by_its_time_in_utc(sqlite_database: Database, folder: Path):
    in_hanoi = NOW.astimezone(dt.timezone(dt.timedelta(hours=7)))

    assert back_up(sqlite_database, folder, now=in_hanoi) == folder / f"{NAME}.db"


def test_only_its_owner_may_read_a_backup(backup: Path):
    assert backup.stat().st_mode & 0o777 == 0o600


def test_what_is_written_in_the_write_ahead_log_alone_is_in_the_backup(
    sqlite_database: Database, home: int, folder: Path, tmp_path: Path
):
    do_turn(sqlite_database, home, 1)
    with sqlite_database.read() as reader:  # holds the log: nothing is moved into the file
        reader.scalar(select(1))
        path = back_up(sqlite_database, folder, now=NOW)

    copy = restored(path, tmp_path / "new")
    assert asked(copy) == ["câu 1"]
    copy.close()


def test_a_backup_of_the_same_second_is_not_overwritten(
    sqlite_database: Database, backup: Path, folder: Path
):
    before = backup.read_bytes()

    with pytest.raises(BackupError, match="expected no backup of this second"):
        back_up(sqlite_database, folder, now=NOW)

    assert backup.read_bytes() == before


def test_a_backup_does_not_wait_for_a_writer_and_has_nothing_unfinished(
    sqlite_database: Database, home: int, folder: Path, tmp_path: Path
):
    with sqlite_database.write() as session:
        add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW)
        path = back_up(sqlite_database, folder, now=NOW)

    copy = restored(path, tmp_path / "new")
    with copy.read() as session:
        assert session.scalars(select(Commune.slug)).all() == ["tan-cuong"]
    copy.close()


def test_backups_made_while_others_write_are_whole(
    sqlite_database: Database, home: int, folder: Path, tmp_path: Path
):
    enough, turn_done, numbers = threading.Event(), threading.Semaphore(0), itertools.count()

    def write() -> None:
        while not enough.is_set():
            do_turn(sqlite_database, home, next(numbers))
            turn_done.release()

    with ThreadPoolExecutor(2) as writers:
        writing = [writers.submit(write) for _ in range(2)]
        paths = []
        for second in range(8):
            turn_done.acquire()  # at least one more since the last
            paths.append(back_up(sqlite_database, folder, now=NOW + dt.timedelta(seconds=second)))
        enough.set()
        for each in writing:
            each.result()

    turns = []
    for path in paths:
        copy = restored(path, tmp_path / "new")
        with copy.read() as session:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []
            of_questions = set(session.scalars(select(Question.inbox_id)))
            of_messages = set(session.scalars(select(InboxMessage.id).where(InboxMessage.state == "done")))
            assert of_questions == of_messages
            assert count(session, OutboxMessage) == 2 * len(of_questions)
            turns.append(len(of_questions))
        copy.close()
    assert turns == sorted(turns)
    assert all(count >= number for number, count in enumerate(turns, 1))
    assert len(asked(sqlite_database)) >= turns[-1]


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
def test_postgresql_is_backed_up_by_its_own_tool(database: Database, folder: Path):
    with pytest.raises(BackupError, match="found PostgreSQL, expected SQLite"):
        back_up(database, folder, now=NOW)

    assert not folder.exists()


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(
    sqlite_database: Database, home: int, folder: Path
):
    sqlite_database.close()
    assert sqlite_database.engine.url.database is not None
    Path(sqlite_database.engine.url.database).write_bytes(b"SQLite format 3\0" + bytes(5000))

    with pytest.raises(BackupError, match="expected room for a copy of"):
        back_up(sqlite_database, folder, now=NOW)

    assert list(folder.iterdir()) == []


def test_a_damaged_backup_is_refused(backup: Path):
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    backup.write_bytes(content)

    assert f"{backup}: found SHA-256 " in refusal(backup)


def test_a_backup_cut_short_is_refused(backup: Path):
    backup.write_bytes(backup.read_bytes()[:-4096])

    assert f"{backup}: found SHA-256 " in refusal(backup)


def test_a_damaged_database_is_refused_even_when_its_hash_is_right(backup: Path):
    content = backup.read_bytes()
    backup.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    make_anew(backup.with_suffix(".json"), sha256=sha256(backup))

    assert refusal(backup).startswith(f"{backup}: found ")


def test_a_file_that_is_no_database_is_refused(backup: Path):
    backup.write_text("Kính gửi", encoding="utf-8")
    make_anew(backup.with_suffix(".json"), sha256=sha256(backup))

    assert refusal(backup).endswith("expected a SQLite database")


def test_a_backup_with_rows_its_manifest_does_not_know_is_refused(backup: Path):
    manifest = backup.with_suffix(".json")
    rows = json.loads(manifest.read_text(encoding="utf-8"))["rows"]
    make_anew(manifest, rows=rows | {"questions": 7})

    message = refusal(backup)

    assert "'questions': 1" in message
    assert message.endswith(f"expected {rows | {'questions': 7}}")


@pytest.mark.parametrize("missing", [".db", ".json"])
def test_half_a_backup_is_refused(backup: Path, missing: str):
    backup.with_suffix(missing).unlink()

    assert refusal(backup) == f"found no {backup} with its .json, expected a backup made by 'db backup'"


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"made": "2026"}', ""])
def test_a_spoilt_manifest_is_refused(backup: Path, content: str):
    manifest = backup.with_suffix(".json")
    manifest.write_text(content, encoding="utf-8")

    assert refusal(backup).startswith(f"{manifest}: found ")


def test_a_backup_of_a_newer_program_is_refused(sqlite_database: Database, folder: Path):
    with sqlite_database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    message = refusal(back_up(sqlite_database, folder, now=NOW))

    assert message.endswith(
        f"found schema 9999, expected at most {migrate.head_revision()}: the backup is of a newer program"
    )


def test_a_restored_database_is_as_it_was_when_the_backup_was_made(
    sqlite_database: Database, home: int, backup: Path, tmp_path: Path
):
    do_turn(sqlite_database, home, 2)

    copy = restored(backup, tmp_path / "new")

    assert (asked(sqlite_database), asked(copy)) == (["câu 1", "câu 2"], ["câu 1"])
    assert migrate.current_revision(copy) == migrate.head_revision()
    do_turn(copy, home, 3)
    assert asked(copy) == ["câu 1", "câu 3"]
    copy.close()


def test_restoring_takes_the_place_of_the_old_database_and_its_log(backup: Path, tmp_path: Path):
    target = tmp_path / "new" / "hocvuso.db"
    target.parent.mkdir()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{target}{suffix}").write_bytes(b"old")

    manifest = restore(backup, target)

    assert manifest == check_backup(backup)
    assert [each.name for each in target.parent.iterdir()] == ["hocvuso.db"]
    assert target.read_bytes() == backup.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o600


def test_the_log_of_the_old_database_is_not_applied_to_the_restored_one(
    sqlite_database: Database, home: int, backup: Path, tmp_path: Path
):
    """As after a crash: the old file's log is still there."""
    do_turn(sqlite_database, home, 2)
    assert sqlite_database.engine.url.database is not None
    old = Path(sqlite_database.engine.url.database)
    target = tmp_path / "new" / "hocvuso.db"
    target.parent.mkdir()
    for suffix in ("", "-wal"):
        Path(f"{target}{suffix}").write_bytes(Path(f"{old}{suffix}").read_bytes())

    copy = restored(backup, target.parent)

    assert asked(copy) == ["câu 1"]
    copy.close()


def test_a_refused_backup_leaves_the_old_database_as_it_was(backup: Path, tmp_path: Path):
    target = tmp_path / "new" / "hocvuso.db"
    target.parent.mkdir()
    target.write_bytes(b"old")
    backup.write_bytes(b"damaged")

    with pytest.raises(BackupError):
        restore(backup, target)

    assert {each.name: each.read_bytes() for each in target.parent.iterdir()} == {"hocvuso.db": b"old"}


# --- What was erased ---


def erasure_of(database: Database, person: int, *, receipt: str = "R1") -> Erasure:
    """Erase the person of `do_turn`; returns what the list of erasures then says."""
    with database.write() as session:
        talk = session.scalars(
            select(Conversation)
            .join(ChannelIdentity, ChannelIdentity.id == Conversation.identity_id)
            .where(ChannelIdentity.external_hash == f"người {person}")
        ).one()
        learner_id, commune_id = talk.learner_id, talk.commune_id
        delete_learner(session, commune_id=commune_id, learner_id=learner_id)
        session.add(Erasure(commune_id=commune_id, receipt=receipt, learner_id=learner_id, created_at=NOW))
    return Erasure(commune_id=commune_id, receipt=receipt, learner_id=learner_id, created_at=NOW)


def in_files(folder: Path, words: str) -> list[str]:
    """The files in which the words stand, as text or as JSON writes them."""
    forms = (words.encode(), json.dumps(words).strip('"').encode())
    return [
        path.name for path in sorted(folder.iterdir()) if any(form in path.read_bytes() for form in forms)
    ]


def test_a_backup_that_holds_somebody_erased_since_is_written_anew_without_them(
    sqlite_database: Database, home: int, folder: Path
):
    do_turn(sqlite_database, home, 1)
    do_turn(sqlite_database, home, 2)
    path = back_up(sqlite_database, folder, now=NOW)
    erased = erasure_of(sqlite_database, 1)
    before = in_files(folder, "câu 1")

    scrubbed = [scrub(folder, [erased]), scrub(folder, [erased])]

    assert (before, scrubbed) == ([path.name], [1, 0])
    assert in_files(folder, "câu 1") == in_files(folder, "người 1") == []
    assert sorted(each.name for each in folder.iterdir()) == [f"{NAME}-2.db", f"{NAME}-2.json"]
    (new,) = backups(folder)
    assert in_files(folder, "câu 2") == [new.name]
    assert (check_backup(new)["made"], new.stat().st_mode & 0o777) == (NOW.isoformat(), 0o600)


def test_a_backup_that_never_held_them_is_left_as_it_is(sqlite_database: Database, home: int, folder: Path):
    do_turn(sqlite_database, home, 2)
    path = back_up(sqlite_database, folder, now=NOW)
    before = path.read_bytes()
    do_turn(sqlite_database, home, 1)

    assert scrub(folder, [erasure_of(sqlite_database, 1)]) == 0
    assert path.read_bytes() == before


def test_a_scrubbing_that_was_broken_off_is_done_by_the_next_one(
    sqlite_database: Database, home: int, folder: Path
):
    do_turn(sqlite_database, home, 1)
    path = back_up(sqlite_database, folder, now=NOW)
    erased = erasure_of(sqlite_database, 1)
    for ending in (".part", ".scrub", ".json"):
        (folder / f"{NAME}-2{ending}").write_bytes(b"half")

    assert scrub(folder, [erased]) == 1

    assert not path.exists()
    assert sorted(each.name for each in folder.iterdir()) == [f"{NAME}-2.db", f"{NAME}-2.json"]
    check_backup(folder / f"{NAME}-2.db")


def test_an_older_backup_from_elsewhere_is_restored_without_whom_was_erased_since(
    sqlite_database: Database, home: int, folder: Path, tmp_path: Path
):
    do_turn(sqlite_database, home, 1)
    do_turn(sqlite_database, home, 2)
    path = back_up(sqlite_database, folder, now=NOW)
    erased = erasure_of(sqlite_database, 1)

    manifest = restore(path, tmp_path / "new" / "hocvuso.db", erasures=[erased])

    assert in_files(tmp_path / "new", "câu 1") == []
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["hocvuso.db"]
    assert manifest["rows"]["questions"] == 1
    copy = open_database(sqlite_url(tmp_path / "new" / "hocvuso.db"))
    assert asked(copy) == ["câu 2"]
    with copy.read() as session:
        assert session.scalars(select(Erasure.receipt)).all() == ["R1"]
    copy.close()


@pytest.mark.parametrize(
    ("ages", "kept"),
    [
        (range(10), [0, 1, 2, 3, 4, 5, 6, 7]),  # today is Sunday: 7 days ago the week before ended
        (range(0, 80, 10), [0, 10, 20, 30, 40, 50, 60]),
        ([0, 363, 364, 365, 366, 400], [0, 363, 364, 365]),
    ],
)
def test_the_newest_of_seven_days_five_weeks_and_twelve_months_are_kept(
    folder: Path, ages: list[int], kept: list[int]
):
    folder.mkdir()
    made = {age: folder / f"hocvuso-{NOW - dt.timedelta(days=age):%Y%m%dT%H%M%S}.db" for age in ages}
    for path in made.values():
        path.touch()
        path.with_suffix(".json").touch()

    gone = rotate(folder, now=NOW, keep_days=365)

    assert sorted(age for age, path in made.items() if path.exists()) == kept
    assert len(gone) == len(made) - len(kept)
    assert len(list(folder.iterdir())) == 2 * len(kept)


def test_what_is_no_backup_is_not_rotated_away(folder: Path):
    folder.mkdir()
    for name in ("ghi-chu.txt", "hocvuso-moi.db", "hocvuso-20200101T000000.part"):
        (folder / name).touch()

    assert rotate(folder, now=NOW, keep_days=1) == []
    assert len(list(folder.iterdir())) == 3


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
