"""Fitting the fusion and the in-scope probability on labelled questions, and what thresholds cost there."""

import pytest

from knowledge.glossary import Glossary
from knowledge.library import Library
from retrieval.calibrate import (
    Quality,
    Read,
    Scored,
    calibrate,
    cheapest_thresholds,
    cross_validate,
    mean_cost,
    quality,
    read_questions,
)
from retrieval.decide import Candidate, Costs, Thresholds
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
def reads(tiny_engine: Engine) -> list[Read]:
    return read_questions(tiny_engine, labelled())


@pytest.fixture(scope="module")
def calibration(reads: list[Read]) -> Calibration:
    return calibrate(reads)


@pytest.fixture(scope="module")
def scored(reads: list[Read], tiny_engine: Engine) -> list[Scored]:
    return cross_validate(reads, tiny_engine.guides)


def test_what_is_ours_and_what_is_not_are_told_apart(
    calibration: Calibration, tiny_library: Library, glossary: Glossary
):
    engine = build_engine(tiny_library, glossary, HashEncoder(), calibration=calibration)

    first = {row.question: engine.ask(row.question).candidates[0] for row in labelled()}

    inside = {question: slug for slug, questions in INSIDE.items() for question in questions}
    assert {question: first[question].guide for question in inside} == inside
    pairs = [(first[ours].score, first[other].score) for ours in inside for other in OUTSIDE]
    assert sum(ours > other for ours, other in pairs) > 0.9 * len(pairs)


def test_the_same_questions_give_the_same_calibration(calibration: Calibration, reads: list[Read]):
    assert calibrate(reads) == calibration


def test_evidence_speaks_for_a_guide_and_never_against(calibration: Calibration):
    assert min(calibration.guides) >= 0


def test_nothing_is_learnt_from_blank_questions(tiny_engine: Engine, reads: list[Read]):
    blank = [Labelled("b", " ?! ", (), "plain"), Labelled("c", "", ("tt-the",), "plain")]

    read = read_questions(tiny_engine, [*blank, *labelled()])

    assert [row.labelled for row in read] == [row.labelled for row in reads]


# --- Cross-validation -----------------------------------------------------------------------------


def test_every_question_is_scored_once_in_its_place(scored: list[Scored]):
    assert [row.labelled for row in scored] == labelled()


def test_a_question_is_scored_by_a_calibration_that_has_not_seen_it(
    reads: list[Read],
    calibration: Calibration,
    scored: list[Scored],
    tiny_library: Library,
    glossary: Glossary,
):
    engine = build_engine(tiny_library, glossary, HashEncoder(), calibration=calibration)

    of_all = [engine.ask(row.labelled.question).candidates[0].score for row in reads]

    assert [round(row.candidates[0].score, 4) for row in scored] != of_all


def row(score: float, slugs: tuple[str, ...], *, share: float = 1.0, right: float | None = None) -> Scored:
    """A question whose first candidate is the guide `a`."""
    candidates = (Candidate("a", score), Candidate("b", 0.01))
    return Scored(Labelled("1", "câu hỏi", slugs, "plain"), candidates, right, share)


def test_quality_is_as_worked_out_by_hand():
    rows = [
        row(0.9, ("a",), share=1.0, right=1.0),
        row(0.6, ("b",), share=1.0, right=0.5),
        row(0.2, (), share=0.5),
    ]

    assert quality(rows) == Quality(
        guide_log_loss=0.3466,  # (0 + ln 2) / 2
        scope_log_loss=0.231,  # (0 + 0 + ln 2) / 3
        brier=0.1367,  # (0.1² + 0.6² + 0.2²) / 3
        calibration_error=0.3,  # (0.1 + 0.6 + 0.2) / 3
    )


# --- What thresholds cost -------------------------------------------------------------------------

# The first candidate is right at 0.8 and above, below it is not.
ROWS = [row(score, ("a",) if score >= 0.8 else ()) for score in (0.95, 0.9, 0.85, 0.8, 0.6, 0.55, 0.5, 0.2)]


def test_the_cheapest_thresholds_part_what_is_right_from_what_is_not():
    thresholds = cheapest_thresholds(ROWS, Costs())

    assert 0.6 < thresholds.answer <= 0.8
    assert mean_cost(ROWS, thresholds, Costs()) == 0.0


def test_the_dearer_a_wrong_answer_the_more_it_pays_to_ask_back():
    rows = [*ROWS, row(0.86, ("c",))]

    cheap = cheapest_thresholds(rows, Costs(wrong=5.5))
    dear = cheapest_thresholds(rows, Costs(wrong=100.0))

    assert cheap.answer <= 0.8 < 0.86 < dear.answer


def test_the_mean_cost_is_that_of_what_is_decided():
    rows = [row(0.9, ("a",)), row(0.9, ("b",)), row(0.4, ("a",)), row(0.1, ())]

    cost = mean_cost(rows, Thresholds(answer=0.5, choose=0.3, least=0.1), Costs(wrong=4.0, asked=1.0))

    assert cost == (0 + 4 + 1 + 0) / 4
