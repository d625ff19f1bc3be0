"""Who called for a person in a made-up commune, who came, and what was taught in classes."""

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from records.demo.people import People
from records.demo.plan import DAYS, KEPT_CALLS, DemoContent, DemoGuide, Weighted, Year, long_tail
from records.ids import Ids

CALLS = 0.08  # calls for each person of the commune
WAITING = 6  # calls that nobody has taken yet, at the end
_REASONS = Weighted({"asked": 60, "misses": 20, "stuck": 14, "urgent": 6})
_CLOSED = Weighted({"helped": 85, "gone": 10, "other": 5})
_MEDIAN_WAIT_S = 900
_CLASSES_A_MONTH = 1.5  # of each hamlet
_MENTORS = 0.4  # of the volunteers teach somebody


@dataclass(frozen=True, slots=True)
class Team:
    """The volunteers of a commune by the slug of their hamlet, and everybody's talk by their number."""

    by_hamlet: dict[str, list[int]]
    talks: Sequence[int]

    @property
    def everybody(self) -> list[int]:
        return [volunteer for volunteers in self.by_hamlet.values() for volunteer in volunteers]


def calls(
    people: People, team: Team, content: DemoContent, year: Year, make: Ids, chance: random.Random
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Rows of calls, each with the rows of its events. One person has one open call at most."""
    guides, hard = long_tail(content.guides, chance), long_tail(content.unanswerable, chance)
    known = int(KEPT_CALLS / dt.timedelta(days=1))
    before = int(len(people) * CALLS)
    for nth in range(before + WAITING):
        is_waiting = nth >= before
        # The last of the list, for those came lately and nobody is drawn twice.
        number = len(people) - 1 - (nth - before) if is_waiting else chance.randrange(len(people))
        if number < 0 or (not is_waiting and number >= len(people) - WAITING):
            continue
        if is_waiting:
            at = year.until - dt.timedelta(minutes=chance.choice((4, 11, 35, 90, 400, 2_900)))
        else:
            at = year.moment(chance.randrange(DAYS - known, DAYS - 1), chance)
        guide: DemoGuide = guides.draw(chance)
        call = {
            "commune_id": people.commune_id,
            "id": make(at),
            "learner_id": people.ids[number],
            "conversation_id": team.talks[number],
            "hamlet_id": people.hamlet_id(number),
            "reason": _REASONS.draw(chance),
            "guide": guide.slug,
            "step": 1 + int(guide.steps * chance.random() ** 2),
            "question": hard.draw(chance) if chance.random() < 0.5 else chance.choice(guide.questions),
            "tried": [],
            "offered_at": at,
            "escalated_at": None,
            "created_at": at,
            **_NOT_YET,
        }
        events = [_event(call, "opened", "learner", at, make)]
        if not is_waiting:
            events += _answered(call, _helper(people, team, number, chance), at, year, make, chance)
        yield call, events


_NOT_YET: dict[str, Any] = {
    "state": "open",
    "volunteer_id": None,
    "taken_at": None,
    "answered_at": None,
    "closed_reason": None,
    "closed_at": None,
}


def _answered(
    call: dict[str, Any], volunteer: int, at: dt.datetime, year: Year, make: Ids, chance: random.Random
) -> list[dict[str, Any]]:
    """Fill in who came and when; returns the events."""
    actor = f"volunteer:{volunteer}"
    taken = min(year.until, at + dt.timedelta(seconds=chance.lognormvariate(0, 1.1) * _MEDIAN_WAIT_S))
    answered = min(year.until, taken + dt.timedelta(seconds=30 + 200 * chance.random()))
    closed = min(year.until, answered + dt.timedelta(minutes=5 + 40 * chance.random()))
    call.update(
        state="closed",
        volunteer_id=volunteer,
        taken_at=taken,
        answered_at=answered,
        closed_at=closed,
        closed_reason=_CLOSED.draw(chance),
    )
    return [
        _event(call, "taken", actor, taken, make),
        _event(call, "answered", actor, answered, make),
        _event(call, "closed", actor, closed, make, reason=call["closed_reason"]),
    ]


def _event(
    call: dict[str, Any], kind: str, actor: str, at: dt.datetime, make: Ids, **detail: Any
) -> dict[str, Any]:
    return {
        "commune_id": call["commune_id"],
        "id": make(at),
        "handoff_id": call["id"],
        "kind": kind,
        "actor": actor,
        "detail": detail,
        "created_at": at,
    }


def _helper(people: People, team: Team, number: int, chance: random.Random) -> int:
    place = people.place[number]
    near = team.by_hamlet.get(people.places[place].slug) if place >= 0 else None
    return chance.choice(near or team.everybody)


def classes(
    people: People, team: Team, content: DemoContent, year: Year, make: Ids, chance: random.Random
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Notes of classes, visits and help in person, each with who came."""
    slugs = [guide.slug for guide in content.guides]
    for place_number, place in enumerate(people.places):
        if not place.weight:
            continue
        living = [number for number, where in enumerate(people.place) if where == place_number]
        for _ in range(int(_CLASSES_A_MONTH * DAYS / 30)):
            day = chance.randrange(place.silent_from)
            volunteer = chance.choice(team.by_hamlet[place.slug])
            at = year.moment(day, chance)
            kind = chance.choice(("class", "class", "visit", "help"))
            total = chance.randrange(6, 26) if kind == "class" else chance.randrange(1, 4)
            women = chance.randrange(total // 2, total + 1)
            note = {
                "commune_id": people.commune_id,
                "id": make(at),
                "inbox_id": make(at),
                "volunteer_id": volunteer,
                "entered_by": f"volunteer:{volunteer}",
                "kind": kind,
                "hamlet_id": place.id,
                "day": year.days[day],
                "guides": chance.sample(slugs, chance.choice((1, 1, 2))),
                "total": total,
                "women": women if kind == "class" else None,
                "over_60": chance.randrange(total + 1) if kind == "class" else None,
                "disabled": None,
                "minority": None,
                "note": None,
                "is_void": chance.random() < 0.03,
                "created_at": at,
            }
            came = [number for number in living if people.joined[number] <= day][-200:]
            told = chance.sample(came, min(len(came), chance.randrange(total // 2 + 1)))
            yield note, [_attendance(note, people.ids[number], at, make) for number in told]


def _attendance(note: dict[str, Any], learner_id: int, at: dt.datetime, make: Ids) -> dict[str, Any]:
    return {
        "commune_id": note["commune_id"],
        "id": make(at),
        "class_note_id": note["id"],
        "learner_id": learner_id,
    }


def mentorship_rows(
    people: People, team: Team, year: Year, make: Ids, chance: random.Random
) -> Iterator[dict[str, Any]]:
    """Đại sứ số and whom they teach, of their own hamlet."""
    for place_number, place in enumerate(people.places):
        living = [number for number, where in enumerate(people.place) if where == place_number]
        for volunteer in team.by_hamlet[place.slug]:
            if not living or chance.random() >= _MENTORS:
                continue
            for number in chance.sample(living, min(len(living), chance.randrange(1, 9))):
                at = year.start_of(people.joined[number])
                yield {
                    "commune_id": people.commune_id,
                    "id": make(at),
                    "volunteer_id": volunteer,
                    "learner_id": people.ids[number],
                    "created_at": at,
                    "ended_at": None,
                }
