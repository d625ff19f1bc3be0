"""A reply as text with numbered lines: the contract that every channel keeps (ux.md §2.1)."""

from collections.abc import Sequence

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
