"""The action server: the same Actions for a Rasa server, over Rasa's own protocol.

Not `python -m rasa_sdk --actions`: that makes each Action without arguments where ours are built with
their services, asks nobody for a token, listens on every interface, and answers a failure with the whole
request, which holds the conversation. The protocol itself is small; rasa_sdk's `ActionExecutor` runs the
Actions here as there.
"""

import asyncio
import hmac
import json
import secrets
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog
from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import (
    ActionExecutionRejection,
    ActionMissingDomainException,
    ActionNotFoundException,
)

from bot.action_records import CHANNEL, ActionRecords, Call
from bot.assembly import (
    ERASURES,
    KEY_RING,
    Clock,
    build_services,
    database_url,
    ensure_plan_commune,
    load_content,
    open_plans,
    utc_now,
)
from bot.channels.webhook import read_body
from bot.content import Content
from bot.directory import CommuneDirectory
from bot.guide_shelf import GuideShelf
from bot.settings import Settings
from handlers.actions import FOR_RASA, build_actions
from handlers.guard import Guarded, guard, without_masks
from handlers.services import Services
from handlers.understand import parse_payload
from knowledge.address import DEFAULT, OF_REGION
from knowledge.library import CONTENT
from knowledge.phrases import load_phrases
from records import migrate
from records.communes import CommuneProfile
from records.database import DatabaseError, open_database, sqlite_is_fixed
from records.erasure_list import ErasureList
from records.sample import ensure_sample_commune
from records.vault import open_vault
from retrieval.text import clean

MAX_BODY = 8 * 1024 * 1024  # a Rasa server sends its whole domain and every event of the talk
FAILED = "the action failed; the log of the action server says why"

_log = structlog.get_logger()

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Body | None


class ActionHost:
    """Runs Actions as a Rasa server asks for them. Safe to call from any thread."""

    def __init__(
        self,
        services: Services,
        *,
        commune: str,
        profile: Callable[[str], CommuneProfile],
        records: ActionRecords | None,
    ) -> None:
        """`commune`: of callers whose slot `commune` is empty. Without `records` nothing is counted."""
        self._commune, self._profile, self._records = commune, profile, records
        self.executor = ActionExecutor()
        for action in build_actions(services, FOR_RASA).values():
            self.executor.register_action(action)

    def run(self, call: Body) -> Answer:
        """Statuses and bodies as those of rasa_sdk, but no answer repeats anything of the request."""
        action = str(call.get("next_action") or "")
        try:
            return self._run(action, call)
        except ActionExecutionRejection as error:
            return Answer(400, {"error": error.message, "action_name": error.action_name})
        except ActionNotFoundException as error:
            return Answer(404, {"error": error.message, "action_name": error.action_name})
        except ActionMissingDomainException as error:
            return Answer(449, {"error": error.message, "action_name": error.action_name})
        except Exception:
            _log.exception("an action failed", action=action if action in self.executor.actions else "")
            return Answer(500, {"error": FAILED, "action_name": action})

    def _run(self, action: str, call: Body) -> Answer:
        known = self._prepared(action, call)
        if known and self._records and (answer := self._records.find(known)):
            return Answer(200, answer)
        result = asyncio.run(self.executor.run(call))  # in a thread of its own: our Actions never wait
        if result is None:  # no Action was asked for
            return Answer(200, None)
        answer = result.model_dump()
        if known and self._records:
            answer = self._records.keep(known, answer)
        return Answer(200, answer)

    def _prepared(self, action: str, call: Body) -> Call | None:
        """Mask what the person wrote and fill the slots that our own conversation always has.

        None for a call that the executor is going to refuse.
        """
        tracker = call.get("tracker")
        if action not in self.executor.actions or not isinstance(tracker, dict):
            return None
        message = tracker["latest_message"] = dict(tracker.get("latest_message") or {})
        text = str(message.get("text") or "")
        said = guard("" if parse_payload(text) else clean(text))  # a button pressed is nothing said
        message["text"] = said.redacted
        message["entities"] = [*(message.get("entities") or ()), *_query(message, said)]
        slots = tracker["slots"] = dict(tracker.get("slots") or {})
        slots["commune"] = commune = slots.get("commune") or self._commune
        slots["address"] = slots.get("address") or OF_REGION.get(self._profile(commune).region, DEFAULT)
        sender = str(tracker["sender_id"])
        # A caller may choose any name, also one that means somebody in our own conversations.
        tracker["sender_id"] = f"{CHANNEL}:{sender}"
        message_id = _message_of(tracker) or secrets.token_hex(16)
        return Call(action, sender, message_id, commune, said, is_unlogged=bool(slots.get("unlogged")))


