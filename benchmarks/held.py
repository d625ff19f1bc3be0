"""`hocvuso serve` that holds what comes later: what taking messages in costs by itself, and what turns do.

Run by benchmarks.load with the environment of a worker: python -m benchmarks.held turns|replies
"""

import asyncio
import socket
import sys

import uvicorn

from bot.app import build_app, set_up_logs
from bot.assembly import open_assistant
from bot.settings import Settings


def main() -> None:
    settings = Settings()
    set_up_logs(settings.log_level)
    with open_assistant(settings) as assistant:
        if sys.argv[1] == "turns":
            assistant.worker.stop()
        assistant.switchboard.run = _send_nothing  # type: ignore[method-assign]
        listener = socket.create_server((settings.host, settings.port))
        print(listener.getsockname()[1], flush=True)
        uvicorn.run(build_app(assistant), fd=listener.fileno(), log_level="warning", access_log=False)


async def _send_nothing(stopping: asyncio.Event, **_more: object) -> None:
    await stopping.wait()


if __name__ == "__main__":
    main()
