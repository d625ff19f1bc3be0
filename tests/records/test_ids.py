import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from records.ids import EPOCH_MS, new_id


def test_ids_grow():
    ids = [new_id() for _ in range(10_000)]

    assert all(earlier < later for earlier, later in pairwise(ids))


def test_eight_threads_never_get_the_same_id():
    def many(_: int) -> list[int]:
        return [new_id() for _ in range(12_500)]

    with ThreadPoolExecutor(8) as threads:
        batches = list(threads.map(many, range(8)))

    assert len({new for batch in batches for new in batch}) == 100_000
    assert all(batch == sorted(batch) for batch in batches)


def test_an_id_fits_a_bigint_for_the_next_decades():
    assert 0 < new_id() < new_id(clock=time.time_ns) < 2**63
    assert (2**41 + EPOCH_MS) / 1000 / 3600 / 24 / 365.25 + 1970 > 2090


def test_an_id_tells_its_millisecond():
    before = time.time_ns() // 1_000_000
    milliseconds = (new_id() >> 22) + EPOCH_MS
    after = time.time_ns() // 1_000_000

    # A burst of ids may run a little ahead of the clock.
    assert before <= milliseconds <= after + 1000


def test_a_clock_set_back_gives_no_id_twice():
    first = new_id()
    hour_ago = time.time_ns() - 3_600_000_000_000

    later = [new_id(clock=lambda: hour_ago) for _ in range(10_000)]

    assert later == list(range(first + 1, first + 10_001))
