"""The models of the movement as lists: Gia đình số, Đại sứ số, Chợ số."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from knowledge.plan_lines import fold
from records.class_counts import TRADERS, count_models
from records.community import Household, Volunteer
from records.hamlets import list_hamlets
from records.households import digital_households, read_household_code
from records.mentorships import ENOUGH, counts_by_mentor
from records.models import Hamlet, Learner
from records.volunteers import list_volunteers
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.fields import typed, typed_day
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

HOUSEHOLDS, AMBASSADORS = f"{PREFIX}/gia-dinh-so", f"{PREFIX}/dai-su-so"
MAX_LISTED, MAX_NOTE = 1_000, 500

RowId = Annotated[int, Path(ge=1, lt=2**63)]


@dataclass(frozen=True, slots=True)
class ListedHousehold:
    household: Household
    hamlet: str | None
    members: int
    is_digital: bool


@dataclass(frozen=True, slots=True)
class ListedAmbassador:
    volunteer: Volunteer
    hamlets: str
    mentees: int


def show_households(site: CurrentSite, user: CurrentUser) -> Response:
    with site.database.read() as session:
        listed = _households(session, site, user)
        total = session.scalar(select(func.count()).where(Household.commune_id == user.commune_id)) or 0
        hamlets = list_hamlets(session, commune_id=user.commune_id)
        session.expunge_all()
    return site.page(
        "households.html",
        user=user,
        listed=listed,
        total=total,
        reached=sum(each.is_digital for each in listed),
        hamlets=hamlets,
        today=site.today(),
        limits={"note": MAX_NOTE},
    )


def add_household(
    site: CurrentSite, user: CurrentUser, code: FormText = "", hamlet: FormText = "", noted: FormText = ""
) -> Response:
    """By the code the family chose: no names, no address."""
    read = read_household_code(fold(code[:100]))
    if read is None:
        raise Refused(400, "lists.refused_code")
    now, text = site.clock(), typed(site, noted, limit=MAX_NOTE) or None
    with site.database.write() as session:
        household = Household(
            commune_id=user.commune_id,
            code=read,
            hamlet_id=_hamlet_id(session, user, hamlet),
            entered_by=user.actor,
            note=text,
            created_at=now,
        )
        try:
            with session.begin_nested():
                session.add(household)
        except IntegrityError as error:
            raise Refused(409, "lists.refused_code_taken") from error
        _note(session, user, "household_added", now, household=str(household.id))
    return RedirectResponse(HOUSEHOLDS, 303)


def show_household(site: CurrentSite, user: CurrentUser, household_id: RowId) -> Response:
    with site.database.read() as session:
        household = _find(session, user, household_id)
        members = _members(session, user)[household_id]
        is_digital = household_id in digital_households(
            session,
            commune_id=user.commune_id,
            lessons=site.paths.first_lessons(),
            household_id=household_id,
        )
        hamlets = list_hamlets(session, commune_id=user.commune_id)
        session.expunge_all()
    return site.page(
        "household.html",
        user=user,
        household=household,
        members=members,
        is_digital=is_digital,
        hamlets=hamlets,
        today=site.today(),
        limits={"note": MAX_NOTE},
    )


def change_household(
    site: CurrentSite,
    user: CurrentUser,
    household_id: RowId,
    hamlet: FormText = "",
    noted: FormText = "",
    reached: FormText = "",
    reached_on: FormText = "",
) -> Response:
    """`reached` "yes" when somebody of the commune saw that it is digital."""
    now, text = site.clock(), typed(site, noted, limit=MAX_NOTE) or None
    day = typed_day(reached_on, today=site.today()) if reached == "yes" else None
    with site.database.write() as session:
        household = _find(session, user, household_id)
        household.hamlet_id, household.note = _hamlet_id(session, user, hamlet), text
        if household.reached_on != day:
            household.reached_on, household.reached_by = day, user.actor if day else None
        # Somebody of the commune looks after it now: it no longer goes with its last member.
        household.entered_by = household.entered_by or (user.actor if day else None)
        _note(
            session,
            user,
            "household_changed",
            now,
            household=str(household_id),
            reached_on=day.isoformat() if day else None,
        )
    return RedirectResponse(f"{HOUSEHOLDS}/{household_id}", 303)


def show_ambassadors(site: CurrentSite, user: CurrentUser) -> Response:
    with site.database.read() as session:
        names = {each.slug: each.name for each in list_hamlets(session, commune_id=user.commune_id)}
        mentees = counts_by_mentor(session, commune_id=user.commune_id)
        listed = [
            ListedAmbassador(
                each,
                ", ".join(names.get(slug, slug) for slug in each.hamlets),
                mentees.get(each.id, 0),
            )
            for each in list_volunteers(session, commune_id=user.commune_id)
            if each.is_active
        ]
        models = count_models(session, commune_id=user.commune_id, lessons=site.paths.first_lessons())
        traders = _traders(session, user)
        session.expunge_all()
    return site.page(
        "ambassadors.html",
        user=user,
        listed=sorted(listed, key=lambda each: (each.volunteer.ambassador_on is None, -each.mentees)),
        models=models,
        traders=traders,
        enough=ENOUGH,
        today=site.today(),
    )


def mark_ambassador(
    site: CurrentSite, user: CurrentUser, volunteer_id: RowId, what: FormText = "", on: FormText = ""
) -> Response:
    """Name a volunteer Đại sứ số from a day on, or take it back."""
    if what not in ("name", "take_back"):
        raise Refused(400, "staff.refused_request")
    day = typed_day(on, today=site.today()) if what == "name" else None
    now = site.clock()
    with site.database.write() as session:
        volunteer = session.get(Volunteer, (user.commune_id, volunteer_id), with_for_update=True)
        if volunteer is None:
            raise Refused(404, "staff.refused_missing")
        volunteer.ambassador_on, volunteer.ambassador_by = day, user.actor if day else None
        _note(
            session,
            user,
            f"ambassador_{what}",
            now,
            volunteer=str(volunteer_id),
            day=day.isoformat() if day else None,
        )
    return RedirectResponse(f"{AMBASSADORS}#nguoi-{volunteer_id}", 303)


def _households(session: Session, site: Site, user: StaffUser) -> list[ListedHousehold]:
    """By hamlet, then by code."""
    digital = digital_households(session, commune_id=user.commune_id, lessons=site.paths.first_lessons())
    members = _members(session, user)
    rows = session.execute(
        select(Household, Hamlet.name)
        .outerjoin(Hamlet, (Hamlet.commune_id == Household.commune_id) & (Hamlet.id == Household.hamlet_id))
        .where(Household.commune_id == user.commune_id)
        .order_by(func.coalesce(Hamlet.position, 9_999), Household.code)
        .limit(MAX_LISTED)
    )
    return [
        ListedHousehold(household, hamlet, members[household.id], household.id in digital)
        for household, hamlet in rows
    ]


def _members(session: Session, user: StaffUser) -> Counter[int]:
    rows = session.execute(
        select(Learner.household_id, func.count())
        .where(Learner.commune_id == user.commune_id, Learner.household_id.is_not(None))
        .group_by(Learner.household_id)
    )
    return Counter({household: count for household, count in rows if household is not None})


def _traders(session: Session, user: StaffUser) -> list[tuple[str | None, int]]:
    """(hamlet, people on the path of Chợ số) where there are any."""
    rows = session.execute(
        select(Hamlet.name, func.count())
        .select_from(Learner)
        .outerjoin(Hamlet, (Hamlet.commune_id == Learner.commune_id) & (Hamlet.id == Learner.hamlet_id))
        .where(Learner.commune_id == user.commune_id, Learner.group == TRADERS)
        .group_by(Hamlet.name, Hamlet.position)
        .order_by(func.coalesce(Hamlet.position, 9_999))
    )
    return [(row[0], row[1]) for row in rows]


def _hamlet_id(session: Session, user: StaffUser, said: str) -> int | None:
    known = {str(each.id): each.id for each in list_hamlets(session, commune_id=user.commune_id)}
    if said and said not in known:
        raise Refused(400, "staff.refused_request")
    return known.get(said)


def _find(session: Session, user: StaffUser, household_id: int) -> Household:
    household = session.get(Household, (user.commune_id, household_id))
    if household is None:
        raise Refused(404, "staff.refused_missing")
    return household


def _note(session: Session, user: StaffUser, action: str, now: dt.datetime, **detail: object) -> None:
    note(session, commune_id=user.commune_id, actor=user.actor, action=action, now=now, **detail)
