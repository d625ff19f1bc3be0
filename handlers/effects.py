"""What a turn should record, as Actions say it: plain dicts in the slot `effects`.

Actions write nothing themselves. They return these with their events; the host applies them in
the one transaction of the turn (`bot/turns.py`) and does not keep the slot.
"""

from typing import Any

Effect = dict[str, Any]


def question(
    outcome: str,
    *,
    guide: str | None = None,
    score: float | None = None,
    candidates: list[dict[str, Any]] | None = None,
    scam: dict[str, Any] | None = None,
    passages: list[dict[str, Any]] | None = None,
) -> Effect:
    """One message that asked for something, with its outcome (the contract of design.md)."""
    return {
        "kind": "question",
        "outcome": outcome,
        "guide": guide,
        "score": score,
        "candidates": candidates or [],
        "scam": scam,
        "passages": passages or [],
    }


def outcome(name: str, *, guide: str | None = None) -> Effect:
    """How a message ended that is no question: smalltalk, command. Not stored as a question."""
    return {"kind": "outcome", "outcome": name, "guide": guide}


def resolved(guide: str) -> Effect:
    """The learner chose this guide from the list their last question was answered with."""
    return {"kind": "resolved", "guide": guide}


def completion(guide: str, grade: str = "self") -> Effect:
    return {"kind": "completion", "guide": guide, "grade": grade}


def hamlet(slug: str) -> Effect:
    return {"kind": "hamlet", "hamlet": slug}


def handoff(
    reason: str,
    *,
    guide: str | None,
    step: int | None,
    question: str | None,
    tried: list[dict[str, Any]] | None = None,
) -> Effect:
    """`tried`: what was seen before, {"guide": slug} each, newest first; no texts."""
    return {
        "kind": "handoff",
        "reason": reason,
        "guide": guide,
        "step": step,
        "question": question,
        "tried": tried or [],
    }


def erase(receipt: str) -> Effect:
    return {"kind": "erase", "receipt": receipt}


def consent(what: str, version: str | None) -> Effect:
    """They read or agreed to a wording of `what` (notice, consent, announce_consent); None: took it back."""
    return {"kind": "consent", "what": what, "version": version}


def request(kind: str, reference: str) -> Effect:
    """A wish about their own data that the commune has to see to (`records.requests`)."""
    return {"kind": "request", "request": kind, "reference": reference}


def withdraw_call() -> Effect:
    """They no longer want a person to call them."""
    return {"kind": "withdraw_call"}
