"""The hamlets of a made-up commune and who lives there: learners, volunteers, households."""

import datetime as dt
import hashlib
import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from records.codes import nth_code
from records.demo.plan import CHANNELS, Weighted, Year
from records.ids import Ids

NOT_NAMED = 0.12  # of the people did not say where they live
HOUSEHOLD = 0.35  # of the people belong to a Gia đình số
IN_HOUSEHOLD = 2.2  # people, on average
NEWS = 0.55  # agreed to receive news
LEFT = 0.03  # blocked us or went away
FELL_SILENT = 45  # days before the end
VERSION = "1"  # of the wordings they read and agreed to


@dataclass(frozen=True, slots=True)
class Place:
    """A hamlet. Not all are alike: a page must show which needs help."""

    id: int
    slug: str
    weight: float  # how much it is used; 0: not at all
    unanswered: float  # how much more often than elsewhere a question finds no answer
    silent_from: int  # the day from which nobody there asks any more


@dataclass
class People:
    """The learners of a commune by number, in the order in which they came."""

    commune_id: int
    places: Sequence[Place]
    ids: "array[int]" = field(default_factory=lambda: array("q"))
    joined: "array[int]" = field(default_factory=lambda: array("i"))  # day
    last_day: "array[int]" = field(default_factory=lambda: array("i"))  # on which they wrote; -1: never
    place: "array[int]" = field(default_factory=lambda: array("i"))  # number of the place; -1: not named
    channel: list[str] = field(default_factory=list)
    group: list[str | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def hamlet_id(self, number: int) -> int | None:
        return self.places[self.place[number]].id if self.place[number] >= 0 else None


def places_of(hamlet_ids: Sequence[tuple[int, str]], days: int) -> list[Place]:
    """(id, slug) of the hamlets. The last is not used, the one before finds few answers, …"""
    count = len(hamlet_ids)
    places = []
    for number, (hamlet_id, slug) in enumerate(hamlet_ids):
        from_end = count - number
        is_unused = from_end == 1 and count > 2
        places.append(
            Place(
                hamlet_id,
                slug,
                weight=0.0 if is_unused else 1 / (number + 3),
                unanswered=5.0 if from_end == 2 and count > 3 else 1.0,
                silent_from=days - FELL_SILENT if from_end == 3 and count > 4 else days,
            )
        )
    return places


def come(
    commune_id: int, places: Sequence[Place], count: int, year: Year, groups: Sequence[str], make: Ids,
    chance: random.Random,
) -> People:  # fmt: skip
    """Who comes when, from where, and by which channel; `make` makes their ids."""
    people = People(commune_id, places)
    lives = Weighted({number: place.weight for number, place in enumerate(places)})
    channels = Weighted(CHANNELS)
    chosen = Weighted({None: 3.0, **{group: 4.0 / (rank + 1) for rank, group in enumerate(groups)}})
    for day, joining in enumerate(year.per_day(count)):
        for _ in range(joining):
            people.ids.append(make(year.start_of(day)))
            people.joined.append(day)
            people.last_day.append(-1)
            people.place.append(-1 if chance.random() < NOT_NAMED else _home(places, lives, day, chance))
            people.channel.append(channels.draw(chance))
            people.group.append(chosen.draw(chance))
    return people


def _home(places: Sequence[Place], lives: Weighted, day: int, chance: random.Random) -> int:
    """Where somebody lives who comes on that day: not where nobody asks any more."""
    while True:
        number: int = lives.draw(chance)
        if day < places[number].silent_from:
            return number


def learner_rows(
    people: People, year: Year, households: Sequence[int], chance: random.Random
) -> Iterator[dict[str, Any]]:
    """`households` are ids of families; a code for everybody, for classes are noted with them."""
    for number, learner_id in enumerate(people.ids):
        at = year.start_of(people.joined[number])
        wants_news = chance.random() < NEWS
        yield {
            "commune_id": people.commune_id,
            "id": learner_id,
            "hamlet_id": people.hamlet_id(number),
            "code": nth_code(number),
            "group": people.group[number],
            "level": chance.choice((None, 1, 1, 2, 3)),
            "household_id": chance.choice(households) if households and chance.random() < HOUSEHOLD else None,
            "notice_version": VERSION,
            "notice_at": at,
            "consent_version": VERSION,
            "consent_at": at,
            "announce_consent_version": VERSION if wants_news else None,
            "announce_consent_at": at if wants_news else None,
            "created_at": at,
        }


def household_rows(people: People, year: Year, make: Ids) -> Iterator[dict[str, Any]]:
    """A family for every few people; it counts in the hamlet of one of them."""
    for number in range(int(len(people) * HOUSEHOLD / IN_HOUSEHOLD)):
        at = year.start_of(people.joined[number])
        yield {
            "commune_id": people.commune_id,
            "id": make(at),
            "code": f"nhamau{number + 1}",
            "hamlet_id": people.hamlet_id(number),
            "created_at": at,
        }


def identity_rows(people: People, year: Year, make: Ids, chance: random.Random) -> Iterator[dict[str, Any]]:
    """No address: nothing is ever sent to people who do not exist."""
    for number, learner_id in enumerate(people.ids):
        at, seen = _seen(people, year, number)
        name = f"mẫu {people.commune_id} {number}"
        yield {
            "commune_id": people.commune_id,
            "id": make(at),
            "learner_id": learner_id,
            "channel": people.channel[number],
            "external_hash": hashlib.sha256(name.encode()).hexdigest(),
            "sealed_address": None,
            "last_message_at": seen,
            "left_at": seen if chance.random() < LEFT else None,
            "created_at": at,
        }


def talk_rows(people: People, year: Year, identities: Sequence[int], make: Ids) -> Iterator[dict[str, Any]]:
    """A conversation for each of `identities`, which are in the order of the people."""
    for number, identity_id in enumerate(identities):
        at, seen = _seen(people, year, number)
        yield {
            "commune_id": people.commune_id,
            "id": make(at),
            "learner_id": people.ids[number],
            "identity_id": identity_id,
            "channel": people.channel[number],
            "slots": {},
            "turns": 1,
            "is_unlogged": False,
            "erased_at": None,
            "updated_at": seen,
        }


def volunteer_rows(
    people: People, talks: Sequence[int], year: Year, make: Ids, *, per_hamlet: int = 3
) -> Iterator[dict[str, Any]]:
    """Some for each hamlet, known by the talk of one who lives there; the last knows no code yet."""
    waiting = [list(_of_place(people, number)) for number in range(len(people.places))]
    count = 0
    for number, place in enumerate(people.places):
        for each in range(per_hamlet):
            count += 1
            free = waiting[number]
            has_joined = bool(free) and each < per_hamlet - 1
            yield {
                "commune_id": people.commune_id,
                "id": make(year.start_of(count % 60)),
                "name": f"Người mẫu {count}",
                "hamlets": [place.slug],
                "code_hash": None,
                "code_expires_at": None,
                "conversation_id": talks[free.pop(0)] if has_joined else None,
                "is_on_duty": each == 0,
                "is_active": True,
                "ambassador_on": year.days[count % 60] if each == 0 else None,
                "ambassador_by": "command line" if each == 0 else None,
                "created_by": "command line",
                "created_at": year.start_of(count % 60),
            }


def _of_place(people: People, place: int) -> Iterator[int]:
    found = (number for number, where in enumerate(people.place) if where == place)
    for _, number in zip(range(5), found, strict=False):
        yield number


def _seen(people: People, year: Year, number: int) -> tuple[dt.datetime, dt.datetime]:
    """When they came and when they wrote last."""
    at = year.start_of(people.joined[number])
    last = people.last_day[number]
    return at, max(at, min(year.start_of(last) + dt.timedelta(hours=15), year.until)) if last >= 0 else at
