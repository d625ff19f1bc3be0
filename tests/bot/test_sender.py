"""Replies leave the outbox once, in order for each person, whatever the channel does meanwhile."""

import asyncio
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from bot import sender as sending
from bot.channels.base import HasLeft, Misconfigured, NeverSent, TryAgain
from bot.metrics import Metrics
from bot.sender import BREAK_AFTER, BREAK_S, GONE_S, LEASE_S, Breaker, Sender
from records.communes import add_commune
from records.database import Database
from records.inbox import claim_row
from records.learners import note_message
from records.models import ChannelIdentity, OutboxMessage
from records.only_one import Presence
from records.outbox import put, take_next
from records.vault import KEY_BYTES, Vault
from tests.bot.conftest import HandClock
from tests.fakes.channel import FakeChannel

VAULT = Vault([b"k" * KEY_BYTES])
ON_SQLITE, ON_POSTGRESQL = (
    pytest.mark.parametrize("migrated_url", [kind], indirect=True) for kind in ("sqlite", "postgresql")
)


class Office:
    """An outbox, a channel and a sender between them."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self.database, self.clock, self.channel = database, clock, FakeChannel()
        self.breaker = Breaker(now=lambda: clock().timestamp())
        self.seconds = 0.0  # on the watch of every sender
        with database.write() as session:
            self.home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=clock()).id
        self.sender = self.another_sender()
        self._messages = 0

    def another_sender(self) -> Sender:
        return Sender(
            self.database,
            self.channel,
            VAULT,
            self.clock,
            Metrics(),
            commune_id=self.home,
            breaker=self.breaker,
            watch=lambda: self.seconds,
        )

    def reply(self, person: str, *texts: str, has_address: bool = True, **body: object) -> None:
        self._messages += 1
        with self.database.write() as session:
            talk = note_message(
                session,
                commune_id=self.home,
                channel="telegram",
                hashes=[person],
                sealed_address=VAULT.seal(person) if has_address else None,
                now=self.clock(),
            )
            message, _ = claim_row(session, talk, message_id=f"m{self._messages}", text="", now=self.clock())
            bodies = [{"text": text, "choices": []} for text in texts] + ([body] if body else [])
            put(session, message, bodies, now=self.clock())

    def send_all(self) -> None:
        async def until_nothing_is_due() -> None:
            while await self.sender.send_one():
                pass

        asyncio.run(until_nothing_is_due())

    def rows(self) -> list[OutboxMessage]:
        with self.database.read() as session:
            return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))

    def states(self) -> list[str]:
        return [row.state for row in self.rows()]


@pytest.fixture
def office(database: Database, clock: HandClock) -> Office:
    return Office(database, clock)


def test_replies_are_sent_in_order_and_marked(office: Office):
    office.reply("ba", "một", "hai")
    office.reply("ông", "ba")

    office.send_all()

    assert [text for who, text in office.channel.sent if who == "ba"] == ["một", "hai"]
    assert ("ông", "ba") in office.channel.sent
    assert office.states() == ["sent", "sent", "sent"]
    assert {row.provider_id for row in office.rows()} == {"m1", "m2", "m3"}


def test_a_later_reply_waits_for_an_earlier_one_that_is_tried_again(office: Office):
    office.reply("ba", "một", "hai")
    office.channel.failures = [TryAgain("busy", after_s=30)]

    office.send_all()
    assert office.channel.sent == []

    office.clock.forward(seconds=31)
    office.send_all()
    assert office.channel.sent == [("ba", "một"), ("ba", "hai")]


def test_others_do_not_wait_for_one_whose_reply_fails(office: Office):
    office.reply("ba", "một")
    office.reply("ông", "hai")
    office.channel.failures = [TryAgain("busy")]

    office.send_all()

    assert office.channel.sent == [("ông", "hai")]


def test_what_the_channel_never_takes_is_dead_and_says_why(office: Office):
    office.reply("ba", "một", "hai")
    office.channel.failures = [NeverSent("text too long")]

    office.send_all()

    assert office.states() == ["dead", "sent"]
    assert office.rows()[0].error == "text too long"


def test_nothing_more_is_sent_to_who_has_left_until_they_write_again(office: Office):
    office.reply("ba", "một", "hai")
    office.channel.failures = [HasLeft("blocked")]

    office.send_all()
    assert (office.states(), office.channel.calls) == (["dead", "dead"], 1)
    with office.database.read() as session:
        assert session.scalars(select(ChannelIdentity.left_at)).one() == office.clock()

    office.reply("ba", "ba")
    office.send_all()
    assert office.channel.sent == [("ba", "ba")]


def test_a_reply_is_given_up_after_six_hours(office: Office):
    office.reply("ba", "một")

    for _ in range(40):
        office.channel.failures = [TryAgain("away")]
        office.send_all()
        office.clock.forward(minutes=20)

    assert office.states() == ["dead"]
    assert 6 <= office.channel.calls <= 12


def test_a_reply_without_an_address_is_dead(office: Office):
    office.reply("ba", "một", has_address=False)

    office.send_all()

    assert (office.states(), office.channel.calls) == (["dead"], 0)


def test_a_message_that_held_a_secret_is_taken_away(office: Office):
    office.reply("ba", delete="4711")

    office.send_all()

    assert office.channel.deleted == [("ba", "4711")]
    assert office.states() == ["sent"]


def test_what_a_dead_sender_had_is_sent_again_once_its_lease_is_over(office: Office):
    office.reply("ba", "một")
    with office.database.write() as session:
        take_next(session, commune_id=office.home, channel="telegram", now=office.clock())

    asyncio.run(office.sender.put_back(lease_s=LEASE_S))
    office.send_all()
    assert office.channel.sent == []

    office.seconds += LEASE_S
    asyncio.run(office.sender.put_back(lease_s=LEASE_S))
    office.send_all()
    assert (office.channel.sent, office.rows()[0].attempts) == ([("ba", "một")], 2)


def test_who_reports_after_the_row_was_given_to_another_is_not_heard(office: Office):
    office.reply("ba", "một")

    def lose_the_lease() -> None:
        office.channel.on_call = lambda: None
        office.clock.forward(seconds=LEASE_S + 1)
        with office.database.write() as session:
            row = session.scalars(select(OutboxMessage)).one()
            row.state, row.sending_at = "sending", office.clock()

    office.channel.on_call = lose_the_lease
    asyncio.run(office.sender.send_one())

    assert office.states() == ["sending"]


def test_a_clock_that_is_set_forward_during_a_call_sends_nothing_twice(office: Office):
    office.reply("ba", "một")
    another = office.another_sender()

    def jump() -> None:
        office.clock.forward(days=1)
        with ThreadPoolExecutor(1) as elsewhere:  # the other sender looks while the call is under way
            elsewhere.submit(asyncio.run, another.put_back(lease_s=LEASE_S)).result()

    office.channel.on_call = jump
    office.send_all()

    assert (office.channel.sent, office.states()) == ([("ba", "một")], ["sent"])


def test_a_clock_that_is_set_back_holds_no_reply_up(office: Office):
    office.reply("ba", "một")
    office.clock.forward(days=-1)

    office.send_all()

    assert office.channel.sent == [("ba", "một")]


def test_a_reply_that_is_out_while_the_database_is_away_is_written_down_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sending, "SWEEP_S", 0)
    office.reply("ba", "một")
    write, failures = (
        office.database.write_rows,
        [OperationalError("INSERT", {}, Exception("disk is full"))] * 3,
    )

    def sometimes() -> AbstractContextManager[Connection]:
        if failures:
            raise failures.pop()
        return write()

    office.channel.on_call = lambda: monkeypatch.setattr(office.database, "write_rows", sometimes)
    office.send_all()

    assert (office.channel.sent, office.states(), failures) == ([("ba", "một")], ["sent"], [])


def test_the_line_about_a_reply_that_was_not_sent_names_its_message(office: Office):
    office.reply("ba", "một")
    office.channel.failures = [NeverSent("too long")]

    with capture_logs(processors=[merge_contextvars]) as lines:
        office.send_all()

    assert [(line["event"], line["inbox_id"]) for line in lines] == [
        ("a reply was not sent", office.rows()[0].inbox_id)
    ]


def run_until_sent(office: Office, count: int) -> None:
    async def run() -> None:
        running = asyncio.create_task(office.sender.run(is_only_sender=True))
        async with asyncio.timeout(30):
            while len(office.channel.sent) < count:
                office.sender.wake()
                await asyncio.sleep(0.005)
        office.sender.stop()
        await running

    asyncio.run(run())


def test_a_running_sender_sends_each_reply_once_and_each_talk_in_order_one_call_at_a_time(office: Office):
    for number in range(10):
        for person in ("a", "b", "c", "d", "e"):
            office.reply(person, f"{person}{number}")

    run_until_sent(office, 50)

    assert office.channel.most_at_once == 1  # more of them might come twice after a crash
    for person in ("a", "b", "c", "d", "e"):
        texts = [text for who, text in office.channel.sent if who == person]
        assert texts == [f"{person}{number}" for number in range(10)]


@ON_SQLITE
def test_nobody_waits_for_a_platform_that_takes_its_time(office: Office):
    for person in ("a", "b", "c"):
        office.reply(person, person)
    office.channel.waits_for = {"a": "c"}  # the call for a ends when c's message is out

    run_until_sent(office, 3)

    assert [person for person, _ in office.channel.sent] == ["b", "c", "a"]


@ON_POSTGRESQL
def test_what_a_dead_worker_had_does_not_wait_for_its_lease(office: Office):
    """A worker that lives and has the same kind of row keeps it."""
    alive, dead = Presence(office.database), Presence(office.database)
    for presence, person in ((alive, "ba"), (dead, "ông")):
        presence.keep()
        office.reply(person, person)
        with office.database.write() as session:
            args = {"commune_id": office.home, "channel": "telegram", "now": office.clock()}
            take_next(session, worker_id=presence.worker_id, **args)
    dead.end()

    def look() -> list[str]:
        asyncio.run(office.sender.put_back(lease_s=LEASE_S))
        return office.states()

    at_once = look()
    office.seconds += GONE_S
    later = look()
    alive.end()

    assert (at_once, later) == (["sending", "sending"], ["sending", "pending"])


def test_a_breaker_opens_after_failures_in_a_row_and_closes_by_itself(clock: HandClock):
    breaker = Breaker(now=lambda: clock().timestamp())

    for _ in range(BREAK_AFTER - 1):
        breaker.failed()
    assert breaker.wait_s == 0
    breaker.failed()
    assert breaker.wait_s == BREAK_S

    clock.forward(seconds=BREAK_S)
    assert breaker.wait_s == 0


def test_a_channel_that_says_how_long_is_left_alone_for_so_long(office: Office):
    office.reply("ba", "một")
    office.channel.failures = [TryAgain("429", after_s=120)]

    office.send_all()

    assert office.breaker.wait_s == pytest.approx(120)
    assert office.rows()[0].not_before == office.clock() + dt.timedelta(seconds=120)


def test_an_account_that_is_set_up_wrongly_loses_no_reply(office: Office):
    office.reply("ba", "một")
    office.channel.failures = [Misconfigured("token refused")]

    office.send_all()
    assert (office.states(), office.rows()[0].error) == (["pending"], "token refused")

    office.clock.forward(minutes=6)
    office.send_all()
    assert office.channel.sent == [("ba", "một")]
