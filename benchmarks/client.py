"""A platform that pushes messages to webhooks: keep-alive connections, as cheap as Python allows.

What a client costs is taken from the same cores as the server, so it does no more than it must:
requests are bytes that were made before, of an answer only status and length are read.
"""

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Sent:
    """A request and what became of it, by the clock of this machine (seconds since 1970)."""

    number: int
    began: float
    ended: float
    status: int  # 0: no answer


def request(path: str, headers: dict[str, str], body: Any) -> bytes:
    content = json.dumps(body, ensure_ascii=False).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


async def push_all(
    addresses: Sequence[tuple[str, int]],
    requests: Iterable[tuple[int, bytes]],
    *,
    connections: int,
    rate: float | None = None,
) -> list[Sent]:
    """Send all, in their order, over so many connections, spread over the addresses.

    With `rate` (a second) each leaves at its time, however the ones before are getting on.
    """
    waiting: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue()
    done: list[Sent] = []

    async def connection(address: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*address)
        while (item := await waiting.get()) is not None:
            number, data = item
            began = time.time()
            writer.write(data)
            try:
                status = await _status(reader)
            except (ConnectionError, asyncio.IncompleteReadError):
                done.append(Sent(number, began, time.time(), 0))
                reader, writer = await asyncio.open_connection(*address)
                continue
            done.append(Sent(number, began, time.time(), status))
        writer.close()

    async def feed() -> None:
        began = time.perf_counter()
        for place, item in enumerate(requests):
            if rate is not None:
                await asyncio.sleep(max(0.0, began + place / rate - time.perf_counter()))
            waiting.put_nowait(item)
        for _ in range(connections):
            waiting.put_nowait(None)

    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            group.create_task(connection(addresses[number % len(addresses)]))
        group.create_task(feed())
    return done


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if length:
        await reader.readexactly(length)
    return int(head[9:12])
