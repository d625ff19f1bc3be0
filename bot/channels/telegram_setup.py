"""Set an account up: tell the platform where the webhook is, and what stands in the bot's menu.

The functions with an account need nothing else of the application: commands use them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from telegram import BotCommand
from telegram.error import TelegramError

from bot.channels.accounts import TelegramAccount
from bot.channels.capabilities import TELEGRAM
from bot.channels.telegram_bot import TelegramBot, as_send_error
from bot.channels.telegram_updates import ALLOWED, MENU, Me
from knowledge.phrases import Phrases


@dataclass(frozen=True, slots=True)
class Setup:
    """What the platform knows about an account."""

    username: str
    webhook: str | None  # address; None while updates are fetched
    waiting: int  # updates not handed over yet
    last_error: str | None  # of the platform's last call of the webhook


def webhook_path(commune: str) -> str:
    return f"/channels/{TELEGRAM}/{commune}"


async def set_webhook(account: TelegramAccount, public_url: str) -> None:
    """Have updates sent to the application at `public_url` (https). Raises `SendError`."""
    async with _calling(account) as bot:
        await bot.set_webhook(
            f"{public_url.rstrip('/')}{webhook_path(account.commune)}",
            secret_token=account.secret,
            allowed_updates=ALLOWED,
            # Several at a time would arrive in any order.
            max_connections=1,
        )


async def delete_webhook(account: TelegramAccount) -> None:
    """Let updates wait until they are fetched. Raises `SendError`."""
    async with _calling(account) as bot:
        await bot.delete_webhook()


async def look(account: TelegramAccount) -> Setup:
    """Raises `SendError`: the platform cannot be reached, the token is refused."""
    async with _calling(account) as bot:
        me = await bot.get_me()
        info = await bot.get_webhook_info()
        return Setup(me.username or "", info.url or None, info.pending_update_count, info.last_error_message)


async def who_am_i(bot: TelegramBot) -> Me:
    """Raises `TelegramError`."""
    me = await bot.get_me()
    return Me(me.id, me.username or "")


async def show_menu(bot: TelegramBot, phrases: Phrases) -> None:
    """Raises `TelegramError`."""
    await bot.set_my_commands(
        [BotCommand(name, phrases(f"channels.telegram_command_{name}")) for name in MENU]
    )


@asynccontextmanager
async def _calling(account: TelegramAccount) -> AsyncIterator[TelegramBot]:
    bot = TelegramBot(account)
    try:
        yield bot
    except TelegramError as error:
        raise as_send_error(error, token=bot.token) from None
    finally:
        await bot.disconnect()
