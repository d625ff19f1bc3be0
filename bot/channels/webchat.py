"""The web chat: a page that needs neither an app nor an account, nor a script in the browser.

Each address answers a plain form with a page, and the page's script (X-Requested-With) with a
piece of it. What the pages look like is `bot.web`; what is said, the desk knows.
"""

import datetime as dt
import logging
import math
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.channels.webchat_data import DataPages
from bot.messages import MAX_TEXT, Desk, Entry, IncomingMessage, Overloaded, TooMany
from bot.rate_limit import MINUTE_S, RateLimits
from bot.web.page import ChatPages, open_choices
from bot.web.session import COOKIE, Sessions
from knowledge.address import DEFAULT
from knowledge.phrases import Phrases
from staff.headers import add_headers
from staff.window import network_of

CHANNEL = "webchat"
MAX_FORM_BYTES = 64 * 1024
MAX_WAITING = 100  # messages whose replies we wait for at a time, each in a thread
RETRY_AFTER_S = 5
MAX_ENTRY_ID = 2**63 - 1  # what the database can hold

_HAMLET = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

_log = logging.getLogger(__name__)


class ChatForm(BaseModel):
    """What the page sends with a message; the names are those of its fields."""

    message_id: str = Field(pattern=r"^[A-Za-z0-9_-]{16,64}$")
    text: str = ""
    choice: str = Field(
        "", max_length=500, pattern=r"^[^\x00]*$", description="payload of the pressed button"
    )
    xom: str = ""
    sau: int = Field(0, ge=0, le=MAX_ENTRY_ID, description="the last entry the script has")


