"""Whether a trained model knows the content as it is now."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from knowledge.guide import Guide
from retrieval.passages import chunk_guides

_NAME = "trained_on.json"


def content_hash(guides: Iterable[Guide]) -> str:
    """SHA-256 over all passages, in order."""
    digest = hashlib.sha256()
    for passage in chunk_guides(guides):
        digest.update(f"{passage.document}\0{passage.locator}\0{passage.text}\n".encode())
    return digest.hexdigest()


def write_trained_on(folder: Path, guides: Iterable[Guide]) -> None:
    (folder / _NAME).write_text(json.dumps({"sha256": content_hash(guides)}) + "\n", encoding="utf-8")


def read_trained_on(folder: Path) -> str | None:
    path = folder / _NAME
    return json.loads(path.read_text(encoding="utf-8"))["sha256"] if path.exists() else None
