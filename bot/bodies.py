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
        return [
            _body(reply.text, reply.choices, reply.picture, reply.paper, reply.language) for reply in replies
        ]
    return [
        body
        for reply in replies
        for body in (
            [{**_body(reply.text, (), None, None), "voice": reply.voice}]
            if reply.voice
            else [
                _body(part.text, part.buttons, part.picture, part.paper)
                for part in as_parts(reply.text, reply.choices, can, picture=reply.picture, paper=reply.paper)
            ]
        )
    ]


def _body(
    text: str,
    choices: Sequence[Choice],
    picture: str | None,
    paper: str | None,
    language: str | None = None,
) -> Body:
    more = {"picture": picture, "paper": paper, "language": language}
    return {
        "text": text,
        "choices": [_choice(choice) for choice in choices],
        **{name: value for name, value in more.items() if value},
    }


def _choice(choice: Choice) -> dict[str, Any]:
    line = {"number": choice.number, "title": choice.title, "payload": choice.payload}
    return {**line, "language": choice.language} if choice.language else line