class _Refused(Exception):
    """A request that no page of ours makes; `key` names the phrase that says what to do next."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(f"{status} {key}")
        self.status, self.key = status, key


def build_webchat_router(
    desk: Desk,
    phrases: Phrases,
    *,
    commune: str,
    place: str,
    key: bytes,
    older_keys: Sequence[bytes] = (),
    secure_cookies: bool,
    clock: Callable[[], dt.datetime],
    limits: RateLimits | None = None,
    reply_timeout_s: float = 5.0,
    form: str = DEFAULT,
    certificate: Callable[[str], bytes | None] = lambda _token: None,
) -> APIRouter:
    """The router to include at the root of the application; it brings its static files.

    `key` signs the cookies: 32 random bytes or more, kept over restarts and the same in every
    worker; `older_keys` signed cookies that still count. Cookies are marked Secure with
    `secure_cookies`: set it wherever the site is on https. `place` stands in sentences ("xã Thuần
    Trung"), `form` is one of `knowledge.address`, `clock` returns aware times. `certificate` makes the
    commune's paper (PDF) for the person with a token, None when they have not earned it.
    """
    pages = ChatPages(phrases, place=place, form=form)
    chat = WebChat(
        desk,
        pages,
        Sessions(key, *older_keys),
        commune=commune,
        secure_cookies=secure_cookies,
        clock=clock,
        limits=limits,
        reply_timeout_s=reply_timeout_s,
    )
    data = DataPages(
        desk,
        pages,
        phrases,
        token_of=chat.live_token,
        commune=commune,
        channel=CHANNEL,
        place=place,
        clock=clock,
        certificate=certificate,
    )
    route_class = _route_class(pages, is_https=secure_cookies)
    router = APIRouter(route_class=route_class, include_in_schema=False)
    routes: tuple[tuple[str, str, Callable[..., Any]], ...] = (
        ("GET", "/", chat.show),
        ("POST", "/tin-nhan", chat.send),
        ("GET", "/tin-nhan", chat.show_later),
        ("POST", "/ket-thuc", chat.end),
        ("GET", "/du-lieu", data.show),
        ("GET", "/du-lieu.txt", data.text_file),
        ("GET", "/du-lieu.json", data.json_file),
        ("GET", "/giay-ghi-nhan.pdf", data.certificate),
        ("GET", "/static/{name}", pages.static_file),
    )
    for method, path, endpoint in routes:
        router.add_api_route(path, endpoint, methods=[method], response_class=Response, response_model=None)
    return router


class WebChat:
    """What is done at each address."""

    def __init__(
        self,
        desk: Desk,
        pages: ChatPages,
        sessions: Sessions,
        *,
        commune: str,
        secure_cookies: bool,
        clock: Callable[[], dt.datetime],
        limits: RateLimits | None,
        reply_timeout_s: float,
    ) -> None:
        self.desk, self.pages, self.sessions = desk, pages, sessions
        self.commune, self.secure_cookies = commune, secure_cookies
        self.clock, self.limits, self.reply_timeout_s = clock, limits, reply_timeout_s
        # Browsers hold a cookie called __Host-… to https, this host and every path.
        self.cookie = f"__Host-{COOKIE}" if secure_cookies else COOKIE
        # Threads of their own: people waiting for a reply must not hold up every other page.
        self._threads = anyio.CapacityLimiter(MAX_WAITING)

    def show(self, request: Request, xom: str = "", xong: str = "") -> Response:
        """The page with the talk so far; `xong` shows that the talk is over instead."""
        if xong:
            return self.pages.notice("done", hamlet=_hamlet(xom))
        token = self.live_token(request)
        response = self.pages.chat(self._talk(token) if token else [], hamlet=_hamlet(xom))
        if token:
            self._renew(response, token)
        return response

    async def send(self, request: Request, form: Annotated[ChatForm, Form()]) -> Response:
        if self._threads.available_tokens < 1:
            return self._busy(form)
        return await anyio.to_thread.run_sync(self._send, request, form, limiter=self._threads)

    def _send(self, request: Request, form: ChatForm) -> Response:
        if not form.text.strip() and not form.choice:
            return _to_newest(form)
        try:
            known = self.live_token(request)
            token = known or self.sessions.start(form.message_id, self.clock())
            self._count(request, form, is_new_talk=not known and not self._talk(token))
            receipt = self.desk.receive(self._message(token, form))
            self.desk.wait(receipt, timeout_s=self.reply_timeout_s)
            response = _to_newest(form)
            if _is_script(request):
                response = self.pages.fragment(self._talk(token, after=form.sau if known else 0))
                response.headers["X-Talk"] = "known" if known else "new"
        except TooMany as flood:
            return self._too_many(form, flood)
        except Overloaded:
            return self._busy(form)
        except (OperationalError, InterfaceError) as error:
            _log.warning("the database took no message of the web chat: %s", type(error).__name__)
            return self._not_sent(form, "broken", status=503)
        except Exception:
            _log.exception("a message of the web chat was not taken")
            return self._not_sent(form, "broken", status=500)
        self._renew(response, token)
        return response

    def show_later(
        self,
        request: Request,
        sau: Annotated[int, Query(ge=0, le=MAX_ENTRY_ID)],
        dung: bool = False,
    ) -> Response:
        """The entries after `sau`, for the script. `dung`: the person is using the page."""
        token = self.live_token(request)
        if token is None:
            return Response(status_code=410)
        response = self.pages.fragment(self._talk(token, after=sau))
        if dung:
            self._renew(response, token)
        return response

    def end(self, request: Request, xom: Annotated[str, Form()] = "") -> Response:
        session = self.sessions.read(request.cookies.get(self.cookie, ""), self.clock())
        if session:
            self._end(session.token)
        query = f"&xom={hamlet}" if (hamlet := _hamlet(xom)) else ""
        response = RedirectResponse(f"/?xong=1{query}", 303)
        response.headers["Clear-Site-Data"] = '"cache"'
        response.delete_cookie(self.cookie, httponly=True, samesite="lax", secure=self.secure_cookies)
        return response

    def live_token(self, request: Request) -> str | None:
        session = self.sessions.read(request.cookies.get(self.cookie, ""), self.clock())
        if session is None:
            return None
        if not session.is_live:
            self._end(session.token)
            return None
        return session.token

    def _count(self, request: Request, form: ChatForm, *, is_new_talk: bool) -> None:
        """Raises `TooMany` when too much comes from this part of the network, and it is no cry for help."""
        if self.limits is None:
            return
        try:
            self.limits.count_address(network_of(request), is_new_talk=is_new_talk)
        except TooMany:
            if not self.limits.is_urgent(form.text[:MAX_TEXT]):
                raise

    def _message(self, token: str, form: ChatForm) -> IncomingMessage:
        return IncomingMessage(
            commune=self.commune,
            channel=CHANNEL,
            external_id=token,
            message_id=self.sessions.message_id(token, form.message_id),
            text=form.text or self._label(token, form.choice),
            payload=form.choice or None,
            hamlet=_hamlet(form.xom) or None,
        )

    def _label(self, token: str, payload: str) -> str:
        """What the pressed button says: a browser without the script sends the payload alone."""
        for choice in open_choices(self._talk(token)) or ():
            if choice.payload == payload:
                return f"{choice.number}. {choice.title}"
        return ""

    def _talk(self, token: str, *, after: int = 0) -> list[Entry]:
        # By the token, not by a receipt: once ended, a talk must not come back with a message sent again.
        return self.desk.talk(commune=self.commune, channel=CHANNEL, external_id=token, after=after)

    def _end(self, token: str) -> None:
        try:
            self.desk.end(commune=self.commune, channel=CHANNEL, external_id=token)
        except Exception:
            # The cookie goes in any case, and with it the only way to this talk.
            _log.exception("a talk of the web chat was not ended")

    def _renew(self, response: Response, token: str) -> None:
        cookie = self.sessions.cookie(token, self.clock())
        # Neither Max-Age nor Expires: it goes when the browser is closed.
        response.set_cookie(self.cookie, cookie, httponly=True, samesite="lax", secure=self.secure_cookies)

    def _busy(self, form: ChatForm) -> Response:
        response = self._not_sent(form, "busy", status=503)
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response

    def _too_many(self, form: ChatForm, flood: TooMany) -> Response:
        reason = "too_fast" if flood.wait_s <= MINUTE_S else "too_many"
        response = self._not_sent(form, reason, status=429)
        response.headers["Retry-After"] = str(math.ceil(flood.wait_s))
        return response

    def _not_sent(self, form: ChatForm, reason: str, *, status: int) -> Response:
        return self.pages.not_sent(
            reason,
            status=status,
            text=form.text,
            choice=form.choice,
            message_id=form.message_id,
            hamlet=_hamlet(form.xom),
        )


def _route_class(pages: ChatPages, *, is_https: bool) -> type[APIRoute]:
    class ChatRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handle_chat(request: Request) -> Response:
                response = await _answer(pages, handle, request)
                add_headers(response.headers, is_https=is_https)
                return response

            return handle_chat

    return ChatRoute


async def _answer(
    pages: ChatPages, handle: Callable[[Request], Coroutine[Any, Any, Response]], request: Request
) -> Response:
    try:
        if request.method == "POST":
            _check_post(request)
        return await handle(request)
    except _Refused as refused:
        return pages.notice(refused.key, status=refused.status)
    except RequestValidationError:  # an id that is no id, a file where text belongs
        return pages.notice("refused", status=400)
    except HTTPException:
        raise
    except Exception:
        _log.exception("%s %s of the web chat failed", request.method, request.url.path)
        return pages.notice("broken", status=500)


def _check_post(request: Request) -> None:
    """Refuse what another site sends in the person's name, and what is larger than any message."""
    if not _is_same_origin(request):
        raise _Refused(403, "refused")
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise _Refused(411, "refused")
    if int(length) > MAX_FORM_BYTES:
        raise _Refused(413, "too_big")


def _is_same_origin(request: Request) -> bool:
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site == "same-origin"
    # Browsers leave it out on plain http. The scheme is not compared: a proxy may end TLS.
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


def _is_script(request: Request) -> bool:
    return "x-requested-with" in request.headers


def _hamlet(slug: str) -> str:
    """The slug as a link or QR code has it; anything else counts as none."""
    return slug if len(slug) <= 80 and _HAMLET.fullmatch(slug) else ""


def _to_newest(form: ChatForm) -> Response:
    query = f"?xom={hamlet}" if (hamlet := _hamlet(form.xom)) else ""
    return RedirectResponse(f"/{query}#cuoi", 303)
