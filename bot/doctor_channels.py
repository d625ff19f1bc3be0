"""The accounts on channels: are they set up, can the platform be reached, is the webhook set, what passed.

Asks the platforms at the same time, each for a few seconds at most, and changes nothing there.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass

import httpx2
from pydantic import ValidationError

from bot.assembly import KEY_RING
from bot.channels.accounts import (
    Account,
    AccountError,
    TelegramAccount,
    ZaloBotAccount,
    ZaloOaAccount,
    read_accounts,
)
from bot.channels.base import SendError
from bot.channels.capabilities import WEBCHAT
from bot.channels.zalo_bot import WARN_SHARE, month_start
from bot.channels.zalo_bot import webhook_path as zalo_bot_path
from bot.channels.zalo_bot_api import ZaloBotApi
from bot.channels.zalo_oa_api import ABOUT
from bot.channels.zalo_oa_tokens import TokenState
from bot.doctor import Finding, State, ago
from bot.settings import Settings
from records import health
from records.channel_tokens import find_token
from records.communes import find_commune
from records.database import Database
from records.outbox import sent_since
from records.vault import VaultError, open_vault

PATIENCE_S = 8.0  # for all that one account asks its platform
MANY_UPDATES = 100  # wait at the platform: nobody takes them


@dataclass(frozen=True, slots=True)
class Platform:
    """What a platform says of an account."""

    about: str
    webhook: str | None  # address; None: none, or the platform does not say
    says_webhook: bool = True
    problem: str | None = None


def examine_channels(
    settings: Settings, database: Database, *, now: dt.datetime, online: bool
) -> Iterator[Finding]:
    """The web chat and every account, one after the other."""
    yield _traffic(database, WEBCHAT, settings.commune, now)
    try:
        accounts = read_accounts(settings)
    except AccountError as error:
        yield Finding("channels", "bad", str(error), "accounts that can be read", "see docs/channels.md")
        return
    platforms = asyncio.run(_ask_all(accounts, settings, database)) if online else [None] * len(accounts)
    for account, platform in zip(accounts, platforms, strict=True):
        yield from examine_account(account, platform, settings, database, now=now)


def examine_account(
    account: Account,
    platform: Platform | SendError | None,
    settings: Settings,
    database: Database,
    *,
    now: dt.datetime,
) -> Iterator[Finding]:
    """`platform`: what it says of the account, why it says nothing, or None when it was not asked."""
    yield check_account(account, settings, database)
    if isinstance(platform, SendError):
        yield _finding(
            account,
            "platform",
            "bad",
            str(platform),
            "an answer",
            "is the token right, and does the network let us out?",
        )
    elif platform is not None:
        yield check_platform(account, platform)
        if platform.says_webhook:
            yield check_webhook(account, platform, settings)
    if isinstance(account, ZaloOaAccount):
        yield check_token(account, settings, database, now=now)
    if isinstance(account, ZaloBotAccount):
        yield check_quota(account, database, now=now)
    yield _traffic(database, account.channel, account.commune, now)


def check_account(account: Account, settings: Settings, database: Database) -> Finding:
    with database.read() as session:
        if find_commune(session, account.commune) is None:
            return _finding(
                account,
                "account",
                "bad",
                "no such commune",
                "the slug of one that is here",
                "`hocvuso commune list` names them",
            )
    if _wants_webhook(account) and not settings.secure_cookies:
        return _finding(
            account,
            "account",
            "bad",
            f"a webhook at {settings.public_url or 'no address'}",
            "an address that the platform can reach",
            "set HOCVUSO_PUBLIC_URL=https://…, or mode polling where there is one",
        )
    return _finding(account, "account", "ok", _mode_of(account))


def check_platform(account: Account, platform: Platform) -> Finding:
    if platform.problem:
        return _finding(
            account, "platform", "warn", platform.problem, "nothing of the kind", "is the server running?"
        )
    return _finding(account, "platform", "ok", platform.about)


def check_webhook(account: Account, platform: Platform, settings: Settings) -> Finding:
    """Where the platform sends what people write, against where we wait for it."""
    command = f"{account.channel} --commune {account.commune}"
    found = platform.webhook or "none"
    if not _wants_webhook(account):
        if platform.webhook:
            return _finding(
                account,
                "webhook",
                "bad",
                found,
                "none: updates are fetched",
                f"hocvuso channel delete-webhook {command}",
            )
        return _finding(account, "webhook", "ok", "none: updates are fetched")
    wanted = webhook_address(account, settings)
    if platform.webhook != wanted:
        return _finding(account, "webhook", "bad", found, wanted, f"hocvuso channel set-webhook {command}")
    return _finding(account, "webhook", "ok", found)


def check_token(
    account: ZaloOaAccount, settings: Settings, database: Database, *, now: dt.datetime
) -> Finding:
    """How old the access token is, and whether the refresh token still opens anything."""
    todo = f"hocvuso channel zalo-oa-token --commune {account.commune}"
    try:
        stored = _stored_token(account, settings, database)
    except (VaultError, ValidationError, OSError) as error:
        return _finding(account, "token", "bad", type(error).__name__, "one that our key ring opens", todo)
    if stored is None:
        if account.refresh_token is None:
            return _finding(account, "token", "bad", "none", "a refresh token", todo)
        return _finding(account, "token", "ok", "a first one in the settings, not used yet")
    token, expires_at, updated_at = stored
    if token.refused_at is not None:
        return _finding(
            account,
            "token",
            "bad",
            f"the refresh token was refused {ago(now - token.refused_at)} ({token.refused_code})",
            "one that Zalo takes",
            todo,
        )
    found = f"renewed {ago(now - updated_at)}"
    if expires_at <= now:
        return _finding(
            account,
            "token",
            "warn",
            f"{found}, ended {ago(now - expires_at)}",
            "a token of less than 25 hours",
            "the server renews it: is it running?",
        )
    hours = int((expires_at - now).total_seconds() // 3600)
    return _finding(account, "token", "ok", f"{found}, for {hours} more hours")


def check_quota(account: ZaloBotAccount, database: Database, *, now: dt.datetime) -> Finding:
    """Messages of the month and people of the bot's plan, by our own count."""
    with database.read() as session:
        commune = find_commune(session, account.commune)
        commune_id = commune.id if commune else 0
        used = sent_since(session, commune_id=commune_id, channel=account.channel, since=month_start(now))
        people = health.traffic(session, commune_id=commune_id, channel=account.channel).people
    most, places = account.monthly_messages, account.users
    found = f"{used} of {most} messages this month, {people} of {places} people"
    if used >= most or people > places:
        return _finding(
            account, "quota", "bad", found, "less", "take a larger plan, or send people to another channel"
        )
    if used >= WARN_SHARE * most or people >= WARN_SHARE * places:
        return _finding(
            account,
            "quota",
            "warn",
            found,
            f"less than {WARN_SHARE:.0%}",
            "plan ahead: a larger plan, or another channel",
        )
    return _finding(account, "quota", "ok", found)


