"""Where a learner stands on their path, and what comes next. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from handlers.services import Learning
from knowledge.guide import Guide
from knowledge.lessons import LearningPath, Paths
from knowledge.library import Library

OFFERED = 2  # guides at a time


@dataclass(frozen=True, slots=True)
class Course:
    path: LearningPath
    learning: Learning
    guides: Mapping[str, Guide]  # whose facts still hold

    def lessons(self, level: int) -> list[str]:
        """The guides of a level that can be learnt now; `level` counts from 1."""
        return [slug for slug in self.path.levels[level - 1] if slug in self.guides]

    def left(self, level: int) -> list[str]:
        return [slug for slug in self.lessons(level) if slug not in self.learning.done]

    @property
    def level(self) -> int | None:
        """The level to learn: what they said they know is passed over, and made up for at the end.

        None when everything is done.
        """
        last = len(self.path.levels)
        said = min(self.learning.level or 1, last)
        order = [*range(said, last + 1), *range(1, said)]
        return next((level for level in order if self.left(level)), None)

    def next_guides(self) -> list[Guide]:
        """One or two to learn next: the path's own next, and what others of the hamlet have done.

        Offered is only what needs nothing that is still to be learnt on the same level.
        """
        level = self.level
        if level is None:
            return []
        left = self.left(level)
        ready = [slug for slug in left if not set(self.guides[slug].front.prerequisites) & set(left)]
        first, others = ready[0], ready[1:]
        liked = [slug for slug in self.learning.nearby if slug in others]
        return [self.guides[slug] for slug in [first, *(liked or others)][:OFFERED]]

    def unquizzed(self) -> list[str]:
        """Guides of the first level whose questions were not answered yet; what was done stands first."""
        open_ones = [slug for slug in self.lessons(1) if "quiz" not in self.learning.done.get(slug, ())]
        return sorted(open_ones, key=lambda slug: slug not in self.learning.done)

    @property
    def is_first_level_passed(self) -> bool:
        """All questions of the first level were answered: there is a certificate."""
        return bool(self.lessons(1)) and not self.unquizzed()


def open_course(paths: Paths, library: Library, learning: Learning, today: dt.date) -> Course | None:
    """The course of a learner; None where no paths are known."""
    path = paths.find(learning.group)
    return Course(path, learning, library.answerable(today)) if path else None
