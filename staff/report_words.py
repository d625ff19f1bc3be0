"""What staff write into a report: who sends it, to whom, and the paragraphs that no figure can tell."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from knowledge.phrases import Phrases

MAX_LINE, MAX_LINES = 200, 8_000  # characters
LINES = (
    "issuer", "signer_title", "recipients", "basis", "direction", "difficulties", "tasks", "proposals"
)  # fmt: skip
PARAGRAPHS = ("basis", "direction", "difficulties", "tasks", "proposals")


@dataclass(frozen=True, slots=True)
class ReportWords:
    superior: str = ""
    issuer: str = ""
    number: str = ""  # digits
    place: str = ""
    signed_on: str = ""  # '2026-12-05'; empty: to be written when it is signed
    signer_title: str = ""
    signer: str = ""
    recipients: str = ""
    basis: str = ""
    direction: str = ""
    difficulties: str = ""
    tasks: str = ""
    proposals: str = ""

    def day(self) -> dt.date | None:
        return dt.date.fromisoformat(self.signed_on) if self.signed_on else None


FIELDS = tuple(field.name for field in fields(ReportWords))


class BadWords(ValueError):
    """A number that has other signs than digits, or a day that is none."""


def default_words(place: str, phrases: Phrases) -> ReportWords:
    """`place` as 'Xã Tân Cương'."""
    kind, _, name = place.partition(" ")
    return ReportWords(
        issuer=phrases("reports.issuer", place=place.upper()),
        place=name or place,
        signer_title=phrases("reports.signer_title"),
        recipients=phrases("reports.recipients", kind=kind.lower()),
    )


def words_from_data(data: Mapping[str, Any]) -> ReportWords:
    """Fields that are no longer known are left out."""
    return ReportWords(**{name: str(data[name]) for name in FIELDS if name in data})


def words_to_data(words: ReportWords) -> dict[str, Any]:
    return asdict(words)


def for_next_report(words: ReportWords) -> ReportWords:
    """The same office and recipients; number and day are each report's own."""
    return replace(words, number="", signed_on="")


def read_words(typed: Mapping[str, str]) -> ReportWords:
    """From a form, whose texts are masked already. Raises `BadWords`."""
    found = {name: _tidy(typed.get(name, ""), many=name in LINES) for name in FIELDS}
    if not re.fullmatch(r"\d{0,6}", found["number"], re.ASCII):
        raise BadWords("number")
    found["signed_on"] = _day(found["signed_on"])
    return ReportWords(**found)


def recipient_lines(text: str) -> list[str]:
    """Each with a dash before it; ';' after each, '.' after the last."""
    lines = [re.sub(r"^[-–]\s+|[;.]$", "", line.strip()) for line in text.splitlines()]
    kept = [line for line in lines if line]
    return [f"- {line}{'.' if at == len(kept) else ';'}" for at, line in enumerate(kept, 1)]


def _tidy(text: str, *, many: bool) -> str:
    if not many:
        return " ".join(text.split())[:MAX_LINE]
    lines = [" ".join(line.split()) for line in text[:MAX_LINES].splitlines()]
    return "\n".join(lines).strip()


def _day(text: str) -> str:
    """'5/12/2026' → '2026-12-05'."""
    if not text:
        return ""
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text, re.ASCII)
    if match is None:
        raise BadWords("signed_on")
    try:
        return dt.date(int(match[3]), int(match[2]), int(match[1])).isoformat()
    except ValueError as error:
        raise BadWords("signed_on") from error
