"""The drill: is a backup worth anything? An empty folder, a restore, and the same answers as before.

Two whole assistants are opened in a scratch folder, one over the restored backup and one over a copy of
the database in use, and both are asked the same. The database in use is read and never written. With
PostgreSQL the two have databases of their own on the same server, which are dropped at the end.
"""

import datetime as dt
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import inspect

from bot.assembly import BACKUPS, ERASURES, KEY_RING, database_url, load_content, open_assistant
from bot.content import Content
from bot.messages import IncomingMessage
from bot.settings import Settings
from records.backup import back_up, backups, check_backup, check_keys, restore
from records.backup_postgresql import SUFFIX, check_dump, dump, restore_dump, scratch_database
from records.database import open_database
from records.erasure_list import ErasureList
from records.models import Commune
from records.vault import key_ids

QUESTIONS = 20
ANSWER_S = 30.0
CHANNEL = "webchat"
DATABASE = "hocvuso.db"


class DrillError(Exception):
    """There is nothing to drill with, or the restored assistant does not answer."""


@dataclass(frozen=True, slots=True)
class Drilled:
    path: Path
    rows: int
    asked: int
    different: list[str]  # the questions that got another answer
    restore_s: float
    total_s: float  # from the empty folder to the last answer

    @property
    def same(self) -> int:
        return self.asked - len(self.different)


def run_drill(
    settings: Settings,
    path: Path | None,
    *,
    questions: Sequence[str] | None = None,
    content: Content | None = None,
) -> Drilled:
    """Restore `path` (the newest backup when it is None) elsewhere and ask it `questions`.

    Raises `BackupError` for a backup that cannot be used. Where no database is in use (a new machine),
    an answer counts as the same when there is one.
    """
    path = path or _newest(settings)
    started = time.perf_counter()
    if path.suffix != _suffix(settings):
        raise DrillError(f"found {path.name}, expected a backup that ends with {_suffix(settings)}")
    manifest = check_backup(path) if _is_sqlite(settings) else check_dump(path)
    check_keys(manifest, key_ids(settings.data_folder / KEY_RING))
    content = content or load_content(settings)
    questions = questions or guides_questions(content)
    with tempfile.TemporaryDirectory(prefix="hocvuso-drill-") as scratch:
        expected = None
        if _is_in_use(settings):
            with _empty(settings, Path(scratch) / "in-use") as beside:
                _restore(_copy_of_use(settings, Path(scratch)), beside)
                expected = answers(beside, questions, content)
        began = time.perf_counter()
        with _empty(settings, Path(scratch) / "restored") as there:
            rows = _restore(path, there)["rows"]
            restored_s = time.perf_counter() - began
            found = answers(there, questions, content)
    if expected is None:
        different = [question for question, answer in zip(questions, found, strict=True) if not answer]
    else:
        triples = zip(questions, found, expected, strict=True)
        different = [question for question, one, other in triples if one != other]
    return Drilled(
        path, sum(rows.values()), len(questions), different, restored_s, time.perf_counter() - started
    )


def guides_questions(content: Content) -> list[str]:
    """One of each of 20 guides, spread over all."""
    guides = [guide for guide in content.library().guides.values() if guide.questions]
    step = max(1, len(guides) // QUESTIONS)
    return [guide.questions[0] for guide in guides[::step]][:QUESTIONS]


def answers(settings: Settings, questions: Sequence[str], content: Content) -> list[str]:
    """What a whole assistant over this data folder answers, each question as somebody new."""
    with open_assistant(settings, content=content) as assistant:
        told = []
        for number, question in enumerate(questions):
            message = IncomingMessage(
                settings.commune, CHANNEL, f"drill {number}", str(number), question, address=None
            )
            receipt = assistant.desk.receive(message)
            if not assistant.desk.wait(receipt, timeout_s=ANSWER_S):
                raise DrillError(f"found no answer to question {number + 1}, expected one in {ANSWER_S} s")
            entries = assistant.desk.entries(receipt)
            told.append("\n".join(entry.text for entry in entries if entry.who == "assistant"))
    return told


@contextmanager
def _empty(settings: Settings, folder: Path) -> Iterator[Settings]:
    """An empty data folder with the key ring and the list of erasures, and settings without channels."""
    folder.mkdir(mode=0o700)
    for name in (KEY_RING, ERASURES):
        if (settings.data_folder / name).exists():
            shutil.copy2(settings.data_folder / name, folder / name)
    accounts = [name for name in type(settings).model_fields if name.endswith(("_token", "_secret", "_id"))]
    with ExitStack() as stack:
        url = None if _is_sqlite(settings) else stack.enter_context(scratch_database(database_url(settings)))
        alone = {"data_folder": folder, "database_url": url, "rate_person": 0}
        yield settings.model_copy(update={**dict.fromkeys(accounts), **alone})


def _is_sqlite(settings: Settings) -> bool:
    return database_url(settings).startswith("sqlite")


def _suffix(settings: Settings) -> str:
    return Path(DATABASE).suffix if _is_sqlite(settings) else SUFFIX


def _newest(settings: Settings) -> Path:
    folder = settings.data_folder / BACKUPS
    made = backups(folder, _suffix(settings))
    if not made:
        raise DrillError(f"found no backup in {folder}, expected one: db backup")
    return made[-1]


def _is_in_use(settings: Settings) -> bool:
    """Whether there is a database whose answers can be compared."""
    if _is_sqlite(settings):
        return (settings.data_folder / DATABASE).exists()
    with closing(open_database(database_url(settings))) as database:
        return inspect(database.engine).has_table(Commune.__tablename__)


def _copy_of_use(settings: Settings, folder: Path) -> Path:
    with closing(open_database(database_url(settings))) as database:
        make = back_up if database.is_sqlite else dump
        return make(database, folder / BACKUPS, now=dt.datetime.now(dt.UTC))


def _restore(path: Path, there: Settings) -> dict[str, Any]:
    """The manifest of the backup."""
    if _is_sqlite(there):
        erasures = ErasureList(there.data_folder / ERASURES)
        return restore(path, there.data_folder / DATABASE, erasures=erasures.read())
    with closing(open_database(database_url(there))) as database:  # the assistant erases when it starts
        return restore_dump(path, database)
