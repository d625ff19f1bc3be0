import pytest
from starlette.requests import Request

from staff.window import MovingWindow, network_of


class Seconds:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def request_from(address: str | None) -> Request:
    return Request({"type": "http", "client": (address, 5000) if address is not None else None})


def test_beyond_the_limit_one_waits_until_the_first_is_a_whole_window_ago(seconds: Seconds):
    window = MovingWindow(3, 60, seconds)

    waits = []
    for _ in range(5):
        waits.append(window.hit("ba Tư"))
        seconds.now += 10

    assert waits == [0, 0, 0, 30, 20]


def test_what_is_refused_does_not_count(seconds: Seconds):
    window = MovingWindow(1, 60, seconds)
    window.hit("ba Tư")
    for _ in range(5):
        seconds.now += 10
        window.hit("ba Tư")

    seconds.now += 10
    assert window.hit("ba Tư") == 0


def test_no_burst_of_twice_the_limit_fits_around_the_end_of_a_minute(seconds: Seconds):
    window = MovingWindow(20, 60, seconds)
    seconds.now = 59.0 + 60 * 20
    before = [window.hit("ba Tư") for _ in range(20)]
    seconds.now += 2

    assert before == [0.0] * 20
    assert window.hit("ba Tư") == 58


def test_each_name_counts_for_itself(seconds: Seconds):
    window = MovingWindow(1, 60, seconds)

    assert [window.hit(name) for name in ("ba Tư", "ông Năm", "ba Tư")] == [0, 0, 60]


def test_zero_means_no_limit(seconds: Seconds):
    window = MovingWindow(0, 60, seconds)

    assert {window.hit("ba Tư") for _ in range(1_000)} == {0}


def test_who_stays_away_is_forgotten(seconds: Seconds):
    window = MovingWindow(3, 60, seconds)
    for number in range(1_000):
        window.hit(f"person {number}")
    seconds.now += 61

    window.hit("ba Tư")

    assert len(window) == 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("testclient", "testclient"),
        (None, ""),
    ],
)
def test_a_household_is_one_part_of_the_network(address: str | None, network: str):
    assert network_of(request_from(address)) == network
