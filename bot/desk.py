"""The desk: takes messages in (masked, claimed once, durable) and gives replies out."""

import datetime as dt
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, groupby
from typing import Any

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from bot.channels.capabilities import CAPABILITIES
from bot.crowd import Crowd
from bot.messages import (
    MAX_TEXT,
    Choice,
    Entry,
    IncomingMessage,
    Overloaded,
    Receipt,
    TooMany,
    UnknownCommune,
)
from bot.metrics import Metrics
from bot.rate_limit import RateLimits
from bot.turns import Worker
from handlers.guard import Guarded, guard
from records import arrivals, inbox, learners, outbox
from records.arrivals import Arrival
from records.communes import CommuneProfile
from records.database import Database
from records.held import Held, held_about
from records.models import ChannelIdentity, InboxMessage, OutboxMessage
from records.vault import Vault
from retrieval.text import clean

_log = structlog.get_logger()

MAX_TALK = 1_000  # entries of a talk that are shown again; a web talk ends after 30 idle minutes
ONE_BY_ONE_S = 5.0  # for what one commit could not store; platforms wait hardly longer for an answer
POLL_S = 0.05  # how often a message is looked up that another process may be doing


@dataclass(frozen=True, slots=True)
class _Checked:
    """A message that may be stored."""

    profile: CommuneProfile
    message: IncomingMessage
    guarded: Guarded
    hashes: Sequence[str]  # of the person, newest key first

    @property
    def person(self) -> str:
        return self.hashes[-1]