def build_action_app(host: ActionHost, *, token: str) -> FastAPI:
    """The addresses that a Rasa server knows; each but /health wants `token`, as ?token= or as a bearer."""
    app = FastAPI(title="Học Vụ Số: actions", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/actions")
    def actions(request: Request) -> list[dict[str, str]]:
        _check_token(request, token)
        return [{"name": name} for name in host.executor.actions]

    @app.post("/webhook")
    async def webhook(request: Request) -> JSONResponse:
        _check_token(request, token)
        body = await read_body(request, limit=MAX_BODY)
        if request.headers.get("content-encoding") == "deflate":
            body = _inflated(body)
        try:
            call = json.loads(body)
        except ValueError:
            call = None
        if not isinstance(call, dict):
            return JSONResponse({"error": "Invalid body request"}, 400)
        answer = await to_thread.run_sync(host.run, call)
        return JSONResponse(answer.body, answer.status)

    return app


@contextmanager
def open_action_host(
    settings: Settings, *, records: bool, clock: Clock = utc_now, content: Content | None = None
) -> Iterator[ActionHost]:
    """Migrate, load, and be ready to answer; raises `DatabaseError` where two processes may not share it."""
    with ExitStack() as stack:
        settings.data_folder.mkdir(parents=True, exist_ok=True)
        database = open_database(database_url(settings))
        stack.callback(database.close)
        if database.is_sqlite and not sqlite_is_fixed():
            raise DatabaseError(
                "found a SQLite that may break a database which two processes share, expected PostgreSQL"
            )
        migrate.upgrade(database)
        erasures = ErasureList(settings.data_folder / ERASURES)
        erasures.replay(database)
        content = content or load_content(settings)
        plans = open_plans(content, database, settings.content_folder)
        with database.write() as session:
            ensure_sample_commune(session, now=clock())
            for digest in plans.digests:
                ensure_plan_commune(session, digest, now=clock())
        directory = CommuneDirectory(database)
        phrases = load_phrases(settings.content_folder or CONTENT)
        services = build_services(
            content,
            phrases,
            directory,
            plans,
            clock,
            settings.content_folder,
            guides=GuideShelf(content, database),
        )
        vault = open_vault(settings.data_folder / KEY_RING)
        kept = ActionRecords(
            database, vault, directory.by_slug, clock, on_erased=partial(erasures.add_from, database)
        )
        yield ActionHost(
            replace(services, kept_days=settings.keep_messages),
            commune=settings.commune,
            profile=directory.by_slug,
            records=kept if records else None,
        )


def _check_token(request: Request, token: str) -> None:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = bearer if scheme.lower() == "bearer" else request.query_params.get("token", "")
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise HTTPException(401)


def _inflated(body: bytes) -> bytes:
    """A Rasa server may compress what it sends; so may somebody who wants our memory."""
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(body, MAX_BODY)
    except zlib.error as error:
        raise HTTPException(400) from error
    if inflater.unconsumed_tail:
        raise HTTPException(413)
    return inflated


def _query(message: Body, said: Guarded) -> list[dict[str, str]]:
    """What is searched for, unless the caller says so itself: the text without its masks."""
    if any(entity.get("entity") == "query" for entity in message.get("entities") or ()):
        return []
    return [{"entity": "query", "value": without_masks(said.redacted).strip()}]


def _message_of(tracker: Body) -> str | None:
    """What names the message that is answered; Rasa gives it an id, some callers only its time."""
    latest = tracker["latest_message"]
    users = [event for event in tracker.get("events") or () if event.get("event") == "user"]
    last = users[-1] if users else {}
    found = (
        latest.get("message_id")
        or (latest.get("metadata") or {}).get("message_id")
        or last.get("message_id")
        or last.get("timestamp")
    )
    return str(found) if found is not None else None
