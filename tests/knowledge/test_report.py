"""The page of figures about the guides."""

from pathlib import Path

from knowledge.library import load_library
from knowledge.report import report

PAGE = Path(__file__).parents[2] / "docs" / "guides.md"


def test_the_page_in_docs_is_what_the_guides_say_now():
    assert PAGE.read_text(encoding="utf-8").splitlines() == list(report(load_library().guides.values()))
