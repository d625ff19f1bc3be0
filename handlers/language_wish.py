"""Whether a message asks to be answered in another language. Pure.

Only a whole message counts: "chuyển sang tiếng Việt chỗ nào" is a question about a machine.
"""

from dataclasses import dataclass
from functools import lru_cache

from knowledge.language_words import LanguageWords
from retrieval.text import fold, normalise

MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class LanguageWish:
    tag: str | None  # None: a language that is not here
    name: str  # as it was asked for, or as we call it


def read_language(text: str, words: LanguageWords) -> LanguageWish | None:
    """`text` as it was sent; None when it asks for no language."""
    said = _folded(text)
    around, known = _around_and_known(words)
    if not said or len(said) > MOST_WORDS or not known.issuperset(said):
        return None
    for tags in (words.tags, words.others):
        for name, of in tags.items():
            if _is_asked(said, _name(name), around):
                return LanguageWish(of, name) if tags is words.tags else LanguageWish(None, of)
    return None


def _is_asked(said: tuple[str, ...], name: tuple[str, ...], around: frozenset[str]) -> bool:
    """Whether `said` is the name, and beside it nothing but words of `around`."""
    for first in range(len(said) - len(name) + 1):
        if said[first : first + len(name)] == name:
            return around.issuperset(said[:first]) and around.issuperset(said[first + len(name) :])
    return False


@lru_cache(maxsize=8)
def _around_and_known(words: LanguageWords) -> tuple[frozenset[str], frozenset[str]]:
    """Folded: the words beside a name, and all that a wish can have in it."""
    around = frozenset(word for each in words.around for word in _name(each))
    names = frozenset(word for tags in (words.tags, words.others) for name in tags for word in _name(name))
    return around, around | names


@lru_cache(maxsize=1_000)  # words of the content, not of people
def _name(text: str) -> tuple[str, ...]:
    return _folded(text)


def _folded(text: str) -> tuple[str, ...]:
    return tuple(fold(normalise(text)).split())
