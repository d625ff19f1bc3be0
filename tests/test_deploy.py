"""What deploy/ names exists: metrics with their labels, alerts in the manual, settings and commands."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from bot.app import build_app
from bot.assembly import Assistant, open_assistant
from bot.main import app
from bot.messages import IncomingMessage
from bot.settings import Settings
from records.database import sqlite_url
from records.jobs import EVERYWHERE
from records.models import JobRun

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((DEPLOY / "grafana" / "hocvuso.json").read_text(encoding="utf-8"))
UNITS = sorted((DEPLOY / "systemd").iterdir())
OF_PROMETHEUS = {"up", "instance", "job", "le"}  # what it adds by itself


def expressions() -> list[str]:
    shown = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [*(rule["expr"] for rule in RULES), *shown]


@pytest.fixture(scope="module")
def told(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """sample → its labels, of everything that a server tells"""
    folder = tmp_path_factory.mktemp("data")
    (folder / "test.db").write_bytes(migrated_sqlite.read_bytes())
    url = sqlite_url(folder / "test.db")
    settings = Settings(_env_file=None, data_folder=folder, database_url=url, rate_person=0)
    with open_assistant(settings) as assistant:
        message = IncomingMessage(settings.commune, "webchat", "ba", "1", "chào cháu")
        assert assistant.desk.wait(assistant.desk.receive(message), timeout_s=30)
        everything_happens(assistant)
        return dict(samples(assistant))


def everything_happens(assistant: Assistant) -> None:
    """A label has no sample before its first time."""
    assistant.metrics.sent("telegram", "dead")
    assistant.metrics.sent_again("telegram", 1)
    assistant.metrics.call("telegram", 0.1)
    now = assistant.clock()
    done = {"started_at": now, "lease_until": now, "finished_at": now}
    with assistant.database.write() as session:
        session.add(JobRun(commune_id=EVERYWHERE, job="cleaning", day=now.date(), **done))


def samples(assistant: Assistant) -> Iterator[tuple[str, set[str]]]:
    with TestClient(build_app(assistant)) as http:
        page = http.get("/metrics").text
    for family in text_string_to_metric_families(page):
        yield family.name, set()  # its name is told although it may have no sample yet
        for sample in family.samples:
            yield sample.name, set(sample.labels)


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_and_label_of_an_expression_exists(expression: str, told: dict[str, set[str]]):
    named = set(re.findall(r"\b(?:hocvuso|process)_\w+", expression))
    selected = {
        (name, label)
        for name, labels in re.findall(r"(\w+)\{([^}]*)\}", expression)
        for label in re.findall(r"(\w+)\s*[=!]", labels)
    }
    grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", expression))))

    assert named - told.keys() == set()
    assert [pair for pair in selected if pair[1] not in told.get(pair[0], set()) | OF_PROMETHEUS] == []
    assert grouped - OF_PROMETHEUS - {label for name in named for label in told[name]} == set()
    assert named or "up{" in expression


def test_no_metric_has_a_label_that_prometheus_adds_itself(told: dict[str, set[str]]):
    assert [name for name, labels in told.items() if labels & {"job", "instance"}] == []


def test_every_alert_is_in_the_manual_with_what_to_do():
    manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = manual.partition("## Alerts\n")[2].partition("\n## ")[0]
    explained = re.findall(r"^\| `(Hocvuso\w+)` \| (.+) \| (.+) \|$", section, re.MULTILINE)

    assert [name for name, _, _ in explained] == [rule["alert"] for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_urgent_it_is_and_what_is_the_matter(rule: dict[str, dict[str, str]]):
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]


def test_each_panel_of_the_dashboard_has_a_title_and_a_place_of_its_own():
    titles = [panel["title"] for panel in DASHBOARD["panels"]]
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(set(titles)) == len(titles)
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_names_settings_and_commands_that_exist(unit: Path):
    text = unit.read_text(encoding="utf-8")
    known = {f"HOCVUSO_{name.upper()}" for name in Settings.model_fields}

    assert set(re.findall(r"HOCVUSO_[A-Z_]+", text)) <= known
    for command in re.findall(r"^ExecStart=\S+/hocvuso (.+)$", text, re.MULTILINE):
        words = command.split()
        done = CliRunner().invoke(app, [*(word for word in words if not word.startswith("-")), "--help"])
        assert done.exit_code == 0
        assert [word for word in words if word.startswith("-") and word not in done.output] == []
    # Whoever stops it waits longer than it takes.
    assert "ExecStart=" not in text or "oneshot" in text or "TimeoutStopSec=15" in text
