"""The channels of each commune as announcements see them: when they take a message, and what that costs.

What the platforms ask is theirs to change: prices and windows are of docs/channels.md, limits of the
account's own settings.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from bot.channels.accounts import Account, TelegramAccount, ZaloBotAccount, ZaloOaAccount
from bot.channels.capabilities import WEBCHAT
from bot.channels.zalo_bot import month_start
from bot.channels.zalo_oa import FREE_WINDOW, PAID_WINDOW
from records.announcements import Outlet
from records.database import Database
from records.outbox import sent_since

ZALO_OA_PRICE = 55  # đồng, after what the package includes; it is not known here how much of that is left


class Outlets:
    def __init__(
        self, database: Database, accounts: Mapping[int, Sequence[Account]], web: int | None
    ) -> None:
        """`accounts` by commune; `web` is the commune whose people use the web chat."""
        self._database, self._accounts, self._web = database, accounts, web

    def __call__(self, commune_id: int, now: dt.datetime) -> list[Outlet]:
        web = [Outlet(WEBCHAT, is_fetched=True)] if commune_id == self._web else []
        return [*web, *(self._of(commune_id, each, now) for each in self._accounts.get(commune_id, ()))]

    def _of(self, commune_id: int, account: Account, now: dt.datetime) -> Outlet:
        match account:
            case TelegramAccount():
                return Outlet(account.channel)
            case ZaloBotAccount():
                with self._database.read() as session:
                    used = sent_since(
                        session, commune_id=commune_id, channel=account.channel, since=month_start(now)
                    )
                return Outlet(account.channel, monthly=account.monthly_messages, used=used)
            case ZaloOaAccount():
                window = PAID_WINDOW if account.paid_window else FREE_WINDOW
                return Outlet(account.channel, window=window, free=FREE_WINDOW, price=ZALO_OA_PRICE)
