"""Read a numbered answer: "1", "1.", "số 1", "một", "cái đầu", "cái cuối" (ux.md §3.6). Pure."""

import re

from knowledge.intents import IntentWords
from retrieval.text import fold, normalise

_MOST_WORDS = 6  # a longer message says more than a number


def read_number(text: str, words: IntentWords, *, count: int) -> int | None:
    """The number that `text` says and nothing else, or None; `count` is how many choices there are.

    Numbers beyond `count` are returned as they are: the caller says that they are not in the list.
    """
    said = fold(normalise(text)).split()
    if not said or len(said) > _MOST_WORDS:
        return None
    core = [word for word in said if word not in words.polite or word in words.numbers] or said
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
    return int(phrase) if re.fullmatch(r"\d{1,2}", phrase) else None
