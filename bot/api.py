"""The interface for other programs of the commune, such as its portal: figures, and one question asked.

Each call brings a key in the header Authorization; a key belongs to one commune and says what it may
do. Refusals are problems (RFC 9457): a Vietnamese title, and a `code` that never changes. Nothing of
what is asked is kept, only how often. What the calls mean for people is in docs/api.md.
"""

import datetime as dt
import logging
import math
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from bot.one_question import OneQuestion
from knowledge.guide import TOPICS
from knowledge.library import Library
from knowledge.phrases import Phrases
from records.api_keys import ASK, COUNTS, live_key, live_origins, note_use
from records.database import Database
from records.models import Commune
from records.public_counts import PublicCounts, by_hamlet, by_topic
from records.small_counts import LEAST
from staff.figures import topic_of
from staff.formats import local
from staff.headers import add_headers
from staff.period import choose_period
from staff.window import MovingWindow, network_of

PREFIX = "/api/v1"
MAX_BODY_BYTES = 16 * 1024
MAX_QUESTION = 2_000  # characters
PREFLIGHT_S = 600
_PROBLEM = "application/problem+json"

_log = logging.getLogger(__name__)


class Problem(Exception):
    """What a call is refused with; `code` names the phrase, too."""

    def __init__(self, status: int, code: str, *, wait_s: float | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.wait_s = status, code, wait_s


class Question(BaseModel):
    question: str = Field(min_length=1, max_length=MAX_QUESTION, pattern=r"^[^\x00]*$")
    id: str = Field("1", max_length=64, pattern=r"^[^\x00]*$", description="comes back in the answer")


class Candidate(BaseModel):
    guide: str
    score: float


class Answer(BaseModel):
    """As `hocvuso ask` prints it; docs/api.md says what each field means."""

    id: str
    outcome: str
    guide: str | None
    candidates: list[Candidate]
    passages: list[dict[str, Any]]
    urgent: bool
    scam: dict[str, Any] | None
    secrets: list[dict[str, str]]
    redacted: str
    reply: list[str]


class Row(BaseModel):
    """A figure is null where it would be about fewer than five people."""

    key: str | None
    name: str | None
    questions: int | None
    learners: int | None
    completions: int | None


class Place(BaseModel):
    slug: str
    name: str


class Counts(BaseModel):
    commune: Place
    first: dt.date
    last: dt.date
    by: Literal["hamlet", "topic"]
    rows: list[Row]
    total: Row
    least: int = Field(description="people from which on a figure is shown")
    calculated_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key it is."""

    commune_id: int
    key_id: int
    slug: str
    name: str


class Api:
    def __init__(
        self,
        database: Database,
        phrases: Phrases,
        *,
        ask: OneQuestion,
        library: Callable[[str], Library],
        clock: Callable[[], dt.datetime],
        per_key: int,
        per_address: int,
    ) -> None:
        self.database, self.phrases, self.ask, self.library, self.clock = (
            database, phrases, ask, library, clock
        )  # fmt: skip
        self._keys = MovingWindow(per_key, 60, lambda: clock().timestamp())
        self._addresses = MovingWindow(per_address, 60, lambda: clock().timestamp())

    def count_address(self, request: Request) -> None:
        """Before anything is looked up: keys cannot be guessed at any speed."""
        if wait_s := self._addresses.hit(network_of(request)):
            raise Problem(429, "too_many", wait_s=wait_s)

    def caller(self, request: Request, token: str | None, scope: str) -> Caller:
        """Who calls, counted; raises `Problem`."""
        now = self.clock()
        origin = request.headers.get("origin")
        with self.database.read() as session:
            key = live_key(session, token, now=now) if token else None
            if key is None:
                raise Problem(401, "no_key")
            if scope not in key.scopes:
                raise Problem(403, "no_scope")
            if origin is not None and origin not in key.origins:
                raise Problem(403, "no_origin")
            commune = session.get_one(Commune, key.commune_id)
            caller = Caller(key.commune_id, key.id, commune.slug, commune.name)
        if wait_s := self._keys.hit(str(caller.key_id)):
            raise Problem(429, "too_many", wait_s=wait_s)
        with self.database.write() as session:
            note_use(
                session,
                commune_id=caller.commune_id,
                key_id=caller.key_id,
                scope=scope,
                day=local(now).date(),
                now=now,
            )
        return caller

    def counts(self, caller: Caller, period: str, by: str) -> Counts:
        now = self.clock()
        try:
            month = choose_period(ky=period, today=local(now).date())
        except ValueError as error:
            raise Problem(400, "bad_request") from error
        days: dict[str, Any] = {"commune_id": caller.commune_id, "start": month.start, "end": month.end}
        with self.database.read() as session:
            found = (
                by_hamlet(session, **days) if by == "hamlet" else self._by_topic(session, caller.slug, days)
            )
        return Counts(
            commune=Place(slug=caller.slug, name=caller.name),
            first=month.first,
            last=month.last,
            by="hamlet" if by == "hamlet" else "topic",
            rows=[Row(**asdict(row)) for row in found.rows],
            total=Row(**asdict(found.total)),
            least=LEAST,
            calculated_at=now,
        )

    def _by_topic(self, session: Any, slug: str, days: dict[str, Any]) -> PublicCounts:
        library = self.library(slug)
        names = [(topic, self.phrases(f"staff.topic_{topic.replace('-', '_')}")) for topic in TOPICS]
        return by_topic(session, **days, topic_of=lambda guide: topic_of(guide, library), topics=names)


_bearer = HTTPBearer(auto_error=False, description="khóa của cổng thông tin, do quản trị xã tạo")
Key = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def build_api_router(api: Api, *, is_https: bool) -> APIRouter:
    """The router to include in the application; it brings its own prefix, /api/v1."""
    router = APIRouter(
        prefix=PREFIX,
        route_class=_route_class(api, is_https=is_https),
        max_body_size=MAX_BODY_BYTES,
        tags=["Học Vụ Số"],
        responses={
            status: {"description": api.phrases(f"api.{code}"), "content": {_PROBLEM: {}}}
            for status, code in ((400, "bad_request"), (401, "no_key"), (403, "no_scope"), (429, "too_many"))
        },
    )

    @router.get("/counts", summary=api.phrases("api.counts"))
    def counts(
        request: Request,
        key: Key,
        period: Annotated[str, Query(pattern=r"^\d{4}-\d{2}$", description="a month, such as 2026-11")],
        by: Annotated[Literal["hamlet", "topic"], Query()] = "hamlet",
    ) -> Counts:
        """A month by hamlet or topic; figures of fewer than five people are null."""
        return api.counts(api.caller(request, _token(key), COUNTS), period, by)

    @router.post("/ask", summary=api.phrases("api.ask"))
    def ask(request: Request, key: Key, question: Question) -> Answer:
        """One question of a new learner; nothing of it is kept but that it was asked."""
        caller = api.caller(request, _token(key), ASK)
        return Answer(**api.ask(question.id, question.question, caller.slug))

    # A browser asks first, without a key, whether a page of another site may call.
    @router.options("/{call}", include_in_schema=False)
    def preflight(request: Request, call: str) -> Response:
        origin = request.headers.get("origin", "")
        with api.database.read() as session:
            is_known = origin in live_origins(session, now=api.clock())
        if not is_known:
            raise Problem(403, "no_origin")
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": "Authorization, Content-Type",
                "Access-Control-Max-Age": str(PREFLIGHT_S),
            },
        )

    @router.get("/openapi.json", include_in_schema=False)
    def describe() -> JSONResponse:
        described = [route for route in router.routes if isinstance(route, APIRoute)]
        return JSONResponse(
            get_openapi(
                title="Học Vụ Số", version="1", description=api.phrases("api.about"), routes=described
            )
        )

    return router


def _token(key: HTTPAuthorizationCredentials | None) -> str | None:
    return key.credentials if key else None


def _route_class(api: Api, *, is_https: bool) -> type[APIRoute]:
    class ApiRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handle_call(request: Request) -> Response:
                response = await _answer(api, handle, request)
                origin = request.headers.get("origin")
                if origin and response.status_code < 300:
                    # Whoever came this far was found among the key's origins.
                    response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Vary"] = "Origin"
                add_headers(response.headers, is_https=is_https)
                return response

            return handle_call

    return ApiRoute


async def _answer(
    api: Api, handle: Callable[[Request], Coroutine[Any, Any, Response]], request: Request
) -> Response:
    try:
        api.count_address(request)
        return await handle(request)
    except Problem as problem:
        return _refusal(api, problem)
    except RequestValidationError:
        return _refusal(api, Problem(400, "bad_request"))
    except HTTPException:  # of a body that turns out too large while it is read
        raise
    except Exception:
        # The path of the route alone: a question may stand in whatever else there is.
        _log.exception("%s %s failed", request.method, request.scope["route"].path)
        return _refusal(api, Problem(500, "broken"))


def _refusal(api: Api, problem: Problem) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    if problem.wait_s is not None:
        headers["Retry-After"] = str(math.ceil(problem.wait_s))
    body = {
        "type": "about:blank",
        "title": api.phrases(f"api.{problem.code}"),
        "status": problem.status,
        "code": problem.code,
    }
    return JSONResponse(body, problem.status, headers=headers, media_type=_PROBLEM)
