"""Zalo's OpenAPI, its sign-in and its webhook calls on a socket of 127.0.0.1.

As strict as the platform: the header with the access token, types and lengths of fields, windows of
48 hours and 7 days by its own book, refresh tokens for one use, calls by the minute. Errors come with
HTTP 200 and a code. It keeps what it received and fails on demand.
"""

import datetime as dt
import hashlib
import itertools
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

APP_ID, OA_ID = "1107", "3300"
APP_SECRET, OA_SECRET, FIRST_REFRESH = (
    "a-made-up-app-secret",
    "a-made-up-oa-secret",
    "a-made-up-first-refresh",
)
MAX_TEXT = 2_000  # characters
ACCESS_LIFE = dt.timedelta(hours=25)
FREE, PAID = dt.timedelta(hours=48), dt.timedelta(days=7)
RETRIES_S = (30, 300, 900, 1800, 3600)  # after these the platform sends an event again
BUTTON_TYPES = ("oa.query.show", "oa.query.hide", "oa.open.url", "oa.open.phone", "oa.open.sms")
V3, V2, ABOUT, SIGN_IN = "/v3.0/oa/message/cs", "/v2.0/oa/message", "/v2.0/oa/getoa", "/v4/oa/access_token"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    user: str
    text: str
    buttons: tuple[Json, ...]
    id: str
    path: str
    is_billed: bool
    picture: str = ""  # address


@dataclass(frozen=True, slots=True)
class Failure:
    """How one call goes wrong: a code, or an HTTP status, or a connection that breaks.

    `lose_answer`: it is done, but nobody hears of it. `release`: not before this is set.
    """

    code: int = 0
    status: int = 200
    drop: bool = False
    lose_answer: bool = False
    release: threading.Event | None = None


