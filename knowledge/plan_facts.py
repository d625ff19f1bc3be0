"""What a plan fixes, as data: targets, tasks, report deadlines, phases and models.

Each fact names the passage it stands in, so that a page or an answer can show where it comes from.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from knowledge.plan_lines import UPPER, fold
from knowledge.plan_offices import is_office, office_of
from knowledge.plan_passages import PlanPassage
from knowledge.plan_structure import Plan


@dataclass(frozen=True, slots=True)
class Target:
    year: int | None  # None where the plan ties it to no year
    group: str  # of people or things: "người dân trong độ tuổi trưởng thành"
    percent: float
    bound: str  # "trên", "trở lên", "ít nhất"; empty for exactly
    measure: str  # what is measured of them; empty where the group says all
    locator: str


@dataclass(frozen=True, slots=True)
class Task:
    what: str
    lead: str | None
    cooperates: str | None
    when: str | None
    locator: str


@dataclass(frozen=True, slots=True)
class ReportDeadline:
    when: str  # as the plan says it: "trước ngày 10 tháng cuối mỗi Quý"
    day: int | None
    period: str | None  # "tháng", "quý", "năm"
    who: str | None
    to: str | None
    locator: str


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    first: str  # month, "2026-06"
    last: str
    locator: str


@dataclass(frozen=True, slots=True)
class Model:
    kind: str  # "Mô hình", "Phong trào", "Mạng lưới", …
    name: str
    least: str | None  # what it asks at least: "ít nhất 5 “Người học”"
    locator: str


@dataclass(frozen=True, slots=True)
class PlanFacts:
    targets: tuple[Target, ...]
    tasks: tuple[Task, ...]
    deadlines: tuple[ReportDeadline, ...]
    phases: tuple[Phase, ...]
    models: tuple[Model, ...]


# The words that `Target.bound` and `ReportDeadline.period` may hold besides nothing.
BOUND_AFTER = "trở lên"  # stands behind the number, the others before it
BOUNDS = ("trên", "từ", "ít nhất", "tối thiểu", BOUND_AFTER)
REPORT_PERIODS = ("tháng", "quý", "6 tháng", "năm")

_BODY = frozenset(("item", "row", "heading", "closing"))


def plan_facts(plan: Plan) -> PlanFacts:
    passages = [passage for passage in plan.passages if passage.kind in _BODY]
    return PlanFacts(
        targets=tuple(target for passage in passages for target in _targets(passage, plan_year(plan))),
        tasks=tuple(task for passage in passages if (task := _task(passage))),
        deadlines=tuple(deadline for passage in passages if (deadline := _deadline(passage))),
        phases=tuple(phase for passage in passages if (phase := _phase(passage))),
        models=tuple(model for passage in passages for model in _models(passage)),
    )


def facts_to_data(facts: PlanFacts) -> dict[str, Any]:
    return asdict(facts)


def plan_year(plan: Plan) -> int | None:
    """The one year a plan is for, where its subject names one."""
    match = re.search(r"năm (20\d\d)", plan.head.subject or "")
    return int(match[1]) if match else None


# --- Targets --------------------------------------------------------------------------------------

_PERCENT = re.compile(
    r"(?:\b(trên|ít nhất|tối thiểu|từ)\s+)?(\d{1,3}(?:[.,]\d+)?)\s*%(\s*trở lên)?", re.IGNORECASE
)
_VERB = re.compile(
    r"\s(?=(?:có|được|hiểu biết|biết|đạt|thường xuyên|tham gia|sử dụng|tiếp cận|triển khai"
    r"|hoàn thành|thực hiện|trên cơ sở|trên địa bàn|về|phải|nắm|thành thạo|đã)\b)"
)
_YEAR_COLUMN = re.compile(r"Năm (20\d\d): ((?:[Tt]rên |[Tt]ừ )?\d{1,3}(?:[.,]\d+)?\s*%(?:\s*trở lên)?)")
_FOR_VERBS = re.compile(
    r"^.*\b(?:phấn đấu|đạt|rà soát|tái cấu trúc|bảo đảm|đảm bảo|cho|tại|triển khai|nâng cấp|đẩy mạnh)\s+"
    r"(?:tỷ lệ\s+)?",
    re.IGNORECASE,
)


def _targets(passage: PlanPassage, year: int | None) -> Iterator[Target]:
    if passage.kind == "row" and (columns := _YEAR_COLUMN.findall(passage.text)):
        group, measure = _group_and_measure(re.sub(r"^Tỷ lệ\s+", "", _without_columns(passage.text)))
        for column, value in columns:
            bound, percent = _value(value)
            yield Target(int(column), group, percent, bound, measure, passage.locator)
        return
    said = re.search(r"\b[Nn]ăm (20\d\d)\b", passage.heading.rsplit(" › ", 1)[-1])
    for clause in re.split(r"(?<=[.;])\s+", passage.text):
        here = said or re.search(r"(?:năm |[Tt]háng \d{1,2}/)(20\d\d)", clause)
        year = int(here[1]) if here else year
        yield from _clause_targets(clause, year, passage.locator)


def _clause_targets(clause: str, year: int | None, locator: str) -> Iterator[Target]:
    matches = list(_PERCENT.finditer(clause))
    for number, match in enumerate(matches):
        end = matches[number + 1].start() if number + 1 < len(matches) else len(clause)
        after = clause[match.end() : end].strip(" .;:,)")
        before = clause[: match.start()].rstrip(" (:,")
        if re.match(r"[^\W\d]", after) and not after.startswith(("để ", "và ")):
            group, measure = _group_and_measure(after)
        else:  # "… đạt 100%": the words before say whose percentage it is
            group = re.sub(r"\s+đạt(?: tỷ lệ)?$", "", _FOR_VERBS.sub("", re.sub(r"\s*\(?đạt$", "", before)))
            group, measure = re.sub(r"^.*chỉ tiêu về\s+", "", group.split(": ")[-1]), ""
        bound, percent = _value(match[0])
        if group:
            yield Target(year, group, percent, bound, measure, locator)


def _value(text: str) -> tuple[str, float]:
    match = _PERCENT.search(text)
    assert match is not None
    bound = (match[1] or match[3] or "").strip().lower()
    return bound, float(match[2].replace(",", "."))


def _group_and_measure(text: str) -> tuple[str, str]:
    parts = _VERB.split(text.strip(" .;,"), maxsplit=1)
    return parts[0].strip(" ,"), parts[1].strip() if len(parts) > 1 else ""


# --- Tasks ----------------------------------------------------------------------------------------

_COOPERATES = re.compile(
    r"[Pp]hối hợp (?:chặt chẽ )?với (?:các )?(.+?)"
    r"(?=,? (?:triển khai|tổ chức|tham mưu|thực hiện|chuẩn bị|xây dựng|theo dõi|bảo đảm|đảm bảo"
    r"|trong|cử|căn cứ|hướng dẫn|đôn đốc)\b|[.;:]|$)"
)
_WHEN = re.compile(
    r"((?:chậm nhất|trước|muộn nhất)[^.;,)]{0,12}ngày [^.;,)]{2,40}|[Đđ]ịnh kỳ (?:hằng|hàng|theo) \w+"
    r"|(?:hằng|hàng) (?:tháng|quý|năm|tuần)|[Tt]háng \d{1,2}/20\d\d"
    r"|ngày \d{1,2}/\d{1,2}(?:/20\d\d)?(?: hằng năm)?)"
)


def _task(passage: PlanPassage) -> Task | None:
    if passage.kind == "row":
        return _row_task(passage)
    office = office_of(passage)
    if office is None:
        return None
    before, colon, after = passage.text.partition(": ")
    what = after if colon and len(before) < 90 and is_office(before) else passage.text
    partners = _COOPERATES.search(what)
    named = partners[1] if partners else None
    when = _WHEN.search(what)
    if what.startswith("Phối hợp"):
        together = f"{office}; {named}" if named else office
        return Task(what, None, together, when[1] if when else None, passage.locator)
    return Task(what, office, named, when[1] if when else None, passage.locator)


_COLUMN = re.compile(rf"(?<=\. )([{UPPER}][^.:“”]{{3,40}}): ")


def _row_task(passage: PlanPassage) -> Task | None:
    parts = _COLUMN.split(passage.text)
    columns = {fold(name): value.rstrip(" .") for name, value in zip(parts[1::2], parts[2::2], strict=True)}
    when = next(
        (value for name, value in columns.items() if re.search("thoi (gian|han)|tien do", name)), None
    )
    partners = next((value for name, value in columns.items() if "phoi hop" in name), None)
    lead = next(
        (
            value
            for name, value in columns.items()
            if re.search("chu tri|phan cong|^(don vi|co quan )?thuc hien", name)
        ),
        None,
    )
    return Task(parts[0].rstrip(" ."), lead, partners, when, passage.locator) if lead or partners else None


def _without_columns(text: str) -> str:
    return _COLUMN.split(text)[0].rstrip(" .")


# --- Deadlines ------------------------------------------------------------------------------------

_DEADLINE = re.compile(
    r"(?:chậm nhất|muộn nhất|trước|vào)(?: vào| là)?(?: ngày)? (\d{1,2})(?:/\d{1,2}(?:/20\d\d)?)?"
    r"(?: (?:của )?(?:hằng |hàng |mỗi )?tháng(?: cuối)?(?: (?:mỗi |hằng |hàng |của )?(?:quý|năm|\d{1,2}))?)?"
    r"(?: (?:hằng|hàng|mỗi) (?:tháng|quý|năm))?",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"(?:định kỳ|hằng|hàng|mỗi|theo|cuối)\s+(?:hằng |hàng |theo |mỗi )?(tháng|quý|năm|tuần)", re.IGNORECASE
)
_TO = re.compile(
    rf"\bvề ((?:[Pp]hòng |[{UPPER}])[^.;,(]*?(?:\s?\(qua [^)]*\))?)(?= để| theo| trước| chậm nhất|[.;,]|$)"
)


def _deadline(passage: PlanPassage) -> ReportDeadline | None:
    if "bao cao" not in fold(passage.text):
        return None
    match, period = _DEADLINE.search(passage.text), _PERIOD.search(passage.text)
    if match is None and period is None:
        return None
    to = _TO.search(passage.text)
    when = match[0] if match else period[0] if period else ""
    inside = re.search(r"quý|năm$", when, re.IGNORECASE)
    name = inside[0] if inside else period[1] if period else "tháng" if match and "tháng" in when else None
    return ReportDeadline(
        when.strip(),
        int(match[1]) if match else None,
        name.lower() if name else None,
        office_of(passage) or _subject_of(passage.text),
        to[1].strip() if to else None,
        passage.locator,
    )


def _subject_of(text: str) -> str | None:
    match = re.match(rf"([{UPPER}][^.;:]{{3,60}}?),? (?:định kỳ|báo cáo|gửi|có trách nhiệm)", text)
    return match[1] if match and is_office(match[1]) else None


# --- Phases and models ----------------------------------------------------------------------------

_MONTHS = r"[Tt]háng (\d{1,2})(?:\s*[-–]\s*(?:[Tt]háng )?(\d{1,2}))?/(20\d\d)"
_PHASE = re.compile(rf"(Giai đoạn \w+)\s*[:.]?\s*(.*?)\s*\(?(?:từ )?{_MONTHS}\)?")
_MONTH_LINE = re.compile(rf"{_MONTHS}\s*[:.]\s*(.+)")
_QUOTED = r"[“\"]([^”\"]{3,60})[”\"]"
_MODEL = re.compile(
    rf"\b(Mô hình|Phong trào|Mạng lưới|Chương trình|Chiến dịch|Ngày hội)\s+({_QUOTED}(?:, {_QUOTED})*)",
    re.IGNORECASE,
)
_CAMPAIGN = re.compile(r"(Chiến dịch)\s+([^:“\"]{5,80}):")
_NO_MODEL = ("binh dan hoc vu so", "ca nuoc thi dua", "toan dan doan ket")
_LEAST = re.compile(
    r"(?:ít nhất|tối thiểu)\s+(?:\d+|một|hai|ba|bốn|năm|mười)\s+[“\"]?[^.,;”\"]{2,40}[”\"]?", re.IGNORECASE
)


def _phase(passage: PlanPassage) -> Phase | None:
    if match := _PHASE.match(passage.text):
        name, title, first, last, year = match.groups()
        return Phase(
            f"{name}: {title}" if title else name,
            _month(year, first),
            _month(year, last or first),
            passage.locator,
        )
    if match := _MONTH_LINE.match(passage.text):
        first, last, year, what = match.groups()
        return Phase(
            what.split(". ")[0].rstrip("."), _month(year, first), _month(year, last or first), passage.locator
        )
    return None


def _month(year: str, month: str) -> str:
    return f"{year}-{int(month):02}"


def _models(passage: PlanPassage) -> Iterator[Model]:
    seen: set[str] = set()
    least = _LEAST.search(passage.text)
    words = re.sub(r"\s+(?:tham gia|hỗ trợ|được|để)\b.*", "", least[0]) if least else None
    named = [
        (match[1], name) for match in _MODEL.finditer(passage.text) for name in re.findall(_QUOTED, match[2])
    ]
    if match := _CAMPAIGN.match(passage.text):
        named.append((match[1], match[2]))
    for kind, name in named:
        if fold(name) not in seen and not fold(name).startswith(_NO_MODEL):
            seen.add(fold(name))
            yield Model(kind[:1].upper() + kind[1:].lower(), name, words, passage.locator)
