"""The interface for other programs: who may call, what they get, and that nothing of it is kept."""

import datetime as dt
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from bot.app import build_app
from bot.assembly import Assistant, open_assistant
from bot.content import Content
from bot.settings import Settings
from records.api_keys import ASK, COUNTS, SCOPES, add_key, live_key
from records.communes import find_commune
from records.learners import open_conversation
from records.models import ApiCall, ApiKey, InboxMessage, Question
from records.questions import record_question
from tests.bot.conftest import HandClock

PORTAL = "https://xa.example.vn"
COUNT = "/api/v1/counts?period=2026-11"


@dataclass
class Portal:
    """Another program, with a key that may do everything; tests that need less make one."""

    assistant: Assistant
    http: TestClient
    token: str = ""

    def key(self, *, scopes: tuple[str, ...] = SCOPES, **changes: object) -> str:
        with self.assistant.database.write() as session:
            commune = find_commune(session, "xa-mau")
            assert commune is not None
            fields = {"name": "cổng", "origins": [PORTAL], "by": "staff:lan", "now": self.assistant.clock()}
            return add_key(session, commune_id=commune.id, scopes=scopes, **(fields | changes))[1]

    def get(self, path: str = COUNT, token: str | None = None, **headers: str):
        return self.http.get(path, headers={"Authorization": f"Bearer {token or self.token}", **headers})

    def ask(self, question: str, token: str | None = None, **fields: object):
        return self.http.post(
            "/api/v1/ask",
            json={"question": question, **fields},
            headers={"Authorization": f"Bearer {token or self.token}"},
        )

    def calls(self) -> dict[str, int]:
        with self.assistant.database.read() as session:
            return {call.scope: call.count for call in session.scalars(select(ApiCall))}


@pytest.fixture(scope="module")
def one_assistant(
    tmp_path_factory: pytest.TempPathFactory, content: Content, migrated_sqlite: Path
) -> Iterator[Assistant]:
    """On SQLite: what differs between databases is tested in tests/records."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "hocvuso.db").write_bytes(migrated_sqlite.read_bytes())
    settings = Settings(_env_file=None, data_folder=folder, rate_address=0)
    with open_assistant(settings, clock=HandClock(), content=content) as assistant:
        yield assistant


@pytest.fixture
def portal(request: pytest.FixtureRequest, one_assistant: Assistant, clock: HandClock) -> Portal:
    """With a new key, and nothing called yet; a parameter changes settings."""
    settings = one_assistant.settings.model_copy(update=getattr(request, "param", {}))
    assistant = replace(one_assistant, settings=settings, clock=clock)
    with assistant.database.write() as session:
        session.execute(delete(ApiCall))
    found = Portal(assistant, TestClient(build_app(assistant)))
    found.token = found.key()
    return found


def problem(answer) -> tuple[int, str]:
    """Status and code; that the rest is a problem in Vietnamese is checked on the way."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body.keys() == {"type", "title", "status", "code"}
    assert body["status"] == answer.status_code
    assert " " in body["title"]
    return answer.status_code, body["code"]


def test_a_month_is_told_by_hamlet_and_by_topic_without_few_people(portal: Portal):
    with portal.assistant.database.write() as session:
        commune = find_commune(session, "xa-mau")
        assert commune is not None
        for number in range(7):
            talk = open_conversation(
                session,
                commune_id=commune.id,
                channel="zalo",
                hashes=[f"p{number}"],
                now=portal.assistant.clock(),
            )
            record_question(
                session, commune_id=commune.id, inbox_id=number, learner_id=talk.learner_id, channel="zalo",
                redacted="…", outcome="guide", guide="at-otp" if number < 6 else "kn-wifi", score=0.9,
                candidates=[], now=portal.assistant.clock(),
            )  # fmt: skip

    hamlets, topics = portal.get().json(), portal.get(f"{COUNT}&by=topic").json()

    assert (hamlets["commune"]["slug"], hamlets["first"], hamlets["last"]) == (
        "xa-mau",
        "2026-11-01",
        "2026-11-30",
    )
    assert hamlets["total"] == {"key": None, "name": None, "questions": 7, "learners": 7, "completions": 0}
    assert hamlets["rows"][-1] == hamlets["total"]  # nobody named a hamlet
    shown = {row["key"]: row["questions"] for row in topics["rows"]}
    assert (shown["an-toan"], shown["ky-nang"], shown["vneid"]) == (None, None, 0)
    assert portal.calls() == {COUNTS: 2}