class FakeZaloOa:
    """`sent` is what people got, `calls` the path of every call, `asked` the refresh tokens that came."""

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        self._clock = clock
        self.sent: list[Sent] = []
        self.calls: list[str] = []
        self.asked: list[str] = []
        self.is_government = False
        self.takes_buttons = True
        self.takes_pictures = True
        self.is_away = False  # every connection breaks
        self.calls_per_minute: int | None = None
        self.messages_left: int | None = None  # of the package
        self._refresh, self._used = FIRST_REFRESH, set[str]()
        self._access, self._access_until = "", clock()
        self._last: dict[str, dt.datetime] = {}  # user → last interaction
        self._minute: tuple[dt.datetime, int] = (clock(), 0)
        self._failures: dict[str, deque[Failure]] = {path: deque() for path in (V3, V2, ABOUT, SIGN_IN)}
        self._ids = itertools.count(1)
        self._changed = threading.Condition()
        self._pushing = httpx.Client(timeout=30)
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._pushing.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # What people do, and how the platform tells of it ---------------------------------------------

    def said(self, user: str, name: str = "user_send_text", **message: object) -> Json:
        """The event of a message; it counts as an interaction."""
        self.interacts(user)
        return self._event(
            name,
            sender={"id": user},
            recipient={"id": OA_ID},
            user_id_by_app=f"app-{user}",
            message={"msg_id": f"u{next(self._ids)}", **message},
        )

    def follows(self, user: str) -> Json:
        self.interacts(user)
        return self._event("follow", oa_id=OA_ID, follower={"id": user}, source="oa_profile")

    def unfollows(self, user: str) -> Json:
        return self._event("unfollow", oa_id=OA_ID, follower={"id": user}, source="oa_profile")

    def other(self, name: str, **fields: object) -> Json:
        return self._event(name, **fields)

    def interacts(self, user: str) -> None:
        self._last[user] = self._clock()

    def push(self, event: Json, url: str, *, key: str = OA_SECRET) -> httpx.Response:
        """Deliver an event once, signed with `key`."""
        return self.post(url, *signed(event, key=key))

    def post(self, url: str, raw: bytes, headers: dict[str, str]) -> httpx.Response:
        return self._pushing.post(url, content=raw, headers=headers)

    def deliver(
        self, event: Json, send: Callable[[bytes, dict[str, str]], int], *, wait: Callable[[float], None]
    ) -> list[int]:
        """Push until it is taken, with the platform's own retries; returns the status of each attempt."""
        statuses: list[int] = []
        for retry, pause_s in enumerate((0, *RETRIES_S)):
            wait(pause_s)
            statuses.append(send(*signed(event, retry=retry)))
            if statuses[-1] == 200:
                break
        return statuses

    def texts_to(self, user: str) -> list[str]:
        with self._changed:
            return [message.text for message in self.sent if message.user == user]

    def wait_for(self, is_so: Callable[[], bool], timeout_s: float = 30) -> bool:
        with self._changed:
            return self._changed.wait_for(is_so, timeout_s)

    def _event(self, name: str, **fields: object) -> Json:
        millis = str(round(self._clock().timestamp() * 1000) + next(self._ids))
        return {"app_id": APP_ID, "event_name": name, **fields, "timestamp": millis}

    # How things go wrong --------------------------------------------------------------------------

    def fail_next(self, path: str, *failures: Failure) -> None:
        self._failures[path].extend(failures)

    def expire_access(self) -> None:
        """The access token is worth nothing from now on."""
        self._access = ""

    # What the platform answers --------------------------------------------------------------------

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[Json, Json] | Failure:
        """An answer and its headers; or how the call fails."""
        with self._changed:
            self.calls.append(path)
            self._changed.notify_all()
            if self.is_away:
                return Failure(drop=True)
            failures = self._failures.get(path)
            failure = failures.popleft() if failures else None
        if failure and failure.release:
            failure.release.wait(30)
        if failure and not failure.lose_answer and (failure.code or failure.drop or failure.status != 200):
            return failure
        with self._changed:
            done = self._do(method, path, headers, body)
            self._changed.notify_all()
            return failure if failure and failure.lose_answer else done

    def _do(self, method: str, path: str, headers: Any, body: bytes) -> tuple[Json, Json]:
        if (method, path) == ("POST", SIGN_IN):
            return self._sign_in(headers, body), {}
        if headers.get("access_token") != self._access or not self._access:
            return _error(-216, "Access token is invalid"), {}
        if self._clock() >= self._access_until:
            return _error(-220, "Access token has expired"), {}
        limits = self._count_call()
        if limits.get("X-RateLimit-Remain") == "-1":
            return _error(-32, "App reached limit call api"), {**limits, "X-RateLimit-Remain": "0"}
        match (method, path):
            case ("POST", "/v3.0/oa/message/cs" | "/v2.0/oa/message"):
                return self._message(path, headers, body), limits
            case ("GET", "/v2.0/oa/getoa"):
                return self._about(), limits
        return _error(-201, "no such call"), limits

    def _count_call(self) -> Json:
        if self.calls_per_minute is None:
            return {}
        minute, count = self._minute
        now = self._clock()
        self._minute = (minute, count + 1) if now < minute + dt.timedelta(minutes=1) else (now, 1)
        left = max(-1, self.calls_per_minute - self._minute[1])
        return {"X-RateLimit-Limit": str(self.calls_per_minute), "X-RateLimit-Remain": str(left)}

    def _sign_in(self, headers: Any, body: bytes) -> Json:
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        refresh = form.get("refresh_token", "")
        self.asked.append(refresh)
        if headers.get("content-type") != "application/x-www-form-urlencoded":
            return _error(-14001, "expected a form")
        if headers.get("secret_key") != APP_SECRET or form.get("app_id") != APP_ID:
            return _error(-14004, "Invalid app id or secret key")
        if set(form) != {"refresh_token", "app_id", "grant_type"} or form["grant_type"] != "refresh_token":
            return _error(-14005, "Invalid grant")
        if refresh in self._used or refresh != self._refresh:
            if refresh in self._used:  # whoever uses one twice has lost it: nobody is believed any more
                self._refresh = ""
            return _error(-14014, "Invalid refresh token")
        self._used.add(refresh)
        number = next(self._ids)
        self._access, self._refresh = f"made-up-access-{number}", f"made-up-refresh-{number}"
        self._access_until = self._clock() + ACCESS_LIFE
        life = str(round(ACCESS_LIFE.total_seconds()))
        return {"access_token": self._access, "refresh_token": self._refresh, "expires_in": life}

    def authorise_anew(self) -> str:
        """An administrator signs in; returns a refresh token."""
        self._refresh = f"made-up-refresh-{next(self._ids)}"
        return self._refresh

    def _message(self, path: str, headers: Any, body: bytes) -> Json:
        if path == V3 and self.is_government:
            return _error(-235, "This API does not support this type of OA")
        if path == V2 and not self.is_government:
            return _error(-240, "API is closed for this OA")
        if headers.get("content-type") != "application/json" or (read := _read(body)) is None:
            return _error(-201, "Params is invalid")
        user, text, buttons, picture = read
        if user not in self._last:
            return _error(-201, "user_id is invalid")
        if len(text) > MAX_TEXT:
            return _error(-210, "text is too long")
        if picture and not self.takes_pictures:
            return _error(-233, "Message type is not supported")
        if buttons and not self.takes_buttons:
            return _error(-233, "Message type is not supported")
        age = self._clock() - self._last[user]
        if age > PAID:
            return _error(-230, "User has not interacted with the OA in the past 7 days")
        is_billed = age > FREE
        if is_billed and self.messages_left is not None:
            if self.messages_left == 0:
                return _error(-211, "Out of quota")
            self.messages_left -= 1
        message = Sent(user, text, tuple(buttons), f"z{next(self._ids)}", path, is_billed, picture)
        self.sent.append(message)
        return _ok({"message_id": message.id, "user_id": user, "sent_time": "1"})

    def _about(self) -> Json:
        return _ok(
            {
                "oa_id": OA_ID,
                "oa_type": 4 if self.is_government else 2,
                "is_verified": True,
                "package_name": "Growth",
                "package_valid_through_date": "31/12/2026",
                "num_follower": 1200,
            }
        )


