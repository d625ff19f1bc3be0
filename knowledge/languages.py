"""Other languages of a commune beside Vietnamese: `knowledge/languages/<tag>/`.

    language.yaml           its own name, its Vietnamese name, the ways to ask for it
    phrases/<group>.yaml    phrases with the keys and the variables of the Vietnamese ones
    guides/<slug>.md        guides (`knowledge.translation`)

Whatever a language lacks is said in Vietnamese. What is broken in it is left out, too, and kept as a
problem: a translation must not keep anybody from being answered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2.meta import find_undeclared_variables
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.address import PLACEHOLDERS
from knowledge.guide import VIETNAMESE, ContentError, Guide
from knowledge.library import CONTENT, Library, load_fields, load_guide, read_text
from knowledge.phrases import Phrases, variants_of
from knowledge.translation import Translation, differences, parse_translation

FOLDER = "languages"
# Without these nobody could be told what the switch means, or that a warning is in Vietnamese.
NEEDED = ("languages.switched", "languages.only_vietnamese")
_SYNTAX = jinja2.Environment(autoescape=True)


class LanguageFile(BaseModel):
    """`language.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=2)  # as its speakers write it
    vietnamese_name: str = Field(min_length=2)  # "tiếng Anh"
    ask: tuple[str, ...] = Field(min_length=1)  # its names, as people ask for it
    uses_address: bool = False  # its texts hold {bác} and {cháu}


class TranslatedPhrases(Phrases):
    """The Vietnamese phrases with those of a language over them."""

    def __init__(self, vietnamese: Phrases, own: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__({**vietnamese.texts, **own})
        self._vietnamese, self.own = vietnamese, frozenset(own)

    def __call__(self, key: str, /, variant: int = 0, **values: object) -> str:
        try:
            return super().__call__(key, variant, **values)
        except jinja2.TemplateError:  # what only shows when it is said, such as '{{ place.name }}'
            return self._vietnamese(key, variant, **values)


class _TranslatedGuides(Mapping[str, Guide]):
    """Translates a guide when it is asked for; an outdated translation is passed over."""

    def __init__(self, guides: Mapping[str, Guide], language: "Language") -> None:
        self._guides, self._language = guides, language

    def __getitem__(self, slug: str) -> Guide:
        return self._language.guide(self._guides[slug])

    def __iter__(self) -> Iterator[str]:
        return iter(self._guides)

    def __len__(self) -> int:
        return len(self._guides)


@dataclass(frozen=True, slots=True)
class Language:
    tag: str  # as in BCP 47
    file: LanguageFile
    phrases: TranslatedPhrases
    translations: Mapping[str, Translation] = field(default_factory=dict)  # by slug

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def titles(self) -> frozenset[str]:
        """What its guides are called in lists."""
        fronts = [each.front for each in self.translations.values()]
        return frozenset(name for front in fronts for name in (front.title, front.choice) if name)

    def says(self, key: str) -> bool:
        """Whether it has that phrase itself."""
        return key in self.phrases.own

    def guide(self, guide: Guide) -> Guide:
        """In this language; as it is where it has no translation of just these texts."""
        told = self.translations.get(guide.slug)
        if told is None or not told.is_current(guide) or any(differences(guide, told)):
            return guide
        return told.of(guide, self.tag)

    def library(self, library: Library) -> Library:
        return Library(_TranslatedGuides(library.guides, self), library.elsewhere)


@dataclass(frozen=True, slots=True)
class Languages:
    by_tag: Mapping[str, Language] = field(default_factory=dict)
    problems: tuple[ContentError, ...] = ()  # what was left out

    def get(self, tag: object) -> Language | None:
        """None for Vietnamese, and for a language that is not here (any more)."""
        return self.by_tag.get(str(tag))


def load_languages(vietnamese: Phrases, content: Path = CONTENT) -> Languages:
    languages: dict[str, Language] = {}
    problems: list[ContentError] = []
    for path in language_files(content):
        folder = path.parent
        try:
            file = load_language_file(path)
            own = _load_phrases(folder, vietnamese, file, problems)
            if missing := [key for key in NEEDED if key not in own]:
                raise ContentError(folder / "phrases", 1, f"no {', '.join(missing)}", "them in the language")
        except ContentError as error:
            problems.append(error)
            continue
        phrases = TranslatedPhrases(vietnamese, own)
        guides = _load_guides(folder, content, file, problems)
        languages[folder.name] = Language(folder.name, file, phrases, guides)
    return Languages(languages, tuple(problems))


def language_files(content: Path) -> list[Path]:
    return sorted((content / FOLDER).glob("*/language.yaml"))


def load_language_file(path: Path) -> LanguageFile:
    """Raises `ContentError`."""
    if path.parent.name == VIETNAMESE:
        raise ContentError(path, 1, repr(VIETNAMESE), "another language: the content itself is Vietnamese")
    try:
        return LanguageFile.model_validate(load_fields(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ContentError(path, 1, f"{where}: {first['input']!r}"[:60], first["msg"]) from error


def _load_phrases(
    folder: Path, vietnamese: Phrases, file: LanguageFile, problems: list[ContentError]
) -> dict[str, tuple[str, ...]]:
    own: dict[str, tuple[str, ...]] = {}
    for path in sorted((folder / "phrases").glob("*.yaml")):
        try:
            fields = load_fields(path)
        except ContentError as error:
            problems.append(error)
            continue
        for name, value in fields.items():
            key = f"{path.stem}.{name}"
            try:
                own[key] = _phrase(path, key, value, vietnamese, file)
            except ContentError as error:
                problems.append(error)
    return own


def _phrase(path: Path, key: str, value: Any, vietnamese: Phrases, file: LanguageFile) -> tuple[str, ...]:
    name = key.partition(".")[2]
    texts = variants_of(path, name, value)
    if key not in vietnamese:
        raise ContentError(path, 1, name, "a key of the Vietnamese phrases")
    expected, found = _variables(vietnamese.texts[key]), _variables(texts)
    if found != expected:
        raise ContentError(path, 1, f"{name}: {_listed(found)}", f"the variables {_listed(expected)}")
    for text in texts:
        _check_address(path, 1, text, file)
    return texts


def _load_guides(
    folder: Path, content: Path, file: LanguageFile, problems: list[ContentError]
) -> dict[str, Translation]:
    translations: dict[str, Translation] = {}
    for path in sorted((folder / "guides").glob("*.md")):
        try:
            text = read_text(path)
            translation = parse_translation(path, text)
            _check_address(path, 1, text, file)
            _check_parts(path, content, translation)
            translations[path.stem] = translation
        except ContentError as error:
            problems.append(error)
    return translations


def _check_parts(path: Path, content: Path, translation: Translation) -> None:
    original = content / "guides" / path.name
    if not original.exists():
        return  # of a guide that a commune wrote itself
    guide = load_guide(original, content)
    for found, expected in differences(guide, translation):
        raise ContentError(path, 1, found, expected)


def _check_address(path: Path, line: int, text: str, file: LanguageFile) -> None:
    held = next((each for each in PLACEHOLDERS if each in text), None)
    if held and not file.uses_address:
        raise ContentError(path, line, held, "'uses_address: true' in language.yaml, or no form of address")


def _variables(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset[str]().union(*map(_variables_of, texts))


@cache
def _variables_of(text: str) -> frozenset[str]:
    return frozenset(find_undeclared_variables(_SYNTAX.parse(text)))


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "none"
