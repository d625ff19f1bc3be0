"""The commune's plan: bring it in as a draft, look at what was recognised, approve it, go back."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Path, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from knowledge.plan_facts import facts_to_data, plan_facts
from knowledge.plan_file import MAX_BYTES, PlanFileError, read_plan_upload, shown_name
from knowledge.plan_structure import Plan, PlanError, parse_plan, plan_to_data
from records import plan_edits, plans
from records.models import Commune, PlanVersion
from records.report_dates import PERIODS, entered_date, next_deadline
from staff.access import CurrentUser, FormText, StaffUser
from staff.plan_figures import plan_targets
from staff.route import Refused
from staff.site import PREFIX, CurrentSite

PATH = f"{PREFIX}/ke-hoach"
MAX_FORM_BYTES = MAX_BYTES + 4 * 1024 * 1024  # somewhat more, so that a file too large is told so in words
MAX_NAME, MAX_LINE = 300, 200
HEAD = ("issuer", "number", "date", "subject", "signer", "signer_post")

Version = Annotated[int, Path(ge=1, lt=2**31)]


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of a part, with where to correct it."""

    number: int  # counted from 1
    row: dict[str, object]
    mark: dict[str, object] | None  # the last correction


def show(site: CurrentSite, user: CurrentUser) -> Response:
    """What holds now: targets with what was reached, tasks, the next report; and all versions."""
    today = site.today()
    with site.database.read() as session:
        commune = session.get_one(Commune, user.commune_id)
        current = plans.current_plan(session, commune)
        versions = plans.list_versions(session, commune)
        targets = plan_targets(site, session, commune_id=user.commune_id, first=today, last=today)
        deadline = next_deadline(session, user.commune_id, today)
        entered = entered_date(session, user.commune_id)
        session.expunge_all()
    return site.page(
        "plans.html",
        user=user,
        current=current,
        versions=versions,
        targets=targets,
        tasks=current.facts.get("tasks", []) if current else [],
        deadline=deadline,
        entered=entered,
        periods=list(PERIODS),
        today=today,
        max_mb=MAX_BYTES // 2**20,
    )


def upload(site: CurrentSite, user: CurrentUser, file: UploadFile | None = None) -> Response:
    """Reads the file in a child process with limits. What cannot be read is told, and nothing is kept."""
    if file is None or not file.filename:
        raise Refused(400, "plans_desk.refused_no_file")
    name = shown_name(file.filename)
    try:
        text = read_plan_upload(name, file.file)
        plan = parse_plan(text, name=name)
    except PlanFileError as error:
        raise Refused(400, f"plans_desk.file_{error.reason}") from error
    except PlanError as error:
        raise Refused(400, "plans_desk.file_no_parts") from error
    file.file.seek(0)
    sha256 = hashlib.sha256(file.file.read()).hexdigest()
    with site.database.write() as session:
        draft = _draft(session, site, user, plan, text, name, sha256)
        version = draft.version
    return RedirectResponse(f"{PATH}/{version}", 303)


def show_version(site: CurrentSite, user: CurrentUser, version: Version) -> Response:
    with site.database.read() as session:
        plan = find_plan(session, user, version)
        session.expunge(plan)
    return site.page(
        "plan.html",
        user=user,
        plan=plan,
        parts={part: listed(plan, part) for part in ("passages", "targets", "tasks", "deadlines")},
        head_mark=plan_edits.marks(plan, "head").get(""),
        fields=HEAD,
        limits={"name": MAX_NAME, "line": MAX_LINE},
    )


def save_head(
    site: CurrentSite,
    user: CurrentUser,
    version: Version,
    name: FormText = "",
    issuer: FormText = "",
    number: FormText = "",
    date: FormText = "",
    subject: FormText = "",
    signer: FormText = "",
    signer_post: FormText = "",
) -> Response:
    said = {
        "issuer": issuer,
        "number": number,
        "date": date,
        "subject": subject,
        "signer": signer,
        "signer_post": signer_post,
    }
    head = {field: " ".join(text[:MAX_NAME].split()) or None for field, text in said.items()}
    title = " ".join(name[:MAX_NAME].split())
    if not title:
        raise Refused(400, "plans_desk.refused_name")
    with site.database.write() as session:
        plan = find_plan(session, user, version)
        try:
            plan_edits.save_head(session, plan, name=title, head=head, by=user.actor, now=site.clock())
        except plan_edits.NotADraft as error:
            raise Refused(409, "plans_desk.refused_not_draft") from error
    return RedirectResponse(f"{PATH}/{version}", 303)


