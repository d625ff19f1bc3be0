"""The pages of the web chat: its templates filled, and the files they need.

Knows entries and phrases, neither requests nor the desk.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import jinja2
from fastapi import HTTPException
from fastapi.responses import HTMLResponse, Response

from bot.messages import Choice, Entry
from bot.web.session import IDLE
from bot.web.symbols import Symbols
from knowledge.address import address
from knowledge.guide import Guide
from knowledge.languages import Languages
from knowledge.library import Library
from knowledge.phrases import Phrases
from staff.headers import PERMISSIONS, new_nonce, page_policy

WEB = Path(__file__).parent
MEDIA_TYPES = {
    "chat.css": "text/css",
    "chat.js": "text/javascript",
    "class.css": "text/css",
    "class.js": "text/javascript",
    "framed.js": "text/javascript",
    "guides.js": "text/javascript",
    "listen.js": "text/javascript",
    "speak.js": "text/javascript",
    "view.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "symbols.svg": "image/svg+xml",
    "icon-192.png": "image/png",
    "icon-512.png": "image/png",
}
MAX_TYPED = 6_000  # in the text field: more than is read, less than the largest form
# Pages a browser keeps for when there is no network: the same for everybody, without any talk.
EMPTY_CHAT, NOT_KEPT = "/ngoai-tuyen", "/chua-luu"
KEPT_PAGES = (EMPTY_CHAT, NOT_KEPT, "/?xong=1", "/huong-dan")
KEPT_FILES = (
    "chat.css",
    "chat.js",
    "guides.js",
    "listen.js",
    "speak.js",
    "view.js",
    "icon.svg",
    "symbols.svg",
)
LISTENING = PERMISSIONS.replace("microphone=()", "microphone=(self)")
WORKER_POLICY = (
    "default-src 'none'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class ChatPages:
    def __init__(
        self,
        phrases: Phrases,
        *,
        place: str,
        form: str,
        library: Callable[[], Library],
        base: str = "",
        framed_by: Callable[[], Iterable[str]] | None = None,
        can_hear: bool = False,
        can_recognise: bool = False,
        languages: Languages | None = None,
    ) -> None:
        """`base` stands before the paths of the talk; pages of the origins of `framed_by` may frame it.

        `can_hear`: the server makes sound of replies; `can_recognise`: it makes text of recordings;
        `languages`: what the talk may be in.
        """
        self._place = place
        self._phrases, self._form = phrases, form
        self._files = {name: (WEB / "static" / name).read_bytes() for name in MEDIA_TYPES}
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(WEB / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            t=self._t,
            addressed=lambda text: address(text, form),
            symbol=Symbols(phrases, library, languages or Languages()),
            place=place,
            static=self._versioned_path,
            new_id=new_message_id,
            idle_s=int(IDLE.total_seconds()),
            max_typed=MAX_TYPED,
            base=base,
            is_embedded=framed_by is not None,
            can_hear=can_hear,
            can_recognise=can_recognise,
        )
        self._framed_by = framed_by
        self._worker = self._worker_script()

    def chat(
        self, entries: Sequence[Entry], *, hamlet: str, typed: str = "", is_kept: bool = False
    ) -> HTMLResponse:
        """`typed` stands in the text field; `is_kept`: this page is shown when there is no network."""
        page = self._show(
            "chat.html",
            entries=entries,
            choices=open_choices(entries) or (),
            newest_turn=_newest_turn(entries),
            is_waiting=any(entry.is_open for entry in entries),
            hamlet=hamlet,
            typed=typed,
            is_kept=is_kept,
        )
        if self._framed_by is None:  # in a frame it would be another site that asks for the microphone
            page.headers["Permissions-Policy"] = LISTENING
        return page

    def fragment(self, entries: Sequence[Entry]) -> HTMLResponse:
        """Entries for the script to put into the page."""
        return self._show("fragment.html", entries=entries, choices=open_choices(entries))

    def notice(self, key: str, *, status: int = 200, hamlet: str = "") -> HTMLResponse:
        """A page without any talk; `key` names the phrase."""
        return self._show("notice.html", status, key=key, hamlet=hamlet)

    def data(self, text: str) -> HTMLResponse:
        """What is held about the person, written out."""
        return self._show("data.html", text=text)

    def guides(self, topics: Sequence[tuple[str, Sequence[Guide]]], *, basics: Sequence[str]) -> HTMLResponse:
        """The list; `basics` are the slugs that can be kept with one press."""
        return self._show("guides.html", topics=topics, basics=basics)

    def guide(self, guide: Guide) -> HTMLResponse:
        return self._show("guide.html", guide=guide)

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

    def page(self, template: str, /, **values: object) -> HTMLResponse:
        """A page of another part of the site, such as `bot.web.class_mode`."""
        return self._show(template, **values)

    def static_file(self, name: str) -> Response:
        if name not in self._files:
            raise HTTPException(404)
        # The address changes with the content, so browsers may keep what they have.
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(self._files[name], media_type=MEDIA_TYPES[name], headers=headers)

    def manifest(self) -> Response:
        """What a phone needs to put the chat among its applications."""
        icons = [
            {"src": self._versioned_path(f"icon-{side}.png"), "sizes": f"{side}x{side}", "type": "image/png"}
            for side in (192, 512)
        ]
        fields = {
            "id": "/",
            "name": self._t("web.title", place=self._place),
            "short_name": self._t("web.app_name"),
            "description": self._t("web.machine"),
            "lang": "vi",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f1f4f6",
            "theme_color": "#0b4653",
            "icons": [{**icon, "purpose": "any maskable"} for icon in icons],
        }
        return Response(json.dumps(fields, ensure_ascii=False), media_type="application/manifest+json")

    def worker(self) -> Response:
        """The script that keeps pages on the phone; its version changes with what it keeps."""
        headers = {"Content-Security-Policy": WORKER_POLICY, "Cache-Control": "no-cache"}
        return Response(self._worker, media_type="text/javascript", headers=headers)

    def _worker_script(self) -> str:
        shell = [*KEPT_PAGES, *(self._versioned_path(name) for name in KEPT_FILES)]
        script = (WEB / "static" / "sw.js").read_text(encoding="utf-8")
        pages = "".join(path.read_text(encoding="utf-8") for path in sorted((WEB / "templates").iterdir()))
        version = _digest(f"{shell}{script}{pages}{self._place}".encode())
        return f"const VERSION = {json.dumps(version)}, SHELL = {json.dumps(shell)};\n{script}"

    def _t(self, key: str, /, variant: int = 0, **values: object) -> str:
        return address(self._phrases(key, variant, **values), self._form)

    def _show(self, template: str, status: int = 200, /, **values: object) -> HTMLResponse:
        nonce = new_nonce()
        html = self._templates.get_template(template).render(values, nonce=nonce)
        return HTMLResponse(html, status, headers={"Content-Security-Policy": self._policy(nonce)})

    def _policy(self, nonce: str) -> str:
        frames = self._framed_by() if self._framed_by else ()
        more = "manifest-src 'self'; media-src 'self'; worker-src 'self'"
        return f"{page_policy(nonce, framed_by=frames)}; {more}"

    def _versioned_path(self, name: str) -> str:
        return f"/static/{name}?v={_digest(self._files[name])}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


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
