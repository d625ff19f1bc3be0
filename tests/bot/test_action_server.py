"""The Actions for a Rasa server: the same as in our own conversation, and nothing said of anybody."""

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection
from sqlalchemy import func, select

from bot.action_records import ActionRecords
from bot.action_server import FAILED, ActionHost, build_action_app
from bot.assembly import build_services, open_plans
from bot.content import Content
from bot.directory import CommuneDirectory
from handlers.actions import FOR_RASA, build_actions
from handlers.base import ServiceAction
from handlers.rasa_project import as_yaml, domain, intents, needed_entities, rules
from knowledge.phrases import load_phrases
from records.database import Database, open_database, sqlite_url
from records.models import (
    Completion,
    Conversation,
    Erasure,
    Handoff,
    InboxMessage,
    OutboxMessage,
    Question,
    UnloggedCount,
)
from records.sample import ensure_sample_commune
from records.vault import KEY_BYTES, Vault
from tests.bot.channel_stories import wait_until
from tests.bot.conftest import HandClock
from tests.bot.serving import environment

TOKEN = "a-token-of-the-tests"
RASA = Path(__file__).parents[2] / "handlers" / "rasa"
Body = dict[str, Any]

# As a Rasa server sent it, recorded at the wire.
RECORDED: Body = {
    "version": "3.21.1",
    "next_action": "action_office_hours",
    "sender_id": "telegram:7",
    "tracker": {
        "sender_id": "telegram:7",
        "slots": {"unit": "UBND xã"},
        "latest_message": {
            "text": "mấy giờ ủy ban làm việc",
            "intent": {"name": "ask_hours", "confidence": 0.98},
            "entities": [{"entity": "unit", "value": "UBND xã", "start": 8, "end": 15}],
            "intent_ranking": [{"name": "ask_hours", "confidence": 0.98}],
            "metadata": {"channel": "telegram"},
        },
        "events": [
            {"event": "action", "name": "action_session_start", "timestamp": 1.0},
            {
                "event": "user",
                "text": "mấy giờ ủy ban làm việc",
                "input_channel": "telegram",
                "timestamp": 2.0,
            },
        ],
        "paused": False,
        "followup_action": None,
        "active_loop": {},
        "latest_action_name": "action_listen",
        "latest_event_time": 2.0,
        "stack": [],
    },
    "domain": {
        "intents": [],
        "entities": [],
        "slots": {},
        "responses": {},
        "actions": ["action_office_hours"],
        "forms": {},
    },
}


@dataclass
class Office:
    """An action server on a socket, and the same Actions beside it."""

    http: httpx.Client
    host: ActionHost
    actions: dict[str, ServiceAction]
    database: Database

    def post(self, body: object, **more: Any) -> httpx.Response:
        return self.http.post("/webhook", params={"token": TOKEN}, json=body, **more)

    def ask(self, action: str, text: str = "", *, message: str = "m1", sender: str = "telegram:7") -> Body:
        answer = self.post(call(action, text, message=message, sender=sender))
        assert answer.status_code == 200, answer.text
        found: Body = answer.json()
        return found

    def rows(self, model: type[Any]) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0


def call(
    action: str,
    text: str = "",
    *,
    message: str | None = None,
    sender: str = "telegram:7",
    slots: Body | None = None,
    entities: Body | None = None,
) -> Body:
    latest = {
        "text": text,
        "intent": {"name": action.removeprefix("action_"), "confidence": 1.0},
        "entities": [{"entity": name, "value": value} for name, value in (entities or {}).items()],
        "message_id": message,
    }
    tracker = {"sender_id": sender, "slots": slots or {}, "latest_message": latest, "events": []}
    return {"next_action": action, "sender_id": sender, "tracker": tracker, "domain": {}}


@contextlib.contextmanager
def office_of(database: Database, content: Content, clock: HandClock, *, records: bool) -> Iterator[Office]:
    with database.write() as session:
        ensure_sample_commune(session, now=clock())
    directory = CommuneDirectory(database)
    plans = open_plans(content, database, None)
    services = build_services(content, load_phrases(), directory, plans, clock, None)
    vault = Vault([b"k" * KEY_BYTES])
    kept = ActionRecords(database, vault, directory.by_slug, clock) if records else None
    host = ActionHost(services, commune="xa-mau", profile=directory.by_slug, records=kept)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(build_action_app(host, token=TOKEN), log_config=None))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        wait_until(lambda: server.started, "the action server to start")
        try:
            base = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with httpx.Client(base_url=base, timeout=30) as http:
                yield Office(http, host, build_actions(services), database)
        finally:
            server.should_exit = True
            thread.join(20)


