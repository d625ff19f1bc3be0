"""What is said on the page of the web chat, where its browser recognises no speech itself."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import anyio
import anyio.to_thread
from fastapi import Header, Request, Response
from starlette.requests import ClientDisconnect

from bot.channels.webchat_form import MAX_ENTRY_ID, ChatForm, MessageId
from bot.messages import IncomingMessage, TooMany
from bot.rate_limit import MINUTE_S
from bot.voice.recognise import NotHeard, Recogniser
from staff.window import MovingWindow

if TYPE_CHECKING:
    from bot.channels.webchat import WebChat

SPOKEN = "/tin-thoai"
MAX_SOUND_BYTES = 2_000_000  # a minute in any browser; with Opus it has a tenth of that
SPOKEN_A_MINUTE = 6  # recordings of one person: each takes the machine for seconds
MAX_READ = 20  # recordings that are coming in at a time, from slow networks
MAX_HEARD = 3  # recordings that are heard or wait for it
READ_S = 60.0

_log = logging.getLogger(__name__)


class SpokenMessages:
    """What was recorded on the page, as text: in memory, and gone when it was heard (docs/voice.md)."""

    def __init__(self, chat: "WebChat", recogniser: Recogniser, *, now: Callable[[], float]) -> None:
        self._chat, self._recogniser = chat, recogniser
        self._window = MovingWindow(SPOKEN_A_MINUTE, MINUTE_S, now)
        self._reading = anyio.CapacityLimiter(MAX_READ)
        self._threads = anyio.CapacityLimiter(MAX_HEARD)

    async def send(
        self,
        request: Request,
        x_message_id: Annotated[MessageId, Header()],  # in no address: a log would keep it
        x_hamlet: Annotated[str, Header()] = "",
        x_after: Annotated[int, Header(ge=0, le=MAX_ENTRY_ID)] = 0,
    ) -> Response:
        """The body is the recording."""
        form = ChatForm(message_id=x_message_id, xom=x_hamlet, sau=x_after)
        if self._reading.available_tokens < 1:
            return self._chat.busy(form)
        try:
            async with self._reading:
                with anyio.fail_after(READ_S):
                    sound = await request.body()
        except (TimeoutError, ClientDisconnect):
            return Response(status_code=408)
        if self._threads.available_tokens < 1:
            return self._chat.busy(form)
        return await anyio.to_thread.run_sync(self._send, request, form, sound, limiter=self._threads)

    def _send(self, request: Request, form: ChatForm, sound: bytes) -> Response:
        return self._chat.take(request, form, lambda token, form: self._heard(token, form, sound))

    def _heard(self, token: str, form: ChatForm, sound: bytes) -> IncomingMessage:
        """Raises `TooMany`."""
        if wait_s := self._window.hit(token):
            raise TooMany(wait_s, is_first=True)
        try:
            return self._chat.spoken(token, form, self._recogniser.transcribe(sound))
        except NotHeard as error:
            _log.warning("what was said in the web chat gave no text: %s", error)
            return self._chat.spoken(token, form, None)
