"""How many messages are taken from one person, and from one part of the network (reliability.md §5.8).

What is refused is not kept, and the person is told kindly; what was taken before is not touched.
A cry for help is taken however many came before it. Each process counts for itself, in memory.
"""

from collections.abc import Callable

from bot.messages import TooMany
from staff.window import MovingWindow, Now

MINUTE_S, DAY_S = 60, 24 * 3600
DAY_FACTOR = 10  # as many minutes' worth of messages a person may send in a day


class RateLimits:
    """0 lifts a limit. `is_urgent` judges a masked text, and is asked only beyond a limit."""

    def __init__(
        self,
        *,
        per_person: int,
        per_address: int,
        new_talks: int,
        is_urgent: Callable[[str], bool],
        now: Now,
    ) -> None:
        self.is_urgent = is_urgent
        self._minute = MovingWindow(per_person, MINUTE_S, now)
        self._day = MovingWindow(DAY_FACTOR * per_person, DAY_S, now)
        self._address = MovingWindow(per_address, MINUTE_S, now)
        self._new_talks = MovingWindow(new_talks, MINUTE_S, now)
        self._told = MovingWindow(1, MINUTE_S, now)

    def count_person(self, person: str) -> None:
        """Count a message of a person; raises `TooMany`."""
        if wait_s := self._minute.hit(person) or self._day.hit(person):
            raise TooMany(wait_s, is_first=self._told.hit(person) == 0)

    def has_room(self, person: str) -> bool:
        """Whether `count_person` would take one more now."""
        return not (self._minute.wait_s(person) or self._day.wait_s(person))

    def note_person(self, person: str) -> None:
        """Count a message that is stored. Of several at the same time a few may go beyond the limit."""
        self._minute.hit(person)
        self._day.hit(person)

    def count_address(self, network: str, *, is_new_talk: bool) -> None:
        """Count a message of a part of the network; raises `TooMany`."""
        wait_s = self._address.hit(network)
        if is_new_talk and not wait_s:
            wait_s = self._new_talks.hit(network)
        if wait_s:
            raise TooMany(wait_s, is_first=True)
