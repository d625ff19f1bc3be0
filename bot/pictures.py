"""The pictures of steps as files: drawn when first needed, kept by the hash of what they show.

A path names its content, so a picture never changes under its address: a step that is written anew
gets another one, and what was sent with the old step stays what it was. The description (SVG) is
kept when the step is said, the PNG is made when somebody asks for it.
"""

import hashlib
import os
import re
from pathlib import Path

import font_roboto
import resvg_py
import structlog

from knowledge.drawing import DrawingError, drawing_of
from knowledge.drawing_svg import WIDTH, drawing_svg
from knowledge.guide import Step
from knowledge.phrases import Phrases

PREFIX = "/hinh/"
PIXELS = 720  # wide: twice what a small phone shows
FONTS = [str(Path(font_roboto.font_directory) / f"Roboto-{face}.ttf") for face in ("Regular", "Bold")]
_PATH = re.compile(rf"{PREFIX}([0-9a-f]{{20}})\.png")

_log = structlog.get_logger()


class Pictures:
    def __init__(self, folder: Path, phrases: Phrases) -> None:
        """`folder` is made when the first picture is."""
        self._folder, self._phrases = folder, phrases

    def path_of(self, step: Step) -> str | None:
        """The path of a step's picture; None where it has none, or none can be kept."""
        svg = self.svg_of(step)
        if svg is None:
            return None
        name = hashlib.sha256(svg.encode()).hexdigest()[:20]
        file = self._folder / f"{name}.svg"
        try:
            if not file.exists():
                _write(file, svg.encode())
        except OSError as error:
            _log.warning("no picture can be kept", error=type(error).__name__)
            return None
        return f"{PREFIX}{name}.png"

    def svg_of(self, step: Step, *, has_note: bool = True) -> str | None:
        """`has_note`: that it is schematic is said in the picture itself."""
        try:
            drawing = drawing_of(step)
        except DrawingError as error:  # `hocvuso knowledge check` tells the editor
            _log.warning("a picture's description cannot be read", problem=str(error))
            return None
        if drawing is None:
            return None
        note = self._phrases("handout.drawing_note") if has_note else ""
        either = self._phrases("handout.drawing_either")
        return drawing_svg(drawing, title=", ".join(drawing.texts), note=note, either=either)

    def png(self, path: str) -> bytes | None:
        """The file at a path that `path_of` gave; None for any other."""
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        made, described = self._folder / f"{match[1]}.png", self._folder / f"{match[1]}.svg"
        try:
            if made.exists():
                return made.read_bytes()
            content = as_png(described.read_text(encoding="utf-8"))
            _write(made, content)
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.warning("a picture could not be read or kept", error=type(error).__name__)
            return None
        return content


def as_png(svg: str, *, pixels: int = PIXELS) -> bytes:
    """`pixels` wide; set in the same letters on every machine."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            font_files=FONTS,
            font_family="Roboto",
            skip_system_fonts=True,
            zoom=pixels / WIDTH,
        )
    )


def _write(file: Path, content: bytes) -> None:
    """In one piece: another worker may read, or write the same, at the same time."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(file)
