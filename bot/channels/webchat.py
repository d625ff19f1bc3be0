"""The web chat: a page that needs neither an app nor an account, nor a script in the browser.

Each address answers a plain form with a page, and the page's script (X-Requested-With) with a
piece of it. What the pages look like is `bot.web`; what is said, the desk knows.
"""

import datetime as dt
import logging
import math
import re
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.channels.webchat_data import DataPages
from bot.channels.webchat_form import MAX_ENTRY_ID, ChatForm
from bot.channels.webchat_voice import MAX_SOUND_BYTES, SPOKEN, SpokenMessages
from bot.messages import MAX_TEXT, Desk, Entry, IncomingMessage, Overloaded, TooMany
from bot.papers import Papers
from bot.pictures import Pictures
from bot.rate_limit import MINUTE_S, RateLimits
from bot.voice.recognise import Heard, Recogniser
from bot.web.class_mode import ClassPages
from bot.web.guides import GuidePages
from bot.web.page import EMPTY_CHAT, NOT_KEPT, ChatPages, open_choices
from bot.web.papers import PaperFiles
from bot.web.session import COOKIE, Sessions
from bot.web.sound import Sounds
from knowledge.address import DEFAULT
from knowledge.languages import Languages
from knowledge.library import Library, library_of
from knowledge.phrases import Phrases
from staff.headers import add_headers
from staff.window import network_of

CHANNEL = "webchat"
MAX_FORM_BYTES = 64 * 1024
MAX_WAITING = 100  # messages whose replies we wait for at a time, each in a thread
RETRY_AFTER_S = 5

_HAMLET = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

_log = logging.getLogger(__name__)


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
    library: Callable[[], Library] = lambda: library_of(()),
    basics: Sequence[str] = (),
    papers: Papers | None = None,
    pictures: Pictures | None = None,
    base: str = "",
    framed_by: Callable[[], Iterable[str]] | None = None,
    hear: Callable[[str], bytes | None] | None = None,
    languages: Languages | None = None,
    recogniser: Recogniser | None = None,
) -> APIRouter:
    """The router to include at the root of the application; it brings its static files.

    `key` signs the cookies: 32 random bytes or more, kept over restarts and the same in every
    worker; `older_keys` signed cookies that still count. Cookies are marked Secure with
    `secure_cookies`: set it wherever the site is on https. `place` stands in sentences ("xã Thuần
    Trung"), `form` is one of `knowledge.address`, `clock` returns aware times. `certificate` makes the
    commune's paper (PDF) for the person with a token, None when they have not earned it. The guides of
    `library` can be read at /huong-dan; `basics` are those that are kept on a phone with one press.
    With `papers` and `pictures` there are handouts, pictures of steps and pages for a class.
    With a `base` there is the talk alone below that path, which pages of the origins of `framed_by`
    may show in a frame. `hear` makes MP3 of a reply; without it a page uses the browser's own voice only.
    `languages` are those that the talk may be in. `recogniser` makes text of what is recorded on the page;
    without it the page uses the browser's own recognition only.
    """
    pages = ChatPages(
        phrases,
        place=place,
        form=form,
        library=library,
        base=base,
        framed_by=framed_by,
        can_hear=hear is not None,
        can_recognise=recogniser is not None and not base,
        languages=languages,
    )
    guides = GuidePages(pages, library, basics=basics, clock=clock)
    chat = WebChat(
        desk,
        pages,
        Sessions(key, *older_keys),
        commune=commune,
        secure_cookies=secure_cookies,
        clock=clock,
        limits=limits,
        reply_timeout_s=reply_timeout_s,
        title_of=guides.title,
        base=base,
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
    )
    if hear is not None:
        sounds = Sounds(desk, hear, token_of=chat.live_token, commune=commune, channel=CHANNEL)
        routes = (*routes, ("GET", "/nghe/{number}", sounds.play))
    once: tuple[tuple[str, str, Callable[..., Any]], ...] = (
        ("GET", "/huong-dan", guides.list),
        ("GET", "/huong-dan/{slug}", guides.show),
        ("GET", EMPTY_CHAT, chat.show_empty),
        ("GET", NOT_KEPT, guides.not_kept),
        ("GET", "/manifest.webmanifest", pages.manifest),
        ("GET", "/sw.js", pages.worker),
        ("GET", "/static/{name}", pages.static_file),
    )
    if papers is not None and pictures is not None:
        once = (*_on_paper(papers, pictures, pages, library, clock), *once)
    if recogniser is not None:
        once = (
            ("POST", SPOKEN, SpokenMessages(chat, recogniser, now=lambda: clock().timestamp()).send),
            *once,
        )
    for method, path, endpoint in (*routes, *(() if base else once)):
        router.add_api_route(
            base + path, endpoint, methods=[method], response_class=Response, response_model=None
        )
    return router


