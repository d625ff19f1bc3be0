"""Message → intent, where people help people: commands of volunteers, codes, and what is passed on. Pure.

`help_intent` is asked before anything else is read of a message, `passed_on` afterwards: while a
volunteer helps somebody, whatever steers nothing is for the other of the two.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from handlers.guard import MASK
from handlers.services import Call, HelpFacts, Services
from handlers.understand import Intent
from knowledge.helping import HelpingWords
from knowledge.phrases import Phrases
from records import codes, volunteers
from records.handoffs import HAD
from retrieval.text import fold, normalise

TO_VOLUNTEER, TO_LEARNER = "to_volunteer", "to_learner"
PASSED_ON = frozenset((TO_VOLUNTEER, TO_LEARNER))

# What a resident decides about their own data or ends, whoever helps them.
_OWN_WILL = frozenset(
    "person withdraw_call erase erase_yes erase_no see_data edit_data edit_hamlet edit_address set_address "
    "request_copy request_correct log_off log_on agree join my_code".split()
)
_POLITE = frozenset("a da vang oi nhe nha nghe".split())
_NO_CHOICE = frozenset(("out_of_range", "no_list", "old_list"))


def active_call(slots: Mapping[str, Any], facts: HelpFacts | None) -> Call | None:
    """The call that the volunteer's messages go to now."""
    if facts is None or facts.volunteer is None:
        return None
    return next((call for call in facts.mine if call.id == slots.get("call")), None)


def help_intent(
    text: str,
    slots: Mapping[str, Any],
    facts: HelpFacts | None,
    words: HelpingWords,
) -> Intent | None:
    """What a typed message means to volunteers, or as a code; None for all others."""
    folded = fold(normalise(text))
    core = _without_polite_ends(folded.split())
    if core in words.my_code:
        return Intent("my_code")
    if (code := _invitation(text, words)) is not None:
        return Intent("join", {"code": code})
    if facts is None or facts.volunteer is None:
        return None
    call = active_call(slots, facts)
    if call is not None and (command := words.in_call.get(core)):
        return Intent(command)
    if command := words.commands.get(core):
        return Intent(command)
    if query := _behind(text, words.lookup):
        return Intent("lookup", {"query": query})
    if (code := _send_to(folded, words)) is not None:
        return Intent("send_guide", {"code": code})
    return None


def passed_on(intent: Intent, text: str, slots: Mapping[str, Any], facts: HelpFacts | None) -> Intent:
    """`intent`, unless the message is for the volunteer who helps, or for whom the volunteer helps."""
    if facts is None:
        return intent
    said = text or _pressed_title(intent, slots)
    if (call := active_call(slots, facts)) is not None:
        return _from_volunteer(intent, text, said, call)
    if facts.volunteer is not None and slots.get("call") is not None and "chosen" not in intent.entities:
        return Intent("call_gone")
    if facts.state not in HAD or intent.name in _OWN_WILL or not said:
        return intent
    if intent.name == "urgent":
        return intent  # the card comes from us, and the volunteer is told
    return Intent("end_call") if intent.name == "stop" else Intent(TO_VOLUNTEER, {"text": said})


def _from_volunteer(intent: Intent, text: str, said: str, call: Call) -> Intent:
    is_number = not text or re.fullmatch(r"\W*\d{1,2}\W*", text) is not None
    if is_number and intent.name == "back":
        return Intent("volunteer_menu")
    if is_number and intent.name not in _NO_CHOICE:
        return intent  # chosen from a list, or 0
    return Intent(TO_LEARNER, {"call": call.id, "text": said}) if said else intent


def _pressed_title(intent: Intent, slots: Mapping[str, Any]) -> str:
    """What stood on a button that was pressed."""
    items: Sequence[Mapping[str, str]] = (slots.get("choices") or {}).get("items") or ()
    chosen = int(intent.entities.get("chosen") or 0)
    return items[chosen - 1]["title"] if 1 <= chosen <= len(items) else ""


def _invitation(text: str, words: HelpingWords) -> str | None:
    """The code in "KTM-HPQ-RXV", "mã mời: ktm hpq rxv"; None for a message that holds none."""
    if code := volunteers.read_code(text):
        return code
    behind = _behind(text, words.before_code)
    return volunteers.read_code(behind) if behind else None


def _behind(text: str, beginnings: Sequence[str]) -> str:
    """What stands behind one of the (folded) beginnings, as it was written; empty where none does."""
    said = text.split()
    for beginning in beginnings:
        count = len(beginning.split())
        if len(said) > count and fold(normalise(" ".join(said[:count]))) == beginning:
            return " ".join(said[count:]).lstrip(":-–—., ")
    return ""


def _send_to(folded: str, words: HelpingWords) -> str | None:
    """The code in "gửi cho bác K7M3B", "" in "gửi cho bác"; None for what asks for no such thing."""
    beginning = next((each for each in words.send if f"{folded} ".startswith(f"{each} ")), None)
    if beginning is None:
        return None
    rest = folded[len(beginning) :].split()
    while rest and rest[0] in words.whom:
        rest = rest[1:]
    if not rest:
        return "" if folded != beginning else None
    return codes.read_code("".join(rest))


def _without_polite_ends(said: Sequence[str]) -> str:
    """The message without "dạ", "ạ", "nhé" around; a message of nothing else stays."""
    start, end = 0, len(said)
    while end - start > 1 and said[end - 1] in _POLITE:
        end -= 1
    while end - start > 1 and said[start] in _POLITE:
        start += 1
    return " ".join(said[start:end])


def waited(phrases: Phrases, time: dt.timedelta) -> str:
    """How long somebody has waited, in a few words."""
    minutes = int(time.total_seconds() // 60)
    for key, unit in (("days", 24 * 60), ("hours", 60), ("minutes", 1)):
        if minutes >= unit:
            return phrases(f"help.waited_{key}", count=minutes // unit)
    return phrases("help.waited_now")


def readable(phrases: Phrases, masked: str | None) -> str:
    """A masked text as people read it: that something was masked, not of which kind."""
    return MASK.sub(phrases("help.masked"), masked or "")


def summary(services: Services, call: Call) -> str:
    """What a call is about: the question, and how far the learner got."""
    guide = services.library().guides.get(call.guide or "")
    return services.phrases(
        "help.about",
        question=readable(services.phrases, call.question),
        guide=guide.title if guide else None,
        step=call.step,
    ).strip()
