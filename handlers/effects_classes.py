"""What a turn should record about classes, confirmations, mentors and households."""

import datetime as dt
from collections.abc import Mapping, Sequence

from handlers.effects import Effect


def class_note(
    kind: str,
    *,
    day: dt.date,
    hamlet: str | None,
    guides: Sequence[str],
    total: int,
    parts: Mapping[str, int | None],
    codes: Sequence[str],
    topics: Sequence[str],
) -> Effect:
    """`kind`: class, visit, help; `hamlet` a slug, None for the whole commune; `topics` in words."""
    return {
        "kind": "class_note",
        "note": kind,
        "day": day.isoformat(),
        "hamlet": hamlet,
        "guides": list(guides),
        "total": total,
        "parts": dict(parts),
        "codes": list(codes),
        "topics": list(topics),
    }


def void_note(note_id: int) -> Effect:
    return {"kind": "void_note", "id": note_id}


def confirm(code: str, guide: str) -> Effect:
    """The volunteer saw it; the learner is told and can refuse."""
    return {"kind": "confirm", "code": code, "guide": guide}


def refuse_confirmation(guide: str) -> Effect:
    return {"kind": "refuse_confirmation", "guide": guide}


def mentor_ask(code: str) -> Effect:
    """The volunteer would like to teach them; nothing is kept before the learner says yes."""
    return {"kind": "mentor_ask", "code": code}


def mentor_begin(volunteer: int) -> Effect:
    return {"kind": "mentor_begin", "volunteer": volunteer}


def mentor_refuse(volunteer: int) -> Effect:
    return {"kind": "mentor_refuse", "volunteer": volunteer}


def mentee_end(code: str) -> Effect:
    """The volunteer no longer teaches them."""
    return {"kind": "mentee_end", "code": code}


def mentor_end(volunteer: int) -> Effect:
    """The learner no longer wants to be taught by them."""
    return {"kind": "mentor_end", "volunteer": volunteer}


def household_join(code: str) -> Effect:
    return {"kind": "household_join", "code": code}


def household_leave() -> Effect:
    return {"kind": "household_leave"}


def trader(code: str) -> Effect:
    """The volunteer says that they sell at the market: they learn on the path of Chợ số."""
    return {"kind": "trader", "code": code}
