"""The database goes away and comes back; a platform does not answer."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import create_engine, make_url, select, text

from bot.assembly import open_assistant
from bot.channels.accounts import ZaloBotAccount
from bot.channels.build import build_channel
from bot.channels.zalo_bot import webhook_path
from bot.content import Content
from bot.settings import Settings
from records.models import InboxMessage, OutboxMessage
from tests.bot.channel_stories import COMMUNE, House, tally, wait_until
from tests.bot.conftest import HandClock
from tests.conftest import new_postgresql_database
from tests.fakes.zalo_bot import TOKEN, FakeZaloBot

PEOPLE = 6


class Outage:
    """Takes a database away from everybody, and gives it back."""

    def __init__(self, server: str, url: str) -> None:
        self._name = make_url(url).database
        address = make_url(server).set(drivername="postgresql+psycopg", database="postgres")
        self._engine = create_engine(address, isolation_level="AUTOCOMMIT")

    def begin(self) -> None:
        self._allow(False)
        self._do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'")

    def end(self) -> None:
        self._allow(True)
        self._engine.dispose()

    def _allow(self, is_allowed: bool) -> None:
        self._do(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS {is_allowed}")

    def _do(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statement))


@pytest.fixture
def platform() -> Iterator[FakeZaloBot]:
    with closing(FakeZaloBot()) as fake:
        fake.webhook = {"url": f"https://xa.example{webhook_path(COMMUNE)}", "secret_token": TOKEN}
        yield fake


@pytest.fixture
def url(postgresql_server: str, migrated_postgresql: str) -> str:
    return new_postgresql_database(postgresql_server, migrated_postgresql)


@pytest.fixture
def house(
    url: str, settings: Settings, content: Content, clock: HandClock, platform: FakeZaloBot
) -> Iterator[House]:
    here = settings.model_copy(update={"database_url": url})
    account = ZaloBotAccount.model_validate(
        {"commune": COMMUNE, "token": TOKEN, "mode": "webhook", "base_url": platform.url,
         "webhook_secret": TOKEN}
    )  # fmt: skip
    house = House(
        lambda: open_assistant(here, clock=clock, content=content),
        lambda parts: build_channel(account, parts),
        clock,
    )
    with closing(house), house:
        yield house


def test_while_postgresql_is_away_webhooks_say_503_and_afterwards_nothing_is_missing(
    house: House, platform: FakeZaloBot, postgresql_server: str, url: str
):
    events = [platform.event(f"chat-{person}", "chào cháu") for person in range(PEOPLE)]
    outage = Outage(postgresql_server, url)
    taken = [platform.push(event, house.url).status_code for event in events[:2]]

    outage.begin()
    refused = [platform.push(event, house.url) for event in events[2:]]
    outage.end()
    again = [platform.push(event, house.url).status_code for event in events]
    house.settle()

    assert taken == [200, 200]
    assert {answer.status_code for answer in refused} == {503}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    assert again == [200] * PEOPLE
    found = tally(house)
    assert (found.messages, found.turns) == (PEOPLE, PEOPLE)
    assert found.replies == found.sent == PEOPLE
    assert Counter(sent.chat_id for sent in platform.sent).keys() == {f"chat-{n}" for n in range(PEOPLE)}


def test_a_platform_that_answers_nothing_holds_no_message_up(house: House, platform: FakeZaloBot):
    platform.is_away = True
    events = [platform.event(f"chat-{person}", "chào cháu") for person in range(PEOPLE)]

    with ThreadPoolExecutor(PEOPLE) as clients:
        taken = list(clients.map(lambda event: platform.push(event, house.url).status_code, events))
    done = _until_answered(house)
    with house.assistant.database.read() as session:
        replies = set(session.scalars(select(OutboxMessage.state)))
    platform.is_away = False

    assert taken == [200] * PEOPLE
    assert done == ["done"] * PEOPLE
    assert "sent" not in replies


def _until_answered(house: House) -> list[str]:
    def states() -> list[str]:
        with house.assistant.database.read() as session:
            return list(session.scalars(select(InboxMessage.state)))

    wait_until(lambda: "pending" not in states(), "every message to be answered")
    return states()
