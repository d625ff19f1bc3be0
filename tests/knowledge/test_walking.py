"""The words of somebody who walks a guide: how they are read, and that each can be met."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from knowledge.check import fold
from knowledge.guide import ContentError
from knowledge.library import CONTENT, read_text
from knowledge.walking import ASKS, CONTROLS, load_walking_words

FILE = CONTENT / "glossary" / "walking.yaml"
SHIPPED = yaml.safe_load(read_text(FILE))


def changed(tmp_path: Path, old: str, new: str) -> Path:
    (tmp_path / "glossary").mkdir()
    shutil.copy(FILE, tmp_path / "glossary")
    path = tmp_path / "glossary" / "walking.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def phrases() -> list[str]:
    asked = [
        said for row in SHIPPED["asks"].values() for key in ("said", "alone") for said in row.get(key, ())
    ]
    steering = [said for group in SHIPPED["controls"].values() for said in group]
    single = [*SHIPPED["around"], *SHIPPED["to_step"], *SHIPPED["frame"], *SHIPPED["contrast"]]
    return [*asked, *steering, *single]


def test_phrases_are_folded_words_else_no_message_could_match():
    assert [said for said in phrases() if not isinstance(said, str) or fold(said) != said] == []


def test_a_control_is_what_is_left_of_it_without_the_words_that_add_nothing():
    words = load_walking_words()

    assert words.controls["buoc sau"] == "next"
    assert words.controls["buoc truoc"] == "back"
    assert "" not in words.controls
    assert all(word not in words.around for said in words.controls for word in said.split())


def test_no_control_stands_in_two_intents():
    intents: dict[str, set[str]] = {}
    words = load_walking_words()
    for intent in CONTROLS:
        for said in SHIPPED["controls"][intent]:
            core = " ".join(word for word in said.split() if word not in words.around)
            intents.setdefault(core, set()).add(intent)

    assert {core: found for core, found in intents.items() if len(found) > 1} == {}


def test_longer_words_that_ask_come_first():
    words = load_walking_words()

    for kind in ASKS:
        lengths = [len(said) for said in words.asks[kind].said]
        assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize(
    ("kind", "text", "answers"),
    [
        ("time", "khong qua 3 ngay lam viec", True),
        ("time", "bac xem ngay ghi trong giay hen", True),
        ("time", "bac xem so tren the", False),
        ("cost", "le phi 135 000 dong mot lan", True),
        ("cost", "bac bam chuyen tien", False),
    ],
)
def test_what_says_how_long_or_how_much_is_known_by_its_words(kind: str, text: str, answers: bool):
    pattern = load_walking_words().asks[kind].answered

    assert pattern is not None
    assert bool(pattern.search(text)) == answers


def test_a_kind_of_control_that_nobody_knows_is_refused(tmp_path: Path):
    content = changed(tmp_path, "  progress:\n", "  porgress:\n")

    with pytest.raises(
        ContentError, match=re.escape("walking.yaml:1: found controls: next, back, repeat, porgress")
    ):
        load_walking_words(content)
