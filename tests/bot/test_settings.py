"""Settings, and the example file that must name them all."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def test_the_example_names_each_setting_with_its_default_and_its_description():
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    found = {
        match[1].lower(): (before.removeprefix("# "), match[2])
        for before, line in pairwise(lines)
        if (match := re.fullmatch(r"HOCVUSO_(\w+)=(.*)", line))
    }

    expected = {
        name: (field.description, "" if field.default is None else str(field.default))
        for name, field in Settings.model_fields.items()
    }
    assert found == expected


def test_a_misspelt_name_in_the_file_is_refused(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text("HOCVUSO_TRESHOLD=0.5\n", encoding="utf-8")

    with pytest.raises(ValidationError, match="hocvuso_treshold"):
        Settings(_env_file=file)


def test_cookies_want_https_where_the_public_address_has_it():
    assert Settings(_env_file=None, public_url="https://xa.example.vn").secure_cookies
    assert not Settings(_env_file=None, public_url="http://192.0.2.1:8000").secure_cookies
