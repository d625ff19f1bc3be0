"""A whole assistant for the tests of the front door, its clock in the test's hand."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from bot.assembly import Assistant, load_content, open_assistant
from bot.content import Content
from bot.settings import Settings
from tests.bot.web_rig import Chat, open_chat, open_chromium
from tests.conftest import NOW


@dataclass
class HandClock:
    now: dt.datetime = field(default=NOW)

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += dt.timedelta(**delta)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def content() -> Content:
    """The shipped guides and model; built once, read only."""
    return load_content(Settings(_env_file=None))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Without limits of how much one person may send; their own tests set them."""
    return Settings(
        _env_file=None,
        data_folder=tmp_path / "data",
        port=0,
        rate_person=0,
        rate_address=0,
        rate_new_talks=0,
    )


@pytest.fixture
def assistant(
    migrated_url: str, settings: Settings, content: Content, clock: HandClock
) -> Iterator[Assistant]:
    """A whole assistant, worker running, once on each kind of database."""
    here = settings.model_copy(update={"database_url": migrated_url})
    with open_assistant(here, clock=clock, content=content) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def chat(chromium: Browser, now: dt.datetime) -> Iterator[Chat]:
    with open_chat(chromium, now) as chat:
        yield chat
