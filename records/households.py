"""Gia đình số: people of one household, by a code that the family chose; no address, no names.

A household is digital when at least one member has reached the first level: every guide of the
first level of their path done, its questions answered or a volunteer having seen it; or when staff saw it
and marked it. What a person only said of themselves does not make a household digital.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.community import Household
from records.models import Completion, Learner

SHORTEST, LONGEST = 4, 20  # signs of a code
PROVEN = ("quiz", "confirmed")
_VIETNAM = dt.timezone(dt.timedelta(hours=7))

Lessons = Mapping[str | None, Sequence[str]]  # group → guides of its first level; None: of everybody else

_WRITTEN = re.compile(rf"(?=.*[a-z])[a-z0-9]{{{SHORTEST},{LONGEST}}}")


def read_household_code(text: str) -> str | None:
    """The code as it is kept, of folded text: "Hoa Mai 25" → "hoamai25"; None when it is none.

    At least one letter: a number alone might be somebody's telephone or identity card.
    """
    signs = re.sub(r"[\s\-–—.,_]+", "", text.lower())
    return signs if _WRITTEN.fullmatch(signs) else None


def find_household(session: Session, *, commune_id: int, code: str) -> Household | None:
    return session.scalar(select(Household).where(Household.commune_id == commune_id, Household.code == code))


def join_household(
    session: Session, *, commune_id: int, learner_id: int, code: str, now: dt.datetime
) -> Household:
    """The learner belongs to the household of that code from now on; it is made when it is new.

    A new household counts in the hamlet of its first member.
    """
    here = (Learner.commune_id == commune_id, Learner.id == learner_id)
    leave_household(session, commune_id=commune_id, learner_id=learner_id)
    household = find_household(session, commune_id=commune_id, code=code)
    if household is None:
        hamlet_id = session.scalar(select(Learner.hamlet_id).where(*here))
        household = Household(commune_id=commune_id, code=code, hamlet_id=hamlet_id, created_at=now)
        try:
            with session.begin_nested():
                session.add(household)
        except IntegrityError:  # somebody of the family was first
            household = find_household(session, commune_id=commune_id, code=code)
            assert household is not None
    session.execute(update(Learner).where(*here).values(household_id=household.id))
    return household


def leave_household(session: Session, *, commune_id: int, learner_id: int) -> None:
    """A household without members goes, unless staff entered it."""
    here = (Learner.commune_id == commune_id, Learner.id == learner_id)
    left = session.scalar(select(Learner.household_id).where(*here))
    if left is None:
        return
    session.execute(update(Learner).where(*here).values(household_id=None))
    remove_empty(session, commune_id=commune_id)


def remove_empty(session: Session, *, commune_id: int) -> None:
    has_members = exists().where(
        Learner.commune_id == Household.commune_id, Learner.household_id == Household.id
    )
    session.execute(
        delete(Household).where(
            Household.commune_id == commune_id, Household.entered_by.is_(None), ~has_members
        )
    )


def members(session: Session, *, commune_id: int, household_id: int) -> int:
    count = select(func.count()).where(Learner.commune_id == commune_id, Learner.household_id == household_id)
    return session.scalar(count) or 0


def digital_households(
    session: Session,
    *,
    commune_id: int,
    lessons: Lessons,
    before: dt.datetime | None = None,
    household_id: int | None = None,
) -> set[int]:
    """Ids of the households with a member who has reached the first level, and of those staff marked.

    As of `before`, when it is given; of all households, or of one.
    """
    conditions = [Completion.created_at < before] if before else []
    if household_id is not None:
        conditions.append(Learner.household_id == household_id)
    rows = session.execute(
        select(Learner.household_id, Learner.id, Learner.group, Completion.guide)
        .join(
            Completion,
            (Completion.commune_id == Learner.commune_id) & (Completion.learner_id == Learner.id),
        )
        .where(
            Learner.commune_id == commune_id,
            Learner.household_id.is_not(None),
            Completion.grade.in_(PROVEN),
            Completion.taken_back_at.is_(None),
            *conditions,
        )
    )
    proven: dict[tuple[int, int, str | None], set[str]] = defaultdict(set)
    for home, learner_id, group, guide in rows:
        if home is not None:
            proven[home, learner_id, group].add(guide)
    return _marked(session, commune_id, before, household_id) | {
        home
        for (home, _learner, group), guides in proven.items()
        if has_reached(guides, lessons.get(group) or lessons.get(None) or ())
    }


def _marked(
    session: Session, commune_id: int, before: dt.datetime | None, household_id: int | None
) -> set[int]:
    """Those of which staff said that they reached it."""
    conditions = [Household.reached_on < before.astimezone(_VIETNAM).date()] if before else []
    if household_id is not None:
        conditions.append(Household.id == household_id)
    marked = select(Household.id).where(
        Household.commune_id == commune_id, Household.reached_on.is_not(None), *conditions
    )
    return set(session.scalars(marked))


def has_reached(proven: set[str] | frozenset[str], lessons: Sequence[str]) -> bool:
    """Whether `proven` guides hold a whole first level; a level without guides is never reached."""
    return bool(lessons) and proven.issuperset(lessons)
