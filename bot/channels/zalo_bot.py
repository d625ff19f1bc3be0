"""Zalo Bot: a bot account of the commune on Zalo, by webhook or by asking for updates.

The platform has no buttons: choices are numbered lines. It repeats no update as far as is known, and
one that was handed over is gone for good, so nothing is asked for while the last one is not stored.
"""

import asyncio
import datetime as dt
import json
import random
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import structlog
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import HTTPException
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.channels.accounts import ZaloBotAccount
from bot.channels.base import (
    HasLeft,
    Misconfigured,
    NeverSent,
    Part,
    SendError,
    TryAgain,
    with_address,
)
from bot.channels.build import ChannelParts
from bot.channels.capabilities import CAPABILITIES, ZALO_BOT
from bot.channels.webhook import check_secret, read_body
from bot.channels.zalo_bot_api import Busy, ZaloBotApi
from bot.messages import IncomingMessage, Overloaded
from bot.voice.sending import made_in_time
from records.outbox import sent_since
from staff.formats import VIETNAM

SECRET_HEADER = "X-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
MAX_BODY = 256 * 1024
RETRY_AFTER_S = 30
POLL_S = 30
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0  # between attempts to reach a platform or a database that is away
MISCONFIGURED_S = 300.0
OTHERS_S = 5.0  # between looks whether the worker that fetches is still there
RECOUNT_S = 300.0  # how long our own count of sent messages is added to before it is read again
WARN_SHARE = 0.8  # of the month's messages

_KINDS: dict[str, Literal["text", "picture", "voice", "other"]] = {
    "message.text.received": "text",
    "message.image.received": "picture",
    "message.voice.received": "voice",
    "message.sticker.received": "other",
    "message.unsupported.received": "other",
}
_AWAY = (Overloaded, OperationalError, InterfaceError)  # passes, and the message can be stored then

_log = structlog.get_logger()


def webhook_path(commune: str) -> str:
    return f"/channels/{ZALO_BOT}/{commune}"


def read_update(update: Mapping[str, Any], *, commune: str) -> IncomingMessage | None:
    """The message of an update; None for what nobody is to be answered: groups, bots, news without a chat.

    Photos and recordings are not looked at; only that there was one is passed on.
    """
    event, message = update.get("event_name"), update.get("message")
    if event not in _KINDS or not isinstance(message, dict):
        return None
    chat, sender = _as_dict(message.get("chat")), _as_dict(message.get("from"))
    if chat.get("chat_type", "PRIVATE") != "PRIVATE" or sender.get("is_bot") or not chat.get("id"):
        return None
    number = message.get("message_id") or message.get("date")
    if number is None:
        return None
    chat_id = str(chat["id"])
    return IncomingMessage(
        commune=commune,
        channel=ZALO_BOT,
        external_id=chat_id,
        message_id=f"{event}:{number}",
        text=_as_text(message.get("text") or message.get("caption")),
        kind=_KINDS[event],
        address=chat_id,
    )


def month_start(now: dt.datetime) -> dt.datetime:
    """When the month of the plan began: the calendar's, in Vietnam."""
    return now.astimezone(VIETNAM).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


class Quota:
    """How many messages of the plan's month are used, by our own count.

    Only we send for the account, but how the platform counts is not documented. So the count warns;
    that no more can be sent, only the platform says.
    """

    def __init__(self, account: ZaloBotAccount, parts: ChannelParts) -> None:
        self._most, self._parts = account.monthly_messages, parts
        self._commune = account.commune
        self._used, self._counted_at = 0, float("-inf")
        self._month: dt.datetime | None = None
        self._is_warned = False

    @property
    def is_used_up(self) -> bool:
        return self._used >= self._most

    async def refresh(self) -> None:
        """Read the count anew where it is old or of another month."""
        month = month_start(self._parts.clock())
        if month == self._month and time.monotonic() - self._counted_at < RECOUNT_S:
            return
        self._used = await to_thread.run_sync(self._count, month)
        self._is_warned = self._is_warned and month == self._month
        self._month, self._counted_at = month, time.monotonic()

    def add_one(self) -> None:
        """One more was sent; warns once a month when few are left."""
        self._used += 1
        if self._used >= WARN_SHARE * self._most and not self._is_warned:
            self._is_warned = True
            _log.warning(
                "the messages of the month are nearly used up",
                channel=ZALO_BOT,
                commune=self._commune,
                used=self._used,
                of=self._most,
            )

    def _count(self, month: dt.datetime) -> int:
        with self._parts.database.read() as session:
            return sent_since(
                session, commune_id=self._parts.commune_id(self._commune), channel=ZALO_BOT, since=month
            )