class DatabaseDesk:
    """The `Desk` of `bot.messages`, over the database and the worker of this process."""

    def __init__(
        self,
        database: Database,
        worker: Worker,
        commune: Callable[[str], CommuneProfile],
        clock: Callable[[], dt.datetime],
        vault: Vault,
        *,
        limits: RateLimits | None = None,
        metrics: Metrics | None = None,
        crowd: Crowd | None = None,
        can_hear: bool = False,
    ) -> None:
        """`can_hear`: somebody makes text of voice messages (`bot.voice.ears`)."""
        self._can_hear = can_hear
        self._database, self._worker = database, worker
        self._commune, self._clock, self._vault = commune, clock, vault
        self._limits = limits
        self._metrics = metrics or Metrics()
        self._crowd = crowd or Crowd(database, clock)

    def receive(self, message: IncomingMessage) -> Receipt:
        try:
            receipt = self._receive(message)
        except Overloaded as refused:
            self._metrics.message(message.channel, "flood" if isinstance(refused, TooMany) else "overload")
            raise
        except Exception:
            self._metrics.message(message.channel, "failed")
            raise
        self._worker.wake()
        self._note(message, receipt)
        return receipt

    def receive_all(self, messages: Sequence[IncomingMessage]) -> list[Receipt | Exception]:
        """Those that can be are stored by one commit, all others one by one."""
        outcomes: dict[int, Receipt | Exception] = {**self._receive_together(messages)}
        until, is_away = time.monotonic() + ONE_BY_ONE_S, False
        for place, message in enumerate(messages):
            if place in outcomes:
                continue
            if is_away and time.monotonic() > until:  # who delivers them has no more patience either
                self._metrics.message(message.channel, "overload")
                outcomes[place] = Overloaded()
                continue
            try:
                outcomes[place] = self.receive(message)
            except Exception as error:
                outcomes[place] = error
                is_away = is_away or isinstance(error, (OperationalError, InterfaceError))
        return [outcomes[place] for place in range(len(messages))]

    def _receive_together(self, messages: Sequence[IncomingMessage]) -> dict[int, Receipt]:
        """place in `messages` → its receipt; empty where there is nothing to gain, or one of them failed."""
        ready = self._ready_together(messages) if len(messages) > 1 else {}
        if len(ready) < 2:
            return {}
        try:
            with self._database.write_rows() as connection:
                receipts = self._claim(connection, list(ready.values()))
        except Exception as error:
            _log.warning("messages are stored one by one", count=len(ready), reason=type(error).__name__)
            return {}
        self._worker.wake()
        for checked, receipt in zip(ready.values(), receipts, strict=True):
            if receipt.is_new and self._limits is not None:
                self._limits.note_person(checked.person)
            self._note(checked.message, receipt)
        return dict(zip(ready, receipts, strict=True))

    def _ready_together(self, messages: Sequence[IncomingMessage]) -> dict[int, _Checked]:
        """place → the first message of each person who is within the limits.

        In one order for all workers, for each holds the rows of many people until its commit.
        """
        ready: dict[tuple[int, str], tuple[int, _Checked]] = {}
        met = set()
        for place, message in enumerate(messages):
            who = (message.commune, message.channel, message.external_id)
            if who in met:  # in their order
                continue
            met.add(who)
            with suppress(Exception):  # what cannot be stored says so when it is its turn alone
                checked = self._checked(message)
                if self._limits is None or self._limits.has_room(checked.person):
                    ready[checked.profile.id, checked.person] = (place, checked)
        return dict(ready[who] for who in sorted(ready))

    def _note(self, message: IncomingMessage, receipt: Receipt) -> None:
        if not receipt.inbox_id:
            self._metrics.message(message.channel, "flood")
            return
        self._metrics.message(message.channel, "new" if receipt.is_new else "again")
        # Its id is in every line about this message, until its replies are sent.
        _log.info("a message is in", inbox_id=receipt.inbox_id, channel=message.channel,
                  is_new=receipt.is_new)  # fmt: skip

    def _receive(self, message: IncomingMessage) -> Receipt:
        checked = self._checked(message)
        try:
            return self._store(checked, limits=self._limits)
        except TooMany as flood:
            assert self._limits is not None
            if self._limits.is_urgent(checked.guarded.redacted):
                return self._store(checked, limits=None)
            if not CAPABILITIES[message.channel].is_pushed:
                raise
            if not flood.is_first:
                return Receipt(checked.profile.id, 0, 0, is_new=False)
            return self._store(_flood(checked), limits=None)

    def _checked(self, message: IncomingMessage) -> _Checked:
        """The message masked; raises what is said of it before anything is stored."""
        profile = self._profile(message.commune)
        if self._crowd.is_full or (self._crowd.is_busy and not CAPABILITIES[message.channel].is_pushed):
            raise Overloaded
        # Only so much is read, so only so much is kept; what is cut off might hide half a number.
        guarded = guard(clean(_storable(message.text))[: 2 * MAX_TEXT])
        hashes = self._vault.hashes(message.channel, message.external_id)
        return _Checked(profile, message, guarded, hashes)

    def _store(self, checked: _Checked, *, limits: RateLimits | None) -> Receipt:
        try:
            return self._store_once(checked, limits=limits)
        except IntegrityError:  # they were erased this moment
            return self._store_once(checked, limits=limits)

    def _store_once(self, checked: _Checked, *, limits: RateLimits | None) -> Receipt:
        """Claim the message in one transaction; beyond the limits raises `TooMany` and keeps nothing."""
        with self._database.write_rows() as connection:
            (receipt,) = self._claim(connection, [checked])
            # A second delivery is no second message.
            if receipt.is_new and limits is not None:
                limits.count_person(checked.person)
        return receipt

    def _claim(self, connection: Connection, all_checked: Sequence[_Checked]) -> list[Receipt]:
        """Of different people, and sorted by commune."""
        now = self._clock()
        claims = (
            arrivals.store(connection, [self._arrival(one) for one in some], commune_id=commune_id, now=now)
            for commune_id, some in groupby(all_checked, key=lambda one: one.profile.id)
        )
        return [Receipt(*claim) for claim in chain.from_iterable(claims)]

    def _arrival(self, checked: _Checked) -> Arrival:
        message, guarded, hashes = checked.message, checked.guarded, checked.hashes
        return Arrival(
            message.channel,
            hashes,
            self._vault.seal(message.address) if message.address else None,
            # By the oldest key: a second delivery is known after a change of keys, too.
            message_id=f"{hashes[-1][:16]}:{message.message_id}"[:200],
            kind=inbox.UNHEARD if self._is_to_be_heard(message) else message.kind,
            context=self._context(message),
            text=guarded.redacted[:MAX_TEXT],
            payload=message.payload[:100] if message.payload else None,
            secrets=[secret.kind for secret in guarded.secrets],
            hamlet=message.hamlet[:80] if message.hamlet else None,
        )

    def wait(self, receipt: Receipt, *, timeout_s: float) -> bool:
        until = time.monotonic() + timeout_s
        while (left := until - time.monotonic()) > 0:
            if self._worker.wait(receipt.inbox_id, min(left, POLL_S)):
                return True
            with self._database.read() as session:
                message = session.get(InboxMessage, (receipt.commune_id, receipt.inbox_id))
                if message is None or message.state != "pending":
                    return True
        return False

    def entries(self, receipt: Receipt, *, after: int = 0) -> list[Entry]:
        return self._entries(receipt.commune_id, receipt.conversation_id, after)

    def talk(self, *, commune: str, channel: str, external_id: str, after: int = 0) -> list[Entry]:
        profile = self._profile(commune)
        with self._database.read() as session:
            conversation = learners.find_conversation(
                session,
                commune_id=profile.id,
                channel=channel,
                hashes=self._vault.hashes(channel, external_id),
            )
            if conversation is None:
                return []
            conversation_id = conversation.id
        return self._entries(profile.id, conversation_id, after)

    def held(self, *, commune: str, channel: str, external_id: str) -> Held | None:
        profile = self._profile(commune)
        hashes = self._vault.hashes(channel, external_id)
        with self._database.read() as session:
            talk = learners.find_conversation(session, commune_id=profile.id, channel=channel, hashes=hashes)
            if talk is None:
                return None
            return held_about(session, commune_id=profile.id, learner_id=talk.learner_id)

    def end(self, *, commune: str, channel: str, external_id: str) -> None:
        """The way in is closed: the identity's hash is replaced by one that no id gives."""
        profile = self._profile(commune)
        with self._database.write() as session:
            conversation = learners.find_conversation(
                session,
                commune_id=profile.id,
                channel=channel,
                hashes=self._vault.hashes(channel, external_id),
            )
            if conversation is not None:
                identity = session.get_one(ChannelIdentity, (profile.id, conversation.identity_id))
                identity.external_hash = f"ended:{secrets.token_hex(24)}"

    def left(self, *, commune: str, channel: str, external_id: str) -> None:
        with self._database.write() as session:
            identity = self._find(session, commune, channel, external_id)
            if identity is not None:
                identity.left_at = self._clock()

    def moved(self, *, commune: str, channel: str, external_id: str, new_id: str) -> None:
        with self._database.write() as session:
            identity = self._find(session, commune, channel, external_id)
            if identity is not None and self._find(session, commune, channel, new_id) is None:
                identity.external_hash = self._vault.hash(channel, new_id)
                identity.sealed_address = self._vault.seal(new_id)

    def _find(self, session: Session, commune: str, channel: str, external_id: str) -> ChannelIdentity | None:
        hashes = self._vault.hashes(channel, external_id)
        return learners.find_identity(
            session, commune_id=self._profile(commune).id, channel=channel, hashes=hashes
        )

    def _context(self, message: IncomingMessage) -> dict[str, Any] | None:
        """Where nobody will hear a recording, where it lies is not kept either."""
        if message.context is None or self._is_to_be_heard(message):
            return message.context
        return {name: value for name, value in message.context.items() if name != "voice"} or None

    def _is_to_be_heard(self, message: IncomingMessage) -> bool:
        return self._can_hear and message.kind == "voice" and "voice" in (message.context or {})

    def _profile(self, slug: str) -> CommuneProfile:
        try:
            return self._commune(slug)
        except KeyError as error:
            raise UnknownCommune(slug) from error

    def _entries(self, commune_id: int, conversation_id: int, after: int) -> list[Entry]:
        with self._database.read() as session:
            replies = outbox.replies_after(
                session, commune_id=commune_id, conversation_id=conversation_id, after=after, limit=MAX_TALK
            )
            entries = [
                *_said(session, commune_id, conversation_id, after),
                *(_reply(row) for row in replies),
            ]
        if any(row.state != "sent" for row in replies):
            with self._database.write() as session:
                outbox.mark_sent(session, replies, now=self._clock())
        return sorted(entries, key=lambda entry: entry.id)