def ask_approve(site: CurrentSite, user: CurrentUser, version: Version) -> Response:
    with site.database.read() as session:
        plan = _approvable(session, user, version)
        current = plans.current_plan(session, session.get_one(Commune, user.commune_id))
        session.expunge_all()
    return site.page("plan_approve.html", user=user, plan=plan, current=current, seen=stamp_of(plan))


def approve(
    site: CurrentSite, user: CurrentUser, version: Version, seen: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """Only what was shown is approved: a draft that was corrected in the meantime is looked at again."""
    with site.database.write() as session:
        plan = _approvable(session, user, version)
        if seen != stamp_of(plan):
            raise Refused(409, "plans_desk.refused_changed")
        commune = session.get_one(Commune, user.commune_id)
        plans.approve(session, commune, version=version, by=user.actor, now=site.clock())
    return RedirectResponse(PATH, 303)


def ask_rollback(site: CurrentSite, user: CurrentUser) -> Response:
    with site.database.read() as session:
        commune = session.get_one(Commune, user.commune_id)
        current = plans.current_plan(session, commune)
        if current is None or current.replaces is None:
            raise Refused(409, "plans_desk.refused_no_earlier")
        earlier = plans.find_version(session, commune, current.replaces)
        session.expunge_all()
    return site.page("plan_rollback.html", user=user, current=current, earlier=earlier)


def rollback(site: CurrentSite, user: CurrentUser, version: Annotated[int, Form(ge=1, lt=2**31)]) -> Response:
    """`version` is the one to leave: pressing twice goes back once."""
    with site.database.write() as session:
        commune = session.get_one(Commune, user.commune_id)
        current = plans.current_plan(session, commune)
        if current is not None and current.version == version:
            try:
                plans.rollback(session, commune, by=user.actor, now=site.clock())
            except plans.NoEarlierPlan as error:
                raise Refused(409, "plans_desk.refused_no_earlier") from error
    return RedirectResponse(PATH, 303)


def discard(site: CurrentSite, user: CurrentUser, version: Version) -> Response:
    """A draft that is not wanted; who pressed twice sees the list all the same."""
    with site.database.write() as session:
        plan = find_plan(session, user, version)
        if plan.state != plans.DISCARDED:
            try:
                plan_edits.discard(session, plan, by=user.actor, now=site.clock())
            except plan_edits.NotADraft as error:
                raise Refused(409, "plans_desk.refused_not_draft") from error
    return RedirectResponse(PATH, 303)


def copy(site: CurrentSite, user: CurrentUser, version: Version) -> Response:
    """A draft of a version that is no draft any more, to correct it."""
    with site.database.write() as session:
        plan = find_plan(session, user, version)
        if plan.state == "draft":
            return RedirectResponse(f"{PATH}/{version}", 303)
        commune = session.get_one(Commune, user.commune_id)
        draft = plan_edits.copy_as_draft(session, commune, plan, by=user.actor, now=site.clock())
        number = draft.version
    return RedirectResponse(f"{PATH}/{number}", 303)


def find_plan(session: Session, user: StaffUser, version: int) -> PlanVersion:
    commune = session.get_one(Commune, user.commune_id)
    plan = plans.find_version(session, commune, version)
    if plan is None:
        raise Refused(404, "staff.refused_missing")
    return plan


def _approvable(session: Session, user: StaffUser, version: int) -> PlanVersion:
    plan = find_plan(session, user, version)
    if plan.state == plans.DISCARDED:
        raise Refused(409, "plans_desk.refused_discarded")
    return plan


def listed(plan: PlanVersion, part: plan_edits.Part) -> list[Listed]:
    marks = plan_edits.marks(plan, part)
    return [
        Listed(number, row, marks.get(str(row["locator"])))
        for number, row in enumerate(plan_edits.rows_of(plan, part), 1)
    ]


def stamp_of(plan: PlanVersion) -> str:
    """What tells a plan from the same plan corrected."""
    return plan_edits.stamp(
        {"name": plan.name, "head": plan.head, "passages": plan.passages, "facts": plan.facts}
    )


def _draft(
    session: Session, site: CurrentSite, user: StaffUser, plan: Plan, text: str, name: str, sha256: str
) -> PlanVersion:
    data = plan_to_data(plan)
    return plans.add_draft(
        session,
        session.get_one(Commune, user.commune_id),
        name=plan.head.title or name,
        source_name=name,
        sha256=sha256,
        head=data["head"],
        passages=data["passages"],
        facts=facts_to_data(plan_facts(plan)),
        text=text,
        by=user.actor,
        now=site.clock(),
    )
