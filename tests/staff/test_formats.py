import datetime as dt

import pytest

from knowledge.phrases import load_phrases
from staff.formats import duration, moment, number


def test_numbers_have_dots_between_the_thousands():
    assert [number(value) for value in (0, 999, 1234, 1234567)] == ["0", "999", "1.234", "1.234.567"]


def test_times_are_those_of_vietnam():
    assert moment(dt.datetime(2026, 12, 31, 17, 5, tzinfo=dt.UTC)) == "01/01/2027 00:05"


@pytest.mark.parametrize(
    ("waited", "words"),
    [
        (dt.timedelta(seconds=-5), "0 phút"),
        (dt.timedelta(seconds=59), "0 phút"),
        (dt.timedelta(minutes=59), "59 phút"),
        (dt.timedelta(minutes=60), "1 giờ 0 phút"),
        (dt.timedelta(hours=23, minutes=59), "23 giờ 59 phút"),
        (dt.timedelta(hours=24), "1 ngày 0 giờ"),
    ],
)
def test_a_wait_is_told_in_its_two_largest_units(waited: dt.timedelta, words: str):
    assert duration(load_phrases(), waited) == words
