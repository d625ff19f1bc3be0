"""The short code that a learner tells a volunteer."""

import pytest

from handlers.guard import guard
from records.codes import code_of, learner_with, read_code
from records.communes import add_commune
from records.database import Database
from records.learners import open_conversation
from tests.conftest import NOW


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def learner(database: Database, commune_id: int, person: str) -> int:
    with database.write() as session:
        talk = open_conversation(session, commune_id=commune_id, channel="telegram", hashes=[person], now=NOW)
        return talk.learner_id


def test_a_learner_keeps_their_code_and_is_found_by_it_however_it_is_written(database: Database, home: int):
    ba, ong = learner(database, home, "ba"), learner(database, home, "ong")

    with database.write() as session:
        code = code_of(session, commune_id=home, learner_id=ba)

        assert code_of(session, commune_id=home, learner_id=ba) == code
        assert code_of(session, commune_id=home, learner_id=ong) != code
        for written in (code, code.lower(), f" {code[:2]} {code[2:]}. "):
            found = learner_with(session, commune_id=home, code=written)
            assert found is not None
            assert found.id == ba


def test_a_code_finds_nobody_in_another_commune(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
    ba = learner(database, home, "ba")

    with database.write() as session:
        code = code_of(session, commune_id=home, learner_id=ba)

        assert learner_with(session, commune_id=other, code=code) is None
        assert learner_with(session, commune_id=home, code="vneid") is None


def test_codes_hold_no_signs_that_look_alike_and_the_guard_leaves_them(sqlite_database: Database):
    with sqlite_database.write() as session:
        home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id
    codes = []
    for number in range(200):
        person = learner(sqlite_database, home, f"người {number}")
        with sqlite_database.write() as session:
            codes.append(code_of(session, commune_id=home, learner_id=person))

    forms = ("{}", "gửi cho bác {}", "mã {}", "lớp xóm 3: {}, vneid")
    said = [form.format(code) for code in codes for form in forms]
    assert [text for text in said if guard(text).redacted != text] == []
    assert not set("".join(codes)) & set("01OIL5SZ")
    assert len(set(codes)) == 200
    assert all(read_code(code) == code for code in codes)
