"""Whether a trained model knows the content as it is now."""

import hashlib
import json
from pathlib import Path

from knowledge.library import Library
from retrieval.passages import chunk_guides

_NAME = "trained_on.json"


def content_hash(library: Library) -> str:
    """SHA-256 over all that the model is trained on, in order."""
    digest = hashlib.sha256()
    for passage in chunk_guides(library.guides.values()):
        digest.update(f"{passage.document}\0{passage.locator}\0{passage.text}\n".encode())
    for kind, texts in library.elsewhere.items():
        digest.update("\n".join((kind, *texts)).encode())
    return digest.hexdigest()


def write_trained_on(folder: Path, library: Library) -> None:
    (folder / _NAME).write_text(json.dumps({"sha256": content_hash(library)}) + "\n", encoding="utf-8")


def read_trained_on(folder: Path) -> str | None:
    path = folder / _NAME
    return json.loads(path.read_text(encoding="utf-8"))["sha256"] if path.exists() else None
