"""Programs that read text out, a process for each call: espeak-ng, or Piper where its command is set."""

import io
import shlex
import shutil
import subprocess  # nosec B404 - programs of the machine's keeper, without a shell
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

ESPEAK = "espeak-ng"
# Of the regions of `Commune.region`: the voice, and the speed to ask for. What espeak-ng takes for words
# a minute is without its pauses; so asked, replies come at about 125 syllables a minute (docs/voice.md).
ESPEAK_VOICES = {"bac": ("vi", 118), "trung": ("vi-vn-x-central", 119), "nam": ("vi-vn-x-south", 122)}
SLOWEST, WANTED, FASTEST = 112, 125, 138  # syllables a minute (U23: 110 to 140)
TIMEOUT_S = 30.0  # of a long reply; espeak-ng takes less than 0.1 s for a step


class VoiceError(Exception):
    """The engine did not speak; the text says why, without what was to be said."""


class Engine(Protocol):
    def speak(self, words: str) -> bytes:
        """WAV, 16 bits, one channel. Raises `VoiceError`."""


@dataclass(frozen=True, slots=True)
class Program:
    """A command that reads text from its input and writes WAV to its output."""

    command: Sequence[str]
    timeout_s: float = TIMEOUT_S

    def speak(self, words: str) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603  # nosec B603
                self.command, input=words.encode(), capture_output=True, timeout=self.timeout_s, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise VoiceError(f"{self.command[0]}: {type(error).__name__}") from error
        if done.returncode or not done.stdout.startswith(b"RIFF"):
            raise VoiceError(f"{self.command[0]} ended with {done.returncode} and {len(done.stdout)} bytes")
        return done.stdout


@dataclass(frozen=True, slots=True)
class Espeak:
    program: str
    voice: str
    speed: int  # as espeak-ng counts it

    def speak(self, words: str) -> bytes:
        """At the wanted speed: many pauses or few make a reply slower or faster, so it may be said again."""
        sound = self._at(self.speed).speak(words)
        pace = len(words.split()) / _minutes(sound)
        if SLOWEST <= pace <= FASTEST:
            return sound
        return self._at(round(self.speed * min(max(WANTED / pace, 0.8), 1.25))).speak(words)

    def _at(self, speed: int) -> Program:
        return Program((self.program, "-v", self.voice, "-s", str(speed), "--stdout"))


def _minutes(sound: bytes) -> float:
    with wave.open(io.BytesIO(sound)) as opened:
        # The length in the head is not known to a program that writes to a pipe.
        frames = len(opened.readframes(len(sound))) / opened.getsampwidth()
        return float(max(frames / opened.getframerate(), 0.1) / 60)


def open_engine(*, region: str, piper: str | None = None) -> Engine | None:
    """`piper` is a command with its options; without it espeak-ng, and None where that is not installed."""
    if piper:
        return Program(shlex.split(piper))
    program = shutil.which(ESPEAK)
    if program is None:
        return None
    voice, speed = ESPEAK_VOICES.get(region, ESPEAK_VOICES["bac"])
    return Espeak(program, voice, speed)
