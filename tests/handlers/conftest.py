import pytest

from knowledge.intents import IntentWords, load_intent_words


@pytest.fixture(scope="session")
def words() -> IntentWords:
    return load_intent_words()
