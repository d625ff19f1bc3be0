"""What passes between a channel and the conversation, and the desk where they meet."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from records.held import Held

MAX_TEXT = 2_000  # characters of a message that are read; a question is far shorter


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """One message as a channel received it, unmasked: it never goes further than the desk."""

    commune: str  # slug
    channel: str
    external_id: str  # the channel's id of the person
    message_id: str  # the channel's id of the message: a second delivery has the same
    text: str
    payload: str | None = None  # of a pressed button: what `Choice.payload` held
    hamlet: str | None = None  # slug that came with a link or QR code
    # What is no text is answered, never kept; a flood is what stands for many messages too fast.
    kind: Literal["text", "picture", "voice", "other", "flood"] = "text"
    address: str | None = None  # where replies are sent to; None where they are fetched
    context: dict[str, Any] | None = None  # what the channel needs to act on this message: JSON, no secrets


@dataclass(frozen=True, slots=True)
class Choice:
    """One numbered line. `number` is what a person types, `payload` what a button sends back."""

    number: int
    title: str
    payload: str
    language: str | None = None  # of the title, as in BCP 47; None: Vietnamese


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the talk as the person may see it again: their own texts are masked."""

    id: int  # grows with time within a conversation
    who: Literal["learner", "assistant"]
    text: str
    choices: tuple[Choice, ...]  # with 0 and 9 at the end, when there are any
    at: dt.datetime
    is_open: bool = False  # the learner's, and still to be answered; not every message gets an answer
    picture: str | None = None  # path of a picture that shows what the text says
    paper: str | None = None  # path of a PDF to take away
    language: str | None = None  # of the assistant's text, as in BCP 47; None: Vietnamese


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message is stored: it is safe to tell the channel so."""

    commune_id: int
    conversation_id: int
    inbox_id: int  # 0: dropped with the rest of a flood
    is_new: bool  # False: this message was delivered before


class Overloaded(Exception):
    """Too many messages are waiting; ask the channel to come again later."""


class TooMany(Overloaded):
    """This person, or this part of the network, sends more than is taken."""

    def __init__(self, wait_s: float, *, is_first: bool) -> None:
        super().__init__(f"too many messages, the next one is taken in {wait_s:.0f} s")
        self.wait_s, self.is_first = wait_s, is_first  # is_first: the person was not told lately


class UnknownCommune(Exception):
    """The message is for a commune that is not here."""


class Desk(Protocol):
    """Where channels hand in messages and fetch replies. Safe to call from any thread."""

    def receive(self, message: IncomingMessage) -> Receipt:
        """Mask, claim and store; returns once it is durable. Raises `Overloaded`, `UnknownCommune`.

        A person's flood is answered once, with a request to slow down, and the rest of it dropped;
        where people fetch their replies it raises `TooMany` instead, for their page keeps the message.
        """

    def receive_all(self, messages: Sequence[IncomingMessage]) -> list[Receipt | Exception]:
        """Each as `receive` does, cheaper than one by one: what it returns or raises, in the same order."""

    def wait(self, receipt: Receipt, *, timeout_s: float) -> bool:
        """Wait until the message is answered; False when it takes longer."""

    def entries(self, receipt: Receipt, *, after: int = 0) -> list[Entry]:
        """The talk of the receipt's conversation after entry `after`, oldest first."""

    def talk(self, *, commune: str, channel: str, external_id: str, after: int = 0) -> list[Entry]:
        """The talk of a person, without a message; [] for somebody new."""

    def held(self, *, commune: str, channel: str, external_id: str) -> Held | None:
        """Everything that is held about a person (`records.held`); None for somebody new."""

    def end(self, *, commune: str, channel: str, external_id: str) -> None:
        """The person left this device: nobody can read this talk through the channel any more."""

    def left(self, *, commune: str, channel: str, external_id: str) -> None:
        """The person blocked us or went away: nothing is sent until they write again."""

    def moved(self, *, commune: str, channel: str, external_id: str, new_id: str) -> None:
        """The channel gave the person's chat another id; the talk goes on there."""
