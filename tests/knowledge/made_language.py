"""A language made for the tests: its tag is of those that are nobody's ("qaa" to "qtz")."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from knowledge.guide import Guide
from knowledge.library import CONTENT, load_guide
from knowledge.translation import digest_of

TAG = "qtx"
SLUG = "kn-wifi"
PHRASES = {
    "guide": "done: ok\nstep: '[{{ number }}/{{ count }} {{ action }} {{ appears }}]'\n",
    "languages": "switched: 'now {{ language }}'\nonly_vietnamese: 'read this: vi'\n",
}


def shipped() -> Guide:
    return load_guide(CONTENT / "guides" / f"{SLUG}.md", CONTENT)


def guide_text(*, of: str | None = None) -> str:
    """A translation with as many steps, lines and questions as the shipped guide."""
    guide = shipped()
    steps = "".join(
        f"{n}. do {n}\n   - Máy hiện: see {n}\n   - Nếu không thấy: else {n}\n"
        for n in range(1, len(guide.steps) + 1)
    )
    prepare = "".join(f"- need {n}\n" for n in range(1, len(guide.prepare) + 1))
    faults = "".join(f"- **sign {n}**: remedy {n}\n" for n in range(1, len(guide.faults) + 1))
    ask = "".join(f"- whom {n}\n" for n in range(1, len(guide.ask) + 1))
    quiz = "  - {question: q, options: [a, b, c], why: w}\n" * len(guide.front.quiz)
    return (
        f"---\nof: {of or digest_of(guide)}\ntitle: wifi\nsummary: sum\nsafety: never\ncheck: seen?\n"
        f"quiz:\n{quiz}---\n\n"
        f"## Chuẩn bị\n{prepare}\n## Các bước\n{steps}\n## Lỗi hay gặp\n{faults}\n## Hỏi ai\n{ask}"
    )


def make_language(
    content: Path, *, guide: str | None = None, phrases: Mapping[str, str] | None = None
) -> None:
    """The language below `content`, with the one Vietnamese guide it translates."""
    for name in (f"guides/{SLUG}.md", f"questions/{SLUG}.txt", "glossary/languages.yaml"):
        (content / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CONTENT / name, content / name)
    folder = content / "languages" / TAG
    for name in ("guides", "phrases"):
        (folder / name).mkdir(parents=True)
    (content / "phrases").mkdir()
    own = "name: Thửx\nvietnamese_name: tiếng Thửx\nask: [tiếng Thửx, ភាសា]\n"
    (folder / "language.yaml").write_text(own, encoding="utf-8")
    (folder / "guides" / f"{SLUG}.md").write_text(guide or guide_text(), encoding="utf-8")
    for name, text in {**PHRASES, **(phrases or {})}.items():
        (folder / "phrases" / f"{name}.yaml").write_text(text, encoding="utf-8")
