"""Fitting the fusion and the in-scope probability on labelled questions."""

import pytest

from knowledge.glossary import Glossary
from knowledge.library import Library
from retrieval.calibrate import calibrate
from retrieval.engine import Engine, build_engine
from retrieval.evaluate import Labelled
from retrieval.rank import Calibration
from tests.retrieval.conftest import HashEncoder

INSIDE = {
    "kn-wifi": ("nối mạng wifi", "nhà mất mạng", "máy không có mạng", "bật wifi"),
    "tt-the": ("mất thẻ", "khóa thẻ ngân hàng", "rơi thẻ rồi", "máy nuốt thẻ"),
    "vneid-quen": ("quên mật khẩu", "không nhớ mật khẩu", "mật khẩu vneid", "lấy lại mật khẩu"),
}
OUTSIDE = (
    "trời hôm nay mưa to", "chào cháu", "nấu canh chua", "giá lúa bao nhiêu", "đội bóng nào thắng",
    "kể chuyện cười", "cháu tên gì", "mấy giờ rồi", "đau lưng uống thuốc nào", "xe đi Vinh chạy khi nào",
)  # fmt: skip


def labelled() -> list[Labelled]:
    inside = [(question, (slug,)) for slug, questions in INSIDE.items() for question in questions]
    outside = [(question, ()) for question in OUTSIDE]
    return [
        Labelled(str(number), question, slugs, "plain")
        for number, (question, slugs) in enumerate([*inside, *outside])
    ]


@pytest.fixture(scope="module")
def calibration(tiny_engine: Engine) -> Calibration:
    return calibrate(tiny_engine, labelled())


def test_what_is_ours_and_what_is_not_are_told_apart(
    calibration: Calibration, tiny_library: Library, glossary: Glossary
):
    engine = build_engine(tiny_library, glossary, HashEncoder(), calibration=calibration)

    first = {row.question: engine.ask(row.question).candidates[0] for row in labelled()}

    inside = {question: slug for slug, questions in INSIDE.items() for question in questions}
    assert {question: first[question].guide for question in inside} == inside
    assert min(first[question].score for question in inside) > 0.5
    assert max(first[question].score for question in OUTSIDE) < 0.5


def test_the_same_questions_give_the_same_calibration(calibration: Calibration, tiny_engine: Engine):
    assert calibrate(tiny_engine, labelled()) == calibration


def test_evidence_speaks_for_a_guide_and_never_against(calibration: Calibration):
    assert min(calibration.lexical, calibration.nearest, calibration.pooled) >= 0


def test_blank_questions_make_no_difference(calibration: Calibration, tiny_engine: Engine):
    blank = [Labelled("b", " ?! ", (), "plain"), Labelled("c", "", ("tt-the",), "plain")]

    assert calibrate(tiny_engine, [*blank, *labelled()]) == calibration
