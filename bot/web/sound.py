"""The sound of a reply, for the page of the person it was said to and nobody else."""

from collections.abc import Callable

import anyio
import anyio.to_thread
from fastapi import APIRouter, HTTPException, Request, Response

from bot.messages import Desk, Entry
from bot.render import as_text
from bot.voice.audio import FORMATS
from bot.voice.voices import PREFIX
from staff.headers import NO_PAGE

AT_ONCE = 4  # engines running
MEDIA_TYPE = "audio/mpeg"  # what every browser plays


def step_sounds(file: Callable[[str], bytes | None]) -> APIRouter:
    """Sounds of steps for a platform that fetches what it plays; their names are hashes of their words."""
    router = APIRouter(include_in_schema=False)

    @router.get(f"{PREFIX}{{name}}")
    def play(name: str) -> Response:
        sound = file(name)
        if sound is None:
            raise HTTPException(404)
        headers = {"Content-Security-Policy": NO_PAGE}
        return Response(sound, media_type=FORMATS["aac"].media_type, headers=headers)

    return router


class Sounds:
    def __init__(
        self,
        desk: Desk,
        hear: Callable[[str], bytes | None],
        *,
        token_of: Callable[[Request], str | None],
        commune: str,
        channel: str,
    ) -> None:
        """`hear` makes MP3 of a text, None where it cannot; `token_of` reads the cookie of a live talk."""
        self._desk, self._hear, self._token_of = desk, hear, token_of
        self._commune, self._channel = commune, channel
        self._threads = anyio.CapacityLimiter(AT_ONCE)

    async def play(self, request: Request, number: int) -> Response:
        sound = await anyio.to_thread.run_sync(self._sound, request, number, limiter=self._threads)
        if sound is None:
            raise HTTPException(404)
        return Response(sound, media_type=MEDIA_TYPE)

    def _sound(self, request: Request, number: int) -> bytes | None:
        entry = self._entry(request, number)
        return self._hear(as_text(entry.text, entry.choices)) if entry else None

    def _entry(self, request: Request, number: int) -> Entry | None:
        token = self._token_of(request)
        if token is None or not 0 < number < 2**63:
            return None
        talk = self._desk.talk(
            commune=self._commune, channel=self._channel, external_id=token, after=number - 1
        )
        said = next((entry for entry in talk if entry.id == number and entry.who == "assistant"), None)
        return said if said is not None and said.language is None else None  # the voices are Vietnamese
