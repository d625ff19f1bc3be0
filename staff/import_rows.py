"""The rows of a list, judged one by one: what each says, or where it is wrong and what was expected.

Pure: what is there already comes in as `Known`. Reading the file is `knowledge.sheet_file`, writing what is
right `staff.imports`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from rapidfuzz import fuzz, process

from knowledge.phrases import Phrases
from knowledge.plan_lines import fold
from records.classes import KINDS as CLASS_KINDS
from records.communes import slug_of
from records.households import read_household_code
from records.list_imports import class_key
from records.models import Hamlet
from staff.fields import typed_count, typed_day
from staff.route import Refused

MAX_NAME, MAX_PEOPLE, MAX_ALIASES = 60, 5_000, 20
NEAR = 60  # of 100: names that may have been meant


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    ask: str  # phrase lists.ask_… that says what may stand there
    is_needed: bool = False


LISTS: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "hamlets": (
            Column("name", "new_hamlet", is_needed=True),
            Column("aliases", "aliases"),
            Column("population", "count"),
            Column("households", "count"),
        ),
        "volunteers": (Column("name", "name", is_needed=True), Column("hamlets", "hamlets")),
        "classes": (
            Column("day", "day", is_needed=True),
            Column("kind", "kind", is_needed=True),
            Column("hamlet", "hamlet"),
            Column("total", "people", is_needed=True),
            Column("women", "part"),
            Column("over_60", "part"),
            Column("disabled", "part"),
            Column("minority", "part"),
            Column("note", "note"),
        ),
        "households": (
            Column("code", "code", is_needed=True),
            Column("hamlet", "hamlet"),
            Column("reached_on", "day_or_none"),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the commune has already. `hamlets`: the open ones."""

    hamlets: Sequence[Hamlet] = ()
    slugs: frozenset[str] = frozenset()
    volunteers: frozenset[tuple[str, tuple[str, ...]]] = frozenset()
    classes: frozenset[int] = frozenset()
    households: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Problem:
    column: str  # its name, as in the file
    found: str  # "" where the cell is empty
    expected: str


@dataclass(frozen=True, slots=True)
class CheckedRow:
    line: int  # as Excel numbers it
    cells: Mapping[str, str]  # column key → what stands there
    values: Mapping[str, Any] = field(default_factory=dict)  # of a right row
    problems: tuple[Problem, ...] = ()
    is_known: bool = False

    @property
    def is_right(self) -> bool:
        return not self.problems and not self.is_known


class NoHead(Exception):
    """No row of the sheet names the columns."""


class _Wrong(Exception):
    """A cell that does not say what it should; holds what was expected, in words."""


def labels(kind: str, phrases: Phrases) -> dict[str, str]:
    """column key → its name in the file."""
    return {column.key: phrases(f"lists.col_{kind}_{column.key}") for column in LISTS[kind]}


def class_kinds(phrases: Phrases) -> dict[str, str]:
    """What a class is called → what it is in the records."""
    return {phrases(f"lists.kind_{kind}"): kind for kind in CLASS_KINDS}


def asked(column: Column, phrases: Phrases) -> str:
    """What may stand in a column, in words."""
    if column.ask == "kind":
        names = f" {phrases('lists.or_word')} ".join(class_kinds(phrases))
        return phrases("lists.ask_kind", names=names)
    return phrases(f"lists.ask_{column.ask}")


