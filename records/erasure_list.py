"""The list of erasures beside the database: what a restored, older database must be rid of again.

A line holds a receipt, a time, the commune and the number that we had given the learner. The number
names nobody: no channel and no paper knows it, and the rows that did are what was erased.
"""

import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import select

from records.database import Database
from records.erasure import erase_again
from records.models import Erasure


class ErasureList:
    """The file `path`; several processes may use it at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Erasure]:
        """New, unsaved rows, oldest first; [] while there is no file."""
        if not self._path.exists():
            return []
        return _parse(self._path.read_text(encoding="ascii"))

    def add_from(self, database: Database) -> int:
        """Write down the erasures that the file lacks; returns how many. Durable on return."""
        with database.read() as session:
            erasures = session.scalars(select(Erasure).where(Erasure.learner_id.is_not(None))).all()
        if not erasures:
            return 0
        with self._open() as (file, listed):
            known = {(each.commune_id, each.receipt) for each in listed}
            missing = [each for each in erasures if (each.commune_id, each.receipt) not in known]
            if missing:
                _write(file, missing)
        return len(missing)

    def replay(self, database: Database) -> int:
        """Erase again what this database does not know to be erased; returns how many erasures."""
        done = 0
        for erasure in self.read():
            with database.write() as session:
                done += erase_again(session, erasure)
        return done

    def forget(self, *, before: dt.datetime) -> int:
        """Drop what is older than every backup can be; returns how many lines."""
        if not self._path.exists():
            return 0
        with self._open() as (file, listed):
            kept = [each for each in listed if each.created_at >= before]
            if len(kept) < len(listed):
                file.seek(0)
                file.truncate()
                _write(file, kept)
        return len(listed) - len(kept)

    @contextmanager
    def _open(self) -> Iterator[tuple[IO[str], list[Erasure]]]:
        """The file, ready for a line at its end, and what stands in it; for one at a time."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            content = file.read()
            file.seek(content.rfind("\n") + 1)  # a line that a crash cut short is written anew
            file.truncate()
            yield file, _parse(content)


def _write(file: IO[str], erasures: Iterable[Erasure]) -> None:
    for each in erasures:
        line = {
            "commune": each.commune_id,
            "learner": each.learner_id,
            "receipt": each.receipt,
            "at": each.created_at.astimezone(dt.UTC).isoformat(),
        }
        file.write(json.dumps(line) + "\n")
    file.flush()
    os.fsync(file.fileno())


def _parse(content: str) -> list[Erasure]:
    lines = map(json.loads, content[: content.rfind("\n") + 1].splitlines())
    return [
        Erasure(
            commune_id=line["commune"],
            learner_id=line["learner"],
            receipt=line["receipt"],
            created_at=dt.datetime.fromisoformat(line["at"]),
        )
        for line in lines
    ]
