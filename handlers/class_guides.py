"""Which guide a volunteer means by a few words: "quên mk vneid", "quét qr", or the slug itself."""

import re
from collections.abc import Callable

from knowledge.library import Library
from retrieval.decide import OneGuide
from retrieval.engine import Found
from retrieval.text import fold, normalise

SHOWN = 3  # guides to choose from


def guides_of(text: str, library: Library, ask: Callable[[str], Found]) -> tuple[str, ...]:
    """One slug when it is clear; else the likeliest, best first, or none.

    What was taught is named as titles are, so a title that holds every word goes before what a
    search finds; where several hold them, the volunteer is asked.
    """
    if text in library.guides:
        return (text,)
    found = ask(text)
    searched = [candidate.guide for candidate in found.candidates]
    titled = _titled(found.understood or text, library)
    if len(titled) == 1:
        return (titled[0],)
    if titled:
        likely = sorted(titled, key=lambda slug: searched.index(slug) if slug in searched else len(searched))
        return tuple(likely[:SHOWN])
    if isinstance(found.decision, OneGuide):
        return (found.decision.guide,)
    return tuple(searched[:SHOWN])


def _titled(text: str, library: Library) -> list[str]:
    words = _words(text)
    return [guide.slug for guide in library.guides.values() if words and words <= _words(guide.title)]


def _words(text: str) -> set[str]:
    return set(fold(normalise(re.sub(r"\bwi-fi\b", "wifi", text.lower()))).split())
