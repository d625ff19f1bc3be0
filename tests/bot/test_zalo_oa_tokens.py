"""Tokens of a Zalo account: a refresh token is used once, and its successor is never lost unnoticed."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.channels.base import Misconfigured, TryAgain
from bot.channels.zalo_oa_tokens import LEASE, REFUSED_PAUSE, RENEW_BEFORE, store_first_tokens
from records.channel_tokens import find_token
from records.database import Database, open_database
from records.vault import KEY_BYTES, Vault
from tests.bot.conftest import HandClock
from tests.bot.zalo_oa_office import Office, Unsteady
from tests.fakes.zalo_oa import ACCESS_LIFE, APP_SECRET, FIRST_REFRESH, SIGN_IN, Failure, FakeZaloOa

LOST = "Lần làm mới trước bị ngắt giữa chừng"
REFUSED = "Zalo không nhận mã làm mới của OA nữa (mã -14014)."
MISSING = "Chưa có mã làm mới của Zalo OA."


@pytest.fixture
def zalo(clock: HandClock) -> Iterator[FakeZaloOa]:
    fake = FakeZaloOa(clock)
    yield fake
    fake.close()


@pytest.fixture
def office(database: Database, clock: HandClock, zalo: FakeZaloOa) -> Office:
    return Office(database, clock, zalo)


def asked(zalo: FakeZaloOa) -> int:
    return len(zalo.asked)


async def test_the_first_token_comes_from_the_settings_and_serves_all_processes(office: Office):
    first = await office.access()

    assert await office.access() == first
    assert office.zalo.asked == [FIRST_REFRESH]


async def test_a_pair_is_stored_sealed(office: Office):
    access = await office.access()

    with office.database.read() as session:
        row = find_token(session, commune_id=office.home, channel="zalo-oa")
    assert row is not None
    assert (row.expires_at, row.updated_at) == (office.clock() + ACCESS_LIFE, office.clock())
    assert not [token for token in (access, "made-up-refresh") if token.encode() in row.sealed]
    assert access in office.vault.open(row.sealed)


async def test_a_token_is_renewed_five_hours_before_its_end(office: Office):
    await office.access()

    async with office.tokens() as tokens:
        office.clock.forward(seconds=(ACCESS_LIFE - RENEW_BEFORE).total_seconds() - 1)
        await tokens.renew_in_time()
        assert asked(office.zalo) == 1

        office.clock.forward(seconds=1)
        await tokens.renew_in_time()
        await tokens.renew_in_time()
        assert asked(office.zalo) == 2


async def test_while_nothing_can_be_renewed_a_token_serves_until_its_end(office: Office):
    first = await office.access()
    office.zalo.is_away = True

    office.clock.forward(hours=24, minutes=58)
    assert await office.access() == first

    office.clock.forward(minutes=1)
    with pytest.raises(TryAgain):
        await office.access()


async def test_a_token_that_zalo_refuses_is_renewed_once_for_everybody(office: Office):
    old = await office.access()

    new = await office.access(refused=old)

    assert new != old
    assert await office.access(refused=old) == new
    assert asked(office.zalo) == 2


async def test_eight_tasks_that_need_a_token_at_once_ask_once(office: Office):
    async with office.tokens() as tokens:
        got = await asyncio.gather(*(tokens.access() for _ in range(8)))

    assert len(set(got)) == 1
    assert asked(office.zalo) == 1


def test_eight_processes_that_need_a_token_at_once_ask_once(
    migrated_url: str, clock: HandClock, zalo: FakeZaloOa
):
    databases = [open_database(migrated_url) for _ in range(8)]
    offices = [Office(database, clock, zalo) for database in databases]
    answer, ready = threading.Event(), threading.Barrier(9)
    zalo.fail_next(SIGN_IN, Failure(release=answer))

    def process(office: Office) -> str:
        ready.wait(20)
        return asyncio.run(office.access())

    with ThreadPoolExecutor(8) as processes:
        got = [processes.submit(process, office) for office in offices]
        ready.wait(20)
        assert zalo.wait_for(lambda: bool(zalo.calls))
        answer.set()
        tokens = {future.result() for future in got}
    for database in databases:
        database.close()

    assert len(tokens) == 1
    assert zalo.asked == [FIRST_REFRESH]


async def test_who_gives_up_waiting_does_not_take_the_new_pair_along(office: Office):
    answer = threading.Event()
    office.zalo.fail_next(SIGN_IN, Failure(release=answer))

    async with office.tokens() as tokens:
        waiting = asyncio.create_task(tokens.access())
        await asyncio.to_thread(office.zalo.wait_for, lambda: bool(office.zalo.calls))
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        answer.set()
        await tokens.settle()

    await office.access()
    assert asked(office.zalo) == 1


@pytest.mark.parametrize(
    "failure",
    [Failure(drop=True), Failure(status=502), Failure(status=429), Failure(code=-32)],
    ids=["connection dropped", "HTTP 502", "HTTP 429", "too many calls"],
)
async def test_a_failure_that_passes_leaves_the_refresh_token_usable(office: Office, failure: Failure):
    office.zalo.fail_next(SIGN_IN, failure)

    with pytest.raises(TryAgain):
        await office.access()

    assert await office.access()
    assert office.zalo.asked == [FIRST_REFRESH]


async def test_an_answer_that_got_lost_is_told_as_such_once_the_token_turns_out_to_be_used(office: Office):
    office.zalo.fail_next(SIGN_IN, Failure(lose_answer=True))

    with pytest.raises(TryAgain, match="no answer when renewing"):
        await office.access()
    with pytest.raises(Misconfigured, match=LOST):
        await office.access()


def test_a_process_that_died_while_asking_is_noticed_when_its_lease_is_over(office: Office):
    answer = threading.Event()
    office.zalo.fail_next(SIGN_IN, Failure(release=answer))

    async def begin_and_die() -> None:
        tokens = office.tokens()
        waiting = asyncio.create_task((await tokens.__aenter__()).access())
        await asyncio.to_thread(office.zalo.wait_for, lambda: bool(office.zalo.calls))
        waiting.cancel()  # the end of the loop cancels the renewal itself

    asyncio.run(begin_and_die())
    answer.set()
    assert office.zalo.wait_for(lambda: bool(office.zalo.asked))
    office.clock.forward(seconds=LEASE.total_seconds())

    with pytest.raises(Misconfigured, match=LOST):
        asyncio.run(office.access())


@pytest.mark.parametrize("failures", [1, 6])
async def test_a_new_pair_is_kept_while_the_database_is_away(
    database: Database, clock: HandClock, zalo: FakeZaloOa, failures: int
):
    unsteady = Unsteady(database)
    office = Office(unsteady, clock, zalo)
    answer = threading.Event()
    zalo.fail_next(SIGN_IN, Failure(release=answer))

    async with office.tokens(save_pauses_s=(0,) * 5) as tokens:
        waiting = asyncio.create_task(tokens.access())
        await asyncio.to_thread(zalo.wait_for, lambda: bool(zalo.calls))
        unsteady.failing_writes = failures
        answer.set()
        if failures > 5:
            with pytest.raises(TryAgain, match="could not be stored"):
                await waiting
            await asyncio.gather(tokens.access(), return_exceptions=True)
            got = await tokens.access()
        else:
            got = await waiting

    assert await office.access() == got
    assert zalo.asked == [FIRST_REFRESH]


async def test_a_refusal_is_final_until_somebody_acts_and_is_not_asked_for_all_the_time(office: Office):
    office.zalo.authorise_anew()  # elsewhere, so that our refresh token is worth nothing

    async with office.tokens() as tokens:
        for _ in range(3):
            with pytest.raises(Misconfigured) as caught:
                await tokens.access()
            assert str(caught.value).startswith(REFUSED)
        assert asked(office.zalo) == 1

        office.clock.forward(seconds=REFUSED_PAUSE.total_seconds())
        with pytest.raises(Misconfigured):
            await tokens.access()
        assert asked(office.zalo) == 2


async def test_a_refused_account_begins_anew_with_another_refresh_token_in_the_settings(
    database: Database, clock: HandClock, zalo: FakeZaloOa
):
    fresh = zalo.authorise_anew()
    with pytest.raises(Misconfigured):
        await Office(database, clock, zalo).access()

    assert await Office(database, clock, zalo, refresh_token=fresh).access()


async def test_an_administrator_can_begin_anew(office: Office):
    old = await office.access()
    fresh = office.zalo.authorise_anew()

    store_first_tokens(
        office.database,
        office.vault,
        commune_id=office.home,
        account=office.account,
        refresh=fresh,
        now=office.clock(),
    )

    assert await office.access() != old
    assert office.zalo.asked == [FIRST_REFRESH, fresh]


async def test_what_an_administrator_stored_while_a_renewal_ran_is_kept(office: Office):
    answer = threading.Event()
    office.zalo.fail_next(SIGN_IN, Failure(release=answer))

    async with office.tokens() as tokens:
        waiting = asyncio.create_task(tokens.access())
        await asyncio.to_thread(office.zalo.wait_for, lambda: bool(office.zalo.calls))
        store_first_tokens(
            office.database,
            office.vault,
            commune_id=office.home,
            account=office.account,
            refresh="a-made-up-newer-one",
            now=office.clock(),
        )
        answer.set()
        await waiting

    with pytest.raises(Misconfigured):
        await office.access()
    assert office.zalo.asked[-1] == "a-made-up-newer-one"


async def test_an_account_without_a_refresh_token_says_so_and_asks_nobody(
    database: Database, clock: HandClock, zalo: FakeZaloOa
):
    with pytest.raises(Misconfigured) as caught:
        await Office(database, clock, zalo, refresh_token=None).access()

    assert str(caught.value).startswith(MISSING)
    assert zalo.calls == []


async def test_tokens_of_another_app_are_not_used(database: Database, clock: HandClock, zalo: FakeZaloOa):
    await Office(database, clock, zalo).access()

    with pytest.raises(Misconfigured):
        await Office(database, clock, zalo, app_id="another").access()

    assert zalo.asked == [FIRST_REFRESH, FIRST_REFRESH]


async def test_tokens_sealed_with_a_key_that_is_gone_are_said_to_be_missing(office: Office):
    await office.access()
    office.vault = Vault([b"x" * KEY_BYTES])

    with pytest.raises(Misconfigured) as caught:
        await office.access()
    assert str(caught.value).startswith(MISSING)


async def test_settings_that_were_repaired_serve_as_soon_as_the_process_starts_again(
    database: Database, clock: HandClock, zalo: FakeZaloOa
):
    with pytest.raises(Misconfigured, match="-14004"):
        await Office(database, clock, zalo, app_secret="wrong").access()

    assert await Office(database, clock, zalo, app_secret=APP_SECRET).access()
