"""The paths: which guides a group of people learns, level by level. Content: `lessons/paths.yaml`.

A path names guides only; what is taught, and the questions of its quiz, stand in the guides.
`knowledge.check` looks whether the guides are there and come in an order that can be learnt.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from knowledge.guide import ContentError
from knowledge.library import CONTENT, load_fields

FILE = "lessons/paths.yaml"
LEVELS = 3


@dataclass(frozen=True, slots=True)
class LearningPath:
    slug: str
    name: str  # as a person would name the group
    levels: tuple[tuple[str, ...], ...]  # slugs of guides, in the order they are learnt

    def level_of(self, guide: str) -> int | None:
        """Counted from 1; None for a guide that is not on the path."""
        return next((n for n, guides in enumerate(self.levels, 1) if guide in guides), None)


@dataclass(frozen=True, slots=True)
class Paths:
    by_slug: Mapping[str, LearningPath] = field(default_factory=lambda: MappingProxyType({}))
    level_questions: tuple[str, ...] = ()  # each asks for one thing that is harder than the one before

    def find(self, slug: str | None) -> LearningPath | None:
        """The path of that name, else the first, which is everybody's; None where there are no paths."""
        return self.by_slug.get(slug or "") or next(iter(self.by_slug.values()), None)

    def first_lessons(self) -> dict[str | None, tuple[str, ...]]:
        """group → the guides of the first level of its path; None: of who chose no group."""
        everybody = self.find(None)
        lessons: dict[str | None, tuple[str, ...]] = {None: everybody.levels[0] if everybody else ()}
        lessons.update({slug: path.levels[0] for slug, path in self.by_slug.items()})
        return lessons


def load_paths(content: Path = CONTENT) -> Paths:
    """Raises `ContentError` for a file that is not as it should be."""
    file = content / FILE
    data = load_fields(file, ("paths", "level_questions"))
    paths = [_path(file, slug, fields) for slug, fields in data["paths"].items()]
    questions = data["level_questions"]
    if not _are_texts(questions):
        raise ContentError(file, 1, f"level_questions: {questions!r}"[:60], "a list of questions")
    return Paths(MappingProxyType({path.slug: path for path in paths}), tuple(questions))


def _path(file: Path, slug: str, fields: Any) -> LearningPath:
    name, levels = (fields.get("name"), fields.get("levels")) if isinstance(fields, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(levels, list) or not all(map(_are_texts, levels)):
        found = f"{slug}: {fields!r}"[:60]
        raise ContentError(file, 1, found, "a name, and levels that are lists of guides")
    return LearningPath(slug, name, tuple(tuple(level) for level in levels))


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)
