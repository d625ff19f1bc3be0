"""What should be recorded of who uses a phone; the recorders are in `bot/effects_people.py`."""

from collections.abc import Mapping
from typing import Any

from handlers.effects import Effect


def switch_profile(name: str, *, leaving_name: str, leaving: Mapping[str, Any]) -> Effect:
    """From here on `name` is talking; `leaving` are the slots of who talked so far."""
    return {"kind": "switch_profile", "name": name, "leaving_name": leaving_name, "leaving": dict(leaving)}


def remove_profile(name: str, receipt: str) -> Effect:
    """What is held about `name` is erased; somebody else is talking."""
    return {"kind": "remove_profile", "name": name, "receipt": receipt}