def test_a_question_is_answered_as_the_command_line_does_and_nothing_of_it_is_kept(
    portal: Portal, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)

    answer = portal.ask("quên mật khẩu vneid, mã OTP của tôi là 493817", id="q7").json()

    assert answer.keys() == {
        "id", "outcome", "guide", "candidates", "passages", "urgent", "scam", "secrets", "redacted", "reply"
    }  # fmt: skip
    assert (answer["id"], answer["outcome"], answer["guide"]) == ("q7", "guide", "vneid-quen-mat-khau")
    assert "493817" not in answer["redacted"]
    assert answer["reply"][0]
    with portal.assistant.database.read() as session:
        texts = [*session.scalars(select(Question.redacted)), *session.scalars(select(InboxMessage.text))]
    assert [text for text in texts if "vneid" in text] == []
    assert portal.calls() == {ASK: 1}
    assert "493817" not in caplog.text
    assert portal.token not in caplog.text


def test_without_a_key_that_works_and_may_nothing_is_told(portal: Portal):
    over = portal.key(expires_at=portal.assistant.clock())
    revoked, counting = portal.key(name="thu hồi"), portal.key(scopes=(COUNTS,))
    with portal.assistant.database.write() as session:
        session.query(ApiKey).filter_by(name="thu hồi").update({"revoked_at": portal.assistant.clock()})

    refused = [
        portal.http.get(COUNT),
        portal.http.get(COUNT, headers={"Authorization": f"Basic {portal.token}"}),
        portal.http.get(f"{COUNT}&token={portal.token}&key={portal.token}"),
        portal.get(token="hvs_guessed"),
        portal.get(token=over),
        portal.get(token=revoked),
    ]

    assert [problem(answer) for answer in refused] == [(401, "no_key")] * 6
    assert {answer.headers["www-authenticate"] for answer in refused} == {"Bearer"}
    assert problem(portal.ask("quên mật khẩu", counting)) == (403, "no_scope")
    assert portal.calls() == {}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/counts",
        "/api/v1/counts?period=2026-13",
        "/api/v1/counts?period=2026-Q4",
        "/api/v1/counts?period=2026-11-01",
        f"{COUNT}&by=person",
    ],
)
def test_a_period_that_could_be_subtracted_from_another_and_what_is_no_request_is_refused(
    portal: Portal, path: str
):
    assert problem(portal.get(path)) == (400, "bad_request")


def test_a_question_that_is_none_or_too_large_is_refused(portal: Portal):
    refused = [portal.ask(""), portal.ask("x" * 2_001), portal.ask("a\0b")]

    assert [problem(answer) for answer in refused] == [(400, "bad_request")] * 3
    assert portal.ask("x" * 20_000).status_code == 413


def test_a_page_of_an_allowed_site_may_call_and_one_of_another_may_not(portal: Portal):
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}

    before = [
        portal.http.options("/api/v1/counts", headers={"Origin": origin, **asked})
        for origin in (PORTAL, "https://evil.example", "null")
    ]
    calls = [portal.get(Origin=origin) for origin in (PORTAL, "https://evil.example")]

    assert [answer.status_code for answer in before] == [204, 403, 403]
    assert [answer.headers.get("access-control-allow-origin") for answer in (*before, *calls)] == [
        PORTAL, None, None, PORTAL, None,
    ]  # fmt: skip
    assert (calls[0].status_code, problem(calls[1])) == (200, (403, "no_origin"))
    assert calls[0].headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in calls[0].headers


@pytest.mark.parametrize("portal", [{"rate_api": 2}], indirect=True)
def test_a_key_is_counted_by_the_minute(portal: Portal, clock: HandClock):
    other = portal.key()

    first = [portal.get().status_code for _ in range(3)]
    wait = portal.get().headers["retry-after"]
    of_other = portal.get(token=other).status_code
    clock.forward(minutes=1)

    assert (first, wait, of_other) == ([200, 200, 429], "60", 200)
    assert portal.get().status_code == 200


@pytest.mark.parametrize("portal", [{"rate_address": 3}], indirect=True)
def test_an_address_is_counted_before_any_key_is_looked_up(portal: Portal):
    statuses = [portal.get(token="hvs_guess").status_code for _ in range(4)]

    assert statuses == [401, 401, 401, 429]
    assert problem(portal.get()) == (429, "too_many")


def test_the_description_names_the_calls_and_how_to_bring_the_key(portal: Portal):
    described = portal.http.get("/api/v1/openapi.json").json()

    assert {path: sorted(methods) for path, methods in described["paths"].items()} == {
        "/api/v1/counts": ["get"],
        "/api/v1/ask": ["post"],
    }
    assert described["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert json.dumps(described, ensure_ascii=False).count("Số liệu một tháng") == 1


def test_the_last_use_is_known_to_the_minute(portal: Portal, clock: HandClock):
    seen = []
    for seconds in (0, 59, 1):
        clock.forward(seconds=seconds)
        portal.get()
        with portal.assistant.database.read() as session:
            key = live_key(session, portal.token, now=clock())
            seen.append(key and key.last_used_at)

    start = clock() - dt.timedelta(minutes=1)
    assert seen == [start, start, clock()]
