"""What is ranked: guides cut into passages that keep where they come from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from knowledge.guide import Guide

Kind = Literal["title", "summary", "question", "step", "fault"]


@dataclass(frozen=True, slots=True)
class Passage:
    document: str  # the slug of the guide
    locator: str  # where in it, as a person would cite it: "bước 2", "câu hỏi 5"
    kind: Kind
    text: str


def chunk_guide(guide: Guide) -> list[Passage]:
    """The passages of one guide. Quotes and placeholders are left out: nobody types them."""
    passages = [
        Passage(guide.slug, "tên", "title", guide.title),
        Passage(guide.slug, "tóm tắt", "summary", _plain(guide.front.summary)),
    ]
    for number, question in enumerate(guide.questions, 1):
        passages.append(Passage(guide.slug, f"câu hỏi {number}", "question", question))
    for number, step in enumerate(guide.steps, 1):
        passages.append(Passage(guide.slug, f"bước {number}", "step", _plain(step.action)))
    for number, fault in enumerate(guide.faults, 1):
        passages.append(Passage(guide.slug, f"lỗi {number}", "fault", _plain(fault.sign)))
    return passages


def chunk_guides(guides: Iterable[Guide]) -> list[Passage]:
    return [passage for guide in guides for passage in chunk_guide(guide)]


def _plain(text: str) -> str:
    for placeholder in ("{bác}", "{Bác}", "{cháu}", "{Cháu}", '"', "**"):
        text = text.replace(placeholder, " ")
    return " ".join(text.split())
