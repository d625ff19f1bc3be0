"""A real server when too much comes, when the disk is full, and when it is told to stop meanwhile."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from records.database import Database, open_database, sqlite_url
from records.inbox import claim_row
from records.learners import open_conversation
from records.models import InboxMessage, OutboxMessage
from records.sample import ensure_sample_commune
from tests.bot.channel_stories import wait_until
from tests.bot.serving import Server, serving
from tests.bot.small_disk import MIB, small_disk
from tests.bot.telegram_rig import account_of
from tests.bot.test_telegram_kill import describe_account, is_done, reading
from tests.conftest import NOW
from tests.fakes.telegram import FakeTelegram, fake_telegram

PATH = "/channels/telegram/xa-mau"
SECRET = "X-Telegram-Bot-Api-Secret-Token"
FULL_AT, BEFORE = 60, 250


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as telegram:
        yield telegram


class Platform:
    """Pushes updates to a server as the platform does, and keeps what was acknowledged."""

    def __init__(self, telegram: FakeTelegram, server: Server) -> None:
        self._telegram, self._url = telegram, server.url
        self._headers = {SECRET: account_of(telegram, "webhook").secret}
        self._numbers = itertools.count(1)
        self.acknowledged: set[int] = set()  # chats

    def update(self, chat: int, text: str) -> dict[str, object]:
        return {"update_id": next(self._numbers), "message": self._telegram.written(chat, text)}

    def push(self, http: httpx.Client, chat: int, update: dict[str, object]) -> httpx.Response:
        answer = http.post(f"{self._url}{PATH}", json=update, headers=self._headers)
        if answer.is_success:
            self.acknowledged.add(chat)
        return answer


def pending(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(InboxMessage.state == "pending")) or 0


def leave_messages(path: Path, count: int) -> None:
    """As many people have written as a server that was down could not answer."""
    with closing(open_database(sqlite_url(path))) as database, database.write() as session:
        commune = ensure_sample_commune(session, now=NOW)
        for number in range(count):
            talk = open_conversation(
                session, commune_id=commune.id, channel="webchat", hashes=[f"p{number}"], now=NOW
            )
            claim_row(session, talk, message_id=f"m{number}", text="quen mat khau vneid lam sao", now=NOW)


def test_when_too_many_wait_platforms_come_again_and_people_are_told_and_then_it_goes_on(
    tmp_path: Path, telegram: FakeTelegram, migrated_sqlite: Path
):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "hocvuso.db").write_bytes(migrated_sqlite.read_bytes())
    leave_messages(folder / "hocvuso.db", BEFORE)
    describe_account(folder, telegram, mode="webhook")
    form = {"text": "chào cháu", "message_id": "m-00000000000000001"}
    marks = {"HOCVUSO_BUSY_AT": "30", "HOCVUSO_FULL_AT": str(FULL_AT)}

    with serving(folder, **marks) as server, httpx.Client(base_url=server.url, timeout=20) as http:
        platform = Platform(telegram, server)
        update = platform.update(4711, "chào cháu")
        refused = platform.push(http, 4711, update)
        page = http.post("/tin-nhan", data=form, headers={"Sec-Fetch-Site": "same-origin"})
        ready = http.get("/readyz")
        wait_until(lambda: platform.push(http, 4711, update).is_success, "the message to be taken")
        wait_until(
            lambda: http.post("/tin-nhan", data=form, headers={"Sec-Fetch-Site": "same-origin"}).is_redirect,
            "the page to take messages",
        )
        wait_until(lambda: bool(telegram.texts(4711)), "the reply")
        again = http.get("/readyz")
        with reading(folder) as session:
            wait_until(lambda: is_done_but_for_pages(session), "everything to be answered")
            states = Counter(session.scalars(select(InboxMessage.state)))

    assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (503, True)
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "Lúc này đang đông người hỏi." in page.text
    assert (ready.status_code, ready.json()["problem"]) == (503, "too many messages wait")
    assert again.status_code == 200
    assert states == {"done": BEFORE + 2}


def is_done_but_for_pages(session) -> bool:
    """The page of those who left before will not fetch its replies."""
    session.rollback()
    return not session.scalar(select(func.count()).where(InboxMessage.state == "pending"))


def test_on_a_full_disk_messages_are_refused_and_none_that_was_taken_is_lost_or_answered_twice(
    tmp_path: Path, telegram: FakeTelegram
):
    with small_disk(tmp_path / "data", size=24 * MIB) as disk:
        describe_account(disk.folder, telegram, mode="webhook")
        with serving(disk.folder) as server, httpx.Client(timeout=20) as http:
            platform = Platform(telegram, server)
            chats = itertools.count(4711)
            for chat in itertools.islice(chats, 5):
                assert platform.push(http, chat, platform.update(chat, "chào cháu")).status_code == 200

            disk.fill(server.process.pid)
            for chat in itertools.islice(chats, 400):
                update = platform.update(chat, "quên mật khẩu vneid " + "x" * 1900)
                answer = platform.push(http, chat, update)
                if not answer.is_success:
                    break
            alive = http.get(f"{server.url}/healthz")
            disk.clear(server.process.pid)
            taken = platform.push(http, chat, update)

            with reading(disk.folder) as session:
                wait_until(lambda: is_done(session), "everything to be answered")
                replies = {
                    row.id: row.body["text"]
                    for row in session.scalars(select(OutboxMessage))
                    if "text" in row.body
                }
                stored = session.scalar(select(func.count()).select_from(InboxMessage))
                whole = session.connection().exec_driver_sql("PRAGMA integrity_check").scalar()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (alive.text, taken.status_code) == ("ok", 200)
    assert (stored, whole) == (len(platform.acknowledged), "ok")
    assert {sent.chat for sent in telegram.sent} == platform.acknowledged
    assert Counter(sent.text for sent in telegram.sent) == Counter(replies.values())


def test_a_server_that_is_told_to_stop_is_gone_in_ten_seconds_and_keeps_all_it_took(
    tmp_path: Path, telegram: FakeTelegram
):
    describe_account(tmp_path, telegram, mode="webhook")
    with serving(tmp_path) as server:
        platform = Platform(telegram, server)
        enough = threading.Semaphore(0)
        broken: list[int] = []

        def people(first: int) -> None:
            with httpx.Client(timeout=20) as http:
                for chat in range(first, first + 500):
                    try:
                        answer = platform.push(http, chat, platform.update(chat, "chào cháu"))
                    except httpx.TransportError:
                        return  # not taken in any more
                    if answer.status_code not in (200, 503):
                        broken.append(answer.status_code)
                    enough.release()

        clients = [threading.Thread(target=people, args=(1_000 * number,)) for number in range(1, 5)]
        for client in clients:
            client.start()
        for _ in range(60):
            assert enough.acquire(timeout=60)
        began = time.monotonic()
        server.stop()
        took_s = time.monotonic() - began
        for client in clients:
            client.join(30)

    with reading(tmp_path) as session:
        messages = list(session.scalars(select(InboxMessage)))
        answered = set(session.scalars(select(OutboxMessage.inbox_id)))
        half_sent = session.scalar(select(func.count()).where(OutboxMessage.state == "sending"))
    assert took_s < 10
    assert broken == []
    assert len(platform.acknowledged) >= 60
    assert len(messages) >= len(platform.acknowledged)
    assert {row.id for row in messages if row.state == "done"} == answered
    assert {row.state for row in messages} <= {"done", "pending"}
    assert half_sent == 0
