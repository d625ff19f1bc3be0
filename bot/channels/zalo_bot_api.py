"""The Bot API of Zalo: JSON over HTTPS. A thin client; what its answers mean for a channel is said in
the errors of `bot.channels.base`.

HTTP 200 does not mean success: `ok` in the body does. The token stands in the path of each call, so no
error here carries an address, and none keeps the library's own error behind it.
"""

from typing import Any

import httpx2

from bot.channels.base import HasLeft, Misconfigured, NeverSent, SendError, TryAgain

CONNECT_S = 5.0
CALL_S = 15.0
POLL_GRACE_S = 10.0  # how much longer we wait for a long poll than the platform is asked to
BUSY_S = 120.0  # a 429 names no time; it is met in minutes, not seconds
MAX_REASON = 160  # characters of a description

IDLE, BUSY = 408, 429


class Busy(TryAgain):
    """429: too many calls just now, or the plan's messages of this month are used up."""


class ZaloBotApi:
    """The methods we use. The connection is made with the first call; `aclose` ends it."""

    def __init__(self, base_url: str, token: str) -> None:
        self._base, self._token = f"{base_url.rstrip('/')}/bot{token}", token
        self._client: httpx2.AsyncClient | None = None

    async def get_me(self) -> dict[str, Any]:
        return _as_dict(await self.call("getMe", {}))

    async def next_update(self, *, wait_s: int) -> dict[str, Any] | None:
        """One update, or None when none came within `wait_s`. It is ours alone: nobody gets it again."""
        body = {"timeout": str(wait_s)}  # documented as a string
        try:
            return _as_dict(await self.call("getUpdates", body, timeout_s=wait_s + POLL_GRACE_S)) or None
        except _Idle:
            return None

    async def send_message(self, chat_id: str, text: str) -> str | None:
        """The id of the message that was sent."""
        result = await self.call("sendMessage", {"chat_id": chat_id, "text": text}, private=chat_id)
        message_id = _as_dict(result).get("message_id")
        return str(message_id) if message_id is not None else None

    async def send_photo(self, chat_id: str, photo: str, caption: str) -> str | None:
        """`photo` is an address that the platform fetches; the id of the message that was sent."""
        body = {"chat_id": chat_id, "photo": photo, "caption": caption}
        result = await self.call("sendPhoto", body, private=chat_id)
        message_id = _as_dict(result).get("message_id")
        return str(message_id) if message_id is not None else None

    async def send_voice(self, chat_id: str, voice_url: str) -> str | None:
        """`voice_url` ends in .aac and is fetched by the platform; the id of the message that was sent."""
        body = {"chat_id": chat_id, "voice_url": voice_url}
        result = await self.call("sendVoice", body, private=chat_id)
        message_id = _as_dict(result).get("message_id")
        return str(message_id) if message_id is not None else None

    async def webhook_url(self) -> str:
        """The address that is set; '' when there is none."""
        return str(_as_dict(await self.call("getWebhookInfo", {})).get("url") or "")

    async def set_webhook(self, url: str, secret: str) -> None:
        await self.call("setWebhook", {"url": url, "secret_token": secret})

    async def delete_webhook(self) -> None:
        await self.call("deleteWebhook", {})

    async def call(
        self, method: str, body: dict[str, Any], *, timeout_s: float = CALL_S, private: str = ""
    ) -> Any:
        """`result` of a call. Raises the errors of `bot.channels.base`; `private` is kept out of them."""
        if self._client is None:
            self._client = httpx2.AsyncClient()
        timeout = httpx2.Timeout(timeout_s, connect=CONNECT_S)
        try:
            response = await self._client.post(f"{self._base}/{method}", json=body, timeout=timeout)
        except httpx2.HTTPError as error:
            # A message may be out already when the answer is late: it is then sent a second time.
            raise TryAgain(f"{method}: {type(error).__name__}") from None
        except httpx2.InvalidURL:
            raise Misconfigured(f"{method}: found no address in base_url and token") from None
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if isinstance(answer, dict) and answer.get("ok") is True:
            return answer.get("result")
        raise self._error(method, response.status_code, answer, private)

    async def aclose(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _error(self, method: str, status: int, answer: object, private: str) -> SendError:
        if not isinstance(answer, dict) or "ok" not in answer:
            if 400 <= status < 500 and status not in (IDLE, BUSY):
                return Misconfigured(f"{method}: found no Bot API at the address of the account ({status})")
            answer = {}
        description = str(answer.get("description") or "")
        code = _code(answer.get("error_code"), status, description)
        reason = f"{method}: {code} {description}".strip()
        for secret in filter(None, (self._token, private)):
            reason = reason.replace(secret, "•••")
        return _as_error(code, reason[:MAX_REASON], is_to_person=bool(private))


class _Idle(TryAgain):
    """Nothing came while we polled."""


def _as_error(code: int, reason: str, *, is_to_person: bool) -> SendError:
    match code:
        case 401:
            return Misconfigured(f"{reason}: the token is refused")
        case 403:
            return HasLeft(reason) if is_to_person else Misconfigured(reason)
        case 408:
            return _Idle(reason)
        case 429:
            return Busy(reason, after_s=BUSY_S)
        case 400 | 404:
            return NeverSent(reason)
        case _:
            return TryAgain(reason)


def _code(error_code: object, status: int, description: str) -> int:
    """The code of the body goes before the status; an idle poll may come without one."""
    if isinstance(error_code, int | str) and str(error_code).isdecimal():
        return int(error_code)
    if description.strip().lower() == "request timeout":
        return IDLE
    return status


def _as_dict(result: object) -> dict[str, Any]:
    return result if isinstance(result, dict) else {}
