"""How a question reads while a guide is walked."""

import pytest

from knowledge.library import Library, library_of
from knowledge.walking import WalkingWords, load_walking_words
from retrieval.decide import Candidate, NoAnswer, OneGuide
from retrieval.encoder import StaticEncoder
from retrieval.engine import Engine, Found
from retrieval.within import FollowUps, Part, Within
from tests.retrieval.conftest import tiny_guide


@pytest.fixture(scope="session")
def words() -> WalkingWords:
    return load_walking_words()


@pytest.fixture(scope="session")
def follow_ups(library: Library, words: WalkingWords) -> FollowUps:
    return FollowUps(library.guides.values(), StaticEncoder(), words)


def read(engine: Engine, follow_ups: FollowUps, guide: str, text: str, *, step: int = 1) -> Within:
    within = follow_ups.read(guide, engine.ask(text), step=step)
    assert within is not None
    return within


@pytest.mark.parametrize(
    ("guide", "text", "part"),
    [
        ("kn-goi-zalo", "người ta không nghe tiếng mình", Part("fault", 1)),
        ("kn-goi-zalo", "nguoi ta khong nghe tieng minh", Part("fault", 1)),
        ("kn-cai-ung-dung", "mạng yếu quá", Part("step", 6)),
        ("vneid-dang-ky-muc-2", "mất bao lâu", Part("fault", 5)),
        ("dvc-giay-phep-lai-xe", "lệ phí thế nào", Part("fault", 1)),
    ],
)
def test_the_part_that_answers_is_found(
    engine: Engine, follow_ups: FollowUps, guide: str, text: str, part: Part
):
    within = read(engine, follow_ups, guide, text)

    assert (within.part, within.is_inside) == (part, True)


@pytest.mark.parametrize(
    "text", ["rút tiền ở cây atm", "gia hạn thẻ bảo hiểm y tế", "còn quên passcode thì sao"]
)
def test_another_guide_is_seen_to_be_meant(engine: Engine, follow_ups: FollowUps, text: str):
    within = read(engine, follow_ups, "vneid-quen-mat-khau", text)

    assert not within.is_inside
    assert within.outside > 0.5


def test_what_only_asks_how_long_means_this_guide_though_others_say_it(engine: Engine, follow_ups: FollowUps):
    question = "bao lau thi xong"
    assert isinstance(engine.ask(question).decision, OneGuide)  # taken alone, it is another guide's

    within = read(engine, follow_ups, "vneid-kich-hoat", question)

    assert (within.is_bare, within.ask, within.is_inside, within.outside) == (True, "time", False, 0.0)


def test_papers_asked_for_are_always_those_of_the_guide(engine: Engine, follow_ups: FollowUps):
    within = read(engine, follow_ups, "tt-mo-tai-khoan", "cần mang giấy tờ gì")

    assert (within.part.section, within.ask, within.is_inside) == ("prepare", "prepare", True)


def test_the_guide_asked_for_again_is_seen(engine: Engine, follow_ups: FollowUps):
    assert read(engine, follow_ups, "vneid-quen-mat-khau", "quen mat khau vneid").restates
    assert not read(engine, follow_ups, "tt-quet-qr", "quét mãi không được").restates


def test_a_surer_other_guide_makes_it_likelier_that_it_is_meant(follow_ups: FollowUps):
    def outside(score: float) -> float:
        candidates = (Candidate("vneid-quen-passcode", score),)
        found = Found(NoAnswer(), candidates, "passcode là gì", ())
        within = follow_ups.read("vneid-kich-hoat", found, step=1)
        assert within is not None
        return within.outside

    assert outside(0.1) < outside(0.5) < outside(0.9)


def test_marks_tell_words_apart(engine: Engine, follow_ups: FollowUps):
    """ "mất thẻ" shares no word with "quên mật khẩu thì mang thẻ", though they read alike without marks."""
    assert not read(engine, follow_ups, "tt-chuyen-tien", "còn mất thẻ thì sao").is_inside


def test_a_guide_that_is_not_there_reads_nothing(engine: Engine, follow_ups: FollowUps):
    assert follow_ups.read("kn-khong-co", engine.ask("mất mạng"), step=1) is None


def test_a_changed_guide_is_read_anew_and_the_others_are_kept(words: WalkingWords):
    encoder = StaticEncoder()
    before = library_of([tiny_guide("kn-a", "Bật loa"), tiny_guide("kn-b", "Nối mạng")])
    first = FollowUps(before.guides.values(), encoder, words)
    after = library_of([tiny_guide("kn-a", "Bật loa"), tiny_guide("kn-b", "Nối Wi-Fi")])

    second = FollowUps(after.guides.values(), encoder, words, previous=first)

    at_once = FollowUps(after.guides.values(), encoder, words)
    found = Found(NoAnswer(), (), "không nghe gì", ())
    for slug in ("kn-a", "kn-b"):
        assert second.read(slug, found, step=1) == at_once.read(slug, found, step=1)
