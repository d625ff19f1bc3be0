"""Too many messages: who is slowed down, how they are told, and what is taken all the same."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from bot.app import build_app
from bot.assembly import Assistant, open_assistant
from bot.channels.capabilities import TELEGRAM, WEBCHAT
from bot.content import Content
from bot.messages import IncomingMessage, Receipt, TooMany
from bot.rate_limit import RateLimits
from bot.settings import Settings
from records.models import InboxMessage
from records.sample import SLUG
from tests.bot.conftest import HandClock
from tests.bot.serving import serving

CRY = "cháu ơi cứu bác, bác vừa chuyển tiền cho bọn lừa đảo rồi"
ASK = "quen mat khau vneid lam sao"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
ON_SQLITE = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)  # where the kind is the same

_numbers = itertools.count()


@pytest.fixture
def limited(migrated_url: str, settings: Settings, content: Content, clock: HandClock) -> Iterator[Assistant]:
    """An assistant with the limits that are shipped."""
    shipped = {name: field.default for name, field in Settings.model_fields.items() if "rate_" in name}
    here = settings.model_copy(update={"database_url": migrated_url, **shipped})
    with open_assistant(here, clock=clock, content=content) as assistant:
        yield assistant


def limits(clock: HandClock, **changes: int) -> RateLimits:
    rates = {"per_person": 20, "per_address": 60, "new_talks": 3, **changes}
    return RateLimits(**rates, is_urgent=lambda text: False, now=lambda: clock().timestamp())


def receive(assistant: Assistant, number: int, text: str = ASK, *, person: str = "ba Tư", **more: str):
    message = IncomingMessage(SLUG, more.get("channel", WEBCHAT), person, str(number), text)
    return assistant.desk.receive(message)


def count(assistant: Assistant, table: type) -> int:
    with assistant.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def page_message(number: int, text: str = ASK) -> dict[str, str]:
    return {"message_id": f"message-{number:08}", "text": text}


# --- One person ---


def sent_in_a_minute(counted: RateLimits, tries: int = 25) -> int:
    taken = 0
    for _ in range(tries):
        try:
            counted.count_person("ba Tư")
            taken += 1
        except TooMany:
            pass
    return taken


def test_a_person_may_send_twenty_messages_a_minute_and_two_hundred_a_day(clock: HandClock):
    counted = limits(clock)

    taken = []
    for _ in range(24 * 60 + 1):
        taken.append(sent_in_a_minute(counted))
        clock.forward(minutes=1)

    assert taken[:12] == [20] * 10 + [0, 0]
    assert sum(taken[: 24 * 60]) == 200
    assert taken[24 * 60] == 20  # the next day


def test_the_wait_is_told_until_the_next_message_fits(clock: HandClock):
    counted = limits(clock)
    for _ in range(20):
        counted.count_person("ba Tư")
    clock.forward(seconds=15)

    with pytest.raises(TooMany) as flood:
        counted.count_person("ba Tư")

    assert (flood.value.wait_s, flood.value.is_first) == (45, True)


def test_nothing_is_limited_where_the_settings_say_zero(clock: HandClock):
    counted = limits(clock, per_person=0, per_address=0, new_talks=0)

    for _ in range(500):
        counted.count_person("ba Tư")
        counted.count_address("203.0.113.7", is_new_talk=True)


def test_a_flood_among_others_is_slowed_down_and_counts_for_nobody_else(limited: Assistant):
    for number in range(19):
        receive(limited, number)
    flood = [IncomingMessage(SLUG, WEBCHAT, "ba Tư", str(number), ASK) for number in range(19, 23)]
    other = IncomingMessage(SLUG, WEBCHAT, "ông Năm", "1", ASK)

    last, *refused, taken = limited.desk.receive_all([*flood, other])

    assert isinstance(last, Receipt)
    assert [type(outcome) for outcome in refused] == [TooMany] * 3
    assert isinstance(taken, Receipt)
    others = [IncomingMessage(SLUG, WEBCHAT, "ông Năm", str(number), ASK) for number in range(2, 23)]
    outcomes = [limited.desk.receive_all([more, *flood[1:]])[0] for more in others]
    assert [isinstance(outcome, Receipt) for outcome in outcomes] == [True] * 19 + [False] * 2
    assert count(limited, InboxMessage) == 40


def test_beyond_the_limit_nothing_is_kept_and_what_was_taken_is_answered(limited: Assistant):
    receipts = [receive(limited, number) for number in range(20)]

    for number in range(20, 25):
        with pytest.raises(TooMany):
            receive(limited, number)

    assert all(limited.desk.wait(receipt, timeout_s=20) for receipt in receipts)
    assert count(limited, InboxMessage) == 20
    with limited.database.read() as session:
        assert {row.state for row in session.scalars(select(InboxMessage))} == {"done"}


def test_a_message_delivered_again_is_no_second_message(limited: Assistant):
    first = [receive(limited, number) for number in range(20)]

    again = [receive(limited, number) for number in range(20)]

    assert [receipt.inbox_id for receipt in again] == [receipt.inbox_id for receipt in first]
    assert {receipt.is_new for receipt in again} == {False}


def test_a_cry_for_help_is_taken_however_many_came_before(limited: Assistant):
    for number in range(20):
        receive(limited, number, "xong rồi")

    with pytest.raises(TooMany):
        receive(limited, 20, "xong rồi")
    receipts = [receive(limited, 21 + number, CRY) for number in range(5)]

    assert all(receipt.is_new for receipt in receipts)
    assert limited.desk.wait(receipts[-1], timeout_s=20)
    said = " ".join(entry.text for entry in limited.desk.entries(receipts[0]))
    assert "113" in said


def test_others_are_not_held_up(limited: Assistant):
    for number in range(20):
        receive(limited, number)

    assert receive(limited, 20, person="ông Năm").is_new


def test_on_a_channel_that_is_written_to_a_flood_is_answered_once(limited: Assistant, clock: HandClock):
    receipts = [receive(limited, number, "xong rồi", channel=TELEGRAM) for number in range(40)]
    assert limited.desk.wait(receipts[20], timeout_s=20)

    told = [entry.text for entry in limited.desk.entries(receipts[0]) if "nhắn nhanh quá" in entry.text]
    assert told == [
        "Bác nhắn nhanh quá nên cháu chưa đọc kịp ạ. Bác chờ một phút rồi nhắn lại việc cần hỏi nhé."
    ]
    assert count(limited, InboxMessage) == 21
    assert [receipt.inbox_id for receipt in receipts[21:]] == [0] * 19
    clock.forward(minutes=1)
    assert receive(limited, 40, channel=TELEGRAM).is_new


# --- One address, on the web chat ---


@pytest.fixture
def web(limited: Assistant) -> Iterator[TestClient]:
    with TestClient(build_app(limited), follow_redirects=False, headers=SAME_ORIGIN) as client:
        yield client


def test_an_address_begins_three_talks_a_minute(web: TestClient, limited: Assistant, clock: HandClock):
    def begin(number: int) -> int:
        web.cookies.clear()
        return web.post("/tin-nhan", data=page_message(number)).status_code

    first = [begin(number) for number in range(5)]
    clock.forward(minutes=1)
    later = begin(4)

    assert (first, later) == ([303, 303, 303, 429, 429], 303)
    assert count(limited, InboxMessage) == 4


def test_an_impatient_second_tap_on_a_first_message_begins_no_second_talk(web: TestClient):
    def tap() -> int:
        web.cookies.clear()  # the answer that brings the cookie is still on its way
        return web.post("/tin-nhan", data=page_message(1)).status_code

    assert [tap() for _ in range(6)] == [303] * 6


def test_a_refused_message_stays_on_the_page_to_be_sent_again(web: TestClient, clock: HandClock):
    for number in range(20):
        web.post("/tin-nhan", data=page_message(number, "xong rồi"))
    clock.forward(seconds=20)

    refused = web.post("/tin-nhan", data=page_message(20, "quên <mật khẩu>"))

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
    assert "Bác gửi nhanh quá nên máy chưa kịp nhận." in refused.text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', refused.text))
    assert fields == {"message_id": "message-00000020", "text": "quên &lt;mật khẩu&gt;", "choice": ""}
    clock.forward(seconds=40)
    assert web.post("/tin-nhan", data=page_message(20, "quên <mật khẩu>")).status_code == 303


@ON_SQLITE
def test_after_a_day_full_of_messages_the_page_says_what_is_still_taken(web: TestClient, clock: HandClock):
    for number in range(200):
        web.post("/tin-nhan", data=page_message(number, "xong rồi"))
        clock.forward(seconds=4)

    refused = web.post("/tin-nhan", data=page_message(200, "xong rồi"))

    assert (refused.status_code, int(refused.headers["retry-after"]) > 80_000) == (429, True)
    assert "Việc gấp như đang bị lừa thì bác cứ gõ rõ. Cháu vẫn nhận." in refused.text
    assert web.post("/tin-nhan", data=page_message(201, CRY)).status_code == 303


@ON_SQLITE
def test_a_cry_for_help_begins_a_talk_from_any_address(web: TestClient):
    statuses = []
    for number in range(70):
        web.cookies.clear()
        statuses.append(web.post("/tin-nhan", data=page_message(number, CRY)).status_code)

    assert statuses == [303] * 70


def begun(url: str, forwarded: Iterator[str]) -> list[int]:
    """Statuses of talks begun one after the other, each with its X-Forwarded-For."""
    return [
        httpx.post(
            f"{url}/tin-nhan",
            data=page_message(next(_numbers)),
            headers={**SAME_ORIGIN, "X-Forwarded-For": addresses},
            timeout=20,
        ).status_code
        for addresses in forwarded
    ]


def test_a_trusted_proxy_is_believed_in_the_last_address_alone(tmp_path: Path):
    with serving(tmp_path, HOCVUSO_RATE_NEW_TALKS="3", HOCVUSO_TRUSTED_PROXY="127.0.0.1") as server:
        people = begun(server.url, (f"198.51.100.66, 203.0.113.{number}" for number in range(5)))
        # A client may write what it likes before the address that the proxy puts behind it.
        one_who_lies = begun(server.url, (f"203.0.113.{number}, 198.51.100.7" for number in range(5)))

    assert (people, one_who_lies) == ([303] * 5, [303] * 3 + [429] * 2)


def test_what_is_no_trusted_proxy_is_not_believed(tmp_path: Path):
    with serving(tmp_path, HOCVUSO_RATE_NEW_TALKS="3", HOCVUSO_TRUSTED_PROXY="192.0.2.1") as server:
        statuses = begun(server.url, (f"203.0.113.{number}" for number in range(5)))

    assert statuses == [303] * 3 + [429] * 2
