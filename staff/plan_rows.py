"""Correct one row of a draft plan: a passage, a target, a task, a deadline; or add one, or drop it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

from fastapi import Depends, Path, Request, Response
from fastapi.responses import RedirectResponse

from knowledge.plan_facts import BOUNDS, REPORT_PERIODS
from knowledge.plan_lines import squeeze
from knowledge.plan_passages import MAX_PASSAGE, PassageKind
from records import plan_edits
from records.models import PlanVersion
from staff.access import CurrentUser
from staff.plan_words import PERCENT
from staff.plans import PATH, Version, find_plan
from staff.route import Refused
from staff.site import CurrentSite

MAX_LINE = 300

PartName = Annotated[Literal["doan", "chi-tieu", "nhiem-vu", "han-bao-cao"], Path()]
Number = Annotated[int, Path(ge=0, lt=10_000)]  # 0: a new row


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: Literal["line", "text", "number", "year", "day", "choice"] = "line"
    is_needed: bool = False
    choices: tuple[str, ...] = ()


PARTS: Mapping[str, plan_edits.Part] = MappingProxyType(
    {"doan": "passages", "chi-tieu": "targets", "nhiem-vu": "tasks", "han-bao-cao": "deadlines"}
)
FIELDS: Mapping[plan_edits.Part, tuple[Field, ...]] = MappingProxyType(
    {
        "passages": (
            Field("locator", is_needed=True),
            Field("kind", "choice", is_needed=True, choices=get_args(PassageKind)),
            Field("heading"),
            Field("text", "text", is_needed=True),
        ),
        "targets": (
            Field("group", is_needed=True),
            Field("measure"),
            Field("bound", "choice", choices=("", *BOUNDS)),
            Field("percent", "number", is_needed=True),
            Field("unit", is_needed=True),
            Field("year", "year"),
            Field("locator", is_needed=True),
        ),
        "tasks": (
            Field("what", "text", is_needed=True),
            Field("lead"),
            Field("cooperates"),
            Field("when"),
            Field("locator", is_needed=True),
        ),
        "deadlines": (
            Field("when", is_needed=True),
            Field("period", "choice", choices=("", *REPORT_PERIODS)),
            Field("day", "day"),
            Field("who"),
            Field("to"),
            Field("locator", is_needed=True),
        ),
    }
)


def show(site: CurrentSite, user: CurrentUser, version: Version, part: PartName, number: Number) -> Response:
    with site.database.read() as session:
        plan = find_plan(session, user, version)
        session.expunge(plan)
    if plan.state != "draft":
        raise Refused(409, "plans_desk.refused_not_draft")
    row = _row(plan, PARTS[part], number) if number else {}
    return site.page(
        "plan_row.html",
        user=user,
        plan=plan,
        part=part,
        number=number,
        fields=FIELDS[PARTS[part]],
        row={"unit": PERCENT, **row},  # a target read from a file is a share
        seen=plan_edits.stamp(row) if number else "",
        limits={"line": MAX_LINE, "text": MAX_PASSAGE},
    )


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields as they were typed; files are none."""
    form = await request.form()
    return {name: value.replace("\x00", "") for name, value in form.items() if isinstance(value, str)}


Typed = Annotated[Mapping[str, str], Depends(form_of)]


def save(
    site: CurrentSite,
    user: CurrentUser,
    version: Version,
    part: PartName,
    number: Number,
    form: Typed,
) -> Response:
    name = PARTS[part]
    seen, by, now = form.get("seen", ""), user.actor, site.clock()
    row = None if form.get("what_to_do") == "drop" else _read(FIELDS[name], form)
    with site.database.write() as session:
        plan = find_plan(session, user, version)
        try:
            if row is None:
                plan_edits.drop_row(session, plan, name, number=number, seen=seen, by=by, now=now)
            else:
                _check_place(plan, name, number, row)
                plan_edits.save_row(session, plan, name, number=number, seen=seen, row=row, by=by, now=now)
        except plan_edits.NotADraft as error:
            raise Refused(409, "plans_desk.refused_not_draft") from error
        except plan_edits.Changed as error:
            raise Refused(409, "plans_desk.refused_changed") from error
    return RedirectResponse(f"{PATH}/{version}#{part}", 303)


def _row(plan: PlanVersion, part: plan_edits.Part, number: int) -> dict[str, Any]:
    rows = plan_edits.rows_of(plan, part)
    if number > len(rows):
        raise Refused(404, "staff.refused_missing")
    return rows[number - 1]


def _read(fields: tuple[Field, ...], form: Mapping[str, str]) -> dict[str, Any]:
    """The row that a form says; raises `Refused`."""
    return {field.name: _value(field, form.get(f"field_{field.name}", "")) for field in fields}


def _value(field: Field, said: str) -> object:
    text = squeeze("".join(letter for letter in said if letter.isprintable() or letter.isspace()))
    if (not text and field.is_needed) or len(text) > (MAX_PASSAGE if field.kind == "text" else MAX_LINE):
        raise Refused(400, "plans_desk.refused_field")
    match field.kind:
        case "choice":
            if text not in field.choices and text:
                raise Refused(400, "staff.refused_request")
        case "number":
            return read_number(text)
        case "year":
            return _whole(text, 2020, 2099)
        case "day":
            return _whole(text, 1, 31)
    if text:
        return text
    return "" if field.name in ("measure", "bound", "heading") else None


def read_number(text: str) -> float:
    """'1.234,5' → 1234.5; raises `Refused`."""
    plain = text.strip().removesuffix("%").strip()
    if not re.fullmatch(r"(\d{1,3}(\.\d{3})+|\d{1,9})(,\d{1,2})?", plain, re.ASCII):
        raise Refused(400, "plans_desk.refused_number")
    return float(plain.replace(".", "").replace(",", "."))


def _whole(text: str, least: int, most: int) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or not least <= int(text) <= most:
        raise Refused(400, "plans_desk.refused_number")
    return int(text)


def _check_place(plan: PlanVersion, part: plan_edits.Part, number: int, row: Mapping[str, Any]) -> None:
    """Answers name a passage by its place: no two may have the same."""
    if part != "passages":
        return
    others = [other["locator"] for at, other in enumerate(plan.passages, 1) if at != number]
    if row["locator"] in others:
        raise Refused(409, "plans_desk.refused_place")
