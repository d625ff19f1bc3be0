"""Message → intent, with what it carries. Pure.

What steers (numbers, "xong rồi", "không thấy", "bước 3 là gì", "gặp người") is read first and only as
a whole message: inside a longer sentence these words are part of a question. Whatever is left is `ask`.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from handlers.address_wish import read_wish
from handlers.guard import without_masks
from handlers.hamlet_names import match_hamlet, names_a_hamlet
from handlers.language_wish import read_language
from handlers.numbers import read_number, read_title
from handlers.profile_words import read_profile
from handlers.reminder_words import read_reminder
from knowledge.intents import IntentWords
from records.communes import HamletProfile
from retrieval.text import clean, fold, normalise

LIST_LIFE = dt.timedelta(hours=24)  # a bare number answers a list no older than this
MAX_READ = 2_000  # characters

AGREEING = frozenset("vang co phai dung uh u um uhm ok oke okay oki okie yes".split())  # what says only yes
PERSON, BACK = 0, 9  # constants in every list of choices


@dataclass(frozen=True, slots=True)
class Intent:
    name: str
    entities: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    title: str
    payload: str  # '/intent{json}', as Rasa writes it


@dataclass(frozen=True, slots=True)
class OpenList:
    """The list of choices shown last."""

    id: str
    at: dt.datetime
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What the tracker says about where the conversation stands."""

    now: dt.datetime
    open_list: OpenList | None = None
    in_guide: bool = False
    asked_hamlet: bool = False  # the last thing asked was the hamlet
    hamlets: Sequence[HamletProfile] = ()
    people: Sequence[str] = ()  # names of who uses this phone, while it is more than one
    is_helping: bool = False


def understand(text: str, payload: str | None, words: IntentWords, situation: Situation) -> Intent:
    if payload is not None and (pressed := _pressed(payload, situation)):
        return pressed
    text = clean(without_masks(text))[:MAX_READ].strip()
    if text == "/start" or text.startswith("/start "):
        return Intent("greet")
    normalised = normalise(text)
    if not normalised:
        return Intent("empty")
    if situation.asked_hamlet and (matches := match_hamlet(normalised, situation.hamlets)):
        # Before numbers: "3" is Xóm 3 here.
        return Intent("set_hamlet", {"hamlets": [hamlet.slug for hamlet in matches]})
    if wish := read_wish(text):
        said = {"form": wish.form, "refused": wish.refused, "me": wish.me}
        said |= {"rest": wish.rest, "query": wish.rest}
        return Intent("address_wish", {name: value for name, value in said.items() if value})
    if asked := read_language(text, words.languages):
        return Intent("language", {"tag": asked.tag or "", "name": asked.name})
    if profile := read_profile(text, situation.people, is_helping=situation.is_helping):
        told = {"name": profile.name, "introduced": profile.is_introduced}
        told |= {"rest": profile.rest, "query": profile.rest}  # a Rasa server's `query` is the whole message
        return Intent(profile.intent, {name: value for name, value in told.items() if value})
    steering = _steering(normalised, words)
    if situation.in_guide and steering is None and (control := walking_intent(normalised, words)):
        return control
    number = _chosen(text, words, situation)
    if number is not None and not (steering and situation.open_list is None):
        return _choose(number, situation)
    if steering:
        return _in_situation(steering, normalised, words, situation)
    if reminder := read_reminder(text):
        return Intent("remind_off") if reminder.every == "off" else Intent("remind", asdict(reminder))
    if situation.asked_hamlet and fold(normalised) in words.skip:
        return Intent("skip_hamlet")
    if names_a_hamlet(normalised) and (matches := match_hamlet(normalised, situation.hamlets)):
        return Intent("set_hamlet", {"hamlets": [hamlet.slug for hamlet in matches]})
    if names_a_hamlet(normalised) and situation.asked_hamlet:
        return Intent("set_hamlet", {"hamlets": []})
    return _small_talk(normalised, words) or Intent("ask", {"query": text})


def walking_intent(text: str, words: IntentWords) -> Intent | None:
    """What steers a guide under way in words of its own: "thế bước sau", "bước 3 là gì", "còn mấy bước".

    `text` is normalised. Asked for by name, a next step is no word that the step shown is done.
    """
    walking = words.walking
    core = [word for word in fold(text).split() if word not in walking.around]
    for said in _without_polite_ends(core, words):
        if (number := _step_number(said, words)) is not None:
            return Intent("go_to", {"step": number})
        if name := walking.controls.get(" ".join(said)):
            return Intent(name, {"asked_for": True})
    return None


def _step_number(core: Sequence[str], words: IntentWords) -> int | None:
    """The number in "bước 3", "xem lại bước ba", "quay về bước thứ hai"."""
    left = [word for word in core if word not in words.walking.to_step]
    if len(left) != 2 or left[0] != words.walking.step:
        return None
    return int(left[1]) if re.fullmatch(r"\d{1,2}", left[1]) else words.numbers.get(left[1])