def signed(event: Json, *, key: str = OA_SECRET, retry: int = 0) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a webhook call."""
    raw = json.dumps(event, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "ZaloWebhook",
        "X-ZEvent-Server": "OA OpenAPI",
        "X-ZEvent-Signature": signature(raw, key),
    }
    return raw, headers | ({"num_retry": str(retry)} if retry else {})


def signature(raw: bytes, key: str) -> str:
    """As the platform signs: plain SHA-256 over app id, body, timestamp and key."""
    event = json.loads(raw)
    text = event["app_id"].encode() + raw + event["timestamp"].encode() + key.encode()
    return f"mac={hashlib.sha256(text).hexdigest()}"


def _read(body: bytes) -> tuple[str, str, list[Json], str] | None:
    """User, text, buttons and the address of a picture; None for anything that is not just so."""
    try:
        match json.loads(body):
            case {"recipient": {"user_id": str(user)}, "message": {"text": str(text), **more}} if (
                text.strip()
            ):
                match more:
                    case {} if not more:
                        return user, text, [], ""
                    case {"attachment": {"type": "template", "payload": {"buttons": list(buttons)}}}:
                        return (user, text, buttons, "") if _are_buttons(buttons) else None
                    case {
                        "attachment": {
                            "type": "template",
                            "payload": {
                                "template_type": "media",
                                "elements": [{"media_type": "image", "url": str(picture)}],
                            },
                        }
                    } if picture.startswith("https://"):
                        return user, text, [], picture
    except ValueError:
        pass
    return None


def _are_buttons(buttons: list[Any]) -> bool:
    return 1 <= len(buttons) <= 5 and all(_is_button(button) for button in buttons)


def _is_button(button: object) -> bool:
    match button:
        case {"title": str(title), "type": str(kind), "payload": str(payload)}:
            return 1 <= len(title) <= 100 and kind in BUTTON_TYPES and 1 <= len(payload) <= 1_000
    return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, platform: FakeZaloOa) -> None:
        self.platform = platform
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        answer = self.server.platform.answer(method, urlsplit(self.path).path, self.headers, body)
        if not isinstance(answer, Failure):
            self._write(200, answer[0], answer[1].items())
        elif answer.drop or answer.lose_answer:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif answer.code:
            self._write(answer.status, _error(answer.code, "on demand"))
        else:
            self._write(answer.status, None)

    def _write(self, status: int, answer: Json | None, headers: Iterable[tuple[str, str]] = ()) -> None:
        body = json.dumps(answer).encode() if answer is not None else b"<html>Bad Gateway</html>"
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if answer is not None else "text/html")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # who asked did not wait for the answer
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


def _ok(data: Json) -> Json:
    return {"data": data, "error": 0, "message": "Success"}


def _error(code: int, message: str) -> Json:
    return {"error": code, "message": message}
