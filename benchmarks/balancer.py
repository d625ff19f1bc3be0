"""A load balancer for showing and measuring several workers on one machine: connections in turn.

For a deployment take HAProxy, nginx or Caddy. This one passes bytes on and knows nothing of HTTP; a
worker that does not accept is left out until it does.
"""

import asyncio
import itertools
import threading
from collections.abc import Sequence
from contextlib import suppress

CHUNK = 64 * 1024


class Balancer:
    """Listens on a free port of 127.0.0.1 from a thread of its own; `workers` are (host, port)."""

    def __init__(self, workers: Sequence[tuple[str, int]], port: int = 0) -> None:
        self._workers, self._next = list(workers), itertools.count()
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._thread = threading.Thread(target=self._loop.run_forever, name="balancer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            worker = await self._connect()
            if worker is not None:
                there, back = worker
                async with asyncio.TaskGroup() as pipes:
                    pipes.create_task(_pipe(reader, back))
                    pipes.create_task(_pipe(there, writer))
        except* (ConnectionError, OSError):
            pass
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        first = next(self._next)
        for number in range(len(self._workers)):
            host, port = self._workers[(first + number) % len(self._workers)]
            with suppress(OSError):
                return await asyncio.open_connection(host, port)
        return None


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    finally:
        with suppress(ConnectionError, OSError):
            writer.close()
