"""A guide's file as the fields of a form, and back: the same text, whoever edits it and how.

Reading is lenient, for a draft need not be finished: what is missing is an empty field. A text that
no form shows in full (`fields_of` gives None) is edited as text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from knowledge.guide import APPEARS, IF_NOT, PICTURE, SECTIONS

SHORT = ("title", "choice", "topic", "summary", "level", "reviewed", "expires", "safety", "check")
LISTS = ("groups", "prerequisites", "related")
_OPTIONAL = ("choice", "expires", "safety", "prerequisites", "related")
_STEP, _FAULT = re.compile(r"\d+\. ?(.*)"), re.compile(r"- \*\*(.+?)\*\*:? *(.*)")


@dataclass(frozen=True, slots=True)
class StepFields:
    action: str = ""
    appears: str = ""
    if_not: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class QuizFields:
    question: str = ""
    options: tuple[str, ...] = ()
    answer: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class SourceFields:
    name: str = ""
    address: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class GuideFields:
    short: Mapping[str, str] = field(default_factory=dict)  # by `SHORT`
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by `LISTS`
    sources: tuple[SourceFields, ...] = ()
    quiz: tuple[QuizFields, ...] = ()
    prepare: tuple[str, ...] = ()
    steps: tuple[StepFields, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()  # (sign, remedy)
    ask: tuple[str, ...] = ()


def source_of(fields: GuideFields) -> str:
    """The file of a guide; what is empty is left out, so that the check names it."""
    lines = ["---", _front(fields), "---"]
    lines += ["", f"## {SECTIONS[0]}", *(f"- {item}" for item in _filled(fields.prepare))]
    lines += ["", f"## {SECTIONS[1]}"]
    steps = [step for step in fields.steps if any((step.action, step.appears, step.if_not))]
    for number, step in enumerate(steps, 1):
        lines += [f"{number}. {_line(step.action)}", f"   - {APPEARS} {_line(step.appears)}"]
        lines.append(f"   - {IF_NOT} {_line(step.if_not)}")
        if step.picture.strip():
            lines.append(f"   - {PICTURE} {_line(step.picture)}")
    lines += ["", f"## {SECTIONS[2]}"]
    lines += [f"- **{_line(sign)}**: {_line(remedy)}" for sign, remedy in fields.faults if sign or remedy]
    lines += ["", f"## {SECTIONS[3]}", *(f"- {item}" for item in _filled(fields.ask))]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def fields_of(source: str) -> GuideFields | None:
    """None when the text holds what no field has a place for."""
    _before, marks, rest = source.partition("---\n")
    front_text, end, body = rest.partition("\n---")
    if _before.strip() or not marks or not end:
        return None
    try:
        front = yaml.load(front_text, Loader=_AllText)  # noqa: S506  # nosec B506 - a SafeLoader with less
    except yaml.YAMLError:
        return None
    if front is None:
        front = {}
    if not isinstance(front, dict) or set(front) - {*SHORT, *LISTS, "sources", "quiz"}:
        return None
    sections = _sections(body)
    if sections is None:
        return None
    try:
        return GuideFields(
            short={name: _text(front.get(name)) for name in SHORT},
            lists={name: _texts(front.get(name)) for name in LISTS},
            sources=tuple(
                SourceFields(*(_text(row.get(name)) for name in ("name", "address", "date")))
                for row in _rows(front.get("sources"))
            ),
            quiz=tuple(
                QuizFields(
                    _text(row.get("question")),
                    _texts(row.get("options")),
                    _text(row.get("answer")),
                    _text(row.get("why")),
                )
                for row in _rows(front.get("quiz"))
            ),
            prepare=_bullets(sections[0]),
            steps=_steps(sections[1]),
            faults=_faults(sections[2]),
            ask=_bullets(sections[3]),
        )
    except _NoPlace:
        return None


class _NoPlace(Exception):
    """No field of the form has a place for this."""


class _AllText(yaml.SafeLoader):
    """Reads every plain value as the text that stands there: dates and numbers as they were written."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - as PyYAML has it


