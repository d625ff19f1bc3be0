"""A drawing as SVG: a piece of a phone's screen, one red ring and its number.

Schematic on purpose: grey bars stand for whatever else is on the screen, and where the step does not
say how high a thing stands the piece has no edge above and below. 360 wide, so that one unit is a
pixel of a small phone. Fonts are named, not embedded: who rasterises it brings Roboto.
"""

import unicodedata
from collections.abc import Sequence
from xml.sax.saxutils import escape

from knowledge.drawing import Drawing, Moment, Thing

WIDTH = 360
INK, GHOST, MAIN, RING, PAPER, PALE = "#10202b", "#c9d3d9", "#0b4653", "#c3170d", "#ffffff", "#eef3f5"
LEFT, RIGHT = 20, 340  # the phone's sides
INNER = 36  # where its content begins
LABEL, NOTE = 26, 17  # sizes of letters
LINE = 32
RING_GAP = 9
BAR = 16  # height of a grey bar


def drawing_svg(drawing: Drawing, *, title: str, note: str, either: str) -> str:
    """`title` is read out in place of the picture; `note` stands beneath it, where it is not ""; `either`
    between two labels."""
    parts, y = [], 4.0
    for number, moment in enumerate(drawing.moments, 1):
        piece, height = _moment(moment, y, number if len(drawing.moments) > 1 else 0, either)
        parts.append(piece)
        y += height + 8
    if note:
        parts.append(_text(note, WIDTH / 2, y + NOTE, size=NOTE, fill=INK))
        y += NOTE + 9
    height = round(y)
    return unicodedata.normalize(
        "NFC",
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="Roboto"><title>{escape(title)}</title>'
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>{"".join(parts)}</svg>',
    )


def _moment(moment: Moment, y: float, number: int, either: str) -> tuple[str, float]:
    """The piece of screen from `y` on, and how high it is."""
    top = moment.press.height == "top"
    bottom = moment.press.height == "bottom"
    under: list[str] = []
    over: list[str] = []
    at = y + (46.0 if top else 18.0)
    if not top:
        under.append(_bar(at))
        at += BAR + 20
    for thing in (moment.press, *moment.beside):
        piece, height = _thing(thing, at, either, number if thing is moment.press else None)
        over.insert(0, piece)  # the hand of the thing to press lies over what is below it
        at += height + 20
    if not bottom:
        under.append(_bar(at))
        at += BAR + 20
    end = at + (18 if bottom else -4)
    return _phone(y, end, top=top, bottom=bottom) + "".join((*under, *over)), end - y


def _phone(y: float, end: float, *, top: bool, bottom: bool) -> str:
    """Its sides; above and below an edge only where the step says that the thing stands there."""
    parts = [_line(f"M{LEFT} {y + 26} V{end - 26} M{RIGHT} {y + 26} V{end - 26}")]
    if top:
        parts += [_edge(y + 3, 1), _rect(150, y + 15, 60, 8, round=4, fill=INK)]
    else:
        parts.append(_line(f"M{LEFT} {y} v28 M{RIGHT} {y} v28", dashes="6 7"))
    if bottom:
        parts += [_edge(end - 3, -1), _rect(130, end - 16, 100, 6, round=3, fill=INK)]
    else:
        parts.append(_line(f"M{LEFT} {end} v-28 M{RIGHT} {end} v-28", dashes="6 7"))
    return "".join(parts)


def _edge(y: float, down: int) -> str:
    """An end of the phone with its round corners; `down` 1 for the upper, -1 for the lower."""
    low, corner = y + 25 * down, y + 19 * down
    return _line(
        f"M{LEFT} {low} V{corner} Q{LEFT} {y} {LEFT + 22} {y} H{RIGHT - 22} "
        f"Q{RIGHT} {y} {RIGHT} {corner} V{low}"
    )


def _bar(y: float) -> str:
    return _rect(INNER + 8, y, 190, BAR, round=8, fill=GHOST)


def _rect(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    round: float,  # noqa: A002 - of its corners
    fill: str = "none",
    stroke: str = "none",
    thick: int = 0,
) -> str:
    line = f' stroke="{stroke}" stroke-width="{thick}"' if thick else ""
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{round}" fill="{fill}"{line}/>'


