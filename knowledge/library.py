"""Load the guides with their questions from the content folders.

Loading is strict: the first broken file raises. `knowledge.check` looks further and
lists everything that an editor should mend.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from knowledge.guide import HIDDEN, ContentError, Guide, parse_guide

CONTENT = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Library:
    """All guides by slug, in the order of their slugs."""

    guides: Mapping[str, Guide]

    def guide(self, slug: str) -> Guide:
        return self.guides[slug]

    def answerable(self, today: dt.date) -> dict[str, Guide]:
        """The guides whose facts still hold."""
        return {slug: guide for slug, guide in self.guides.items() if not guide.is_expired(today)}


def load_library(content: Path = CONTENT) -> Library:
    """Read every guide below `content`; raises `ContentError` for the first that is broken."""
    folder = content / "guides"
    paths = sorted(folder.glob("*.md"))
    if not paths:
        raise ContentError(folder, 1, "no guide", "at least one file such as 'kn-wifi.md'")
    return library_of(_load_guide(path, content) for path in paths)


def library_of(guides: Iterable[Guide]) -> Library:
    return Library(MappingProxyType({guide.slug: guide for guide in guides}))


def load_questions(path: Path) -> tuple[str, ...]:
    """One question a line; blank lines and lines that start with '#' are passed over."""
    questions = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if hidden := HIDDEN.search(line):
            found = f"hidden character U+{ord(hidden[0]):04X}"
            raise ContentError(path, number, found, "visible text")
        if line.strip() and not line.startswith("#"):
            questions.append(line.strip())
    return tuple(questions)


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ContentError(path, line, "bytes that are not UTF-8", "a file saved as UTF-8") from error


def _load_guide(path: Path, content: Path) -> Guide:
    guide = parse_guide(path, read_text(path))
    questions = content / "questions" / f"{guide.slug}.txt"
    if not questions.exists():
        raise ContentError(questions, 1, "no file", f"the questions for '{guide.slug}', one a line")
    return replace(guide, questions=load_questions(questions))
