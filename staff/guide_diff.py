"""Two texts side by side, line by line, with the words that differ marked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

CONTEXT = 2  # lines shown around a change

Part = tuple[str, bool]  # text, and whether it differs


@dataclass(frozen=True, slots=True)
class Side:
    number: int  # of the line, from 1
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Row:
    kind: Literal["same", "changed", "removed", "added", "gap"]
    before: Side | None = None
    after: Side | None = None


def whole_text(source: str, questions: Sequence[str]) -> str:
    """A guide's file with its questions beneath, to be compared with another."""
    return "\n".join([source.rstrip(), "", *(f"? {question}" for question in questions)])


def differences(before: str, after: str) -> list[Row]:
    """Changed lines with `CONTEXT` lines around them; [] when the texts are the same."""
    old, new = before.splitlines(), after.splitlines()
    groups = list(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT))
    rows: list[Row] = []
    for at, group in enumerate(groups):
        if at or group[0][1]:
            rows.append(Row("gap"))
        for kind, i, j, k, m in group:
            rows += _rows(kind, old[i:j], new[k:m], i, k)
    return rows


def _rows(kind: str, old: Sequence[str], new: Sequence[str], i: int, k: int) -> Iterator[Row]:
    for at in range(max(len(old), len(new))):
        one = old[at] if at < len(old) else None
        other = new[at] if at < len(new) else None
        if kind == "equal":
            yield Row("same", _plain(i + at, old[at]), _plain(k + at, new[at]))
        elif one is None and other is not None:
            yield Row("added", None, Side(k + at + 1, ((other, True),)))
        elif other is None and one is not None:
            yield Row("removed", Side(i + at + 1, ((one, True),)), None)
        elif one is not None and other is not None:
            left, right = _words(one, other)
            yield Row("changed", Side(i + at + 1, left), Side(k + at + 1, right))


def _plain(at: int, text: str) -> Side:
    return Side(at + 1, ((text, False),))


def _words(one: str, other: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    old, new = one.split(" "), other.split(" ")
    left: list[Part] = []
    right: list[Part] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if i < j:
            left.append((" ".join(old[i:j]), kind != "equal"))
        if k < m:
            right.append((" ".join(new[k:m]), kind != "equal"))
    return tuple(left), tuple(right)
