"""What stands in the log: one line of JSON for each event, with its time, and nothing that people typed."""

import json
import subprocess
import sys

PROGRAM = """
import logging, structlog
from bot.app import set_up_logs

set_up_logs("INFO")
logging.getLogger("staff.access").warning("too many tries from %s", "203.0.113.7\\n{\\"event\\": \\"forged\\"}")
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
