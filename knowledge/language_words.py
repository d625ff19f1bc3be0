"""How people ask to be answered in another language: `knowledge/glossary/languages.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.guide import VIETNAMESE, ContentError
from knowledge.languages import language_files, load_language_file
from knowledge.library import CONTENT, load_fields

FILE = Path("glossary") / "languages.yaml"


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """As they are written; who reads messages folds them."""

    around: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)  # a language's name → its tag
    others: Mapping[str, str] = field(default_factory=dict)  # the name of another → how we call it

    def __hash__(self) -> int:  # what is made of it can be kept
        return hash((self.around, *self.tags, *self.others))


def load_language_words(content: Path = CONTENT) -> LanguageWords:
    """Empty for content without that file."""
    if not (content / FILE).exists():
        return LanguageWords()
    data = load_fields(content / FILE, ("around", "vietnamese", "others"))
    tags = dict.fromkeys(data["vietnamese"], VIETNAMESE)
    for path in language_files(content):
        try:
            file = load_language_file(path)
        except ContentError:
            continue  # kept as a problem where the languages themselves are loaded
        tags |= dict.fromkeys((*file.ask, file.name, file.vietnamese_name), path.parent.name)
    others = {name: called for called, names in data["others"].items() for name in names}
    return LanguageWords(tuple(data["around"]), tags, others)
