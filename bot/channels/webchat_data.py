"""A person's own data on the web chat: a page to read, and two files to take away.

Who has the cookie of a talk sees what is held about the one who talked; the cookie lasts as long
as the talk does.
"""

import datetime as dt
from collections.abc import Callable

from fastapi import Request, Response

from bot.messages import Desk
from bot.web.page import ChatPages
from knowledge.phrases import Phrases
from records.held import Held
from staff.held import held_json, held_text

FILE = "du-lieu-cua-toi"


class DataPages:
    def __init__(
        self,
        desk: Desk,
        pages: ChatPages,
        phrases: Phrases,
        *,
        token_of: Callable[[Request], str | None],
        commune: str,
        channel: str,
        place: str,
        clock: Callable[[], dt.datetime],
        certificate: Callable[[str], bytes | None],
    ) -> None:
        """`token_of` reads the cookie of a live talk; `certificate` makes the paper of its person."""
        self._desk, self._pages, self._phrases = desk, pages, phrases
        self._token_of, self._clock, self._certificate = token_of, clock, certificate
        self._commune, self._channel, self._place = commune, channel, place

    def show(self, request: Request) -> Response:
        held = self._held(request)
        if held is None:
            return self._pages.notice("data_none")
        return self._pages.data(self._text(held))

    def text_file(self, request: Request) -> Response:
        held = self._held(request)
        if held is None:
            return self._pages.notice("data_none", status=404)
        # With its mark, as the text editors of Windows want it.
        return _file(self._text(held).encode("utf-8-sig"), "text/plain; charset=utf-8", "txt")

    def json_file(self, request: Request) -> Response:
        held = self._held(request)
        if held is None:
            return self._pages.notice("data_none", status=404)
        content = held_json(held, place=self._place, now=self._clock())
        return _file(content.encode(), "application/json", "json")

    def certificate(self, request: Request) -> Response:
        """The commune's paper, for nobody but the one whose talk it is."""
        token = self._token_of(request)
        paper = self._certificate(token) if token else None
        if paper is None:
            return self._pages.notice("paper_none", status=404)
        headers = {"Content-Disposition": 'attachment; filename="giay-ghi-nhan.pdf"'}
        return Response(paper, media_type="application/pdf", headers=headers)

    def _held(self, request: Request) -> Held | None:
        token = self._token_of(request)
        if token is None:
            return None
        return self._desk.held(commune=self._commune, channel=self._channel, external_id=token)

    def _text(self, held: Held) -> str:
        return held_text(held, self._phrases, place=self._place, now=self._clock())


def _file(content: bytes, media_type: str, ending: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{FILE}.{ending}"'}
    return Response(content, media_type=media_type, headers=headers)
