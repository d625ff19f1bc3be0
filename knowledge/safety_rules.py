"""The content of the safety triage: what is urgent, what is a scam. Content in `knowledge/safety/`.

Sentences are templates: `[a|b]` stands for one of the alternatives, `<name>` for a draw from
`slots.yaml`. Patterns are read from word to word over folded text; `compile_pattern` says how.
"""

import hashlib
import random
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from knowledge.guide import ContentError
from knowledge.library import CONTENT, load_questions, read_text, read_yaml

KINDS = ("scam", "remote_control", "extortion", "child", "suicide", "threat", "account_taken")

Pattern = re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Wording:
    """A pattern over folded words, and words of which one must stand where it matches.

    Most patterns can be left unsearched in most messages.
    """

    pattern: Pattern
    needs: frozenset[str]  # empty: to be searched always

    def stands_in(self, text: str, words: Set[str]) -> bool:
        """`words` are those of `text`."""
        if self.needs and self.needs.isdisjoint(words):
            return False
        return self.pattern.search(text) is not None


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
    figures: Pattern  # taken out before judging
    excuses: Pattern  # with one of these, `patterns` do not decide
    patterns: Mapping[str, Pattern]  # kind → unmistakable
    forwarded: Pattern  # how messages from outside speak
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
    patterns: tuple[Wording, ...]
    unless: tuple[Wording, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ScamRules:
    version: str
    signs: tuple[Sign, ...]
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
    return UrgentRules(
        version=str(data["version"]),
        figures=_any_of(data["figures"], path),
        excuses=_any_of(data["excuses"], path),
        patterns={kind: _any_of(found, path) for kind, found in data["patterns"].items()},
        forwarded=_any_of(data["forwarded"], path),
        coarse=tuple(data["coarse"]),
        ideas=_load_ideas(content),
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
    signs = []
    for key, sign in data["signs"].items():
        if not sign.get("source"):
            raise ContentError(path, 1, f"signs: {key} without a source", "who warns of it")
        signs.append(
            Sign(
                key,
                float(sign["weight"]),
                _worded(sign.get("patterns", []), path),
                _worded(sign.get("unless", []), path),
                sign["source"],
            )
        )
    return ScamRules(
        version=str(data["version"]),
        signs=tuple(signs),
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


def compile_pattern(pattern: str) -> Pattern:
    """A pattern over folded words: "…" is up to four words between, "(a )?b" may miss a."""
    return re.compile(rf"(?<!\w)(?:{_expression(pattern)})(?!\w)")


def _expression(pattern: str) -> str:
    # " … " swallows the blanks on both sides, so that nothing may stand between as well.
    return re.sub(r" ?… ?", r"(?: \\w+){0,4} ", pattern)


def needed_words(pattern: str) -> frozenset[str]:
    """Words of which one stands wherever the pattern matches; none when that is not plain to see.

    "(a b|c (d|e)) … (f )?g" needs "a" or "c": the first part whose options all begin with a word.
    """
    if len(_split(pattern, "|")) == 1:
        for part in _split(pattern, " "):
            first = [re.match(r"[a-z0-9]+(?= |$)", option) for option in _options(part)]
            if all(first):
                return frozenset(found[0] for found in first if found)
    return frozenset()


def _options(part: str) -> list[str]:
    """Of "(a|b c)" a and b c; of anything else itself."""
    inner = part[1:-1]
    depths = accumulate((letter == "(") - (letter == ")") for letter in inner)
    is_one_bracket = part.startswith("(") and part.endswith(")") and min(depths, default=0) >= 0
    return _split(inner, "|") if is_one_bracket else [part]


def _split(pattern: str, mark: str) -> list[str]:
    """At the marks outside of brackets."""
    parts, depth = [""], 0
    for letter in pattern:
        depth += (letter == "(") - (letter == ")")
        if letter == mark and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _worded(patterns: list[str], path: Path) -> tuple[Wording, ...]:
    compiled = _compiled(patterns, path)
    return tuple(
        Wording(found, needed_words(written)) for written, found in zip(patterns, compiled, strict=True)
    )


def _compiled(patterns: list[str], path: Path) -> tuple[Pattern, ...]:
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(compile_pattern(pattern))
        except re.error as error:
            raise ContentError(path, 1, f"{pattern!r} ({error})", "a pattern such as '(a|b) … c'") from error
    return tuple(compiled)


def _any_of(patterns: list[str], path: Path) -> Pattern:
    _compiled(patterns, path)  # says which one is broken
    return compile_pattern("|".join(patterns))


def _read(content: Path, name: str) -> tuple[dict[str, Any], Path]:
    path = content / "safety" / name
    data = read_yaml(read_text(path))
    if not isinstance(data, dict):
        raise ContentError(path, 1, repr(data)[:40], "keys with values")
    return data, path
