"""Make the channel of an account. Libraries of a channel are loaded only where it is used."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from bot.channels.accounts import Account, TelegramAccount, ZaloBotAccount, ZaloOaAccount
from bot.channels.base import Channel
from bot.intake import Intake
from bot.messages import Desk
from bot.voice.audio import Kind
from knowledge.phrases import Phrases
from records.database import Database
from records.only_one import Leadership
from records.vault import Vault

GuidePages = Callable[[str], list[tuple[str, str, str]]]  # query → (slug, title, whole text) best first


@dataclass(frozen=True, slots=True)
class ChannelParts:
    """What channels are made of."""

    desk: Desk
    intake: Intake  # for what webhooks bring
    phrases: Phrases
    clock: Callable[[], dt.datetime]
    database: Database  # for tokens that change
    vault: Vault
    guide_pages: GuidePages  # for a look-up from another chat
    commune_id: Callable[[str], int]
    fetching: Callable[[str], Leadership]  # account → the post of who fetches its messages
    # The file at a path that a reply names, for channels that send it along; None where there is none.
    file: Callable[[str], bytes | None] = lambda _path: None
    # (commune, words of a reply, form) → its sound; and its path, for channels that fetch it: of steps
    # of guides alone, which are the same for everybody. None where there is none.
    sound: Callable[[str, str, Kind], bytes | None] = lambda _commune, _text, _kind: None
    sound_path: Callable[[str, str], str | None] = lambda _commune, _text: None
    public_url: str | None = None  # where others can fetch such a path; None where nobody can


def build_channel(account: Account, parts: ChannelParts) -> Channel:
    match account:
        case TelegramAccount():
            from bot.channels.telegram import TelegramChannel

            return TelegramChannel(account, parts)
        case ZaloBotAccount():
            from bot.channels.zalo_bot import ZaloBotChannel

            return ZaloBotChannel(account, parts)
        case ZaloOaAccount():
            from bot.channels.zalo_oa import ZaloOaChannel

            return ZaloOaChannel(account, parts)
