"""What Prometheus is told: what happened, what waits, and nothing about anybody."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bot.app import build_app
from bot.assembly import Assistant, load_content
from bot.gauges import Gauges
from bot.messages import IncomingMessage, Overloaded
from bot.metrics import Metrics
from bot.settings import Settings
from records.inbox import claim_row
from records.jobs import EVERYWHERE
from records.learners import open_conversation
from records.models import InboxMessage, JobRun, OutboxMessage
from records.sample import SLUG
from tests.bot.conftest import HandClock

ASK = "quen mat khau vneid lam sao"
BUTTON = "tôi nhờ người giúp 0912.777.345"


def scraped(assistant: Assistant) -> dict[str, float]:
    """sample with its labels → value"""
    with TestClient(build_app(assistant)) as http:
        answer = http.get("/metrics")
    assert answer.status_code == 200
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def send(assistant: Assistant, text: str, number: int, *, channel: str = "telegram") -> None:
    message = IncomingMessage(SLUG, channel, "ba Tư", str(number), text, address="4711")
    receipt = assistant.desk.receive(message)
    assert assistant.desk.wait(receipt, timeout_s=30)


def test_messages_turns_and_their_time_are_counted_by_channel(assistant: Assistant):
    send(assistant, ASK, 1)
    send(assistant, ASK, 1)
    send(assistant, "chào cháu", 2, channel="webchat")

    numbers = scraped(assistant)

    assert numbers['hocvuso_messages_total{channel="telegram",taken="new"}'] == 1
    assert numbers['hocvuso_messages_total{channel="telegram",taken="again"}'] == 1
    assert numbers['hocvuso_messages_total{channel="webchat",taken="new"}'] == 1
    assert numbers['hocvuso_turns_total{channel="webchat",outcome="smalltalk"}'] == 1
    assert numbers["hocvuso_turn_seconds_count"] == 2
    assert numbers['hocvuso_answer_seconds_bucket{le="+Inf"}'] == 2


def test_a_message_that_is_refused_counts_as_such(assistant: Assistant, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(assistant.crowd, "_marks", replace(assistant.crowd._marks, full=0))

    with pytest.raises(Overloaded):
        send(assistant, ASK, 1)

    assert scraped(assistant)['hocvuso_messages_total{channel="telegram",taken="overload"}'] == 1


def test_what_waits_is_told_with_its_age(assistant: Assistant, clock: HandClock):
    send(assistant, ASK, 1)  # no sender: its replies wait
    assistant.worker.stop()
    with assistant.database.write() as session:
        commune_id = assistant.directory.by_slug(SLUG).id
        talk = open_conversation(
            session, commune_id=commune_id, channel="zalo-oa", hashes=["bà"], now=clock()
        )
        for number in range(3):
            message, _ = claim_row(session, talk, message_id=str(number), text="", now=clock())
        message.state = "dead"
        replies = session.query(OutboxMessage).count()
    clock.forward(seconds=40)

    numbers = scraped(assistant)

    assert numbers['hocvuso_inbox_pending{channel="zalo-oa"}'] == 2
    assert numbers['hocvuso_inbox_pending{channel="telegram"}'] == 0
    assert numbers["hocvuso_inbox_oldest_seconds"] == 40
    assert numbers["hocvuso_inbox_dead"] == 1
    assert numbers['hocvuso_outbox_replies{channel="telegram",state="pending"}'] == replies > 0
    assert numbers['hocvuso_outbox_oldest_seconds{channel="telegram"}'] == 40
    assert numbers["hocvuso_worker_up"] == 0


def test_the_state_of_the_installation_is_told(assistant: Assistant, clock: HandClock):
    with assistant.database.write() as session:
        session.add(
            JobRun(
                commune_id=EVERYWHERE,
                job="cleaning",
                day=clock().date(),
                started_at=clock(),
                lease_until=clock(),
                finished_at=clock(),
            )
        )
    backups = assistant.settings.data_folder / "backups"
    backups.mkdir()
    (backups / "hocvuso-20261121T190000.db").touch()

    numbers = scraped(assistant)

    assert numbers["hocvuso_database_up"] == 1
    assert numbers['hocvuso_database_connections{pool="writer",state="used"}'] >= 0
    assert numbers["hocvuso_content_guides"] == len(assistant.content.library().guides)
    assert numbers["hocvuso_content_builds"] == assistant.content.builds
    assert numbers["hocvuso_content_problem"] == 0
    assert numbers['hocvuso_job_done_timestamp_seconds{task="cleaning"}'] == clock().timestamp()
    assert numbers["hocvuso_backup_newest_timestamp_seconds"] == 1_795_287_600
    assert numbers["hocvuso_disk_free_bytes"] > 0
    assert numbers["process_resident_memory_bytes"] > 0
    kind = assistant.database.engine.dialect.name
    assert any(name.startswith("hocvuso_build_info{") and f'database="{kind}"' in name for name in numbers)


def test_without_the_database_the_rest_is_still_told(assistant: Assistant):
    with assistant.database.write() as session:
        InboxMessage.__table__.drop(session.connection())  # type: ignore[attr-defined]

    numbers = scraped(assistant)

    assert numbers["hocvuso_database_up"] == 0
    assert "hocvuso_inbox_oldest_seconds" not in numbers
    assert numbers["hocvuso_content_guides"] > 0


def test_many_who_ask_cost_one_look_at_the_database(assistant: Assistant, clock: HandClock, tmp_path: Path):
    assistant.worker.stop()
    gauges = Gauges(
        assistant.database, assistant.content, assistant.worker, clock,
        data_folder=tmp_path, backups=tmp_path, kept_s=3600,
    )  # fmt: skip
    before = {metric.name: metric.samples for metric in gauges.collect()}
    with assistant.database.write() as session:
        talk = open_conversation(
            session, commune_id=assistant.directory.by_slug(SLUG).id, channel="telegram",
            hashes=["bà"], now=clock(),
        )  # fmt: skip
        claim_row(session, talk, message_id="1", text="", now=clock())

    after = {metric.name: metric.samples for metric in gauges.collect()}

    assert before["hocvuso_inbox_pending"] == after["hocvuso_inbox_pending"]


def test_each_call_of_the_encoder_is_timed():
    metrics = Metrics()
    content = load_content(Settings(_env_file=None), metrics)
    at_start = metrics.registry.get_sample_value("hocvuso_encoder_texts_total")

    content.ask(ASK)

    assert metrics.registry.get_sample_value("hocvuso_encoder_texts_total") == (at_start or 0) + 1
    assert (metrics.registry.get_sample_value("hocvuso_encoder_seconds_count") or 0) >= 2


def test_no_label_holds_what_somebody_wrote_or_who_they_are(assistant: Assistant):
    send(assistant, BUTTON, 1)
    send(assistant, ASK, 2)

    labels = {value for name in scraped(assistant) for value in re.findall(r'="([^"]*)"', name)}

    assert not [
        value for value in labels if "ba Tư" in value or "4711" in value or "0912" in value or " " in value
    ]
