"""The glossary: how people write and say things. Content in `knowledge/glossary/words.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.guide import ContentError
from knowledge.library import CONTENT, load_fields


@dataclass(frozen=True, slots=True)
class Glossary:
    abbreviations: Mapping[str, str]  # one word → written out
    names: Mapping[str, str]  # as heard or misspelt, with diacritics → the name
    only_with_marks: frozenset[str]  # heard names whose folded form means something else
    regional: Mapping[str, str]  # regional → standard
    fillers_before: tuple[str, ...]  # what people say before and after a question
    fillers_after: tuple[str, ...]


def load_glossary(content: Path = CONTENT) -> Glossary:
    path = content / "glossary" / "words.yaml"
    data = load_fields(path, ("abbreviations", "names", "only_with_marks", "regional", "fillers"))
    # YAML reads bare `no`, `on`, `1` as other things than words.
    for key in ("abbreviations", "regional"):
        for word, meaning in data[key].items():
            if not isinstance(word, str) or not isinstance(meaning, str):
                raise ContentError(path, 1, f"{key}: {word!r}: {meaning!r}", "words; quote them if need be")
    return Glossary(
        abbreviations=data["abbreviations"],
        names={heard: name for name, variants in data["names"].items() for heard in variants},
        only_with_marks=frozenset(data["only_with_marks"]),
        regional=data["regional"],
        fillers_before=tuple(data["fillers"]["before"]),
        fillers_after=tuple(data["fillers"]["after"]),
    )
