"""What volunteers and families say in words of their own, and answers to what was asked of them. Pure.

Asked for a number of people, "12" is one and no choice from an older list; only 0 and 9 keep their
meaning. What only volunteers can do is looked at for them alone: for others it is a question.
"""

import re
from collections.abc import Mapping
from typing import Any

from handlers.class_note_parse import is_code, reads_as_note
from handlers.understand import Intent
from records.class_counts import TRADERS
from records.households import read_household_code
from retrieval.text import clean, fold

COUNTS = ("total", "women", "over_60", "disabled", "minority")  # asked for by number
# What may be asked: by class notes, by confirmations, by mentors and by households.
NOTE_ASKED = (*COUNTS, "line", "hamlet", "day", "topic", "check")
ANSWERED_BY = {
    **dict.fromkeys(NOTE_ASKED, "class_answer"),
    "confirm_code": "confirm_answer",
    "confirm_guide": "confirm_answer",
    "household": "household_answer",
}

_PASSED_ON = frozenset(  # said of something else, whatever was asked
    "person urgent scam erase see_data log_off log_on menu address_wish remind remind_off news_on news_off"
    " class_note_start"
    " class_note_undo confirm_start mentees household_start".split()
)
_CONFIRM = re.compile(r"(?:toi |em |minh )?xac nhan(?: hoan thanh)?(?: cho)?(?: ma)? (\w{5})\b[ :,]*(.*)")
_TEACH = re.compile(
    r"(?:toi |em |minh )?(?:xin |nhan |se )*(?:kem|day|huong dan)(?: cho)?(?: ma| nguoi| bac)? (\w{5})"
)
_TEACH_NO_MORE = re.compile(r"(?:thoi|ngung|dung|khong)(?: con)? kem(?: ma| nguoi| bac)? (\w{5})")
_TRADER = re.compile(r"(?:cho so|tieu thuong)(?: ma)? (\w{5})|(?:ma )?(\w{5})(?: la)? tieu thuong")
_HOUSEHOLD = re.compile(
    r"(?:vao |lap |tao |dang ky )?(?:ma gia dinh|ma nha|nha ma|gia dinh ma)(?: so)?(?: la)? (.+)"
)
_TRADES = re.compile(
    r"(?:toi|tui|bac|em|minh|chau|chi|anh|co|chu)? ?(?:la )?(?:tieu thuong|nguoi ban hang|dan buon)"
    r"(?: (?:o|ngoai) cho)?|(?:toi|tui|bac|em|minh|chi|anh|co|chu) (?:co )?(?:ban hang|buon ban|co sap)"
    r"(?: hang)? (?:o|ngoai|trong) cho"
)


def in_classes(text: str, intent: Intent, slots: Mapping[str, Any], *, is_volunteer: bool) -> Intent:
    """`intent` is how the message was understood otherwise; `text` is empty for a pressed button."""
    if answer := _answer(text, intent, slots.get("class_asked")):
        return answer
    if text and intent.name == "scam" and reads_as_note(text) and is_volunteer:
        return Intent("class_note")  # a long line, not something forwarded
    if not text or intent.name not in ("ask", "set_hamlet"):
        return intent
    if told := _told(_plain(text)):
        needs_volunteer = told.name not in ("household_code", "set_path")
        return told if not needs_volunteer or is_volunteer else intent
    return Intent("class_note") if reads_as_note(text) and is_volunteer else intent


def _answer(text: str, intent: Intent, asked: str | None) -> Intent | None:
    """The message as an answer to what was asked last; None when it is none."""
    if asked not in ANSWERED_BY or intent.name in _PASSED_ON:
        return None
    if intent.name in ("back", "stop"):
        return Intent("class_back", {"said": intent.name})
    return Intent(ANSWERED_BY[asked]) if text and "chosen" not in intent.entities else None


def _told(plain: str) -> Intent | None:
    if (match := _CONFIRM.fullmatch(plain)) and is_code(match[1]):
        return Intent("confirm", {"code": match[1].upper(), "said": match[2]})
    if (match := _TEACH_NO_MORE.fullmatch(plain)) and is_code(match[1]):
        return Intent("mentee_end", {"code": match[1].upper()})
    if (match := _TEACH.fullmatch(plain)) and is_code(match[1]):
        return Intent("mentor_ask", {"code": match[1].upper()})
    if (match := _TRADER.fullmatch(plain)) and is_code(match[1] or match[2]):
        return Intent("trader", {"code": (match[1] or match[2]).upper()})
    if (match := _HOUSEHOLD.fullmatch(plain)) and len(match[1].split()) <= 3:
        code = read_household_code(match[1])
        return Intent("household_code", {"code": code}) if code else None
    return Intent("set_path", {"path": TRADERS}) if _TRADES.fullmatch(plain) else None


def _plain(text: str) -> str:
    return " ".join(fold(clean(text).lower()).strip(" .!").split())