def _line(path: str, *, thick: int = 5, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="{thick}"{dashed}/>'


# --- Things on the screen -------------------------------------------------------------------------


def _thing(thing: Thing, y: float, either: str, number: int | None) -> tuple[str, float]:
    """`number` is in the ring, 0 for a ring without one; None: not the thing to press."""
    draw = {"app": _app, "glyph": _glyph_button, "tile": _tile, "field": _field}.get(thing.kind, _labelled)
    piece, (x, width, height) = draw(thing, y, either)
    if number is None:
        return piece, height
    return piece + _ring(x, y, width, height, number) + _hand(x + 0.8 * width, y + height + 1), height


def _labelled(thing: Thing, y: float, either: str) -> tuple[str, tuple[float, float, float]]:
    """Buttons, words, rows of a list, switches."""
    is_row = thing.kind in ("row", "switch")
    most = 208.0 if is_row else 250.0
    lines = _lines(thing.labels, either, most)
    width = 276.0 if is_row else min(276.0, max(_width(line, size) for line, size in lines) + 36)
    height = sum(LINE if size == LABEL else NOTE + 6 for _, size in lines) + 22
    x = _left(thing, width)
    if thing.kind == "button":
        back = _rect(x, y, width, height, round=12, fill=MAIN)
    elif thing.kind == "text":
        back = ""
    else:
        back = _rect(x, y, width, height, round=6, fill=PALE, stroke=GHOST, thick=2)
        end, middle = x + width, y + height / 2
        if thing.kind == "switch":
            back += _rect(end - 62, middle - 14, 50, 28, round=14, fill=MAIN)
            back += f'<circle cx="{end - 26}" cy="{middle}" r="11" fill="{PAPER}"/>'
        else:
            back += _line(f"M{end - 32} {middle - 10} l10 10 l-10 10", thick=4)
    anchor, at = ("start", x + 14) if is_row else ("middle", x + width / 2)
    fill = PAPER if thing.kind == "button" else INK
    underlined = ' text-decoration="underline"' if thing.kind == "text" else ""
    return back + _stack(lines, at, y + 11, fill, anchor, underlined), (x, width, height)


def _field(thing: Thing, y: float, either: str) -> tuple[str, tuple[float, float, float]]:
    """Where one types: an empty line with its words."""
    lines = _lines(thing.labels, either, 210)
    height = LINE * len(lines) + 22
    x, width = float(INNER + 6), 276.0
    box = _rect(x, y, width, height, round=10, fill=PAPER, stroke=INK, thick=3)
    start = x + 16
    if thing.glyph:
        box += _glyph(thing.glyph, x + 28, y + height / 2, 13, INK)
        start = x + 54
    return box + _stack(lines, start, y + 11, INK, "start"), (x, width, height)


def _tile(thing: Thing, y: float, either: str) -> tuple[str, tuple[float, float, float]]:
    """One of several squares beside each other, its words in it."""
    lines = _lines(thing.labels, either, 150)
    width, height = 176.0, max(84.0, sum(LINE if size == LABEL else NOTE + 6 for _, size in lines) + 24)
    x = float(INNER + 6)
    text = (height - sum(LINE if size == LABEL else NOTE + 6 for _, size in lines)) / 2
    others = _rect(x + width + 22, y, 78, height, round=12, fill=GHOST)
    box = _rect(x, y, width, height, round=12, fill=PALE, stroke=INK, thick=3)
    return others + box + _stack(lines, x + width / 2, y + text, INK, "middle"), (x, width, height)


def _app(thing: Thing, y: float, either: str) -> tuple[str, tuple[float, float, float]]:
    """A square among grey ones, its name beneath."""
    lines = _lines(thing.labels, either, 240)
    width = max(110.0, max(_width(line, size) for line, size in lines) + 16)
    text = sum(LINE if size == LABEL else NOTE + 6 for _, size in lines)
    height, middle = 72.0 + text + 8, WIDTH / 2
    beside = width / 2 + RING_GAP + 10
    parts = [
        _rect(middle - 32, y + 8, 64, 64, round=14, fill=MAIN),
        _rect(LEFT + 8, y + 8, middle - beside - LEFT - 8, 64, round=14, fill=GHOST),
        _rect(middle + beside, y + 8, RIGHT - 8 - middle - beside, 64, round=14, fill=GHOST),
    ]
    if thing.glyph:
        parts.append(_glyph(thing.glyph, middle, y + 40, 20, PAPER))
    return "".join(parts) + _stack(lines, middle, y + 74, INK, "middle"), (
        middle - width / 2,
        width,
        height,
    )


def _glyph_button(thing: Thing, y: float, _either: str) -> tuple[str, tuple[float, float, float]]:
    size = 76.0
    x = _left(thing, size)
    back = f'<circle cx="{x + size / 2}" cy="{y + size / 2}" r="{size / 2}" fill="{MAIN}"/>'
    return back + _glyph(thing.labels[0], x + size / 2, y + size / 2, 22, PAPER), (x, size, size)


def _left(thing: Thing, width: float) -> float:
    match thing.side:
        case "left":
            return INNER + 6.0
        case "right":
            return RIGHT - 22 - width
        case _:
            return (WIDTH - width) / 2


def _ring(x: float, y: float, width: float, height: float, number: int) -> str:
    x, y, width, height = x - RING_GAP, y - RING_GAP, width + 2 * RING_GAP, height + 2 * RING_GAP
    ring = _rect(x, y, width, height, round=18, stroke=RING, thick=6)
    if not number:
        return ring
    return (
        f'{ring}<circle cx="{x + 8}" cy="{y + 6}" r="19" fill="{RING}"/>'
        f'<text x="{x + 8}" y="{y + 15}" font-size="26" font-weight="700" fill="{PAPER}" '
        f'text-anchor="middle">{number}</text>'
    )


_HAND = "M-7 4 A7 7 0 0 1 7 4 V24 L18 27 Q26 30 24 38 L20 54 H-8 L-20 36 Q-18 28 -7 34 Z"


def _hand(x: float, y: float) -> str:
    """A hand whose finger ends there."""
    return (
        f'<path transform="translate({x} {y})" d="{_HAND}" fill="{PAPER}" stroke="{INK}" '
        'stroke-width="3" stroke-linejoin="round"/>'
    )


_GLYPHS = {
    # In a square of 2 by 2 around the middle; strokes take the place of fills.
    "mũi tên": "M-1 0 H.8 M0 -.8 L.9 0 L0 .8",
    "máy quay": "M-1 -.6 H.35 V.6 H-1 Z M.45 0 L1 -.45 V.45 Z",
    "ống nghe": "M-.8 -.9 Q-1 .9 .9 .9 L.9 .35 L.35 .15 L.1 .45 Q-.35 .2 -.45 -.2 L-.15 -.4 L-.3 -.95 Z",
    "kính lúp": "M.25 -.2 A.6 .6 0 1 1 -.95 -.2 A.6 .6 0 1 1 .25 -.2 M.1 .25 L.9 .95",
    "cây bút": "M-.9 .9 L-.7 .2 L.5 -.95 L.95 -.5 L-.2 .7 Z",
    "micro": (
        "M-.35 -.6 A.35 .35 0 0 1 .35 -.6 V0 A.35 .35 0 0 1 -.35 0 Z M-.7 -.1 A.7 .7 0 0 0 .7 -.1 M0 .6 V1"
    ),
    "bánh răng": (
        "M.6 0 A.6 .6 0 1 1 -.6 0 A.6 .6 0 1 1 .6 0 M0 -1 V-.6 M0 .6 V1 M-1 0 H-.6 M.6 0 H1 "
        "M-.7 -.7 L-.45 -.45 M.45 .45 L.7 .7 M-.7 .7 L-.45 .45 M.45 -.45 L.7 -.7"
    ),
    "tam giác": "M-.5 -.85 L.95 0 L-.5 .85 Z",
    "tấm ảnh": "M-1 -.75 H1 V.75 H-1 Z M-1 .5 L-.3 -.1 L.2 .4 L.5 .1 L1 .55",
}


def _glyph(name: str, x: float, y: float, size: float, colour: str) -> str:
    return (
        f'<path transform="translate({x} {y}) scale({size})" d="{_GLYPHS[name]}" fill="none" '
        f'stroke="{colour}" stroke-width="{4 / size:.3f}" stroke-linejoin="round" stroke-linecap="round"/>'
    )


# --- Words ----------------------------------------------------------------------------------------


def _stack(
    lines: Sequence[tuple[str, int]], x: float, y: float, fill: str, anchor: str, more: str = ""
) -> str:
    parts = []
    for line, size in lines:
        step = LINE if size == LABEL else NOTE + 6
        y += step
        weight = "700" if size == LABEL else "400"
        parts.append(
            f'<text x="{x}" y="{y - 7}" font-size="{size}" font-weight="{weight}" fill="{fill}" '
            f'text-anchor="{anchor}"{more if size == LABEL else ""}>{escape(line)}</text>'
        )
    return "".join(parts)


def _text(text: str, x: float, y: float, *, size: int, fill: str) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}" text-anchor="middle">{escape(text)}</text>'
    )


def _lines(labels: Sequence[str], either: str, most: float) -> list[tuple[str, int]]:
    """The labels cut into lines no wider than `most`, with `either` between two of them."""
    lines: list[tuple[str, int]] = []
    for label in labels:
        if lines:
            lines.append((either, NOTE))
        lines += [(line, LABEL) for line in _wrapped(label, most)]
    return lines


def _wrapped(text: str, most: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and _width(f"{lines[-1]} {word}", LABEL) <= most:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def _width(text: str, size: int) -> float:
    """How wide bold Roboto sets it, rather too wide than too narrow."""
    letters = [unicodedata.normalize("NFD", letter)[0] for letter in text]
    return size * sum(_letter(letter) for letter in letters)


def _letter(letter: str) -> float:
    if letter in "iIlj.,:;'|!()/ t":
        return 0.36
    if letter in "mwMW@%&":
        return 0.9
    return 0.68 if letter.isupper() else 0.58
