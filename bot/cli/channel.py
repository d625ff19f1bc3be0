"""`hocvuso channel …`: the accounts on Zalo and Telegram."""

import datetime as dt
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.channels.accounts import Account, TelegramAccount, ZaloBotAccount, ZaloOaAccount
    from bot.settings import Settings

app = typer.Typer(help="Accounts on Zalo and Telegram.", no_args_is_help=True)


class Kind(StrEnum):
    """Channels whose webhook is set by a call; that of an Official Account stands in Zalo's console."""

    telegram = "telegram"
    zalo_bot = "zalo-bot"


_Channel = Annotated[Kind, typer.Argument(help="whose webhook")]
_Commune = Annotated[str | None, typer.Option(help="slug; the one of the settings when left out")]


@app.command("list")
def list_them() -> None:
    """Channel, commune and way in of each account; tokens are not shown."""
    from bot.cli.common import read_settings

    for account in _accounts(read_settings()):
        typer.echo(f"{account.channel}\t{account.commune}\t{_way_in(account)}")


@app.command("set-webhook")
def set_webhook(channel: _Channel, commune: _Commune = None) -> None:
    """Tell the platform to send what people write to HOCVUSO_PUBLIC_URL."""
    import asyncio

    from bot.channels.base import SendError
    from bot.cli.common import fail, read_settings

    settings = read_settings()
    account = _find(settings, channel, commune)
    if not settings.secure_cookies:
        fail(f"HOCVUSO_PUBLIC_URL: found {settings.public_url}, expected https://…")
    if account.mode != "webhook":
        fail(f"found mode {account.mode}, expected webhook: else nobody waits for what is sent there")
    try:
        address = asyncio.run(_set(account, settings))
    except SendError as error:
        fail(str(error))
    typer.echo(f"{account.channel} {account.commune}: {address}")


@app.command("delete-webhook")
def delete_webhook(channel: _Channel, commune: _Commune = None) -> None:
    """Tell the platform to keep what people write until it is fetched."""
    import asyncio

    from bot.channels.base import SendError
    from bot.cli.common import fail, read_settings

    account = _find(read_settings(), channel, commune)
    try:
        asyncio.run(_delete(account))
    except SendError as error:
        fail(str(error))
    typer.echo(f"{account.channel} {account.commune}: no webhook")


@app.command("zalo-oa-token")
def zalo_oa_token(commune: _Commune = None) -> None:
    """Begin anew with a refresh token of the Official Account, asked for or read from a pipe."""
    from bot.assembly import KEY_RING
    from bot.channels.zalo_oa_tokens import store_first_tokens
    from bot.cli.common import fail, open_migrated
    from records.communes import find_commune
    from records.vault import open_vault

    refresh = _read_secret("refresh token")
    if not refresh:
        fail("found no refresh token, expected one")
    with open_migrated() as (database, settings):
        account = _find_oa(settings, commune)
        with database.read() as session:
            row = find_commune(session, account.commune)
            if row is None:
                fail(f"found no commune {account.commune!r}, expected the slug of one that is here")
        store_first_tokens(
            database,
            open_vault(settings.data_folder / KEY_RING),
            commune_id=row.id,
            account=account,
            refresh=refresh,
            now=dt.datetime.now(dt.UTC),
        )
    typer.echo(f"{account.channel} {account.commune}: kept; the server gets an access token with it")


async def _set(account: "TelegramAccount | ZaloBotAccount", settings: "Settings") -> str:
    from bot.doctor_channels import webhook_address

    address = webhook_address(account, settings)
    if account.channel == "telegram":
        from bot.channels import telegram_setup

        await telegram_setup.set_webhook(account, settings.public_url or "")
    else:
        from bot.channels.zalo_bot_api import ZaloBotApi

        api = ZaloBotApi(account.base_url, account.token.get_secret_value())
        try:
            await api.set_webhook(address, account.secret)
        finally:
            await api.aclose()
    return address


async def _delete(account: "TelegramAccount | ZaloBotAccount") -> None:
    if account.channel == "telegram":
        from bot.channels import telegram_setup

        await telegram_setup.delete_webhook(account)
    else:
        from bot.channels.zalo_bot_api import ZaloBotApi

        api = ZaloBotApi(account.base_url, account.token.get_secret_value())
        try:
            await api.delete_webhook()
        finally:
            await api.aclose()


def _accounts(settings: "Settings") -> "list[Account]":
    from bot.channels.accounts import AccountError, read_accounts
    from bot.cli.common import fail

    try:
        return read_accounts(settings)
    except AccountError as error:
        fail(str(error))


def _find(settings: "Settings", channel: Kind, commune: str | None) -> "TelegramAccount | ZaloBotAccount":
    from bot.channels.accounts import TelegramAccount, ZaloBotAccount

    account = _of_commune(settings, channel.value, commune)
    assert isinstance(account, TelegramAccount | ZaloBotAccount)
    return account


def _find_oa(settings: "Settings", commune: str | None) -> "ZaloOaAccount":
    from bot.channels.accounts import ZaloOaAccount

    account = _of_commune(settings, "zalo-oa", commune)
    assert isinstance(account, ZaloOaAccount)
    return account


def _of_commune(settings: "Settings", channel: str, commune: str | None) -> "Account":
    from bot.cli.common import fail

    wanted = (channel, commune or settings.commune)
    found = next((one for one in _accounts(settings) if (one.channel, one.commune) == wanted), None)
    if found is None:
        fail(f"found no account of {wanted[1]} on {channel}, expected one in .env or channels.toml")
    return found


def _read_secret(what: str) -> str:
    """Never an option of the command: those stand in the shell's history and in the list of processes."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True)).strip()
    return sys.stdin.readline().strip()


def _way_in(account: "Account") -> str:
    return account.mode if hasattr(account, "mode") else "webhook"
