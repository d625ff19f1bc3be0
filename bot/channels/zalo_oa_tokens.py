"""The tokens of a Zalo Official Account: an access token for 25 hours, a refresh token for one use.

Asking for a new pair kills the refresh token at once, whether or not the answer arrives. So one asks
at a time, over all processes; what comes is committed before it is used; and an answer that got lost
is written down, so that staff are told why the account has to be authorised anew.

Who asks holds a lease in the account's row, taken under the row's lock. The lock itself is not held
during the call: PostgreSQL ends a transaction that waits so long, and with SQLite's one writer every
message would wait, too.
"""

import asyncio
import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import structlog
from anyio import to_thread
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.channels.accounts import ZaloOaAccount
from bot.channels.base import Misconfigured, TryAgain
from bot.channels.build import ChannelParts
from bot.channels.capabilities import ZALO_OA
from records.channel_tokens import find_token, lock_token, write_token
from records.database import Database
from records.models import ChannelToken
from records.vault import Vault, VaultError

_log = structlog.get_logger()

RENEW_BEFORE = dt.timedelta(hours=5)  # of the 25 that a token lives: time to repair what is broken
LAST_USE = dt.timedelta(minutes=1)  # before its end a token is not used any more
ASK_TIMEOUT_S = 15.0
LEASE = dt.timedelta(seconds=60)  # far above that; after it the process that asked counts as dead
WAIT_S, POLL_S = 20.0, 0.25  # for another process to be done
SAVE_PAUSES_S = (0.1, 0.5, 2.0, 5.0, 0.0)  # after each attempt to commit a new pair
REFUSED_PAUSE = dt.timedelta(minutes=15)  # before asking again after Zalo said no
RATE_EXCEEDED = -32
TOO_FAST_S = 60.0  # Zalo counts calls by the minute


class TokenState(BaseModel, frozen=True):
    """What the row holds, sealed."""

    app_id: str
    first: str = Field(repr=False)  # the refresh token that this row began with
    refresh: str = Field(repr=False)
    access: str = Field("", repr=False)
    asking: str | None = None  # the lease of who is asking for a new pair
    asking_since: dt.datetime | None = None
    lost_at: dt.datetime | None = None  # the first request for this pair whose answer is unknown
    refused_at: dt.datetime | None = None
    refused_code: str | None = None


class _Pair(BaseModel, frozen=True):
    """Zalo's answer; it writes `expires_in` as a text."""

    access_token: str = Field(min_length=1, repr=False)
    refresh_token: str = Field(min_length=1, repr=False)
    expires_in: int = Field(90_000, gt=0)


@dataclass(frozen=True, slots=True)
class _Lease:
    """The right to ask for a new pair."""

    id: str
    refresh: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _NewPair:
    pair: _Pair
    refresh: str = field(repr=False)  # the one it was got with
    expires_at: dt.datetime


class _AnswerLost(TryAgain):
    """The request may have reached Zalo."""


class _Refused(Exception):
    """Zalo gives no new pair. The text is its code."""


def store_first_tokens(
    database: Database,
    vault: Vault,
    *,
    commune_id: int,
    account: ZaloOaAccount,
    refresh: str,
    now: dt.datetime,
) -> None:
    """Begin anew with a refresh token that an administrator of the account has just got."""
    sealed = vault.seal(_begun_with(refresh, account).model_dump_json())
    with database.write() as session:
        row = lock_token(session, commune_id=commune_id, channel=ZALO_OA, first=sealed, now=now)
        write_token(row, sealed=sealed, expires_at=now, now=now)


def _begun_with(refresh: str, account: ZaloOaAccount) -> TokenState:
    return TokenState(app_id=account.app_id, first=refresh, refresh=refresh)


