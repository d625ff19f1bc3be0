"""What Actions are built with. Plain values and callables; made in one place, in `bot/`."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from knowledge.intents import IntentWords
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
    # (commune's id, sender) → the volunteer who writes; None for everybody else.
    volunteer: Callable[[int, str], VolunteerFacts | None] = lambda _commune_id, _sender: None