@pytest.fixture
def office(database: Database, content: Content, clock: HandClock) -> Iterator[Office]:
    with office_of(database, content, clock, records=True) as office:
        yield office


@pytest.fixture(scope="module")
def shared_database(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    copy = tmp_path_factory.mktemp("offices") / "test.db"
    copy.write_bytes(migrated_sqlite.read_bytes())
    database = open_database(sqlite_url(copy))
    yield database
    database.close()


@pytest.fixture(scope="module")
def recording_office(shared_database: Database, content: Content) -> Iterator[Office]:
    """One for all Actions: each of them is another call."""
    with office_of(shared_database, content, HandClock(), records=True) as office:
        yield office


@pytest.fixture(scope="module")
def reading_office(shared_database: Database, content: Content) -> Iterator[Office]:
    """One for all Actions: nothing is recorded."""
    with office_of(shared_database, content, HandClock(), records=False) as office:
        yield office


@pytest.fixture
def plain_office(sqlite_database: Database, content: Content, clock: HandClock) -> Iterator[Office]:
    """Nothing is recorded."""
    with office_of(sqlite_database, content, clock, records=False) as office:
        yield office


# --- The same Actions in both hosts ----------------------------------------------------------------

ALWAYS = {"commune": "xa-mau", "address": "bac", "turn": 3}
GUIDE = {**ALWAYS, "guide": "vneid-quen-mat-khau", "step": 2, "phase": "step", "stuck": 0}
SLOTS: dict[str, Body] = {
    "at the beginning": ALWAYS,
    "on a step": GUIDE,
    "not finding it": {**GUIDE, "phase": "not_found", "stuck": 1, "aside": True},
    "asked whether it worked": {**GUIDE, "phase": "check"},
    "done": {**GUIDE, "phase": "finished", "hamlet_asked": True, "waiting": True, "misses": 2},
}
ENTITIES: dict[str, Body] = {
    "ask": {"query": "quen mat khau vneid lam sao"},
    "topic": {"topic": "vneid", "page": 1},
    "start_guide": {"guide": "kn-wifi", "asked": True},
    "go_to": {"step": 3},
    "urgent": {"kind": "scam"},
    "scam": {"verdict": "likely", "signs": ["asks_money"], "addresses": ["vi-du.example"]},
    "set_hamlet": {"hamlets": ["xom-3"]},
    "person": {"reason": "misses"},
    "menu": {"page": 1},
    "class_undo_yes": {"note": 5},
    "confirm": {"code": "K7M3B"},
    "confirm_yes": {"code": "K7M3B", "guide": "kn-wifi"},
    "confirmation_refuse": {"guide": "kn-wifi"},
    "household_code": {"code": "nha-ba-hai"},
    "household_join": {"code": "nha-ba-hai"},
    "mentee_end": {"code": "K7M3B"},
    "mentor_ask": {"code": "K7M3B"},
    "mentor_end": {"volunteer": 5},
    "mentor_no": {"volunteer": 5},
    "mentor_yes": {"volunteer": 5},
    "trader": {"code": "K7M3B"},
}


async def in_process(action: ServiceAction, body: Body) -> Body:
    dispatcher = CollectingDispatcher()
    tracker = Tracker.from_dict(json.loads(json.dumps(body["tracker"])))
    events = await action.run(dispatcher, tracker, body["domain"])
    return {"events": json.loads(json.dumps(events)), "responses": dispatcher.messages}


def without_receipts(answer: Body) -> str:
    """Receipts are drawn anew each time."""
    return re.sub(r"\b[2-9A-HKMNP-Z]{8}\b", "RECEIPT", json.dumps(answer, ensure_ascii=False))


@pytest.fixture(scope="module")
def known() -> Body:
    return domain("xa-mau")


@pytest.mark.parametrize("action", FOR_RASA, ids=lambda action: action.intent)
async def test_an_action_says_and_sets_the_same_in_process_and_over_http(
    reading_office: Office, known: Body, action: type[ServiceAction]
):
    for where, slots in SLOTS.items():
        text = "điện thoại của tôi không mở được VNeID"
        body = call(f"action_{action.intent}", text, slots=slots, entities=ENTITIES.get(action.intent))

        here = await in_process(reading_office.actions[action.intent], body)
        there = reading_office.post(body)

        assert there.status_code == 200, (where, there.text)
        assert without_receipts(there.json()) == without_receipts(here), where
        assert there.json()["responses"], where
        assert {event["name"] for event in there.json()["events"]} <= known["slots"].keys()
        assert {event["event"] for event in there.json()["events"]} == {"slot"}


# --- The protocol -----------------------------------------------------------------------------------


def test_the_recorded_request_is_answered_as_a_rasa_server_expects(plain_office: Office):
    answer = plain_office.post({**RECORDED, "next_action": "action_greet"})

    assert answer.status_code == 200
    assert answer.json().keys() == {"events", "responses"}
    (response,) = answer.json()["responses"]
    assert response["text"].startswith("Dạ cháu chào bác. Cháu là trợ lý máy của xã Mẫu")
    assert response.keys() == {
        "text",
        "buttons",
        "elements",
        "custom",
        "template",
        "response",
        "image",
        "attachment",
    }
    assert answer.json()["events"][-1] == {
        "event": "slot",
        "timestamp": None,
        "name": "effects",
        "value": [{"kind": "outcome", "outcome": "smalltalk", "guide": None}],
    }


def test_the_smallest_body_that_rasa_sdk_takes_is_taken(plain_office: Office):
    answer = plain_office.post({"next_action": "action_greet", "tracker": {"sender_id": "a"}, "domain": {}})

    assert answer.status_code == 200


def test_an_unknown_action_is_named_and_nothing_else(plain_office: Office):
    answer = plain_office.post(RECORDED)

    assert (answer.status_code, answer.json()) == (
        404,
        {
            "error": "No registered action found for name 'action_office_hours'.",
            "action_name": "action_office_hours",
        },
    )


def test_a_failing_action_repeats_nothing_of_what_the_person_wrote(plain_office: Office):
    def fail(dispatcher: Any, tracker: Tracker, _domain: Any) -> None:
        raise ValueError(tracker.latest_message["text"])

    plain_office.host.executor.register_function("action_greet", fail)

    answer = plain_office.post({**RECORDED, "next_action": "action_greet"})

    assert (answer.status_code, answer.json()) == (500, {"error": FAILED, "action_name": "action_greet"})


def test_an_action_that_refuses_is_told_as_rasa_sdk_tells_it(plain_office: Office):
    def refuse(dispatcher: Any, tracker: Any, _domain: Any) -> None:
        raise ActionExecutionRejection("action_greet", "not now")

    plain_office.host.executor.register_function("action_greet", refuse)

    answer = plain_office.post({**RECORDED, "next_action": "action_greet"})

    assert (answer.status_code, answer.json()) == (400, {"error": "not now", "action_name": "action_greet"})


def test_a_domain_known_by_its_digest_need_not_come_again(plain_office: Office):
    bare = {key: value for key, value in call("action_greet").items() if key != "domain"}

    found = [
        plain_office.post({**bare, "domain_digest": "D1"}).status_code,
        plain_office.post({**bare, "domain_digest": "D1", "domain": {"intents": []}}).status_code,
        plain_office.post({**bare, "domain_digest": "D1"}).status_code,
        plain_office.post({**bare, "domain_digest": "D2"}).status_code,
    ]

    assert found == [449, 200, 200, 449]
    assert plain_office.post(bare).json()["action_name"] == "action_greet"


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        (b"", 400, {"error": "Invalid body request"}),
        (b"{", 400, {"error": "Invalid body request"}),
        (b"[1]", 400, {"error": "Invalid body request"}),
        (b'{"tracker": {"sender_id": "a"}, "domain": {}}', 200, None),
        (
            b'{"next_action": "action_greet", "domain": {}}',
            500,
            {"error": FAILED, "action_name": "action_greet"},
        ),
    ],
    ids=["empty", "no JSON", "a list", "no action", "no tracker"],
)
def test_a_call_that_is_none_is_answered_in_kind(
    plain_office: Office, body: bytes, status: int, answer: object
):
    found = plain_office.http.post("/webhook", params={"token": TOKEN}, content=body)

    assert (found.status_code, found.json()) == (status, answer)


