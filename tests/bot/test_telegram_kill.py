"""A server on Telegram that dies by `kill -9` and is started again: nothing is lost, nothing done twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.sender import TASKS
from records.database import open_database, sqlite_url
from records.models import Conversation, InboxMessage, OutboxMessage
from tests.bot.channel_stories import wait_until
from tests.bot.serving import start
from tests.fakes.telegram import FakeTelegram, fake_telegram

PEOPLE = range(4711, 4719)


@pytest.mark.timeout(300)  # two servers start, one after the other
def test_each_message_is_answered_once_and_in_order_although_the_server_was_killed(tmp_path: Path):
    with fake_telegram() as telegram:
        describe_account(tmp_path, telegram)
        for text in ("chào cháu", "cháu là ai"):
            for person in PEOPLE:
                telegram.writes(person, f"{text} {person}")
        server = start(tmp_path)
        wait_until(lambda: len(telegram.sent) >= 5, "the first replies")
        server.kill()
        sent_before = len(telegram.sent)
        for person in PEOPLE:
            telegram.writes(person, f"cảm ơn cháu {person}")

        again = start(tmp_path)
        with reading(tmp_path) as session:
            wait_until(lambda: telegram.waiting == 0 and is_done(session), "everything to be answered")
        again.stop()

        assert sent_before < len(PEOPLE) * 3
        with reading(tmp_path) as session:
            assert session.scalar(select(func.count()).select_from(InboxMessage)) == len(PEOPLE) * 3
            assert set(session.scalars(select(Conversation.turns))) == {3}
            replies = [
                talk_of(session, conversation) for conversation in session.scalars(select(Conversation.id))
            ]
        arrived = [list(dict.fromkeys(telegram.texts(person))) for person in PEOPLE]
        assert sorted(arrived) == sorted(replies)
        # What was under way when the server died may have arrived, and comes once more.
        assert len(telegram.sent) <= sum(map(len, replies)) + TASKS


def describe_account(folder: Path, telegram: FakeTelegram, *, mode: str = "polling") -> None:
    path = folder / "channels.toml"
    path.touch(0o600)
    path.write_text(
        f'[[account]]\nchannel = "telegram"\ncommune = "xa-mau"\nmode = "{mode}"\n'
        f'token = "{telegram.token}"\nbase_url = "{telegram.url}"\n',
        encoding="utf-8",
    )


@contextmanager
def reading(folder: Path) -> Iterator[Session]:
    database = open_database(sqlite_url(folder / "hocvuso.db"))
    with database.read() as session:
        yield session
    database.close()


def is_done(session: Session) -> bool:
    session.rollback()  # look anew
    waiting = select(func.count()).where(InboxMessage.state == "pending")
    unsent = select(func.count()).where(OutboxMessage.state.in_(("pending", "sending")))
    return not session.scalar(waiting) and not session.scalar(unsent)


def talk_of(session: Session, conversation_id: int) -> list[str]:
    rows = select(OutboxMessage).where(OutboxMessage.conversation_id == conversation_id)
    return [row.body["text"] for row in session.scalars(rows.order_by(OutboxMessage.id))]