def webhook_address(account: Account, settings: Settings) -> str:
    """Where the platform has to send what people write."""
    base = (settings.public_url or "").rstrip("/")
    if isinstance(account, ZaloBotAccount):
        return base + zalo_bot_path(account.commune)
    return f"{base}/channels/{account.channel}/{account.commune}"


async def _ask_all(
    accounts: Sequence[Account], settings: Settings, database: Database
) -> list[Platform | SendError | None]:
    return list(await asyncio.gather(*(_ask(_question(one, settings, database)) for one in accounts)))


async def _ask(question: Awaitable[Platform | None]) -> Platform | SendError | None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await question
    except SendError as error:
        return error
    except TimeoutError:
        return SendError(f"no answer in {PATIENCE_S:.0f} seconds")


async def _question(account: Account, settings: Settings, database: Database) -> Platform | None:
    match account:
        case TelegramAccount():
            return await _ask_telegram(account)
        case ZaloBotAccount():
            return await _ask_zalo_bot(account)
        case ZaloOaAccount():
            return await _ask_zalo_oa(account, settings, database)


async def _ask_telegram(account: TelegramAccount) -> Platform:
    from bot.channels.telegram_setup import look  # the library takes a while to load

    setup = await look(account)
    problem = None
    if setup.last_error and account.mode == "webhook":
        problem = f"@{setup.username}: the last call of the webhook failed: {setup.last_error}"
    elif setup.waiting > MANY_UPDATES:
        problem = f"@{setup.username}: {setup.waiting} updates wait at the platform"
    return Platform(f"@{setup.username}, {setup.waiting} updates wait", setup.webhook, problem=problem)


