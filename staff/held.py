"""What is held about a person, written out for them: as a text to read and as a file for machines.

Here and not with the chat, for staff give it to people, too.
"""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from knowledge.phrases import Phrases
from records.held import Held
from staff.formats import moment

_TIMES = ("_at", "_until")


def held_text(held: Held, phrases: Phrases, *, place: str, now: dt.datetime) -> str:
    """Table by table, row by row, in words; tables without rows are left out."""
    lines = [phrases("held.title", place=place), phrases("held.made", moment=moment(now)), ""]
    for table, rows in held.items():
        if rows:
            lines += [f"{_label(phrases, 'table', table)} ({len(rows)})", *_lines(rows, phrases), ""]
    return "\n".join([*lines, phrases("held.masked")]) + "\n"


def held_json(held: Held, *, place: str, now: dt.datetime) -> str:
    content = {"place": place, "made_at": now.astimezone(dt.UTC).isoformat(), "held": held}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _lines(rows: list[dict[str, Any]], phrases: Phrases) -> Iterator[str]:
    for row in rows:
        said = [
            f"{_label(phrases, 'field', name)}: {_shown(name, value)}"
            for name, value in row.items()
            if value not in (None, "", [], {})
        ]
        yield f"- {'; '.join(said)}"


def _label(phrases: Phrases, kind: str, name: str) -> str:
    key = f"held.{kind}_{name}"
    return phrases(key) if key in phrases else name


def _shown(name: str, value: Any) -> str:
    if name.endswith(_TIMES) and isinstance(value, str):
        return moment(dt.datetime.fromisoformat(value))
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return " ".join(str(value).split())
    return json.dumps(value, ensure_ascii=False)
