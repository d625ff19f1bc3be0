"""The pages of the web chat: its templates filled, and the files they need.

Knows entries and phrases, neither requests nor the desk.
"""

import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path

import jinja2
from fastapi import HTTPException
from fastapi.responses import HTMLResponse, Response

from bot.messages import Choice, Entry
from bot.web.session import IDLE
from knowledge.address import address
from knowledge.phrases import Phrases
from staff.headers import new_nonce, page_policy

WEB = Path(__file__).parent
MEDIA_TYPES = {"chat.css": "text/css", "chat.js": "text/javascript", "icon.svg": "image/svg+xml"}
MAX_TYPED = 6_000  # in the text field: more than is read, less than the largest form


class ChatPages:
    def __init__(self, phrases: Phrases, *, place: str, form: str) -> None:
        self._files = {name: (WEB / "static" / name).read_bytes() for name in MEDIA_TYPES}
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(WEB / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            t=lambda key, **values: address(phrases(key, **values), form),
            place=place,
            static=self._versioned_path,
            new_id=new_message_id,
            idle_s=int(IDLE.total_seconds()),
            max_typed=MAX_TYPED,
        )

    def chat(self, entries: Sequence[Entry], *, hamlet: str) -> HTMLResponse:
        return self._show(
            "chat.html",
            entries=entries,
            choices=open_choices(entries) or (),
            newest_turn=_newest_turn(entries),
            is_waiting=any(entry.is_open for entry in entries),
            hamlet=hamlet,
        )

    def fragment(self, entries: Sequence[Entry]) -> HTMLResponse:
        """Entries for the script to put into the page."""
        return self._show("fragment.html", entries=entries, choices=open_choices(entries))

    def notice(self, key: str, *, status: int = 200, hamlet: str = "") -> HTMLResponse:
        """A page without any talk; `key` names the phrase."""
        return self._show("notice.html", status, key=key, hamlet=hamlet)

    def data(self, text: str) -> HTMLResponse:
        """What is held about the person, written out."""
        return self._show("data.html", text=text)

    def not_sent(
        self, reason: str, *, status: int, text: str, choice: str, message_id: str, hamlet: str
    ) -> HTMLResponse:
        """The message again, so that it can be sent once more under the same id."""
        return self._show(
            "not_sent.html",
            status,
            reason=reason,
            text=text,
            choice=choice,
            message_id=message_id,
            hamlet=hamlet,
        )

    def static_file(self, name: str) -> Response:
        if name not in self._files:
            raise HTTPException(404)
        # The address changes with the content, so browsers may keep what they have.
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(self._files[name], media_type=MEDIA_TYPES[name], headers=headers)

    def _show(self, template: str, status: int = 200, /, **values: object) -> HTMLResponse:
        nonce = new_nonce()
        html = self._templates.get_template(template).render(values, nonce=nonce)
        return HTMLResponse(html, status, headers={"Content-Security-Policy": page_policy(nonce)})

    def _versioned_path(self, name: str) -> str:
        return f"/static/{name}?v={hashlib.sha256(self._files[name]).hexdigest()[:12]}"


def new_message_id() -> str:
    return secrets.token_urlsafe(16)


def open_choices(entries: Sequence[Entry]) -> tuple[Choice, ...] | None:
    """The choices that can be pressed after `entries`; None when these entries do not say.

    They are the last ones offered since the person spoke: a word of a volunteer that follows
    a step does not take away the buttons of the step.
    """
    for entry in reversed(entries):
        if entry.who == "learner":
            return ()
        if entry.choices:
            return entry.choices
    return None


def _newest_turn(entries: Sequence[Entry]) -> int | None:
    """The id of the entry to show first: the answer to the person's last message."""
    newest = None
    for entry in reversed(entries):
        if entry.who == "learner":
            return newest or entry.id
        newest = entry.id
    return newest
