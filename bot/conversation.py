"""One turn of the dialogue: (message, slots, clock) → (new slots, events, replies, effects).

Pure towards the database: what the Actions need to read comes through their services, and what
should be recorded is returned. `bot.turns` runs a turn inside its one transaction.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.messages import MAX_TEXT, Choice
from bot.render import as_text, numbered, split_text
from handlers.actions import build_actions
from handlers.address import noticed
from handlers.class_talk import in_classes
from handlers.effects import Effect, consent
from handlers.guard import without_masks
from handlers.helping import PASSED_ON, active_call, help_intent, passed_on
from handlers.privacy import NOTICE
from handlers.profiles import exchange, form_of
from handlers.scam import ScamVerdict
from handlers.services import Services
from handlers.understand import Choice as ListedChoice
from handlers.understand import Intent, OpenList, Situation, understand
from knowledge.address import DEFAULT, OF_REGION, address

_log = structlog.get_logger()

BREAK = dt.timedelta(hours=1)  # after it, an unclear word is met with the offer to go on
SHORT = 20  # words
FORGET = dt.timedelta(days=7)  # a guide under way is kept so long (ux.md §2.7)
LEAST_CONFIDENCE = 0.45  # of a voice message that is asked about; below it is asked for again
# Said aloud these are done without a yes: they are undone by a word.
STEERS = frozenset(("next", "not_found", "repeat", "back", "go_to", "progress", "listen", "greet", "thanks"))
ANSWERS = frozenset(("guide", "plan", "scam_check"))
MAX_SPOKEN = 3_000  # characters of a turn that are read out: about five minutes
NOTICE_BY = 3  # messages, the first answer or not


@dataclass(frozen=True, slots=True)
class Safety:
    """What is asked of every message before anything else; both get it masked."""

    urgent: Callable[[str], str | None]  # the kind of emergency
    scam: Callable[[str], ScamVerdict | None]  # the judgement of a forwarded message


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the conversation gets it: masked."""

    id: str
    text: str
    payload: str | None = None
    kind: str = "text"  # text, picture, voice, other
    secrets: tuple[str, ...] = ()  # kinds
    hamlet: str | None = None  # slug that came with a link
    confidence: float | None = None  # 0..1, how well a voice message was understood
    was_heard: bool = False  # it was said before, and this message only said yes to it


@dataclass(frozen=True, slots=True)
class Reply:
    text: str
    choices: tuple[Choice, ...] = ()
    picture: str | None = None  # path below the public address; it shows what the text says
    paper: str | None = None  # likewise, a PDF
    voice: str | None = None  # what is said aloud; the text is sent only where that fails, if there is any
    language: str | None = None  # of the text, as in BCP 47; None: Vietnamese

    def as_text(self) -> str:
        return as_text(self.text, self.choices)


@dataclass(frozen=True, slots=True)
class Turn:
    slots: dict[str, Any]
    events: list[dict[str, Any]]
    replies: list[Reply]
    effects: list[Effect] = field(default_factory=list)

    @property
    def outcome(self) -> Effect:
        """The effect that says how the message ended."""
        kinds = ("question", "outcome")
        return next((effect for effect in self.effects if effect["kind"] in kinds), {"outcome": "command"})


