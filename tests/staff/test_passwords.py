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


def test_there_are_at_least_a_hundred_common_passwords():
    assert len(COMMON_PASSWORDS) >= 100


def test_every_common_password_would_be_long_enough_and_is_written_as_it_is_looked_up():
    assert [one for one in COMMON_PASSWORDS if len(one) < MIN_LENGTH] == []
    assert [one for one in COMMON_PASSWORDS if one != "".join(one.casefold().split())] == []
