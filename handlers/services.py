"""What Actions are built with. Plain values and callables; made in one place, in `bot/`."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from handlers.community import Community, NoCommunity
from handlers.working_hours import DEFAULT_HOURS, WorkingHours
from knowledge.guide import Guide, Step
from knowledge.helping import HelpingWords
from knowledge.intents import IntentWords
from knowledge.languages import Languages
from knowledge.lessons import Paths
from knowledge.library import Library
from knowledge.phrases import Phrases
from records.communes import CommuneProfile
from retrieval.engine import Found
from retrieval.heard import Heard
from retrieval.plan_search import PlanFound
from retrieval.within import Within


@dataclass(frozen=True, slots=True)
class HeldSummary:
    """What is held about a person, in a few lines for them to read; with placeholders of address."""

    text: str
    has_page: bool  # all of it can be seen on a page and taken away


@dataclass(frozen=True, slots=True)
class VolunteerFacts:
    """Who a volunteer is in whose chat we are."""

    id: int
    name: str
    hamlets: tuple[str, ...]  # slugs; () for the whole commune
    is_on_duty: bool


@dataclass(frozen=True, slots=True)
class Learning:
    """How far a learner is, and what was agreed with them."""

    group: str | None = None  # slug of the path they chose
    level: int | None = None  # 1 to 3, as they said
    done: Mapping[str, frozenset[str]] = field(default_factory=dict)  # guide → grades; the latest is last
    nearby: tuple[str, ...] = ()  # guides that several others of the hamlet have done, most of them first
    code: str | None = None  # what they are known by to volunteers and staff
    is_reminded: bool = False
    is_pushed: bool = True  # the channel can write first


@dataclass(frozen=True, slots=True)
class Call:
    """A call for a person, as a volunteer may see it: no name, no number, no secrets."""

    id: int
    code: str  # of who calls; empty until it was offered
    reason: str  # asked, urgent, misses, error
    guide: str | None
    step: int | None  # counted from 1
    question: str | None  # masked
    tried: tuple[Mapping[str, Any], ...]  # {"guide": slug} each, newest first
    hamlet: str | None  # name
    state: str  # open, taken, answered
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class HelpFacts:
    """Who writes, in calls for a person: as a volunteer who takes them, and as who called."""

    volunteer: VolunteerFacts | None = None
    mine: tuple[Call, ...] = ()  # that the volunteer has, taken first first
    waiting: tuple[Call, ...] = ()  # that the volunteer could take, oldest first
    state: str | None = None  # of the writer's own call; None: they have none
    helper: str | None = None  # name of the volunteer who has it
    code: str | None = None  # the writer's own, once they have one


@dataclass(frozen=True, slots=True)
class People:
    """Who uses one phone; empty while it is one person."""

    # By the word each goes by ('' for who wrote first): the slots they left with.
    slots: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Guides(Protocol):
    """The guides as a commune has them: those that are shipped with its staff's own over them."""

    def library(self) -> Library: ...

    def ask(self, question: str) -> Found: ...

    def hear(self, found: Found) -> Heard | None: ...

    def within(self, slug: str, found: Found, step: int) -> Within | None: ...


@dataclass(frozen=True, slots=True)
class Services:
    phrases: Phrases
    intents: IntentWords
    library: Callable[[], Library]  # the one now in force: a reload swaps it
    ask: Callable[[str], Found]
    hear: Callable[[Found], Heard | None]  # how a question was understood, where words were replaced
    within: Callable[[str, Found, int], Within | None]  # (guide, question, step from 1), see retrieval.within
    plan: Callable[[str, str], PlanFound | None]  # (commune, question); None: it has no plan here
    commune: Callable[[str], CommuneProfile]  # by slug
    clock: Callable[[], dt.datetime]  # aware
    # (commune's id, sender) → what is held about them; None where nobody can say.
    held: Callable[[int, str], HeldSummary | None] = lambda _commune_id, _sender: None
    kept_days: int = 90  # how long texts are kept
    community: Community = field(default_factory=NoCommunity)  # classes, mentors, households
    class_counts: tuple[str, ...] = ("women", "over_60")  # counted of those who come to a class
    # (commune's id, sender) → the volunteer who writes; None for everybody else.
    volunteer: Callable[[int, str], VolunteerFacts | None] = lambda _commune_id, _sender: None
    hours: WorkingHours = DEFAULT_HOURS  # when people answer calls
    paths: Paths = field(default_factory=Paths)  # what is learnt in which order
    # (commune's id, sender) → how far they are; an empty one for whom nobody knows.
    learning: Callable[[int, str], Learning] = lambda _commune_id, _sender: Learning()
    # (commune's id, sender) → calls for a person; None where nobody can say.
    help: Callable[[int, str], HelpFacts | None] = lambda _commune_id, _sender: None
    helping: HelpingWords = field(default_factory=HelpingWords)  # what volunteers say
    # (commune's id, sender) → who uses that phone; None where that is not kept apart.
    people: Callable[[int, str], People | None] = lambda _commune_id, _sender: None
    # The picture of a step, as the path the chat is served at; None where it has none.
    picture: Callable[[Step], str | None] = lambda _step: None
    # (commune's slug, guide, channel) → the path of its paper to print; None where it cannot be given.
    paper: Callable[[str, Guide, str], str | None] = lambda _commune, _guide, _channel: None
    # (commune's slug, channel) → how replies can be heard there: as a "message", only of a "step", by a
    # button of the "page"; None: not at all.
    sound: Callable[[str, str], str | None] = lambda _commune, _channel: None
    # commune's slug → its guides; None where it has but those that are shipped.
    own_guides: Callable[[str], Guides | None] = lambda _commune: None
    languages: Languages = field(default_factory=Languages)  # beside Vietnamese

    def of(self, commune: str) -> "Services":
        """The same with the guides as this commune has them: taken once for a piece of work."""
        own = self.own_guides(commune)
        if own is None:
            return self
        return replace(self, library=own.library, ask=own.ask, hear=own.hear, within=own.within)

    def in_language(self, tag: object) -> "Services":
        """The same with the texts people read in that language, as far as it has them.

        What is found, and what is done, stays the same: questions are understood in Vietnamese.
        """
        language = self.languages.get(tag)
        if language is None:
            return self
        return replace(self, phrases=language.phrases, library=lambda: language.library(self.library()))
