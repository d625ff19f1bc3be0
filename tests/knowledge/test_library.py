"""Loading the guides with their questions."""

import datetime as dt
import unicodedata
from pathlib import Path

import pytest

from knowledge.guide import ContentError, parse_guide
from knowledge.library import Library, library_of, load_fields, load_library, load_questions
from tests.knowledge.test_guide import GUIDE, guide_text


def write(content: Path, name: str, text: str) -> Path:
    path = content / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def says(error: ContentError, path: Path, rest: str) -> bool:
    return str(error) == f"{path}:{rest}"


def test_guides_come_with_their_questions_in_the_order_of_their_slugs(tmp_path: Path):
    write(tmp_path, "guides/kn-wifi.md", GUIDE)
    write(tmp_path, "guides/kn-loa.md", GUIDE)
    write(tmp_path, "questions/kn-wifi.txt", "nối mạng\n")
    write(tmp_path, "questions/kn-loa.txt", "# của bà con\nbật loa\n\n  nghe không rõ  \n")

    library = load_library(tmp_path)

    assert list(library.guides) == ["kn-loa", "kn-wifi"]
    assert library.guide("kn-loa").questions == ("bật loa", "nghe không rõ")


def test_what_no_guide_is_for_comes_by_kind(tmp_path: Path):
    write(tmp_path, "guides/kn-loa.md", GUIDE)
    write(tmp_path, "questions/kn-loa.txt", "bật loa\n")
    write(tmp_path, "elsewhere/small_talk.txt", "# chào hỏi\nchào cháu\n")
    write(tmp_path, "elsewhere/gibberish.txt", "asdf\n")

    library = load_library(tmp_path)

    assert library.elsewhere == {"gibberish": ("asdf",), "small_talk": ("chào cháu",)}


def test_a_guide_without_a_questions_file_is_refused(tmp_path: Path):
    write(tmp_path, "guides/kn-loa.md", GUIDE)

    with pytest.raises(ContentError) as caught:
        load_library(tmp_path)

    path = tmp_path / "questions/kn-loa.txt"
    assert says(caught.value, path, "1: found no file, expected the questions for 'kn-loa', one a line")


def test_an_empty_folder_is_refused(tmp_path: Path):
    with pytest.raises(ContentError) as caught:
        load_library(tmp_path)

    path = tmp_path / "guides"
    assert says(caught.value, path, "1: found no guide, expected at least one file such as 'kn-wifi.md'")


def test_the_first_broken_guide_is_refused(tmp_path: Path):
    path = write(tmp_path, "guides/kn-loa.md", guide_text(("## Các bước", "## Làm")))

    with pytest.raises(ContentError) as caught:
        load_library(tmp_path)

    assert says(caught.value, path, "34: found '## Làm', expected '## Các bước'")


def test_expired_guides_are_not_answered_with():
    old = parse_guide(Path("kn-loa.md"), GUIDE)  # holds until the end of 2027
    lasting = parse_guide(Path("kn-wifi.md"), guide_text(("expires: 2027-12-31\n", "")))
    library = library_of([old, lasting])

    assert library.answerable(dt.date(2027, 12, 31)) == {"kn-loa": old, "kn-wifi": lasting}
    assert library.answerable(dt.date(2028, 1, 1)) == {"kn-wifi": lasting}


def test_a_library_cannot_be_changed_by_those_who_read_it():
    library = Library(library_of([parse_guide(Path("kn-loa.md"), GUIDE)]).guides)

    with pytest.raises(TypeError):
        library.guides["kn-loa"] = None  # type: ignore[index]


def test_questions_of_any_editor_read_alike(tmp_path: Path):
    text = unicodedata.normalize("NFD", "mở loa\nnghe nhỏ quá\n").replace("\n", "\r\n")
    path = tmp_path / "kn-loa.txt"
    path.write_bytes(text.encode())

    assert load_questions(path) == ("mở loa", "nghe nhỏ quá")


@pytest.mark.parametrize("character", ["\u200b", "\u2029", "\x0b", "\x1c"])
def test_a_hidden_character_in_a_question_is_refused(tmp_path: Path, character: str):
    path = write(tmp_path, "kn-loa.txt", f"mở loa\nnghe{character}nhỏ\n")

    with pytest.raises(ContentError) as caught:
        load_questions(path)

    found = f"hidden character U+{ord(character):04X}"
    assert says(caught.value, path, f"2: found {found}, expected visible text")


def test_fields_of_a_broken_file_are_refused_with_the_line(tmp_path: Path):
    path = write(tmp_path, "words.yaml", "a: một\nb: hai: ba\n")

    with pytest.raises(ContentError) as caught:
        load_fields(path)

    assert says(
        caught.value,
        path,
        "2: found mapping values are not allowed here, expected YAML such as 'title: Nối Wi-Fi'",
    )


def test_a_file_without_the_fields_it_needs_is_refused(tmp_path: Path):
    path = write(tmp_path, "words.yaml", "b: hai\n")

    with pytest.raises(ContentError) as caught:
        load_fields(path, ("a", "b", "c"))

    assert says(caught.value, path, "1: found no a, c, expected the fields a, b, c")


def test_a_file_that_holds_no_fields_is_refused(tmp_path: Path):
    path = write(tmp_path, "words.yaml", "")

    with pytest.raises(ContentError) as caught:
        load_fields(path)

    assert says(caught.value, path, "1: found None, expected YAML fields such as 'title: Nối Wi-Fi'")
