import pytest

from bot.assembly import load_content
from bot.content import Content
from bot.settings import Settings
from knowledge.intents import IntentWords, load_intent_words


@pytest.fixture(scope="session")
def words() -> IntentWords:
    return load_intent_words()


@pytest.fixture(scope="session")
def content() -> Content:
    """The shipped guides and model; built once, read only."""
    return load_content(Settings(_env_file=None))
