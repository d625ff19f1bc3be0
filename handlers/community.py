"""What Actions about classes, mentors and households read from records: a port and its values.

The host brings the other side; without one nobody has a code, a note or a household.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LearnerFacts:
    """A learner as a volunteer may see them: by their code."""

    code: str
    hamlet: str | None  # slug
    is_oneself: bool  # the code of the volunteer who asks
    is_mentee: bool  # of the volunteer who asks
    done: Mapping[str, frozenset[str]] = field(default_factory=dict)  # guide → grades that count


@dataclass(frozen=True, slots=True)
class SavedNote:
    id: int
    kind: str
    day: dt.date
    hamlet: str | None  # slug; None for the whole commune
    total: int
    guides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mentee:
    code: str
    done: int  # guides
    latest: str | None  # the guide done last


@dataclass(frozen=True, slots=True)
class Mentor:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class HouseholdFacts:
    code: str
    members: int
    is_digital: bool


class Community(Protocol):
    """`sender` is who writes; what is not there is None or empty."""

    def learner(self, commune_id: int, sender: str, code: str) -> LearnerFacts | None: ...

    def last_note(self, commune_id: int, sender: str) -> SavedNote | None:
        """What the volunteer noted last and can still take back."""

    def mentees(self, commune_id: int, sender: str) -> tuple[Mentee, ...]: ...

    def mentors(self, commune_id: int, sender: str) -> tuple[Mentor, ...]: ...

    def household(self, commune_id: int, sender: str) -> HouseholdFacts | None: ...

    def household_named(self, commune_id: int, code: str) -> HouseholdFacts | None: ...


class NoCommunity:
    """Where nothing is kept: a conversation without a database."""

    def learner(self, commune_id: int, sender: str, code: str) -> LearnerFacts | None:
        return None

    def last_note(self, commune_id: int, sender: str) -> SavedNote | None:
        return None

    def mentees(self, commune_id: int, sender: str) -> tuple[Mentee, ...]:
        return ()

    def mentors(self, commune_id: int, sender: str) -> tuple[Mentor, ...]:
        return ()

    def household(self, commune_id: int, sender: str) -> HouseholdFacts | None:
        return None

    def household_named(self, commune_id: int, code: str) -> HouseholdFacts | None:
        return None