def _on_paper(
    papers: Papers,
    pictures: Pictures,
    pages: ChatPages,
    library: Callable[[], Library],
    clock: Callable[[], dt.datetime],
) -> tuple[tuple[str, str, Callable[..., Any]], ...]:
    """Before the other routes: "kn-wifi.pdf" is no guide's name."""
    files = PaperFiles(papers, pictures.png, now=lambda: clock().timestamp())
    lessons = ClassPages(pages, papers, library, pictures.path_of, clock=clock)
    return (
        ("GET", "/hinh/{name}.png", files.show_picture),
        ("GET", "/huong-dan/{slug}.pdf", files.show_handout),
        ("GET", "/lop-hoc", lessons.choose),
        ("GET", "/lop-hoc/{slug}", lessons.show),
    )


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
        title_of: Callable[[str], str],
        base: str = "",
    ) -> None:
        """`title_of` names a guide by its slug, "" where there is none. `base` stands before the paths."""
        self.base = base
        self.title_of = title_of
        self.desk, self.pages, self.sessions = desk, pages, sessions
        self.commune, self.secure_cookies = commune, secure_cookies
        self.clock, self.limits, self.reply_timeout_s = clock, limits, reply_timeout_s
        # Browsers hold a cookie called __Host-… to https, this host and every path.
        name = f"{COOKIE}_{commune}" if base else COOKIE
        self.cookie = f"__Host-{name}" if secure_cookies else name
        # Threads of their own: people waiting for a reply must not hold up every other page.
        self._threads = anyio.CapacityLimiter(MAX_WAITING)

    def show(self, request: Request, xom: str = "", xong: str = "", viec: str = "") -> Response:
        """The page with the talk so far; `xong` shows that the talk is over instead.

        `viec` is the slug of a guide whose name then stands in the text field, to be sent.
        """
        if xong:
            return self.pages.notice("done", hamlet=_hamlet(xom))
        token = self.live_token(request)
        talk = self._talk(token) if token else []
        response = self.pages.chat(talk, hamlet=_hamlet(xom), typed=self.title_of(viec) if viec else "")
        if token:
            self._renew(response, token)
        return response

    def show_empty(self) -> Response:
        """The page as a browser keeps it, for when there is no network: nobody's talk."""
        return self.pages.chat([], hamlet="", is_kept=True)

    async def send(self, request: Request, form: Annotated[ChatForm, Form()]) -> Response:
        if self._threads.available_tokens < 1:
            return self.busy(form)
        return await anyio.to_thread.run_sync(self._send, request, form, limiter=self._threads)

    def _send(self, request: Request, form: ChatForm) -> Response:
        if not form.text.strip() and not form.choice:
            return self._to_newest(form)
        return self.take(request, form, self._message)

    def take(
        self, request: Request, form: ChatForm, message: Callable[[str, ChatForm], IncomingMessage]
    ) -> Response:
        """Hand in what `message` makes for the person with a token; blocks until it is answered, or late."""
        try:
            known = self.live_token(request)
            token = known or self._started(form.message_id)
            self._count(request, form, is_new_talk=not known and not self._talk(token))
            receipt = self.desk.receive(message(token, form))
            self.desk.wait(receipt, timeout_s=self.reply_timeout_s)
            response = self._to_newest(form)
            if _is_script(request):
                response = self.pages.fragment(self._talk(token, after=form.sau if known else 0))
                response.headers["X-Talk"] = "known" if known else "new"
                if known and form.sau:
                    response.headers["X-First"] = self._first(token)
        except TooMany as flood:
            return self._too_many(form, flood)
        except Overloaded:
            return self.busy(form)
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
        response = RedirectResponse(f"{self.base}/?xong=1{query}", 303)
        response.headers["Clear-Site-Data"] = '"cache"'
        self._set_cookie(response, "", max_age=0)
        return response

    def live_token(self, request: Request) -> str | None:
        session = self.sessions.read(request.cookies.get(self.cookie, ""), self.clock())
        if session is None:
            return None
        if not session.is_live:
            self._end(session.token)
            return None
        return session.token

    def _started(self, message_id: str) -> str:
        """The token for somebody without a cookie: that of the talk which this message began, if it did."""
        tokens = self.sessions.starts(message_id, self.clock())
        return next((token for token in tokens if self._talk(token)), tokens[0])

    def _first(self, token: str) -> str:
        """The id of the oldest entry: what the page has from before it was erased meanwhile."""
        return str(next((entry.id for entry in self._talk(token)), 0))

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

    def spoken(self, token: str, form: ChatForm, heard: Heard | None) -> IncomingMessage:
        """As a voice message of another channel once somebody has heard it; None: it gave no text."""
        return IncomingMessage(
            commune=self.commune,
            channel=CHANNEL,
            external_id=token,
            message_id=self.sessions.message_id(token, form.message_id),
            text=heard.text if heard else "",
            hamlet=_hamlet(form.xom) or None,
            kind="voice",
            context={"confidence": heard.confidence} if heard else None,
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
        self._set_cookie(response, cookie)

    def _set_cookie(self, response: Response, value: str, *, max_age: int | None = None) -> None:
        """Without `max_age` it goes when the browser is closed."""
        if not self.base:
            response.set_cookie(
                self.cookie,
                value,
                max_age=max_age,
                httponly=True,
                samesite="lax",
                secure=self.secure_cookies,
            )
            return
        # In a frame the page around it is of another site: no other cookie would come back. Each of
        # those sites has its own. (Starlette writes `Partitioned` from Python 3.14 on.)
        made = Response()
        made.set_cookie(self.cookie, value, max_age=max_age, httponly=True, samesite="none", secure=True)
        response.headers.append("Set-Cookie", f"{made.headers['set-cookie']}; Partitioned")

    def _to_newest(self, form: ChatForm) -> Response:
        query = f"?xom={hamlet}" if (hamlet := _hamlet(form.xom)) else ""
        return RedirectResponse(f"{self.base}/{query}#cuoi", 303)

    def busy(self, form: ChatForm) -> Response:
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
    if int(length) > (MAX_SOUND_BYTES if request.url.path == SPOKEN else MAX_FORM_BYTES):
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
