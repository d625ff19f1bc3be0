"""Content that changes while the assistant serves."""

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.content import Content
from knowledge.library import CONTENT
from retrieval.decide import Thresholds
from retrieval.encoder import StaticEncoder, Vectors

KEPT = ("kn-wifi", "kn-chu-to", "vneid-quen-mat-khau")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a few guides that a test may change."""
    for name in ("glossary", "elsewhere"):
        shutil.copytree(CONTENT / name, tmp_path / name)
    for name, ending in (("guides", "md"), ("questions", "txt")):
        (tmp_path / name).mkdir()
        for slug in KEPT:
            shutil.copy(CONTENT / name / f"{slug}.{ending}", tmp_path / name)
    return tmp_path


class Encoder(StaticEncoder):
    """Our own, which keeps what it encoded, waits when it is told to and fails when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.encoded: list[str] = []
        self.waits, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.fails_on = ""

    def encode(self, texts: Sequence[str], *, as_passages: bool = False) -> Vectors:
        if self.fails_on and any(self.fails_on in text for text in texts):
            raise MemoryError("no room for vectors")
        if len(texts) > 1 and not self.go_on.is_set():  # a build: a question is one text
            self.waits.set()
            assert self.go_on.wait(60)
        self.encoded += texts
        return super().encode(texts, as_passages=as_passages)


@pytest.fixture
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture
def content(folder: Path, encoder: Encoder) -> Content:
    return Content(encoder, folder=folder, thresholds=Thresholds())


def add_questions(folder: Path, slug: str, *questions: str) -> None:
    path = folder / "questions" / f"{slug}.txt"
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(questions) + "\n", encoding="utf-8")


def add_guide(folder: Path, slug: str) -> None:
    for name, ending in (("guides", "md"), ("questions", "txt")):
        shutil.copy(CONTENT / name / f"{slug}.{ending}", folder / name)


def first_guide(content: Content, question: str) -> str | None:
    found = content.ask(question).candidates
    return found[0].guide if found else None


def test_a_changed_guide_is_served_without_a_restart(content: Content, folder: Path):
    path = folder / "guides" / "kn-wifi.md"
    path.write_text(path.read_text(encoding="utf-8").replace("title: ", "title: Mới "), encoding="utf-8")

    assert content.reload_if_changed() is True
    assert content.library().guide("kn-wifi").title.startswith("Mới ")


def test_nothing_is_built_when_nothing_changed(content: Content):
    assert content.reload_if_changed() is False


def test_a_broken_guide_leaves_the_last_good_index_and_says_what_is_wrong(content: Content, folder: Path):
    before = content.engine
    path = folder / "guides" / "kn-wifi.md"
    path.write_text("Mở Cài đặt\n", encoding="utf-8")

    assert content.reload_if_changed() is False
    assert content.engine is before
    assert content.problem == f"{path}:1: found 'Mở Cài đặt', expected '---' and the front matter"
    assert content.ask("quên mật khẩu vneid").candidates[0].guide == "vneid-quen-mat-khau"


def test_a_mended_guide_is_served_and_the_problem_is_over(content: Content, folder: Path):
    path = folder / "guides" / "kn-wifi.md"
    good = path.read_text(encoding="utf-8")
    path.write_text("Mở Cài đặt\n", encoding="utf-8")
    content.reload_if_changed()

    path.write_text(good + "\n", encoding="utf-8")

    assert content.reload_if_changed() is True
    assert content.problem is None


def test_only_what_changed_is_encoded_again(content: Content, folder: Path, encoder: Encoder):
    encoder.encoded.clear()
    add_questions(folder, "kn-wifi", "cục phát sóng nhấp nháy đèn đỏ", "xem mật khẩu mạng ở dưới cục phát")

    assert content.reload_if_changed() is True
    assert encoder.encoded == ["cục phát sóng nhấp nháy đèn đỏ", "xem mật khẩu mạng ở dưới cục phát"]


def test_what_is_built_step_by_step_is_what_is_built_at_once(content: Content, folder: Path):
    add_questions(folder, "kn-wifi", "cục phát sóng nhấp nháy đèn đỏ")
    content.reload_if_changed()
    add_guide(folder, "kn-goi-zalo")
    content.reload_if_changed()
    (folder / "guides" / "kn-chu-to.md").unlink()
    content.reload_if_changed()

    at_once = Content(StaticEncoder(), folder=folder, thresholds=Thresholds())

    assert sorted(content.library().guides) == ["kn-goi-zalo", "kn-wifi", "vneid-quen-mat-khau"]
    for question in ("cục phát sóng đèn đỏ", "gọi zalo thấy mặt", "quen maatj khaaur", "chữ to lên"):
        found, expected = content.ask(question), at_once.ask(question)
        assert found == expected
        assert content.hear(found) == at_once.hear(expected)
        assert content.within("kn-wifi", found, 3) == at_once.within("kn-wifi", expected, 3)


def test_until_the_new_index_is_built_the_old_one_answers_whole(
    content: Content, folder: Path, encoder: Encoder
):
    question = "gọi video zalo cho con"
    assert first_guide(content, question) != "kn-goi-zalo"
    encoder.go_on.clear()
    add_guide(folder, "kn-goi-zalo")
    build = threading.Thread(target=content.reload_if_changed)
    build.start()
    assert encoder.waits.wait(60)

    during = (first_guide(content, question), sorted(content.library().guides))
    encoder.go_on.set()
    build.join()

    assert during[0] != "kn-goi-zalo"
    assert during[1] == sorted(KEPT)
    assert first_guide(content, question) == "kn-goi-zalo"


def test_a_build_that_fails_half_way_leaves_the_old_index_and_the_next_one_mends_it(
    content: Content, folder: Path, encoder: Encoder
):
    before = content.engine
    encoder.fails_on = "đèn đỏ"
    add_questions(folder, "kn-wifi", "cục phát sóng nhấp nháy đèn đỏ")

    assert content.reload_if_changed() is False
    assert content.engine is before
    assert content.problem == "MemoryError: no room for vectors"
    assert first_guide(content, "quên mật khẩu vneid") == "vneid-quen-mat-khau"

    encoder.fails_on = ""
    add_questions(folder, "kn-wifi", "wifi cứ chập chờn lúc được lúc không")
    assert content.reload_if_changed() is True
    assert content.problem is None
    assert first_guide(content, "cục phát sóng nhấp nháy đèn đỏ") == "kn-wifi"


def test_a_guide_that_was_taken_out_is_not_read_as_being_walked(content: Content, folder: Path):
    (folder / "guides" / "kn-wifi.md").unlink()
    content.reload_if_changed()

    assert content.within("kn-wifi", content.ask("mất mạng thì sao"), 1) is None


def test_while_it_is_watched_a_changed_file_is_served_without_anybody_asking_for_it(
    content: Content, folder: Path, encoder: Encoder
):
    encoder.go_on.clear()
    with content.watching(every_s=0.001):
        add_guide(folder, "kn-goi-zalo")
        assert encoder.waits.wait(60)  # the watching thread builds
        encoder.go_on.set()

    assert first_guide(content, "gọi video zalo cho con") == "kn-goi-zalo"