def _front(fields: GuideFields) -> str:
    data: dict[str, Any] = {}
    for name in (*SHORT[:5], *LISTS, "sources", *SHORT[5:], "quiz"):
        if name == "sources":
            data[name] = [
                {"name": _line(row.name), "address": row.address.strip(), "date": _plain(row.date)}
                for row in fields.sources
                if row.name.strip() or row.address.strip()
            ]
        elif name == "quiz":
            data[name] = [
                {
                    "question": _line(row.question),
                    "options": _filled(row.options),
                    "answer": _plain(row.answer),
                    "why": _line(row.why),
                }
                for row in fields.quiz
                if row.question.strip()
            ]
        elif name in LISTS:
            data[name] = _filled(fields.lists.get(name, ()))
        else:
            value = _line(fields.short.get(name, ""))
            data[name] = _plain(value) if name in ("level", "reviewed", "expires") else value
    kept = {name: value for name, value in data.items() if value or name not in _OPTIONAL}
    return str(yaml.dump(kept, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000)).strip()


class _Plain(str):
    """Written without quotes: a date or a number."""


class _Dumper(yaml.SafeDumper):
    pass


def _represent(dumper: yaml.SafeDumper, value: _Plain) -> yaml.ScalarNode:
    tag = "tag:yaml.org,2002:int" if value.isdigit() else "tag:yaml.org,2002:timestamp"
    return dumper.represent_scalar(tag if _is_plain(value) else "tag:yaml.org,2002:str", str(value))


_Dumper.add_representer(_Plain, _represent)


def _is_plain(text: str) -> bool:
    return text.isdigit() or re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None


def _plain(text: str) -> str:
    text = _line(text)
    return _Plain(text) if _is_plain(text) else text


def _sections(body: str) -> list[list[str]] | None:
    """The lines of the four sections; None where a line stands in none, or a section stands elsewhere."""
    found: list[list[str]] = []
    for line in body.splitlines():
        if line.startswith("## "):
            if len(found) == len(SECTIONS) or line[3:].strip() != SECTIONS[len(found)]:
                return None
            found.append([])
        elif line.strip():
            if not found:
                return None
            found[-1].append(line.strip())
    return found + [[]] * (len(SECTIONS) - len(found))


def _bullets(lines: Sequence[str]) -> tuple[str, ...]:
    if any(not line.startswith("-") for line in lines):
        raise _NoPlace
    return tuple(line[1:].strip() for line in lines)


def _steps(lines: Sequence[str]) -> tuple[StepFields, ...]:
    steps: list[dict[str, str]] = []
    for line in lines:
        if match := _STEP.fullmatch(line):
            steps.append({"action": match[1]})
            continue
        label, name = next(
            ((label, name) for label, name in _LABELS if line.startswith(f"- {label}")), ("", "")
        )
        if not steps or not name or name in steps[-1]:
            raise _NoPlace
        steps[-1][name] = line[len(label) + 2 :].strip()
    return tuple(StepFields(**step) for step in steps)


_LABELS = ((APPEARS, "appears"), (IF_NOT, "if_not"), (PICTURE, "picture"))


def _faults(lines: Sequence[str]) -> tuple[tuple[str, str], ...]:
    found = [_FAULT.fullmatch(line) for line in lines]
    if any(match is None for match in found):
        raise _NoPlace
    return tuple((match[1].rstrip(":"), match[2]) for match in found if match)


def _rows(value: object) -> list[dict[str, Any]]:
    rows = value or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _NoPlace
    return rows


def _texts(value: object) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if not isinstance(value, list):
        raise _NoPlace
    return tuple(_text(item) for item in value)


def _text(value: object) -> str:
    if isinstance(value, list | dict):
        raise _NoPlace
    return "" if value is None else str(value)


def _line(text: str) -> str:
    """One line: a break would begin something else in the file."""
    return " ".join(text.split())


def _filled(items: Sequence[str]) -> list[str]:
    return [line for item in items if (line := _line(item))]