class ZaloBotChannel:
    name = ZALO_BOT
    capabilities = CAPABILITIES[ZALO_BOT]

    def __init__(self, account: ZaloBotAccount, parts: ChannelParts) -> None:
        self.commune = account.commune
        self._account, self._desk, self._phrases = account, parts.desk, parts.phrases
        self._intake = parts.intake
        self._fetching = parts.fetching
        self.api = ZaloBotApi(account.base_url, account.token.get_secret_value())
        self._quota = Quota(account, parts)
        self._public_url = parts.public_url
        self._sound_path = partial(parts.sound_path, account.commune)

    async def send(self, address: str, part: Part) -> str | None:
        sound = await made_in_time(partial(self._sound_path, part.voice)) if part.voice else None
        if part.voice and not part.text and not (sound and self._public_url):
            return None  # what was to be heard is there to be read, and no message of the month is used
        await self._quota.refresh()  # before the call: nothing may fail between it and its row
        try:
            sent = await self._send(address, part, sound)
        except Busy:
            if not self._quota.is_used_up:
                raise
            # Kept, not given up: somebody may take a larger plan, or the month ends, before it is too old.
            quota = self._phrases("channels.zalo_bot_quota", most=self._account.monthly_messages)
            raise Misconfigured(quota) from None
        except HasLeft:
            raise HasLeft(self._phrases("channels.zalo_bot_gone")) from None
        except Misconfigured as error:
            raise Misconfigured(self._phrases("channels.zalo_bot_account", reason=error)) from None
        if sent is not None or part.text:
            self._quota.add_one()
        return sent

    async def _send(self, address: str, part: Part, sound: str | None) -> str | None:
        """As sound, or with its picture, where the platform fetches and takes that; else the text alone."""
        text = with_address(part, self._public_url)
        if sound and self._public_url:
            try:
                return await self.api.send_voice(address, f"{self._public_url}{sound}")
            except NeverSent as error:
                if isinstance(error, HasLeft):
                    raise
                _log.warning("a reply is not heard", channel=ZALO_BOT, commune=self.commune)
                if not text:
                    return None
        if part.picture and self._public_url:
            try:
                return await self.api.send_photo(address, f"{self._public_url}{part.picture}", text)
            except NeverSent as error:
                if isinstance(error, HasLeft):
                    raise
                _log.warning("a text goes without its picture", channel=ZALO_BOT, commune=self.commune)
        return await self.api.send_message(address, text)

    async def delete(self, address: str, message: str) -> None:
        raise NeverSent("found a message to take away, expected none: the channel cannot")

    def router(self) -> APIRouter | None:
        if self._account.mode != "webhook":
            return None
        router = APIRouter(include_in_schema=False)
        router.add_api_route(webhook_path(self.commune), self._receive, methods=["POST"])
        return router

    async def run(self) -> None:
        try:
            if self._account.mode == "webhook":
                await asyncio.Event().wait()
            await self._poll()
        finally:
            await self.api.aclose()

    async def _poll(self) -> None:
        """Ask for one update after the other; each is stored before the next is asked for."""
        waits = _Waits()
        with self._fetching(f"{self.name} {self.commune}") as post:
            while True:
                if not await to_thread.run_sync(post.is_mine):  # another worker fetches
                    await asyncio.sleep(OTHERS_S)
                    continue
                try:
                    update = await self.api.next_update(wait_s=POLL_S)
                except SendError as error:
                    pause_s = waits.next(error)
                    _log.warning(
                        "no update could be fetched", channel=ZALO_BOT, reason=str(error), again_in_s=pause_s
                    )
                    await asyncio.sleep(pause_s)
                    continue
                waits.over()
                if update is not None:
                    await self._keep(update)

    async def _keep(self, update: Mapping[str, Any]) -> None:
        """Store an update that nobody will hand over again, however long the database is away."""
        message = read_update(update, commune=self.commune)
        waits = _Waits()
        while message is not None:
            try:
                await to_thread.run_sync(self._desk.receive, message)
            except _AWAY as error:
                pause_s = waits.next(error)
                _log.warning("an update waits to be stored", channel=ZALO_BOT, reason=type(error).__name__)
                await asyncio.sleep(pause_s)
            except Exception as error:
                # One that cannot be stored must not hold up all that come after it.
                _log.error("an update was not stored", channel=ZALO_BOT, error=type(error).__name__)
                return
            else:
                return

    async def _receive(self, request: Request) -> Response:
        """The webhook: 200 once the message is stored."""
        check_secret(request.headers.get(SECRET_HEADER), self._account.secret)
        body = await read_body(request, limit=MAX_BODY)
        try:
            event = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise HTTPException(400) from error
        message = read_update(_as_dict(_as_dict(event).get("result")), commune=self.commune)
        if message is not None:
            try:
                await self._intake.receive(message)
            except _AWAY as error:
                _log.warning("an update was not stored", channel=ZALO_BOT, reason=type(error).__name__)
                raise HTTPException(503, headers={"Retry-After": str(RETRY_AFTER_S)}) from error
            except Exception as error:
                # No traceback: it could hold what somebody wrote.
                _log.error("an update was not stored", channel=ZALO_BOT, error=type(error).__name__)
                raise HTTPException(500) from error
        return Response()


class _Waits:
    """How long to wait after one failure more: doubled each time, a little different for each of us."""

    def __init__(self) -> None:
        self._next_s = FIRST_WAIT_S

    def next(self, error: Exception) -> float:
        if isinstance(error, Misconfigured):
            return MISCONFIGURED_S
        if isinstance(error, TryAgain) and error.after_s is not None:
            return error.after_s
        wait_s, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_WAIT_S)
        return wait_s * random.uniform(0.7, 1.3)  # noqa: S311 - no secret

    def over(self) -> None:
        self._next_s = FIRST_WAIT_S


def _as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _as_text(value: object) -> str:
    """JSON can hold halves of characters, which no database takes."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