class Conversation:
    def __init__(self, services: Services, safety: Safety) -> None:
        self._services, self._safety = services, safety
        self._actions = build_actions(services)

    @property
    def services(self) -> Services:
        return self._services

    def respond(
        self, message: Message, slots: Mapping[str, Any], *, commune: str, channel: str, sender: str
    ) -> Turn:
        now = self._services.clock()
        state = self._refreshed(dict(slots), commune, now)
        turn = Turn(state, [], [])
        self._end_helping(turn, sender, now)
        self._link_hamlet(turn, message)
        if len(message.text) >= MAX_TEXT:  # the desk keeps no more, so the end may be missing
            turn.replies.append(say("chat.too_long", self._services, state))
        self._warn_of_secrets(turn, message)
        if message.kind != "text" and not message.text:
            turn.replies.append(say(f"chat.not_text_{message.kind}", self._services, state))
            turn.effects.append({"kind": "outcome", "outcome": "command", "guide": None})
        elif _is_secret_alone(message) or (message.kind == "voice" and self._asks_first(turn, message, now)):
            turn.effects.append({"kind": "outcome", "outcome": "command", "guide": None})
        else:
            self._act(turn, self._confirmed(turn, message, now), channel, sender, now)
        _vary_repeated(turn, self._services)
        if not any(reply.voice for reply in turn.replies):
            state["last_text"] = turn.replies[-1].text if turn.replies else None
            is_heard = bool(turn.replies) and turn.replies[-1].language is None  # the voices are Vietnamese
            state["last_said"] = turn.replies[-1].as_text() if is_heard else None
        self._give_notice(turn)
        _read_out(turn, self._services.sound(commune, channel))
        state["last_at"] = now.isoformat()
        state["turn"] = int(state.get("turn") or 0) + 1
        return turn

    def _refreshed(self, slots: dict[str, Any], commune: str, now: dt.datetime) -> dict[str, Any]:
        slots["commune"] = commune
        region = self._services.commune(commune).region
        slots.setdefault("address", OF_REGION.get(region, DEFAULT))
        last = slots.get("last_at")
        if last and now - dt.datetime.fromisoformat(last) > FORGET:
            slots.update(guide=None, step=None, phase=None, choices=None, misses=0)
        return slots

    def _give_notice(self, turn: Turn) -> None:
        """Once, with the first answer, or when none was found for a while: what is kept, and the choice."""
        slots, outcome = turn.slots, turn.outcome["outcome"]
        if slots.get("notice") == NOTICE or slots.get("unlogged"):
            return
        if any(effect["kind"] in PASSED_ON for effect in turn.effects):
            return  # two people talk
        is_answered = outcome in ANSWERS or slots.get("phase") == "step"
        if outcome == "urgent" or not (is_answered or int(slots.get("turn") or 0) + 1 >= NOTICE_BY):
            return
        slots["notice"] = NOTICE
        turn.effects.append(consent("notice", NOTICE))
        turn.replies.append(say("chat.notice", self._services, slots, days=self._services.kept_days))

    def _link_hamlet(self, turn: Turn, message: Message) -> None:
        """A hamlet that came with a link or QR code is taken without asking, unless one is known."""
        profile = self._services.commune(turn.slots["commune"])
        is_wanted = turn.slots.get("hamlet") is None and not turn.slots.get("unlogged")
        if is_wanted and (hamlet := profile.hamlet(message.hamlet)):
            turn.slots.update(hamlet=hamlet.slug, hamlet_asked=True)
            turn.effects.append({"kind": "hamlet", "hamlet": hamlet.slug})

    def _warn_of_secrets(self, turn: Turn, message: Message) -> None:
        kinds = list(dict.fromkeys(message.secrets))
        if not kinds:
            return
        language = self._services.languages.get(turn.slots.get("language"))
        key = "chat.secret_phone" if kinds == ["phone"] else "chat.secret"
        if language and not language.says(key):
            turn.replies.append(say("languages.only_vietnamese", self._services, turn.slots))
        if kinds == ["phone"]:
            turn.replies.append(say("chat.secret_phone", self._services, turn.slots))
            return
        # In the language of the sentence they are named in.
        phrases = language.phrases if language and language.says(key) else self._services.phrases
        names = [
            phrases(key if (key := f"chat.secret_kinds_{kind}") in phrases else "chat.secret_kinds_digits")
            for kind in kinds
        ]
        told = ", ".join(dict.fromkeys(names))
        turn.replies.append(say("chat.secret", self._services, turn.slots, kinds=told))

    def _act(self, turn: Turn, message: Message, channel: str, sender: str, now: dt.datetime) -> None:
        intent = self._read(turn.slots, message, sender, now)
        is_passed_on = intent.name in PASSED_ON
        # What was forwarded somebody else wrote; what is passed on is said to somebody else.
        if message.payload is None and intent.name != "scam" and not is_passed_on:
            region = self._services.commune(turn.slots["commune"]).region
            turn.slots.update(noticed(turn.slots, without_masks(message.text), region))
        text = "" if is_passed_on else message.text
        turn.events.append(
            {"event": "user", "text": text, "intent": intent.name, "timestamp": now.timestamp()}
        )
        action = self._actions.get(intent.name) or self._actions["menu"]
        dispatcher = CollectingDispatcher()
        tracker = Tracker.from_dict(
            {
                "sender_id": sender,
                "slots": dict(turn.slots),
                "latest_message": {
                    "text": message.text,
                    "intent": {"name": intent.name, "confidence": 1.0},
                    "entities": [{"entity": k, "value": v} for k, v in intent.entities.items()],
                    "metadata": {"channel": channel, "message_id": message.id},
                },
                "events": [],
                "latest_action_name": "action_listen",
            }
        )
        if intent.name not in ("set_hamlet", "skip_hamlet"):
            turn.slots["asking_hamlet"] = False
        events = _run(action.run(dispatcher, tracker, {}))
        turn.events.append({"event": "action", "name": action.name()})
        self._apply(turn, events)
        if message.was_heard:
            for effect in turn.effects:
                if effect["kind"] == "question":
                    effect["said"] = message.text
        self._collect(turn, dispatcher, message, now)

    def _asks_first(self, turn: Turn, message: Message, now: dt.datetime) -> bool:
        """Whether a voice message waits for a yes; says what was understood in any case.

        An emergency is acted on at once, and so is what only steers a guide. Of an unlogged talk
        nothing is kept, so there is nothing that a yes could bring back.
        """
        if self._safety.urgent(without_masks(message.text)):
            return False
        slots = turn.slots
        phrases, form = self._services.phrases, slots["address"]
        if (message.confidence or 0.0) < LEAST_CONFIDENCE:
            turn.replies.append(Reply(address(phrases("voice.unclear"), form)))
            return True
        said = without_masks(message.text).strip()
        intent = understand(said, None, self._services.intents, self._situation(slots, now))
        if slots.get("unlogged") or intent.name in STEERS or "chosen" in intent.entities:
            turn.replies.append(Reply(address(phrases("voice.understood", text=said), form)))
            return False
        yes = json.dumps({"text": message.text, "means": "yes"}, ensure_ascii=False)
        items = [
            {"title": address(phrases("voice.yes"), form), "payload": f"/heard_yes{yes}"},
            {"title": address(phrases("voice.no"), form), "payload": '/heard_no{"means": "no"}'},
        ]
        choices = numbered(message.id, [item["title"] for item in items], phrases)
        turn.replies.append(Reply(address(phrases("voice.is_right", text=said), form), choices))
        slots["choices"] = {"id": message.id, "at": now.isoformat(), "items": items}
        return True

    def _confirmed(self, turn: Turn, message: Message, now: dt.datetime) -> Message:
        """What was said aloud before, where the message is a yes to that; else the message itself."""
        shown = turn.slots.get("choices") or {"items": []}
        if not any(item["payload"].startswith("/heard_yes") for item in shown["items"]):
            return message
        situation = self._situation(turn.slots, now)
        intent = understand(message.text, message.payload, self._services.intents, situation)
        if intent.name != "heard_yes":
            return message
        turn.slots["choices"] = None  # said once, acted on once
        return replace(message, text=intent.entities["text"], payload=None, was_heard=True)

    def _situation(self, slots: Mapping[str, Any], now: dt.datetime) -> Situation:
        return Situation(now=now, open_list=_open_list(slots), in_guide=bool(slots.get("guide")))

    def _read(self, slots: dict[str, Any], message: Message, sender: str, now: dt.datetime) -> Intent:
        """What the message means: a volunteer's wish, or the like; or it is for who helps or is helped."""
        facts = self._services.help(self._services.commune(slots["commune"]).id, sender)
        if message.payload is None and (
            wish := help_intent(message.text, slots, facts, self._services.helping)
        ):
            slots["class_asked"] = None  # the talk is about something else now
            return wish
        is_helping = active_call(slots, facts) is not None
        read = self._understand(
            slots, message, now, people=self._people(slots, sender), is_helping=is_helping
        )
        intent = passed_on(read, message.text, slots, facts)
        if intent.name in PASSED_ON:
            return intent
        is_volunteer = facts is not None and facts.volunteer is not None
        return _in_classes(intent, slots, message, is_volunteer=is_volunteer)

    def _people(self, slots: Mapping[str, Any], sender: str) -> tuple[str, ...]:
        """Who uses this phone; asked only where it passed from one to another before."""
        if slots.get("profile") is None:
            return ()
        people = self._services.people(self._services.commune(slots["commune"]).id, sender)
        return tuple(people.slots) if people else ()

    def _end_helping(self, turn: Turn, sender: str, now: dt.datetime) -> None:
        """Who helped somebody talks for themselves again after a break."""
        slots = turn.slots
        helper, last = slots.get("helped_by"), slots.get("last_at")
        if helper is None or not last or now - dt.datetime.fromisoformat(last) <= BREAK:
            return
        commune = self._services.commune(slots["commune"])
        people = self._services.people(commune.id, sender)
        if people is None or helper not in people.slots:
            return
        helped = slots["profile"]
        new, effect = exchange(slots, people, helper, form_of(helper, commune.region))
        slots.update(new)
        turn.effects.append(effect)
        turn.replies.append(say("people.helping_over", self._services, slots, name=helped))

    def _understand(
        self,
        slots: dict[str, Any],
        message: Message,
        now: dt.datetime,
        *,
        people: tuple[str, ...] = (),
        is_helping: bool = False,
    ) -> Intent:
        """`is_helping`: a volunteer writes to somebody; of emergencies they speak, they are in none."""
        if message.payload is None and not is_helping and (danger := self._danger(message.text)):
            return danger
        situation = Situation(
            now=now,
            open_list=_open_list(slots),
            in_guide=bool(slots.get("guide")),
            asked_hamlet=bool(slots.get("asking_hamlet")),
            hamlets=self._services.commune(slots["commune"]).hamlets,
            people=people,
            is_helping=bool(slots.get("helping")),
        )
        intent = understand(message.text, message.payload, self._services.intents, situation)
        last = slots.get("last_at")
        is_break = bool(last) and now - dt.datetime.fromisoformat(str(last)) > BREAK
        if is_break and slots.get("guide") and intent.name in _UNCLEAR_AFTER_A_BREAK:
            return Intent("offer_resume")
        return intent

    def _danger(self, text: str) -> Intent | None:
        if kind := self._safety.urgent(without_masks(text)):
            return Intent("urgent", {"kind": kind})
        try:
            judged = self._safety.scam(text)
        except Exception:
            _log.exception("scam check failed")  # the message is then read as a question
            return None
        if judged is None or (
            # A short text without any sign or address is rather a question than a forwarded message.
            judged.verdict == "no_signs" and not judged.addresses and len(text.split()) < SHORT
        ):
            return None
        return Intent(
            "scam",
            {"verdict": judged.verdict, "signs": list(judged.signs), "addresses": list(judged.addresses)},
        )

    def _apply(self, turn: Turn, events: list[dict[str, Any]]) -> None:
        """The closed set of events that our Actions use; any other is our own mistake."""
        for event in events:
            if event["event"] != "slot":
                raise ValueError(f"found event {event['event']!r}, expected only slots")
            if event["name"] == "effects":
                turn.effects.extend(event["value"])
            else:
                turn.slots[event["name"]] = event["value"]
                turn.events.append({"event": "slot", "name": event["name"], "value": event["value"]})

    def _collect(
        self, turn: Turn, dispatcher: CollectingDispatcher, message: Message, now: dt.datetime
    ) -> None:
        for said in dispatcher.messages:
            buttons = said.get("buttons") or []
            custom = said.get("custom") or {}
            reply = Reply(
                said["text"],
                self._numbered(turn.slots, message.id, buttons),
                said.get("image"),
                said.get("attachment"),
                custom.get("voice"),
                custom.get("language"),
            )
            turn.replies.append(reply)
            if buttons:
                items = [{"title": b["title"], "payload": b["payload"]} for b in buttons]
                turn.slots["choices"] = {"id": message.id, "at": now.isoformat(), "items": items}

    def _numbered(
        self, slots: Mapping[str, Any], list_id: str, buttons: Sequence[Mapping[str, str]]
    ) -> tuple[Choice, ...]:
        services = self._services.in_language(slots.get("language"))
        language = services.languages.get(slots.get("language"))
        choices = numbered(list_id, [each["title"] for each in buttons], services.phrases)
        constants = ("chat.constant_person", "chat.constant_back")
        languages = [each.get("language") for each in buttons]
        languages += [language.tag if language and language.says(key) else None for key in constants]
        return tuple(
            replace(choice, language=spoken)
            for choice, spoken in zip(choices, languages, strict=False)  # no choices: no constants either
        )


