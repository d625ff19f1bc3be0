"""The words people and plans use for the same things. Content in `knowledge/glossary/plans.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.guide import ContentError
from knowledge.library import CONTENT, read_text, read_yaml


@dataclass(frozen=True, slots=True)
class PlanWords:
    same: Mapping[str, str]  # writing → the one form for it
    asked: Mapping[str, tuple[str, ...]]  # everyday words → words of plans
    topics: frozenset[str]
    around: frozenset[str]
    cues: Mapping[str, float]  # longest first

    def spelt(self) -> list[str]:
        """All its words, so that nobody corrects them into others."""
        lists = (self.same, self.same.values(), self.asked, self.topics, self.cues)
        return [*(word for words in lists for word in words), " ".join(self.around)]


def load_plan_words(content: Path = CONTENT) -> PlanWords:
    path = content / "glossary" / "plans.yaml"
    data: dict[str, Any] = read_yaml(read_text(path))
    expected = {"same", "asked", "topics", "around", "cues"}
    if set(data) != expected:
        raise ContentError(path, 1, str(sorted(data)), str(sorted(expected)))
    _check_words(path, [*data["same"], *data["asked"], *data["topics"], *data["around"], *data["cues"]])
    return PlanWords(
        same={writing: form for form, writings in data["same"].items() for writing in writings},
        asked={word: tuple(meanings) for word, meanings in data["asked"].items()},
        topics=frozenset(data["topics"]),
        around=frozenset(data["around"]),
        cues={cue: float(data["cues"][cue]) for cue in sorted(data["cues"], key=len, reverse=True)},
    )


def _check_words(path: Path, words: list[object]) -> None:
    for word in words:
        # YAML reads bare `no`, `on`, `1` as other things than words.
        if not isinstance(word, str) or not word.isascii():
            raise ContentError(path, 1, repr(word), "folded words; quote them if need be")
