"""The accounts on channels: from the settings for one commune, from a file for several.

# channels.toml in the data folder, readable by its owner only
[[account]]
channel = "telegram"
commune = "xa-mau"
token = "file:/run/secrets/telegram"       # or the token itself
"""

import hashlib
import hmac
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from bot.settings import Settings

FILE_NAME = "channels.toml"


class AccountError(Exception):
    """An account is not described as it must be; the message never holds a secret."""


def _read_file(value: object) -> object:
    """A secret given as `file:PATH` is what stands in that file."""
    if isinstance(value, str) and value.startswith("file:"):
        try:
            return Path(value.removeprefix("file:")).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"found no file {value!r} that can be read") from error
    return value


Secret = Annotated[SecretStr, Field(min_length=1), BeforeValidator(_read_file)]


class _Account(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    commune: str


class TelegramAccount(_Account):
    channel: Literal["telegram"] = "telegram"
    token: Secret
    mode: Literal["polling", "webhook"] = "polling"
    webhook_secret: Secret | None = None
    base_url: str = "https://api.telegram.org"
    # A SOCKS proxy would need another package.
    proxy: str | None = Field(None, pattern="^https?://", description="where Telegram cannot be reached")

    @property
    def secret(self) -> str:
        return webhook_secret(self.webhook_secret, self.token)


class ZaloBotAccount(_Account):
    channel: Literal["zalo-bot"] = "zalo-bot"
    token: Secret
    mode: Literal["polling", "webhook"] = "polling"
    webhook_secret: Secret | None = None
    base_url: str = "https://bot-api.zaloplatforms.com"
    monthly_messages: int = Field(3_000, gt=0, description="quota of the plan")
    users: int = Field(50, gt=0, description="people the plan lets write to the bot")

    @property
    def secret(self) -> str:
        return webhook_secret(self.webhook_secret, self.token)


class ZaloOaAccount(_Account):
    channel: Literal["zalo-oa"] = "zalo-oa"
    app_id: str
    app_secret: Secret
    oa_secret: Secret
    refresh_token: Secret | None = Field(
        None, description="the first one; later ones are kept in the database"
    )
    send_by: Literal["auto", "v3", "v2"] = "auto"
    buttons: bool = False
    paid_window: bool = Field(
        True, description="also answer 48 hours to 7 days after the last message, billed"
    )
    asks_profile: bool = False
    base_url: str = "https://openapi.zalo.me"
    oauth_url: str = "https://oauth.zaloapp.com"


Account = Annotated[TelegramAccount | ZaloBotAccount | ZaloOaAccount, Field(discriminator="channel")]
_ACCOUNTS: TypeAdapter[list[Account]] = TypeAdapter(list[Account])


def webhook_secret(given: SecretStr | None, token: SecretStr) -> str:
    """What the platform sends along with each update; derived from the token when none is set."""
    if given is not None:
        return given.get_secret_value()
    return hmac.new(token.get_secret_value().encode(), b"hocvuso webhook", hashlib.sha256).hexdigest()


def read_accounts(settings: Settings) -> list[Account]:
    """All accounts, each channel of a commune once. Raises `AccountError`."""
    try:
        accounts = _ACCOUNTS.validate_python([*_of_settings(settings), *_of_file(settings)])
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AccountError(f"account {where}: {first['msg']}") from error
    seen: set[tuple[str, str]] = set()
    for account in accounts:
        if (account.channel, account.commune) in seen:
            raise AccountError(f"found two accounts of {account.commune} on {account.channel}, expected one")
        seen.add((account.channel, account.commune))
    return accounts


def _of_settings(settings: Settings) -> list[dict[str, Any]]:
    """The accounts of the commune of this deployment: one channel for each token that is set."""
    found = []
    for channel, needed in (("telegram", "token"), ("zalo_bot", "token"), ("zalo_oa", "app_id")):
        prefix = f"{channel}_"
        values = {
            name.removeprefix(prefix): value
            for name, value in settings
            if name.startswith(prefix) and value is not None
        }
        if needed in values:
            plain = {
                key: value.get_secret_value() if isinstance(value, SecretStr) else value
                for key, value in values.items()
            }
            found.append({"channel": channel.replace("_", "-"), "commune": settings.commune, **plain})
    return found


def _of_file(settings: Settings) -> list[dict[str, Any]]:
    path = settings.data_folder / FILE_NAME
    if not path.exists():
        return []
    if path.stat().st_mode & 0o077:
        raise AccountError(f"{path}: others can read it, expected its owner only (chmod 600)")
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise AccountError(f"{path}: {error}") from error
    accounts = written.get("account", [])
    if set(written) - {"account"} or not isinstance(accounts, list):
        raise AccountError(f"{path}: found {sorted(written)}, expected only [[account]] tables")
    return accounts
