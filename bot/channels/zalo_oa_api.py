"""Calls of Zalo's OpenAPI for one Official Account, and what its errors mean for us.

Errors come with HTTP 200 and a code; https://docs.zaloplatforms.com/docs/OA/phu-luc/ma-loi lists them.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import structlog

from bot.channels.accounts import ZaloOaAccount
from bot.channels.base import HasLeft, Misconfigured, NeverSent, NotNow, SendError, TryAgain
from bot.channels.capabilities import ZALO_OA
from bot.channels.zalo_oa_tokens import ZaloOaTokens
from knowledge.phrases import Phrases
from staff.formats import local

_log = structlog.get_logger()

V3, V2 = "/v3.0/oa/message/cs", "/v2.0/oa/message"
ABOUT = "/v2.0/oa/getoa"
TIMEOUT_S = 10.0
RATE_WINDOW_S = 60.0  # Zalo counts calls by the minute
PERSON_QUOTA_S = 3600.0  # how long to wait for a person whose quota is used up; Zalo does not say
DAY_BEGINS = dt.time(6)  # from 22:00 to then Zalo takes no promotion

TOKEN = frozenset((-216, -220))
RATE, QUOTA, PERSON_QUOTA, GONE, NIGHT = -32, -211, -218, -227, -234
WINDOW = frozenset((-230, -232))
OTHER_ENDPOINT = frozenset((-235, -240))
BAD_MESSAGE = frozenset((-201, -233))
NEVER = frozenset((-200, -210, -213, -244, -248))
ACCOUNT = frozenset((-204, -205, -209, -212, -219, -221, -223, -224, -242, -14002, -14003))
GOVERNMENT = 4  # an `oa_type`


class BadMessage(NeverSent):
    """Zalo does not take a message of this shape."""


class _OtherEndpoint(Misconfigured):
    """Zalo wants messages of this kind of account at its other address."""


class _TokenRefused(Misconfigured):
    """The access token is not taken (any more)."""


@dataclass(frozen=True, slots=True)
class OaInfo:
    """What Zalo says of the account itself."""

    oa_type: int | None  # 2: a business, 4: a public body
    is_verified: bool
    package: str
    package_until: str  # as Zalo writes it
    followers: int | None

    @property
    def is_government(self) -> bool:
        return self.oa_type == GOVERNMENT


class ZaloOaApi:
    """All calls come from one event loop. What a call raises is one of `bot.channels.base`."""

    def __init__(
        self,
        account: ZaloOaAccount,
        tokens: ZaloOaTokens,
        client: httpx2.AsyncClient,
        phrases: Phrases,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._base, self._send_by = account.base_url.rstrip("/"), account.send_by
        self._tokens, self._client, self._phrases, self._clock = tokens, client, phrases, clock
        self._path = V2 if account.send_by == "v2" else V3
        self._rest_until: dt.datetime | None = None  # this minute's calls are used up

    async def send_message(self, body: dict[str, Any]) -> str | None:
        """Send a consultation message; returns Zalo's id of it.

        Public bodies have to send by the older address, which is closed to others: what worked is
        remembered. Only the two codes that say so lead there: after others it may have been sent.
        """
        try:
            data = await self._call("POST", self._path, body)
        except _OtherEndpoint:
            if self._send_by != "auto":
                raise
            other = V2 if self._path == V3 else V3
            data = await self._call("POST", other, body)
            self._path = other
            _log.info("messages of this account are sent by another address", channel=ZALO_OA, path=other)
        message_id = data.get("message_id")
        return str(message_id) if message_id is not None else None

    async def about(self) -> OaInfo:
        data = await self._call("GET", ABOUT, None)
        return OaInfo(
            _number(data.get("oa_type")),
            bool(data.get("is_verified")),
            str(data.get("package_name") or ""),
            str(data.get("package_valid_through_date") or ""),
            _number(data.get("num_follower")),
        )

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """The data of the answer; a token that is refused is renewed once."""
        self._check_rate()
        token = await self._tokens.access()
        try:
            return await self._call_once(method, path, body, token)
        except _TokenRefused:
            token = await self._tokens.access(refused=token)
        return await self._call_once(method, path, body, token)

    async def _call_once(
        self, method: str, path: str, body: dict[str, Any] | None, token: str
    ) -> dict[str, Any]:
        try:
            response = await self._client.request(
                method, f"{self._base}{path}", json=body, headers={"access_token": token}
            )
        except httpx2.TransportError as error:
            raise TryAgain(f"Zalo cannot be reached ({type(error).__name__})") from error
        if response.headers.get("X-RateLimit-Remain") == "0":
            self._rest()
        answer = _json(response)
        if answer is None or not isinstance(code := answer.get("error"), int):
            raise self._of_status(response)
        if code != 0:
            raise self._of_code(code)
        data = answer.get("data")
        return data if isinstance(data, dict) else {}

    def _check_rate(self) -> None:
        if self._rest_until is not None:
            left_s = (self._rest_until - self._clock()).total_seconds()
            if left_s > 0:
                raise TryAgain("the calls of this minute are used up", after_s=left_s)
            self._rest_until = None

    def _rest(self) -> None:
        self._rest_until = self._clock() + dt.timedelta(seconds=RATE_WINDOW_S)

    def _of_status(self, response: httpx2.Response) -> SendError:
        """For an answer that is not Zalo's own: something between us and it, or it is ill."""
        status = response.status_code
        if status == 429:
            self._rest()
            return TryAgain("HTTP 429", after_s=RATE_WINDOW_S)
        if 300 <= status < 500:
            return Misconfigured(f"HTTP {status} without an answer of Zalo's OpenAPI: is base_url right?")
        return TryAgain(f"HTTP {status}")

    def _of_code(self, code: int) -> SendError:
        if code in TOKEN:
            return _TokenRefused(self._phrases("channels.zalo_token_useless", code=code))
        if code == RATE:
            self._rest()
            return TryAgain(f"too many calls ({code})", after_s=RATE_WINDOW_S)
        if code == QUOTA:
            return Misconfigured(self._phrases("channels.zalo_quota", code=code))
        if code == PERSON_QUOTA:
            return NotNow(self._phrases("channels.zalo_quota_person", code=code), after_s=PERSON_QUOTA_S)
        if code == NIGHT:
            return NotNow(self._phrases("channels.zalo_night", code=code), after_s=self._until_day_s())
        if code == GONE:
            return HasLeft(self._phrases("channels.zalo_gone", code=code))
        if code in WINDOW:
            return NeverSent(self._phrases("channels.zalo_window_closed", code=code))
        if code in OTHER_ENDPOINT:
            return _OtherEndpoint(self._phrases("channels.zalo_endpoint", code=code))
        if code in ACCOUNT:
            return Misconfigured(self._phrases("channels.zalo_account", code=code))
        if code in BAD_MESSAGE:
            return BadMessage(f"Zalo does not take this message ({code})")
        if code in NEVER:
            return NeverSent(f"Zalo does not take this message ({code})")
        # Not on the list: it said no, so most likely nothing was sent; the sender gives up in time.
        return TryAgain(f"unknown error of Zalo ({code})")

    def _until_day_s(self) -> float:
        now = local(self._clock())
        day = now.replace(hour=DAY_BEGINS.hour, minute=0, second=0, microsecond=0)
        return ((day if now < day else day + dt.timedelta(days=1)) - now).total_seconds()


def _json(response: httpx2.Response) -> dict[str, Any] | None:
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
