"""The content in force: guides and the engine built from them, swapped as one.

A build that fails (a guide file that is broken) leaves the last good one serving and says what
is wrong.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

import structlog

from knowledge.glossary import load_glossary
from knowledge.guide import ContentError
from knowledge.library import CONTENT, Library, load_library
from retrieval.decide import Thresholds
from retrieval.encoder import Encoder
from retrieval.engine import Engine, Found, build_engine

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class InForce:
    library: Library
    engine: Engine


class Content:
    def __init__(self, encoder: Encoder, *, folder: Path | None = None, thresholds: Thresholds) -> None:
        """Builds at once; raises `ContentError` when even the first build fails."""
        self._encoder, self._folder, self._thresholds = encoder, folder or CONTENT, thresholds
        self._lock = threading.Lock()
        self.problem: str | None = None
        self._stamp = self._state()
        self._in_force = self._build()

    def library(self) -> Library:
        return self._in_force.library

    def ask(self, question: str) -> Found:
        return self._in_force.engine.ask(question)

    def read(self, text: str) -> str:
        """A text as it was meant: Telex, abbreviations and slips read."""
        return self._in_force.engine.read(text)

    @property
    def engine(self) -> Engine:
        return self._in_force.engine

    def reload_if_changed(self) -> bool:
        """Build anew when a content file changed; returns whether a new one is in force."""
        with self._lock:
            stamp = self._state()
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            try:
                self._in_force = self._build()
            except (ContentError, OSError) as error:
                self.problem = str(error)
                _log.error("content not loaded, the last good one stays", problem=self.problem)
                return False
            self.problem = None
            return True

    def _build(self) -> InForce:
        library = load_library(self._folder)
        engine = build_engine(
            library, load_glossary(self._folder), self._encoder, thresholds=self._thresholds
        )
        return InForce(library, engine)

    def _state(self) -> tuple[tuple[str, int, int], ...]:
        """Name, size and time of each file that the build reads."""
        found = []
        for pattern in ("guides/*.md", "questions/*.txt", "elsewhere/*.txt", "glossary/*.yaml"):
            for path in sorted(self._folder.glob(pattern)):
                status = path.stat()
                found.append((path.name, status.st_size, status.st_mtime_ns))
        return tuple(found)
