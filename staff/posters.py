"""Posters of the hamlets: a QR code that opens the chat with the hamlet already set, in large letters.

Pure: texts and an address in, a PDF out. The same sheet as A4 for a wall and A3 for a board.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.phrases import Phrases
from staff.pdf import DARK, Format, Paper, line_height

A3_SCALE = 2**0.5
MARGIN, FRAME = 16.0, 8.0  # mm on A4
QR = 112.0


@dataclass(frozen=True, slots=True)
class Poster:
    hamlet: str  # name; "" for the whole commune
    address: str  # what the code opens; never empty


def poster_pdf(
    posters: Sequence[Poster], phrases: Phrases, *, place: str, phone: str | None, page: Format = "A4"
) -> bytes:
    """One page each. Raises `ValueError` for a poster whose code would lead nowhere."""
    if not posters or not all(poster.address for poster in posters):
        raise ValueError("found a poster without an address, expected one that people can open")
    scale = A3_SCALE if page == "A3" else 1.0
    pdf = Paper(phrases("handout.poster_title", place=place), margin=MARGIN * scale, page=page)
    for poster in posters:
        pdf.add_page()
        _draw(pdf, poster, phrases, place, phone, scale)
    return bytes(pdf.output())


def _draw(pdf: Paper, poster: Poster, phrases: Phrases, place: str, phone: str | None, scale: float) -> None:
    frame = FRAME * scale
    pdf.set_draw_color(0)
    pdf.set_line_width(1.2 * scale)
    pdf.rect(frame, frame, pdf.w - 2 * frame, pdf.h - 2 * frame)
    pdf.say(phrases("handout.movement"), size=17 * scale, align="C", after=2 * scale)
    where = f"{poster.hamlet}, {place}" if poster.hamlet else place
    pdf.say(where, size=22 * scale, style="B", align="C", after=5 * scale)
    pdf.set_text_color(*DARK)
    pdf.say(phrases("handout.poster_what"), size=34 * scale, style="B", align="C", after=3 * scale)
    pdf.set_text_color(0)
    pdf.say(phrases("handout.poster_how"), size=21 * scale, align="C", after=2 * scale)
    side = QR * scale
    pdf.qr(poster.address, (pdf.w - side) / 2, pdf.get_y(), side)
    pdf.set_y(pdf.get_y() + side + scale)
    short = poster.address.partition("://")[2].partition("?")[0].rstrip("/")
    pdf.say(phrases("handout.poster_typed", address=short), size=17 * scale, align="C", after=4 * scale)
    _warning(pdf, phrases("handout.poster_never"), scale)
    if phone:
        text = phrases("handout.poster_phone", place=place, phone=phone)
        pdf.say(text, size=20 * scale, style="B", align="C")


def _warning(pdf: Paper, text: str, scale: float) -> None:
    size, inside = 21 * scale, 4 * scale
    width = pdf.epw - 2 * inside
    height = pdf.height_of(text, size=size, width=width, style="B") + 2 * inside
    top = pdf.get_y()
    pdf.set_line_width(2 * scale)
    pdf.rect(pdf.l_margin, top, pdf.epw, height)
    pdf.set_xy(pdf.l_margin + inside, top + inside)
    pdf.say(text, size=size, style="B", align="C", width=width)
    pdf.set_y(top + height + line_height(size) / 3)
