"""The Bot API of Zalo on a socket of 127.0.0.1, as strict as the platform and failing on demand.

It checks path, token and the types of fields, answers errors as `ok: false` with HTTP 200, hands one
update to one `getUpdates` and never again, and pushes to a webhook once.
"""

import itertools
import json
import re
import select
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import httpx

TOKEN = "4711:a-made-up-token-of-a-zalo-bot"
MAX_TEXT = 2_000  # UTF-16 units
DATE_MS = 1_795_336_200_000
_LOOK_S = 0.02  # how often a waiting poll looks whether its client is still there

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    chat_id: str
    text: str
    message_id: str
    photo: str = ""  # address of the picture above the text


@dataclass(frozen=True, slots=True)
class Failure:
    """How one call goes wrong. `lose_answer`: it is done, but nobody hears of it."""

    code: int = 0
    description: str = ""
    status: int = 200
    drop: bool = False
    lose_answer: bool = False


class FakeZaloBot:
    """`sent` is what people got, `calls` every call (method, body) whose token was right."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.sent: list[Sent] = []
        self.voices: list[tuple[str, str]] = []  # chat and address
        self.calls: list[tuple[str, Any]] = []
        self.webhook = {"url": "", "secret_token": ""}
        self.messages_left: int | None = None  # of the month
        self.is_away = False  # every connection breaks
        self.handed_over = 0
        self._failures: dict[str, deque[Failure]] = defaultdict(deque)
        self._updates: deque[Answer] = deque()
        self._known: set[str] = set()
        self._ids = itertools.count(1)
        self._changed = threading.Condition()
        self._is_closed = False
        self._pushing = httpx.Client(timeout=30)
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._pushing.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # What people do ------------------------------------------------------------------------------

    def event(
        self,
        chat_id: str,
        text: str | None = None,
        *,
        name: str = "message.text.received",
        chat_type: str = "PRIVATE",
        **fields: object,
    ) -> Answer:
        """An event as the platform sends it, in a webhook or to a poll."""
        self._known.add(chat_id)
        number = next(self._ids)
        said = {"text": text} if text is not None else {}
        message = {
            "from": {"id": chat_id, "display_name": "Ted", "is_bot": False},
            "chat": {"id": chat_id, "chat_type": chat_type},
            **said,
            "message_id": f"u{number}",
            "date": DATE_MS + number,
        }
        return {"event_name": name, "message": {**message, **fields}}

    def queue(self, event: Answer) -> None:
        """For the next `getUpdates`."""
        with self._changed:
            self._updates.append(event)
            self._changed.notify_all()

    def push(self, event: Answer, url: str, *, secret: str | None = None) -> httpx.Response:
        """To the webhook, at `url`: the address that was set need not be one of this machine."""
        headers = {
            "X-Bot-Api-Secret-Token": self.webhook["secret_token"] if secret is None else secret,
            "Content-Type": "application/json",
        }
        body = json.dumps({"ok": True, "result": event})
        return self._pushing.post(url + urlsplit(self.webhook["url"]).path, content=body, headers=headers)

    def texts_to(self, chat_id: str) -> list[str]:
        with self._changed:
            return [message.text for message in self.sent if message.chat_id == chat_id]

    def wait_for(self, is_so: Callable[[], bool], timeout_s: float = 30) -> bool:
        """Wait until something that a call changes is so."""
        with self._changed:
            return self._changed.wait_for(is_so, timeout_s)

    def fail_next(self, method: str, *failures: Failure) -> None:
        self._failures[method].extend(failures)

    # What the platform answers -------------------------------------------------------------------

    def answer(self, method: str, body: object, connection: socket.socket) -> Answer | Failure:
        with self._changed:
            self.calls.append((method, body))
            if self.is_away:
                return Failure(drop=True)
            failure = self._failures[method].popleft() if self._failures[method] else None
            if failure and not failure.lose_answer:
                return failure
            if not isinstance(body, dict):
                return _error(400, "Bad request: the body is no JSON object")
            done = self._do(method, body, connection)
            self._changed.notify_all()
            return failure or done

    def _do(self, method: str, body: Answer, connection: socket.socket) -> Answer:
        match method:
            case "getMe":
                return _ok({"id": "4711", "account_name": "bot.xa", "account_type": "BASIC"})
            case "getUpdates":
                return self._next_update(body, connection)
            case "sendMessage":
                return self._send(body)
            case "sendPhoto":
                return self._send_photo(body)
            case "sendVoice":
                return self._send_voice(body)
            case "setWebhook":
                return self._set_webhook(body)
            case "deleteWebhook":
                self.webhook = {"url": "", "secret_token": ""}
                return _ok({"url": "", "updated_at": DATE_MS})
            case "getWebhookInfo":
                return _ok({"url": self.webhook["url"], "updated_at": DATE_MS})
        return _error(404, "Method not found")

    def _send_photo(self, body: Answer) -> Answer:
        photo = body.get("photo")
        if (
            not isinstance(photo, str)
            or urlsplit(photo).scheme != "https"
            or set(body) - {"caption"}
            != {
                "chat_id",
                "photo",
            }
        ):
            return _error(400, "Bad request: photo must be an address of https")
        return self._send({"chat_id": body["chat_id"], "text": body.get("caption")}, photo=photo)

    def _send_voice(self, body: Answer) -> Answer:
        url = body.get("voice_url")
        if not isinstance(url, str) or not re.fullmatch(r"https://[^?#]+\.aac", url):
            return _error(400, "Bad request: voice_url must be an address of https that ends in .aac")
        if set(body) != {"chat_id", "voice_url"}:
            return _error(400, "Bad request: expected chat_id and voice_url")
        self.voices.append((str(body["chat_id"]), url))
        return _ok({"message_id": f"b{next(self._ids)}", "date": DATE_MS})

    def _send(self, body: Answer, *, photo: str = "") -> Answer:
        chat_id, text = body.get("chat_id"), body.get("text")
        if not isinstance(chat_id, str) or not isinstance(text, str) or set(body) != {"chat_id", "text"}:
            return _error(400, "Bad request: chat_id and text must be strings")
        if chat_id not in self._known:
            return _error(400, f"Bad request: chat {chat_id} not found")
        if not 1 <= len(text.encode("utf-16-le")) // 2 <= MAX_TEXT:
            return _error(400, "Bad request: text must have 1 to 2000 characters")
        if self.messages_left is not None:
            if self.messages_left < 1:
                return _error(429, "Quota exceeded")
            self.messages_left -= 1
        message = Sent(chat_id, text, f"b{next(self._ids)}", photo)
        self.sent.append(message)
        return _ok({"message_id": message.message_id, "date": DATE_MS})

    def _set_webhook(self, body: Answer) -> Answer:
        url, secret = body.get("url"), body.get("secret_token")
        if not isinstance(url, str) or not isinstance(secret, str) or not 8 <= len(secret) <= 256:
            return _error(400, "Bad request: url and secret_token (8 to 256 characters) are required")
        if urlsplit(url).scheme != "https" or urlsplit(url).hostname in ("localhost", "127.0.0.1"):
            return _error(400, "Bad request: the url must be public and https")
        self.webhook = {"url": url, "secret_token": secret}
        return _ok({"url": url, "updated_at": DATE_MS})

    def _next_update(self, body: Answer, connection: socket.socket) -> Answer:
        if self.webhook["url"]:
            return _error(400, "Bad request: a webhook is set")
        if not isinstance(body.get("timeout"), str | int) or not str(body["timeout"]).isdecimal():
            return _error(400, "Bad request: timeout must be a number")
        left_s = float(body["timeout"])
        while not self._updates and left_s > 0 and not self._is_closed and not self.is_away:
            if _is_gone(connection):
                return _error(408, "Request timeout")
            self._changed.wait(_LOOK_S)
            left_s -= _LOOK_S
        if not self._updates:
            return _error(408, "Request timeout")
        self.handed_over += 1
        return _ok(self._updates.popleft())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, platform: FakeZaloBot) -> None:
        self.platform = platform
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    wbufsize = -1  # one packet for an answer: of two the second waits 40 ms
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        platform = self.server.platform
        raw = self.rfile.read(int(self.headers.get("content-length", "0")))
        where, _, method = self.path.removeprefix("/bot").partition("/")
        if where != platform.token:
            self._write(200, _error(401, "Unauthorized"))
            return
        if self.headers.get("content-type", "").partition(";")[0] != "application/json":
            self._write(200, _error(400, "Bad request: expected JSON"))
            return
        answer = platform.answer(method, _json(raw), self.connection)
        if isinstance(answer, dict):
            self._write(200, answer)
        elif answer.drop or answer.lose_answer:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif answer.code:
            self._write(answer.status, _error(answer.code, answer.description))
        else:
            self._write(answer.status, None)

    def _write(self, status: int, answer: Answer | None) -> None:
        body = json.dumps(answer).encode() if answer is not None else b"<html>Bad Gateway</html>"
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if answer is not None else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # who asked did not wait for the answer
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


def _ok(result: object) -> Answer:
    return {"ok": True, "result": result}


def _error(code: int, description: str) -> Answer:
    return {"ok": False, "error_code": code, "description": description}


def _json(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _is_gone(connection: socket.socket) -> bool:
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
