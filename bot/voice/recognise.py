"""Speech as text, by a Whisper model on this machine (extra `voice`): no sound leaves it, none is kept.

A recording is a stranger's file: a process of its own opens it (`sound_extract`), another one that stays
makes text of its samples (`transcriber`), both under limits. One recording at a time: a model takes what
the machine has. Sound goes from pipe to pipe and never to the disk.
"""

import json
import os
import subprocess  # nosec B404 - our own programs, without a shell
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import structlog

from bot.voice.sound_extract import FAULT_EXIT
from bot.voice.sound_extract import MAX_S as MAX_S

MAX_BYTES = 5_000_000
READ_S = 20.0  # for what `sound_extract` does
LOAD_S = 120.0  # of the model, from a slow disk
TIMEOUT_S = 120.0  # of work

_EXTRACT = Path(__file__).with_name("sound_extract.py")
_TRANSCRIBER = Path(__file__).with_name("transcriber.py")
_log = structlog.get_logger()


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
        self._child: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    @property
    def process_id(self) -> int | None:
        """Of the process that has the model; None before the first recording."""
        return self._child.pid if self._child else None

    def transcribe(self, sound: bytes) -> Heard:
        samples = decode(sound)
        with self._one_at_a_time:
            answer = self._ask(self._running(), samples, self._timeout_s)
        return Heard(str(answer["text"]), float(answer["confidence"]))

    def close(self) -> None:
        """End the process for good; who is waiting for it gets `NotHeard`."""
        self._is_closed = True
        if self._child is not None:
            self._child.kill()
        with self._one_at_a_time:
            self._bury()

    def _bury(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._is_closed:
            raise NotHeard("nobody hears any more")
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._bury()
        self._child = subprocess.Popen(  # noqa: S603  # nosec B603
            [sys.executable, "-I", "-B", str(_TRANSCRIBER), str(self._folder.resolve())],
            cwd="/",
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        answer = self._ask(self._child, None, LOAD_S)
        if fault := answer.get("fault"):
            _log.error("the speech model cannot be loaded", folder=str(self._folder), reason=fault)
            raise NotHeard("the speech model cannot be loaded")
        return self._child

    def _ask(self, child: subprocess.Popen[bytes], samples: bytes | None, timeout_s: float) -> dict[str, Any]:
        """Its next answer, to `samples` if there are any. What gives none in time is ended."""
        assert child.stdin is not None
        assert child.stdout is not None
        alarm = threading.Timer(timeout_s, child.kill)
        alarm.start()
        try:
            if samples is not None:
                child.stdin.write(len(samples).to_bytes(4, "big") + samples)
                child.stdin.flush()
            line = child.stdout.readline()
        except OSError:
            line = b""
        finally:
            alarm.cancel()
        if not line:
            child.kill()
            raise NotHeard(f"no answer within {timeout_s:g} s")
        answer: dict[str, Any] = json.loads(line)
        return answer


def decode(sound: bytes) -> bytes:
    """A recording as samples: 16 bits, one channel, 16 kHz. Raises `NotHeard`: too long, or no sound."""
    if len(sound) > MAX_BYTES:
        raise NotHeard(f"found {len(sound)} bytes, expected {MAX_BYTES} at most")
    try:
        done = subprocess.run(  # noqa: S603  # nosec B603
            [sys.executable, "-I", "-B", str(_EXTRACT)],
            cwd="/",
            env=_environment(),
            input=sound,
            capture_output=True,
            timeout=READ_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotHeard("a recording that takes too long to read") from None
    if done.returncode == 0:
        return done.stdout
    # Anything but our own line could hold a piece of the recording.
    reason = done.stderr.decode(errors="replace").strip() if done.returncode == FAULT_EXIT else "damaged"
    raise NotHeard(reason)


def _environment() -> dict[str, str]:
    """No token of ours is within reach of what reads strangers' files."""
    return {"PATH": os.defpath, "HOME": "/", "HF_HUB_OFFLINE": "1", "PYTHONIOENCODING": "utf-8"}