class ZaloOaTokens:
    """The tokens of one account. All calls come from one event loop."""

    def __init__(
        self,
        account: ZaloOaAccount,
        parts: ChannelParts,
        client: httpx2.AsyncClient,
        *,
        save_pauses_s: Sequence[float] = SAVE_PAUSES_S,
    ) -> None:
        self._account, self._client, self._save_pauses_s = account, client, save_pauses_s
        self._database, self._vault, self._clock = parts.database, parts.vault, parts.clock
        self._phrases = parts.phrases
        self._commune_id = parts.commune_id(account.commune)
        self._renewal: asyncio.Task[str] | None = None
        self._unsaved: _NewPair | None = None
        self._refused_at: dt.datetime | None = None

    async def access(self, *, refused: str | None = None) -> str:
        """A token to call with; `refused` is one that Zalo does not take any more.

        Raises `TryAgain`, or `Misconfigured` where an administrator has to act.
        """
        usable = await to_thread.run_sync(self._usable, LAST_USE, refused)
        return usable or await self._renew(LAST_USE, refused)

    async def renew_in_time(self) -> None:
        """Ask for a new pair when the one in use ends soon; raises as `access` does."""
        if await to_thread.run_sync(self._usable, RENEW_BEFORE, None) is None:
            await self._renew(RENEW_BEFORE, None)

    async def settle(self) -> None:
        """Wait for a renewal that is under way, so that its answer is not lost."""
        if self._renewal is not None:
            await asyncio.wait([self._renewal])

    async def _renew(self, margin: dt.timedelta, refused: str | None) -> str:
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renewed(margin, refused))
            # Nobody may be left to hear of a failure when those who waited were cancelled.
            self._renewal.add_done_callback(lambda task: task.cancelled() or task.exception())
        # A sender that gives up must not take the answer with it.
        return await asyncio.shield(self._renewal)

    async def _renewed(self, margin: dt.timedelta, refused: str | None) -> str:
        await self._save_unsaved()
        lease = await self._lease(margin, refused)
        if isinstance(lease, str):
            return lease
        try:
            async with asyncio.timeout(ASK_TIMEOUT_S):
                pair = await self._ask(lease.refresh)
        except (TimeoutError, _AnswerLost) as error:
            await to_thread.run_sync(self._release, lease, True)
            raise TryAgain(f"no answer when renewing the token ({type(error).__name__})") from error
        except TryAgain:
            await to_thread.run_sync(self._release, lease, False)
            raise
        except _Refused as error:
            self._refused_at = self._clock()
            state = await to_thread.run_sync(self._note_refusal, lease, str(error))
            raise self._misconfigured(state) from error
        expires_at = self._clock() + dt.timedelta(seconds=pair.expires_in)
        self._unsaved = _NewPair(pair, lease.refresh, expires_at)
        await self._save_unsaved()
        _log.info("the tokens of an account were renewed", channel=ZALO_OA, expires_at=expires_at.isoformat())
        return pair.access_token

    async def _lease(self, margin: dt.timedelta, refused: str | None) -> _Lease | str:
        """The right to ask; or a usable token, when another process has asked meanwhile."""
        for _ in range(round(WAIT_S / POLL_S)):
            if (got := await to_thread.run_sync(self._try_lease, margin, refused)) is not None:
                return got
            await asyncio.sleep(POLL_S)
        raise TryAgain("another process is renewing the token")

    async def _ask(self, refresh: str) -> _Pair:
        """One call; the refresh token is used up by it, unless `_Refused` or a plain `TryAgain` is raised."""
        url = f"{self._account.oauth_url.rstrip('/')}/v4/oa/access_token"
        form = {"refresh_token": refresh, "app_id": self._account.app_id, "grant_type": "refresh_token"}
        headers = {"secret_key": self._account.app_secret.get_secret_value()}
        try:
            response = await self._client.post(url, data=form, headers=headers)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise TryAgain(f"Zalo's sign-in cannot be reached ({type(error).__name__})") from error
        except httpx2.TransportError as error:
            raise _AnswerLost(type(error).__name__) from error
        answer = _json(response)
        if response.status_code == 429 or answer.get("error") == RATE_EXCEEDED:
            raise TryAgain("Zalo's sign-in is busy", after_s=TOO_FAST_S)
        if response.status_code >= 500:
            raise _AnswerLost(f"HTTP {response.status_code}")
        if (code := answer.get("error")) not in (None, 0) or response.status_code >= 300:
            raise _Refused(str(code if code is not None else f"HTTP {response.status_code}")[:40])
        try:
            return _Pair.model_validate(answer)
        except ValidationError as error:
            raise _AnswerLost("an answer without tokens") from error

    async def _save_unsaved(self) -> None:
        """Commit the pair that came. It is kept here until that is done: nobody else has it."""
        if self._unsaved is None:
            return
        for pause_s in self._save_pauses_s:
            try:
                await to_thread.run_sync(self._save, self._unsaved)
            except SQLAlchemyError as error:
                _log.error("new tokens could not be stored yet", channel=ZALO_OA, error=type(error).__name__)
                await asyncio.sleep(pause_s)
            else:
                self._unsaved = None
                return
        raise TryAgain("the new tokens could not be stored yet")

    # What follows runs in threads, one transaction each.

    def _usable(self, margin: dt.timedelta, refused: str | None) -> str | None:
        with self._database.read() as session:
            row = find_token(session, commune_id=self._commune_id, channel=ZALO_OA)
            return self._usable_of(row, self._opened(row), margin, refused) if row else None

    def _usable_of(
        self, row: ChannelToken, state: TokenState, margin: dt.timedelta, refused: str | None
    ) -> str | None:
        is_ours = state.app_id == self._account.app_id and state.access not in ("", refused)
        return state.access if is_ours and self._clock() < row.expires_at - margin else None

    def _try_lease(self, margin: dt.timedelta, refused: str | None) -> _Lease | str | None:
        """The lease; or a usable token; or None while somebody else has the lease."""
        now = self._clock()
        given = self._account.refresh_token.get_secret_value() if self._account.refresh_token else ""
        with self._database.write() as session:
            first = self._vault.seal(_begun_with(given, self._account).model_dump_json())
            row = lock_token(session, commune_id=self._commune_id, channel=ZALO_OA, first=first, now=now)
            state = self._opened(row)
            if usable := self._usable_of(row, state, margin, refused):
                return usable
            if state.asking_since is not None and now - state.asking_since < LEASE:
                return None
            state = self._begun_anew(state, given)
            if not state.refresh:
                raise Misconfigured(self._phrases("channels.zalo_token_missing"))
            if state.refused_at is not None and self._was_refused_just_now():
                raise self._misconfigured(state)
            if state.asking_since is not None:
                _log.warning(
                    "a renewal of tokens was cut off", channel=ZALO_OA, since=str(state.asking_since)
                )
            lease = _Lease(secrets.token_hex(8), state.refresh)
            lost_at = state.lost_at or state.asking_since
            asking = {"asking": lease.id, "asking_since": now, "lost_at": lost_at}
            self._write(row, state.model_copy(update=asking))
            return lease

    def _was_refused_just_now(self) -> bool:
        # By this process: who repaired the settings and started it again need not wait.
        return self._refused_at is not None and self._clock() - self._refused_at < REFUSED_PAUSE

    def _begun_anew(self, state: TokenState, given: str) -> TokenState:
        """Take the refresh token of the settings where the row is another app's, or dead and older."""
        is_other_app = state.app_id != self._account.app_id
        is_dead = state.refused_at is not None or not state.refresh
        if is_other_app or (is_dead and given not in ("", state.first)):
            return _begun_with(given, self._account)
        return state

    def _release(self, lease: _Lease, is_lost: bool) -> None:
        now = self._clock()
        with self._database.write() as session:
            row, state = self._row(session)
            if state.asking == lease.id:
                lost_at = state.lost_at or (now if is_lost else None)
                asked = {"asking": None, "asking_since": None, "lost_at": lost_at}
                self._write(row, state.model_copy(update=asked))

    def _note_refusal(self, lease: _Lease, code: str) -> TokenState:
        now = self._clock()
        with self._database.write() as session:
            row, state = self._row(session)
            refusal = {"asking": None, "asking_since": None, "refused_at": now, "refused_code": code}
            refused = state.model_copy(update=refusal)
            if state.asking == lease.id:
                self._write(row, refused)
            return refused

    def _save(self, new: _NewPair) -> None:
        with self._database.write() as session:
            row, state = self._row(session)
            # Otherwise an administrator has begun anew meanwhile.
            if state.refresh == new.refresh:
                pair = new.pair
                state = TokenState(
                    app_id=state.app_id,
                    first=state.first,
                    refresh=pair.refresh_token,
                    access=pair.access_token,
                )
                self._write(row, state, expires_at=new.expires_at)

    def _row(self, session: Session) -> tuple[ChannelToken, TokenState]:
        row = lock_token(session, commune_id=self._commune_id, channel=ZALO_OA, first=b"", now=self._clock())
        return row, self._opened(row)

    def _write(self, row: ChannelToken, state: TokenState, *, expires_at: dt.datetime | None = None) -> None:
        sealed = self._vault.seal(state.model_dump_json())
        write_token(row, sealed=sealed, expires_at=expires_at or row.expires_at, now=self._clock())

    def _opened(self, row: ChannelToken) -> TokenState:
        try:
            return TokenState.model_validate_json(self._vault.open(row.sealed))
        except (VaultError, ValidationError) as error:
            raise Misconfigured(self._phrases("channels.zalo_token_missing")) from error

    def _misconfigured(self, state: TokenState) -> Misconfigured:
        if state.lost_at is not None:
            reason = self._phrases("channels.zalo_token_lost", code=state.refused_code)
        else:
            reason = self._phrases("channels.zalo_token_refused", code=state.refused_code)
        return Misconfigured(reason)


def _json(response: httpx2.Response) -> dict[str, Any]:
    """The object in the body; {} when there is none."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
