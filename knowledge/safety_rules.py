"""The content of the safety triage: what is urgent, what is a scam. Content in `knowledge/safety/`.

Sentences are templates: `[a|b]` stands for one of the alternatives, `<name>` for a draw from
`slots.yaml`. Patterns are those of `knowledge.wordings`.
"""

import hashlib
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.guide import ContentError
from knowledge.library import CONTENT, load_questions, read_text, read_yaml
from knowledge.wordings import Wording, WordingIndex, any_of, make_wording

KINDS = ("scam", "remote_control", "extortion", "child", "suicide", "threat", "account_taken")


@dataclass(frozen=True, slots=True)
class Ideas:
    """Other ways of saying the same."""

    phrases: Mapping[str, tuple[str, ...]]  # folded phrase → the ideas it stands for
    beginnings: frozenset[str]  # of the phrases: their words but the last, the last two, …


def make_ideas(phrases: Mapping[str, tuple[str, ...]]) -> Ideas:
    words = [phrase.split() for phrase in phrases]
    return Ideas(phrases, frozenset(" ".join(said[:end]) for said in words for end in range(1, len(said))))


@dataclass(frozen=True, slots=True)
class UrgentRules:
    version: str
    figures: Wording  # taken out before judging
    excuses: Wording  # with one of these, `unmistakable` does not decide
    kinds: tuple[str, ...]  # of `unmistakable`, the first that is found decides
    unmistakable: WordingIndex
    forwarded: Wording  # how messages from outside speak
    danger: frozenset[str]  # ideas: of a few words one of them must be there
    coarse: tuple[str, ...]  # when judging fails
    ideas: Ideas


@dataclass(frozen=True, slots=True)
class UrgentExamples:
    """What the triage is trained on."""

    urgent: Mapping[str, tuple[str, ...]]  # kind → templates
    not_urgent: tuple[str, ...]
    slots: Mapping[str, tuple[str, ...]]
    unclear_guides: frozenset[str]
    unclear_words: frozenset[str]
    unclear_questions: frozenset[str]
    digest: str  # of all of it: a trained model says what it was trained on