def _storable(text: str) -> str:
    """Half a surrogate pair, as some clients cut an emoji, is no text that a database takes."""
    return text.encode("utf-8", "replace").decode()


def _flood(checked: _Checked) -> _Checked:
    message = replace(checked.message, kind="flood", text="", payload=None, context=None, hamlet=None)
    return replace(checked, message=message, guarded=Guarded("", ()))


def _said(session: Session, commune_id: int, conversation_id: int, after: int) -> Iterable[Entry]:
    rows = session.scalars(
        select(InboxMessage)
        .where(
            InboxMessage.commune_id == commune_id,
            InboxMessage.conversation_id == conversation_id,
            InboxMessage.id > after,
        )
        .order_by(InboxMessage.id)
        .limit(MAX_TALK)
    ).all()
    titles = _titles(session, commune_id, conversation_id) if any(row.payload for row in rows) else {}
    for row in rows:
        text = row.text or titles.get(row.payload or "", "")
        if text:
            is_open = row.state == "pending"
            yield Entry(row.id, "learner", text, (), row.received_at, is_open=is_open)


def _titles(session: Session, commune_id: int, conversation_id: int) -> dict[str, str]:
    """payload → the line that was pressed, as it was shown."""
    rows = outbox.replies_after(
        session, commune_id=commune_id, conversation_id=conversation_id, limit=MAX_TALK
    )
    return {
        choice["payload"]: f"{choice['number']}. {choice['title']}"
        for row in rows
        for choice in row.body["choices"]
    }


def _reply(row: OutboxMessage) -> Entry:
    choices = tuple(
        Choice(c["number"], c["title"], c["payload"], c.get("language")) for c in row.body["choices"]
    )
    return Entry(
        row.id,
        "assistant",
        row.body["text"],
        choices,
        row.created_at,
        picture=row.body.get("picture"),
        paper=row.body.get("paper"),
        language=row.body.get("language"),
    )
