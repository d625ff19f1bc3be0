"""The passages of plans as they are searched: their words in one form, and the kinds of answer they hold."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.plan_facts import PlanFacts, Task, plan_facts, plan_year
from knowledge.plan_offices import office_of
from knowledge.plan_passages import PlanPassage
from knowledge.plan_structure import Plan
from retrieval.plan_asks import Ask
from retrieval.plan_query import Forms
from retrieval.text import fold, normalise

OWN, NEAREST, ABOVE = 1.0, 0.8, 0.3  # weight of a word in the text, the nearest heading, those above
LONGEST = 4  # words of a term

_DATE = re.compile(
    r"\d{1,2}/\d{1,2}|tháng \d|ngày \d|năm 20\d\d|quý|hằng|hàng (?:năm|tháng|tuần)|thường xuyên|định kỳ",
    re.IGNORECASE,
)
_OFTEN = re.compile(r"hằng |(?:hàng|mỗi) (?:năm|tháng|tuần|quý)|định kỳ|thường xuyên|theo quý", re.IGNORECASE)
_OFFICES = re.compile(
    r"\b(?:[Pp]hòng|Văn phòng|Ban|UBND|Ủy ban|Uỷ ban|Đảng ủy|Đoàn"
    r"|[Hh]ội (?:[Pp]hụ|[Nn]ông|[Cc]ựu|[Dd]oanh|viên)"
    r"|Công an|Tổ|Trung tâm|Liên đoàn|[Tt]rường|Trưởng|[Cc]ơ quan|[Đđ]ơn vị|[Tt]hôn|[Xx]óm|Mặt trận"
    r"|doanh nghiệp|Sở|[Cc]ác cơ sở|Thủ tướng|Chính phủ|Bộ|Tỉnh ủy|Thành ủy|Huyện ủy)\b"
)
_NUMBERED = re.compile(r"\d+\s*[-/]\s*[A-ZĐ]{2,}")
# "5 “Người học”", "100% người dân", "một thành viên"; not "ngày 10 tháng" and not "số 57".
_COUNTED = re.compile(
    r"(?<!ngày )(?<!tháng )(?<!năm )(?<!số )(?<![\d/.-])\b\d{1,4}(?:\s*%| (?=[^\W\d]|[“\"]))"
    r"|\b(?:một|hai|ba|bốn|năm|mười) (?:thành viên|nhân sự|người|buổi|lần|nhóm|lớp)",
    re.IGNORECASE,
)
_MONEY = re.compile(r"\d[\d.,]*\s*(?:triệu|tỷ|nghìn|đồng)\b")
_PHONE = re.compile(r"\b0\d[\d. ]{7,}\d\b")
_HOUR = re.compile(r"\d+\s*(?:giờ|h\d|:\d\d)")


@dataclass(frozen=True, slots=True)
class PlanEntry:
    document: str
    passage: PlanPassage
    text: str  # folded, in the one form, headings included, spaces around
    own: str  # the same without the headings
    above: str  # the headings
    marked: frozenset[str]  # its words with their marks
    has: frozenset[Ask]  # the kinds of answer that stand in it
    is_deadline: bool
    lead: str  # who leads, spaces around
    groups: str  # of people its targets are about, spaces around
    years: frozenset[int]  # it speaks of; empty where it speaks of none
    plan_years: frozenset[int]  # of the whole plan
    task: Task | None


def read_entries(name: str, plan: Plan, forms: Forms) -> Iterator[PlanEntry]:
    facts = plan_facts(plan)
    tasks = {task.locator: task for task in facts.tasks}
    years = {plan_year(plan), int(plan.head.date[:4]) if plan.head.date else None}
    for passage in plan.passages:
        task = tasks.get(passage.locator)
        lead = (task.lead or task.cooperates or "") if task else ""
        groups = " | ".join(target.group for target in facts.targets if target.locator == passage.locator)
        is_deadline = any(deadline.locator == passage.locator for deadline in facts.deadlines)
        yield PlanEntry(
            document=name,
            passage=passage,
            text=f" {forms.read(passage.full_text)} ",
            own=forms.read(passage.text),
            above=fold(normalise(passage.heading)),
            marked=frozenset(normalise(passage.full_text).split()),
            has=_has(passage, task, is_deadline=is_deadline, is_named=plan.head.commune is not None),
            is_deadline=is_deadline,
            lead=f" {forms.read(lead)} ",
            groups=f" {forms.read(groups)} ",
            years=_years(passage, facts),
            plan_years=frozenset(year for year in years if year),
            task=task,
        )


def entry_terms(entry: PlanEntry) -> dict[str, float]:
    """The words and word sequences it is found by, with their weights; sequences are joined by "_"."""
    counts: dict[str, float] = defaultdict(float)
    above, _, nearest = entry.passage.heading.rpartition(" › ")
    for text, weight in ((entry.own, OWN), (_folded(nearest), NEAREST), (_folded(above), ABOVE)):
        words = text.split()
        for size in range(1, LONGEST + 1):
            for at in range(len(words) - size + 1):
                counts["_".join(words[at : at + size])] += weight
    for year in entry.years:
        counts[str(year)] += OWN
    return counts


def _has(passage: PlanPassage, task: Task | None, *, is_deadline: bool, is_named: bool) -> frozenset[Ask]:
    text = passage.text
    tests: dict[Ask, bool] = {
        "percent": "%" in text,
        "who": bool(task or _OFFICES.search(text) or office_of(passage)),
        "when": is_deadline or bool(_DATE.search(passage.full_text)),
        "often": bool(_OFTEN.search(text)),
        "number": bool(_NUMBERED.search(text)),
        "count": bool(_COUNTED.search(text)),
        "money": bool(_MONEY.search(text)),
        "phone": bool(_PHONE.search(text)),
        "hour": bool(_HOUR.search(text)),
        "signer": passage.kind == "signature",
        "person": passage.kind == "signature",
        "recipients": passage.kind == "recipients",
        "task": task is not None,
        "name": passage.kind == "head" and is_named,
    }
    return frozenset(ask for ask, holds in tests.items() if holds)


def _years(passage: PlanPassage, facts: PlanFacts) -> frozenset[int]:
    said = {int(year) for year in re.findall(r"(?:[Nn]ăm |/)(20\d\d)\b", f"{passage.heading} {passage.text}")}
    targets = {target.year for target in facts.targets if target.locator == passage.locator and target.year}
    return frozenset(said | targets)


def _folded(text: str) -> str:
    return fold(normalise(text))
