"""Mending slips against a vocabulary, on folded words."""

import pytest

from retrieval.spelling import NEIGHBOURS, OFTEN, RARE, Speller, Vocabulary, sound_alikes

USED = Vocabulary(["dai su so la ai"] * OFTEN + ["bi lua tien roi"] * OFTEN + ["nhan vien ngan hang"] * OFTEN)
# As rare as a slip, with no neighbour of its own, and as usual as a word of ours.
RARE_WORDS = Vocabulary([*["dai su so la ai"] * OFTEN, *["xo"] * RARE])
USUAL_WORDS = Vocabulary([*["dai su so la ai"] * OFTEN, *["xo"] * (RARE + 1)])


def spelt(text: str, vocabulary: Vocabulary = USED) -> str:
    return " ".join(" ".join(parts) for parts in Speller(vocabulary).spell(text.split()))


def reread(text: str, vocabulary: Vocabulary) -> str:
    return " ".join(Speller(vocabulary).reread(text.split()))


# --- Words that are not ours ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slip", "word"),
    [
        ("tieen", "tien"),
        ("tieeen", "tien"),
        ("ttien", "tien"),
        ("tiennnn", "tien"),
        ("ttieenn", "tien"),  # held down three times
        ("nngan", "ngan"),
    ],
)
def test_letters_typed_too_often_are_dropped(slip: str, word: str):
    assert spelt(slip) == word


def test_the_least_change_comes_first():
    assert spelt("cuuu", Vocabulary(["cu cuu"])) == "cuu"


def test_a_letter_is_not_left_over_from_one_held_down():
    assert spelt("uuuuuu", Vocabulary(["u"])) == "uuuuuu"


def test_a_word_without_a_vowel_is_an_abbreviation_we_do_not_know_and_no_slip():
    vocabulary = Vocabulary(["bds xe bus"])

    assert spelt("bhs", vocabulary) == "bhs"
    assert spelt("buss", vocabulary) == "bus"


def test_words_given_are_left_alone():
    speller = Speller(Vocabulary(["ch play"]))

    assert speller.spell(["chplay"]) == [("ch", "play")]
    assert speller.spell(["chplay"], given={"chplay"}) == [("chplay",)]


# --- Words of ours that were not meant ------------------------------------------------------------


def test_a_rare_word_is_read_as_one_said_alike_that_goes_with_a_neighbour():
    assert reread("su xo", RARE_WORDS) == "su so"


def test_a_usual_word_is_read_otherwise_only_where_both_neighbours_say_so():
    assert reread("su xo", USUAL_WORDS) == "su xo"
    assert reread("su xo la", USUAL_WORDS) == "su so la"


def test_two_slips_side_by_side_are_both_read():
    vocabulary = Vocabulary([*["dai su so la ai"] * OFTEN, "xu", "xo"])

    assert reread("dai xu xo la", vocabulary) == "dai su so la"


def test_a_rare_word_one_edit_away_needs_both_neighbours():
    vocabulary = Vocabulary([*["nhan vien ngan hang"] * OFTEN, "viem"])

    assert reread("nhan viem ngan", vocabulary) == "nhan vien ngan"
    assert reread("nhan viem", vocabulary) == "nhan viem"


def test_a_word_that_was_seen_beside_a_neighbour_stays():
    vocabulary = Vocabulary([*["dai su so la ai"] * OFTEN, "su xo"])

    assert reread("su xo la", vocabulary) == "su xo la"


def test_a_word_that_is_not_ours_is_left_to_spelling():
    assert reread("su xo la", Vocabulary(["dai su so la ai"] * OFTEN)) == "su xo la"


@pytest.mark.parametrize(
    ("word", "alike"),
    [
        ("so", "xo"),
        ("truyen", "chuyen"),
        ("giay", "day"),
        ("vu", "zu"),
        ("lan", "nan"),
        ("lich", "lit"),
        ("ki", "ky"),
    ],
)
def test_spellings_that_are_said_alike_somewhere_are_known_both_ways(word: str, alike: str):
    assert alike in sound_alikes(word)
    assert word in sound_alikes(alike)


def test_an_onset_of_two_letters_is_not_taken_for_one():
    assert "lha" not in sound_alikes("nha")
    assert sound_alikes("") == set()


# --- The vocabulary -------------------------------------------------------------------------------


def test_a_vocabulary_knows_folded_words_and_pairs():
    vocabulary = Vocabulary(["Quên mật khẩu", "đổi mật khẩu"])

    assert vocabulary.words == {"quen": 1, "mat": 2, "khau": 2, "doi": 1}
    assert vocabulary.pairs == {("quen", "mat"): 1, ("mat", "khau"): 2, ("doi", "mat"): 1}
    assert "mat" in vocabulary
    assert "mật" not in vocabulary


def test_near_words_are_one_edit_away():
    vocabulary = Vocabulary(["mat mot mac mata at amt tam mattt khau"])

    assert vocabulary.near("mat") == {"mot", "mac", "mata", "at", "amt"}


def test_keys_are_neighbours_both_ways_and_never_of_themselves():
    assert ("a", "s") in NEIGHBOURS
    assert ("q", "a") in NEIGHBOURS
    assert ("a", "p") not in NEIGHBOURS
    assert {(b, a) for a, b in NEIGHBOURS} == NEIGHBOURS
    assert [pair for pair in NEIGHBOURS if pair[0] == pair[1]] == []
