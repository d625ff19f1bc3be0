"""Content that changes while the assistant serves."""

import shutil
from pathlib import Path

import pytest

from bot.content import Content
from knowledge.library import CONTENT
from retrieval.decide import Thresholds
from retrieval.encoder import StaticEncoder

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


@pytest.fixture
def content(folder: Path) -> Content:
    return Content(StaticEncoder(), folder=folder, thresholds=Thresholds())


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
