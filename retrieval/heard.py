"""What a question was understood as, in words its writer can read.

Only where words were replaced (a name as heard, Telex leftovers, teencode, a slip), for then the reading
may be wrong and the person should see it. Marks come back by how this project's own texts use words:
the likeliest row of words, pair by pair (Viterbi).
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.glossary import Glossary
from knowledge.guide import Guide
from retrieval.engine import Found
from retrieval.repair import Repair
from retrieval.text import clean, fold, is_syllable, normalise

MOST_WORDS = 12  # more is not read at a glance (ux.md §3.3)
# Mean log-likelihood of a word. Chosen by reading what came out for the dev questions: below it, half of the
# texts read wrong; above it, one in ten.
LEAST_LIKELY = -4.7
_PAIR, _WORD = 0.8, 0.2  # how much the pair says, how much the word alone
_AS_TYPED = 4.0  # log-likelihood added to a word as typed, where marks were typed beside it
_UNKNOWN = 0.5  # how often a word counts that we never saw
_PLACEHOLDER = re.compile(r"\{\w+\}")
_TOKEN = re.compile(r"[^\W_]+")
_START = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """A question whose words were replaced; `text` is None where it cannot be shown well."""

    text: str | None


@dataclass(frozen=True, slots=True)
class Document:
    """Texts to learn from. Where capitals stand is learned from what editors wrote only."""

    edited: tuple[str, ...]
    asked: tuple[str, ...]


def document_of(guide: Guide) -> Document:
    """All that a guide says, without the placeholders of address."""
    said = [guide.title, guide.front.summary, *guide.prepare, *guide.ask]
    for step in guide.steps:
        said += (step.action, step.appears, step.if_not)
    for fault in guide.faults:
        said += (fault.sign, fault.remedy)
    return Document(tuple(_PLACEHOLDER.sub(" ", text) for text in said), guide.questions)


class _Usage:
    """How documents use words: normalised words, pairs of them, and how words are written."""

    def __init__(self, document: Document | None = None) -> None:
        self.words, self.written = Counter[str](), Counter[str]()
        self.pairs = Counter[tuple[str, str]]()
        self.document = document
        for text in (*document.edited, *document.asked) if document else ():
            words = normalise(text).split()
            self.words.update(words)
            self.pairs.update(pairwise([_START, *words]))
        for text in document.edited if document else ():
            self.written.update(_TOKEN.findall(clean(text))[1:])  # the first has a capital anyway

    def with_changes(self, added: Iterable["_Usage"], removed: Iterable["_Usage"]) -> "_Usage":
        usage = _Usage()
        usage.words, usage.written, usage.pairs = self.words.copy(), self.written.copy(), self.pairs.copy()
        for old in removed:
            usage.words.subtract(old.words)
            usage.written.subtract(old.written)
            usage.pairs.subtract(old.pairs)
        for new in added:
            usage.words.update(new.words)
            usage.written.update(new.written)
            usage.pairs.update(new.pairs)
        usage.words, usage.written, usage.pairs = +usage.words, +usage.written, +usage.pairs  # none of 0
        return usage


class Hearing:
    """Says what was understood. Thread-safe; built for one state of the content."""

    def __init__(
        self,
        documents: Mapping[str, Document],
        glossary: Glossary,
        *,
        previous: "Hearing | None" = None,
    ) -> None:
        """`documents` by name. What did not change since `previous` is taken from it."""
        known = previous._usages if previous else {}
        self._usages: dict[str, _Usage] = {
            name: known[name] if name in known and known[name].document == document else _Usage(document)
            for name, document in documents.items()
        }
        usage = (previous._usage if previous else _Usage()).with_changes(
            [own for name, own in self._usages.items() if known.get(name) is not own],
            [own for name, own in known.items() if self._usages.get(name) is not own],
        )
        self._usage: _Usage = usage
        self._words, self._pairs = usage.words, usage.pairs
        self._forms: dict[str, list[str]] = {}
        for word in self._words:
            self._forms.setdefault(fold(word), []).append(word)
        # The commonest comes last and stays.
        written = {word.lower(): word for word in sorted(usage.written, key=usage.written.__getitem__)}
        self._names = {plain: word for plain, word in written.items() if is_name(word)}
        self._total = sum(self._words.values())
        self._fillers = sorted(
            {tuple(fold(normalise(filler)).split()) for filler in glossary.fillers_before},
            key=len,
            reverse=True,
        )

    def hear(self, found: Found) -> Heard | None:
        """None where nothing was replaced that matters."""
        if not any(self._matters(repair) for repair in found.repairs):
            return None
        words = self._without_greeting(found.understood.split())
        read = self.with_marks(words)
        if not read or len(read) > MOST_WORDS or not self._reads_well(read):
            return Heard(None)
        return Heard(" ".join(self._names.get(word, word) for word in read))

    def with_marks(self, words: Sequence[str]) -> list[str]:
        """The words with the marks they most likely have; as many, in the same order."""
        has_marks = sum(word != fold(word) for word in words) > len(words) / 4
        best: dict[str, tuple[float, list[str]]] = {_START: (0.0, [])}
        for word in words:
            step: dict[str, tuple[float, list[str]]] = {}
            for form, bonus in self._candidates(word, has_marks).items():
                score, row = max(
                    ((score + self._likelihood(before, form), row) for before, (score, row) in best.items()),
                    key=lambda found: found[0],
                )
                step[form] = (score + bonus, [*row, form])
            best = step
        return max(best.values(), key=lambda found: found[0])[1]

    def _candidates(self, word: str, has_marks: bool) -> dict[str, float]:
        if word != fold(word) and word in self._words:
            return {word: 0.0}  # typed with marks that make a word
        forms = dict.fromkeys(self._forms.get(fold(word), ()), 0.0)
        if not forms:
            return {word: 0.0}
        if has_marks and word in forms:
            forms[word] = _AS_TYPED
        return forms

    def _likelihood(self, before: str, word: str) -> float:
        pair = self._pairs[before, word] / max(self._words[before] if before else self._total, 1)
        return math.log(_PAIR * pair + _WORD * max(self._words[word], _UNKNOWN) / self._total)

    def _reads_well(self, words: Sequence[str]) -> bool:
        if any(word not in self._words and not word.isdigit() for word in words):
            return False
        if any(left.isdigit() and right.isdigit() for left, right in pairwise(words)):
            return False  # "10/10" has lost its stroke
        likelihood = sum(self._likelihood(before, word) for before, word in pairwise([_START, *words]))
        return likelihood >= LEAST_LIKELY * len(words)

    def _matters(self, repair: Repair) -> bool:
        found, read = repair.found, repair.read_as
        if fold(found).replace(" ", "") == fold(read).replace(" ", ""):
            return False  # marks, or "wi fi" → "wifi"
        return not self._is_written(found.split())

    def _is_written(self, words: Sequence[str]) -> bool:
        """Whether our own texts write so ("CCCD", "online"): then it is no slip, though read as more."""
        if len(words) == 1:
            return words[0] in self._words
        return all(pair in self._pairs for pair in pairwise(words))

    def _without_greeting(self, words: Sequence[str]) -> Sequence[str]:
        folded = [fold(word) for word in words]
        for filler in self._fillers:
            if len(filler) < len(words) and tuple(folded[: len(filler)]) == filler:
                return words[len(filler) :]
        return words


def is_name(word: str) -> bool:
    """VNeID, SIM, Zalo; a Vietnamese word has its capital from a label or a sentence."""
    return sum(letter.isupper() for letter in word) > 1 or not is_syllable(word)
