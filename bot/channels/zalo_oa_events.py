"""What Zalo pushes to the webhook of an Official Account: is it from Zalo, and what does it say. Pure."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PAYLOAD = "#hvs:"  # before what our buttons send back, which Zalo delivers as if it was typed
MAX_URL = 2_000  # characters
GREETING = "/start"  # what somebody who follows says to us

_BUTTON = re.compile(rf"{PAYLOAD}([\w-]{{1,40}}:\d{{1,2}})")
_KINDS: dict[str, Literal["text", "picture", "voice", "other"]] = {
    "user_send_text": "text",
    "user_send_image": "picture",
    "user_send_gif": "picture",
    "user_send_sticker": "other",
    "user_send_audio": "voice",
    "user_send_video": "other",
    "user_send_link": "other",
    "user_send_location": "other",
    "user_send_business_card": "other",
    "user_send_file": "other",
}


class _FromZalo(BaseModel):
    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True, hide_input_in_errors=True)


class Envelope(_FromZalo):
    """What all events have. The rest differs by event, and Zalo adds to it."""

    event_name: str = Field(max_length=60)
    app_id: str
    timestamp: str = Field(
        pattern=r"^\d{1,16}$", description="ms since 1970, of the event, not of its delivery"
    )
    sender: Any = None
    follower: Any = None
    message: Any = None


class _Person(_FromZalo):
    id: str = Field(min_length=1, max_length=100)


class _Message(_FromZalo):
    msg_id: str | None = None
    text: str | None = None
    attachments: list[Any] = []


@dataclass(frozen=True, slots=True)
class Said:
    """A person sent something, or began to follow; `id` is the same in each delivery."""

    user: str
    id: str
    text: str = ""
    payload: str | None = None
    kind: Literal["text", "picture", "voice", "other"] = "text"
    recording: str | None = None  # where Zalo keeps what was said


@dataclass(frozen=True, slots=True)
class Unfollowed:
    user: str
    at_ms: int


def signed_with(raw: bytes, signature: str, envelope: Envelope, keys: Mapping[str, str]) -> str | None:
    """The name of the key that signed the body as it came; None when none did.

    Zalo hashes app id, body, timestamp and key in a row. Which of its two secrets is the key is
    disputed, so all `keys` are tried, always all of them.
    """
    given = signature.strip().removeprefix("mac=").lower().encode()
    found = None
    for name, key in keys.items():
        text = envelope.app_id.encode() + raw + envelope.timestamp.encode() + key.encode()
        if hmac.compare_digest(hashlib.sha256(text).hexdigest().encode(), given):
            found = name
    return found


def read_event(envelope: Envelope) -> Said | Unfollowed | None:
    """What concerns us; None for anything else.

    Not answered: what we or a colleague in Zalo's own console sent (`oa_send_*`: the bot would talk
    to itself), receipts, visitors without an account, groups, forms, and what is not known yet.
    """
    try:
        match envelope.event_name:
            case "follow":
                return Said(_Person.model_validate(envelope.follower).id, _key(envelope), GREETING)
            case "unfollow":
                return Unfollowed(_Person.model_validate(envelope.follower).id, int(envelope.timestamp))
            case name if name in _KINDS:
                return _said(envelope)
            case _:
                return None
    except ValidationError:
        return None  # signed by Zalo, but of another shape than its pages say


def _said(envelope: Envelope) -> Said:
    user, message = _Person.model_validate(envelope.sender).id, _Message.model_validate(envelope.message)
    text, kind = message.text or "", _KINDS[envelope.event_name]
    if envelope.event_name == "user_send_text" and (pressed := _BUTTON.fullmatch(text.strip())):
        return Said(user, message.msg_id or _key(envelope), payload=pressed[1])
    if envelope.event_name == "user_send_link":
        # A forwarded link is often what should be judged.
        text = text or _link_text(message.attachments)
    recording = _url(message.attachments) if kind == "voice" else None
    return Said(user, message.msg_id or _key(envelope), text, kind=kind, recording=recording)


def _key(envelope: Envelope) -> str:
    """For events without an id; together with the person it names the event."""
    return f"{envelope.event_name}:{envelope.timestamp}"


def _url(attachments: list[Any]) -> str | None:
    """The address of the first attachment; it may be any text, and is checked before it is fetched."""
    payloads = [each.get("payload") for each in attachments if isinstance(each, dict)]
    urls = [payload.get("url") for payload in payloads if isinstance(payload, dict)]
    return next((url for url in urls if isinstance(url, str) and len(url) <= MAX_URL), None)


def _link_text(attachments: list[Any]) -> str:
    payloads = [
        a["payload"] for a in attachments if isinstance(a, dict) and isinstance(a.get("payload"), dict)
    ]
    parts = [payload.get(name) for payload in payloads for name in ("description", "url")]
    return "\n".join(part for part in parts if isinstance(part, str))
