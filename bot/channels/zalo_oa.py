"""Zalo Official Account: a signed webhook in, one call of the OpenAPI for each reply out.

The profile of a person is never asked for: a conversation needs no name.
"""

import asyncio
import dataclasses
import datetime as dt
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import structlog
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import HTTPException
from pydantic import ValidationError

from bot.channels.accounts import ZaloOaAccount
from bot.channels.base import Capabilities, Misconfigured, NeverSent, Part, SendError, with_address
from bot.channels.build import ChannelParts
from bot.channels.capabilities import CAPABILITIES, ZALO_OA
from bot.channels.webhook import read_body
from bot.channels.zalo_oa_api import TIMEOUT_S, BadMessage, OaInfo, ZaloOaApi
from bot.channels.zalo_oa_events import PAYLOAD, Envelope, Said, Unfollowed, read_event, signed_with
from bot.channels.zalo_oa_tokens import ZaloOaTokens
from bot.messages import IncomingMessage, Overloaded
from records.learners import wrote_at

_log = structlog.get_logger()

MAX_BODY = 1_000_000
# The last of Zalo's five retries comes 1 h 51 min after the event and carries the event's time.
REPLAY_WINDOW = dt.timedelta(hours=2)
ANSWER_S = 1.5  # Zalo wants an answer in 2 s
MAX_AT_ONCE = 16  # events being stored, each in a thread
REFUSALS_LOGGED = dt.timedelta(minutes=1)  # one in so long: anybody can cause them
RETRY_AFTER_S = 30
FREE_WINDOW, PAID_WINDOW = dt.timedelta(hours=48), dt.timedelta(days=7)
MAX_BUTTON_TITLE = 100
CHECK_S = 300.0  # how often to look whether the token ends


