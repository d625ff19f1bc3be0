"""The voice of each commune: how its region speaks, with the guides it has."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from bot.channels.capabilities import TELEGRAM, WEBCHAT, ZALO_BOT
from bot.voice.audio import Kind
from bot.voice.engines import open_engine
from bot.voice.spoken_replies import SpokenReplies
from knowledge.library import Library
from knowledge.spoken import load_speech
from records.communes import CommuneProfile

PREFIX = "/am-thanh/"
_NAME = re.compile(r"[0-9a-f]{64}\.aac")


class Voices:
    def __init__(
        self,
        commune: Callable[[str], CommuneProfile],
        library: Callable[[str], Library],
        *,
        piper: str | None,
        content: Path,
        kept: Path,
    ) -> None:
        """`commune` and `library` are asked by slug. Nothing is opened before somebody listens."""
        self._speech = load_speech(content)

        @cache
        def of(slug: str) -> SpokenReplies:
            engine = open_engine(region=commune(slug).region, piper=piper)
            return SpokenReplies(engine, self._speech, lambda: library(slug), content=content, kept=kept)

        self.of = of
        self._kept = kept

    def sound(self, commune: str, text: str, kind: Kind) -> bytes | None:
        return self.of(commune)(text, kind)

    def path_of(self, commune: str, text: str) -> str | None:
        """Where a platform can fetch the sound of a step: `file` has it. None for anything else."""
        name = self.of(commune).kept_name(text, "aac")
        return f"{PREFIX}{name}" if name else None

    def file(self, name: str) -> bytes | None:
        """What is kept under a name that `path_of` gave, without `PREFIX`; None for any other."""
        path = self._kept / name
        return path.read_bytes() if _NAME.fullmatch(name) and path.exists() else None

    def way(self, commune: str, channel: str, *, public_url: str | None) -> str | None:
        """`Services.sound`: Zalo Bot fetches what it plays, and that must not be what one person was told."""
        if channel == WEBCHAT:
            return "page"
        if not self.of(commune).is_there:
            return None
        if channel == TELEGRAM:
            return "message"
        return "step" if channel == ZALO_BOT and public_url else None
