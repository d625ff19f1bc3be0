"""For the projector in a class: one step at a time in huge letters, by keyboard, clicker or links.

A guide is one page that holds all its slides, so that the network is needed once. Nothing here is
about a person, and what is counted by a show of hands stays in the page: it is sent nowhere.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import segno
from fastapi import Response

from bot.papers import Papers
from bot.web.page import ChatPages
from knowledge.guide import TOPICS, Guide, Step
from knowledge.library import Library


@dataclass(frozen=True, slots=True)
class Slide:
    """`kind` is one of start, step, check, question, answer, end; `number` counts within its kind."""

    kind: str
    number: int
    step: Step | None = None
    picture: str | None = None


class ClassPages:
    def __init__(
        self,
        pages: ChatPages,
        papers: Papers,
        library: Callable[[], Library],
        picture: Callable[[Step], str | None],
        *,
        clock: Callable[[], dt.datetime],
    ) -> None:
        """`picture` gives the path of a step's picture."""
        self._pages, self._papers, self._library = pages, papers, library
        self._picture, self._clock = picture, clock

    def choose(self, lo_trinh: str = "") -> Response:
        """The guides by topic, or those of one learning path in its order."""
        guides = self._guides()
        path = self._papers.paths.by_slug.get(lo_trinh)
        if path is not None:
            levels = [[guides[slug] for slug in level if slug in guides] for level in path.levels]
            groups = [(str(number), found) for number, found in enumerate(levels, 1) if found]
        else:
            by_topic = [(topic, [g for g in guides.values() if g.topic == topic]) for topic in TOPICS]
            groups = [(topic, found) for topic, found in by_topic if found]
        return self._pages.page(
            "class_choose.html", groups=groups, path=path, paths=self._papers.paths.by_slug.values()
        )

    def show(self, slug: str) -> Response:
        guide = self._guides().get(slug)
        if guide is None:
            return self._pages.notice("no_such_guide", status=404)
        address = self._papers.chat_at(self._papers.served, guide=slug)
        return self._pages.page(
            "class_show.html",
            guide=guide,
            slides=list(_slides(guide, self._picture)),
            qr=qr_svg(address) if address else None,
        )

    def _guides(self) -> dict[str, Guide]:
        return self._library().answerable(self._clock().date())


def _slides(guide: Guide, picture: Callable[[Step], str | None]) -> Iterator[Slide]:
    yield Slide("start", 1)
    for number, step in enumerate(guide.steps, 1):
        yield Slide("step", number, step, picture(step))
    yield Slide("check", 1)
    for number in range(1, len(guide.front.quiz) + 1):
        yield Slide("question", number)
        yield Slide("answer", number)
    yield Slide("end", 1)


def qr_svg(address: str) -> str:
    """A QR code to stand in a page, as wide as the page says."""
    out = BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, omitsize=True, border=4, light="#fff", svgclass=None, lineclass=None
    )
    return out.getvalue().decode()