def test_a_message_that_is_null_is_no_message(plain_office: Office):
    body = call("action_empty")
    body["tracker"]["latest_message"] = None

    assert plain_office.post(body).status_code == 200


def test_only_who_knows_the_token_is_answered(plain_office: Office):
    http = plain_office.http
    bearer = {"Authorization": f"Bearer {TOKEN}"}

    found = [
        http.post("/webhook", json=RECORDED).status_code,
        http.post("/webhook", params={"token": "x" + TOKEN}, json=RECORDED).status_code,
        http.get("/actions").status_code,
        http.post("/webhook", headers=bearer, json=RECORDED).status_code,
        http.get("/health").json(),
    ]

    assert found == [401, 401, 401, 404, {"status": "ok"}]
    names = [row["name"] for row in http.get("/actions", headers=bearer).json()]
    assert names == [f"action_{intent}" for intent in intents()]


def test_a_compressed_body_is_read_up_to_the_limit(plain_office: Office):
    def post(body: bytes) -> int:
        headers = {"Content-Encoding": "deflate"}
        return plain_office.http.post(
            "/webhook", params={"token": TOKEN}, content=body, headers=headers
        ).status_code

    assert post(zlib.compress(json.dumps(call("action_greet")).encode())) == 200
    assert post(zlib.compress(b"[" * 200_000_000)) == 413
    assert post(b"no deflate") == 400
    assert plain_office.http.post(
        "/webhook", params={"token": TOKEN}, content=b"x" * 9_000_000
    ).status_code == 413  # fmt: skip


