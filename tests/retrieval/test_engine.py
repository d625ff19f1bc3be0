"""The search engine: a question goes in, a decision with its candidates comes out."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from knowledge.glossary import Glossary
from knowledge.library import Library, library_of
from retrieval.decide import NoAnswer, OneGuide, Thresholds
from retrieval.engine import Engine, Found, build_engine
from retrieval.rank import Calibration
from retrieval.repair import Repair
from tests.retrieval.conftest import HashEncoder, tiny_guide

Build = Callable[..., Engine]


@pytest.fixture
def build(tiny_library: Library, glossary: Glossary) -> Build:
    """The tiny engine with other settings."""

    def build(library: Library = tiny_library, **settings: object) -> Engine:
        return build_engine(library, glossary, HashEncoder(), **settings)  # type: ignore[arg-type]

    return build


def guides(found: Found) -> list[str]:
    return [candidate.guide for candidate in found.candidates]


@pytest.mark.parametrize(
    ("question", "guide"),
    [
        ("không nhớ mật khẩu vneid", "vneid-quen"),
        ("khong nho mat khau vneid", "vneid-quen"),
        ("quenmatkhau vneid", "vneid-quen"),
        ("rớt mất cái thẻ ngân hàng rồi", "tt-the"),
        ("nha mat mang", "kn-wifi"),
    ],
)
def test_a_question_finds_its_guide_and_no_other_one_first(tiny_engine: Engine, question: str, guide: str):
    assert guides(tiny_engine.ask(question))[0] == guide


def test_candidates_are_all_guides_best_first_with_probabilities(tiny_engine: Engine):
    found = tiny_engine.ask("mất thẻ ngân hàng")

    scores = [candidate.score for candidate in found.candidates]
    assert sorted(guides(found)) == ["kn-wifi", "tt-the", "vneid-quen"]
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1


def test_five_candidates_are_enough_unless_more_are_wanted(build: Build):
    library = library_of(tiny_guide(f"kn-{letter}", f"Bật loa {letter}", "bật loa") for letter in "abcdefg")

    five, all_seven = build(library).ask("bật loa"), build(library).ask("bật loa", candidates=10)

    assert (len(five.candidates), len(all_seven.candidates)) == (5, 7)
    assert (five.candidates, five.decision) == (all_seven.candidates[:5], all_seven.decision)


def test_what_was_read_and_repaired_is_told(tiny_engine: Engine):
    found = tiny_engine.ask("Quên MK vê nê ai đi??")

    assert found.understood == "quên mật khẩu vneid"
    assert found.repairs == (Repair("vê nê ai đi", "vneid"), Repair("mk", "mật khẩu"))


@pytest.mark.parametrize("question", ["", "   ", "?!…", "😭", "\u200b"])
def test_a_blank_question_finds_nothing(tiny_engine: Engine, question: str):
    assert tiny_engine.ask(question) == Found(NoAnswer(), (), "", ())


def test_a_question_without_a_piece_of_a_known_word_finds_nothing(engine: Engine):
    assert engine.ask("中文 한글") == Found(NoAnswer(), (), "中文 한글", (), "gibberish")


@pytest.mark.parametrize("text", ["111", "0912 345", "1.000.000"])
def test_bare_numbers_are_no_question(engine: Engine, text: str):
    found = engine.ask(text)

    assert (found.decision, found.candidates, found.elsewhere) == (NoAnswer(), (), "gibberish")


def test_unknown_words_beside_a_question_do_not_hide_it(tiny_engine: Engine):
    assert guides(tiny_engine.ask("xyzq quên mật khẩu vneid 中文"))[0] == "vneid-quen"


def test_the_decision_follows_the_thresholds(build: Build):
    question = "không nhớ mật khẩu vneid"
    sure = Calibration(scope=(9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))

    bold = build(calibration=sure, thresholds=Thresholds(answer=0.1, choose=0.1, least=0.01))
    shy = build(calibration=sure, thresholds=Thresholds(answer=1.1, choose=1.1, least=1.0))

    assert bold.ask(question).decision == OneGuide("vneid-quen")
    assert shy.ask(question).decision == NoAnswer()
    assert shy.ask(question).candidates == bold.ask(question).candidates


def test_an_unanswered_message_tells_what_it_resembles(build: Build):
    unsure = build(calibration=Calibration(scope=(-9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)))

    assert unsure.ask("chào cháu nhé").elsewhere == "small_talk"
    assert unsure.ask("hôm nay trời mưa").elsewhere == "out_of_scope"
    assert unsure.ask("ghzzk qwkkp xxvvt").elsewhere == "gibberish"  # not a word of it is known
    assert unsure.ask("không nhớ mật khẩu vneid").elsewhere is None


def test_an_answered_question_resembles_nothing_else(build: Build):
    sure = build(calibration=Calibration(scope=(9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)))

    found = sure.ask("chào cháu nhé, cháu khỏe không, không nhớ mật khẩu vneid")

    assert (found.decision, found.elsewhere) == (OneGuide("vneid-quen"), None)


def test_what_stands_elsewhere_is_not_corrected_into_a_guide(tiny_engine: Engine):
    assert tiny_engine.ask("cháu khỏe không").repairs == ()


def test_without_anything_elsewhere_guides_are_found_alike(build: Build, tiny_library: Library):
    alone = build(Library(tiny_library.guides))

    assert guides(alone.ask("mất thẻ ngân hàng"))[0] == "tt-the"


def test_an_engine_without_guides_answers_nothing(build: Build):
    assert build(library_of([])).ask("quên mật khẩu").decision == NoAnswer()


def test_many_threads_ask_at_once(tiny_engine: Engine):
    questions = ["quên mật khẩu vneid", "mất thẻ", "mất mạng", "chào cháu", ""] * 20
    alone = [tiny_engine.ask(question) for question in questions]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(tiny_engine.ask, questions)) == alone


def test_serving_needs_neither_torch_nor_a_web_server():
    """A resident's question is answered by a small process; 400 MB of torch would be another."""
    program = """
import sys
from knowledge.glossary import load_glossary
from knowledge.library import load_library
from retrieval.encoder import StaticEncoder
from retrieval.engine import build_engine

engine = build_engine(load_library(), load_glossary(), StaticEncoder())
assert engine.ask("quen mat khau vneid").candidates
heavy = {"torch", "sentence_transformers", "transformers", "sanic", "sklearn", "scipy"}
print(sorted(heavy & {name.split(".")[0] for name in sys.modules}))
"""

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "[]\n"
