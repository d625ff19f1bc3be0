"""A reply's sound: somebody's recording of the step where there is one, else what the engine says.

Only steps of guides are kept once they are spoken, by a hash of their words: they are the same for
everybody. What else is said to a person is spoken anew and kept nowhere.
"""

import hashlib
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import structlog

from bot.voice.audio import Kind, can_encode, encode
from bot.voice.engines import Engine, VoiceError
from knowledge.address import FORMS, address
from knowledge.library import Library
from knowledge.spoken import Speech

_log = structlog.get_logger()

RECORDINGS = "audio"  # in the content folder: audio/<slug>/<step>.wav
MAX_KEPT = 50_000_000  # bytes; some thousand steps
_STEP = re.compile(r"Bước (\d+)/\d+\. ")


class SpokenReplies:
    def __init__(
        self,
        engine: Engine | None,
        speech: Speech,
        library: Callable[[], Library],
        *,
        content: Path,
        kept: Path,
        max_kept: int = MAX_KEPT,
    ) -> None:
        """`kept` is a folder in the data folder, at most `max_kept` bytes of files in it."""
        self._engine = engine if can_encode() else None
        self._speech, self._library = speech, library
        self._recordings, self._kept, self._max_kept = content / RECORDINGS, kept, max_kept

    @property
    def is_there(self) -> bool:
        return self._engine is not None

    def __call__(self, text: str, kind: Kind) -> bytes | None:
        """The sound of a reply with its choices; None where nothing can speak, or there is nothing to say."""
        words = self._speech(text)
        if self._engine is None or not words:
            return None
        engine, source = self._engine, self._source_of(text)
        if source is None:
            return self._spoken(engine, words, kind)
        content, is_recorded = source
        return self._kept_or(
            content,
            kind,
            lambda: encode(content, kind) if is_recorded else self._spoken(engine, words, kind),
        )

    def kept_name(self, text: str, kind: Kind) -> str | None:
        """The name of the file that holds a step's sound, made if need be; None for what is no step."""
        source = self._source_of(text)
        if source is None or self(text, kind) is None:
            return None
        return self._name(source[0], kind)

    def _source_of(self, text: str) -> tuple[bytes, bool] | None:
        """What the sound of a step is made of: somebody's recording of it (True), or its words (False)."""
        step = self._step_of(text)
        if step is None:
            return None
        recording = self._recordings / step[0] / f"{step[1]}.wav"
        if recording.exists():
            return recording.read_bytes(), True
        return self._speech(text).encode(), False

    def _step_of(self, text: str) -> tuple[str, int] | None:
        """The guide and the number of the step that `text` tells, nothing else before it."""
        found = _STEP.match(text)
        if found is None:
            return None
        number, said = int(found[1]), text[found.end() :]
        for slug, guide in self._library().guides.items():
            if number <= len(guide.steps):
                action = guide.steps[number - 1].action
                if any(said.startswith(address(action, form)) for form in FORMS):
                    return slug, number
        return None

    def _spoken(self, engine: Engine, words: str, kind: Kind) -> bytes | None:
        try:
            return encode(engine.speak(words), kind)
        except VoiceError as error:
            _log.warning("a reply was not spoken", reason=str(error))
            return None

    def _name(self, content: bytes, kind: Kind) -> str:
        return f"{hashlib.sha256(content + repr(self._engine).encode()).hexdigest()}.{kind}"

    def _kept_or(self, content: bytes, kind: Kind, make: Callable[[], bytes | None]) -> bytes | None:
        path = self._kept / self._name(content, kind)
        if path.exists():
            path.touch()  # used: it goes later
            return path.read_bytes()
        made = make()
        if made:
            self._keep(path, made)
        return made

    def _keep(self, path: Path, sound: bytes) -> None:
        self._kept.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._kept, suffix=".part", delete=False) as file:
            file.write(sound)
        Path(file.name).replace(path)  # never half a file
        files = sorted(self._kept.glob("*.*"), key=lambda each: each.stat().st_mtime, reverse=True)
        size = 0
        for each in files:
            size += each.stat().st_size
            if size > self._max_kept:
                each.unlink(missing_ok=True)
