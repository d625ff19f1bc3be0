"""Read one line of a volunteer: a class, a house visit, help in person. Pure.

"buổi học xóm 3 tối nay 12 người, 8 nữ, vneid quên mật khẩu" → kind, day, hamlet, counts, guides.
What a line does not say stays None and is asked back by `handlers.class_note`; nothing is guessed.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from handlers.class_note_counts import PARTS, Counts, read_counts
from handlers.class_note_days import find_days
from handlers.hamlet_names import match_hamlet
from records.codes import read_code
from records.communes import HamletProfile
from retrieval.text import clean, fold

WHOLE = "*"  # a class for the whole commune, of no hamlet


@dataclass(frozen=True, slots=True)
class Topic:
    """What was taught, as written, and the guides that it may mean: one when it is clear."""

    said: str
    guides: tuple[str, ...]


FindGuides = Callable[[str], Sequence[str]]  # words → slugs: one when it is clear, else the likely ones


@dataclass(frozen=True, slots=True)
class Note:
    kind: str | None = None  # class, visit, help; None: the line does not say
    day: dt.date | None = None
    hamlet: str | None = None  # slug, or WHOLE
    hamlets: tuple[str, ...] = ()  # of which one is meant, when it is not clear
    total: int | None = None
    parts: dict[str, int] = field(default_factory=dict)  # women, over_60, disabled, minority
    codes: tuple[str, ...] = ()  # of learners who came
    topics: tuple[Topic, ...] = ()
    wrong: tuple[str, ...] = ()  # said, but it cannot be: a day to come, more women than people

    @property
    def guides(self) -> tuple[str, ...]:
        clear = [topic.guides[0] for topic in self.topics if len(topic.guides) == 1]
        return tuple(dict.fromkeys(clear))

    @property
    def unclear(self) -> Topic | None:
        """The first topic that is not one guide, when nothing else says what was taught."""
        return next((topic for topic in self.topics if len(topic.guides) != 1), None)


def parse_note(
    text: str, *, today: dt.date, hamlets: Sequence[HamletProfile], find_guides: FindGuides
) -> Note:
    line = _Line(text)
    wrong: list[str] = []
    kind = _kind(line)
    codes = tuple(dict.fromkeys(found.upper() for found in line.take(r"\b\w{5}\b", is_code)))
    slugs = line.take(r"\b[a-z0-9]+(?:-[a-z0-9]+){2,}\b", lambda said: find_guides(said) == (said,))
    day = _day(line, today, hamlets, wrong)
    meant = _hamlets(line, hamlets, wrong)
    line.take(_HOURS)
    line.separate()
    counts = read_counts(line.folded, line.marked)
    line.folded = counts.rest
    total, parts = _people(counts, kind, codes, wrong)
    line.take(_PHRASES)
    topics = [Topic(slug, (slug,)) for slug in slugs]
    topics += [topic for said in _segments(line) for topic in _topics(said, find_guides)]
    return Note(
        kind=kind,
        day=today if day is None and kind in ("visit", "help") and "day" not in wrong else day,
        hamlet=meant[0] if len(meant) == 1 else None,
        hamlets=meant if len(meant) > 1 else (),
        total=total,
        parts=parts,
        codes=codes,
        topics=tuple(topics),
        wrong=tuple(wrong),
    )


def is_code(word: str) -> bool:
    """Whether a word is the short code of a learner."""
    return read_code(word) is not None


def reads_as_note(text: str) -> bool:
    """Whether a volunteer tells of a class or of help, rather than asks something."""
    folded = fold(clean(text).lower()).strip()
    if "?" in folded or _ASKS.search(folded):
        return False
    if _TELLS.match(folded):
        return True
    says_session, says_count = bool(_SESSION.search(folded)), bool(_COUNTED.search(folded))
    return bool(_WHEN_WHERE.search(folded)) and (says_count or says_session)


class _Line:
    """A line as it is read: what was understood is blanked out. Folded and marked go letter by letter."""

    def __init__(self, text: str) -> None:
        self.marked = clean(text).lower()
        self.folded = fold(self.marked)
        if len(self.folded) != len(self.marked):  # letters that no Vietnamese keyboard writes
            self.marked = self.folded

    def take(self, pattern: str, is_meant: Callable[[str], bool] = lambda _said: True) -> list[str]:
        taken = [match for match in re.finditer(pattern, self.folded) if is_meant(match[0])]
        for match in taken:
            self.blank(*match.span())
        return [match[0] for match in taken]

    def blank(self, start: int, end: int) -> None:
        self.folded = f"{self.folded[:start]}{'|' * (end - start)}{self.folded[end:]}"

    def separate(self) -> None:
        """Make one mark of all that parts: commas, line ends, "trong đó", "gồm"."""
        parts = r"[,;()\n•]|(?<=\s)[-–](?=\s)|\.(?=\s|$)|\btrong do\b|\b(?:bao )?gom\b"
        self.folded = re.sub(parts, lambda match: "|" * len(match[0]), self.folded).replace(":", " ")


# --- What kind of note -----------------------------------------------------------------------------

_SESSION = re.compile(r"\b(?:buoi (?:hoc|hc|day)|bh|lop(?: hoc)?|mo lop)\b")
_COUNTED = re.compile(r"\d+ ?(?:nguoi|ng|hv|hoc vien|ba con|em|bac)\b|\bnguoi\b.*\bnu\b")
_WHEN_WHERE = re.compile(
    r"\b(?:sang|chieu|toi|hom|bua) (?:nay|qua|kia)\b|\b(?:sang|chieu|toi) (?:thu \w+|t\d|cn|chu nhat)\b"
    r"|\b(?:x|k) ?\d|\b(?:xom|thon|tdp|to dan pho|khoi) \w+|\b\d{1,2}[/.-]\d{1,2}\b|\btuan (?:truoc|qua)\b"
)
_HOUSE = (
    r"\b(?:den|toi|ghe|qua|vao|tham|sang)(?: tham)?(?: tung)? nha\b(?! van hoa)"
    r"|\btai nha\b(?! van hoa)|\b(?:tham|di)(?: \d+)? ho\b(?! tro)"
)
_HELP = (
    r"\b(?:giup|ho tro|huong dan|chi|kem)(?: do)? (?:truc tiep|tai cho|tai \w+)"
    r"|\b(?:vua|da|moi)(?: moi)? (?:giup|ho tro|huong dan|chi cho|kem)\b"
)
_TELLS = re.compile(
    r"(?:ghi|bao cao|nhap|bao|luu)(?: lai)? (?:buoi|lop|bh|giup|tham|den nha|ho tro)"
    rf"|(?:(?:sang|trua|chieu|toi|hom) (?:nay|qua)[ ,]*|em |minh |chau )*(?:{_HOUSE}|{_HELP})"
)
_ASKS = re.compile(
    r"\b(?:o dau|khi nao|luc nao|may gio|bao gio|ai day|lam sao|the nao|nhu the nao|la gi|co khong"
    r"|lich (?:hoc|lop)|dang ky (?:hoc|lop)|muon hoc|cho toi hoc)\b|\b(?:khong|ko|chua)$"
)


def _kind(line: _Line) -> str | None:
    """Said by how the line begins; a visited person's name for themselves goes with it."""
    has_session = bool(re.search(r"\b(?:buoi (?:hoc|hc|day)|bh|lop)\b", line.folded))
    if not has_session and line.take(rf"(?:{_HOUSE})(?: {_WHO})*"):
        line.take(rf"\b(?:giup|huong dan|ho tro|chi|day)(?: lai| cach)?(?: {_PERSON})*\b(?! \d)")
        line.take(r"\b\d+ ho\b")
        return "visit"
    if not has_session and line.take(rf"(?:{_HELP})(?: cho)?(?: {_WHO})*"):
        return "help"
    return "class" if has_session or _COUNTED.search(line.folded) else None


