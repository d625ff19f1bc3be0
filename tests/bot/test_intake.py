"""What comes at the same time goes to the desk together, and everybody hears what became of their own."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from bot.intake import AT_ONCE, MOST, Intake
from bot.messages import IncomingMessage, Overloaded, Receipt
from tests.fakes.desk import FakeDesk


def message(number: object) -> IncomingMessage:
    return IncomingMessage("thuan-trung", "zalo-oa", f"người {number}", str(number), f"tin {number}")


class SlowDesk(FakeDesk):
    """Stores nothing before `open` is set; notes how many come together."""

    def __init__(self) -> None:
        super().__init__()
        self.together: list[int] = []
        self.open = threading.Event()
        self._came = threading.Condition()

    def receive_all(self, messages: Sequence[IncomingMessage]) -> list[Receipt | Exception]:
        with self._came:
            self.together.append(len(messages))
            self._came.notify_all()
        self.open.wait(20)
        return super().receive_all(messages)

    async def reached(self, calls: int) -> None:
        def wait() -> None:
            with self._came:
                assert self._came.wait_for(lambda: len(self.together) >= calls, 20)

        await asyncio.to_thread(wait)


async def test_one_message_goes_at_once_and_those_that_come_meanwhile_go_together(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("bot.intake.PATIENCE_S", 60)
    desk = SlowDesk()
    intake = Intake(desk)

    first = asyncio.create_task(intake.receive(message(1)))
    await desk.reached(1)
    others = [asyncio.create_task(intake.receive(message(number))) for number in range(2, 6)]
    await asyncio.sleep(0)  # they begin
    desk.open.set()
    receipts = await asyncio.gather(first, *others)

    assert desk.together == [1, 4]
    assert all(receipt.is_new for receipt in receipts)
    assert [kept.text for kept in desk.received] == ["tin 1", "tin 2", "tin 3", "tin 4", "tin 5"]


async def test_never_more_than_a_commit_takes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.intake.PATIENCE_S", 60)
    desk = SlowDesk()
    intake = Intake(desk)

    waiting = [asyncio.create_task(intake.receive(message(number))) for number in range(2 * MOST + 1)]
    await desk.reached(1)
    desk.open.set()
    await asyncio.gather(*waiting)

    assert max(desk.together) == MOST
    assert len(desk.received) == 2 * MOST + 1


async def test_each_hears_of_their_own_failure_alone():
    desk = FakeDesk()
    desk.overload_next()
    intake = Intake(desk)

    refused, taken = await asyncio.gather(
        intake.receive(message(1)), intake.receive(message(2)), return_exceptions=True
    )

    assert isinstance(refused, Overloaded)
    assert isinstance(taken, Receipt)
    assert [kept.text for kept in desk.received] == ["tin 2"]


async def test_a_commit_that_hangs_holds_up_no_others_until_too_many_hang():
    desk = SlowDesk()
    intake = Intake(desk)
    waiting = []

    for number in range(AT_ONCE):
        waiting.append(asyncio.create_task(intake.receive(message(number))))
        await desk.reached(number + 1)  # though none of those before is stored
    waiting.append(asyncio.create_task(intake.receive(message("một nữa"))))
    desk.open.set()
    await asyncio.gather(*waiting)

    assert desk.together == [1] * (AT_ONCE + 1)


async def test_who_comes_after_a_commit_is_late_does_not_wait_for_it_either(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.intake.PATIENCE_S", 0)
    desk = SlowDesk()
    intake = Intake(desk)
    waiting = []

    for number in range(3):
        waiting.append(asyncio.create_task(intake.receive(message(number))))
        await desk.reached(number + 1)
        await asyncio.sleep(0)  # it is late, and nobody waits
    desk.open.set()
    receipts = await asyncio.gather(*waiting)

    assert all(receipt.is_new for receipt in receipts)


async def test_who_does_not_wait_any_more_takes_nothing_back():
    desk = SlowDesk()
    intake = Intake(desk)
    gone = asyncio.create_task(intake.receive(message(1)))
    await desk.reached(1)
    other = asyncio.create_task(intake.receive(message(2)))

    gone.cancel()
    desk.open.set()
    await other

    assert gone.cancelled()
    assert [kept.text for kept in desk.received] == ["tin 1", "tin 2"]


async def test_a_desk_that_breaks_leaves_nobody_waiting():
    class BrokenDesk(FakeDesk):
        def receive_all(self, messages: Sequence[IncomingMessage]) -> list[Receipt | Exception]:
            raise RuntimeError("broken")

    intake = Intake(BrokenDesk())

    with pytest.raises(RuntimeError, match="broken"):
        await intake.receive(message(1))
    with pytest.raises(RuntimeError, match="broken"):
        await intake.receive(message(2))
