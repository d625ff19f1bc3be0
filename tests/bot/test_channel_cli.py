"""`hocvuso channel`: what it tells the platforms, over sockets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from bot.assembly import KEY_RING
from bot.channels.accounts import webhook_secret
from bot.channels.zalo_oa_tokens import TokenState
from bot.main import app
from records.channel_tokens import find_token
from records.communes import find_commune
from records.database import open_database, sqlite_url
from records.vault import open_vault
from tests.fakes.telegram import FakeTelegram, fake_telegram
from tests.fakes.zalo_bot import TOKEN, FakeZaloBot

PUBLIC = "https://xa.example.vn"


@pytest.fixture
def zalo() -> Iterator[FakeZaloBot]:
    fake = FakeZaloBot()
    yield fake
    fake.close()


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as fake:
        yield fake


class Office:
    """A data folder with accounts of the commune xa-mau, and the commands on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written = ""

    def account(self, channel: str, **fields: str) -> None:
        lines = [f'{name} = "{value}"' for name, value in {"commune": "xa-mau", **fields}.items()]
        self._written += "\n".join(["[[account]]", f'channel = "{channel}"', *lines, ""])
        file = self.folder / "channels.toml"
        file.write_text(self._written, encoding="utf-8")
        file.chmod(0o600)

    def run(self, *arguments: str, text: str = "", public: str = PUBLIC) -> Result:
        env = {"HOCVUSO_DATA_FOLDER": str(self.folder), "HOCVUSO_PUBLIC_URL": public}
        return CliRunner().invoke(app, ["channel", *arguments], env=env, input=text)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_accounts_are_listed_without_their_tokens(office: Office, zalo: FakeZaloBot):
    office.account("telegram", token="7:made-up-telegram-token")
    office.account("zalo-bot", token=TOKEN, mode="webhook")
    office.account("zalo-oa", app_id="1107", app_secret="made-up-1", oa_secret="made-up-2")

    listed = office.run("list")

    assert listed.stdout == "telegram\txa-mau\tpolling\nzalo-bot\txa-mau\twebhook\nzalo-oa\txa-mau\twebhook\n"


def test_a_webhook_of_a_zalo_bot_is_set_and_taken_away(office: Office, zalo: FakeZaloBot):
    office.account("zalo-bot", token=TOKEN, mode="webhook", base_url=zalo.url)

    done = office.run("set-webhook", "zalo-bot")

    address = "https://xa.example.vn/channels/zalo-bot/xa-mau"
    assert done.stdout == f"zalo-bot xa-mau: {address}\n"
    assert zalo.webhook == {"url": address, "secret_token": webhook_secret(None, SecretStr(TOKEN))}
    assert office.run("delete-webhook", "zalo-bot").stdout == "zalo-bot xa-mau: no webhook\n"
    assert zalo.webhook["url"] == ""


def test_a_webhook_of_a_telegram_bot_is_set_and_taken_away(office: Office, telegram: FakeTelegram):
    office.account("telegram", token=telegram.token, mode="webhook", base_url=telegram.url)

    done = office.run("set-webhook", "telegram", "--commune", "xa-mau")

    assert done.stdout == "telegram xa-mau: https://xa.example.vn/channels/telegram/xa-mau\n"
    assert telegram.webhook["url"] == "https://xa.example.vn/channels/telegram/xa-mau"
    assert office.run("delete-webhook", "telegram").exit_code == 0
    assert telegram.webhook == {}


def test_a_webhook_nobody_could_reach_or_read_is_not_set(office: Office, zalo: FakeZaloBot):
    office.account("zalo-bot", token=TOKEN, mode="polling", base_url=zalo.url)

    without_address = office.run("set-webhook", "zalo-bot", public="http://127.0.0.1:8000")
    without_reader = office.run("set-webhook", "zalo-bot")

    assert (without_address.exit_code, without_reader.exit_code, zalo.calls) == (1, 1, [])
    assert without_address.stderr == "HOCVUSO_PUBLIC_URL: found http://127.0.0.1:8000, expected https://…\n"
    assert without_reader.stderr.startswith("found mode polling, expected webhook")


def test_what_the_platform_refuses_is_told_without_the_token(office: Office, zalo: FakeZaloBot):
    office.account("zalo-bot", token="4712:another-made-up-token", mode="webhook", base_url=zalo.url)

    refused = office.run("set-webhook", "zalo-bot")

    assert refused.exit_code == 1
    assert refused.stderr == "setWebhook: 401 Unauthorized: the token is refused\n"


def test_an_account_that_is_not_there_is_named(office: Office, zalo: FakeZaloBot):
    office.account("zalo-bot", token=TOKEN, base_url=zalo.url)

    wrong_commune = office.run("delete-webhook", "zalo-bot", "--commune", "xa-la")
    wrong_channel = office.run("delete-webhook", "telegram")

    expected = "expected one in .env or channels.toml\n"
    assert wrong_commune.stderr == f"found no account of xa-la on zalo-bot, {expected}"
    assert wrong_channel.stderr == f"found no account of xa-mau on telegram, {expected}"


def test_a_refresh_token_is_read_from_a_pipe_and_kept_sealed(office: Office):
    office.account("zalo-oa", app_id="1107", app_secret="made-up-1", oa_secret="made-up-2")
    made = CliRunner().invoke(
        app,
        ["commune", "set", "xa-mau", "--name", "xã Mẫu"],
        env={"HOCVUSO_DATA_FOLDER": str(office.folder)},
    )
    assert made.exit_code == 0

    kept = office.run("zalo-oa-token", text="a-made-up-refresh-token\n")

    assert kept.stdout == "zalo-oa xa-mau: kept; the server gets an access token with it\n"
    database = open_database(sqlite_url(office.folder / "hocvuso.db"))
    with database.read() as session:
        commune = find_commune(session, "xa-mau")
        assert commune is not None
        row = find_token(session, commune_id=commune.id, channel="zalo-oa")
        assert row is not None
        sealed = row.sealed
    database.close()
    assert b"a-made-up-refresh-token" not in sealed
    opened = TokenState.model_validate_json(open_vault(office.folder / KEY_RING).open(sealed))
    assert (opened.refresh, opened.access) == ("a-made-up-refresh-token", "")


def test_no_refresh_token_is_refused(office: Office):
    office.account("zalo-oa", app_id="1107", app_secret="made-up-1", oa_secret="made-up-2")

    assert office.run("zalo-oa-token", text="\n").stderr == "found no refresh token, expected one\n"