_PERSON = r"(?:ba cu|ong cu|ong ba|bac|ong|ba|co|chu|chi|anh|cu|di|me|vo chong|nguoi gia|ban hang|ho)"
_WHO = rf"{_PERSON}\b(?! \d)"


# --- When and where --------------------------------------------------------------------------------

_HOURS = (
    r"\b(?:luc |tu |den |khoang |hoi )*\d{1,2} ?(?:h|g|gio)(?:\d{1,2}| ruoi)?\b(?: (?:sang|trua|chieu|toi))?"
    r"|\b\d+ (?:tieng|phut|buoi)\b|\b\d{1,2}:\d{2}\b"
)


def _day(line: _Line, today: dt.date, hamlets: Sequence[HamletProfile], wrong: list[str]) -> dt.date | None:
    names = [fold(hamlet.name) for hamlet in hamlets]
    has_numbered_thon = any(re.fullmatch(r"thon \d+", name) for name in names)
    said = find_days(line.folded, today, has_numbered_thon=has_numbered_thon)
    for each in said:
        line.blank(each.start, each.end)
    days = {each.day for each in said}
    if len(days) == 1 and None not in days:
        return said[0].day
    if said:
        wrong.append("day")
    return None


_HAMLET_KINDS = r"(?:xom|thon|ban|lang|ap|khoi|khu pho|khu|to dan pho|to|tdp|doi)"
_NUMBERED = re.compile(
    rf"\b{_HAMLET_KINDS} (?:so )?(?:\d+|(?:mot|nhat|hai|ba|bon|tu|nam|sau|bay|tam|chin|muoi)\b)"
    rf"|\b(?:x|xom|thon|to|tdp|k) ?\d+\b"
)
_NAMED = re.compile(rf"\b{_HAMLET_KINDS}((?: [^\W\d_]+){{1,3}})")
_WHOLE = (
    r"\b(?:ca|toan|chung) xa\b|\b(?:o |tai )?(?:hoi truong )?(?:ubnd|uy ban)(?: nhan dan)?(?: xa)?\b"
    r"|\b(?:o |tai )?hoi truong xa\b"
)


