"""Variants of a question as people would type or say it; for training only. Pure, by a seed."""

import random
import re
import unicodedata
from dataclasses import dataclass

from knowledge.glossary import Glossary
from retrieval.repair import meanings
from retrieval.spelling import NEIGHBOURS, sound_alikes
from retrieval.text import fold

_TELEX_MARKS = {"\u0300": "f", "\u0301": "s", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
_TELEX_LETTERS = {"ă": "aw", "â": "aa", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw", "đ": "dd"}
_BESIDE = {a: sorted(b for c, b in NEIGHBOURS if c == a) for a, _ in NEIGHBOURS}


@dataclass(frozen=True, slots=True)
class Variants:
    """What the glossary gives for making variants: standard → how people write or say it."""

    short: dict[str, list[str]]
    heard: dict[str, list[str]]
    regional: dict[str, list[str]]
    before: tuple[str, ...]
    after: tuple[str, ...]


def variants_of(glossary: Glossary) -> Variants:
    return Variants(
        _inverse(
            (word, meaning)
            for word, written in glossary.abbreviations.items()
            for meaning in meanings(written)
        ),
        _inverse(glossary.names.items()),
        _inverse(glossary.regional.items()),
        glossary.fillers_before,
        glossary.fillers_after,
    )


def vary(question: str, variants: Variants, chance: random.Random) -> str:
    """One variant of a question: a draw of the things that happen to texts, often several."""
    text = question.lower()
    if chance.random() < 0.25:
        text = _replace(text, variants.regional, chance, share=0.6)
    if chance.random() < 0.25:
        text = _replace(text, variants.heard, chance, share=0.8)
    if chance.random() < 0.2:
        text = _replace(text, variants.short, chance, share=0.6)
    if chance.random() < 0.1:
        text = " ".join(_by_ear(word, chance) if chance.random() < 0.25 else word for word in text.split())
    if chance.random() < 0.2:
        text = _drop_words(text, chance)
    if chance.random() < 0.3:
        text = f"{chance.choice(variants.before)} {text}"
    if chance.random() < 0.3:
        text = f"{text} {chance.choice(variants.after)}"
    draw = chance.random()
    if draw < 0.4:
        text = fold(text)
    elif draw < 0.5:
        text = " ".join(to_telex(word) if chance.random() < 0.6 else word for word in text.split())
    elif draw < 0.6:
        text = " ".join(fold(word) if chance.random() < 0.5 else word for word in text.split())
    if chance.random() < 0.3:
        text = _slip(text, chance)
    return text


def to_telex(word: str) -> str:
    """The keys a Telex keyboard would have converted: "mật" → "maatj"."""
    tone = ""
    keys = []
    for character in unicodedata.normalize("NFD", word):
        if character in _TELEX_MARKS:
            tone = _TELEX_MARKS[character]
        else:
            keys.append(character)
    plain = unicodedata.normalize("NFC", "".join(keys))
    return "".join(_TELEX_LETTERS.get(letter, letter) for letter in plain) + tone


def _inverse(pairs: object) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for written, meaning in pairs:  # type: ignore[attr-defined]
        found.setdefault(meaning, []).append(written)
    return found


def _replace(text: str, table: dict[str, list[str]], chance: random.Random, *, share: float) -> str:
    for standard, forms in table.items():
        if standard in text and chance.random() < share:
            text = re.sub(rf"(?<!\w){re.escape(standard)}(?!\w)", chance.choice(forms), text)
    return text


def _drop_words(text: str, chance: random.Random) -> str:
    words = text.split()
    if len(words) < 5:
        return text
    dropped = set(chance.sample(range(len(words)), k=max(1, len(words) // 5)))
    return " ".join(word for at, word in enumerate(words) if at not in dropped)


def _by_ear(word: str, chance: random.Random) -> str:
    """Spelt as it sounds where some region does not tell sounds apart: "số" → "xố"."""
    return chance.choice(sorted(sound_alikes(word)) or [word])


def _slip(text: str, chance: random.Random) -> str:
    return " ".join(_slip_word(word, chance) if chance.random() < 0.25 else word for word in text.split())


def _slip_word(word: str, chance: random.Random) -> str:
    if len(word) < 3:
        return word
    at = chance.randrange(len(word))
    match chance.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + word[at] + word[at:]
        case 2 if at + 1 < len(word):
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case _:
            beside = _BESIDE.get(fold(word[at]))
            return word[:at] + (chance.choice(beside) if beside else word[at]) + word[at + 1 :]
