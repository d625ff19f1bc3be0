"""The sentences people read, by key: `phrases("guide.finish", title=…)`.

Each file `knowledge/phrases/<group>.yaml` holds keys of the group `<group>`; a value is a Jinja
template, or a list of variants said in turn (`variant=`). A missing key or value is an error,
never an empty gap. The placeholders {bác} and {cháu} stay in; `knowledge.address` fills them.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from knowledge.guide import ContentError
from knowledge.library import CONTENT, load_fields


class Phrases:
    def __init__(self, texts: Mapping[str, tuple[str, ...]]) -> None:
        # Plain text, not HTML: pages escape what they insert. StrictUndefined: no silent gaps.
        self._environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701  # nosec B701
        self._templates: dict[str, jinja2.Template] = {}  # compiled when they are first said
        self.texts = texts

    def __call__(self, key: str, /, variant: int = 0, **values: object) -> str:
        variants = self.texts[key]
        text = variants[variant % len(variants)]
        return self._template(text).render(values) if _is_template(text) else text

    def __contains__(self, key: str) -> bool:
        return key in self.texts

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def variants(self, key: str) -> int:
        return len(self.texts[key])

    def _template(self, text: str) -> jinja2.Template:
        if text not in self._templates:
            self._templates[text] = self._environment.from_string(text)
        return self._templates[text]


def load_phrases(content: Path = CONTENT) -> Phrases:
    texts: dict[str, tuple[str, ...]] = {}
    for path in sorted((content / "phrases").glob("*.yaml")):
        for key, value in load_fields(path).items():
            texts[f"{path.stem}.{key}"] = variants_of(path, key, value)
    return Phrases(texts)


def variants_of(path: Path, key: str, value: Any) -> tuple[str, ...]:
    """What stands at `key` of a phrase file; raises `ContentError` where it can never be said."""
    variants = value if isinstance(value, list) else [value]
    if not variants or not all(isinstance(text, str) for text in variants):
        raise ContentError(path, 1, f"{key}: {value!r}"[:60], "a text or a list of texts")
    for text in variants:
        _check_template(path, key, text)
    return tuple(text.strip() for text in variants)


_SYNTAX = jinja2.Environment(autoescape=True)


def _is_template(text: str) -> bool:
    return any(mark in text for mark in ("{{", "{%", "{#"))


def _check_template(path: Path, key: str, text: str) -> None:
    if fault := _fault(text):
        raise ContentError(path, 1, f"{key}: {fault}", "a template such as 'Chào {{ place }}'")


@cache
def _fault(text: str) -> str | None:
    """What is wrong with a template."""
    if not _is_template(text):
        return None
    try:
        _SYNTAX.parse(text)
    except jinja2.TemplateSyntaxError as error:
        return error.message
    return None
