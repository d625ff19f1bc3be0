"""An account of a commune on Zalo, for tests: its database, its settings, and the platform's fake."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.channels.accounts import ZaloOaAccount
from bot.channels.build import ChannelParts
from bot.channels.zalo_oa import ZaloOaChannel
from bot.channels.zalo_oa_tokens import ZaloOaTokens
from bot.intake import Intake
from bot.metrics import Metrics
from bot.sender import Breaker, Sender
from knowledge.phrases import load_phrases
from records.communes import add_commune, find_commune
from records.database import Database
from records.inbox import claim_row
from records.learners import note_message
from records.models import OutboxMessage
from records.only_one import Leadership
from records.outbox import put
from records.vault import KEY_BYTES, Vault
from tests.bot.conftest import HandClock
from tests.fakes.desk import FakeDesk
from tests.fakes.zalo_oa import APP_ID, APP_SECRET, FIRST_REFRESH, OA_SECRET, FakeZaloOa

COMMUNE = "tan-cuong"
VAULT = Vault([b"k" * KEY_BYTES])
PHRASES = load_phrases()
WEBHOOK = f"/channels/zalo-oa/{COMMUNE}"


def account_of(zalo: FakeZaloOa, commune: str, **changes: Any) -> ZaloOaAccount:
    values = {
        "commune": commune,
        "app_id": APP_ID,
        "app_secret": APP_SECRET,
        "oa_secret": OA_SECRET,
        "refresh_token": FIRST_REFRESH,
        "base_url": zalo.url,
        "oauth_url": zalo.url,
    }
    return ZaloOaAccount(**{**values, **changes})


class Unsteady(Database):
    """A database that can be away: the next `failing_writes`, or everything."""

    def __init__(self, database: Database) -> None:
        super().__init__(database._writer, database._reader)
        self.failing_writes = 0
        self.is_away = False

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        if self.failing_writes or self.is_away:
            self.failing_writes = max(0, self.failing_writes - 1)
            raise OperationalError("COMMIT", None, Exception("away"))
        with super().write() as session:
            yield session

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        if self.is_away:
            raise OperationalError("SELECT", None, Exception("away"))
        with super().read() as session:
            yield session


class Office:
    """One process of the assistant with its account; several may share a database."""

    def __init__(self, database: Database, clock: HandClock, zalo: FakeZaloOa, **changes: Any) -> None:
        self.database, self.clock, self.zalo = database, clock, zalo
        with database.write() as session:
            known = find_commune(session, COMMUNE)
            self.home = (known or add_commune(session, slug=COMMUNE, name="Tân Cương", now=clock())).id
        self.account, self.desk = account_of(zalo, COMMUNE, **changes), FakeDesk()
        self.vault = VAULT
        self.more_parts: dict[str, Any] = {}
        self.breaker = Breaker(now=lambda: clock().timestamp())
        self._messages = 0
        self._channels: list[ZaloOaChannel] = []

    @property
    def parts(self) -> ChannelParts:
        return ChannelParts(
            desk=self.desk,
            intake=Intake(self.desk),
            phrases=PHRASES,
            clock=self.clock,
            database=self.database,
            vault=self.vault,
            guide_pages=lambda _query: [],
            commune_id=lambda _slug: self.home,
            fetching=lambda name: Leadership(self.database, name),
            **self.more_parts,
        )

    @contextlib.asynccontextmanager
    async def tokens(self, **options: Any) -> AsyncIterator[ZaloOaTokens]:
        async with httpx2.AsyncClient(timeout=10) as client:
            tokens = ZaloOaTokens(self.account, self.parts, client, **options)
            yield tokens
            await tokens.settle()

    async def access(self, *, refused: str | None = None) -> str:
        """A token as a process gets it that was started just now."""
        async with self.tokens() as tokens:
            return await tokens.access(refused=refused)

    def channel(self, **options: Any) -> ZaloOaChannel:
        self._channels.append(ZaloOaChannel(self.account, self.parts, **options))
        return self._channels[-1]

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()

    def sender(self, channel: ZaloOaChannel) -> Sender:
        return Sender(
            self.database,
            channel,
            VAULT,
            self.clock,
            Metrics(),
            commune_id=self.home,
            breaker=self.breaker,
        )

    def reply(self, person: str, *texts: str, buttons: int = 0) -> None:
        """Somebody wrote just now, and these are the replies that wait for them."""
        self.zalo.interacts(person)
        self._messages += 1
        choices = [{"number": n, "title": f"Mục {n}", "payload": f"l:{n}"} for n in range(1, buttons + 1)]
        bodies = [{"text": text, "choices": choices} for text in texts]
        with self.database.write() as session:
            talk = note_message(
                session,
                commune_id=self.home,
                channel="zalo-oa",
                hashes=[person],
                sealed_address=VAULT.seal(person),
                now=self.clock(),
            )
            message, _ = claim_row(session, talk, message_id=f"m{self._messages}", text="", now=self.clock())
            put(session, message, bodies, now=self.clock())

    def rows(self) -> list[OutboxMessage]:
        with self.database.read() as session:
            return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))

    def states(self) -> list[str]:
        return [row.state for row in self.rows()]
