"""Load the guides with their questions from the content folders.

Loading is strict: the first broken file raises. `knowledge.check` looks further and
lists everything that an editor should mend.
"""

import datetime as dt
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from knowledge.guide import HIDDEN, ContentError, Guide, broken_yaml, parse_guide

CONTENT = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Library:
    """All guides by slug, in the order of their slugs; and what people send that no guide is for.

    `elsewhere` is by kind: out_of_scope, small_talk, gibberish. It teaches the search to say that
    it does not know.
    """

    guides: Mapping[str, Guide]
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def guide(self, slug: str) -> Guide:
        return self.guides[slug]

    def answerable(self, today: dt.date) -> dict[str, Guide]:
        """The guides whose facts still hold."""
        return {slug: guide for slug, guide in self.guides.items() if not guide.is_expired(today)}


def load_library(content: Path = CONTENT, *, load: Callable[[Path, Path], Guide] | None = None) -> Library:
    """Read every guide below `content`; raises `ContentError` for the first that is broken.

    `load` reads one (file, content): `load_guide`, or something that remembers what it has read.
    """
    folder = content / "guides"
    paths = sorted(folder.glob("*.md"))
    if not paths:
        raise ContentError(folder, 1, "no guide", "at least one file such as 'kn-wifi.md'")
    elsewhere = {path.stem: load_questions(path) for path in sorted((content / "elsewhere").glob("*.txt"))}
    return library_of(((load or load_guide)(path, content) for path in paths), elsewhere)


def library_of(guides: Iterable[Guide], elsewhere: Mapping[str, tuple[str, ...]] | None = None) -> Library:
    by_slug = {guide.slug: guide for guide in guides}
    return Library(MappingProxyType(by_slug), MappingProxyType(dict(elsewhere or {})))


def load_questions(path: Path) -> tuple[str, ...]:
    """One question a line; blank lines and lines that start with '#' are passed over."""
    text = read_text(path)
    # Before the lines are split: some hidden characters would split them, unseen.
    if hidden := HIDDEN.search(text):
        line = text.count("\n", 0, hidden.start()) + 1
        raise ContentError(path, line, f"hidden character U+{ord(hidden[0]):04X}", "visible text")
    lines = (line.strip() for line in text.split("\n"))
    return tuple(line for line in lines if line and not line.startswith("#"))


def read_text(path: Path) -> str:
    """A content file in one form whatever editor saved it: "\\n" between lines, composed letters (NFC)."""
    try:
        return unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ContentError(path, line, "bytes that are not UTF-8", "a file saved as UTF-8") from error


# The one over libyaml reads eight times as fast; some builds of PyYAML have none.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    """Raises `yaml.YAMLError`, in the words of the loader in Python, which are the same everywhere."""
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506  # nosec B506 - a safe loader, both of them
    except yaml.YAMLError:
        return yaml.safe_load(text)


def load_fields(path: Path, names: Collection[str] = ()) -> dict[str, Any]:
    """The fields of a YAML file, among them those in `names`; `ContentError` when it is otherwise."""
    try:
        data = read_yaml(read_text(path))
    except yaml.YAMLError as error:
        raise broken_yaml(path, error) from error
    if not isinstance(data, dict):
        raise ContentError(path, 1, repr(data)[:40], "YAML fields such as 'title: Nối Wi-Fi'")
    if missing := sorted(set(names) - set(data)):
        raise ContentError(path, 1, f"no {', '.join(missing)}", f"the fields {', '.join(sorted(names))}")
    return data


def load_guide(path: Path, content: Path) -> Guide:
    """One guide with its questions; raises `ContentError`."""
    guide = parse_guide(path, read_text(path))
    questions = content / "questions" / f"{guide.slug}.txt"
    if not questions.exists():
        raise ContentError(questions, 1, "no file", f"the questions for '{guide.slug}', one a line")
    return replace(guide, questions=load_questions(questions))
