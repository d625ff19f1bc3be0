"""What an announcement of the commune may not say: it asks for no secrets and names no strange pages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.check import fold, sentences
from knowledge.library import CONTENT, load_fields
from knowledge.own_guide import is_official, strange_addresses

_NEAR = 8  # words between giving and what is to be given


@dataclass(frozen=True, slots=True)
class _Words:
    give: tuple[str, ...]
    secrets: tuple[str, ...]
    warn: tuple[str, ...]


def problems(text: str, link: str | None) -> list[str]:
    """Names of what must be mended: asks_secret, address, link; none when it may go out."""
    found = []
    if any(_asks(sentence) for sentence in sentences(text)):
        found.append("asks_secret")
    if strange_addresses(text):
        found.append("address")
    if link is not None and not (link.startswith("https://") and is_official(link)):
        found.append("link")
    return found


def _asks(sentence: str) -> bool:
    words = _words()
    said = fold(sentence)
    return any(
        not re.search(_any_of(words.warn), said[: match.start()])
        for match in re.finditer(
            rf"{_any_of(words.give)}(?: \S+){{0,{_NEAR}}}? {_any_of(words.secrets)}", said
        )
    )


def _any_of(phrases: Sequence[str]) -> str:
    return rf"\b(?:{'|'.join(map(re.escape, phrases))})\b"


@cache
def _words(content: Path = CONTENT) -> _Words:
    fields = load_fields(content / "glossary" / "announcements.yaml", ("give", "secrets", "warn"))
    return _Words(*(tuple(fields[name]) for name in ("give", "secrets", "warn")))
