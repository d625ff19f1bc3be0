"""One guide in another language: the texts people read, and nothing that decides what is done.

The file is laid out as the Vietnamese one, its headings and labels ("## Các bước", "Máy hiện:")
stay. Sources, level, groups, dates, questions and answers of the quiz come from the Vietnamese
guide. `of` is the digest of the Vietnamese texts it was made from: once those change, the
translation is out of date and Vietnamese is said.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from knowledge.guide import HIDDEN, Body, ContentError, Guide, Step, parse_parts

# Khmer marks the ends of words, other scripts how letters join, with characters nobody sees.
_OF_SCRIPTS = str.maketrans("", "", "\u200b\u200c\u200d")


class TranslatedQuestion(BaseModel):
    """The right answer is the one of the Vietnamese guide, so the options keep their order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    options: tuple[str, ...]
    why: str


class TranslatedFront(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    of: str = Field(pattern=r"^g[0-9a-f]{12}$")
    title: str = Field(min_length=1)
    choice: str | None = Field(None, min_length=1)
    summary: str = Field(min_length=1)
    safety: str | None = Field(None, min_length=1)
    check: str = Field(min_length=1)
    quiz: tuple[TranslatedQuestion, ...]


@dataclass(frozen=True, slots=True)
class Translation:
    path: str
    front: TranslatedFront
    body: Body

    def is_current(self, guide: Guide) -> bool:
        return self.front.of == digest_of(guide)

    def of(self, guide: Guide, language: str) -> Guide:
        """`guide` with these texts; it must have the parts that `differences` compares."""
        quiz = tuple(
            asked.model_copy(update=told.model_dump())
            for asked, told in zip(guide.front.quiz, self.front.quiz, strict=True)
        )
        front = self.front
        texts = {"title": front.title, "choice": front.choice, "summary": front.summary}
        texts |= {"safety": front.safety, "check": front.check}
        return replace(
            guide,
            front=guide.front.model_copy(update={**texts, "quiz": quiz}),
            prepare=self.body.prepare,
            steps=tuple(
                Step(told.action, told.appears, told.if_not, step.line, step.picture, vietnamese=step)
                for step, told in zip(guide.steps, self.body.steps, strict=True)
            ),
            faults=self.body.faults,
            ask=self.body.ask,
            language=language,
        )


def parse_translation(path: Path, text: str) -> Translation:
    """Raises `ContentError`."""
    text = unicodedata.normalize("NFC", text)
    if hidden := HIDDEN.search(text.translate(_OF_SCRIPTS)):
        raise ContentError(path, 1, f"hidden character U+{ord(hidden[0]):04X}", "visible text")
    return Translation(str(path), *parse_parts(path, text, TranslatedFront))


def digest_of(guide: Guide) -> str:
    """What a translation names as its `of`: it changes with every text of the guide that people read.

    Its first letter keeps YAML from reading digits as a number.
    """
    front = guide.front
    quiz = [[each.question, list(each.options), each.answer, each.why] for each in front.quiz]
    steps = [[step.action, step.appears, step.if_not] for step in guide.steps]
    faults = [[fault.sign, fault.remedy] for fault in guide.faults]
    texts = [
        *(front.title, front.choice, front.summary, front.safety, front.check, quiz),
        *(guide.prepare, steps, faults, guide.ask),
    ]
    return f"g{hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()[:12]}"


def differences(guide: Guide, translation: Translation) -> Iterator[tuple[str, str]]:
    """(found, expected) for each part of the translation that has another number of texts than `guide`."""
    body, front = translation.body, translation.front
    parts = (
        ("steps", body.steps, guide.steps),
        ("lines in 'Chuẩn bị'", body.prepare, guide.prepare),
        ("lines in 'Lỗi hay gặp'", body.faults, guide.faults),
        ("lines in 'Hỏi ai'", body.ask, guide.ask),
        ("quiz questions", front.quiz, guide.front.quiz),
    )
    for name, here, there in parts:
        if len(here) != len(there):
            yield f"{len(here)} {name}", f"{len(there)}, as in the Vietnamese guide"
    for number, (told, asked) in enumerate(zip(front.quiz, guide.front.quiz, strict=False), 1):
        if len(told.options) != len(asked.options):
            yield f"quiz {number}: {len(told.options)} options", f"{len(asked.options)}, in the same order"
    if (front.safety is None) != (guide.front.safety is None):
        yield "a safety box" if front.safety else "no safety box", "the boxes of the Vietnamese guide"
