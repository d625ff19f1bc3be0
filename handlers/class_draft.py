"""A note under way: what is known of it, what is still to be asked, what cannot be. Pure."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from handlers.class_note_counts import MOST, PARTS, to_number
from handlers.class_note_parse import Note, Topic
from retrieval.text import fold, normalise

_UNKNOWN = re.compile(
    r"(?:toi |em |minh )?(?:khong|ko|k|chua|chang) (?:ro|biet|dem|nho|ghi)(?: nua| duoc)?|bo qua|chiu"
)
_NONE = re.compile(r"(?:khong|ko|k|chang)(?: co)?(?: ai| nguoi nao| nguoi)?")


@dataclass(frozen=True, slots=True)
class Draft:
    kind: str = "class"
    day: dt.date | None = None
    hamlet: str | None = None  # slug, or WHOLE
    hamlets: tuple[str, ...] = ()  # of which one is meant
    total: int | None = None
    parts: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()  # parts that nobody counted, and 'topic' when none is to be noted
    codes: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ()

    @property
    def guides(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(topic.guides[0] for topic in self.topics if len(topic.guides) == 1))

    @property
    def in_words(self) -> tuple[str, ...]:
        """Topics that are none of our guides."""
        return tuple(topic.said for topic in self.topics if not topic.guides)

    def missing(self, counted: Sequence[str]) -> str | None:
        """What to ask next; None when the note can be read back. `counted`: parts the commune asks for."""
        return next(self._missing(counted), None)

    def _missing(self, counted: Sequence[str]) -> Iterator[str]:
        if self.hamlet is None:
            yield "hamlet"
        if self.day is None:
            yield "day"
        if self.total is None:
            yield "total"
        unclear = any(len(topic.guides) > 1 for topic in self.topics)
        if unclear or (not self.topics and "topic" not in self.unknown):
            yield "topic"
        if self.kind == "class":
            known = (*self.parts, *self.unknown)
            yield from (part for part in PARTS if part in counted and part not in known)


def begin(note: Note, *, own_hamlets: Sequence[str]) -> Draft:
    """`own_hamlets` are those of the volunteer: the only one need not be said."""
    draft = merge(Draft(kind=note.kind or "class"), note)
    if draft.hamlet is None and not draft.hamlets and "hamlet" not in note.wrong and len(own_hamlets) == 1:
        return replace(draft, hamlet=own_hamlets[0])
    return draft


def merge(draft: Draft, note: Note) -> Draft:
    """What a later message says counts; parts that no longer fit the total are asked again."""
    total = draft.total if note.total is None else note.total
    parts = {**draft.parts, **note.parts}
    if total is not None:
        parts = {name: count for name, count in parts.items() if count <= total}
    return replace(
        draft,
        day=note.day or draft.day,
        hamlet=note.hamlet or (None if note.hamlets else draft.hamlet),
        hamlets=() if note.hamlet else note.hamlets or draft.hamlets,
        total=total,
        parts=parts,
        unknown=tuple(name for name in draft.unknown if name not in note.parts),
        codes=tuple(dict.fromkeys((*draft.codes, *note.codes))),
        topics=note.topics or draft.topics,
    )


def too_many(draft: Draft, note: Note) -> tuple[str, ...]:
    """Parts of the answer that are more than the people there were; 'total' for fewer than came by code."""
    total = draft.total if note.total is None else note.total
    if total is not None and not max(1, len(draft.codes)) <= total <= MOST:
        return ("total",)
    return tuple(name for name, count in note.parts.items() if total is not None and count > total)


def without(note: Note, wrong: Sequence[str]) -> Note:
    """What cannot be is left out."""
    parts = {name: count for name, count in note.parts.items() if name not in wrong}
    return replace(note, parts=parts, total=None if "total" in wrong else note.total)


def forget(draft: Draft, asked: str) -> Draft:
    """Nobody knows it, and that is well."""
    unknown = tuple(dict.fromkeys((*draft.unknown, asked)))
    return replace(draft, unknown=unknown, topics=() if asked == "topic" else draft.topics)


def without_codes(draft: Draft, codes: Sequence[str]) -> Draft:
    """Of people only known by such a code nobody is left, so how many came is asked again."""
    kept = tuple(code for code in draft.codes if code not in codes)
    total = None if draft.total == len(draft.codes) else draft.total
    return replace(draft, codes=kept, total=total)


def choose_guide(draft: Draft, guide: str | None) -> Draft:
    """The first unclear topic is this guide; None: none of them, so it stays in words."""
    topics = list(draft.topics)
    at = next((at for at, topic in enumerate(topics) if len(topic.guides) > 1), None)
    if at is not None:
        topics[at] = Topic(topics[at].said, (guide,) if guide else ())
    return replace(draft, topics=tuple(topics))


def read_count(text: str) -> int | None:
    """ "12", "12 người ạ", "mười hai", "không có ai"; None when there is no one number in it."""
    words = fold(normalise(text)).split()
    if _NONE.fullmatch(" ".join(words)):
        return 0
    digits = [word for word in words if word.isdecimal()]
    if len(digits) == 1:
        return int(digits[0]) if int(digits[0]) <= MOST else None
    around = "co duoc khoang chung nguoi nu a nhe da vang tat ca tong cong".split()
    return to_number([word for word in words if word not in around]) if not digits else None


def is_unknown(text: str) -> bool:
    return bool(_UNKNOWN.fullmatch(fold(normalise(text))))


def to_slot(draft: Draft) -> dict[str, Any]:
    values = asdict(draft)
    return {**values, "day": draft.day.isoformat() if draft.day else None}


def from_slot(values: Mapping[str, Any]) -> Draft:
    topics = tuple(Topic(topic["said"], tuple(topic["guides"])) for topic in values["topics"])
    lists = {name: tuple(values[name]) for name in ("hamlets", "unknown", "codes")}
    day = dt.date.fromisoformat(values["day"]) if values["day"] else None
    return Draft(**{**values, **lists, "topics": topics, "day": day})