# --- What is recorded -------------------------------------------------------------------------------


def test_a_question_that_rasa_sends_is_counted_and_its_secrets_are_masked(office: Office):
    office.ask("action_ask", "quen mat khau vneid, cccd 042155000731 của bác")

    with office.database.read() as session:
        (question,) = session.scalars(select(Question))
        (message,) = session.scalars(select(InboxMessage))
    assert (question.channel, question.outcome, question.guide) == ("rasa", "guide", "vneid-quen-mat-khau")
    assert question.redacted == message.text == "quen mat khau vneid, cccd ‹cccd› của bác"
    assert (message.state, message.secrets) == ("done", ["cccd"])
    assert office.rows(OutboxMessage) == 0


def test_a_call_that_comes_again_counts_once_and_gets_the_same_answer(office: Office):
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: office.ask("action_erase_yes", "xóa đi"), range(24)))

    assert answers == [answers[0]] * 24
    assert (office.rows(Erasure), office.rows(Conversation)) == (1, 1)


def test_other_messages_senders_and_actions_count_for_themselves(office: Office):
    for message, sender in (("m1", "telegram:7"), ("m2", "telegram:7"), ("m1", "telegram:8")):
        office.ask("action_ask", "quét mã qr để trả tiền", message=message, sender=sender)
    office.ask("action_person", "quét mã qr để trả tiền", message="m1")

    assert [office.rows(model) for model in (Question, Conversation, Handoff)] == [3, 2, 1]


def test_a_message_without_an_id_is_known_by_its_time(office: Office):
    for _ in range(2):
        assert office.post({**RECORDED, "next_action": "action_ask"}).status_code == 200

    assert office.rows(Question) == 1


def test_a_guide_walked_with_rasa_is_a_completion_in_the_persons_hamlet(office: Office):
    hamlet = call("action_set_hamlet", "xóm 3", message="m1", entities={"hamlets": ["xom-3"]})
    assert office.post(hamlet).status_code == 200
    done = call("action_check_yes", "có rồi", message="m2", slots={**GUIDE, "phase": "check"})
    assert office.post(done).status_code == 200

    with office.database.read() as session:
        (completion,) = session.scalars(select(Completion))
    assert (completion.guide, completion.channel) == ("vneid-quen-mat-khau", "rasa")
    assert completion.hamlet_id is not None


def test_a_pressed_button_is_not_kept_as_something_said(office: Office):
    office.ask("action_person", '/person{"means": "yes", "reason": "misses"}')

    with office.database.read() as session:
        assert session.scalars(select(InboxMessage.text)).one() == ""
        assert session.scalars(select(Handoff.question)).one() is None


@pytest.mark.parametrize("action", FOR_RASA, ids=lambda action: action.intent)
def test_what_an_action_says_should_be_recorded_can_be(recording_office: Office, action: type[ServiceAction]):
    before, entities = recording_office.rows(InboxMessage), ENTITIES.get(action.intent)

    for where, slots in SLOTS.items():
        name, sender = f"action_{action.intent}", f"telegram:{action.intent}"
        body = call(name, "giúp bác với", message=where, sender=sender, slots=slots, entities=entities)

        assert recording_office.post(body).status_code == 200, where

    assert recording_office.rows(InboxMessage) > before


def test_of_a_talk_that_is_not_to_be_kept_only_its_number_is(office: Office):
    office.ask("action_log_off", "không lưu", message="m1")
    body = call("action_ask", "quét mã qr để trả tiền", message="m2", slots={"unlogged": True})
    assert office.post(body).status_code == 200

    with office.database.read() as session:
        assert set(session.scalars(select(InboxMessage.text))) == {""}
        assert session.scalars(select(UnloggedCount.count)).one() == 2
    assert office.rows(Question) == 0


