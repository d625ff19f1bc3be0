"""What people of a made-up commune ask and learn, day by day."""

import random
from collections.abc import Iterator
from typing import Any

from records.demo.people import People
from records.demo.plan import DAYS, KEPT_TEXTS, OUTCOMES, DemoContent, DemoGuide, Weighted, Year, long_tail
from records.ids import Ids

NEWCOMERS = 0.35  # of the questions are from those who came in the last three weeks
_NEW_DAYS = 21
_KEEN = 0.12  # of the people learn the whole first level
_TAKEN_BACK = 0.02


class Asking:
    """The questions of one commune, oldest first, and who wrote last when."""

    def __init__(self, people: People, content: DemoContent, year: Year, make: Ids, chance: random.Random):
        self._people, self._year, self._make, self._chance = people, year, make, chance
        self._guides = long_tail(content.guides, chance)
        self._hard = long_tail(content.unanswerable, chance)
        self._outcomes = Weighted(OUTCOMES)
        self._texts_from = year.until - KEPT_TEXTS

    def rows(self, count: int) -> Iterator[dict[str, Any]]:
        joined = late = 0  # late: of days on which there was nobody to ask
        for day, due in enumerate(self._year.per_day(count)):
            before = joined
            while joined < len(self._people) and self._people.joined[joined] <= day:
                joined += 1
            moments = sorted(self._year.moment(day, self._chance) for _ in range(due + late))
            late = 0
            for nth, at in enumerate(moments):
                number = before + nth if before + nth < joined else self._somebody(joined, day)
                if number is None:
                    late += 1
                else:
                    self._people.last_day[number] = day
                    yield self._question(number, at)

    def _somebody(self, joined: int, day: int) -> int | None:
        """One of those who have joined, the newest and the first more often; None: nobody there asks."""
        for _ in range(20):
            if self._chance.random() < NEWCOMERS:
                number = joined - 1 - int(self._chance.random() * max(1, joined * _NEW_DAYS // (day + 1)))
            else:
                number = int(joined * self._chance.random() ** 1.6)
            if 0 <= number < joined and self._still_asks(number, day):
                return number
        return None

    def _still_asks(self, number: int, day: int) -> bool:
        place = self._people.place[number]
        return place < 0 or day < self._people.places[place].silent_from

    def _question(self, number: int, at: Any) -> dict[str, Any]:
        chance, people = self._chance, self._people
        place = people.place[number]
        outcome = self._outcomes.draw(chance)
        if place >= 0 and chance.random() < 0.08 * (people.places[place].unanswered - 1):
            outcome = "no_answer"
        guide: DemoGuide = self._guides.draw(chance)
        is_known = outcome == "guide" or (outcome == "choices" and chance.random() < 0.5)
        has_text = at >= self._texts_from
        text = self._hard.draw(chance) if outcome == "no_answer" else chance.choice(guide.questions)
        return {
            "commune_id": people.commune_id,
            "id": self._make(at),
            "inbox_id": self._make(at),
            "learner_id": people.ids[number],
            "hamlet_id": people.hamlet_id(number),
            "channel": people.channel[number],
            "redacted": text if has_text else "",
            "outcome": outcome,
            "guide": guide.slug if is_known else None,
            "score": round(0.7 + 0.3 * chance.random() if is_known else 0.6 * chance.random(), 4),
            "candidates": [{"guide": guide.slug, "score": 0.5}] if has_text else [],
            "created_at": at,
        }


def completion_rows(
    people: People,
    content: DemoContent,
    volunteers: list[int],
    year: Year,
    make: Ids,
    chance: random.Random,
) -> Iterator[dict[str, Any]]:
    """What they did, in three grades: said so, answered the questions, seen by a volunteer."""
    guides = long_tail([guide.slug for guide in content.guides], chance)
    for number, learner_id in enumerate(people.ids):
        first = people.joined[number]
        if chance.random() < _KEEN:
            lessons = content.first_lessons.get(people.group[number]) or content.first_lessons[None]
            done = {(slug, grade) for slug in lessons for grade in ("self", "quiz")}
        else:
            done = set()
            for _ in range(chance.choice((0, 0, 1, 1, 2, 4))):
                slug = guides.draw(chance)
                done |= {(slug, grade) for grade in _grades(chance)}
        for slug, grade in sorted(done):
            at = year.moment(chance.randrange(first, DAYS), chance)
            is_seen = grade == "confirmed"
            yield {
                "commune_id": people.commune_id,
                "id": make(at),
                "learner_id": learner_id,
                "hamlet_id": people.hamlet_id(number),
                "channel": people.channel[number],
                "guide": slug,
                "grade": grade,
                "volunteer_id": chance.choice(volunteers) if is_seen and volunteers else None,
                "taken_back_at": at if chance.random() < _TAKEN_BACK else None,
                "created_at": at,
            }


def _grades(chance: random.Random) -> tuple[str, ...]:
    return chance.choice((("self",), ("self",), ("self", "quiz"), ("quiz",), ("self", "confirmed")))
