"""Days in a guide's form: as people write them there, as the file writes them below."""

import datetime as dt
import re


def day_of(text: str) -> dt.date | None:
    """'22/11/2026' or '2026-11-22'; None for anything else."""
    text = text.strip()
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text, re.ASCII):
        year, month, day = int(match[3]), int(match[2]), int(match[1])
    elif match := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text, re.ASCII):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    else:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def for_file(text: str) -> str:
    """A day as the file wants it; what is no day stays, for the check to name."""
    day = day_of(text)
    return day.isoformat() if day else text.strip()


def for_form(text: str) -> str:
    day = day_of(text)
    return f"{day:%d/%m/%Y}" if day else text
