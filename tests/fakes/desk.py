"""A desk in memory that keeps the contract of `bot.messages.Desk` and fails on demand."""

import datetime as dt
import itertools
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bot.messages import Choice, Entry, IncomingMessage, Overloaded, Receipt

AT = dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC)

HELP = Choice(0, "Gặp người giúp", "help")
BACK = Choice(9, "Quay lại", "back")


@dataclass(frozen=True, slots=True)
class Reply:
    text: str
    choices: tuple[Choice, ...] = ()


def choices(*titles: str) -> tuple[Choice, ...]:
    """Numbered from 1, with payloads 'choice-1' and so on, and with 0 and 9 at the end."""
    numbered = (Choice(number, title, f"choice-{number}") for number, title in enumerate(titles, 1))
    return (*numbered, HELP, BACK)


def echo(message: IncomingMessage) -> list[Reply]:
    return [Reply(f"Dạ cháu nghe: {message.text}")]


@dataclass
class _Conversation:
    id: int
    person: tuple[str, str, str]  # commune, channel, external id
    entries: list[Entry] = field(default_factory=list)


class FakeDesk:
    """Answers with `answer`, at once, or after `release` while it is held.

    `received` are the messages that were new, `deliveries` counts those of any kind.
    """

    def __init__(self, answer: Callable[[IncomingMessage], Sequence[Reply]] = echo) -> None:
        self.answer = answer
        self.received: list[IncomingMessage] = []
        self.ended: list[str] = []
        self.gone: list[str] = []  # who left, by `left`
        self.moves: list[tuple[str, str]] = []  # old and new id, by `moved`
        self.deliveries = 0
        self.failures: list[Exception] = []  # raised by the next calls of `receive`, one each
        self._ids = itertools.count(1)
        self._talks: dict[tuple[str, str, str], _Conversation] = {}
        self._claimed: dict[tuple[str, str, str], Receipt] = {}
        self._conversations: dict[int, _Conversation] = {}
        self._waiting: list[tuple[Receipt, IncomingMessage]] = []
        self._is_held = False
        self._changed = threading.Condition()

    def hold(self) -> None:
        """Leave messages unanswered from now on."""
        self._is_held = True

    def release(self) -> None:
        with self._changed:
            self._is_held = False
            waiting, self._waiting = self._waiting, []
            for receipt, message in waiting:
                self._reply(receipt, message)
            self._changed.notify_all()

    def overload_next(self) -> None:
        self.failures.append(Overloaded())

    def fail_next(self) -> None:
        self.failures.append(RuntimeError("the database is away"))

    def new_id(self) -> int:
        """An entry's id, made before others and perhaps stored after them."""
        return next(self._ids)

    def say(
        self, external_id: str, text: str, choices: tuple[Choice, ...] = (), entry_id: int | None = None
    ) -> None:
        """A word of a volunteer, unasked."""
        with self._changed:
            (talk,) = (talk for person, talk in self._talks.items() if person[2] == external_id)
            talk.entries.append(Entry(entry_id or next(self._ids), "assistant", text, choices, AT))
            talk.entries.sort(key=lambda entry: entry.id)

    def erase(self, message: IncomingMessage) -> list[Reply]:
        """An answer that forgets the talk before it."""
        self._talk_of(message).entries = []
        return [Reply("Đã xóa.")]

    def receive(self, message: IncomingMessage) -> Receipt:
        with self._changed:
            self.deliveries += 1
            if self.failures:
                raise self.failures.pop(0)
            key = (message.commune, message.channel, message.message_id)
            if key in self._claimed:
                receipt = self._claimed[key]
                return Receipt(1, receipt.conversation_id, receipt.inbox_id, is_new=False)
            talk = self._talk_of(message)
            self._claimed[key] = receipt = Receipt(1, talk.id, next(self._ids), is_new=True)
            self.received.append(message)
            masked = re.sub(r"\d{6,}", "••••••", message.text)
            talk.entries.append(Entry(next(self._ids), "learner", masked, (), AT, is_open=self._is_held))
            if self._is_held:
                self._waiting.append((receipt, message))
            else:
                self._reply(receipt, message)
            return receipt

    def receive_all(self, messages: Sequence[IncomingMessage]) -> list[Receipt | Exception]:
        outcomes: list[Receipt | Exception] = []
        for message in messages:
            try:
                outcomes.append(self.receive(message))
            except Exception as error:
                outcomes.append(error)
        return outcomes

    def wait(self, receipt: Receipt, *, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_open(receipt), timeout_s)

    def entries(self, receipt: Receipt, *, after: int = 0) -> list[Entry]:
        with self._changed:
            return [
                entry for entry in self._conversations[receipt.conversation_id].entries if entry.id > after
            ]

    def talk(self, *, commune: str, channel: str, external_id: str, after: int = 0) -> list[Entry]:
        with self._changed:
            talk = self._talks.get((commune, channel, external_id))
            return [entry for entry in talk.entries if entry.id > after] if talk else []

    def held(self, *, commune: str, channel: str, external_id: str) -> dict[str, list[dict]] | None:
        with self._changed:
            talk = self._talks.get((commune, channel, external_id))
            said = [entry.text for entry in talk.entries if entry.who == "learner"] if talk else []
            return {"inbox": [{"text": text} for text in said]} if talk else None

    def end(self, *, commune: str, channel: str, external_id: str) -> None:
        with self._changed:
            self.ended.append(external_id)
            self._talks.pop((commune, channel, external_id), None)

    def left(self, *, commune: str, channel: str, external_id: str) -> None:
        with self._changed:
            self.gone.append(external_id)

    def moved(self, *, commune: str, channel: str, external_id: str, new_id: str) -> None:
        with self._changed:
            self.moves.append((external_id, new_id))

    def _talk_of(self, message: IncomingMessage) -> _Conversation:
        person = (message.commune, message.channel, message.external_id)
        if person not in self._talks:
            talk = _Conversation(next(self._ids), person)
            self._talks[person] = self._conversations[talk.id] = talk
        return self._talks[person]

    def _reply(self, receipt: Receipt, message: IncomingMessage) -> None:
        talk = self._conversations[receipt.conversation_id]
        talk.entries = [replace(entry, is_open=False) for entry in talk.entries]
        for reply in self.answer(message):
            self._add(talk, reply)

    def _add(self, talk: _Conversation, reply: Reply) -> None:
        talk.entries.append(Entry(next(self._ids), "assistant", reply.text, reply.choices, AT))

    def _is_open(self, receipt: Receipt) -> bool:
        return any(waiting.inbox_id == receipt.inbox_id for waiting, _ in self._waiting)
