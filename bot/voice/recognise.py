"""Speech as text, by a Whisper model on this machine (extra `voice`): no sound leaves it, none is kept.

One recording at a time: a model takes what the machine has. Sound is decoded in memory.
"""

import io
import math
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

MAX_BYTES = 5_000_000
MAX_S = 120.0  # of sound
TIMEOUT_S = 120.0  # of work
RATE = 16_000  # samples a second, as Whisper wants them


class NotHeard(Exception):
    """The recording gave no text; the message says why, without anything of it."""


@dataclass(frozen=True, slots=True)
class Heard:
    text: str  # unmasked
    confidence: float  # 0..1: of the words on average


class Recogniser(Protocol):
    def transcribe(self, sound: bytes) -> Heard:
        """Vietnamese text of a recording in any usual form. Raises `NotHeard`."""


class Whisper:
    def __init__(self, folder: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        """`folder` holds a model as faster-whisper takes it. It is loaded with the first recording."""
        self._folder, self._timeout_s = folder, timeout_s
        self._one_at_a_time = threading.Lock()
        self._model: Any = None

    def transcribe(self, sound: bytes) -> Heard:
        samples = decode(sound)
        with self._one_at_a_time:
            return self._transcribe(samples)

    def _transcribe(self, samples: Any) -> Heard:
        until = time.monotonic() + self._timeout_s
        segments, _ = self._loaded().transcribe(
            samples, language="vi", beam_size=1, temperature=0.0, condition_on_previous_text=False
        )
        texts, scores = [], []
        for segment in segments:  # each is worked out when it is asked for
            texts.append(segment.text.strip())
            scores.append(math.exp(segment.avg_logprob) * (1 - segment.no_speech_prob))
            if time.monotonic() > until:
                raise NotHeard("it takes too long")
        return Heard(" ".join(filter(None, texts)), sum(scores) / len(scores) if scores else 0.0)

    def _loaded(self) -> Any:
        if self._model is None:
            from faster_whisper import WhisperModel  # the extra `voice`; it takes seconds to load

            self._model = WhisperModel(
                str(self._folder), device="cpu", compute_type="int8", local_files_only=True
            )
        return self._model


def decode(sound: bytes, *, max_s: float = MAX_S) -> Any:
    """A recording as float samples, one channel of 16 kHz. Raises `NotHeard`: too long, or no sound."""
    import av  # the extra `voice`
    import numpy as np

    if len(sound) > MAX_BYTES:
        raise NotHeard(f"found {len(sound)} bytes, expected {MAX_BYTES} at most")
    pieces, count = [], 0
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    try:
        with av.open(io.BytesIO(sound), "r", metadata_errors="ignore") as opened:
            for frame in opened.decode(audio=0):
                for piece in resampler.resample(frame):
                    pieces.append(piece.to_ndarray().reshape(-1))
                    count += piece.samples
                if count > max_s * RATE:
                    raise NotHeard(f"found more than {max_s:.0f} s of sound")
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise NotHeard(f"found no sound that can be read ({type(error).__name__})") from None
    if not pieces:
        raise NotHeard("found no sound")
    return np.concatenate(pieces).astype(np.float32) / 32768.0
