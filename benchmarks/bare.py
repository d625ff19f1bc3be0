"""What a webhook costs at least: FastAPI, one durable insert, 200. The measure that ours is held to.

Run by benchmarks.load in a process of its own: python -m benchmarks.bare DATABASE_URL
"""

import json
import socket
import sys

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import text

from records.database import Database, open_database


def build(database: Database) -> FastAPI:
    app = FastAPI()
    insert = text("INSERT INTO bare (said) VALUES (:said)")

    def keep(said: str) -> None:
        with database.write() as session:
            session.execute(insert, {"said": said})

    @app.post("/")
    async def receive(request: Request) -> Response:
        said = json.loads(await request.body())["result"]["message"]["text"]
        await run_in_threadpool(keep, said)
        return Response()

    return app


def make_table(database: Database) -> None:
    key = "INTEGER PRIMARY KEY" if database.is_sqlite else "BIGSERIAL PRIMARY KEY"
    with database.write() as session:
        session.execute(text(f"CREATE TABLE IF NOT EXISTS bare (id {key}, said TEXT)"))


def main() -> None:
    database = open_database(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    uvicorn.run(build(database), fd=listener.fileno(), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
