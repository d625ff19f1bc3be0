"""Only so many requests at a time: those beyond are told at once to come again, and wait nowhere."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MOST = 500  # requests under way; a small machine does several hundred in a second
RETRY_AFTER_S = 5
ALWAYS_OPEN = ("/healthz", "/readyz", "/metrics")  # who looks after the service must see it when it is full


class Door:
    """Answers 503 with `Retry-After` and `sentence` while `most` requests are under way."""

    def __init__(self, app: ASGIApp, *, sentence: str, most: int = MOST) -> None:
        self._app, self._sentence, self._most = app, sentence, most
        self._inside = 0  # only the event loop's thread counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS_OPEN:
            await self._app(scope, receive, send)
            return
        if self._inside >= self._most:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            await PlainTextResponse(self._sentence, 503, headers)(scope, receive, send)
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
