"""Replies → the bodies of outbox rows: one for each message that the channel will send."""

from collections.abc import Sequence
from typing import Any

from bot.channels.capabilities import CAPABILITIES
from bot.conversation import Reply
from bot.messages import Choice
from bot.render import as_parts

Body = dict[str, Any]


def bodies(channel: str, replies: Sequence[Reply]) -> list[Body]:
    can = CAPABILITIES[channel]
    if not can.is_pushed:
        return [_body(reply.text, reply.choices) for reply in replies]
    return [
        _body(part.text, part.buttons)
        for reply in replies
        for part in as_parts(reply.text, reply.choices, can)
    ]


def _body(text: str, choices: Sequence[Choice]) -> Body:
    return {
        "text": text,
        "choices": [
            {"number": choice.number, "title": choice.title, "payload": choice.payload} for choice in choices
        ],
    }
