"""A message can be followed through the log of a real server by one id, and nobody can be read out of it."""

import asyncio
import json
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from bot.channels.telegram_setup import set_webhook
from records.models import OutboxMessage
from tests.bot.channel_stories import wait_until
from tests.bot.serving import serving
from tests.bot.telegram_rig import account_of
from tests.bot.test_telegram_kill import describe_account, is_done, reading
from tests.fakes.telegram import FakeTelegram, fake_telegram

BA, ONG = 471_100_815, 471_200_816  # their chats
ASK = "quên mật khẩu vneid, gọi lại cho tôi số 0912777345"


def answered(telegram: FakeTelegram, folder: Path) -> None:
    """Wait until both have their replies and the server has nothing to do."""
    with reading(folder) as session:
        wait_until(lambda: len({sent.chat for sent in telegram.sent}) == 2, "a reply for each")
        wait_until(lambda: is_done(session), "everything to be answered")


def test_a_message_has_one_id_from_the_webhook_to_its_last_reply(tmp_path: Path):
    log = tmp_path / "log"
    with fake_telegram() as telegram:
        describe_account(tmp_path, telegram, mode="webhook")
        asyncio.run(set_webhook(account_of(telegram, "webhook"), "https://xa-mau.example"))
        with serving(tmp_path, log=log) as server:
            telegram.people_write_to = server.url
            telegram.writes(BA, ASK)
            telegram.writes(ONG, "chào cháu")
            answered(telegram, tmp_path)
    with reading(tmp_path) as session:
        rows = Counter(session.scalars(select(OutboxMessage.inbox_id)))
    written = log.read_text(encoding="utf-8")
    trails: dict[int, list[str]] = {}
    for line in map(json.loads, written.splitlines()):
        if "inbox_id" in line:
            trails.setdefault(line["inbox_id"], []).append(line["event"])
    assert len(rows) == 2
    assert trails == {
        inbox_id: ["a message is in", "a turn is done", *["a reply is sent"] * count]
        for inbox_id, count in rows.items()
    }
    shown = [
        part for part in (*ASK.split()[1:], "chào", str(BA), str(ONG), telegram.token) if part in written
    ]
    assert shown == []
