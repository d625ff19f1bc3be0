"""The Telegram Bot API on a port of 127.0.0.1: checks what it gets as the platform does, and keeps it.

A real server in threads: `fake.url` stands for https://api.telegram.org. People act through it
(`writes`, `presses`, `blocks`, …), each act an update that is fetched or, once there is a webhook,
pushed to it; `people_write_to` says where its https address really is. What the bot sent, deleted
and answered is in lists, in order. `fail_next`, `drop_next`, `stall_next`, `away` and `back` make it
behave as a bad day does.
"""

import itertools
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message as MimeMessage
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

TOKEN = "7000001:AAF-made-up-token-that-opens-nothing"
USERNAME = "HocVuSo_bot"
AT = 1_795_336_200  # seconds of Unix time; only differences matter

Fields = dict[str, Any]  # form fields: texts, and (name, bytes) for files


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    fields: Fields
    status: int
    at: float  # time.monotonic


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of the bot. `rows` are its buttons as (text, callback data)."""

    chat: int
    id: int
    text: str
    rows: tuple[tuple[tuple[str, str], ...], ...] = ()
    at: float = 0.0

    @property
    def buttons(self) -> list[tuple[str, str]]:
        return [button for row in self.rows for button in row]


class Refused(Exception):
    """An answer that is no success: status, description, `parameters`."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass(slots=True)
class _Fault:
    method: str | None
    refusal: Refused | None = None
    drops: bool = False
    is_done: bool = False  # carried out although the answer is lost
    stall: threading.Event | None = None


@dataclass(slots=True)
class _Chat:
    type: str = "private"
    is_blocked: bool = False
    moved_to: int | None = None
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)


