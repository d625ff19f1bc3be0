"""`hocvuso simulate` on each channel, small: everybody is answered, nothing is lost, nothing comes twice."""

from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.simulate import Report, compare, script, simulate
from bot.assembly import Assistant
from bot.cli import simulate as command
from bot.content import Content
from bot.main import app
from bot.messages import IncomingMessage


@pytest.mark.parametrize(
    ("channel", "deliveries"), [("webchat", 2), ("telegram", 1), ("zalo-bot", 3), ("zalo-oa", 3)]
)
def test_learners_on_each_channel_are_all_answered(content: Content, channel: str, deliveries: int):
    report = simulate(learners=2, channel=channel, seconds=90, deliveries=deliveries, content=content)

    assert report.is_good, report.lines()
    assert report.lines()[0] == "learners answered  2 of 2"
    assert len(report.waits_s) == report.messages


def test_what_is_lost_or_came_twice_would_be_seen(assistant: Assistant):
    receipt = assistant.desk.receive(
        IncomingMessage("xa-mau", "zalo-bot", "a", "m1", "chào cháu", address="a")
    )
    assert assistant.desk.wait(receipt, timeout_s=20)
    (reply,) = [entry.text for entry in assistant.desk.entries(receipt) if entry.who == "assistant"]

    class Arrived:
        def __init__(self, count: int) -> None:
            self.count = count

        def texts(self) -> Counter[str]:
            return Counter({reply: self.count})

    found = {}
    for count in (0, 1, 3):
        report = Report(learners=1, answered=1)
        compare(assistant, Arrived(count), report)
        found[count] = (report.lost, report.doubled, report.is_good)

    assert found == {0: (1, 0, False), 1: (0, 0, True), 3: (0, 2, False)}


def test_a_learner_says_the_same_with_the_same_seed():
    questions = [["quên mật khẩu vneid"], ["nối wifi"]]

    assert script(questions, 7) == script(questions, 7)
    assert len({tuple(script(questions, seed)) for seed in range(20)}) > 5


def test_without_the_repository_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(command, "REPOSITORY", tmp_path)

    done = CliRunner().invoke(app, ["simulate"])

    assert (done.exit_code, done.stderr) == (
        1,
        "found no benchmarks/simulate.py, expected a clone of the repository: run it there\n",
    )


def test_telegram_is_not_delivered_several_times():
    with pytest.raises(ValueError, match="found several deliveries on telegram"):
        simulate(learners=1, channel="telegram", seconds=5, deliveries=2)