async def _ask_zalo_bot(account: ZaloBotAccount) -> Platform:
    api = ZaloBotApi(account.base_url, account.token.get_secret_value())
    try:
        me = await api.get_me()
        return Platform(str(me.get("account_name") or me.get("id")), await api.webhook_url() or None)
    finally:
        await api.aclose()


async def _ask_zalo_oa(account: ZaloOaAccount, settings: Settings, database: Database) -> Platform | None:
    """None without a token that is good now: renewing it is the server's matter."""
    try:
        stored = await asyncio.to_thread(_stored_token, account, settings, database)
    except (VaultError, ValidationError, OSError):
        return None  # `check_token` says so
    if stored is None or not stored[0].access:
        return None
    async with httpx2.AsyncClient(timeout=PATIENCE_S) as client:
        try:
            url = f"{account.base_url.rstrip('/')}{ABOUT}"
            response = await client.get(url, headers={"access_token": stored[0].access})
            answer = response.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise SendError(type(error).__name__) from None
    if not isinstance(answer, dict) or answer.get("error") != 0:
        code = answer.get("error") if isinstance(answer, dict) else "no object"
        raise SendError(f"Zalo's OpenAPI answers with error {code}")
    return _about_oa(answer.get("data") or {})


def _about_oa(oa: dict[str, object]) -> Platform:
    kind = {2: "a business", 4: "a public body"}.get(int(str(oa.get("oa_type") or 0)), "another kind")
    package = f"package {oa.get('package_name')} until {oa.get('package_valid_through_date')}"
    about = f"{kind}, {package}, {oa.get('num_follower')} followers"
    problem = None if oa.get("is_verified") else f"the account is not verified ({about})"
    # Its webhook stands in Zalo's console, where no call can look.
    return Platform(about, None, says_webhook=False, problem=problem)


def _stored_token(
    account: ZaloOaAccount, settings: Settings, database: Database
) -> tuple[TokenState, dt.datetime, dt.datetime] | None:
    """(what the row holds, when the access token ends, when the row was written)"""
    with database.read() as session:
        commune = find_commune(session, account.commune)
        row = find_token(session, commune_id=commune.id if commune else 0, channel=account.channel)
        if row is None:
            return None
        sealed, expires_at, updated_at = row.sealed, row.expires_at, row.updated_at
    ring = settings.data_folder / KEY_RING
    if not ring.exists():  # opening would make one
        raise VaultError(f"found no {ring}, expected the key ring that sealed the token")
    opened = open_vault(ring).open(sealed)
    return TokenState.model_validate_json(opened), expires_at, updated_at


def _traffic(database: Database, channel: str, commune: str, now: dt.datetime) -> Finding:
    with database.read() as session:
        row = find_commune(session, commune)
        passed = health.traffic(session, commune_id=row.id if row else 0, channel=channel)
    last_in, last_out = (ago(now - at) if at else "never" for at in (passed.last_in, passed.last_out))
    found = f"last message in {last_in}, last reply out {last_out}, {passed.people} people"
    return Finding(f"{channel} {commune}: traffic", "ok", found)


def _finding(
    account: Account, what: str, state: State, found: str, expected: str = "", todo: str = ""
) -> Finding:
    return Finding(f"{account.channel} {account.commune}: {what}", state, found, expected, todo)


def _wants_webhook(account: Account) -> bool:
    return isinstance(account, ZaloOaAccount) or account.mode == "webhook"


def _mode_of(account: Account) -> str:
    return "webhook" if _wants_webhook(account) else "updates are fetched"
