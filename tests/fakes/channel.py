"""A channel in memory that keeps the contract of `bot.channels.base.Channel` and fails on demand."""

import asyncio
from collections.abc import Callable

from fastapi import APIRouter

from bot.channels.base import Capabilities, Part

CAN = Capabilities(max_text=1_800, max_buttons=5, deletes_messages=True)


class FakeChannel:
    """`sent` holds (address, text) in the order the calls succeeded; `failures` are raised first."""

    def __init__(self, name: str = "telegram", commune: str = "xa-mau") -> None:
        self.name, self.commune, self.capabilities = name, commune, CAN
        self.sent: list[tuple[str, str]] = []
        self.deleted: list[tuple[str, str]] = []
        self.calls = 0
        self.failures: list[Exception] = []
        self.most_at_once = 0
        self.on_call: Callable[[], None] = lambda: None
        self.waits_for: dict[str, str] = {}  # address → another, whose message must be out first
        self._arrivals: dict[str, asyncio.Event] = {}
        self._open: set[str] = set()

    async def send(self, address: str, part: Part) -> str | None:
        self.calls += 1
        self.on_call()
        assert address not in self._open, f"two calls for {address} at a time"
        self._open.add(address)
        self.most_at_once = max(self.most_at_once, len(self._open))
        try:
            await asyncio.sleep(0)
            if (other := self.waits_for.get(address)) is not None:
                await self._arrivals.setdefault(other, asyncio.Event()).wait()
            if self.failures:
                raise self.failures.pop(0)
        finally:
            self._open.discard(address)
        self.sent.append((address, part.text))
        self._arrivals.setdefault(address, asyncio.Event()).set()
        return f"m{self.calls}"

    async def delete(self, address: str, message: str) -> None:
        self.deleted.append((address, message))

    def router(self) -> APIRouter | None:
        return None

    async def run(self) -> None:
        return
