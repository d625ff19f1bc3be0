"""One guide: its parts, and how its Markdown file is read.

A guide file is YAML front matter followed by four sections of a small, fixed subset of
Markdown. Every error names the line, what was found and what was expected, so that an
editor who never saw this code can mend the file.

The words `{bác}` and `{cháu}` in texts stand for how the reader is addressed and how the
assistant calls itself; `knowledge.address` fills them in.
"""

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

TOPICS = ("vneid", "dich-vu-cong", "thanh-toan", "an-toan", "ky-nang", "phong-trao")
GROUPS = ("can-bo", "hoc-sinh", "nguoi-lao-dong", "nguoi-dan")  # QĐ 757/QĐ-BKHCN

Topic = Literal["vneid", "dich-vu-cong", "thanh-toan", "an-toan", "ky-nang", "phong-trao"]
Group = Literal["can-bo", "hoc-sinh", "nguoi-lao-dong", "nguoi-dan"]

VIETNAMESE = "vi"

SECTIONS = ("Chuẩn bị", "Các bước", "Lỗi hay gặp", "Hỏi ai")
APPEARS, IF_NOT = "Máy hiện:", "Nếu không thấy:"
PICTURE = "Hình:"  # may follow them: what the step's picture shows (`knowledge.drawing`)

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Zero-width, direction and control marks can hide words from an editor's eye (reliability.md R29);
# the separators U+2028 and U+2029 break a line that no editor shows as broken.
HIDDEN = re.compile("[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\x00-\x08\x0b-\x1f\x7f-\x9f]")


class ContentError(Exception):
    """A content file that cannot be used. Reads `path:line: found …, expected …`."""

    def __init__(self, path: Path | str, line: int, found: str, expected: str) -> None:
        super().__init__(f"{path}:{line}: found {found}, expected {expected}")
        self.path, self.line, self.found, self.expected = str(path), line, found, expected


def broken_yaml(path: Path, error: yaml.YAMLError, *, first_line: int = 1) -> ContentError:
    """The error of a YAML text that begins on `first_line` of the file."""
    mark = getattr(error, "problem_mark", None)
    line = mark.line + first_line if mark else 1
    problem = getattr(error, "problem", None) or "broken YAML"
    return ContentError(path, line, problem, "YAML such as 'title: Nối Wi-Fi'")


class _DatesAsText(yaml.SafeLoader):
    """Leaves dates to pydantic, which names the field: YAML meets 2026-02-30 with a bare ValueError."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML has it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class Source(BaseModel):
    """Where a fact comes from. `date` is as exact as the source gives it: 2026, 2026-03, 2026-03-15."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=3)
    address: str = Field(pattern=r"^https?://[^\s…]+$")
    date: str = Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")

    @field_validator("date", mode="before")
    @classmethod
    def _yaml_reads_years(cls, value: object) -> object:
        # YAML turns 2026 into an int.
        return str(value) if isinstance(value, dt.date | int) else value