def parse_payload(payload: str) -> Intent | None:
    """'/start_guide{"guide": "kn-wifi"}' → the intent; None for anything else."""
    match = re.fullmatch(r"/([a-z_]+)(\{.*\})?", payload, re.DOTALL)
    if not match:
        return None
    try:
        entities = json.loads(match[2]) if match[2] else {}
    except json.JSONDecodeError:
        return None
    return Intent(match[1], entities)


def _pressed(payload: str, situation: Situation) -> Intent | None:
    """A button sends 'list id:number': only the newest list is answered."""
    match = re.fullmatch(r"([\w-]{1,40}):(\d{1,2})", payload)
    if not match:
        return None
    number = int(match[2])
    if number in (PERSON, BACK):
        return _choose(number, situation)
    if situation.open_list is None or situation.open_list.id != match[1]:
        return Intent("old_list")
    return _choose(number, situation)


def _chosen(text: str, words: IntentWords, situation: Situation) -> int | None:
    """A number, or the words of a choice; those of an old list are a new question."""
    shown = situation.open_list
    titles = [choice.title for choice in shown.choices] if shown else []
    is_fresh = shown is not None and situation.now - shown.at <= LIST_LIFE
    title = read_title(text, words, titles) if is_fresh else None
    return title if title is not None else read_number(text, words, titles=titles)


def _choose(number: int, situation: Situation) -> Intent:
    if number == PERSON:
        return Intent("person")
    shown = situation.open_list
    if shown is not None and 1 <= number <= len(shown.choices):
        if situation.now - shown.at > LIST_LIFE:
            return Intent("old_list")
        chosen = parse_payload(shown.choices[number - 1].payload)
        assert chosen is not None, shown.choices[number - 1].payload
        return Intent(chosen.name, {**chosen.entities, "chosen": number})
    if number == BACK:
        return Intent("back")
    return Intent("out_of_range" if shown else "no_list")


def _steering(normalised: str, words: IntentWords) -> str | None:
    cores = _without_polite_ends(fold(normalised).split(), words)
    return next((found for core in cores if (found := words.phrases.get(" ".join(core)))), None)


def _without_polite_ends(said: Sequence[str], words: IntentWords) -> Iterator[Sequence[str]]:
    """ "xong rồi cháu ạ", "dạ cháu ơi gặp người": polite words around say nothing. The fullest first."""
    end = len(said)
    while True:
        start = 0
        while start < end:
            yield said[start:end]
            if said[start] not in words.polite:
                break
            start += 1
        if not end or said[end - 1] not in words.polite:
            return
        end -= 1


def _in_situation(steering: str, normalised: str, words: IntentWords, situation: Situation) -> Intent:
    """ "Có", "chưa", "được rồi" answer what was asked; outside a guide they are small talk."""
    shown = situation.open_list
    if steering in ("next", "not_found") and shown is not None:
        wanted = {"yes" if steering == "next" else "no"}
        if set(fold(normalised).split()) - words.polite <= AGREEING:
            wanted.add("agree")  # "vâng" to the offer of a person; "được rồi" says the step is done
        for number, choice in enumerate(shown.choices, 1):
            chosen = parse_payload(choice.payload)
            if chosen and chosen.entities.get("means") in wanted:
                return Intent(chosen.name, {**chosen.entities, "chosen": number})
    listed = shown.choices if shown else ()
    if steering == "stop" and any(_is_to(choice, "remind_off") for choice in listed):
        return Intent("remind_off")  # one word is enough beneath a reminder
    if steering in ("next", "not_found", "repeat", "restart", "all_steps") and not situation.in_guide:
        return Intent("thanks" if steering == "next" else "chat" if steering == "not_found" else "menu")
    return Intent(steering)


def _is_to(choice: Choice, intent: str) -> bool:
    parsed = parse_payload(choice.payload)
    return parsed is not None and parsed.name == intent


def _small_talk(normalised: str, words: IntentWords) -> Intent | None:
    """Short greetings and the like, with a name or two around them."""
    core = [word for word in fold(normalised).split() if word not in words.polite]
    if len(core) <= 4:
        if core and core[0] in ("chao", "hello", "hi", "alo"):
            return Intent("greet")
        if any(phrase in " ".join(core) for phrase in words.thanks_in):
            return Intent("thanks")
    return None


def small_talk_hint(text: str, words: IntentWords) -> str | None:
    """What a message is when it asks for nothing we know: 'thanks', 'greet', 'who', 'chat' or None.

    Only asked after retrieval found nothing: "nhớ con quá muốn gọi hình" is a question.
    """
    folded = f" {fold(normalise(text))} "
    if len(folded.split()) > 14:
        return None
    for hint, phrases in (("who", words.who_in), ("thanks", words.thanks_in), ("chat", words.chat)):
        if any(f" {phrase} " in folded for phrase in phrases):
            return hint
    core = [word for word in folded.split() if word not in words.polite]
    is_call = "a lo" in folded or core[:1] in (["chao"], ["hello"], ["alo"]) or core[:2] == ["xin", "chao"]
    return "greet" if is_call else None