@dataclass(frozen=True, slots=True)
class Sign:
    key: str
    weight: float  # how much it speaks for a scam; below 0: against
    unless: tuple[Wording, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ScamRules:
    version: str
    signs: tuple[Sign, ...]
    wordings: WordingIndex  # of the signs, under their keys
    likely: float  # the weight from which a message is likely a scam
    suspicious: float
    official: frozenset[str]  # domains, their subdomains included
    official_endings: tuple[str, ...]  # "gov.vn"
    brands: frozenset[str]  # names that look-alike addresses borrow
    shorteners: frozenset[str]
    cheap_endings: frozenset[str]
    chat_hosts: frozenset[str]  # t.me, zalo.me: an invitation, neither official nor false
    ask: tuple[Wording, ...]  # "is this a scam?"


def load_urgent_rules(content: Path = CONTENT) -> UrgentRules:
    data, path = _read(content, "urgent.yaml")
    if unknown := set(data["patterns"]) - set(KINDS):
        raise ContentError(path, 1, f"patterns: {sorted(unknown)}", f"kinds of {', '.join(KINDS)}")
    ideas = _load_ideas(content)
    known = {idea for found in ideas.phrases.values() for idea in found}
    if unknown := set(data["danger"]) - known:
        raise ContentError(path, 1, f"danger: {sorted(unknown)}", "ideas of ideas.yaml")
    return UrgentRules(
        version=str(data["version"]),
        figures=_any_of(data["figures"], path),
        excuses=_any_of(data["excuses"], path),
        kinds=tuple(data["patterns"]),
        unmistakable=WordingIndex({kind: _worded(found, path) for kind, found in data["patterns"].items()}),
        forwarded=_any_of(data["forwarded"], path),
        danger=frozenset(data["danger"]),
        coarse=tuple(data["coarse"]),
        ideas=ideas,
    )


def _load_ideas(content: Path) -> Ideas:
    data, path = _read(content, "ideas.yaml")
    ideas: dict[str, list[str]] = {}
    for idea, patterns in data.items():
        for pattern in patterns:
            if not isinstance(pattern, str):
                raise ContentError(path, 1, f"{idea}: {pattern!r}", "words; quote them if need be")
            for phrase in sorted(alternatives(pattern)):
                ideas.setdefault(phrase, []).append(idea)
    return make_ideas({phrase: tuple(dict.fromkeys(found)) for phrase, found in ideas.items()})


def alternatives(pattern: str) -> set[str]:
    """Every phrase that "(a|b) (c )?d" stands for."""
    match = re.search(r"\(([^()]*)\)(\?)?", pattern)
    if not match:
        return {" ".join(pattern.split())}
    options = match[1].split("|") + ([""] if match[2] else [])
    before, after = pattern[: match.start()], pattern[match.end() :]
    return {phrase for option in options for phrase in alternatives(before + option + after)}


def load_urgent_examples(content: Path = CONTENT) -> UrgentExamples:
    data, _ = _read(content, "urgent.yaml")
    slots, path = _read(content, "slots.yaml")
    if wrong := [name for name, draws in slots.items() if not all(isinstance(d, str) for d in draws)]:
        raise ContentError(path, 1, f"{wrong[0]}: {slots[wrong[0]]}"[:60], "words; quote them if need be")
    folder = content / "safety"
    files = [folder / "urgent" / f"{kind}.txt" for kind in KINDS]
    for file in (*files, folder / "not_urgent.txt", folder / "messages.txt"):
        _check_slots(file, slots)
    digest = hashlib.sha256()
    others = (folder / name for name in ("not_urgent.txt", "messages.txt", "ideas.yaml", "urgent.yaml"))
    for file in (*files, *others, path):
        digest.update(read_text(file).encode())
    return UrgentExamples(
        urgent={file.stem: load_questions(file) for file in files},
        not_urgent=load_questions(folder / "not_urgent.txt") + load_questions(folder / "messages.txt"),
        slots={name: tuple(draws) for name, draws in slots.items()},
        unclear_guides=frozenset(data["unclear_guides"]),
        unclear_words=frozenset(data["unclear_words"]),
        unclear_questions=frozenset(data["unclear_questions"]),
        digest=digest.hexdigest()[:16],
    )


def _check_slots(path: Path, slots: Mapping[str, object]) -> None:
    for number, line in enumerate(read_text(path).splitlines(), 1):
        for name in re.findall(r"<([^>]*)>", "" if line.startswith("#") else line):
            if name not in slots:
                raise ContentError(path, number, f"<{name}>", f"a slot of {', '.join(slots)}")


def load_scam_rules(content: Path = CONTENT) -> ScamRules:
    data, path = _read(content, "scam.yaml")
    addresses = data["addresses"]
    signs, wordings = [], {}
    for key, sign in data["signs"].items():
        if not sign.get("source"):
            raise ContentError(path, 1, f"signs: {key} without a source", "who warns of it")
        wordings[key] = _worded(sign.get("patterns", []), path)
        unless = _worded(sign.get("unless", []), path)
        signs.append(Sign(key, float(sign["weight"]), unless, sign["source"]))
    return ScamRules(
        version=str(data["version"]),
        signs=tuple(signs),
        wordings=WordingIndex(wordings),
        likely=float(data["likely"]),
        suspicious=float(data["suspicious"]),
        official=frozenset(addresses["official"]),
        official_endings=tuple(addresses["official_endings"]),
        brands=frozenset(addresses["brands"]),
        shorteners=frozenset(addresses["shorteners"]),
        cheap_endings=frozenset(addresses["cheap_endings"]),
        chat_hosts=frozenset(addresses["chat_hosts"]),
        ask=_worded(data["ask"], path),
    )


def draw(template: str, slots: Mapping[str, tuple[str, ...]], chance: random.Random) -> str:
    """One sentence of a template; "[a|b]" first, so that an alternative may hold a slot."""
    text = re.sub(r"\[([^\]]*)\]", lambda match: chance.choice(match[1].split("|")), template)
    text = re.sub(r"<([^>]*)>", lambda match: chance.choice(slots[match[1]]), text)
    return " ".join(text.split())


def _worded(patterns: list[str], path: Path) -> tuple[Wording, ...]:
    wordings = []
    for pattern in patterns:
        try:
            wordings.append(make_wording(pattern))
        except re.error as error:
            raise ContentError(path, 1, f"{pattern!r} ({error})", "a pattern such as '(a|b) … c'") from error
    return tuple(wordings)


def _any_of(patterns: list[str], path: Path) -> Wording:
    _worded(patterns, path)  # says which one is broken
    return any_of(patterns)


def _read(content: Path, name: str) -> tuple[dict[str, Any], Path]:
    path = content / "safety" / name
    data = read_yaml(read_text(path))
    if not isinstance(data, dict):
        raise ContentError(path, 1, repr(data)[:40], "keys with values")
    return data, path
