"""What every answer tells the browser to be careful about. The chat sends the same.

A page loads its script and stylesheet by a nonce of its own, pictures from this site, and
nothing from anywhere else; scripts and styles in the page itself run nowhere.
"""

import secrets
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

YEAR_S = 365 * 24 * 3600
# A page that listens says so in place of ours: PERMISSIONS with its own origin for the microphone.
PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    # 'no-referrer' would make browsers send 'Origin: null' with our own forms.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_NOWHERE = "base-uri 'none'; object-src 'none'"
# for what is no page: files, refusals
NO_PAGE = f"default-src 'none'; form-action 'none'; {_NOWHERE}; frame-ancestors 'none'"


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


def page_policy(nonce: str, *, framed_by: Iterable[str] = ()) -> str:
    """`framed_by` are the origins whose pages may show this one in a frame."""
    ancestors = " ".join(sorted(framed_by)) or "'none'"
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        f"img-src 'self'; connect-src 'self'; form-action 'self'; {_NOWHERE}; "
        f"frame-ancestors {ancestors}"
    )


def _encoded(*, is_https: bool) -> tuple[tuple[bytes, bytes], ...]:
    headers = {**_ALWAYS, "Content-Security-Policy": NO_PAGE}
    if is_https:
        headers["Strict-Transport-Security"] = f"max-age={YEAR_S}; includeSubDomains"
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


_HEADERS = {is_https: _encoded(is_https=is_https) for is_https in (False, True)}  # webhooks send them, too


def add_headers(headers: MutableHeaders, *, is_https: bool) -> None:
    """Add what is missing; what an answer says itself stays."""
    there = {name for name, _ in headers.raw}
    headers.raw.extend(header for header in _HEADERS[is_https] if header[0] not in there)


class CarefulHeaders:
    """Middleware: the headers on every answer, also those that no route of ours makes (404, 405, 413)."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app, self._is_https = app, is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(MutableHeaders(scope=message), is_https=self._is_https)
            await send(message)

        await self._app(scope, receive, send_careful if scope["type"] == "http" else send)
