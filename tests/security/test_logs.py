"""What stands in the log: one line of JSON for each event, with its time, and nothing that people typed."""

import json
import subprocess
import sys

import pytest
from fastapi.testclient import TestClient

from bot.app import build_app
from bot.assembly import Assistant

PROGRAM = """
import logging, structlog
from bot.app import set_up_logs

set_up_logs("INFO")
forged = "203.0.113.7\\n{\\"event\\": \\"forged\\"}"
logging.getLogger("staff.access").warning("too many tries from %s", forged)
logging.getLogger("httpx").info("GET https://api.telegram.org/bot123:secret/getMe")
structlog.get_logger().info("started", name='a "quoted"\\nname')
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("staff.route").exception("%s failed", "/staff")
"""


def test_every_line_is_one_event_with_its_time_and_cannot_be_forged():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )

    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(event["level"], event["event"]) for event in events] == [
        ("warning", 'too many tries from 203.0.113.7\n{"event": "forged"}'),
        ("info", "started"),
        ("error", "/staff failed"),
    ]
    assert all(event["timestamp"].endswith("Z") for event in events)
    assert [event.get("logger") for event in events] == ["staff.access", None, "staff.route"]
    assert "ZeroDivisionError" in events[2]["exception"]


def test_a_refused_form_is_a_line_in_the_log(sqlite_assistant: Assistant, caplog: pytest.LogCaptureFixture):
    client = TestClient(build_app(sqlite_assistant))

    client.post("/staff/dang-nhap", data={"username": "lan", "password": "mot hai ba bon"})

    assert caplog.messages == ["POST /staff/dang-nhap refused: staff.refused_form"]


def test_a_flood_at_the_sign_in_is_one_line_a_minute(
    sqlite_assistant: Assistant, caplog: pytest.LogCaptureFixture
):
    client = TestClient(build_app(sqlite_assistant), client=("203.0.113.7", 50000))
    page = client.get("/staff/dang-nhap").text
    form = {"form_token": page.partition('name="form_token" value="')[2].partition('"')[0], "username": "\0"}

    statuses = [client.post("/staff/dang-nhap", data=form).status_code for _ in range(30)]

    assert statuses == [400] * 20 + [429] * 10
    assert caplog.messages == ["too many tries to sign in from 203.0.113.7"]
