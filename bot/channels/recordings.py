"""Fetch a person's recording from the platform that has it: from its own hosts alone, in memory."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2

from bot.channels.accounts import Account, TelegramAccount, ZaloBotAccount, ZaloOaAccount
from bot.voice.ears import Fetch, NotFetched
from bot.voice.recognise import MAX_BYTES, NotHeard

TIMEOUT_S = 20.0
ZALO_HOSTS = ("zdn.vn", "zadn.vn")  # and what is below them
_PATH = re.compile(r"[\w./-]{1,200}")


def fetch_of(account: Account) -> Fetch:
    match account:
        case TelegramAccount():
            return _from_telegram(account)
        case ZaloOaAccount() | ZaloBotAccount():
            # Zalo writes some of its addresses with plain http.
            return lambda recording: fetched(re.sub("^http:", "https:", recording), is_own=is_zalo)


def _from_telegram(account: TelegramAccount) -> Fetch:
    base, token = account.base_url.rstrip("/"), account.token.get_secret_value()

    def fetch(recording: str) -> bytes:
        asked = fetched(f"{base}/bot{token}/getFile?file_id={quote(recording, safe='')}", proxy=account.proxy)
        path = _field(_field(json.loads(asked), "result"), "file_path")
        if not isinstance(path, str) or not _PATH.fullmatch(path) or ".." in path:
            raise NotFetched("the platform named no file")
        return fetched(f"{base}/file/bot{token}/{path}", proxy=account.proxy)

    return fetch


def is_zalo(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "https" and any(host == own or host.endswith(f".{own}") for own in ZALO_HOSTS)


def fetched(
    url: str, *, is_own: Callable[[str], bool] = lambda _url: True, proxy: str | None = None
) -> bytes:
    """At most `MAX_BYTES`; nothing is followed elsewhere. No error names the address: it may hold a token."""
    if not is_own(url):
        raise NotHeard("the recording is not on the platform's own hosts")
    try:
        with (
            httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False, proxy=proxy) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != 200:
                raise NotFetched(f"HTTP {response.status_code}")
            content = bytearray()
            for piece in response.iter_bytes():
                content += piece
                if len(content) > MAX_BYTES:
                    raise NotHeard("the recording is too large")
            return bytes(content)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise NotFetched(type(error).__name__) from None


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
