"""What a made-up year is made of: how much there is of what, and what people ask about."""

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

VIETNAM = dt.timezone(dt.timedelta(hours=7))
DAYS = 365
KEPT_TEXTS = dt.timedelta(days=90)  # as the nights of a year would have left them
KEPT_CALLS = dt.timedelta(days=180)

CHANNELS = {"webchat": 45, "zalo-oa": 35, "telegram": 14, "zalo-bot": 6}
OUTCOMES = {"guide": 74, "choices": 8, "no_answer": 8, "plan": 5, "scam_check": 4, "urgent": 1}
_WEEKDAYS = (1.15, 1.05, 1.0, 1.0, 1.1, 0.8, 0.65)
_HOURS = (0, 0, 0, 0, 0, 2, 5, 9, 13, 14, 12, 7, 5, 6, 9, 10, 9, 7, 8, 13, 14, 9, 4, 1)


@dataclass(frozen=True, slots=True)
class DemoGuide:
    slug: str
    steps: int
    questions: Sequence[str]


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """An approved plan; `head`, `passages` and `facts` as `records.plans` keeps them."""

    name: str
    head: Mapping[str, Any]
    passages: Sequence[Mapping[str, Any]]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DemoContent:
    guides: Sequence[DemoGuide]
    unanswerable: Sequence[str]  # questions that no guide is for
    first_lessons: Mapping[str | None, Sequence[str]]  # group → guides; None: of who chose no group
    plan: DemoPlan


@dataclass(frozen=True, slots=True)
class DemoSize:
    """All communes together; what is not there in a commune is shared out evenly."""

    communes: int = 1
    hamlets: int = 10
    learners: int = 400
    questions: int = 5_000

    def share(self, of: int, commune: int) -> int:
        """How many of `of` fall to the commune, counted from 0."""
        return of * (commune + 1) // self.communes - of * commune // self.communes


class Weighted:
    """Draws things in proportion to their weights."""

    def __init__(self, weights: Mapping[Any, float]) -> None:
        self._things, self._cumulated = list(weights), list(accumulate(weights.values()))

    def draw(self, chance: random.Random) -> Any:
        return chance.choices(self._things, cum_weights=self._cumulated)[0]


@dataclass
class Year:
    """The days up to `until`, and how busy each of them is."""

    until: dt.datetime  # the moment at which everything stands
    days: tuple[dt.date, ...] = field(init=False)

    def __post_init__(self) -> None:
        last = self.until.astimezone(VIETNAM).date()
        self.days = tuple(last - dt.timedelta(days=back) for back in reversed(range(DAYS)))
        self._hours = Weighted(dict(enumerate(_HOURS)))

    def per_day(self, total: int) -> list[int]:
        """`total` shared out over the days: more on weekdays, and more from month to month."""
        weights = [_WEEKDAYS[day.weekday()] * (0.4 + number / DAYS) for number, day in enumerate(self.days)]
        scale = total / sum(weights)
        ends = [round(end * scale) for end in accumulate(weights)]
        return [end - start for start, end in zip((0, *ends), ends, strict=False)]

    def moment(self, day: int, chance: random.Random) -> dt.datetime:
        """Some time of the day of that number, never after `until`."""
        start = dt.datetime.combine(self.days[day], dt.time(), VIETNAM)
        for _ in range(8):
            at = start + dt.timedelta(hours=self._hours.draw(chance), seconds=chance.random() * 3_600)
            if at <= self.until:
                return at.astimezone(dt.UTC)
        # The last day has hardly begun.
        return (start + chance.random() * (self.until - start)).astimezone(dt.UTC)

    def start_of(self, day: int) -> dt.datetime:
        """Before anybody is awake."""
        return dt.datetime.combine(self.days[day], dt.time(4), VIETNAM).astimezone(dt.UTC)


def long_tail(things: Sequence[Any], chance: random.Random) -> Weighted:
    """A few things are asked for most of the time, most of them seldom."""
    shuffled = chance.sample(things, len(things))
    return Weighted({thing: 1 / (rank + 2) for rank, thing in enumerate(shuffled)})
