from staff.common_passwords import COMMON_PASSWORDS
from staff.passwords import MIN_LENGTH, password_fault


def test_a_common_password_is_found_in_capitals_and_with_spaces():
    faults = {
        typed: password_fault(typed, typed) for typed in ("123456123456", "Mat Khau 12345", "QWERTYUIOP[]")
    }

    assert faults == dict.fromkeys(faults, "staff.password_common")


def test_a_letter_counts_once_however_its_marks_are_sent():
    decomposed = "e\u0302\u0301" * 11  # eleven times 'ế'

    assert password_fault(decomposed, decomposed) == "staff.password_short"


def test_there_are_at_least_three_thousand_common_passwords_of_a_length_that_could_be_set():
    assert sum(len(one) >= MIN_LENGTH for one in COMMON_PASSWORDS) >= 3_000


def test_marks_capitals_and_a_sign_at_the_end_do_not_make_a_common_password_another():
    faults = {
        typed: password_fault(typed, typed) for typed in ("Mật Khẩu 123456", "nguyenvan1990!", "Qwerty@12345")
    }

    assert faults == dict.fromkeys(faults, "staff.password_common")


def test_names_of_the_person_the_place_and_the_product_make_no_password():
    own_words = ("lan", "Chị Lan", "Xã Tân Cương")

    faults = {
        typed: password_fault(typed, typed, own_words)
        for typed in ("TanCuong@2026!", "chị lan tân cương", "ubnd-xa-tan-cuong", "hocvuso-quantri-1")
    }

    assert faults == dict.fromkeys(faults, "staff.password_context")


def test_a_sentence_may_hold_such_names():
    sentence = "tân cương trồng chè từ lâu"

    assert password_fault(sentence, sentence, ("lan", "Xã Tân Cương")) is None


def test_every_common_password_would_be_long_enough_and_is_written_as_it_is_looked_up():
    assert [one for one in COMMON_PASSWORDS if len(one) < MIN_LENGTH] == []
    assert [one for one in COMMON_PASSWORDS if one != "".join(one.casefold().split())] == []
