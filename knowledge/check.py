"""The linter of the content: what an editor should mend before residents read it.

Rules U1–U5, U15 and U16 of ux.md, links between guides, questions that stand in two
guides, facts that have expired. Pure over loaded text; `hocvuso knowledge check` prints it.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Literal

from knowledge.drawing import DrawingError, drawing_of
from knowledge.guide import GROUPS, ContentError, Guide, Step, parse_guide
from knowledge.lessons import FILE, LEVELS, load_paths
from knowledge.library import CONTENT, load_fields, load_questions, read_text

MAX_WORDS, MAX_CHARACTERS = 60, 350  # of a step, choices aside (U2)
MAX_SENTENCE, MEAN_SENTENCE = 25, 15  # words (U2)
MIN_STEPS, MAX_STEPS = 4, 9
MIN_QUESTIONS = 15
NEAR_FROM = 5  # words: shorter questions differ in one word by nature
MAX_LABEL = 40  # characters of a line to choose from
NEAR_LABELS = 0.6  # share of words from which two of them read alike
EXPIRES_SOON = dt.timedelta(days=60)

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    path: str
    line: int
    found: str
    expected: str
    severity: Severity = "error"
    rule: str = field(default="", compare=False)  # which one, to be said in the words of a page

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.severity}: found {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class StyleWords:
    banned: tuple[tuple[str, str], ...]  # (word, what to write instead)
    english: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]


@cache
def style_words(content: Path = CONTENT) -> StyleWords:
    path = content / "glossary" / "style.yaml"
    data = load_fields(path, ("banned", "english", "actions", "not_actions"))
    pairs = {key: tuple((row["word"], row["instead"]) for row in data[key]) for key in ("banned", "english")}
    return StyleWords(pairs["banned"], pairs["english"], tuple(data["actions"]), tuple(data["not_actions"]))


def check_content(content: Path = CONTENT, *, today: dt.date, only: Iterable[str] = ()) -> list[Problem]:
    """Every problem of the content below `content`, or of the guides named in `only`."""
    guides: list[Guide] = []
    paths = sorted((content / "guides").glob("*.md"))
    slugs = {path.stem for path in paths}
    wanted = set(only) or slugs
    missing = [str(content / "guides" / f"{slug}.md") for slug in sorted(wanted - slugs)]
    problems = [Problem(path, 1, "no file", "a guide") for path in missing]
    for path in paths:
        try:
            guides.append(parse_guide(path, read_text(path)))
        except ContentError as error:
            if path.stem in wanted:
                problems.append(Problem(error.path, error.line, error.found, error.expected))
    words = style_words(content)
    for guide in guides:
        if guide.slug in wanted:
            where = str(content / "guides" / f"{guide.slug}.md")
            problems += check_guide(guide, where, words, slugs, today)
    problems += _check_questions(content, slugs, wanted)
    problems += _check_prerequisites(guides, content, wanted)
    problems += _check_labels(guides, content, wanted)
    if wanted == slugs and (content / FILE).exists():
        problems += _check_paths(guides, content)
    return problems


def check_guide(
    guide: Guide, where: str, words: StyleWords, slugs: set[str], today: dt.date
) -> Iterator[Problem]:
    yield from _check_links(guide, where, slugs)
    yield from _check_dates(guide, where, today)
    if not MIN_STEPS <= len(guide.steps) <= MAX_STEPS:
        found, expected = f"{len(guide.steps)} steps", f"{MIN_STEPS} to {MAX_STEPS}"
        yield Problem(where, guide.steps[0].line if guide.steps else 1, found, expected, rule="steps")
    if not guide.faults or not guide.ask or not guide.prepare:
        yield Problem(where, 1, "an empty section", "at least one line in each section", rule="sections")
    if not guide.front.check.rstrip().endswith("?"):
        yield Problem(
            where, 1, f"check: {guide.front.check!r}", "a question that ends with '?'", rule="check"
        )
    for step in guide.steps:
        yield from _check_actions(step.action, where, step.line, words)
        yield from _check_length(f"{step.action} {step.appears}", where, step.line)
        yield from _check_picture(step, where)
    for line, text in _texts(guide):
        yield from check_text(text, where, line, words)


def check_text(text: str, where: str, line: int, words: StyleWords) -> Iterator[Problem]:
    """The rules for any Vietnamese text a resident reads: words, address, sentence length."""
    if text != unicodedata.normalize("NFC", text):
        yield Problem(where, line, "text that is not NFC", "composed letters (NFC)", rule="nfc")
    outside = _without_labels(text)
    for word, instead in words.banned + words.english:
        if _has_word(outside, word):
            yield Problem(where, line, f"{word!r}", f"{instead!r}, or the label in quotes", rule="word")
    yield from _check_address(outside, where, line)
    counts = [len(sentence.split()) for sentence in sentences(text)]
    for count, sentence in zip(counts, sentences(text), strict=True):
        if count > MAX_SENTENCE:
            found = f"a sentence of {count} words ('{sentence[:30]}…')"
            yield Problem(where, line, found, f"at most {MAX_SENTENCE}", rule="sentence")
    if len(counts) > 1 and sum(counts) / len(counts) > MEAN_SENTENCE:
        found = f"sentences of {sum(counts) / len(counts):.1f} words on average"
        yield Problem(where, line, found, f"at most {MEAN_SENTENCE}", rule="sentences")


def sentences(text: str) -> list[str]:
    parts = re.split(r"(?<=[.!?:;])\s+|\n+", text.replace("**", ""))
    return [part for part in parts if any(character.isalnum() for character in part)]


def fold(text: str) -> str:
    """Lower case without marks; enough to see that two questions are the same."""
    text = unicodedata.normalize("NFD", text.lower()).replace("đ", "d")
    letters = (c for c in text if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", "".join(letters)))


def _texts(guide: Guide) -> Iterator[tuple[int, str]]:
    yield 1, guide.front.summary
    yield 1, guide.front.check
    if guide.front.choice:
        yield 1, guide.front.choice
    if guide.front.safety:
        yield 1, guide.front.safety
    for quiz in guide.front.quiz:
        yield from ((1, text) for text in (quiz.question, *quiz.options, quiz.why))
    yield from ((1, text) for text in guide.prepare + guide.ask)
    for step in guide.steps:
        yield from ((step.line, text) for text in (step.action, step.appears, step.if_not))
    for fault in guide.faults:
        yield from ((fault.line, text) for text in (fault.sign, fault.remedy))


def _check_picture(step: Step, where: str) -> Iterator[Problem]:
    """A picture says nothing that the step does not: each of its labels stands in the step."""
    try:
        drawing = drawing_of(step)
    except DrawingError as error:
        found, _, expected = str(error).removeprefix("found ").partition(", expected ")
        yield Problem(where, step.line, f"picture: {found}", expected, rule="picture")
        return
    for label in drawing.texts if drawing else ():
        if label not in f"{step.action} {step.appears}":
            yield Problem(
                where,
                step.line,
                f"picture: {label!r}",
                "a label that stands in the step",
                rule="picture_label",
            )


def _check_links(guide: Guide, where: str, slugs: set[str]) -> Iterator[Problem]:
    for name in ("prerequisites", "related"):
        for slug in getattr(guide.front, name):
            if slug not in slugs:
                yield Problem(where, 1, f"{name}: {slug!r}", "the slug of a guide", rule="slug")
            if slug == guide.slug:
                yield Problem(where, 1, f"{name}: the guide itself", "another guide", rule="itself")


def _check_prerequisites(guides: list[Guide], content: Path, wanted: set[str]) -> Iterator[Problem]:
    needs = {guide.slug: guide.front.prerequisites for guide in guides}
    for guide in guides:
        seen, todo = set[str](), list(guide.front.prerequisites)
        while todo:
            slug = todo.pop()
            if slug not in seen:
                seen.add(slug)
                todo += needs.get(slug, ())
        if guide.slug in seen and guide.slug in wanted:
            where = str(content / "guides" / f"{guide.slug}.md")
            yield Problem(where, 1, "prerequisites that lead back here", "no circle")


def _check_labels(guides: list[Guide], content: Path, wanted: set[str]) -> Iterator[Problem]:
    """Where one asks back, a line names each guide: short, and so that a person can tell them apart."""
    for guide in guides:
        if guide.slug in wanted and len(guide.choice) > MAX_LABEL:
            where = str(content / "guides" / f"{guide.slug}.md")
            found = f"title: {len(guide.title)} characters and no choice"
            yield Problem(where, 2, found, f"a choice of at most {MAX_LABEL}", "warning")
    words = {guide.slug: set(fold(guide.choice).split()) for guide in guides}
    for one, other in combinations(guides, 2):
        shared = words[one.slug] & words[other.slug]
        if len(shared) < NEAR_LABELS * len(words[one.slug] | words[other.slug]):
            continue
        for guide, near in ((one, other), (other, one)):
            if guide.slug in wanted:
                where = str(content / "guides" / f"{guide.slug}.md")
                found = f"{guide.choice!r}, which reads like {near.choice!r} of {near.slug}"
                yield Problem(where, 2, found, "a choice that says the difference", "warning")


def _check_paths(guides: list[Guide], content: Path) -> Iterator[Problem]:
    """A path has its guides, each once, and each after those it needs."""
    where, by_slug = str(content / FILE), {guide.slug: guide for guide in guides}
    try:
        paths = load_paths(content)
    except ContentError as error:
        yield Problem(error.path, error.line, error.found, error.expected)
        return
    for group in set(GROUPS) - set(paths.by_slug):
        yield Problem(where, 1, f"no path for {group}", f"a path for each of {', '.join(GROUPS)}")
    for path in paths.by_slug.values():
        if len(path.levels) != LEVELS:
            yield Problem(where, 1, f"{path.slug}: {len(path.levels)} levels", f"{LEVELS} levels")
        seen: set[str] = set()
        for slug in (slug for level in path.levels for slug in level):
            guide = by_slug.get(slug)
            if guide is None or slug in seen:
                yield Problem(where, 1, f"{path.slug}: {slug!r}", "the slug of a guide, once on a path")
            elif missing := set(guide.front.prerequisites) - seen:
                found = f"{path.slug}: {slug!r} before {', '.join(sorted(missing))}"
                yield Problem(where, 1, found, "a guide after those it needs")
            seen.add(slug)
    for question in paths.level_questions:
        yield from check_text(question, where, 1, style_words(content))


def _check_dates(guide: Guide, where: str, today: dt.date) -> Iterator[Problem]:
    if guide.front.reviewed > today:
        yield Problem(where, 1, f"reviewed: {guide.front.reviewed}", f"a date up to {today}", rule="reviewed")
    if guide.is_expired(today):
        yield Problem(where, 1, f"expires: {guide.front.expires}", "facts that still hold", rule="expired")
    elif guide.front.expires and guide.front.expires - today <= EXPIRES_SOON:
        found = f"expires: {guide.front.expires}"
        yield Problem(where, 1, found, "a review before that day", "warning", rule="expires")


def _check_actions(text: str, where: str, line: int, words: StyleWords) -> Iterator[Problem]:
    outside = _without_labels(text).lower()
    for phrase in words.not_actions:
        outside = outside.replace(phrase, " ")
    found = [verb for verb in words.actions for _ in re.findall(rf"\b{verb}\b", outside)]
    if len(found) > 1:
        yield Problem(where, line, f"actions {', '.join(found)}", "one action a step", rule="actions")


def _check_length(text: str, where: str, line: int) -> Iterator[Problem]:
    count = len(text.split())
    if count > MAX_WORDS or len(text) > MAX_CHARACTERS:
        found = f"{count} words, {len(text)} characters"
        yield Problem(where, line, found, f"at most {MAX_WORDS} and {MAX_CHARACTERS}", rule="long")


# A kin word that stands for a third person or a trade, not for the reader.
_THIRD_PERSON = re.compile(
    r"bác sĩ|con cháu|cháu bé|các cháu|cháu nhỏ|ông bà|con cái|trẻ con|bà con|anh chị em|cô giáo|"
    r"con trai|con gái|con dấu|con số|em bé|thầy cô|hàng ông|chú ý|chú thích|bạn bè|kết bạn|"
    r"người bạn|bạn học|cô dâu|quý bà"
)
_ADDRESS_WORD = re.compile(r"\b(bác|cháu)\b")


def _check_address(text: str, where: str, line: int) -> Iterator[Problem]:
    plain = _THIRD_PERSON.sub(" ", re.sub(r"\{[^}]*\}", " ", text).lower())
    if match := _ADDRESS_WORD.search(plain):
        yield Problem(where, line, repr(match[0]), "the placeholder {bác} or {cháu}", rule="address")
    for placeholder in re.findall(r"\{([^}]*)\}", text):
        if placeholder not in ("bác", "Bác", "cháu", "Cháu"):
            yield Problem(
                where, line, f"{{{placeholder}}}", "{bác}, {Bác}, {cháu} or {Cháu}", rule="placeholder"
            )


def _check_questions(content: Path, slugs: set[str], wanted: set[str]) -> Iterator[Problem]:
    folder = content / "questions"
    for path in sorted(folder.glob("*.txt")):
        if path.stem not in slugs and (path.stem in wanted or wanted == slugs):
            yield Problem(str(path), 1, f"questions for {path.stem!r}", "the slug of a guide")
    seen: dict[str, str] = {}
    pairs: dict[frozenset[str], str] = {}
    for slug in sorted(slugs):
        path = folder / f"{slug}.txt"
        if not path.exists():
            if slug in wanted:
                yield Problem(str(path), 1, "no file", "the guide's questions, one a line")
            continue
        try:
            questions = load_questions(path)
        except ContentError as error:
            if slug in wanted:
                yield Problem(error.path, error.line, error.found, error.expected)
            continue
        if len(questions) < MIN_QUESTIONS and slug in wanted:
            found = f"{len(questions)} questions"
            yield Problem(str(path), 1, found, f"at least {MIN_QUESTIONS}")
        for number, line in enumerate(read_text(path).splitlines(), 1):
            if (question := line.strip()) and not question.startswith("#"):
                yield from _check_question(question, f"{path}", number, slug, seen, pairs, wanted)


def _check_question(
    question: str,
    where: str,
    line: int,
    slug: str,
    seen: dict[str, str],
    pairs: dict[frozenset[str], str],
    wanted: set[str],
) -> Iterator[Problem]:
    """`seen` and `pairs` hold what was read so far: folded question, and its syllables, → slug."""
    folded = fold(question)
    other = seen.setdefault(folded, slug)
    if other != slug and {slug, other} & wanted:
        yield Problem(where, line, f"{question!r}, which is also in {other}", "a question of one guide")
    syllables = frozenset(folded.split())
    known = pairs.setdefault(syllables, slug)
    if known != slug and other == slug and {slug, known} & wanted:
        found = f"{question!r}, the same words as one in {known}"
        yield Problem(where, line, found, "a question that tells the two apart", "warning")
    if len(syllables) < NEAR_FROM:
        return
    # Two questions that differ in one word share what is left when it is taken out.
    rests = [syllables - {word} for word in sorted(syllables)]
    near = {pairs[rest] for rest in rests if pairs.get(rest, slug) != slug} - {known}
    if near and {slug, *near} & wanted:
        found = f"{question!r}, one word away from one in {', '.join(sorted(near))}"
        yield Problem(where, line, found, "a question that tells the two apart", "warning")
    for rest in rests:
        pairs.setdefault(rest, slug)


def _without_labels(text: str) -> str:
    """The text without what is quoted (labels on the screen) and without addresses."""
    return re.sub(r"\"[^\"]*\"|“[^”]*”|https?://\S+|\b[\w.-]+\.(?:vn|com|apk)\b", " ", text)


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w{{]){re.escape(word)}(?![\w}}])", text, re.IGNORECASE) is not None
