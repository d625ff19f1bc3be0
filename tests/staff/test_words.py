"""The words of the staff site: each key that is used exists, and each that exists is used."""

import re
from pathlib import Path

import staff
from knowledge.guide import TOPICS
from knowledge.phrases import load_phrases
from records import breaches, requests
from records.questions import UNANSWERED
from records.retention import STEPS
from staff.processing import GROUPS

REPORTED = ("erasures", "backups_rewritten", "made", "removed", "entries", "head", "broken_at")
ROOM = Path(staff.__file__).parent
LABELS = {
    *(f"topic_{topic.replace('-', '_')}" for topic in TOPICS),
    *(f"outcome_{outcome}" for outcome in UNANSWERED),
    *(f"reason_{reason}" for reason in ("asked", "urgent", "misses", "error", "stuck")),
    *(f"kind_{kind}" for kind in requests.DAYS),
    *(f"source_{source}" for source in requests.SOURCES),
    *(f"state_{state}" for state in (*requests.OPEN, *requests.CLOSED)),
    *(f"tell_{what}" for what in ("answered", "extended", *requests.CLOSED)),
    *(f"breach_{name}" for name in breaches.TEXTS),
    *(f"mark_{name}" for name in breaches.MARKS),
    *(f"{about}_{group}" for about in ("holding", "purpose", "seen", "kept") for group in GROUPS),
    *(f"job_{job}" for job in ("retention", "cleaning", "backup", "counts", "audit_head")),
    *(f"step_{step}" for step in (*STEPS, *REPORTED)),
}
# Keys put together in the code, by how they begin: the files name the ends in quotes.
PUT_TOGETHER = ("nav_", "column_", "model_")


def _words() -> set[str]:
    keys = {key.removeprefix("staff.") for key in load_phrases() if key.startswith("staff.")}
    assert keys
    return keys


def _sources() -> str:
    paths = [*ROOM.glob("*.py"), *ROOM.glob("templates/*.html")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def test_every_key_that_is_used_exists():
    used = set(re.findall(r"""['"]staff\.([a-z_]*[a-z])['"]""", _sources()))

    assert used - _words() == {"css"}  # the file
    assert LABELS - _words() == set()


def test_every_key_is_used():
    sources = _sources()

    def is_used(key: str) -> bool:
        if key in LABELS or f"staff.{key}" in sources:
            return True
        end = key.removeprefix("column_")
        return key.startswith(PUT_TOGETHER) and re.search(rf"""['"]({key}|{end})['"]""", sources) is not None

    assert [key for key in sorted(_words()) if not is_used(key)] == []
