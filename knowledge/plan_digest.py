"""The digests of real plans that are shipped as samples: facts and figures, told in our own words.

One file `knowledge/plans/<commune slug>.md` for each: YAML front matter with the commune and the head of the
plan (what the document leaves blank is null), then passages under their headings:

    ## III. Mục tiêu › 1. Năm 2025
    - **III.1** 80% cán bộ, … có hiểu biết về chuyển đổi số.

The bold part is the locator in the original. A digest gives the same `Plan` as an import does, so that
targets, tasks and answers come from it in the same way.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from knowledge.guide import HIDDEN, SLUG, ContentError
from knowledge.library import CONTENT, read_text, read_yaml
from knowledge.plan_head import PlanHead, head_passages
from knowledge.plan_passages import MAX_PASSAGE, PassageKind, PlanPassage
from knowledge.plan_structure import Plan


class _Front(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    commune: str
    name: str = Field(min_length=2)
    kind: Literal["xã", "phường", "đặc khu", "thị trấn", "huyện"]
    province: str | None
    document: str = Field(min_length=5)
    issuer: str
    number: str | None
    date: str | None = Field(pattern=r"^20\d\d(-\d\d(-\d\d)?)?$")
    subject: str
    signer: str | None
    signer_post: str | None
    bases: tuple[str, ...]
    recipients: tuple[str, ...]

    @field_validator("date", mode="before")
    @classmethod
    def _yaml_reads_dates(cls, value: object) -> object:
        # YAML turns 2026-03-15 into a date and 2026 into an int.
        return str(value) if isinstance(value, dt.date | int) else value


@dataclass(frozen=True, slots=True)
class PlanDigest:
    commune: str  # slug
    name: str
    kind: str
    province: str | None
    plan: Plan


def load_plan_digests(content: Path = CONTENT) -> tuple[PlanDigest, ...]:
    """All digests, in the order of their slugs; `ContentError` for the first that is broken."""
    return tuple(load_plan_digest(path) for path in sorted((content / "plans").glob("*.md")))


def load_plan_digest(path: Path) -> PlanDigest:
    text = read_text(path)
    if hidden := HIDDEN.search(text):
        line = text.count("\n", 0, hidden.start()) + 1
        raise ContentError(path, line, f"hidden character U+{ord(hidden[0]):04X}", "visible text")
    front, first_line, body = _split(path, text)
    if front.commune != path.stem or not SLUG.fullmatch(path.stem):
        raise ContentError(path, 2, f"commune: {front.commune!r}", f"the name of the file, {path.stem!r}")
    head = _head(front)
    own = list(_passages(path, body, first_line))
    front_passages = [PlanPassage(locator, "", said, kind) for locator, said, kind in head_passages(head)]
    plan = Plan(front.document, head, (*front_passages, *own))
    return PlanDigest(front.commune, front.name, front.kind, front.province, plan)


def _head(front: _Front) -> PlanHead:
    return PlanHead(
        issuer=front.issuer,
        kind=front.kind,
        commune=None if "(" in front.name else front.name,  # "Phường (văn bản không nêu tên)"
        number=front.number,
        date=front.date,
        subject=front.subject,
        bases=front.bases,
        signer=front.signer,
        signer_post=front.signer_post,
        recipients=front.recipients,
    )


def _split(path: Path, text: str) -> tuple[_Front, int, list[str]]:
    lines = text.split("\n")
    end = next((n for n in range(1, len(lines)) if lines[n].strip() == "---"), None)
    if lines[0].strip() != "---" or end is None:
        raise ContentError(path, 1, repr(lines[0][:40]), "front matter between two lines '---'")
    try:
        data = read_yaml("\n".join(lines[1:end]))
        return _Front.model_validate(data), end + 2, lines[end + 1 :]
    except yaml.YAMLError as error:
        raise ContentError(path, 2, "broken YAML", "fields such as 'name: Nam Đàn'") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ContentError(path, 2, f"{where}: {first['input']!r}"[:80], first["msg"]) from error


def _passages(path: Path, lines: list[str], first_line: int) -> Iterator[PlanPassage]:
    heading: str | None = None
    seen: set[str] = set()
    for number, line in enumerate(lines, first_line):
        if line.startswith("## "):
            heading = line[3:].strip()
        elif line.strip():
            match = re.fullmatch(r"- \*\*([^*]+)\*\* (.+)", line)
            if match is None or heading is None:
                raise ContentError(path, number, repr(line[:40]), "'## heading' or '- **locator** text'")
            locator, text = match[1].strip(), match[2].strip()
            if len(text) > MAX_PASSAGE or not text.endswith((".", "!", "?")):
                raise ContentError(
                    path, number, repr(text[-30:]), f"a sentence, {MAX_PASSAGE} letters at most"
                )
            locator = f"{locator} (lần 2)" if locator in seen else locator
            seen.add(locator)
            yield PlanPassage(locator, heading, text, _kind(locator))


def _kind(locator: str) -> PassageKind:
    if re.search(r"\bS?TT \d", locator):
        return "row"
    return "closing" if locator == "Đoạn kết" else "item"
