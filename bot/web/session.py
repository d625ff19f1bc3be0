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
_START_WINDOW_S = 600  # IDLE is some of them: a first message sent again revives no older session


@dataclass(frozen=True, slots=True)
class Session:
    token: str
    is_live: bool  # False: the cookie is ours, but it has not been used for `IDLE`


class Sessions:
    """`key` signs; cookies signed with one of `older` still count, so that keys can be changed."""

    def __init__(self, key: bytes, *older: bytes) -> None:
        for each in (key, *older):
            if len(each) < MIN_KEY_BYTES:
                raise ValueError(
                    f"the key of the web chat has {len(each)} bytes, expected {MIN_KEY_BYTES} or more"
                )
        self._keys = (key, *older)

    def starts(self, message_id: str, now: dt.datetime) -> list[str]:
        """The tokens for somebody whose first message is `message_id`, the one of now first.

        An impatient second tap sends the same message, still without a cookie: it must come
        to the same session, so the token follows from the message, for some minutes. The others are
        those it got when it was sent first, up to `IDLE` ago, and the answer never arrived.
        """
        window = int(now.timestamp()) // _START_WINDOW_S
        windows = range(window, window - int(IDLE.total_seconds()) // _START_WINDOW_S, -1)
        return [self._sign("start", message_id, str(each), key=self._keys[-1]) for each in windows]

    def cookie(self, token: str, now: dt.datetime) -> str:
        seconds = str(int(now.timestamp()))
        return f"{token}.{seconds}.{self._sign('cookie', token, seconds)}"

    def read(self, cookie: str, now: dt.datetime) -> Session | None:
        """The session of a cookie; None when it is missing or not ours."""
        token, _, rest = cookie.partition(".")
        seconds, _, signature = rest.partition(".")
        is_ours = False
        for key in self._keys:
            signed = self._sign("cookie", token, seconds, key=key)
            is_ours |= hmac.compare_digest(signature.encode(), signed.encode())
        if not is_ours:
            return None
        return Session(token, is_live=now.timestamp() - int(seconds) < IDLE.total_seconds())

    def message_id(self, token: str, message_id: str) -> str:
        """The id under which the desk gets a message.

        The desk claims ids for the whole channel, and the page chooses its own: without the
        token in it, one person could claim, or ask for, the message of another.
        """
        # By the oldest key: a second delivery is known after a change of keys, too.
        return self._sign("message", token, message_id, key=self._keys[-1])

    def _sign(self, *parts: str, key: bytes | None = None) -> str:
        digest = hmac.digest(key or self._keys[0], "\n".join(parts).encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