class QuizQuestion(BaseModel):
    """`answer` counts from 1, as the person will type it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    options: tuple[str, ...] = Field(min_length=2, max_length=4)
    answer: int = Field(ge=1)
    why: str

    @field_validator("answer")
    @classmethod
    def _answer_is_an_option(cls, value: int, info: Any) -> int:
        if value > len(info.data.get("options", ())):
            raise ValueError("the answer must be the number of one of the options")
        return value


class FrontMatter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=4, max_length=80)
    choice: str | None = Field(None, min_length=4, max_length=40)
    topic: Topic
    summary: str = Field(min_length=10)
    level: int = Field(ge=1, le=3)
    groups: tuple[Group, ...] = Field(min_length=1)
    prerequisites: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=1)
    reviewed: dt.date
    expires: dt.date | None = None
    safety: str | None = None
    check: str = Field(min_length=10)
    quiz: tuple[QuizQuestion, ...] = Field(min_length=2, max_length=3)


@dataclass(frozen=True, slots=True)
class Step:
    action: str
    appears: str
    if_not: str
    line: int = field(default=0, compare=False)
    picture: str | None = None  # as the editor described it; None: what the step itself says
    # Of a translated step: the Vietnamese one, with the labels as they are on the phone.
    vietnamese: "Step | None" = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Fault:
    sign: str
    remedy: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Guide:
    slug: str
    front: FrontMatter
    prepare: tuple[str, ...]
    steps: tuple[Step, ...]
    faults: tuple[Fault, ...]
    ask: tuple[str, ...]
    questions: tuple[str, ...] = ()
    language: str = VIETNAMESE  # of the texts people read, as in BCP 47

    @property
    def title(self) -> str:
        return self.front.title

    @property
    def choice(self) -> str:
        """What it is called among guides that are easily confused with it: the difference in a few words."""
        return self.front.choice or self.front.title

    @property
    def topic(self) -> str:
        return self.front.topic

    def is_expired(self, today: dt.date) -> bool:
        return self.front.expires is not None and today > self.front.expires


@dataclass(frozen=True, slots=True)
class Body:
    """What stands below the front matter."""

    prepare: tuple[str, ...]
    steps: tuple[Step, ...]
    faults: tuple[Fault, ...]
    ask: tuple[str, ...]


Front = TypeVar("Front", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str


def parse_guide(path: Path, text: str) -> Guide:
    """Read one guide file; raises `ContentError` at the first thing that is not as it should be."""
    if hidden := HIDDEN.search(text):
        line = text.count("\n", 0, hidden.start()) + 1
        raise ContentError(path, line, f"hidden character U+{ord(hidden[0]):04X}", "visible text")
    front, body = parse_parts(path, text, FrontMatter)
    return Guide(
        slug=path.stem,
        front=front,
        prepare=body.prepare,
        steps=body.steps,
        faults=body.faults,
        ask=body.ask,
    )


def parse_parts(path: Path, text: str, front: type[Front]) -> tuple[Front, Body]:
    """The front matter, as that model, and the four sections; raises `ContentError`."""
    if not SLUG.fullmatch(path.stem):
        raise ContentError(path, 1, repr(path.stem), "a name such as 'kn-wifi'")
    read, lines = _split(path, text, front)
    sections = _sections(path, lines)
    body = Body(
        prepare=tuple(line.text for line in _bullets(path, sections["Chuẩn bị"])),
        steps=_steps(path, sections["Các bước"]),
        faults=tuple(_fault(path, line) for line in _bullets(path, sections["Lỗi hay gặp"])),
        ask=tuple(line.text for line in _bullets(path, sections["Hỏi ai"])),
    )
    return read, body


def _split(path: Path, text: str, model: type[Front]) -> tuple[Front, list[_Line]]:
    lines = text.splitlines()
    if not lines or lines[0].strip() != "---":
        found = repr(lines[0]) if lines else "an empty file"
        raise ContentError(path, 1, found, "'---' and the front matter")
    end = next((n for n in range(1, len(lines)) if lines[n].strip() == "---"), None)
    if end is None:
        raise ContentError(path, len(lines), "the end of the file", "'---' after the front matter")
    front = _front_matter(path, lines[1:end], model)
    body = [_Line(n + 1, lines[n].rstrip()) for n in range(end + 1, len(lines))]
    return front, body


def _front_matter(path: Path, lines: list[str], model: type[Front]) -> Front:
    try:
        data = yaml.load("\n".join(lines), Loader=_DatesAsText)  # noqa: S506  # nosec B506 - a SafeLoader with one change
    except yaml.YAMLError as error:
        raise broken_yaml(path, error, first_line=2) from error
    if not isinstance(data, dict):
        raise ContentError(path, 2, repr(data)[:40], "YAML fields such as 'title: Nối Wi-Fi'")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        key = str(first["loc"][0]) if first["loc"] else ""
        line = next((n + 2 for n, text in enumerate(lines) if text.startswith(f"{key}:")), 2)
        found = "nothing" if first["type"] == "missing" else repr(first["input"])[:60]
        raise ContentError(path, line, f"{where}: {found}", first["msg"]) from error


def _sections(path: Path, body: list[_Line]) -> dict[str, list[_Line]]:
    sections: dict[str, list[_Line]] = {}
    name: str | None = None
    for line in body:
        if line.text.startswith("#"):
            name = line.text.lstrip("#").strip()
            if len(sections) == len(SECTIONS):
                raise ContentError(path, line.number, repr(line.text), "no more sections")
            expected = f"## {SECTIONS[len(sections)]}"
            if line.text != expected:
                raise ContentError(path, line.number, repr(line.text), f"'{expected}'")
            sections[name] = []
        elif line.text.strip():
            if name is None:
                raise ContentError(path, line.number, repr(line.text[:40]), f"'## {SECTIONS[0]}'")
            sections[name].append(line)
    if len(sections) < len(SECTIONS):
        last = body[-1].number if body else 1
        raise ContentError(path, last, "the end of the file", f"'## {SECTIONS[len(sections)]}'")
    return sections


def _bullets(path: Path, lines: list[_Line]) -> list[_Line]:
    for line in lines:
        if not line.text.startswith("- "):
            raise ContentError(path, line.number, repr(line.text[:40]), "a line such as '- …'")
    return [_Line(line.number, line.text[2:].strip()) for line in lines]


def _fault(path: Path, line: _Line) -> Fault:
    match = re.fullmatch(r"\*\*(.+?)\*\*:? *(.+)", line.text)
    if not match:
        raise ContentError(path, line.number, repr(line.text[:40]), "'- **what is seen**: what to do'")
    return Fault(match[1].rstrip(":"), match[2], line.number)


def _steps(path: Path, lines: list[_Line]) -> tuple[Step, ...]:
    steps: list[Step] = []
    remaining = list(lines)
    while remaining:
        line = remaining.pop(0)
        if not line.text.startswith(f"{len(steps) + 1}. "):
            expected = f"step '{len(steps) + 1}. …'"
            raise ContentError(path, line.number, repr(line.text[:40]), expected)
        action = line.text.split(". ", 1)[1]
        appears = _labelled(path, remaining, line, APPEARS)
        if_not = _labelled(path, remaining, line, IF_NOT)
        picture = None
        if remaining and remaining[0].text.strip().startswith(f"- {PICTURE}"):
            picture = _labelled(path, remaining, line, PICTURE)
        steps.append(Step(action, appears, if_not, line.number, picture))
    return tuple(steps)


def _labelled(path: Path, remaining: list[_Line], step: _Line, label: str) -> str:
    if not remaining:
        raise ContentError(path, step.number, "the end of the step", f"'   - {label} …'")
    line = remaining.pop(0)
    text = line.text.strip()
    if not text.startswith(f"- {label} ") or not line.text.startswith("  "):
        raise ContentError(path, line.number, repr(line.text[:40]), f"'   - {label} …'")
    return text[len(label) + 2 :].strip()
