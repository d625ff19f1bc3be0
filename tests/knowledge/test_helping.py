"""The words of volunteers."""

from knowledge.helping import HelpingWords, load_helping_words
from knowledge.intents import load_intent_words
from retrieval.text import fold

WORDS = load_helping_words()


def all_phrases(words: HelpingWords) -> list[str]:
    beginnings = (*words.lookup, *words.send, *words.whom, *words.before_code)
    return [*words.commands, *words.in_call, *beginnings, *words.my_code]


def test_phrases_are_folded_else_no_message_could_match():
    assert [phrase for phrase in all_phrases(WORDS) if fold(phrase) != phrase] == []


def test_longer_beginnings_are_tried_first():
    for beginnings in (WORDS.lookup, WORDS.send, WORDS.before_code):
        assert [len(each) for each in beginnings] == sorted(map(len, beginnings), reverse=True)


def test_what_everybody_may_say_means_nothing_else():
    assert set(WORDS.my_code) & set(load_intent_words().phrases) == set()


def test_no_word_of_a_volunteer_calls_for_a_person_or_erases():
    phrases = load_intent_words().phrases

    taken = {phrases[said] for said in WORDS.commands if said in phrases}
    assert taken <= {"menu"}