def test_nobody_gets_at_anothers_data_by_taking_their_name(office: Office):
    names: list[str] = []

    def who(dispatcher: Any, tracker: Tracker, _domain: Any) -> None:
        names.append(tracker.sender_id)

    office.host.executor.register_function("action_greet", who)
    office.ask("action_greet", sender="webchat:4711")

    assert names == ["rasa:webchat:4711"]


def test_without_records_nothing_is_written(plain_office: Office):
    plain_office.ask("action_ask", "quét mã qr để trả tiền")

    assert [plain_office.rows(model) for model in (InboxMessage, Question, Conversation)] == [0, 0, 0]


# --- The Rasa project -------------------------------------------------------------------------------


def test_domain_and_rules_say_what_the_code_does():
    assert (RASA / "domain.yml").read_text(encoding="utf-8") == as_yaml(domain("xa-mau")), (
        "run: hocvuso actions export handlers/rasa --no-examples"
    )
    assert (RASA / "rules.yml").read_text(encoding="utf-8") == as_yaml(rules())


def test_what_an_action_cannot_do_without_is_known():
    assert needed_entities() == {
        "class_undo_yes": ("note",),
        "confirm": ("code",),
        "confirm_yes": ("code", "guide"),
        "confirmation_refuse": ("guide",),
        "go_to": ("step",),
        "household_code": ("code",),
        "household_join": ("code",),
        "mentee_end": ("code",),
        "mentor_ask": ("code",),
        "mentor_end": ("volunteer",),
        "mentor_no": ("volunteer",),
        "mentor_yes": ("volunteer",),
        "scam": ("addresses", "signs", "verdict"),
        "trader": ("code",),
        "urgent": ("kind",),
    }


def test_stories_name_only_intents_and_actions_that_are_there():
    stories = yaml.safe_load((RASA / "stories.yml").read_text(encoding="utf-8"))["stories"]
    steps = [step for story in stories for step in story["steps"]]

    assert {step["intent"] for step in steps if "intent" in step} <= set(intents())
    assert {step["action"] for step in steps if "action" in step} <= {f"action_{name}" for name in intents()}
    assert len(steps) > 10


def test_the_endpoint_is_the_address_that_is_served_and_has_a_token():
    endpoint = yaml.safe_load((RASA / "endpoints.yml").read_text(encoding="utf-8"))["action_endpoint"]

    assert endpoint == {"url": "http://127.0.0.1:5055/webhook", "token": "${ACTIONS_TOKEN}"}


def test_the_compose_file_serves_them_where_only_this_machine_can_reach_them():
    compose = yaml.safe_load((RASA.parents[1] / "docker-compose.yml").read_text(encoding="utf-8"))
    service = compose["services"]["actions"]

    assert service["profiles"] == ["rasa"]
    assert service["ports"] == ["127.0.0.1:5055:5055"]
    assert service["command"][:3] == ["hocvuso", "actions", "serve"]
    assert "--token-file" in service["command"]


def test_examples_come_from_the_content(tmp_path: Path):
    subprocess.run(
        [sys.executable, "-m", "bot", "actions", "export", str(tmp_path)],
        env=environment(tmp_path),
        check=True,
        capture_output=True,
    )

    examples = yaml.safe_load((tmp_path / "nlu.yml").read_text(encoding="utf-8"))["nlu"]
    by_intent = {row["intent"]: row["examples"].splitlines() for row in examples}
    assert by_intent.keys() <= set(intents())
    assert len(by_intent["ask"]) == 101 * 5
    assert "- xong roi" in by_intent["next"]


def test_served_as_a_program_it_listens_on_loopback_and_makes_its_token(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "actions", "serve", "--port", "0"],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        printed = []
        for line in process.stdout:
            printed.append(line.strip())
            if line.strip() == "serving":
                break
        address = printed[0].split()[1]
        file = tmp_path / "actions.token"
        token = file.read_text().strip()
        wait_until(lambda: _answers(f"{address.removesuffix('/webhook')}/health"), "the server to answer")

        answer = httpx.post(address, params={"token": token}, json=call("action_greet"), timeout=30)

        assert address.startswith("http://127.0.0.1:")
        assert answer.json()["responses"][0]["text"].startswith("Dạ cháu chào bác.")
        assert (file.stat().st_mode & 0o777, len(token) >= 40) == (0o600, True)
        assert (tmp_path / "secret.key").exists()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stdout.close()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
