"""Who is chatting on the web: a token in a cookie, signed with the moment of its last use.

Nothing is kept on the server. The token alone names the person to the desk; without use for
`IDLE` the cookie counts no more. Reading and setting the cookie is `bot.channels.webchat`.
"""

import base64
import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass

COOKIE = "hvs_chat"
IDLE = dt.timedelta(minutes=30)  # ux.md §2.12: phones are shared
MIN_KEY_BYTES = 32
_START_WINDOW_S = 600  # shorter than IDLE, or a first message sent again could revive a session


@dataclass(frozen=True, slots=True)
class Session:
    token: str
    is_live: bool  # False: the cookie is ours, but it has not been used for `IDLE`


class Sessions:
    def __init__(self, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(
                f"the key of the web chat has {len(key)} bytes, expected {MIN_KEY_BYTES} or more"
            )
        self._key = key

    def start(self, message_id: str, now: dt.datetime) -> str:
        """The token for somebody whose first message is `message_id`.

        An impatient second tap sends the same message, still without a cookie: it must come
        to the same session, so the token follows from the message, for some minutes.
        """
        return self._sign("start", message_id, str(int(now.timestamp()) // _START_WINDOW_S))

    def cookie(self, token: str, now: dt.datetime) -> str:
        seconds = str(int(now.timestamp()))
        return f"{token}.{seconds}.{self._sign('cookie', token, seconds)}"

    def read(self, cookie: str, now: dt.datetime) -> Session | None:
        """The session of a cookie; None when it is missing or not ours."""
        token, _, rest = cookie.partition(".")
        seconds, _, signature = rest.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("cookie", token, seconds).encode()):
            return None
        return Session(token, is_live=now.timestamp() - int(seconds) < IDLE.total_seconds())

    def message_id(self, token: str, message_id: str) -> str:
        """The id under which the desk gets a message.

        The desk claims ids for the whole channel, and the page chooses its own: without the
        token in it, one person could claim, or ask for, the message of another.
        """
        return self._sign("message", token, message_id)

    def _sign(self, *parts: str) -> str:
        digest = hmac.digest(self._key, "\n".join(parts).encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
