"""What a channel was told is stored survives `kill -9`; each message counts once."""

import random
import threading
from pathlib import Path

import httpx
from sqlalchemy import select

from records.database import open_database, sqlite_url
from records.models import InboxMessage, OutboxMessage, Question
from tests.bot.serving import start

MESSAGES, CLIENTS = 200, 4
ASKS = ["quen mat khau vneid lam sao", "quét mã qr để trả tiền", "cách gọi hình zalo", "zxcv bnm qwe"]


def test_after_kill_each_acknowledged_message_has_one_question_and_its_reply(tmp_path: Path):
    server = start(tmp_path)
    acknowledged: set[str] = set()
    sent = threading.Semaphore(0)

    def client(number: int) -> None:
        """One person: sends their messages one after the other until the server is gone."""
        with httpx.Client(base_url=server.url, timeout=20) as http:
            for at in range(MESSAGES // CLIENTS):
                text = f"{ASKS[at % len(ASKS)]} nhà {number} lần {at}"
                form = {"text": text, "message_id": f"client-{number}-message-{at:04}"}
                try:
                    answer = http.post("/tin-nhan", data=form, headers={"X-Requested-With": "fetch"})
                except httpx.TransportError:
                    return
                if answer.status_code == 200:
                    acknowledged.add(text)
                sent.release()

    clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in clients:
        thread.start()
    for _ in range(random.Random(7).randint(60, 120)):
        assert sent.acquire(timeout=60)
    server.kill()
    for thread in clients:
        thread.join(30)

    again = start(tmp_path)
    _wait_until_nothing_is_pending(again.url)
    again.stop()

    assert len(acknowledged) >= 60
    database = open_database(sqlite_url(tmp_path / "hocvuso.db"))
    with database.read() as session:
        inbox = {row.text: row for row in session.scalars(select(InboxMessage))}
        questions = [question.inbox_id for question in session.scalars(select(Question))]
        replied = {reply.inbox_id for reply in session.scalars(select(OutboxMessage))}
    database.close()
    assert acknowledged - inbox.keys() == set()
    assert {row.state for row in inbox.values()} == {"done"}
    assert sorted(questions) == sorted(row.id for row in inbox.values())
    assert {row.id for row in inbox.values()} - replied == set()


def _wait_until_nothing_is_pending(url: str) -> None:
    with httpx.Client(base_url=url, timeout=20) as http:
        for _ in range(2_000):
            if http.get("/readyz").json()["pending"] == 0:
                return
    raise AssertionError("messages are still pending")