class FakeTelegram:
    def __init__(self, token: str = TOKEN, username: str = USERNAME) -> None:
        self.token = token
        self.me = {
            "id": int(token.split(":")[0]),
            "is_bot": True,
            "first_name": "Học Vụ Số",
            "username": username,
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": True,
        }
        self.calls: list[Call] = []
        self.sent: list[Sent] = []
        self.voices: list[tuple[int, str, bytes]] = []
        self.recordings: dict[str, bytes] = {}  # what people said, by file_id
        self.downloads: list[str] = []
        self.files: list[tuple[int, str, bytes]] = []  # pictures and documents: chat, name, content
        self.deleted: list[tuple[int, int]] = []
        self.answered: list[str] = []  # presses
        self.inline_answers: dict[str, dict[str, Any]] = {}
        self.commands: list[dict[str, str]] = []
        self.webhook: dict[str, Any] = {}
        self.people_write_to = ""  # where the address of the webhook leads in a test
        self.pushed: list[int] = []  # how the webhook answered
        self._chats: dict[int, _Chat] = {}
        self._waiting: deque[dict[str, Any]] = deque()  # updates that are not confirmed
        self._allowed: set[str] = set()  # kinds of updates; empty: all
        self._presses: set[str] = set()
        self._faults: list[_Fault] = []
        self._ids = itertools.count(1001)
        self._update_ids = itertools.count(500_000)
        self._poll, self._polls_open = 0, 0
        self._changed = threading.Condition()
        self._last_error: str | None = None
        self._client = httpx.Client(timeout=30, trust_env=False)
        self._server: _Server | None = None
        self._port = 0
        self.back()

    # --- The server ------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def back(self) -> None:
        """Listen (again), on the same port."""
        assert self._server is None
        self._server = _Server(self, self._port)
        self._port = self._server.server_address[1]

    def away(self) -> None:
        """Nobody listens any more, and open connections break."""
        assert self._server is not None
        with self._changed:
            self._poll += 1  # lets a waiting getUpdates go
            self._changed.notify_all()
        self._server.stop()
        self._server = None

    def close(self) -> None:
        for fault in self._faults:
            if fault.stall is not None:
                fault.stall.set()
        if self._server is not None:
            self.away()
        self._client.close()

    # --- A bad day -------------------------------------------------------------------------------

    def fail_next(
        self,
        status: int,
        description: str,
        *,
        method: str | None = "sendMessage",
        times: int = 1,
        **more: int,
    ) -> None:
        """Refuse the next calls; `more` are parameters such as retry_after."""
        for _ in range(times):
            self._faults.append(_Fault(method, Refused(status, description, **more)))

    def drop_next(self, *, method: str | None = "sendMessage", times: int = 1, after: bool = False) -> None:
        """Break the connection instead of answering; `after`: once the call is carried out."""
        for _ in range(times):
            self._faults.append(_Fault(method, drops=True, is_done=after))

    def stall_next(self, *, method: str | None = "sendMessage") -> threading.Event:
        """Take the next call and answer nothing until the event is set: then the connection breaks."""
        fault = _Fault(method, drops=True, stall=threading.Event())
        self._faults.append(fault)
        assert fault.stall is not None
        return fault.stall

    # --- What people do --------------------------------------------------------------------------

    def writes(self, chat: int, text: str, **more: Any) -> dict[str, Any]:
        """Somebody sends a text; commands and mentions become entities, as their app makes them."""
        return self.happens(message=self.written(chat, text, **more))

    def written(self, chat: int, text: str, **more: Any) -> dict[str, Any]:
        """Such a message, without telling anybody."""
        return self._message(chat, {"text": text, "entities": _entities(text), **more})

    def sends(self, chat: int, **content: Any) -> dict[str, Any]:
        """Somebody sends anything; `content` as in the platform's Message."""
        return self.happens(message=self._message(chat, content))

    def says(self, chat: int, sound: bytes, *, seconds: int = 3) -> dict[str, Any]:
        """Somebody sends a voice message."""
        file_id = f"AwACAgUAAx{next(self._ids)}"
        self.recordings[file_id] = sound
        voice = {"file_id": file_id, "file_unique_id": "u1", "duration": seconds, "file_size": len(sound)}
        return self.sends(chat, voice=voice)

    def edits(self, message: Mapping[str, Any], *, after_s: int = 5, **content: Any) -> dict[str, Any]:
        old = message["message"]
        return self.happens(edited_message={**old, **content, "edit_date": old["date"] + after_s})

    def presses(self, chat: int, data: str, *, message: int) -> dict[str, Any]:
        with self._changed:
            press = str(next(self._ids))
            self._presses.add(press)
            shown = self._chats[chat].messages[message]
        return self.happens(
            callback_query={
                "id": press,
                "from": _person(chat),
                "message": shown,
                "chat_instance": "1",
                "data": data,
            }
        )

    def blocks(self, chat: int, *, is_blocked: bool = True) -> dict[str, Any]:
        self.chat(chat).is_blocked = is_blocked
        was, now = ("member", "kicked") if is_blocked else ("kicked", "member")
        return self.happens(
            my_chat_member={
                "chat": self._as_chat(chat),
                "from": _person(abs(chat)),
                "date": AT,
                "old_chat_member": self._membership(was),
                "new_chat_member": self._membership(now),
            }
        )

    def becomes_a_supergroup(self, chat: int, new_id: int) -> dict[str, Any]:
        self.chat(chat).moved_to = new_id
        self.chat(new_id).type = "supergroup"
        return self.sends(chat, migrate_to_chat_id=new_id)

    def searches(self, person: int, query: str) -> dict[str, Any]:
        asked = str(next(self._ids))
        return self.happens(inline_query={"id": asked, "from": _person(person), "query": query, "offset": ""})

    def happens(self, **content: Any) -> dict[str, Any]:
        """An update with this content: waits to be fetched, or is pushed until it is taken."""
        with self._changed:
            update = {"update_id": next(self._update_ids), **content}
            if self._allowed and not self._allowed & content.keys():
                return update
            self._waiting.append(update)
            self._changed.notify_all()
        if self.webhook:
            self.push_waiting()
        return update

    # --- Handing updates over --------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Updates nobody has confirmed."""
        with self._changed:
            return len(self._waiting)

    @property
    def is_polled(self) -> bool:
        """A call waits for updates."""
        return self._polls_open > 0

    def push_waiting(self, attempts: int = 3) -> None:
        """As the platform: one after the other, each repeated while it is refused."""
        while self._waiting:
            for _ in range(attempts):
                if 200 <= self.push(self._waiting[0]) < 300:
                    break
            else:
                return
            self._waiting.popleft()

    def push(self, update: Mapping[str, Any]) -> int:
        """One call of the webhook; returns its status. May be called from several threads."""
        path = urlsplit(self.webhook["url"]).path
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"]}
        answer = self._client.post(f"{self.people_write_to}{path}", json=update, headers=headers)
        self.pushed.append(answer.status_code)
        if not answer.is_success:
            self._last_error = f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"
        return answer.status_code

    def chat(self, chat_id: int, type: str = "") -> _Chat:  # noqa: A002 - the platform's word
        """The chat, made when it is new: people write to the bot before it can write to them."""
        if chat_id not in self._chats:
            self._chats[chat_id] = _Chat("private" if chat_id > 0 else "group")
        if type:
            self._chats[chat_id].type = type
        return self._chats[chat_id]

    def texts(self, chat: int) -> list[str]:
        return [sent.text for sent in self.sent if sent.chat == chat]

    # --- The methods of the API ------------------------------------------------------------------

    def answer(self, token: str, method: str, fields: Fields) -> tuple[int, dict[str, Any]] | None:
        """Status and body; None where the connection breaks."""
        fault = self._fault(method)
        if fault is not None and fault.stall is not None:
            fault.stall.wait(60)
        status, body = 200, {}
        try:
            if fault is not None and fault.refusal is not None:
                raise fault.refusal
            if fault is None or not fault.drops or fault.is_done:
                body = {"ok": True, "result": self._do(token, method, fields)}
        except Refused as refused:
            status = refused.status
            body = {"ok": False, "error_code": status, "description": refused.description}
            if refused.parameters:
                body["parameters"] = refused.parameters
        self.calls.append(Call(method, fields, status, time.monotonic()))
        return None if fault is not None and fault.drops else (status, body)

    def _fault(self, method: str) -> _Fault | None:
        with self._changed:
            for fault in self._faults:
                if fault.method in (None, method):
                    self._faults.remove(fault)
                    return fault
        return None

    def _do(self, token: str, method: str, fields: Fields) -> Any:
        if not re.fullmatch(r"\d+:[\w-]{10,}", token):
            raise Refused(404, "Not Found")
        if token != self.token:
            raise Refused(401, "Unauthorized")
        methods: dict[str, Callable[[Fields], Any]] = {
            "getme": lambda _: self.me,
            "getupdates": self._get_updates,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._get_webhook_info,
            "setmycommands": self._set_my_commands,
            "sendmessage": self._send_message,
            "sendvoice": self._send_voice,
            "getfile": self._get_file,
            "sendphoto": self._send_photo,
            "senddocument": self._send_document,
            "deletemessage": self._delete_message,
            "answercallbackquery": self._answer_callback_query,
            "answerinlinequery": self._answer_inline_query,
        }
        if method.lower() not in methods:  # names are not case-sensitive
            raise Refused(404, "Not Found")
        return methods[method.lower()](fields)

    def _get_updates(self, fields: Fields) -> list[dict[str, Any]]:
        if self.webhook:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        offset, timeout_s = _number(fields, "offset", 0), _number(fields, "timeout", 0)
        limit = _number(fields, "limit", 100)
        self._allow(fields)
        with self._changed:
            self._poll += 1
            mine = self._poll
            self._changed.notify_all()
            while self._waiting and self._waiting[0]["update_id"] < offset:
                self._waiting.popleft()
            self._polls_open += 1
            self._changed.wait_for(lambda: self._waiting or self._poll != mine, timeout_s)
            self._polls_open -= 1
            if self._poll != mine:
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
            return list(itertools.islice(self._waiting, limit))

    def _set_webhook(self, fields: Fields) -> bool:
        url, secret = str(fields.get("url", "")), str(fields.get("secret_token", ""))
        parts = urlsplit(url)
        if parts.scheme != "https":
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if parts.port not in (None, 443, 80, 88, 8443):
            raise Refused(
                400,
                "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
            )
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        connections = _number(fields, "max_connections", 40)
        if not 1 <= connections <= 100:
            raise Refused(400, "Bad Request: max_connections must be between 1 and 100")
        self.webhook = {
            "url": url,
            "secret_token": secret,
            "max_connections": connections,
            "allowed_updates": self._allow(fields),
        }
        return True

    def _allow(self, fields: Fields) -> list[str]:
        """What is asked for stays so until something else is."""
        self._allowed = set(_json(fields, "allowed_updates", list, sorted(self._allowed)))
        return sorted(self._allowed)

    def _delete_webhook(self, fields: Fields) -> bool:
        self.webhook = {}
        return True

    def _get_webhook_info(self, fields: Fields) -> dict[str, Any]:
        info: dict[str, Any] = {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": self.waiting,
        }
        if self._last_error:
            info |= {"last_error_date": AT, "last_error_message": self._last_error}
        return info

    def _set_my_commands(self, fields: Fields) -> bool:
        commands = _json(fields, "commands", list)
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise Refused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        if len(commands) > 100:
            raise Refused(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
        self.commands = commands
        return True

    def _send_message(self, fields: Fields) -> dict[str, Any]:
        text = str(fields.get("text", ""))
        if not text.strip():
            raise Refused(400, "Bad Request: message text is empty")
        if _units(text) > 4096:
            raise Refused(400, "Bad Request: message is too long")
        if "parse_mode" in fields and re.search(r"<(?!/?(b|i|u|s|a|code|pre)\b)", text):
            raise Refused(400, "Bad Request: can't parse entities: unsupported start tag")
        rows = _keyboard(_json(fields, "reply_markup", dict, {}))
        _json(fields, "link_preview_options", dict, {})
        return self._keep(fields, {"text": text}, text, rows)

    def _send_voice(self, fields: Fields) -> dict[str, Any]:
        chat = self._writable(fields)
        name, data = fields.get("voice", ("", b""))
        if not data:
            raise Refused(400, "Bad Request: there is no voice in the request")
        self.voices.append((chat, name, data))
        voice = {"file_id": "voice-1", "file_unique_id": "v1", "duration": 1}
        return self._keep(fields, {"voice": voice}, "")

    def _get_file(self, fields: Fields) -> dict[str, Any]:
        file_id = str(fields.get("file_id", ""))
        if file_id not in self.recordings:
            raise Refused(400, "Bad Request: invalid file_id")
        return {"file_id": file_id, "file_unique_id": "u1", "file_path": f"voice/{file_id}.oga"}

    def _send_photo(self, fields: Fields) -> dict[str, Any]:
        if not fields.get("photo"):
            raise Refused(400, "Bad Request: there is no photo in the request")
        if _units(caption := str(fields.get("caption", ""))) > 1024:
            raise Refused(400, "Bad Request: message caption is too long")
        chat, (name, data) = self._writable(fields), fields["photo"]
        if not data.startswith((b"\x89PNG", b"\xff\xd8")):
            raise Refused(400, "Bad Request: IMAGE_PROCESS_FAILED")
        self.files.append((chat, name, data))
        size = {"file_id": "photo-1", "file_unique_id": "p1", "width": 90, "height": 90}
        rows = _keyboard(_json(fields, "reply_markup", dict, {}))
        return self._keep(fields, {"photo": [size], "caption": caption}, caption, rows)

    def _send_document(self, fields: Fields) -> dict[str, Any]:
        name, data = fields.get("document", ("", b""))
        if not data:
            raise Refused(400, "Bad Request: there is no document in the request")
        if _units(caption := str(fields.get("caption", ""))) > 1024:
            raise Refused(400, "Bad Request: message caption is too long")
        self.files.append((self._writable(fields), name, data))
        document = {"file_id": "document-1", "file_unique_id": "d1", "file_name": name}
        return self._keep(fields, {"document": document, "caption": caption}, caption)

    def _keep(
        self,
        fields: Fields,
        content: dict[str, Any],
        text: str,
        rows: tuple[tuple[tuple[str, str], ...], ...] = (),
    ) -> dict[str, Any]:
        chat = self._writable(fields)
        with self._changed:
            message = {**self._message(chat, content), "from": self.me}
            self.sent.append(Sent(chat, message["message_id"], text, rows, time.monotonic()))
            self._changed.notify_all()
        return message

    def _writable(self, fields: Fields) -> int:
        given = str(fields.get("chat_id", ""))
        chat = self._chats.get(int(given)) if re.fullmatch(r"-?\d+", given) else None
        if chat is None:
            raise Refused(400, "Bad Request: chat not found")
        if chat.moved_to is not None:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, description, migrate_to_chat_id=chat.moved_to)
        if chat.is_blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        return int(given)

    def _delete_message(self, fields: Fields) -> bool:
        chat, message = self._writable(fields), _number(fields, "message_id")
        if self._chats[chat].messages.pop(message, None) is None:
            raise Refused(400, "Bad Request: message to delete not found")
        self.deleted.append((chat, message))
        return True

    def _answer_callback_query(self, fields: Fields) -> bool:
        press = str(fields.get("callback_query_id", ""))
        if press not in self._presses:
            raise Refused(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self._presses.discard(press)
        self.answered.append(press)
        return True

    def _answer_inline_query(self, fields: Fields) -> bool:
        results = _json(fields, "results", list)
        if len(results) > 50:
            raise Refused(400, "Bad Request: RESULTS_TOO_MUCH")
        for result in results:
            if (
                result["type"] != "article"
                or not result["title"]
                or not 1 <= len(result["id"].encode()) <= 64
            ):
                raise Refused(400, "Bad Request: can't parse inline query result")
            if not 1 <= _units(result["input_message_content"]["message_text"]) <= 4096:
                raise Refused(400, "Bad Request: message is too long")
        self.inline_answers[str(fields["inline_query_id"])] = {
            "results": results,
            "cache_time": _number(fields, "cache_time", 300),
            "is_personal": str(fields.get("is_personal", "")).lower() in ("true", "1"),
        }
        return True

    # --- Objects ---------------------------------------------------------------------------------

    def _message(self, chat_id: int, content: Mapping[str, Any]) -> dict[str, Any]:
        with self._changed:
            chat = self.chat(chat_id)
            number = next(self._ids)
            chat.messages[number] = {
                "message_id": number,
                "date": AT,
                "chat": self._as_chat(chat_id),
                "from": _person(abs(chat_id)),
                **content,
            }
            return chat.messages[number]

    def _as_chat(self, chat_id: int) -> dict[str, Any]:
        chat = self.chat(chat_id)
        name = {"first_name": "Bác"} if chat.type == "private" else {"title": "Tổ công nghệ số"}
        return {"id": chat_id, "type": chat.type, **name}

    def _membership(self, status: str) -> dict[str, Any]:
        until = {"until_date": 0} if status == "kicked" else {}
        return {"user": self.me, "status": status, **until}


class TelegramPerson:
    """Somebody with the app; `settle` waits until the assistant has answered everything."""

    max_text = 4096

    def __init__(self, fake: FakeTelegram, settle: Callable[[], None], chat: int = 4711) -> None:
        self.fake, self.chat, self._settle, self._read = fake, chat, settle, 0

    def say(self, text: str) -> None:
        self.fake.writes(self.chat, text)

    def press(self, title: str) -> None:
        for sent in reversed(self.fake.sent):
            for text, data in sent.buttons:
                if sent.chat == self.chat and text.endswith(title):
                    self.fake.presses(self.chat, data, message=sent.id)
                    return
        raise AssertionError(f"found no button {title!r}")

    def heard(self) -> list[str]:
        self._settle()
        texts = self.fake.texts(self.chat)
        new, self._read = texts[self._read :], len(texts)
        return new


@contextmanager
def fake_telegram() -> Iterator[FakeTelegram]:
    fake = FakeTelegram()
    try:
        yield fake
    finally:
        fake.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, fake: FakeTelegram, port: int) -> None:
        self.fake = fake
        self._open: set[Any] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(2)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is none of our errors."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for an answer
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        fake, parts = self.server.fake, urlsplit(self.path)
        file = re.fullmatch(r"/file/bot([^/]+)/voice/([\w-]+)\.oga", parts.path)
        if file is None or file[1] != fake.token or file[2] not in fake.recordings:
            match = re.fullmatch(r"/bot([^/]+)/(\w+)", parts.path)
            fields = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            self._answer(fake.answer(*match.groups(), fields) if match else (404, {"ok": False}))
            return
        fake.downloads.append(file[2])
        self._write(200, "audio/ogg", fake.recordings[file[2]])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match = re.fullmatch(r"/bot([^/]+)/(\w+)", self.path)
        fields = _fields(self.headers, body)
        token, method = match.groups() if match else ("", "")
        self._answer(self.server.fake.answer(token, method, fields))

    def _answer(self, answered: tuple[int, dict[str, Any]] | None) -> None:
        if answered is None:
            self.close_connection = True
            return
        status, result = answered
        self._write(status, "application/json", json.dumps(result, ensure_ascii=False).encode())

    def _write(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing: the test's output is for the test."""


def _fields(headers: MimeMessage, body: bytes) -> Fields:
    kind = headers.get_content_type()
    if kind == "application/x-www-form-urlencoded":
        return {name: values[-1] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    if kind != "multipart/form-data":
        return {}
    whole = BytesParser().parsebytes(f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body)
    found: Fields = {}
    for part in whole.get_payload():
        assert isinstance(part, MimeMessage)
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        found[name] = (part.get_filename(), data) if part.get_filename() else data.decode()
    return found


def _number(fields: Fields, name: str, default: int | None = None) -> int:
    value = fields.get(name, default)
    if value is None or not re.fullmatch(r"-?\d+", str(value)):
        raise Refused(400, f"Bad Request: {name} must be of type Integer")
    return int(value)


def _json(fields: Fields, name: str, kind: type, default: Any = None) -> Any:
    """A nested object comes as a JSON text in a form field."""
    if name not in fields and default is not None:
        return default
    try:
        value = json.loads(fields.get(name, ""))
    except ValueError:
        raise Refused(400, f"Bad Request: can't parse {name}: expected JSON") from None
    if not isinstance(value, kind):
        raise Refused(400, f"Bad Request: object expected as {name}")
    return value


def _keyboard(markup: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], ...]:
    rows = []
    for row in markup.get("inline_keyboard", []):
        for button in row:
            if not button.get("text"):
                raise Refused(400, "Bad Request: can't parse inline keyboard button: text must be non-empty")
            if not 1 <= len(button.get("callback_data", "").encode()) <= 64:
                raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
        rows.append(tuple((button["text"], button["callback_data"]) for button in row))
    if sum(map(len, rows)) > 100:
        raise Refused(400, "Bad Request: reply markup is too long")
    return tuple(rows)


def _entities(text: str) -> list[dict[str, Any]]:
    kinds = (("bot_command", r"(?<!\S)/\w+(@\w+)?"), ("mention", r"(?<!\w)@\w{5,32}"))
    return [
        {"type": kind, "offset": _units(text[: match.start()]), "length": _units(match[0])}
        for kind, pattern in kinds
        for match in re.finditer(pattern, text)
    ]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _person(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": "Bác", "language_code": "vi"}
