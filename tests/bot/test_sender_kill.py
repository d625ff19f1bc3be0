"""The sender dies at each of its marked points: every reply arrives, and comes twice only after the call."""

import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from records.database import Database
from records.inbox import claim_row
from records.learners import note_message
from records.models import OutboxMessage
from records.outbox import put
from records.sample import ensure_sample_commune
from records.vault import open_vault
from tests.bot.dying_sender import POINTS, send_all
from tests.conftest import NOW
from tests.fakes.zalo_bot import FakeZaloBot

REPLIES = ("một", "hai", "ba")
TWICE = {"after the call": 1, "before the mark": 1}  # what arrived, and nobody wrote it down


def write(database: Database, folder: Path) -> None:
    vault = open_vault(folder / "secret.key")
    with database.write() as session:
        home = ensure_sample_commune(session, now=NOW).id
        talk = note_message(
            session,
            commune_id=home,
            channel="zalo-bot",
            hashes=["ba"],
            sealed_address=vault.seal("chat-ba"),
            now=NOW,
        )
        message, _ = claim_row(session, talk, message_id="1", text="chào", now=NOW)
        put(session, message, [{"text": text, "choices": []} for text in REPLIES], now=NOW)


def send(database_url: str, folder: Path, platform: FakeZaloBot, point: str) -> int:
    command = [sys.executable, "-m", "tests.bot.dying_sender", database_url, str(folder), platform.url, point]
    return subprocess.run(command, check=False, timeout=60).returncode


@pytest.mark.parametrize("point", POINTS)
def test_a_reply_arrives_and_comes_twice_only_when_it_arrived_unmarked(
    database: Database, migrated_url: str, tmp_path: Path, point: str
):
    write(database, tmp_path)
    with closing(FakeZaloBot()) as platform:
        platform.event("chat-ba", "chào")  # they have written before

        died = send(migrated_url, tmp_path, platform, point)
        send_all(migrated_url, str(tmp_path), platform.url, "nowhere")
        arrived = platform.texts_to("chat-ba")

    assert died == -signal.SIGKILL
    assert list(dict.fromkeys(arrived)) == list(REPLIES)
    assert (Counter(arrived) - Counter(REPLIES)).total() == TWICE.get(point, 0)
    with database.read() as session:
        assert set(session.scalars(select(OutboxMessage.state))) == {"sent"}
