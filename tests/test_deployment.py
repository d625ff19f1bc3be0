"""The image and the compose file, as far as they can be checked without an engine."""

import re
import tomllib
from pathlib import Path

import yaml

from bot.settings import Settings

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
KNOWN = {f"HOCVUSO_{name.upper()}" for name in Settings.model_fields}


def test_both_name_only_settings_that_exist():
    named = set(re.findall(r"HOCVUSO_[A-Z_]+", DOCKERFILE + (ROOT / "docker-compose.yml").read_text("utf-8")))

    assert named <= KNOWN


def test_the_image_copies_every_package_and_runs_the_command_as_an_unprivileged_user():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}

    assert {folder for folder, _ in re.findall(r"^COPY (\w+) (\w+)$", DOCKERFILE, re.MULTILINE)} == packages
    assert 'CMD ["hocvuso", "serve"]' in DOCKERFILE
    assert "hocvuso" in project["project"]["scripts"]
    assert DOCKERFILE.index("USER hocvuso") < DOCKERFILE.index("CMD [")


def test_the_services_wait_for_a_healthy_database_and_keep_their_data():
    assistant, database = COMPOSE["services"]["assistant"], COMPOSE["services"]["database"]

    assert assistant["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "healthcheck" in database
    assert set(COMPOSE["volumes"]) == {"data", "database"}


def test_the_newcomers_commands_are_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert {"run", "test", "lint"} <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
