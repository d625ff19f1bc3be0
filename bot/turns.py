"""Do the pending messages: one transaction a turn, in order for each learner, never twice.

A turn reads its message and conversation under a row lock, runs the dialogue, and writes state,
question, completion and replies together. What fails is tried three times and then set aside
with an apology, so that one message that cannot be handled does not hold up the next.
"""

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import structlog
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from structlog.contextvars import bound_contextvars

from bot import relay
from bot.bodies import Body, bodies
from bot.channels.capabilities import CAPABILITIES
from bot.conversation import Conversation, Message, Reply, Turn
from bot.effect_context import EffectContext, Outdated
from bot.effects import apply_effect
from bot.metrics import Metrics
from bot.pushing import Pushing
from knowledge.address import DEFAULT, address
from knowledge.phrases import Phrases
from records import handoffs, inbox, outbox, unlogged
from records.communes import CommuneProfile
from records.database import Database
from records.models import Base, InboxMessage, TurnEvents
from records.models import Conversation as ConversationRow
from records.personal import PROFILE_SLOTS
from staff.formats import local

_log = structlog.get_logger()

SWEEP_S = 1.0  # how often to look for work nobody called for: left by a crash, or by another process
RETRY_S = 0.05  # pause after a failed turn
WALKING_SLOTS = frozenset(  # what going on with a guide needs, in a talk of which nothing is kept
    (*PROFILE_SLOTS, "class_draft", "class_asked", "class_code", "guide", "step", "phase", "stuck", "aside",
     "choices", "misses", "waiting", "call", "looked_up", "join_tries",
     "asking_hamlet", "turn", "last_at")
)  # fmt: skip
_ADD_EVENTS = insert(Base.metadata.tables[TurnEvents.__tablename__])

CommuneById = Callable[[int], CommuneProfile]


class TurnRunner:
    """Runs turns, one at a time, each in one transaction."""

    def __init__(
        self,
        database: Database,
        conversation: Conversation,
        phrases: Phrases,
        commune: CommuneById,
        clock: Callable[[], dt.datetime],
        metrics: Metrics,
        *,
        on_replies: Callable[[int, str], None] = lambda _commune_id, _channel: None,
        on_erased: Callable[[], object] = lambda: None,
    ) -> None:
        """`on_replies` is called with commune and channel after replies were stored, `on_erased`
        after somebody's data was erased."""
        self._database, self._conversation, self._phrases = database, conversation, phrases
        self._commune, self._clock, self._metrics = commune, clock, metrics
        self._on_replies, self._on_erased = on_replies, on_erased

    def run_one(self) -> int | None:
        """Do the oldest message that can be done; returns its inbox id, or None when there is none."""
        doing: tuple[int, int] | None = None
        channel = ""
        started = time.perf_counter()
        try:
            with ExitStack() as logged, self._database.write() as session:
                locked = inbox.lock_next(session)
                if locked is None:
                    return None
                message, conversation = locked
                doing, channel, arrived = (
                    (message.commune_id, message.id),
                    message.channel,
                    message.received_at,
                )
                logged.enter_context(bound_contextvars(inbox_id=message.id))  # in every line of this turn
                with self._database.lent(session):
                    turn = self._turn(message, conversation)
                written_on = self._commit(session, message, conversation, turn)
        except Outdated:
            return 0
        except Exception as error:
            if doing is None or isinstance(error, OperationalError):
                raise  # the database, not the message
            _log.exception("turn failed", inbox_id=doing[1])
            if not self._give_up(*doing):
                return 0
            self._call_volunteers(doing[0])
            return doing[1]
        self._note(doing[1], channel, turn, time.perf_counter() - started, arrived)
        for written in written_on:
            self._on_replies(doing[0], written)
        if any(effect["kind"] == "erase" for effect in turn.effects):
            self._on_erased()
        return doing[1]

    def _note(self, inbox_id: int, channel: str, turn: Turn, seconds: float, arrived: dt.datetime) -> None:
        outcome = turn.outcome["outcome"]
        since_arrival_s = (self._clock() - arrived).total_seconds()
        self._metrics.turn(channel, outcome, seconds, since_arrival_s=since_arrival_s)
        _log.info("a turn is done", inbox_id=inbox_id, channel=channel, outcome=outcome,
                  milliseconds=round(1000 * seconds, 1))  # fmt: skip

    def _turn(self, message: InboxMessage, conversation: ConversationRow) -> Turn:
        heard = Message(
            id=str(message.id),
            text=message.text,
            payload=message.payload,
            kind=message.kind,
            secrets=tuple(message.secrets),
            hamlet=message.hamlet,
            confidence=(message.context or {}).get("confidence"),
        )
        return self._conversation.respond(
            heard,
            conversation.slots,
            commune=self._commune(message.commune_id).slug,
            channel=message.channel,
            sender=f"{message.channel}:{conversation.id}",
        )

    def _commit(
        self, session: Session, message: InboxMessage, conversation: ConversationRow, turn: Turn
    ) -> set[str]:
        """Returns the channels on which something waits to be sent."""
        now = self._clock()
        is_unlogged = bool(turn.slots.get("unlogged"))
        slots = _without_words(turn.slots) if is_unlogged else turn.slots
        inbox.keep_slots(session, conversation, slots, is_unlogged=is_unlogged, now=now)
        if turn.events and not is_unlogged:
            session.connection().execute(
                _ADD_EVENTS,
                {
                    "commune_id": message.commune_id,
                    "conversation_id": conversation.id,
                    "inbox_id": message.id,
                    "events": turn.events,
                    "created_at": now,
                },
            )
        profile = self._commune(message.commune_id)
        services = self._conversation.services.of(profile.slug)
        context = EffectContext(session, message, conversation, profile, now, services=services)
        for effect in turn.effects:
            apply_effect(context, effect)
        outbox.put(session, message, _bodies(message, turn.replies), now=now)
        inbox.finish_turn(session, message, now=now)
        if is_unlogged:
            unlogged.forget_message(session, message, day=local(now).date())
        return {message.channel, *context.pushed_on}

    def _give_up(self, commune_id: int, inbox_id: int) -> bool:
        """Count a failed attempt; after the third set the message aside with an apology."""
        now = self._clock()
        with self._database.write() as session:
            if inbox.count_attempt(session, commune_id=commune_id, inbox_id=inbox_id) < inbox.MAX_ATTEMPTS:
                return False
            message = session.get_one(InboxMessage, (commune_id, inbox_id))
            if message.state != "pending":  # another worker did it meanwhile
                return True
            conversation = session.get_one(ConversationRow, (commune_id, message.conversation_id))
            profile = self._commune(commune_id)
            text = self._phrases("chat.error", place=profile.name)
            sorry = Reply(address(text, conversation.slots.get("address") or DEFAULT))
            outbox.put(session, message, _bodies(message, [sorry]), now=now)
            handoffs.open_call(
                session,
                commune_id=commune_id,
                learner_id=conversation.learner_id,
                conversation_id=conversation.id,
                reason="error",
                guide=conversation.slots.get("guide"),
                step=None,
                question=None if conversation.is_unlogged else message.text or None,
                now=now,
            )
            inbox.finish(message, now=now, state="dead")
            if conversation.is_unlogged:
                unlogged.forget_message(session, message, day=local(now).date())
        self._metrics.dead()
        return True

    def _call_volunteers(self, commune_id: int) -> None:
        """Cards for a call that was recorded without a turn; what fails here, `bot.escalation` does later."""
        try:
            with self._database.write() as session:
                services = self._conversation.services.of(self._commune(commune_id).slug)
                push = Pushing(session, services, self._clock())
                relay.offer_waiting(push, commune_id=commune_id)
        except Exception:
            _log.exception("volunteers were not told", commune_id=commune_id)
            return
        for channel in push.channels:
            self._on_replies(commune_id, channel)


