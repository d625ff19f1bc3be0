"""The settings, read once from the environment or `.env`; the prefix is HOCVUSO_."""

import datetime as dt
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from handlers.working_hours import DEFAULT_WEEK, WorkingHours, parse_hours


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HOCVUSO_", env_file=".env", env_ignore_empty=True, frozen=True
    )

    data_folder: Path = Field(Path("data"), description="where everything that is not code or content lives")
    database_url: str | None = Field(None, description="postgresql://…; unset: SQLite in the data folder")
    content_folder: Path | None = Field(None, description="guides and phrases; unset: those shipped")
    commune: str = Field("xa-mau", description="slug of the commune whose people use the web chat")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0: any free one")
    public_url: str | None = Field(
        None, description="https://… under which people reach it; cookies then need https"
    )
    encoder: str | None = Field(
        None, description="a sentence-transformers model (extra `models`); unset: the shipped one"
    )
    encoder_prompt: str | None = Field(None, description="prefix the model wants before a question")
    encoder_passage_prompt: str | None = Field(None, description="prefix the model wants before a passage")
    threshold: float = Field(0.7, ge=0, le=1, description="least score of a guide we answer with")
    trusted_proxy: str = Field(
        "127.0.0.1", description="addresses of the proxy whose X-Forwarded-For is believed"
    )
    rate_person: int = Field(
        20, ge=0, description="messages of one person a minute, and ten times that a day; 0: no limit"
    )
    rate_address: int = Field(60, ge=0, description="web chat messages of one address a minute; 0: no limit")
    rate_new_talks: int = Field(3, ge=0, description="new web talks of one address a minute; 0: no limit")
    rate_api: int = Field(60, ge=0, description="calls of the API with one key a minute; 0: no limit")
    oidc_issuer: str | None = Field(
        None, description="https://… of the office's sign-in service for staff (extra `sso`)"
    )
    oidc_client_id: str | None = Field(None, description="what that service knows this installation as")
    oidc_client_secret: SecretStr | None = Field(None, description="of that client; file:PATH reads a file")
    piper: str | None = Field(
        None, description="command of the speech engine Piper, text in, WAV out; unset: espeak-ng, if there"
    )
    speech_model: Path | None = Field(
        None,
        description="folder of a Whisper model for voice messages (extra `voice`); unset: none are heard",
    )
    telegram_token: SecretStr | None = Field(None, description="of the bot; file:PATH reads a file")
    telegram_mode: Literal["polling", "webhook"] = Field("polling", description="webhook needs a public URL")
    zalo_bot_token: SecretStr | None = Field(None, description="of the Zalo Bot; file:PATH reads a file")
    zalo_bot_mode: Literal["polling", "webhook"] = Field("polling", description="as for Telegram")
    zalo_oa_app_id: str | None = Field(None, description="of the app of the Zalo Official Account")
    zalo_oa_app_secret: SecretStr | None = Field(None, description="of that app; file:PATH reads a file")
    zalo_oa_oa_secret: SecretStr | None = Field(None, description="signs the webhook; file:PATH reads a file")
    zalo_oa_refresh_token: SecretStr | None = Field(None, description="the first one; file:PATH reads a file")
    zalo_oa_buttons: bool = Field(False, description="send buttons, where the account may")
    keep_messages: int = Field(90, ge=1, description="days that texts of messages and questions are kept")
    keep_handoffs: int = Field(180, ge=1, description="days that calls for a person are kept")
    keep_statistics: int = Field(730, ge=1, description="days that what is counted is kept, without texts")
    keep_audit: int = Field(730, ge=1, description="days that the audit log, requests and receipts are kept")
    keep_backups: int = Field(365, ge=1, description="days that backups are kept")
    backups_daily: int = Field(7, ge=1, description="days of which the last backup is kept")
    backups_weekly: int = Field(5, ge=0, description="weeks of which the last backup is kept")
    backups_monthly: int = Field(12, ge=0, description="months of which the last backup is kept")
    keep_silent: int = Field(365, ge=1, description="days until who does not write is no longer recognised")
    days_off: str = Field(
        "", description="days off that move each year (Tết, Giỗ Tổ), such as 2027-02-05 2027-02-08"
    )
    working_hours: str = Field(
        DEFAULT_WEEK,
        description="when people answer calls; more days: … 17:00; Sat 08:00-11:00",
    )
    escalate_minutes: int = Field(
        15, ge=1, description="of working hours until a call nobody took goes to the whole commune"
    )
    masked_below: int = Field(
        5, ge=3, le=10, description="fewer people than these are masked in what is printed or sent to others"
    )
    busy_at: int = Field(
        2_000, ge=1, description="messages waiting from which on the web chat says that many are asking"
    )
    full_at: int = Field(
        20_000, ge=1, description="messages waiting from which on webhooks are answered with 503, too"
    )
    class_counts: str = Field(
        "women over_60", description="counted of a class beside the total: women over_60 disabled minority"
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="of our own logs")

    @field_validator("class_counts")
    @classmethod
    def _are_counts(cls, value: str) -> str:
        if unknown := set(value.split()) - {"women", "over_60", "disabled", "minority"}:
            raise ValueError(f"found {sorted(unknown)}, expected of women, over_60, disabled, minority")
        return value

    @field_validator("days_off")
    @classmethod
    def _are_days(cls, value: str) -> str:
        for day in value.split():
            dt.date.fromisoformat(day)
        return value

    @field_validator("working_hours")
    @classmethod
    def _are_hours(cls, value: str) -> str:
        parse_hours(value)
        return value

    @property
    def holidays(self) -> frozenset[dt.date]:
        return frozenset(dt.date.fromisoformat(day) for day in self.days_off.split())

    @property
    def hours(self) -> WorkingHours:
        return parse_hours(self.working_hours, self.holidays)

    @property
    def secure_cookies(self) -> bool:
        return bool(self.public_url and self.public_url.startswith("https://"))
