"""What comes at the same time is stored by one commit, for that is what storing costs most.

A message that finds nothing under way is handed to the desk at once; those that come meanwhile are the next.
"""

import asyncio
from collections import deque

from anyio import to_thread

from bot.messages import Desk, IncomingMessage, Receipt

MOST = 32  # messages of one commit
PATIENCE_S = 0.1  # a commit that takes longer is no reason for others to wait
AT_ONCE = 4  # commits under way, at most


class Intake:
    """One for a process. Who calls are requests of one event loop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: deque[tuple[IncomingMessage, asyncio.Future[Receipt]]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._prompt: set[asyncio.Task[None]] = set()  # of those, whose commit is not late yet

    async def receive(self, message: IncomingMessage) -> Receipt:
        """As `Desk.receive`. It goes on when the caller does not wait for it any more."""
        outcome: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, outcome))
        self._begin()
        return await outcome

    def _begin(self) -> None:
        """Start to hand in, unless somebody is about to do so anyway."""
        if self._waiting and not self._prompt and len(self._under_way) < AT_ONCE:
            task = asyncio.create_task(self._hand_in())
            self._under_way.add(task)
            self._prompt.add(task)

    async def _hand_in(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            while self._waiting:
                await self._hand_in_some(task)
        finally:
            self._under_way.discard(task)
            self._prompt.discard(task)

    def _is_late(self, task: asyncio.Task[None]) -> None:
        self._prompt.discard(task)
        self._begin()

    async def _hand_in_some(self, task: asyncio.Task[None]) -> None:
        some = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        self._prompt.add(task)
        late = asyncio.get_running_loop().call_later(PATIENCE_S, self._is_late, task)
        try:
            messages = [message for message, _ in some]
            outcomes = await to_thread.run_sync(self._desk.receive_all, messages)
        except Exception as error:
            outcomes = [error] * len(some)
        finally:
            late.cancel()
        for (_, waiting), outcome in zip(some, outcomes, strict=True):
            if waiting.done():  # nobody waits any more
                continue
            if isinstance(outcome, Exception):
                waiting.set_exception(outcome)
            else:
                waiting.set_result(outcome)
