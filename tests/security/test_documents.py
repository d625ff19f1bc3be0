"""docs/security.md says what is true: each item is there, each proof exists; and a few things to look at."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from staff.passwords import CONTEXT_WORDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROOMS = ("bot", "handlers", "knowledge", "records", "retrieval", "staff")
CALLERS = ("bot/channels/", "bot/cli/", "bot/doctor", "staff/sso.py")
# The items of ASVS 5.0.0 that apply to this product: chapter.section → items.
ITEMS = {
    "1.1": "1 2", "1.2": "1 2 3 4 5 9 10", "1.3": "1 2 3 5 6 7", "1.5": "1 2",
    "2.1": "1", "2.2": "1 2", "2.3": "1 3 4", "2.4": "1",
    "3.2": "1 2", "3.3": "1 2 3 4", "3.4": "1 2 3 4 5 6", "3.5": "1 2 3", "3.7": "2",
    "4.1": "1 3", "4.4": "1 2 3 4",
    "5.1": "1", "5.2": "1 2 3 6", "5.3": "1 2", "5.4": "1 2 3",
    "6.1": "1 2 3", "6.2": "1 2 3 4 5 6 7 8 9 10 11 12", "6.3": "1 2 3 4", "6.4": "1 2 3", "6.5": "1 2 3 4 5",
    "7.1": "1 2", "7.2": "1 2 3 4", "7.3": "1 2", "7.4": "1 2 3 4 5", "7.5": "1 2",
    "8.1": "1 2", "8.2": "1 2 3", "8.3": "1", "8.4": "1",
    "11.2": "1", "11.3": "1 2 3", "11.4": "1 2", "11.5": "1", "12.2": "1",
    "13.2": "3 4 5", "13.3": "1 2", "13.4": "1 2 3 4 5",
    "14.1": "1 2", "14.2": "1 2 3 4 5 6", "14.3": "1 2 3",
    "15.1": "1 2 3", "15.2": "1 2 3", "15.3": "1 2 3 4 5 6 7",
    "16.1": "1", "16.2": "1 2 3 4 5", "16.3": "1 2 3 4", "16.4": "1 2 3", "16.5": "1 2 3",
}  # fmt: skip


def rows() -> dict[str, tuple[str, str]]:
    """item → (how, proved by)."""
    found = re.findall(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.*?) ?\|$", PAGE, flags=re.MULTILINE)
    return {item: (how, proof) for item, how, proof in found}


@cache
def functions_of(path: str) -> set[str]:
    file = ROOT / path
    if not file.exists():
        return set()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_item_that_applies_has_a_row():
    wanted = [f"{section}.{item}" for section, items in ITEMS.items() for item in items.split()]

    assert list(rows()) == wanted


def test_every_row_is_proved_or_an_exception_that_says_why():
    bare = [item for item, (how, proof) in rows().items() if "::" not in proof and "exception: " not in how]

    assert bare == []


def test_every_test_that_the_page_names_exists():
    named = set(re.findall(r"(tests/[\w/]+\.py)::(\w+)", PAGE))

    missing = sorted(f"{path}::{name}" for path, name in named if name not in functions_of(path))

    assert len(named) > 60
    assert missing == []


def test_the_page_names_every_context_word():
    assert [word for word in CONTEXT_WORDS if f"`{word}`" not in PAGE] == []


# --- What can be seen in the files alone ---


def sources(*patterns: str) -> dict[str, str]:
    files = [path for pattern in patterns for path in ROOT.glob(pattern)]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(files)}


def test_no_template_and_no_code_takes_text_for_html():
    found = {
        name: marks
        for name, text in sources("bot/**/*.html", "staff/**/*.html", "bot/**/*.py", "staff/**/*.py").items()
        if (marks := re.findall(r"\|\s*safe\b|autoescape\s+false|\bMarkup\(|autoescape=False", text))
    }

    assert found == {
        "bot/web/templates/class_show.html": ["|safe"],  # a QR code, drawn from our own address
        "staff/report_render.py": ["Markup("],  # XML of a Word file, everything in it escaped just before
    }


@pytest.mark.parametrize("pattern", ["bot/web/templates/*.html", "staff/templates/*.html"])
def test_no_page_has_a_script_or_style_of_its_own(pattern: str):
    pages = sources(pattern)

    found = {
        name: marks
        for name, text in pages.items()
        if (marks := re.findall(r"<style|\sstyle=|<script(?![^>]*\bsrc=)|\son[a-z]+=|javascript:", text))
    }

    assert pages
    assert found == {}


def test_password_fields_hide_what_is_typed_and_let_helpers_fill_them():
    fields = [
        field
        for text in sources("staff/templates/*.html").values()
        for field in re.findall(r"<input[^>]*name=\"password\w*\"[^>]*>", text)
    ]

    assert len(fields) >= 7
    assert [field for field in fields if 'type="password"' not in field] == []
    assert [
        field for field in fields if not re.search(r'autocomplete="(?:new|current)-password"', field)
    ] == []


def test_browsers_keep_only_how_pages_look_and_for_half_an_hour_what_could_not_be_sent():
    kept = {
        name: marks
        for name, text in sources("bot/web/static/*.js").items()
        if (marks := re.findall(r"(?:local|session)Storage\.\w+\(\w*", text))
    }
    scripts = "\n".join(sources("bot/web/static/*.js").values())

    assert kept == {
        "bot/web/static/chat.js": [
            "localStorage.setItem(KEPT",
            "localStorage.removeItem(KEPT",
            "localStorage.getItem(name",
        ],
        "bot/web/static/view.js": ["localStorage.getItem(name", "localStorage.setItem(name"],
    }
    assert (
        re.findall(r"indexedDB|document\.cookie|innerHTML|outerHTML|insertAdjacentHTML|eval\(", scripts) == []
    )


def test_only_channels_call_out():
    callers = {
        name
        for name, text in sources(*(f"{room}/**/*.py" for room in ROOMS)).items()
        if re.search(
            r"^\s*(?:import|from) (?:httpx2?|requests|urllib\.request|aiohttp|socket|telegram)\b", text, re.M
        )
    }

    assert callers
    assert {name for name in callers if not name.startswith(CALLERS)} == set()


def test_no_redirect_is_followed():
    assert "follow_redirects=True" not in "\n".join(sources("bot/**/*.py", "staff/**/*.py").values())
