"""`hocvuso serve` for a benchmark: one on SQLite or several on PostgreSQL, with a fake Zalo Bot."""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.postgresql import postgresql
from bot.channels.zalo_bot import SECRET_HEADER, webhook_path
from records.database import Database, open_database, sqlite_url
from records.sample import SLUG
from tests.bot.serving import Server, start
from tests.fakes.zalo_bot import TOKEN

PATH = webhook_path(SLUG)
HEADERS = {SECRET_HEADER: TOKEN, "Content-Type": "application/json"}


@dataclass
class Cluster:
    """Workers on one database and one data folder."""

    folder: Path
    database_url: str  # also of SQLite
    is_sqlite: bool
    servers: list[Server] = field(default_factory=list)

    def start(self) -> Server:
        settings: dict[str, Any] = {} if self.is_sqlite else {"HOCVUSO_DATABASE_URL": self.database_url}
        return start(self.folder, HOCVUSO_LOG_LEVEL="ERROR", **settings)

    def start_all(self, count: int) -> None:
        with ThreadPoolExecutor(count) as threads:
            self.servers += threads.map(lambda _number: self.start(), range(count))

    def stop_all(self) -> None:
        for server in self.servers:
            server.process.terminate()
        for server in self.servers:
            server.stop()
        self.servers.clear()

    @contextmanager
    def database(self) -> Iterator[Database]:
        database = open_database(self.database_url)
        try:
            yield database
        finally:
            database.close()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        urls = [urlsplit(server.url) for server in self.servers]
        return [(url.hostname or "", url.port or 0) for url in urls]


@contextmanager
def cluster(kind: str, *, platform_url: str | None = None) -> Iterator[Cluster]:
    """An empty installation on `kind` (sqlite, postgresql); `platform_url` is where Zalo Bot is."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hvs", dir=_disk())))
        url = sqlite_url(folder / "hocvuso.db") if kind == "sqlite" else stack.enter_context(postgresql())
        if platform_url:
            describe_account(folder, platform_url)
        made = Cluster(folder, url, kind == "sqlite")
        stack.callback(made.stop_all)
        yield made


def describe_account(folder: Path, platform_url: str) -> None:
    accounts = folder / "channels.toml"
    accounts.touch(mode=0o600)
    accounts.write_text(
        f'[[account]]\nchannel = "zalo-bot"\ncommune = "{SLUG}"\ntoken = "{TOKEN}"\nmode = "webhook"\n'
        f'webhook_secret = "{TOKEN}"\nbase_url = "{platform_url}"\nmonthly_messages = 1000000000\n',
        encoding="utf-8",
    )


def event(person: str, number: int, text: str) -> dict[str, Any]:
    """What the platform pushes: message `number` of all."""
    return {
        "ok": True,
        "result": {
            "event_name": "message.text.received",
            "message": {
                "from": {"id": person, "display_name": "Ted", "is_bot": False},
                "chat": {"id": person, "chat_type": "PRIVATE"},
                "text": text,
                "message_id": f"u{number}",
                "date": 1_795_336_200_000 + number,
            },
        },
    }


def _disk() -> str:
    """A real disk: on some machines /tmp is memory."""
    return os.environ.get("TMPDIR", "/var/tmp")
