"""What a step's picture shows: a small description, written in the guide or read off the step itself.

A drawing is one or two moments, each a piece of a phone's screen with one thing to press. It never
says more than the step: every text in it stands in the step, and a step that leaves anything in
doubt has no drawing. How it looks is `knowledge.drawing_svg`.

In a guide an editor may write under a step

    - Hình: nút "Đăng nhập" góc trên bên phải; ô gõ "Số định danh"
    - Hình: dòng "Wi-Fi" rồi nút "Kết nối"
    - Hình: không

";" adds what stands beside the thing to press, "rồi" the next moment, "không" is for no drawing.
"""

import re
from dataclasses import dataclass
from typing import Literal

from knowledge.guide import Step

Kind = Literal["button", "text", "row", "tile", "field", "app", "switch", "glyph"]
Height = Literal["top", "middle", "bottom", "anywhere"]
Side = Literal["left", "middle", "right"]

KINDS: dict[str, Kind] = {
    "nút": "button",
    "chữ": "text",
    "dòng": "row",
    "mục": "row",
    "ô gõ": "field",
    "ô": "tile",
    "ứng dụng": "app",
    "nút gạt": "switch",
    "hình": "glyph",
}
GLYPHS = (
    "mũi tên", "máy quay", "ống nghe", "kính lúp", "cây bút", "micro", "bánh răng", "tam giác", "tấm ảnh",
)  # fmt: skip
NONE = "không"
MOST_MOMENTS = 2
SEARCH = "tìm kiếm"


class DrawingError(ValueError):
    """A description that cannot be read; the text says what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class Thing:
    """`labels` are what it may say; for a glyph, which one it is. An app may have a glyph, too."""

    kind: Kind
    labels: tuple[str, ...]
    height: Height = "anywhere"
    side: Side = "middle"
    glyph: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    press: Thing
    beside: tuple[Thing, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    moments: tuple[Moment, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that can be read in it."""
        things = [thing for moment in self.moments for thing in (moment.press, *moment.beside)]
        return tuple(label for thing in things if thing.kind != "glyph" for label in thing.labels)


def drawing_of(step: Step) -> Drawing | None:
    """The drawing of a step; None where it has none. Raises `DrawingError` for a broken description."""
    step = step.vietnamese or step
    if step.picture is None:
        return derived(step.action)
    return None if step.picture.strip() == NONE else described(step.picture)


# --- As an editor writes it -----------------------------------------------------------------------

_THING = re.compile(
    rf"(?P<kind>{'|'.join(sorted(KINDS, key=len, reverse=True))}) "
    rf'(?:"(?P<label>[^"]+)"(?: hoặc "(?P<other>[^"]+)")?|(?P<glyph>{"|".join(GLYPHS)}))'
    r"(?P<where>(?: [a-zà-ỹđ]+)*)"
)
_WHERE: dict[str, tuple[Height, Side]] = {
    "": ("anywhere", "middle"),
    "trên": ("top", "middle"),
    "giữa": ("middle", "middle"),
    "dưới": ("bottom", "middle"),
    "trên trái": ("top", "left"),
    "trên phải": ("top", "right"),
    "dưới trái": ("bottom", "left"),
    "dưới phải": ("bottom", "right"),
    "trái": ("anywhere", "left"),
    "phải": ("anywhere", "right"),
}
_FILLING = re.compile(r"\b(?:ở|góc|bên|phía|cùng|màn hình) ?")


def described(text: str) -> Drawing:
    moments = []
    for part in re.split(r" rồi (?=[^\"]*(?:\"[^\"]*\"[^\"]*)*$)", text.strip().rstrip(".")):
        things = [_thing(each.strip()) for each in re.split(r";(?=[^\"]*(?:\"[^\"]*\"[^\"]*)*$)", part)]
        moments.append(Moment(things[0], tuple(things[1:])))
    if len(moments) > MOST_MOMENTS:
        raise DrawingError(f"found {len(moments)} moments, expected at most {MOST_MOMENTS}")
    return Drawing(tuple(moments))


def _thing(text: str) -> Thing:
    match = _THING.fullmatch(text)
    where = _FILLING.sub("", match["where"]).strip() if match else None
    if match is None or where not in _WHERE or (match["kind"] == "hình") != bool(match["glyph"]):
        raise DrawingError(
            f"found {text!r}, expected one of {', '.join(KINDS)} with its label in quotes and a place, "
            'such as: nút "Đăng nhập" trên phải'
        )
    height, side = _WHERE[where]
    labels = tuple(filter(None, (match["label"] or match["glyph"], match["other"])))
    return Thing(KINDS[match["kind"]], labels, height, side)


# --- As the step itself says it -------------------------------------------------------------------

