"""What every paper to print shares: A4 or A3, Roboto embedded, Vietnamese in one form, QR codes as lines.

Text can be selected and searched, and the file says its title and its language.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import font_roboto
import segno
from fpdf import FPDF
from fpdf.fonts import TTFFont
from fpdf.prefs import ViewerPreferences

FAMILY = "Roboto"
LEADING = 1.22  # height of a line for the size of its letters
MM = 25.4 / 72  # of a point
DARK = (11, 70, 83)  # of the web chat
QUIET = 4  # modules of white around a QR code, as readers want it

Format = Literal["A4", "A3"]


class Paper(FPDF):
    def __init__(self, title: str, *, margin: float, page: Format = "A4") -> None:
        """`margin` in millimetres, on all sides."""
        super().__init__(format=page)
        for style, face in (("", "Regular"), ("B", "Bold")):
            self.add_font(FAMILY, style, Path(font_roboto.font_directory) / f"Roboto-{face}.ttf")
        self.set_margin(margin)
        self.set_auto_page_break(True, margin)
        self.set_title(nfc(title))
        self.set_lang("vi")
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.set_font(FAMILY, "", 16)

    def say(
        self,
        text: str,
        *,
        size: float,
        style: str = "",
        align: str = "L",
        after: float = 0,
        leading: float = LEADING,
        width: float = 0,
    ) -> None:
        """Lines of text from here on, then `after` millimetres; `width` 0 goes to the right margin."""
        self.set_font(FAMILY, style, size)
        self.multi_cell(
            width, line_height(size, leading), nfc(text), align=align, new_x="LMARGIN", new_y="NEXT"
        )
        if after:
            self.ln(after)

    def height_of(self, text: str, *, size: float, width: float, style: str = "") -> float:
        """How many millimetres `say` would take."""
        self.set_font(FAMILY, style, size)
        height = self.multi_cell(
            width, line_height(size), nfc(text), align="L", dry_run=True, output="HEIGHT"
        )
        return float(height)  # type: ignore[arg-type]

    def qr(self, address: str, x: float, y: float, side: float) -> None:
        """A QR code with its quiet zone in a square of `side` millimetres, as filled rectangles."""
        rows = [bytes(row) for row in segno.make(address, error="m", micro=False).matrix]
        module = side / (len(rows) + 2 * QUIET)
        self.set_fill_color(255)
        self.rect(x, y, side, side, style="F")
        self.set_fill_color(0)
        for down, row in enumerate(rows):
            for first, length in _runs(row):
                at = (x + (QUIET + first) * module, y + (QUIET + down) * module)
                self.rect(*at, length * module, module * 1.01, style="F")


@contextmanager
def scratch_paper(*, margin: float) -> Iterator[Paper]:
    """To try on how something fits. Only a paper that is put out closes its fonts by itself."""
    paper = Paper("", margin=margin)
    try:
        yield paper
    finally:
        for font in paper.fonts.values():
            if isinstance(font, TTFFont):
                font.close()


def line_height(size: float, leading: float = LEADING) -> float:
    return size * MM * leading


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _runs(row: bytes) -> list[tuple[int, int]]:
    """(first, length) of the dark modules beside each other."""
    runs: list[tuple[int, int]] = []
    for place, is_dark in enumerate(row):
        if not is_dark:
            continue
        if runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((place, 1))
    return runs
