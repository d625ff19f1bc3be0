"""The guides as pages to read: a list and a page each, without a script, a cookie or a talk.

What they show is the same for everybody, so that a browser may keep it for when there is no network.
"""

import datetime as dt
from collections.abc import Callable, Collection

from fastapi import Response

from bot.web.page import ChatPages
from knowledge.guide import TOPICS, Guide
from knowledge.library import Library


class GuidePages:
    """`basics` are slugs of the guides that a person can keep on the phone with one press."""

    def __init__(
        self,
        pages: ChatPages,
        library: Callable[[], Library],
        *,
        basics: Collection[str],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._pages, self._library, self._clock = pages, library, clock
        self._basics = tuple(basics)

    def list(self) -> Response:
        """Every guide whose facts still hold, by topic."""
        guides = self._guides()
        topics = [(topic, [g for g in guides.values() if g.topic == topic]) for topic in TOPICS]
        basics = [slug for slug in self._basics if slug in guides]
        return self._pages.guides([(topic, found) for topic, found in topics if found], basics=basics)

    def show(self, slug: str) -> Response:
        guide = self._guides().get(slug)
        if guide is None:
            return self._pages.notice("no_such_guide", status=404)
        return self._pages.guide(guide)

    def not_kept(self) -> Response:
        """Shown by the browser's worker for a guide that this phone does not have."""
        return self._pages.notice("guide_not_kept")

    def title(self, slug: str) -> str:
        """ "" for a guide that is not here."""
        guide = self._guides().get(slug)
        return guide.title if guide else ""

    def _guides(self) -> dict[str, Guide]:
        return self._library().answerable(self._clock().date())
