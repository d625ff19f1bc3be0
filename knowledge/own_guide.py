"""A guide that a commune's staff wrote: how it is read, and what it must fulfil before it goes live.

Its questions come after those of the shipped guide it stands for, so an upgrade that brings better
ones is not lost. The rules are those of `knowledge.check` and stricter ones: nobody but two people
of the commune looks at these texts before residents do (reliability.md R29).
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from knowledge.check import Problem, check_guide, fold, style_words
from knowledge.guide import HIDDEN, SECTIONS, ContentError, Guide, parse_guide
from knowledge.library import CONTENT, Library, load_fields

MAX_SOURCE = 40_000  # characters
MAX_QUESTIONS, MAX_QUESTION = 200, 200  # characters of one
FEW_QUESTIONS, MIN_QUESTIONS = 15, 3  # without a shipped guide to stand for
NEEDS_SAFETY = ("vneid", "dich-vu-cong", "thanh-toan")  # topics near money, passwords or identity

_ADDRESS = re.compile(
    r"https?://[^\s\"'”)]+|\b(?:[a-z0-9-]+\.)+(?:vn|com|net|org|app|info|me|cc|top|xyz|io)\b", re.I
)
_MASK = re.compile("‹[a-z]+›")


@dataclass(frozen=True, slots=True)
class Links:
    named: tuple[str, ...]
    sources: tuple[str, ...]


def own_guide(slug: str, source: str, questions: Sequence[str], shipped: Guide | None) -> Guide:
    """Raises `ContentError` with the line of `source` that is not as it should be."""
    guide = parse_guide(Path(f"{slug}.md"), unicodedata.normalize("NFC", source))
    known = shipped.questions if shipped else ()
    own = (unicodedata.normalize("NFC", " ".join(question.split())) for question in questions)
    return replace(
        guide, questions=tuple(dict.fromkeys((*known, *(question for question in own if question))))
    )


def check_own(
    guide: Guide, library: Library, *, extra: Sequence[str], shipped: Guide | None, today: dt.date
) -> list[Problem]:
    """Every problem of a guide that is to stand in `library`.

    `extra` are the questions that are its own; addresses that stand in `shipped` were looked at before.
    """
    where, words = f"{guide.slug}.md", style_words()
    problems = list(check_guide(guide, where, words, {*library.guides, guide.slug}, today))
    problems += _check_safety(guide, where)
    problems += _check_addresses(guide, shipped, where)
    problems += _check_questions(guide, library, where, extra)
    problems += _check_circle(guide, library, where)
    return problems


def section_of(source: str, line: int) -> str:
    """Where a line stands: 'front', or one of `SECTIONS`; for saying what it should look like."""
    found = "front"
    for text in source.splitlines()[:line]:
        if text.startswith("## ") and text[3:].strip() in SECTIONS:
            found = text[3:].strip()
    return found


def broken(error: ContentError, source: str) -> Problem:
    """What cannot be read, as a problem whose rule says where: hidden, front, or a section."""
    if error.found.startswith("hidden character"):
        return Problem(error.path, error.line, error.found.split()[-1], error.expected, rule="hidden")
    section = section_of(source, error.line)
    if section == "front":
        return Problem(error.path, error.line, error.found.split(":")[0], error.expected, rule="front")
    lines = source.splitlines()
    text = lines[error.line - 1].strip() if 0 < error.line <= len(lines) else ""
    return Problem(error.path, error.line, text, section, rule=f"section_{SECTIONS.index(section)}")


@cache
def allowed_links(content: Path = CONTENT) -> Links:
    data = load_fields(content / "glossary" / "links.yaml", ("named", "sources"))
    return Links(
        tuple(host.lower() for host in data["named"]), tuple(host.lower() for host in data["sources"])
    )


def strange_addresses(text: str) -> list[str]:
    """Addresses in a text to which residents may not be sent."""
    named = allowed_links().named
    return [match[0] for match in _ADDRESS.finditer(text) if not _is_below(_host(match[0]), named)]


def is_official(address: str) -> bool:
    """Whether residents may be sent to this one address."""
    return _is_below(_host(address), allowed_links().named)


def _check_safety(guide: Guide, where: str) -> Iterator[Problem]:
    if guide.topic in NEEDS_SAFETY and not guide.front.safety:
        yield Problem(where, 1, "no safety", "what a thief would ask for", rule="safety")


def _check_addresses(guide: Guide, shipped: Guide | None, where: str) -> Iterator[Problem]:
    links = allowed_links()
    known = {match[0] for _, text in _shown(shipped) for match in _ADDRESS.finditer(text)} if shipped else ()
    for line, text in _shown(guide):
        for match in _ADDRESS.finditer(text):
            host = _host(match[0])
            if match[0] not in known and not _is_below(host, links.named):
                yield Problem(where, line, host or match[0], ", ".join(links.named), rule="link")
    for source in guide.front.sources:
        if shipped and source in shipped.front.sources:
            continue
        host = _host(source.address)
        if not source.address.startswith("https://") or not _is_below(host, links.sources):
            yield Problem(where, 1, host or source.address, "https", rule="source")


def _check_questions(guide: Guide, library: Library, where: str, extra: Sequence[str]) -> Iterator[Problem]:
    if len(guide.questions) < MIN_QUESTIONS:
        found = str(len(guide.questions))
        yield Problem(where, 1, found, str(MIN_QUESTIONS), rule="questions_none")
    elif len(guide.questions) < FEW_QUESTIONS:
        found = str(len(guide.questions))
        yield Problem(where, 1, found, str(FEW_QUESTIONS), "warning", rule="questions_few")
    if len(extra) > MAX_QUESTIONS:
        yield Problem(where, 1, str(len(extra)), str(MAX_QUESTIONS), rule="questions_many")
    others = {
        fold(question): other.slug
        for other in library.guides.values()
        if other.slug != guide.slug
        for question in other.questions
    }
    for question in extra:
        if HIDDEN.search(question):
            yield Problem(where, 1, question[:60], "visible text", rule="question_hidden")
        if _MASK.search(question):
            yield Problem(where, 1, question[:60], "no masked digits", rule="question_mask")
        if len(question) > MAX_QUESTION:
            yield Problem(where, 1, question[:60], str(MAX_QUESTION), rule="question_long")
        if other := others.get(fold(question)):
            yield Problem(where, 1, question[:60], library.guides[other].title, rule="question_taken")


def _check_circle(guide: Guide, library: Library, where: str) -> Iterator[Problem]:
    """Following what it needs first never leads back to the guide."""
    seen, todo = set[str](), list(guide.front.prerequisites)
    while todo:
        slug = todo.pop()
        if slug == guide.slug:
            yield Problem(where, 1, "prerequisites that lead back here", "no circle", rule="circle")
            return
        if slug not in seen and slug in library.guides:
            seen.add(slug)
            todo += library.guides[slug].front.prerequisites


def _shown(guide: Guide) -> Iterator[tuple[int, str]]:
    """All that residents read, with its line."""
    front = guide.front
    yield from (
        (1, text) for text in (front.title, front.choice, front.summary, front.safety, front.check) if text
    )
    for quiz in front.quiz:
        yield from ((1, text) for text in (quiz.question, *quiz.options, quiz.why))
    yield from ((1, text) for text in guide.prepare + guide.ask)
    for step in guide.steps:
        yield from ((step.line, text) for text in (step.action, step.appears, step.if_not))
    for fault in guide.faults:
        yield from ((fault.line, text) for text in (fault.sign, fault.remedy))


def _host(address: str) -> str:
    """Without the name of a user before it, which hides where an address leads."""
    url = urlsplit(address if "://" in address else f"//{address}")
    return "" if url.username is not None or not url.hostname else url.hostname.rstrip(".").lower()


def _is_below(host: str, hosts: Sequence[str]) -> bool:
    return any(host == allowed or host.endswith(f".{allowed}") for allowed in hosts)
