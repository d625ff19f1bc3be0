"""The Bot API through python-telegram-bot: one client for an account, its errors in our words."""

import os
from typing import Any

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from bot.channels.accounts import TelegramAccount
from bot.channels.base import HasLeft, Misconfigured, NeverSent, SendError, TryAgain
from bot.channels.telegram_updates import ALLOWED

# Without it the library warns of each 429: the time to wait is going to be of another type.
os.environ.setdefault("PTB_TIMEDELTA", "1")

# A request that runs out of time may have been carried out, and is then carried out twice: be patient.
# Together they stay below the sender's own limit for a call.
CONNECT_S, READ_S, WRITE_S, POOL_S = 10.0, 20.0, 5.0, 3.0
MESSAGES_PER_S = 30.0  # of a bot, to all together; the platform's FAQ
MAX_REASON = 120  # characters of what the platform says is wrong
GONE = ("chat not found", "peer_id_invalid", "user is deactivated", "group chat was deleted")


class TelegramBot(ExtBot[int]):
    """A client that can be used at once, also while the platform cannot be reached."""

    def __init__(
        self,
        account: TelegramAccount,
        *,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
        messages_per_s: float = MESSAGES_PER_S,
    ) -> None:
        token = account.token.get_secret_value()
        base = account.base_url.rstrip("/")
        self._read_s = read_s
        self._mine = [
            HTTPXRequest(
                connection_pool_size=size,
                proxy=account.proxy,
                connect_timeout=connect_s,
                read_timeout=read_s,
                write_timeout=WRITE_S,
                pool_timeout=POOL_S,
            )
            for size in (1, 16)
        ]
        super().__init__(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            get_updates_request=self._mine[0],
            request=self._mine[1],
            # Chats are spaced by the channel: this one would hold a group's message for up to a minute.
            rate_limiter=AIORateLimiter(overall_max_rate=messages_per_s, group_max_rate=0, max_retries=0),
        )

    async def connect(self) -> None:
        """Undo `disconnect`; nothing is sent. (`initialize` would fail while the platform is away.)"""
        for request in self._mine:
            await request.initialize()

    async def disconnect(self) -> None:
        for request in self._mine:
            await request.shutdown()

    async def fetch_updates(self, offset: int | None, *, timeout_s: int) -> list[dict[str, Any]]:
        """The updates that wait, unread; what is before `offset` is confirmed and gone.

        `get_updates` reads a batch as a whole, so one update that the library cannot read would keep
        every other from us.
        """
        wanted = {"offset": offset, "timeout": timeout_s, "allowed_updates": ALLOWED}
        updates: list[dict[str, Any]] = await self._post(
            "getUpdates", wanted, read_timeout=timeout_s + self._read_s
        )
        return updates


def as_send_error(error: TelegramError, *, token: str) -> SendError:
    """What a failed call means for the message; the text holds neither the token nor a person's words."""
    match error:
        case Forbidden():
            return HasLeft("blocked, or taken out of the group")
        case RetryAfter():
            return TryAgain("too many messages", after_s=seconds_of(error))
        case ChatMigrated():
            return TryAgain("the group has another id now", after_s=0.1)
        case InvalidToken():
            return Misconfigured("the token is refused")
        case Conflict():
            return Misconfigured("somebody else uses the account")
        case BadRequest():  # before its base class NetworkError, which is worth another try
            reason = error.message.replace(token, "…")[:MAX_REASON]
            is_gone = any(sign in reason.lower() for sign in GONE)
            return HasLeft(reason) if is_gone else NeverSent(reason)
        case _:
            return TryAgain(type(error).__name__)


def seconds_of(error: RetryAfter) -> float:
    """How long the platform wants to be left alone."""
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()
