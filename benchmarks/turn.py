"""A question through the whole conversation: desk, inbox, turn, one transaction, reply read.

One process, SQLite with synchronous FULL, questions of the dev set, one after the other, each of
a new person. Beside it in the same run: the parts it is made of, and a bare durable insert.

Run: python -m benchmarks.turn [COUNT]
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from benchmarks.machine import machine, percentile
from bot.assembly import Assistant, open_assistant
from bot.messages import IncomingMessage
from bot.settings import Settings
from handlers.guard import guard
from records.sample import SLUG

QUESTIONS = Path(__file__).parents[1] / "tests" / "data" / "questions" / "dev.jsonl"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    asked = [json.loads(line)["q"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    print(f"machine: {machine()}; {count} questions")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, data_folder=Path(folder))
        with open_assistant(settings) as assistant:
            _row("whole conversation", [_ask(assistant, asked[n % len(asked)], n) for n in range(count)])
            _row("guard", _timed(guard, asked, count))
            _row("retrieval", _timed(assistant.content.ask, asked, count))
            _row("bare durable insert", _inserts(assistant, count))


def _ask(assistant: Assistant, question: str, number: int) -> float:
    began = time.perf_counter()
    receipt = assistant.desk.receive(
        IncomingMessage(SLUG, "webchat", f"person {number}", str(number), question)
    )
    if not assistant.desk.wait(receipt, timeout_s=10):
        raise TimeoutError(question)
    seconds = time.perf_counter() - began
    assert assistant.desk.entries(receipt, after=receipt.inbox_id)
    return seconds


def _timed(call: Callable[[str], object], asked: list[str], count: int) -> list[float]:
    found = []
    for number in range(count):
        began = time.perf_counter()
        call(asked[number % len(asked)])
        found.append(time.perf_counter() - began)
    return found


def _inserts(assistant: Assistant, count: int) -> list[float]:
    found = []
    with assistant.database.write() as session:
        session.execute(text("CREATE TABLE bare (id INTEGER PRIMARY KEY, said TEXT)"))
    for _ in range(count):
        began = time.perf_counter()
        with assistant.database.write() as session:
            session.execute(text("INSERT INTO bare (said) VALUES ('quên mật khẩu')"))
        found.append(time.perf_counter() - began)
    return found


def _row(name: str, seconds: list[float]) -> None:
    p50, p99 = (percentile(seconds, share) * 1_000 for share in (0.5, 0.99))
    print(f"| {name} | p50 {p50:.2f} ms | p99 {p99:.2f} ms |")


if __name__ == "__main__":
    main()