class Worker:
    """A thread that runs turns as they come. Others wake it and wait for a message to be done."""

    def __init__(self, runner: TurnRunner) -> None:
        self._runner = runner
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._done = threading.Condition()
        self._answered: dict[int, None] = {}
        self._thread = threading.Thread(target=self._loop, name="turns", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 2) -> None:
        """Finish the turn that runs and stop; what is pending waits in the inbox."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout_s)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def wake(self) -> None:
        self._wake.set()

    def wait(self, inbox_id: int, timeout_s: float) -> bool:
        """Whether this worker did the message within the time."""
        with self._done:
            return self._done.wait_for(lambda: inbox_id in self._answered, timeout_s)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                done = self._runner.run_one()
            except Exception:
                _log.exception("no turn could be done: is the database there?")
                self._stopping.wait(SWEEP_S)
                continue
            if done is None:
                self._wake.wait(SWEEP_S)
                self._wake.clear()
            elif done == 0:
                self._stopping.wait(RETRY_S)
            else:
                self._note(done)

    def _note(self, inbox_id: int) -> None:
        with self._done:
            self._answered[inbox_id] = None
            while len(self._answered) > 4096:
                del self._answered[next(iter(self._answered))]
            self._done.notify_all()


def _bodies(message: InboxMessage, replies: Sequence[Reply]) -> list[Body]:
    """What goes to the outbox; where the message held a secret and the channel can, its deletion first."""
    written = (message.context or {}).get("message")
    is_deleted = message.secrets and CAPABILITIES[message.channel].deletes_messages and written is not None
    return [*([{"delete": written}] if is_deleted else []), *bodies(message.channel, replies)]


def _without_words(slots: Mapping[str, Any]) -> dict[str, Any]:
    """What the next turn of an unlogged talk needs; not what was said in this one."""
    return {name: value for name, value in slots.items() if name in WALKING_SLOTS}
