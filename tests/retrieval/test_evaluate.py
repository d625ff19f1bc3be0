"""How well the engine does: figures worked out by hand on five made-up results."""

from retrieval.decide import Candidate, Choices, Decision, NoAnswer, OneGuide
from retrieval.engine import Found
from retrieval.evaluate import Figures, Labelled, Report, Result, Silence, evaluate, misses

TOPICS = {"kn-wifi": "ky-nang", "tt-the": "thanh-toan", "tt-vi": "thanh-toan"}


def result(number: str, right: str, style: str, decision: Decision, *candidates: str) -> Result:
    """`right` and `candidates` are slugs, best first; the scores make no difference."""
    found = Found(decision, tuple(Candidate(guide, 0.5) for guide in candidates), "", ())
    return Result(Labelled(number, f"câu {number}", tuple(right.split()), style), found)


FIRST = result("1", "kn-wifi", "plain", OneGuide("kn-wifi"), "kn-wifi", "tt-the")
SECOND = result("2", "tt-the tt-vi", "plain", OneGuide("kn-wifi"), "kn-wifi", "tt-vi")
FOURTH = result("3", "tt-the", "typo", Choices(("a", "b")), "a", "b", "c", "tt-the")
THIRD = result("6", "tt-the", "typo", Choices(("a", "b", "tt-the")), "a", "b", "tt-the")
NOWHERE = result("4", "tt-vi", "typo", NoAnswer())
OUTSIDE = result("5", "", "oos", OneGuide("tt-vi"), "tt-vi")
FIVE = (FIRST, SECOND, FOURTH, NOWHERE, OUTSIDE)


def test_the_rank_is_the_place_of_the_first_right_guide():
    assert [result.rank for result in FIVE] == [1, 2, 4, None, None]


def test_an_answer_is_right_wrong_asked_or_none():
    assert [result.answer for result in FIVE] == ["right", "wrong", "asked", "none", "wrong"]


def test_any_of_the_right_guides_answers():
    assert result("6", "tt-the tt-vi", "plain", OneGuide("tt-vi"), "tt-vi").answer == "right"


def test_the_third_place_is_among_the_first_three():
    third = result("6", "tt-the", "plain", NoAnswer(), "a", "b", "tt-the")

    assert evaluate([third, FOURTH], TOPICS).in_scope.success_at_3 == 0.5


def test_a_report_is_as_worked_out_by_hand():
    report = evaluate(FIVE, TOPICS)

    thanh_toan = Figures(
        count=3,
        success_at_1=0.0,
        success_at_3=0.3333,  # the second, by its other guide
        mrr_at_10=0.25,  # (1/2 + 1/4 + 0) / 3
        answered_right=0.0,
        answered_wrong=0.3333,
        asked_back=0.3333,
        asked_right=0.0,
        no_answer=0.3333,
    )
    assert report == Report(
        in_scope=Figures(
            count=4,
            success_at_1=0.25,
            success_at_3=0.5,
            mrr_at_10=0.4375,  # (1 + 1/2 + 1/4 + 0) / 4
            answered_right=0.25,
            answered_wrong=0.25,
            asked_back=0.25,
            asked_right=0.0,
            no_answer=0.25,
        ),
        out_of_scope=Figures(1, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0),
        silence=Silence(recall=0.0, precision=0.0),
        by_style={
            "plain": Figures(2, 0.5, 1.0, 0.75, 0.5, 0.5, 0.0, 0.0, 0.0),
            "typo": Figures(2, 0.0, 0.0, 0.125, 0.0, 0.0, 0.5, 0.0, 0.5),
        },
        by_topic={"ky-nang": Figures(1, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0), "thanh-toan": thanh_toan},
        by_kind={"oos": Figures(1, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)},
        worst_guides=[("tt-the", 2, 2), ("tt-vi", 1, 1)],
        confused=[("tt-the", "kn-wifi", 1), ("tt-the", "a", 1), ("tt-vi", "-", 1)],
    )


def test_asking_back_is_right_when_a_right_guide_is_among_the_choices():
    assert [result.offered for result in (THIRD, FOURTH, FIRST, NOWHERE)] == [True, False, False, False]
    figures = evaluate([THIRD, FOURTH], TOPICS).in_scope
    assert (figures.asked_back, figures.asked_right) == (1.0, 0.5)


def test_the_tenth_candidate_still_counts_for_the_mean_reciprocal_rank():
    tenth = result("6", "tt-the", "plain", NoAnswer(), *"abcdefghi", "tt-the")

    assert evaluate([tenth], TOPICS).in_scope.mrr_at_10 == 0.1


def test_saying_that_there_is_none_has_recall_and_precision():
    silent = result("6", "", "smalltalk", NoAnswer(), "tt-vi")
    asked = result("7", "", "oos", Choices(("a", "b")), "a", "b")

    # Of three questions out of scope one was told so; of two told so one was out of scope.
    assert evaluate([OUTSIDE, silent, asked, NOWHERE, FIRST], TOPICS).silence == Silence(0.3333, 0.5)


def test_questions_out_of_scope_are_counted_by_kind():
    silent = result("6", "", "smalltalk", NoAnswer(), "tt-vi")

    by_kind = evaluate([OUTSIDE, silent], TOPICS).by_kind

    assert {kind: figures.no_answer for kind, figures in by_kind.items()} == {"oos": 0.0, "smalltalk": 1.0}


def test_misses_are_what_did_not_come_first_and_what_should_not_have_come():
    assert misses(FIVE) == [SECOND, FOURTH, NOWHERE, OUTSIDE]


def test_silence_on_a_question_out_of_scope_is_no_miss():
    assert misses([result("6", "", "oos", NoAnswer(), "tt-vi")]) == []


def test_no_results_give_zeros():
    nothing = Figures(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    assert evaluate([], TOPICS) == Report(nothing, nothing, Silence(None, None), {}, {}, {}, [], [])


def test_a_report_can_be_printed_as_data():
    data = evaluate([FIRST], TOPICS).as_dict()

    assert data["by_style"] == {
        "plain": {
            "count": 1,
            "success_at_1": 1.0,
            "success_at_3": 1.0,
            "mrr_at_10": 1.0,
            "answered_right": 1.0,
            "answered_wrong": 0.0,
            "asked_back": 0.0,
            "asked_right": 0.0,
            "no_answer": 0.0,
        }
    }
