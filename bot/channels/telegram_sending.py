"""How a reply goes out on Telegram: its buttons, its pace, and why it did not."""

import time
from collections.abc import Awaitable, Callable, Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.channels.base import HasLeft, Misconfigured, NeverSent, SendError, TryAgain
from bot.messages import Choice
from handlers.understand import BACK, PERSON
from knowledge.phrases import Phrases

SPACING_S, GROUP_SPACING_S = 1.0, 3.0  # between messages to one chat: the platform's FAQ


class Spacing:
    """Lets messages to one chat follow each other at the platform's pace; other chats don't wait."""

    def __init__(
        self, pause: Callable[[float], Awaitable[None]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._pause, self._now = pause, now
        self._free_at: dict[str, float] = {}

    async def wait(self, chat: str) -> None:
        now = self._now()
        if len(self._free_at) > 1_000:
            self._free_at = {other: at for other, at in self._free_at.items() if at > now}
        at = max(now, self._free_at.get(chat, now))
        is_group = chat.startswith("-")
        self._free_at[chat] = at + (GROUP_SPACING_S if is_group else SPACING_S)
        if at > now:
            await self._pause(at - now)


def keyboard(choices: Sequence[Choice]) -> InlineKeyboardMarkup | None:
    """One choice a row, as wide as the screen; the two constants share the last one."""
    if not choices:
        return None
    buttons = {
        choice.number: InlineKeyboardButton(f"{choice.number}. {choice.title}", callback_data=choice.payload)
        for choice in choices
    }
    rows = [[button] for number, button in buttons.items() if number not in (PERSON, BACK)]
    constants = [button for number, button in buttons.items() if number in (PERSON, BACK)]
    return InlineKeyboardMarkup([*rows, constants] if constants else rows)


def for_staff(failed: SendError, phrases: Phrases) -> SendError:
    """The same in words for staff, who see why a reply was not sent."""
    match failed:
        case HasLeft():
            return HasLeft(phrases("channels.telegram_gone"))
        case NeverSent():
            return NeverSent(phrases("channels.telegram_refused", reason=failed))
        case Misconfigured():
            return Misconfigured(phrases("channels.telegram_account", reason=failed))
        case TryAgain():
            return TryAgain(phrases("channels.telegram_away", reason=failed), after_s=failed.after_s)
        case _:
            return failed
