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

FOR_MACHINES = ("conversation_events",)
_TIMES = ("_at", "_until")


def held_text(held: Held, phrases: Phrases, *, place: str, now: dt.datetime) -> str:
    """Table by table, row by row, in words; tables without rows are left out.

    The course of a talk, which says again what the messages say, is in the other file alone.
    """
    lines = [phrases("held.title", place=place), phrases("held.made", moment=moment(now)), ""]
    for table, rows in held.items():
        if rows:
            lines.append(f"{_label(phrases, 'table', table)} ({len(rows)})")
            lines += [phrases("held.in_file")] if table in FOR_MACHINES else _lines(rows, phrases)
            lines.append("")
    return "\n".join([*lines, phrases("held.masked")]) + "\n"


def held_json(held: Held, *, place: str, now: dt.datetime) -> str:
    content = {"place": place, "made_at": now.astimezone(dt.UTC).isoformat(), "held": held}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _lines(rows: list[dict[str, Any]], phrases: Phrases) -> Iterator[str]:
    for row in rows:
        said = [
            f"{_label(phrases, 'field', name)}: {shown}"
            for name, value in row.items()
            if (shown := _shown(name, value, phrases))
        ]
        yield f"- {'; '.join(said)}"


def _label(phrases: Phrases, kind: str, name: str) -> str:
    key = f"held.{kind}_{name}"
    return phrases(key) if key in phrases else name


def _shown(name: str, value: Any, phrases: Phrases) -> str:
    """A value in one line; "" for nothing, and for what only a machine makes sense of."""
    match value:
        case None:
            return ""
        case bool():
            return phrases("held.yes" if value else "held.no")
        case str() if name.endswith(_TIMES):
            return moment(dt.datetime.fromisoformat(value))
        case {"text": text}:  # a reply
            return str(text)
        case {"guide": guide} if not name:  # one of several, with its score
            return str(guide)
        case dict():
            return ""
        case list():
            return ", ".join(filter(None, (_shown("", each, phrases) for each in value)))
        case _:
            return " ".join(str(value).split())