_LABEL = r'"(?P<label>[^"]{1,80})"(?:,? (?:hoặc|hay) "(?P<other>[^"]{1,80})")?'
_VERB = r"(?:bấm|nhấn|chạm|chọn|bật|mở|vào|tìm(?= \w)|rồi)"
_NOUN = r"(?P<noun>nút|chữ|dòng có chữ|dòng|mục|ô|ứng dụng|kho ứng dụng:?)"
_PRESSED = re.compile(rf"\b(?P<verb>{_VERB}) (?:vào )?(?:{_NOUN} )?{_LABEL}")
_TYPED = re.compile(
    r'\bgõ (?:"(?P<text>[^"]{1,60})" |chữ (?P<word>\S+) |[^".]*?)vào ô (?P<field>"[^"]{1,60}"|tìm kiếm)'
)
_SEARCH_FIELD = re.compile(rf"\b(?:bấm|chạm) vào ô {SEARCH}")
_GLYPH = re.compile(rf"\b(?:bấm|chạm|chọn|dùng) (?:vào )?hình (?P<glyph>{'|'.join(GLYPHS)})")
_NOT = re.compile(r"\b(?:không|đừng|chưa|chớ)\b[^.,;:]*$", re.IGNORECASE)
_APP_GLYPH = re.compile(rf"hình (?P<glyph>{'|'.join(GLYPHS)})")
_STORES = frozenset(("CH Play", "Google Play", "App Store"))
_OF_NOUN: dict[str | None, Kind] = {
    None: "button",
    "nút": "button",
    "chữ": "text",
    "dòng": "row",
    "dòng có chữ": "row",
    "mục": "row",
    "ô": "tile",
    "ứng dụng": "app",
    "kho ứng dụng": "app",
}
_PLACES: tuple[tuple[str, Height, Side], ...] = (
    ("góc trên bên phải", "top", "right"),
    ("góc trên bên trái", "top", "left"),
    ("góc dưới bên phải", "bottom", "right"),
    ("góc dưới bên trái", "bottom", "left"),
    ("gần trên cùng", "top", "middle"),
    ("trên cùng", "top", "middle"),
    ("góc trên", "top", "middle"),
    ("dưới cùng", "bottom", "middle"),
    ("cuối màn hình", "bottom", "middle"),
    ("giữa màn hình", "middle", "middle"),
)


def derived(action: str) -> Drawing | None:
    """What a step says plainly: what to do, with which label. None as soon as a label is left over."""
    if (typed := _TYPED.search(action)) and not _NOT.search(action[: typed.start()]):
        return _typed(action, typed)
    things = [_pressed(action, match) for match in _PRESSED.finditer(action) if _is_meant(action, match)]
    shown = [label for thing in things for label in thing.labels]
    if action.count('"') != 2 * len(shown) or len(things) > MOST_MOMENTS:
        return None
    if len(things) == 2 and not re.search(rf'"[^".]*\brồi [^".]*"{re.escape(things[1].labels[0])}"', action):
        return None  # two ways to do it, rather than one thing after the other
    if not things and (found := _unlabelled(action)):
        things = [found]
    return Drawing(tuple(Moment(thing) for thing in things)) if things else None


def _is_meant(action: str, match: re.Match[str]) -> bool:
    return _NOT.search(action[: match.start()]) is None


def _pressed(action: str, match: re.Match[str]) -> Thing:
    noun = (match["noun"] or "").rstrip(":") or None
    kind = _OF_NOUN[noun]
    behind = re.split(r"[.;]|\brồi\b", action[match.end() :], maxsplit=1)[0]
    glyph = ""
    if match["label"] in _STORES:
        kind = "app"
    elif match["verb"] == "mở" and noun in (None, "mục"):
        # "mở mục "Cài đặt", hình bánh răng": an app with its sign. Else what is opened may be either.
        found = _APP_GLYPH.search(behind)
        kind, glyph = ("app", found["glyph"]) if found else (kind, "")
    elif match["verb"] == "bật":
        kind = "switch"
    height, side = _place(behind)
    return Thing(kind, tuple(filter(None, (match["label"], match["other"]))), height, side, glyph)


def _typed(action: str, match: re.Match[str]) -> Drawing | None:
    label = match["field"].strip('"')
    text = match["text"] or match["word"]
    if action.count('"') != 2 * sum(map(bool, (match["text"], match["field"] != SEARCH))):
        return None
    glyph = "kính lúp" if label == SEARCH else ""
    return Drawing((Moment(Thing("field", (text or label,), *_place(action[match.end() :]), glyph)),))


def _unlabelled(action: str) -> Thing | None:
    if (match := _GLYPH.search(action)) and _is_meant(action, match) and " hoặc " not in action:
        return Thing("glyph", (match["glyph"],), *_place(action))
    if (match := _SEARCH_FIELD.search(action)) and _is_meant(action, match):
        return Thing("field", (SEARCH,), *_place(action[match.end() :]), glyph="kính lúp")
    return None


def _place(text: str) -> tuple[Height, Side]:
    return next(((height, side) for words, height, side in _PLACES if words in text), ("anywhere", "middle"))
