"""A reply as text with numbered lines: the contract that every channel keeps (ux.md §2.1)."""

import re
import unicodedata
from collections.abc import Sequence

from bot.channels.base import Capabilities, Part
from bot.messages import Choice
from handlers.understand import BACK, PERSON
from knowledge.phrases import Phrases


def numbered(list_id: str, titles: Sequence[str], phrases: Phrases) -> tuple[Choice, ...]:
    """The choices of a list with the two constants at its end; () for a reply without choices."""
    if not titles:
        return ()
    lines = [
        *enumerate(titles, 1),
        (PERSON, phrases("chat.constant_person")),
        (BACK, phrases("chat.constant_back")),
    ]
    return tuple(Choice(number, title, f"{list_id}:{number}") for number, title in lines)


def as_text(text: str, choices: Sequence[Choice]) -> str:
    """The text with its choices beneath; the constants share the last line."""
    lines = [f"{choice.number}. {choice.title}" for choice in choices if choice.number not in (PERSON, BACK)]
    constants = [f"{choice.number}. {choice.title}" for choice in choices if choice.number in (PERSON, BACK)]
    return "\n".join([text, *lines, *([" · ".join(constants)] if constants else [])])


def as_parts(
    text: str,
    choices: Sequence[Choice],
    capabilities: Capabilities,
    *,
    picture: str | None = None,
    paper: str | None = None,
) -> list[Part]:
    """The reply cut into messages the channel takes; choices, picture and paper go with the last one.

    Texts are NFC: some channels count what they get, and decomposed Vietnamese is a third longer.
    """
    whole = unicodedata.normalize("NFC", as_text(text, choices))
    pieces = split_text(whole, capabilities.max_text)
    are_shown = len(choices) <= capabilities.max_buttons and all(
        len(choice.payload.encode()) <= capabilities.max_payload_bytes for choice in choices
    )
    return [
        *(Part(piece) for piece in pieces[:-1]),
        Part(pieces[-1], tuple(choices) if are_shown else (), picture, paper),
    ]


_ENDS = (re.compile(r"\n+"), re.compile(r"(?<=[.!?…:;])\s+"), re.compile(r"\s+"))  # best place to cut first


def split_text(text: str, limit: int) -> list[str]:
    """`text` in pieces of at most `limit` UTF-16 units, cut at the end of a line, sentence or word.

    `limit` is 2 or more. Nothing but the white space at the cuts is lost; blank text is one piece.
    """
    pieces = []
    while utf16_length(text) > limit:
        head = _fitting(text, limit)
        cut = _cut(head, rest=text[len(head) : len(head) + 1])
        if piece := text[:cut].rstrip():  # no channel sends white space
            pieces.append(piece)
        text = text[cut:].lstrip()
    return [*pieces, text] if text or not pieces else pieces


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fitting(text: str, limit: int) -> str:
    """The longest beginning that has at most `limit` units."""
    head = text[:limit]
    while utf16_length(head) > limit:
        head = head[: len(head) - max(1, (utf16_length(head) - limit) // 2)]
    return head


def _cut(head: str, *, rest: str) -> int:
    for end in _ENDS:
        # The white space may stand right behind the piece that fits.
        places = [match.end() for match in end.finditer(head + rest) if match.start() > len(head) // 3]
        if places:
            return places[-1]
    return len(head)