class ZaloOaChannel:
    def __init__(self, account: ZaloOaAccount, parts: ChannelParts, *, timeout_s: float = TIMEOUT_S) -> None:
        self._account, self._parts = account, parts
        self._client = httpx2.AsyncClient(timeout=timeout_s, follow_redirects=False)
        self._tokens = ZaloOaTokens(account, parts, self._client)
        self._api = ZaloOaApi(account, self._tokens, self._client, parts.phrases, parts.clock)
        self._keys = {
            "OA secret": account.oa_secret.get_secret_value(),
            "app secret": account.app_secret.get_secret_value(),
        }
        self._signed_with: str | None = None
        self._sends_buttons = account.buttons
        self._oa: OaInfo | None = None
        self._refused_at: dt.datetime | None = None
        # Threads of their own: a database that hangs must not hold up everything else.
        self._threads = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix=ZALO_OA)

    @property
    def name(self) -> str:
        return ZALO_OA

    @property
    def commune(self) -> str:
        return self._account.commune

    @property
    def capabilities(self) -> Capabilities:
        can = CAPABILITIES[ZALO_OA]
        return can if self._account.buttons else dataclasses.replace(can, max_buttons=0)

    # --- Out --------------------------------------------------------------------------------------

    def refuses(self, last_message_at: dt.datetime | None, now: dt.datetime) -> str | None:
        window = PAID_WINDOW if self._account.paid_window else FREE_WINDOW
        if last_message_at is not None and now - last_message_at <= window:
            return None
        return self._parts.phrases("channels.zalo_window", hours=round(window.total_seconds() / 3600))

    async def send(self, address: str, part: Part) -> str | None:
        text = unicodedata.normalize("NFC", with_address(part, self._parts.public_url))
        if part.picture and self._parts.public_url:
            try:
                picture = f"{self._parts.public_url}{part.picture}"
                return await self._api.send_message(_body(address, text, picture=picture))
            except BadMessage:
                _log.warning("a text goes without its picture", channel=ZALO_OA, commune=self.commune)
        if not (part.buttons and self._sends_buttons):
            return await self._api.send_message(_body(address, text))
        try:
            return await self._api.send_message(_body(address, text, _buttons(part)))
        except BadMessage:
            sent = await self._api.send_message(_body(address, text))
        # The same text went out without them: this account takes no buttons.
        self._sends_buttons = False
        _log.warning(
            "this account takes no buttons; texts have numbers", channel=ZALO_OA, commune=self.commune
        )
        return sent

    async def delete(self, address: str, message: str) -> None:
        raise NeverSent("Zalo lets nobody delete what a person wrote")

    # --- In ---------------------------------------------------------------------------------------

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        path = f"/channels/{ZALO_OA}/{self.commune}"
        router.add_api_route(path, self._receive, methods=["POST"], response_class=Response)
        return router

    async def _receive(self, request: Request) -> Response:
        """200 only when what was said is stored; Zalo sends the rest again, and it is then known."""
        try:
            async with asyncio.timeout(ANSWER_S):
                raw = await read_body(request, limit=MAX_BODY)
                event = self._checked(raw, request.headers.get("X-ZEvent-Signature", ""))
                if event is not None:
                    # What takes longer goes on, but is answered as not taken.
                    await self._take(event)
        except HTTPException:
            raise
        except (TimeoutError, Overloaded) as error:
            _log.warning("an event was not taken in time", channel=ZALO_OA, reason=type(error).__name__)
            return Response(status_code=503, headers={"Retry-After": str(RETRY_AFTER_S)})
        except Exception:
            _log.exception("an event was not taken", channel=ZALO_OA)
            return Response(status_code=503, headers={"Retry-After": str(RETRY_AFTER_S)})
        return Response(status_code=200)

    def _checked(self, raw: bytes, signature: str) -> Said | Unfollowed | None:
        """The event; refused with 400 what is none, with 403 what Zalo did not sign, or long ago."""
        try:
            envelope = Envelope.model_validate_json(raw)
        except ValidationError as error:
            raise HTTPException(400) from error
        key = signed_with(raw, signature, envelope, self._keys)
        now_ms = self._parts.clock().timestamp() * 1000
        age = dt.timedelta(milliseconds=abs(now_ms - int(envelope.timestamp)))
        if key is None or envelope.app_id != self._account.app_id or age > REPLAY_WINDOW:
            self._log_refusal(is_signed=key is not None)
            raise HTTPException(403)
        if key != self._signed_with:
            self._signed_with = key
            _log.info("events are signed with the account's secret", channel=ZALO_OA, secret=key)
        return read_event(envelope)

    def _log_refusal(self, *, is_signed: bool) -> None:
        now = self._parts.clock()
        if self._refused_at is None or now - self._refused_at > REFUSALS_LOGGED:
            self._refused_at = now
            reason = "another app's or too old" if is_signed else "not signed with our secrets"
            _log.warning("an event was refused", channel=ZALO_OA, commune=self.commune, reason=reason)

    async def _take(self, event: Said | Unfollowed) -> None:
        match event:
            case Said():
                await self._parts.intake.receive(
                    IncomingMessage(
                        self.commune,
                        ZALO_OA,
                        event.user,
                        event.id,
                        event.text,
                        payload=event.payload,
                        kind=event.kind,
                        address=event.user,
                        context={"voice": event.recording} if event.recording else None,
                    )
                )
            case Unfollowed():
                await asyncio.get_running_loop().run_in_executor(self._threads, self._note_left, event)

    def _note_left(self, event: Unfollowed) -> None:
        if not self._has_written_since(event):
            self._parts.desk.left(commune=self.commune, channel=ZALO_OA, external_id=event.user)

    def _has_written_since(self, event: Unfollowed) -> bool:
        """Events come late and in any order: who wrote after they left is here again."""
        parts = self._parts
        with parts.database.read() as session:
            last = wrote_at(
                session,
                commune_id=parts.commune_id(self.commune),
                channel=ZALO_OA,
                hashes=parts.vault.hashes(ZALO_OA, event.user),
            )
        return last is not None and last.timestamp() * 1000 > event.at_ms

    # --- Meanwhile --------------------------------------------------------------------------------

    async def run(self) -> None:
        try:
            while True:
                await self.look_after()
                await asyncio.sleep(CHECK_S)
        finally:
            await self.close()

    async def close(self) -> None:
        """Let a renewal end, then give connections and threads back; nothing is sent after it."""
        await self._tokens.settle()
        await self._client.aclose()
        self._threads.shutdown(wait=False)

    async def look_after(self) -> None:
        """Renew the token in time; learn once what kind of account this is. Never fails."""
        try:
            await self._tokens.renew_in_time()
            if self._oa is None:
                self._oa = await self._api.about()
                self._tell_of(self._oa)
        except Misconfigured as error:
            _log.error("an account needs somebody", channel=ZALO_OA, commune=self.commune, reason=str(error))
        except SendError as error:
            _log.warning("Zalo is not there", channel=ZALO_OA, commune=self.commune, reason=str(error))
        except Exception as error:
            # No traceback: what is in it may hold a token.
            _log.error("an account was not looked after", channel=ZALO_OA, error=type(error).__name__)

    async def about(self) -> OaInfo:
        """What Zalo says of the account now; raises one of the errors of `bot.channels.base`."""
        return await self._api.about()

    def _tell_of(self, oa: OaInfo) -> None:
        _log.info("the account", channel=ZALO_OA, commune=self.commune, **dataclasses.asdict(oa))
        if oa.is_government and self._account.send_by == "v3":
            _log.warning("the account of a public body may have to send by v2", channel=ZALO_OA)
        if not oa.is_verified:
            _log.warning("the account is not verified: Zalo may refuse to send", channel=ZALO_OA)


def _body(
    address: str, text: str, buttons: list[dict[str, Any]] | None = None, *, picture: str | None = None
) -> dict[str, Any]:
    """Zalo takes buttons or a picture, not both; the text has its numbers in any case."""
    message: dict[str, Any] = {"text": text}
    if picture:
        elements = [{"media_type": "image", "url": picture}]
        message["attachment"] = {
            "type": "template",
            "payload": {"template_type": "media", "elements": elements},
        }
    if buttons:
        message["attachment"] = {"type": "template", "payload": {"buttons": buttons}}
    return {"recipient": {"user_id": address}, "message": message}


def _buttons(part: Part) -> list[dict[str, Any]]:
    return [
        {
            "title": unicodedata.normalize("NFC", f"{choice.number}. {choice.title}")[:MAX_BUTTON_TITLE],
            "type": "oa.query.hide",
            "payload": f"{PAYLOAD}{choice.payload}",
        }
        for choice in part.buttons
    ]
