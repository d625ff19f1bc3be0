"""What a turn should do about volunteers and calls for a person; recorded by `bot.effects_help`.

Who gets a call, and whether a code is of use, is known only in the transaction, so the recorders
answer these turns themselves.
"""

from handlers.effects import Effect


def join(code: str) -> Effect:
    """Somebody sent the code of an invitation, or what they took for one."""
    return {"kind": "join", "code": code}


def claim_code(code: str) -> Effect:
    """The learner was told this code, and had none before."""
    return {"kind": "claim_code", "code": code}


def duty(is_on_duty: bool) -> Effect:
    return {"kind": "duty", "is_on_duty": is_on_duty}


def take_call(call: int) -> Effect:
    return {"kind": "take_call", "call": call}


def release_call(call: int) -> Effect:
    return {"kind": "release_call", "call": call}


def close_call(call: int, reason: str) -> Effect:
    """`reason`: one of `records.handoffs.REASONS`."""
    return {"kind": "close_call", "call": call, "reason": reason}


def end_call() -> Effect:
    """Who called does not want to go on."""
    return {"kind": "end_call"}


def to_volunteer(text: str) -> Effect:
    """What the learner wrote while a volunteer helps them."""
    return {"kind": "to_volunteer", "text": text}


def to_learner(call: int, text: str) -> Effect:
    """What the volunteer wrote to whom they help."""
    return {"kind": "to_learner", "call": call, "text": text}


def send_guide(title: str, text: str, *, call: int | None = None, code: str | None = None) -> Effect:
    """A guide for the learner of a call or with a code; `text` holds the placeholders of address."""
    return {"kind": "send_guide", "title": title, "text": text, "call": call, "code": code}
