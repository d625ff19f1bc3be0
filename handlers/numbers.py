"""Read a numbered answer: "1", "2️⃣", "số hai", "soos 2", "cái cuối", a choice's words. Pure (ux.md §3.6)."""

import re
import unicodedata
from collections.abc import Sequence

from knowledge.intents import IntentWords
from retrieval.text import clean, fold, from_telex, from_vni, is_syllable, normalise

_MOST_WORDS = 8  # a longer message says more than a number
_MOST_LETTERS = 200
_HALF = 0.5  # of a title's words, that stand for the title


def read_number(text: str, words: IntentWords, *, titles: Sequence[str] = ()) -> int | None:
    """The number that `text` says and nothing else, or None; `titles` are the open list's choices.

    Numbers beyond the list are returned as they are: the caller says that they are not in it.
    """
    if len(text) > _MOST_LETTERS:
        return None
    said = [_unfinished(word) for word in normalise(unicodedata.normalize("NFKC", text)).split()]
    if not said or len(said) > _MOST_WORDS:
        return None
    folded = fold(" ".join(said))
    if any(phrase in said or f" {phrase} " in f" {folded} " for phrase in words.number_not):
        return None
    around = words.number_around | {fold(word) for word in words.number_around}
    core = [fold(word) for word in said if word not in around or fold(word) in words.numbers]
    core = [word for word in core if word not in words.polite or word in words.numbers] or core
    return _number(core, words, count=len(titles))


def read_title(text: str, words: IntentWords, titles: Sequence[str]) -> int | None:
    """The number of the one choice whose words `text` says, whole or in good part."""
    said = normalise(clean(text))
    whole = [number for number, title in enumerate(titles, 1) if normalise(title) == said]
    if whole:
        return whole[0]
    core = fold(said).split()
    for part in _parts(core, words):
        found = [number for number, title in enumerate(titles, 1) if _says(part, title)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _number(core: Sequence[str], words: IntentWords, *, count: int) -> int | None:
    while core and core[0] in words.number_words:
        phrase = " ".join(core)
        if phrase in words.numbers or phrase in words.last:
            break
        core = core[1:]
    phrase = " ".join(core)
    if phrase in words.last:
        return count or None
    if phrase in words.numbers:
        return words.numbers[phrase]
    left = [word for word in core if word not in words.number_words]
    twice = len(left) == 2 and left[0] == left[1]  # "số 1 số 1"
    return int(left[0]) if (len(left) == 1 or twice) and re.fullmatch(r"\d{1,2}", left[0]) else None


def _unfinished(word: str) -> str:
    """What a keyboard left: "soos" → "số", "mo65t" → "một"."""
    if word.isdecimal() or is_syllable(word):
        return word
    return from_telex(word) or from_vni(word) or word


def _parts(core: list[str], words: IntentWords) -> list[list[str]]:
    """What was said, then without "chọn cái" before it and "nhé cháu" behind it."""
    front, end = 0, len(core)
    while front < len(core) and core[front] in words.number_words:
        front += 1
    while end > front and core[end - 1] in words.polite:
        end -= 1
    parts = [core[start:stop] for start in range(front + 1) for stop in range(len(core), end - 1, -1)]
    return [part for part in parts if part]


def _says(said: Sequence[str], title: str) -> bool:
    """The title itself, one of the things it lists, or at least half of its words in their order."""
    listed = [fold(normalise(part)).split() for part in title.split(",")]
    whole = [word for part in listed for word in part]
    if list(said) == whole or (list(said) in listed and len(said) > 1):
        return True
    is_within = any(list(said) == whole[at : at + len(said)] for at in range(len(whole)))
    return is_within and len(said) > 1 and len(said) >= _HALF * len(whole)
