"""`hocvuso serve` whose turns are held: what taking messages in costs by itself.

Run by benchmarks.load with the environment of a worker: python -m benchmarks.held
"""

import socket

import uvicorn

from bot.app import build_app, set_up_logs
from bot.assembly import open_assistant
from bot.settings import Settings


def main() -> None:
    settings = Settings()
    set_up_logs(settings.log_level)
    with open_assistant(settings) as assistant:
        assistant.worker.stop()
        listener = socket.create_server((settings.host, settings.port))
        print(listener.getsockname()[1], flush=True)
        uvicorn.run(build_app(assistant), fd=listener.fileno(), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
