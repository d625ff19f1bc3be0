"""What the records can count for a target of the plan: a short list of measures to choose from.

Counts of a period are of the days from `first` to `last`, both included, in Vietnam. What stands now
(volunteers, mentors) is counted as it stands. Names nobody.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.class_counts import ClassRow, Models, count_classes, count_models, total_of
from records.community import Household, Volunteer
from records.counts import count_learners
from records.households import Lessons, digital_households
from records.models import Completion, Hamlet

VIETNAM = dt.timezone(dt.timedelta(hours=7))
GUIDED = "guided"  # people who did a guide; "guided:vneid" for those of one topic
NO_LESSONS: Lessons = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Measured:
    count: int
    whole: int | None = None  # how many there are in all, where the records know it


@dataclass(frozen=True, slots=True)
class Span:
    """What a measure is asked for. `topics`: the guides of each topic."""

    commune_id: int
    first: dt.date
    last: dt.date
    lessons: Lessons
    topics: Mapping[str, Collection[str]]

    @property
    def start(self) -> dt.datetime:
        return dt.datetime.combine(self.first, dt.time(), VIETNAM)

    @property
    def end(self) -> dt.datetime:
        """The first moment after it."""
        return dt.datetime.combine(self.last + dt.timedelta(days=1), dt.time(), VIETNAM)


def measure(session: Session, name: str, span: Span) -> Measured | None:
    """None for a measure that is not known (any more), and where what it needs was not given."""
    kind, _, topic = name.partition(":")
    if kind == GUIDED:
        guides = span.topics.get(topic) if topic else None
        return Measured(_guided(session, span, guides)) if guides or not topic else None
    counted = _MEASURES.get(name)
    return counted(session, span) if counted else None


def _classes(name: str) -> Callable[[Session, Span], Measured]:
    def counted(session: Session, span: Span) -> Measured:
        rows = count_classes(session, commune_id=span.commune_id, first=span.first, last=span.last)
        total: ClassRow = total_of(rows)
        return Measured(getattr(total, name))

    return counted


def _models(name: str, whole: str | None = None) -> Callable[[Session, Span], Measured]:
    def counted(session: Session, span: Span) -> Measured:
        models: Models = count_models(session, commune_id=span.commune_id, lessons=span.lessons)
        return Measured(getattr(models, name), getattr(models, whole) if whole else None)

    return counted


def _asked(session: Session, span: Span) -> Measured:
    count = count_learners(session, commune_id=span.commune_id, start=span.start, end=span.end)
    return Measured(count, _of_hamlets(session, span, "population"))


def _guided(session: Session, span: Span, guides: Collection[str] | None) -> int:
    """Different people who did a guide in the period, in whatever grade; None: any guide."""
    count = select(func.count(Completion.learner_id.distinct())).where(
        Completion.commune_id == span.commune_id,
        Completion.created_at >= span.start,
        Completion.created_at < span.end,
        Completion.taken_back_at.is_(None),
        *([] if guides is None else [Completion.guide.in_(list(guides))]),
    )
    return session.scalar(count) or 0


def _households(session: Session, span: Span) -> Measured:
    count = select(func.count()).where(
        Household.commune_id == span.commune_id, Household.created_at < span.end
    )
    return Measured(session.scalar(count) or 0, _of_hamlets(session, span, "households"))


def _households_digital(session: Session, span: Span) -> Measured:
    reached = digital_households(session, commune_id=span.commune_id, lessons=span.lessons, before=span.end)
    return Measured(len(reached), _of_hamlets(session, span, "households"))


def _volunteers(session: Session, span: Span) -> Measured:
    return Measured(len(_active(session, span)))


def _ambassadors(session: Session, span: Span) -> Measured:
    named = [one for one in _active(session, span) if one.ambassador_on and one.ambassador_on <= span.last]
    return Measured(len(named))


def _hamlets_with_volunteer(session: Session, span: Span) -> Measured:
    """Hamlets that somebody helps in particular; who helps the whole commune does not count for them."""
    helped = {slug for one in _active(session, span) for slug in one.hamlets}
    slugs = set(
        session.scalars(
            select(Hamlet.slug).where(Hamlet.commune_id == span.commune_id, Hamlet.closed_at.is_(None))
        )
    )
    return Measured(len(slugs & helped), len(slugs))


def _active(session: Session, span: Span) -> list[Volunteer]:
    return list(
        session.scalars(select(Volunteer).where(Volunteer.commune_id == span.commune_id, Volunteer.is_active))
    )


def _of_hamlets(session: Session, span: Span, column: str) -> int | None:
    """People or households of all hamlets together; None unless each open one says how many."""
    numbers = list(
        session.scalars(
            select(getattr(Hamlet, column)).where(
                Hamlet.commune_id == span.commune_id, Hamlet.closed_at.is_(None)
            )
        )
    )
    return sum(numbers) or None if numbers and None not in numbers else None


_MEASURES: Mapping[str, Callable[[Session, Span], Measured]] = MappingProxyType(
    {
        "classes": _classes("classes"),
        "class_people": _classes("class_people"),
        "visits": _classes("visits"),
        "helps": _classes("helps"),
        "asked": _asked,
        "households": _households,
        "households_digital": _households_digital,
        "ambassadors": _ambassadors,
        "mentors": _models("mentors"),
        "mentors_enough": _models("mentors_enough", "mentors"),
        "mentees": _models("mentees"),
        "volunteers": _volunteers,
        "hamlets_with_volunteer": _hamlets_with_volunteer,
        "traders": _models("traders"),
        "traders_reached": _models("traders_reached", "traders"),
    }
)
MEASURES = (*_MEASURES, GUIDED)
# Counted as they stand when they are asked for, whatever the period.
STANDING = frozenset(
    ("ambassadors", "mentors", "mentors_enough", "mentees", "volunteers", "hamlets_with_volunteer",
     "traders", "traders_reached")
)  # fmt: skip
UNITS: Mapping[str, str] = MappingProxyType(
    {
        "classes": "class",
        "class_people": "attendance",
        "visits": "time",
        "helps": "time",
        "households": "household",
        "households_digital": "household",
        "hamlets_with_volunteer": "hamlet",
    }
)  # measure → what it counts; people where it is not here
