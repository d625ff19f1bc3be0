"""Whatever people send, the readers of every message neither fail nor take long.

The figure they must keep, 50 ms for 10,000 characters, is measured by `benchmarks.long_texts`; on a
machine that does other things as well a test can only say that time grows with the length.
"""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.security.long_texts import UNITS, long_text, readers

READERS = readers()
# Everything there is, and what Vietnamese people type, with odd signs between.
ANYTHING = st.text(st.characters(codec=None), max_size=300)
LIKELY = st.lists(
    st.one_of(
        st.sampled_from(sorted(UNITS.values())),
        st.sampled_from(["xóm ", "số ", "²", "٣", "①", "12", "mã ", "là ", "0361", "cuối", "\x00", "\ud800"]),
        st.text(max_size=5),
    ),
    max_size=40,
).map("".join)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.one_of(ANYTHING, LIKELY))
def test_no_text_makes_a_reader_fail(name: str, text: str):
    READERS[name](text)


@pytest.mark.parametrize("name", READERS)
def test_no_text_of_ten_thousand_characters_makes_a_reader_fail(name: str):
    for unit in UNITS.values():
        READERS[name](long_text(unit, 10_000))


@pytest.mark.parametrize("name", READERS)
def test_the_time_of_a_reader_grows_with_the_length_of_the_text_and_not_faster(name: str):
    reader = READERS[name]

    growth = {kind: ratio(reader, unit) for kind, unit in UNITS.items()}

    # Four times the text takes four times as long; sixteen would be the square.
    assert {kind: round(times, 1) for kind, times in growth.items() if times > 9} == {}


def ratio(reader: Callable[[str], object], unit: str) -> float:
    """How much longer 20,000 characters take than 5,000; the best of a few, in time of the processor."""
    short, long = long_text(unit, 5_000), long_text(unit, 20_000)
    for _ in range(3):
        seconds = {text: min(_seconds(reader, text) for _ in range(3)) for text in (short, long)}
        times = seconds[long] / max(seconds[short], 0.000_5)  # below half a millisecond all are alike
        if times <= 9:
            break
    return times


def _seconds(reader: Callable[[str], object], text: str) -> float:
    start = time.thread_time()
    reader(text)
    return time.thread_time() - start
