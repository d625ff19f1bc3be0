"""What a channel is to the rest: a name, what it can show, and a way to send one part.

A channel takes messages in through its webhook or its own loop, hands them to the desk, and
acknowledges them only when the desk has them. Replies it gets from the sender, one call each.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from fastapi import APIRouter

from bot.messages import Choice


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can show and do. Numbered text can always be shown."""

    max_text: int  # longest message, in UTF-16 units of its NFC form: no channel counts more strictly
    max_buttons: int = 0  # 0: choices are numbered lines alone
    max_payload_bytes: int = 64  # of a button
    deletes_messages: bool = False  # can take away what a person wrote
    is_pushed: bool = True  # False: the person's page fetches its replies


@dataclass(frozen=True, slots=True)
class Part:
    """One message to send: text with its numbered lines, and buttons where they can be shown."""

    text: str
    buttons: Sequence[Choice] = ()
    # Paths below the public address. A channel that cannot show them sends the text alone.
    picture: str | None = None
    paper: str | None = None
    # What is said aloud, as a message of its own; `text`, if there is any, is sent where that fails.
    voice: str | None = None


def with_address(part: Part, public_url: str | None) -> str:
    """The text, and beneath it where its paper can be fetched: for channels that send no files."""
    return f"{part.text}\n{public_url}{part.paper}" if part.paper and public_url else part.text


class Channel(Protocol):
    """One account of a commune on a channel. All calls come from one event loop."""

    @property
    def name(self) -> str: ...

    @property
    def commune(self) -> str:
        """Slug of the commune whose account this is."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def send(self, address: str, part: Part) -> str | None:
        """Send one message; returns the channel's id of it. Raises one of the errors below."""

    async def delete(self, address: str, message: str) -> None:
        """Take away a message that the person wrote, where `deletes_messages`."""

    def router(self) -> APIRouter | None:
        """The webhook, to include in the application."""

    async def run(self) -> None:
        """What the channel does for as long as the application runs: fetch messages, renew tokens.

        Ends only by being cancelled; an unreachable channel is tried again, it never ends this.
        """


@runtime_checkable
class HasWindow(Protocol):
    """A channel on which we may write only for a while after the person did."""

    def refuses(self, last_message_at: dt.datetime | None, now: dt.datetime) -> str | None:
        """Why somebody who wrote last at that time gets nothing now; None when they get it.

        Asked before each call; the reason is shown to staff.
        """


class SendError(Exception):
    """A message was not sent. The text names no person and no token: staff and logs show it."""


class TryAgain(SendError):
    """The channel is busy or cannot be reached; after `after_s`, where it said when."""

    def __init__(self, reason: str, *, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class NotNow(SendError):
    """This message can be sent in `after_s`, however late that is; messages to others can be sent now."""

    def __init__(self, reason: str, *, after_s: float) -> None:
        super().__init__(reason)
        self.after_s = after_s


class NeverSent(SendError):
    """The channel will not take this message, however often it is tried."""


class HasLeft(NeverSent):
    """The person blocked us or went away."""


class Misconfigured(SendError):
    """The account cannot send at all until somebody acts: token, package, permission."""
