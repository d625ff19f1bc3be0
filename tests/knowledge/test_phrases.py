"""Phrases: how they are loaded and filled, and that the code and the files know the same keys."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jinja2
import jinja2.nodes
import pytest
from jinja2.meta import find_undeclared_variables

from knowledge.check import check_text, style_words
from knowledge.guide import TOPICS, ContentError
from knowledge.phrases import Phrases, load_phrases

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "staff")

FILES_NOT_PHRASES = re.compile(r"\.(css|js|html|svg|json|py)$")
KEY = re.compile(r"(chat|guide|staff|web|reports)\.[a-z0-9_-]+")


@pytest.fixture(scope="module")
def phrases() -> Phrases:
    return load_phrases()


def write(content: Path, name: str, text: str) -> Path:
    path = content / "phrases" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# --- Saying ---------------------------------------------------------------------------------------


def test_a_phrase_is_filled_with_its_values():
    phrases = Phrases({"chat.greet": ("Chào {bác}, đây là {{ place }}.",)})

    assert phrases("chat.greet", place="xã Hoa") == "Chào {bác}, đây là xã Hoa."


def test_what_is_filled_in_is_no_template_and_stays_as_it_is():
    phrases = Phrases({"chat.understood": ("{{ text }}",)})

    assert phrases("chat.understood", text="{{ place }} <b> & {bác}") == "{{ place }} <b> & {bác}"


def test_a_missing_key_is_an_error():
    phrases = Phrases({"chat.bye": ("Chào {bác}.",)})

    with pytest.raises(KeyError, match=r"chat\.good_bye"):
        phrases("chat.good_bye")


@pytest.mark.parametrize("text", ["Chào {{ place }}.", "{% if place %}Chào{% endif %}"])
def test_a_missing_value_is_an_error_and_no_gap(text: str):
    phrases = Phrases({"chat.greet": (text,)})

    with pytest.raises(jinja2.UndefinedError, match="'place' is undefined"):
        phrases("chat.greet")


def test_variants_take_turns():
    phrases = Phrases({"chat.thanks": ("Dạ.", "Không có gì ạ.")})

    said = [phrases("chat.thanks", variant=turn) for turn in range(4)]

    assert said == ["Dạ.", "Không có gì ạ.", "Dạ.", "Không có gì ạ."]
    assert phrases.variants("chat.thanks") == 2


def test_phrases_can_be_looked_through():
    phrases = Phrases({"chat.bye": ("Chào.",), "chat.again": ("Lại ạ.",)})

    assert list(phrases) == ["chat.bye", "chat.again"]
    assert "chat.bye" in phrases
    assert "chat.good_bye" not in phrases


# --- Loading --------------------------------------------------------------------------------------


def test_a_file_is_a_group_and_its_texts_are_trimmed(tmp_path: Path):
    write(tmp_path, "chat.yaml", "bye: |\n  Chào {bác}.\nthanks:\n  - Dạ.\n  - 'Không có gì ạ. '\n")
    write(tmp_path, "web.yaml", "send: Gửi\n")

    assert load_phrases(tmp_path).texts == {
        "chat.bye": ("Chào {bác}.",),
        "chat.thanks": ("Dạ.", "Không có gì ạ."),
        "web.send": ("Gửi",),
    }


@pytest.mark.parametrize(
    ("value", "found"),
    [("", "None"), ("[]", "[]"), ("12", "12"), ("[Dạ, true]", "['Dạ', True]"), ("{bác} ạ", "")],
)
def test_a_value_that_is_no_text_is_refused(tmp_path: Path, value: str, found: str):
    path = write(tmp_path, "chat.yaml", f"ok: Dạ\nbye: {value}\n")

    with pytest.raises(ContentError) as caught:
        load_phrases(tmp_path)

    if found:
        assert str(caught.value) == f"{path}:1: found bye: {found}, expected a text or a list of texts"
    else:  # braces without quotes are a mapping to YAML, and what follows them is too much
        assert str(caught.value).startswith(f"{path}:2: found expected <block end>")


def test_broken_yaml_is_refused_with_file_and_line(tmp_path: Path):
    path = write(tmp_path, "chat.yaml", "bye: Chào\nthanks: Dạ: không\n")

    with pytest.raises(ContentError) as caught:
        load_phrases(tmp_path)

    assert str(caught.value) == (
        f"{path}:2: found mapping values are not allowed here, expected YAML such as 'title: Nối Wi-Fi'"
    )


def test_a_broken_template_is_refused_with_its_file_and_key(tmp_path: Path):
    path = write(tmp_path, "chat.yaml", "bye: 'Chào {{ place }'\n")

    with pytest.raises(ContentError) as caught:
        load_phrases(tmp_path)

    assert str(caught.value) == (
        f"{path}:1: found bye: unexpected '}}', expected a template such as 'Chào {{{{ place }}}}'"
    )


# --- The keys the code uses -----------------------------------------------------------------------


@dataclass(frozen=True)
class Use:
    """One place where the code names a phrase. `.+` in a key stands for what is known at run time."""

    where: str
    key: str  # a regular expression
    values: frozenset[str] | None  # given along; None where that cannot be read from the call


def uses() -> list[Use]:
    found: list[Use] = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            found += python_uses(path)
        for path in sorted((ROOT / room).rglob("*.html")):
            found += template_uses(path)
    return found


def python_uses(path: Path) -> Iterator[Use]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    seen: set[int] = set()  # what stands in such a call, and what is part of a longer text
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and name_of(node.func) in ("say", "phrase", "phrases"):
            key, names = pattern(node.args[0]), {keyword.arg for keyword in node.keywords}
            if key is None:
                continue
            seen.add(id(node.args[0]))
            values = None if None in names else frozenset(name for name in names if name)
            yield Use(f"{path.relative_to(ROOT)}:{node.lineno}", key, values)
        elif isinstance(node, ast.JoinedStr):
            seen.update(map(id, node.values))
    for node in ast.walk(tree):  # keys that reach a call by way of a variable
        if isinstance(node, ast.Constant) and id(node) not in seen and is_key(node.value):
            yield Use(f"{path.relative_to(ROOT)}:{node.lineno}", re.escape(node.value), None)


def is_key(text: object) -> bool:
    return isinstance(text, str) and bool(KEY.fullmatch(text)) and not FILES_NOT_PHRASES.search(text)


def name_of(function: ast.expr) -> str:
    match function:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return ""


def pattern(key: ast.expr) -> str | None:
    match key:
        case ast.Constant(str(text)):
            return re.escape(text)
        case ast.JoinedStr(parts):
            return "".join(
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in parts
            )
    return None


def template_uses(path: Path) -> Iterator[Use]:
    tree = jinja2.Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
    for call in tree.find_all(jinja2.nodes.Call):
        if isinstance(call.node, jinja2.nodes.Name) and call.node.name == "t":
            key = template_pattern(call.args[0])
            if key is not None:
                values = frozenset(keyword.key for keyword in call.kwargs)
                yield Use(f"{path.relative_to(ROOT)}:{call.lineno}", key, values)


def template_pattern(key: jinja2.nodes.Expr) -> str | None:
    match key:
        case jinja2.nodes.Const():
            return re.escape(str(key.value))
        case jinja2.nodes.Concat():
            return "".join(template_pattern(part) or ".+" for part in key.nodes)
    return None


def variables(text: str) -> set[str]:
    return find_undeclared_variables(jinja2.Environment(autoescape=True).parse(text))


def keys_of(use: Use, phrases: Phrases) -> list[str]:
    return [key for key in phrases if re.fullmatch(use.key, key)]


def test_the_uses_of_phrases_are_found_in_code_and_templates():
    found = {use.where.split(":")[0]: use for use in uses()}

    assert {path.split("/")[0] for path in found} == set(ROOMS)
    assert any(path.endswith(".html") for path in found)


def test_every_phrase_the_code_names_exists(phrases: Phrases):
    missing = [f"{use.where}: {use.key}" for use in uses() if not keys_of(use, phrases)]

    assert missing == []


def test_every_phrase_is_given_the_values_it_needs(phrases: Phrases):
    lacking = [
        f"{use.where}: {key} needs {sorted(needed)}"
        for use in uses()
        if use.values is not None and ".+" not in use.key
        for key in keys_of(use, phrases)
        if (needed := set().union(*map(variables, phrases.texts[key])) - use.values)
    ]

    assert lacking == []


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_a_name_in_the_chat_and_on_the_staff_site(phrases: Phrases, topic: str):
    assert f"chat.topics_{topic}" in phrases
    assert f"staff.topic_{topic.replace('-', '_')}" in phrases


# --- The words ------------------------------------------------------------------------------------

# What staff read, who know the words of their trade, and what programmers of the portal read.
OF_STAFF = tuple(
    f"{group}."
    for group in (
        "staff",
        "desk",
        "reports",
        "authoring",
        "plans_desk",
        "lists",
        "access",
        "api",
    )
)


def filled(phrases: Phrases, key: str) -> Iterator[str]:
    """Every variant, with short values, and once with every value empty."""
    for variant, text in enumerate(phrases.texts[key]):
        for value in ("x", ""):
            yield phrases(key, variant, **dict.fromkeys(variables(text), value))


def test_what_residents_read_keeps_the_rules_of_words_and_address(phrases: Phrases):
    problems = [
        str(problem)
        for key in phrases
        if not key.startswith(OF_STAFF)
        for text in filled(phrases, key)
        for problem in check_text(text.replace("{size}", "x"), key, 1, style_words())
    ]

    assert problems == []


def test_the_staff_site_addresses_nobody_by_a_form(phrases: Phrases):
    assert [
        key
        for key in phrases
        if key.startswith(OF_STAFF) and not key.startswith("authoring.")  # tells authors how to write them
        for text in phrases.texts[key]
        if "{bác}" in text.lower()
    ] == []


def test_every_phrase_says_something(phrases: Phrases):
    silent = [key for key in phrases for text in phrases.texts[key] if not text]

    assert silent == []


def test_variants_differ(phrases: Phrases):
    assert [key for key in phrases if len(set(phrases.texts[key])) < phrases.variants(key)] == []
