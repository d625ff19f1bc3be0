"""The text of an official plan → its head and its passages, with the place of each.

Works by what such documents have in common (their marks, capitals, "Nơi nhận", "Phụ lục"), and never by
blank lines, so that the same plan reads alike from a text file, a Word file and a PDF.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from knowledge.plan_head import PlanHead, head_passages, read_head
from knowledge.plan_lines import Line, fold, is_upper, read_lines, squeeze, usual_width
from knowledge.plan_marks import read_mark
from knowledge.plan_parts import read_body
from knowledge.plan_passages import PassageWriter, PlanPassage, unique_places


@dataclass(frozen=True, slots=True)
class Plan:
    name: str  # of the document, as answers name it
    head: PlanHead
    passages: tuple[PlanPassage, ...]

    def passage(self, locator: str) -> PlanPassage:
        return next(passage for passage in self.passages if passage.locator == locator)


class PlanError(Exception):
    """A text that is not a plan we can read; says what was found and what was expected."""


def parse_plan(text: str, *, name: str) -> Plan:
    """Raises `PlanError` for a text without a single numbered or bulleted part."""
    lines = read_lines(text)
    regions = _split(lines)
    head = read_head(regions.front, regions.tail, [line.text for line in lines])
    roots = [read_body(regions.body, usual_width(lines), "")]
    roots += [
        read_body(appendix, usual_width(lines), _appendix_label(appendix)) for appendix in regions.appendices
    ]
    passages = [passage for root in roots for passage in PassageWriter().write(root)]
    if not passages:
        found = f"{len(lines)} lines without a numbered part"
        raise PlanError(f"{name}: found {found}, expected parts such as 'I. MỤC ĐÍCH' or '1. …'")
    if not head.bases:  # some plans give them a part of their own
        head = replace(head, bases=tuple(_bases_of(passages)))
    front = [PlanPassage(locator, "", text, kind) for locator, text, kind in head_passages(head)]
    front = [passage for passage in front if passage.kind != "basis" or not _has_bases(passages)]
    before = [passage for passage in front if passage.kind in ("head", "basis")]
    after = [passage for passage in front if passage.kind not in ("head", "basis")]
    own = [passage for passage in passages if not passage.locator.startswith(_APPENDIX_LABELS)]
    rest = [passage for passage in passages if passage.locator.startswith(_APPENDIX_LABELS)]
    return Plan(name, head, unique_places([*before, *own, *after, *rest]))


def _has_bases(passages: Sequence[PlanPassage]) -> bool:
    return any(_under_bases(passage) for passage in passages)


def _bases_of(passages: Sequence[PlanPassage]) -> Iterator[str]:
    return (passage.text for passage in passages if _under_bases(passage))


def _under_bases(passage: PlanPassage) -> bool:
    return (
        re.match(r"can cu( lap ke hoach| phap ly| ban hanh)?$", fold(re.sub(r"^\S+\s", "", passage.heading)))
        is not None
    )


def plan_to_data(plan: Plan) -> dict[str, Any]:
    """As JSON values, for records; `plan_from_data` reads them back."""
    return asdict(plan)


def plan_from_data(data: dict[str, Any]) -> Plan:
    head: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in data["head"].items()
    }
    passages = tuple(PlanPassage(**passage) for passage in data["passages"])
    return Plan(data["name"], PlanHead(**head), passages)


# --- Regions --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Regions:
    front: list[Line] = field(default_factory=list)  # letterhead, title, legal bases
    body: list[Line] = field(default_factory=list)
    tail: list[Line] = field(default_factory=list)  # recipients and signature
    appendices: list[list[Line]] = field(default_factory=list)


_APPENDIX = re.compile(
    r"(PHỤ LỤC|DANH MỤC|BIỂU|BẢNG|MẪU)(?![\w“\"])|(Phụ lục)(?:\s+(?:số\s*)?[IVX\d]{1,4})?[.:]?$"
)
_APPENDIX_LABELS = ("Phụ lục", "Danh mục", "Biểu", "Bảng", "Mẫu")
_SIGNING = re.compile(r"(?:TM|KT|TL|TUQ|Q)\s*\.|T/M\b|(?:PHÓ )?(?:CHỦ TỊCH|BÍ THƯ)\b")


def _split(lines: Sequence[Line]) -> _Regions:
    regions = _Regions()
    where = regions.front
    for line in lines:
        if regions.body and (where is not regions.body or _opens_appendix_early(line)) and _is_appendix(line):
            regions.appendices.append([])
            where = regions.appendices[-1]
        elif where is regions.front and _opens_body(line):
            where = regions.body
        elif where is regions.body and (fold(line.text).startswith("noi nhan") or _SIGNING.match(line.text)):
            where = regions.tail
        where.append(line)
    return regions


def _opens_body(line: Line) -> bool:
    mark = read_mark(line.text)
    return (
        mark is not None
        and mark.kind in ("part", "capital", "article", "roman", "number")
        and mark.value <= 1
    )


def _opens_appendix_early(line: Line) -> bool:
    """An appendix may follow without a tail before it (a part of a document was pasted)."""
    return line.text.startswith(("PHỤ LỤC", "DANH MỤC"))


def _is_appendix(line: Line) -> bool:
    match = _APPENDIX.match(line.text)
    return match is not None and (is_upper(line.text) or match[2] is not None) and not line.cells


def _appendix_label(lines: Sequence[Line]) -> str:
    words = lines[0].text.rstrip(".:").split()
    number = next((word for word in words[2:4] if re.fullmatch(r"[IVX]+|\d{1,2}", word)), "")
    return squeeze(
        f"{words[0].capitalize()} {words[1].lower()} {number}" if len(words) > 1 else words[0].capitalize()
    )