def say(key: str, services: Services, slots: Mapping[str, Any], /, **values: object) -> Reply:
    """A phrase as a reply, in the person's language and form of address."""
    language = services.languages.get(slots.get("language"))
    phrases = language.phrases if language else services.phrases
    text = phrases(key, variant=int(slots.get("turn") or 0), **values)
    spoken = language.tag if language and language.says(key) else None
    return Reply(address(text, slots["address"]), language=spoken)


_UNCLEAR_AFTER_A_BREAK = frozenset(
    ("next", "not_found", "greet", "old_list", "out_of_range", "no_list", "check_yes", "check_no", "repeat")
)


def _is_secret_alone(message: Message) -> bool:
    return bool(message.secrets) and not without_masks(message.text).strip(" .,:;-")


def _open_list(slots: Mapping[str, Any]) -> OpenList | None:
    shown = slots.get("choices")
    if not shown:
        return None
    choices = tuple(ListedChoice(item["title"], item["payload"]) for item in shown["items"])
    return OpenList(shown["id"], dt.datetime.fromisoformat(shown["at"]), choices)


def _vary_repeated(turn: Turn, services: Services) -> None:
    """No sentence of ours comes twice in a row: a repeated one gets words before it."""
    if turn.replies and turn.replies[0].text == turn.slots.get("last_text"):
        first = turn.replies[0]
        slots = turn.slots if first.language else {**turn.slots, "language": None}
        turn.replies[0] = replace(first, text=f"{say('chat.again', services, slots).text} {first.text}")