class Checker:
    """Judges the rows of one file; `mask` takes secrets out of what becomes a name or a note."""

    def __init__(
        self, kind: str, known: Known, phrases: Phrases, *, today: dt.date, mask: Callable[[str], str]
    ) -> None:
        self._kind, self._known, self._phrases, self._today, self._mask = kind, known, phrases, today, mask
        self._labels = labels(kind, phrases)
        self._kinds = {fold(name): value for name, value in class_kinds(phrases).items()}
        self._hamlets = {
            fold(name): hamlet for hamlet in known.hamlets for name in (hamlet.name, *hamlet.aliases)
        }
        self._seen: Counter[object] = Counter()  # what earlier rows of this file say

    def check(self, rows: Sequence[tuple[int, Sequence[str]]]) -> list[CheckedRow]:
        """The first row names the columns, in any order; raises `NoHead` when it does not."""
        if not rows:
            raise NoHead
        places = self._places(rows[0][1])
        return [
            self._row(line, {key: cells[at] if at < len(cells) else "" for key, at in places.items()})
            for line, cells in rows[1:]
        ]

    def _places(self, head: Sequence[str]) -> dict[str, int]:
        """column key → where it stands. Columns that are not ours are left out."""
        said = {fold(cell): at for at, cell in enumerate(head) if cell}
        places = {key: said[fold(name)] for key, name in self._labels.items() if fold(name) in said}
        if not all(column.key in places for column in LISTS[self._kind] if column.is_needed):
            raise NoHead
        return places

    def _row(self, line: int, cells: Mapping[str, str]) -> CheckedRow:
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for column in LISTS[self._kind]:
            said = cells.get(column.key, "").strip()
            try:
                values[column.key] = self._value(column, said, values)
            except _Wrong as wrong:
                problems.append(Problem(self._labels[column.key], said, str(wrong)))
        if problems:
            return CheckedRow(line, cells, problems=tuple(problems))
        return self._placed(line, cells, values)

    def _placed(self, line: int, cells: Mapping[str, str], values: dict[str, Any]) -> CheckedRow:
        """A row that is right in itself: new, there already, or there twice in this file."""
        first = LISTS[self._kind][0]
        if self._kind == "classes":
            said = tuple(values.values())
            self._seen[said] += 1
            values["key"] = class_key(said, self._seen[said])
            return CheckedRow(line, cells, values, is_known=values["key"] in self._known.classes)
        keys: dict[str, tuple[object, frozenset[Any]]] = {
            "hamlets": (slug_of(str(values.get("name", ""))), self._known.slugs),
            "volunteers": ((values.get("name"), values.get("hamlets")), self._known.volunteers),
            "households": (values.get("code"), self._known.households),
        }
        key, there = keys[self._kind]
        self._seen[key] += 1
        if self._seen[key] > 1:
            again = Problem(self._labels[first.key], cells[first.key], self._phrases("lists.ask_once"))
            return CheckedRow(line, cells, problems=(again,))
        return CheckedRow(line, cells, values, is_known=key in there)

    def _value(self, column: Column, said: str, before: Mapping[str, Any]) -> Any:
        """What a cell says; raises `_Wrong`. `before`: the columns to its left."""
        expected = asked(column, self._phrases)
        if not said and column.is_needed:
            raise _Wrong(expected)
        try:
            return self._read(column.ask, said, before, expected)
        except Refused as refused:  # of a reader of forms
            raise _Wrong(expected) from refused

    def _read(self, ask: str, said: str, before: Mapping[str, Any], expected: str) -> Any:
        match ask:
            case "new_hamlet" | "name":
                return _checked(self._mask(said), len(said) <= MAX_NAME and bool(slug_of(said)), expected)
            case "aliases":
                names = [" ".join(part.split()) for part in self._mask(said).split(",")]
                return [name[:MAX_NAME] for name in names if name][:MAX_ALIASES]
            case "count":
                return typed_count(said)
            case "people":
                count = typed_count(said) or 0
                return _checked(count, 1 <= count <= MAX_PEOPLE, expected)
            case "part":
                part = typed_count(said)
                return _checked(part, part is None or part <= before.get("total", MAX_PEOPLE), expected)
            case "hamlet":
                return self._hamlet(said, expected).id if said else None
            case "hamlets":
                found = [
                    self._hamlet(name.strip(), expected).slug for name in said.split(",") if name.strip()
                ]
                return tuple(dict.fromkeys(found))
            case "day" | "day_or_none":
                return typed_day(said, today=self._today) if said else None
            case "kind":
                kind = self._kinds.get(fold(said))
                return _checked(kind, kind is not None, expected)
            case "code":
                code = read_household_code(fold(said))
                return _checked(code, code is not None, expected)
            case "note":
                return self._mask(said) or None
        raise AssertionError(ask)

    def _hamlet(self, said: str, expected: str) -> Hamlet:
        """By its name or another one it has, marks and capitals aside; else with those that are near."""
        folded = fold(said)
        if folded in self._hamlets:
            return self._hamlets[folded]
        near = process.extract(folded, list(self._hamlets), scorer=fuzz.ratio, score_cutoff=NEAR, limit=3)
        names = dict.fromkeys(self._hamlets[name].name for name, _score, _at in near)
        if not names:
            raise _Wrong(expected)
        joined = f" {self._phrases('lists.or_word')} ".join(names)
        raise _Wrong(self._phrases("lists.ask_hamlet_near", names=joined))


def _checked(value: Any, is_right: bool, expected: str) -> Any:
    if not is_right:
        raise _Wrong(expected)
    return value