def _hamlets(line: _Line, hamlets: Sequence[HamletProfile], wrong: list[str]) -> tuple[str, ...]:
    """Slugs: one when it is clear, several when names are alike or two are said, WHOLE, or none."""
    found: list[str] = []
    unknown = False
    for match in list(_NUMBERED.finditer(line.folded)):
        matches = match_hamlet(match[0], hamlets)
        found += [hamlet.slug for hamlet in matches]
        unknown = unknown or not matches
        line.blank(*match.span())
    for match in list(_NAMED.finditer(line.folded)):
        words = match[0].split()
        for length in range(len(words), 1, -1):
            said = " ".join(words[:length])
            if matches := match_hamlet(said, hamlets):
                found += [hamlet.slug for hamlet in matches]
                line.blank(match.start(), match.start() + len(said))
                break
    if not found and line.take(_WHOLE):
        return (WHOLE,)
    if unknown and not found:
        wrong.append("hamlet")
    return tuple(dict.fromkeys(found))


# --- Who came --------------------------------------------------------------------------------------


def _people(
    counts: Counts, kind: str | None, codes: Sequence[str], wrong: list[str]
) -> tuple[int | None, dict[str, int]]:
    total, parts = counts.total, {name: counts.parts[name] for name in PARTS if name in counts.parts}
    impossible = counts.impossible
    if total is None and codes:
        total = len(codes)
    elif total is not None and total < len(codes) and "total" not in impossible:
        impossible = ["total"]
    elif total is None and kind in ("visit", "help"):
        total = max([1, *parts.values()])
    wrong += impossible
    if "total" in impossible:
        total = None
    return total, {name: count for name, count in parts.items() if name not in impossible}


# --- What was taught -------------------------------------------------------------------------------

_PHRASES = (
    r"\b(?:huong dan|ho tro|noi dung|chu de|tap huan|tham gia|bao cao|(?:o |tai )?nha van hoa|hoi truong"
    r"|truc tiep|tai cho|tai nha|mo lop|lop hoc|buoi (?:hoc|hc)|cung nhau|to (?:em|minh|chau))\b"
)
_AROUND = frozenset(
    """ghi lưu nhập buổi học bh lớp dạy có được đang dự ở cho với bài về sáng chiều tối trưa đêm lúc từ đến và
    khoảng chừng người số tổng em mình cháu hôm ngày nay giúp chỉ lại thì các cùng xong rồi thêm đã vừa mới
    cách do đi""".split()
)
_AROUND_PLAIN = frozenset(map(fold, _AROUND))


def _segments(line: _Line) -> list[str]:
    """What is left between what was read, with its marks, without the words around a topic."""
    segments = []
    for match in re.finditer(r"[^|]+", line.folded):
        words = [(m.start(), m.end()) for m in re.finditer(r"[^\s|.!]+", match[0])]
        while words and _is_around(line, match.start(), words[0]):
            del words[0]
        while words and _is_around(line, match.start(), words[-1]):
            del words[-1]
        if words:
            start, end = match.start() + words[0][0], match.start() + words[-1][1]
            if any(letter.isalpha() for letter in line.folded[start:end]):
                segments.append(line.marked[start:end])
    return segments


def _is_around(line: _Line, offset: int, word: tuple[int, int]) -> bool:
    """A word that says nothing of a topic, with its own marks or typed without any."""
    at = slice(offset + word[0], offset + word[1])
    marked, plain = line.marked[at], line.folded[at]
    return marked in _AROUND or (marked == plain and plain in _AROUND_PLAIN)


def _topics(said: str, find_guides: FindGuides) -> list[Topic]:
    """One topic, or several joined by "và" when one of them is clear by itself."""
    parts = [part.strip() for part in re.split(r"\s+(?:và|va|với|voi)\s+|[+&/]", said) if part.strip()]
    if len(parts) > 1:
        each = [Topic(part, tuple(find_guides(part))) for part in parts]
        if any(len(topic.guides) == 1 for topic in each) and all(topic.guides for topic in each):
            return each
    return [Topic(said, tuple(find_guides(said)))]