def _read_out(turn: Turn, way: str | None) -> None:
    """For who wants all of it read: the turn in one message, or its step where only that can be."""
    if not turn.slots.get("read_out") or any(reply.voice for reply in turn.replies):
        return
    heard = [reply for reply in turn.replies if reply.language is None]
    if way == "message" and heard:
        said = "\n".join(reply.as_text() for reply in heard)
        turn.replies.append(Reply("", voice=split_text(said, MAX_SPOKEN)[0]))
    elif way == "step" and turn.slots.get("phase") == "step":
        turn.replies.extend(Reply("", voice=reply.as_text()) for reply in heard if reply.choices)


def _in_classes(intent: Intent, slots: dict[str, Any], message: Message, *, is_volunteer: bool) -> Intent:
    """What only volunteers say, and answers to what was asked of them (`handlers.class_talk`)."""
    told = in_classes(
        message.text if message.payload is None else "", intent, slots, is_volunteer=is_volunteer
    )
    if told is intent and slots.get("class_asked"):
        slots["class_asked"] = None  # the talk is about something else now
    return told


def _run(coroutine: Any) -> list[dict[str, Any]]:
    """Run an Action to its end. Ours never wait, so this is a plain call without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return list(done.value)
    coroutine.close()
    raise RuntimeError("an Action waited for something; Actions must not")
