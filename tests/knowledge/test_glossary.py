"""The glossary: how it is read, and that nothing in it is lost or ambiguous."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from knowledge.check import fold
from knowledge.glossary import Glossary, load_glossary
from knowledge.guide import ContentError
from knowledge.library import CONTENT, read_text

WORDS = """\
abbreviations: {ko: không, mk: mật khẩu}
names:
  vneid: [vê nê ai đi, vneit]
  zalo: [da lô]
only_with_marks: [da lô]
regional: {mô: đâu}
fillers: {before: [cháu ơi], after: [với ạ]}
"""


def folder(tmp_path: Path, words: str) -> Path:
    (tmp_path / "glossary").mkdir()
    (tmp_path / "glossary" / "words.yaml").write_text(words, encoding="utf-8")
    return tmp_path


def test_the_file_becomes_a_glossary(tmp_path: Path):
    glossary = load_glossary(folder(tmp_path, WORDS))

    assert glossary == Glossary(
        abbreviations={"ko": "không", "mk": "mật khẩu"},
        names={"vê nê ai đi": "vneid", "vneit": "vneid", "da lô": "zalo"},
        only_with_marks=frozenset(["da lô"]),
        regional={"mô": "đâu"},
        fillers_before=("cháu ơi",),
        fillers_after=("với ạ",),
    )


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("{ko: không,", "{no: không,", "abbreviations: False: 'không'"),
        ("{ko: không,", "{ko: 1,", "abbreviations: 'ko': 1"),
        ("{mô: đâu}", "{on: đâu}", "regional: True: 'đâu'"),
    ],
)
def test_a_word_that_yaml_reads_as_something_else_is_refused(tmp_path: Path, old: str, new: str, found: str):
    content = folder(tmp_path, WORDS.replace(old, new))

    with pytest.raises(ContentError) as caught:
        load_glossary(content)

    path = content / "glossary" / "words.yaml"
    assert str(caught.value) == f"{path}:1: found {found}, expected words; quote them if need be"


def test_a_group_left_out_is_refused(tmp_path: Path):
    content = folder(tmp_path, WORDS.replace("regional: {mô: đâu}\n", ""))

    with pytest.raises(ContentError, match=r"words\.yaml:1: found no regional, expected the fields "):
        load_glossary(content)


def test_broken_yaml_is_refused_with_its_line(tmp_path: Path):
    content = folder(tmp_path, WORDS.replace("names:", "names: vneid: x"))

    with pytest.raises(ContentError, match=r"words\.yaml:2: found mapping values are not allowed here"):
        load_glossary(content)


# --- The shipped one ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return load_glossary()


def test_an_abbreviation_is_one_word(glossary: Glossary):
    assert [word for word in glossary.abbreviations if " " in word or word != word.lower()] == []


def test_names_are_written_the_way_questions_are_read(glossary: Glossary):
    assert [name for name in glossary.names.values() if name != name.lower()] == []


def test_a_heard_name_without_marks_means_one_thing(glossary: Glossary):
    meanings: dict[str, set[str]] = {}
    for heard, name in glossary.names.items():
        if heard not in glossary.only_with_marks:
            meanings.setdefault(fold(heard), set()).add(name)

    assert {heard: names for heard, names in meanings.items() if len(names) > 1} == {}


def test_names_that_need_their_marks_are_names(glossary: Glossary):
    assert glossary.only_with_marks - set(glossary.names) == set()


@pytest.mark.parametrize("path", sorted(CONTENT.rglob("*.yaml")), ids=lambda path: path.name)
def test_no_key_stands_twice_in_a_content_file(path: Path):
    """YAML would keep the last one and drop the other without a word."""
    assert repeated(yaml.compose(read_text(path))) == []


def repeated(node: yaml.Node | None) -> list[str]:
    match node:
        case yaml.MappingNode(value=pairs):
            counts = Counter(key.value for key, _ in pairs)
            twice = [
                f"line {key.start_mark.line + 1}: {key.value}" for key, _ in pairs if counts[key.value] > 1
            ]
            return twice + [found for _, value in pairs for found in repeated(value)]
        case yaml.SequenceNode(value=items):
            return [found for item in items for found in repeated(item)]
    return []
