"""The words of somebody who walks a guide: content in `knowledge/glossary/walking.yaml`, all folded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.guide import ContentError
from knowledge.library import CONTENT, load_fields

CONTROLS = ("next", "back", "repeat", "progress", "not_found")
ASKS = ("prepare", "ask", "time", "cost")


@dataclass(frozen=True, slots=True)
class Ask:
    """A kind of thing asked for."""

    said: tuple[str, ...]  # what asks for it, longest first
    alone: tuple[str, ...]  # the same, where it says nothing else
    answered: re.Pattern[str] | None  # what a text that answers has; None: a section of the guide answers


@dataclass(frozen=True, slots=True)
class WalkingWords:
    around: frozenset[str]  # words that add nothing to a short message
    controls: Mapping[str, str]  # what is left of a message → the intent
    step: str
    to_step: frozenset[str]
    frame: frozenset[str]  # words of a follow-up that say nothing of what it asks
    contrast: tuple[str, ...]  # what opens a question about another thing
    asks: Mapping[str, Ask]

    def core(self, folded: str) -> str:
        """A short message without the words that add nothing to it."""
        return " ".join(word for word in folded.split() if word not in self.around)


def load_walking_words(content: Path = CONTENT) -> WalkingWords:
    path = content / "glossary" / "walking.yaml"
    data = load_fields(path, ("around", "controls", "step", "to_step", "frame", "contrast", "asks"))
    for field, names in (("controls", CONTROLS), ("asks", ASKS)):
        if set(data[field]) != set(names):
            raise ContentError(path, 1, f"{field}: {', '.join(data[field])}", ", ".join(names))
    around = frozenset(data["around"])
    controls = {
        " ".join(word for word in said.split() if word not in around): intent
        for intent in reversed(CONTROLS)
        for said in data["controls"][intent]
    }
    asks = {kind: _ask(row) for kind, row in data["asks"].items()}
    return WalkingWords(
        around,
        controls,
        data["step"],
        frozenset(data["to_step"]),
        frozenset(data["frame"]),
        tuple(data["contrast"]),
        asks,
    )


def _ask(row: Mapping[str, list[str]]) -> Ask:
    """Longer phrases first: "giấy tờ gì" before what is within it."""
    said, alone = (tuple(sorted(row.get(key, ()), key=len, reverse=True)) for key in ("said", "alone"))
    answered = row.get("answered")
    return Ask(said, alone, re.compile("|".join(answered)) if answered else None)
