"""What volunteers write to steer the assistant: content in `knowledge/glossary/volunteer.yaml`, folded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.library import CONTENT, load_fields

_FIELDS = ("commands", "in_call", "lookup", "send", "whom", "before_code", "my_code")


@dataclass(frozen=True, slots=True)
class HelpingWords:
    commands: Mapping[str, str] = field(default_factory=dict)  # whole message → intent
    in_call: Mapping[str, str] = field(default_factory=dict)  # the same, while somebody is helped
    lookup: tuple[str, ...] = ()  # beginnings, longest first; so are the next three
    send: tuple[str, ...] = ()
    whom: tuple[str, ...] = ()
    before_code: tuple[str, ...] = ()
    my_code: frozenset[str] = frozenset()  # whole messages


def load_helping_words(content: Path = CONTENT) -> HelpingWords:
    data = load_fields(content / "glossary" / "volunteer.yaml", _FIELDS)
    return HelpingWords(
        commands=_by_phrase(data["commands"]),
        in_call=_by_phrase(data["in_call"]),
        lookup=_longest_first(data["lookup"]),
        send=_longest_first(data["send"]),
        whom=_longest_first(data["whom"]),
        before_code=_longest_first(data["before_code"]),
        my_code=frozenset(data["my_code"]),
    )


def _by_phrase(groups: Mapping[str, list[str]]) -> dict[str, str]:
    return {phrase: intent for intent, phrases in groups.items() for phrase in phrases}


def _longest_first(phrases: list[str]) -> tuple[str, ...]:
    return tuple(sorted(phrases, key=len, reverse=True))
