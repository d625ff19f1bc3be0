"""The content in force: guides and what is built from them, swapped as one.

A build that fails (a guide file that is broken) leaves the last good one serving and says what
is wrong. Whoever asks never waits for a build: they have the one in force when they began.
"""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from knowledge.glossary import Glossary, load_glossary
from knowledge.guide import ContentError, Guide
from knowledge.library import CONTENT, Library, library_of, load_guide, load_library, read_text
from knowledge.walking import WalkingWords, load_walking_words
from retrieval.decide import Thresholds
from retrieval.encoder import Encoder
from retrieval.engine import Engine, Found, build_engine
from retrieval.heard import Document, Heard, Hearing, document_of
from retrieval.within import FollowUps, Within

_log = structlog.get_logger()

# What the build reads, by folder.
READ = {"guides": ".md", "questions": ".txt", "elsewhere": ".txt", "glossary": ".yaml"}
WATCH_S = 0.25  # how often the files are looked at: their sizes and times, in a millisecond

Stamp = tuple[int, int, int]  # of a file: which, size, time of the last change


@dataclass(frozen=True, slots=True)
class View:
    """Guides, and what answers from them: those that are shipped, or as a commune has them."""

    guides: Library
    engine: Engine
    hearing: Hearing
    follow_ups: FollowUps

    def library(self) -> Library:
        return self.guides

    def ask(self, question: str) -> Found:
        return self.engine.ask(question)

    def hear(self, found: Found) -> Heard | None:
        """How a question was understood, where words of it were replaced."""
        return self.hearing.hear(found)

    def within(self, slug: str, found: Found, step: int) -> Within | None:
        """How a question reads while a guide is walked; None when that guide was taken out meanwhile."""
        return self.follow_ups.read(slug, found, step=step)


@dataclass(frozen=True, slots=True)
class InForce:
    view: View
    glossary: Glossary
    walking: WalkingWords
    words_from: dict[Path, Stamp]  # the files of the two


class Content:
    def __init__(self, encoder: Encoder, *, folder: Path | None = None, thresholds: Thresholds) -> None:
        """Builds at once; raises `ContentError` when even the first build fails."""
        self._encoder, self._folder, self._thresholds = encoder, folder or CONTENT, thresholds
        self._lock = threading.Lock()
        self._guides = _GuideFiles()
        self.problem: str | None = None
        self.builds = 1  # how often it was built
        self._stamps = self._files()
        self._in_force = self._build(None)

    def library(self) -> Library:
        return self._in_force.view.library()

    def ask(self, question: str) -> Found:
        return self._in_force.view.ask(question)

    def read(self, text: str) -> str:
        """A text as it was meant: Telex, abbreviations and slips read."""
        return self._in_force.view.engine.read(text)

    def hear(self, found: Found) -> Heard | None:
        return self._in_force.view.hear(found)

    def within(self, slug: str, found: Found, step: int) -> Within | None:
        return self._in_force.view.within(slug, found, step)

    @property
    def engine(self) -> Engine:
        return self._in_force.view.engine

    @property
    def view(self) -> View:
        return self._in_force.view

    def with_guides(self, own: Iterable[Guide], *, previous: View | None = None) -> View:
        """The guides in force with these over them: instead of those of the same slug, or beside them.

        What stayed the same since `previous`, or as it is in force, is not made anew.
        """
        base = self._in_force
        library = _with_own(base.view.guides, own)
        return self._view(library, base.glossary, base.walking, previous or base.view)

    def engine_of(self, own: Iterable[Guide], *, previous: Engine) -> Engine:
        """The search alone over the guides in force with these over them, to try what would be answered."""
        base = self._in_force
        return self._engine(_with_own(base.view.guides, own), base.glossary, previous)

    def source(self, slug: str) -> str | None:
        """The file of a shipped guide as it is now; None where none is shipped."""
        path = self._folder / "guides" / f"{slug}.md"
        return read_text(path) if slug in self.library().guides and path.exists() else None

    def reload_if_changed(self) -> bool:
        """Build anew when a content file changed; returns whether a new one is in force."""
        with self._lock:
            stamps = self._files()
            if stamps == self._stamps:
                return False
            self._stamps = stamps
            try:
                self._in_force = self._build(self._in_force)
            except (ContentError, OSError) as error:
                self.problem = str(error)
                _log.error("content not loaded, the last good one stays", problem=self.problem)
                return False
            except Exception as error:
                self.problem = f"{type(error).__name__}: {error}"
                _log.exception("content not built, the last good one stays")
                return False
            self.problem = None
            self.builds += 1
            return True

    @contextmanager
    def watching(self, *, every_s: float = WATCH_S) -> Iterator[None]:
        """Within it, a thread builds anew whenever a file changed."""
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(every_s):
                self.reload_if_changed()

        thread = threading.Thread(target=watch, name="content", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _build(self, before: InForce | None) -> InForce:
        """From what `before` has only what is to be changed is made anew."""
        library = load_library(self._folder, load=self._guides.load)
        glossary, walking = self._words(before)
        view = self._view(library, glossary, walking, before.view if before else None)
        return InForce(view, glossary, walking, self._words_from())

    def _view(
        self, library: Library, glossary: Glossary, walking: WalkingWords, previous: View | None
    ) -> View:
        guides = library.guides.values()
        documents = {guide.slug: document_of(guide) for guide in guides}
        spoken = {name: Document((), said) for name, said in library.elsewhere.items() if name != "gibberish"}
        return View(
            library,
            self._engine(library, glossary, previous.engine if previous else None),
            Hearing(documents | spoken, glossary, previous=previous.hearing if previous else None),
            FollowUps(guides, self._encoder, walking, previous=previous.follow_ups if previous else None),
        )

    def _engine(self, library: Library, glossary: Glossary, previous: Engine | None) -> Engine:
        return build_engine(library, glossary, self._encoder, thresholds=self._thresholds, previous=previous)

    def _words(self, before: InForce | None) -> tuple[Glossary, WalkingWords]:
        if before and before.words_from == self._words_from():
            return before.glossary, before.walking
        return load_glossary(self._folder), load_walking_words(self._folder)

    def _words_from(self) -> dict[Path, Stamp]:
        return {path: stamp for path, stamp in self._stamps.items() if path.parent.name == "glossary"}

    def _files(self) -> dict[Path, Stamp]:
        """What tells whether a file that the build reads is another than before."""
        return dict(self._stamped())

    def _stamped(self) -> Iterator[tuple[Path, Stamp]]:
        for name, ending in READ.items():
            if not (folder := self._folder / name).exists():
                continue
            for entry in os.scandir(folder):
                if entry.name.endswith(ending):
                    try:
                        yield Path(entry), _stamp(entry)
                    except FileNotFoundError:
                        continue  # taken away since the folder was listed


def _with_own(library: Library, own: Iterable[Guide]) -> Library:
    guides = {**library.guides, **{guide.slug: guide for guide in own}}
    return library_of((guides[slug] for slug in sorted(guides)), library.elsewhere)


class _GuideFiles:
    """Reads guides, and only those whose files changed since."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[Stamp | None, ...], Guide]] = {}

    def load(self, path: Path, content: Path) -> Guide:
        questions = content / "questions" / f"{path.stem}.txt"
        stamps = (_stamp(path), _stamp(questions) if questions.exists() else None)
        known = self._read.get(path)
        if known is None or known[0] != stamps:
            known = self._read[path] = (stamps, load_guide(path, content))
        return known[1]


def _stamp(path: Path | os.DirEntry[str]) -> Stamp:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns
