"""What the other languages lack, and what in them is not used: printed by `hocvuso knowledge check`.

Lacking is no fault: Vietnamese is said there. What is broken is.
"""

from collections.abc import Iterator
from pathlib import Path

from knowledge.check import Problem
from knowledge.guide import ContentError
from knowledge.languages import FOLDER, Language, load_languages
from knowledge.library import CONTENT, Library, load_library
from knowledge.phrases import Phrases, load_phrases
from knowledge.translation import digest_of

# What residents read; the rest is for staff and volunteers.
GROUPS = ("chat", "guide", "handout", "languages", "learning", "people", "safety", "voice")

NEVER_TRANSLATED = ("languages.vietnamese",)  # what is said on the way back


def check_languages(content: Path = CONTENT) -> list[Problem]:
    """Errors for what is broken, warnings for what is out of date, notes for what is missing."""
    if not (content / FOLDER).exists():
        return []
    try:
        vietnamese, library = load_phrases(content), load_library(content)
    except ContentError:
        return []  # `knowledge.check` says so
    languages = load_languages(vietnamese, content)
    problems = [Problem(each.path, each.line, each.found, each.expected) for each in languages.problems]
    for language in languages.by_tag.values():
        folder = content / FOLDER / language.tag
        problems += _check_guides(language, library, folder)
        problems += _check_phrases(language, vietnamese, folder)
    return problems


def _check_guides(language: Language, library: Library, folder: Path) -> Iterator[Problem]:
    for slug, told in language.translations.items():
        guide = library.guides.get(slug)
        if guide is None:
            yield Problem(told.path, 1, repr(slug), "the slug of a guide", "warning")
        elif not told.is_current(guide):
            found = f"of: {told.front.of}, of an older Vietnamese text"
            yield Problem(told.path, 2, found, f"'of: {digest_of(guide)}' once it was compared", "warning")
    if missing := [slug for slug in library.guides if slug not in language.translations]:
        found = f"{len(missing)} of {len(library.guides)} guides in Vietnamese alone: {', '.join(missing)}"
        yield Problem(str(folder / "guides"), 1, found, "a translation where it is needed", "note")


def _check_phrases(language: Language, vietnamese: Phrases, folder: Path) -> Iterator[Problem]:
    for group in GROUPS:
        keys = [key for key in vietnamese if key.startswith(f"{group}.") and key not in NEVER_TRANSLATED]
        if missing := [key.partition(".")[2] for key in keys if not language.says(key)]:
            found = f"{len(missing)} of {len(keys)} phrases in Vietnamese alone: {', '.join(missing)}"
            where = str(folder / "phrases" / f"{group}.yaml")
            yield Problem(where, 1, found, "a translation where it is needed", "note")
