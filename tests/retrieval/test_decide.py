"""When to answer, when to ask back, when to say that there is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.decide import (
    Candidate,
    Choices,
    Costs,
    Decision,
    NoAnswer,
    OneGuide,
    Thresholds,
    decide,
    thresholds_for,
)

THRESHOLDS = Thresholds(answer=0.5, choose=0.35, least=0.07)


def decided(**scores: float) -> Decision:
    """`a_b=0.5` stands for the guide `a-b` with that score; the best come first."""
    return decide([Candidate(name.replace("_", "-"), score) for name, score in scores.items()], THRESHOLDS)


def test_answers_with_a_guide_that_is_likely():
    assert decided(vneid_quen_mat_khau=0.92, kn_email=0.05) == OneGuide("vneid-quen-mat-khau")


def test_answers_at_the_very_threshold():
    assert decided(kn_wifi=0.5, kn_email=0.4) == OneGuide("kn-wifi")


def test_asks_back_between_guides_none_of_which_is_likely_enough():
    decision = decided(tt_khoa_the=0.3, vneid_khoa_tai_khoan=0.2)

    assert decision == Choices(("tt-khoa-the", "vneid-khoa-tai-khoan"))


def test_asks_back_among_three_at_most():
    decision = decided(a=0.2, b=0.19, c=0.18, d=0.17, e=0.16)

    assert decision == Choices(("a", "b", "c"))


def test_does_not_offer_a_third_that_is_unlikely():
    assert decided(a=0.3, b=0.1, c=0.069) == Choices(("a", "b"))


def test_offers_what_is_just_likely_enough():
    assert decided(a=0.3, b=0.1, c=0.07) == Choices(("a", "b", "c"))


def test_a_single_guess_is_asked_about_beside_the_next_one():
    """Not answered with: its score says that it is as likely wrong as right."""
    assert decided(kn_wifi=0.4, kn_email=0.01, kn_ban_do=0.01) == Choices(("kn-wifi", "kn-email"))


def test_the_only_guide_there_is_is_answered_with_once_it_is_worth_asking_about():
    assert decided(kn_wifi=0.4) == OneGuide("kn-wifi")
    assert decided(kn_wifi=0.3) == NoAnswer()


def test_says_that_there_is_none_when_all_are_unlikely_together():
    assert decided(a=0.2, b=0.1, c=0.04) == NoAnswer()


def test_what_comes_after_the_third_does_not_make_asking_back_likelier():
    assert decided(a=0.1, b=0.1, c=0.1, d=0.1, e=0.1) == NoAnswer()


def test_says_that_there_is_none_without_candidates():
    assert decided() == NoAnswer()


@pytest.mark.parametrize(
    ("decision", "right", "cost"),
    [
        (OneGuide("a"), ("a", "b"), 0.0),
        (OneGuide("c"), ("a", "b"), 4.0),
        (OneGuide("c"), (), 4.0),
        (Choices(("c", "b")), ("a", "b"), 1.0),
        (Choices(("c", "d")), ("a", "b"), 2.0),
        (Choices(("c", "d")), (), 2.0),
        (NoAnswer(), ("a",), 3.0),
        (NoAnswer(), (), 0.0),
    ],
)
def test_an_outcome_costs_what_it_makes_of_trouble(decision: Decision, right: tuple[str, ...], cost: float):
    assert Costs(wrong=4.0, asked=1.0, asked_in_vain=2.0, left_alone=3.0).of(decision, right) == cost


def test_a_wrong_answer_is_worse_than_asking_back_and_asking_back_worse_than_answering():
    costs = Costs()

    assert costs.wrong > costs.asked_in_vain > costs.asked > costs.of(OneGuide("a"), ("a",))


def test_the_shipped_thresholds_follow_from_the_shipped_costs():
    derived, shipped = thresholds_for(Costs()), Thresholds()

    assert (derived.answer, derived.choose) == pytest.approx((shipped.answer, shipped.choose))


@pytest.mark.parametrize("score", [0.2, 0.45, 0.55, 0.65, 0.75, 0.9])
def test_what_follows_from_the_costs_is_the_cheapest_outcome_for_what_scores_say(score: float):
    """One guide is likely, another takes what is left of its half; nothing but these two is meant."""
    costs = Costs()
    beside = min(score, 1 - score) * 0.9
    chances = {("a",): score, ("b",): beside, (): 1 - score - beside}
    candidates = [Candidate("a", score), Candidate("b", beside)]

    def expected(decision: Decision) -> float:
        return sum(chance * costs.of(decision, right) for right, chance in chances.items())

    outcomes: list[Decision] = [OneGuide("a"), Choices(("a", "b")), NoAnswer()]

    assert decide(candidates, thresholds_for(costs)) == min(outcomes, key=expected)


@given(
    scores=st.lists(st.floats(0, 1), max_size=5).map(lambda scores: sorted(scores, reverse=True)),
    thresholds=st.builds(Thresholds, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)
def test_a_decision_names_candidates_in_their_order(scores: list[float], thresholds: Thresholds):
    candidates = [Candidate(f"g-{at}", score) for at, score in enumerate(scores)]
    names = [candidate.guide for candidate in candidates]

    match decide(candidates, thresholds):
        case OneGuide(guide):
            assert guide == names[0]
            assert len(names) == 1 or candidates[0].score >= thresholds.answer
        case Choices(guides):
            assert 2 <= len(guides) <= 3
            assert list(guides) == names[: len(guides)]
        case NoAnswer():
            assert not candidates or candidates[0].score < thresholds.answer


@pytest.mark.parametrize("name", ["answer", "choose", "least"])
def test_the_shipped_thresholds_are_probabilities(name: str):
    assert 0 < getattr(Thresholds(), name) < 1
