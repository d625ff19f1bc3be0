"""What is said when several people use one phone: "giờ đến bà học", "là An đây", "cháu đang giúp bà". Pure.

A person goes by a kin word, a kin word with a name, or a first name; of a full name only the last
word is kept. What could as well be about a thing ("xóa zalo khỏi máy") is read only of names that
are known here.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from retrieval.text import clean, fold, normalise

OWNER = ""  # who the phone belongs to, or whoever wrote first; has no word until they say one
KIN = frozenset(
    "ông bà cụ bố mẹ ba má cha u bầm thầy vợ chồng "
    "bác cô chú dì cậu mợ thím dượng anh chị em cháu con".split()
)
_RELATION = frozenset("nội ngoại dâu rể cả út hai tư năm sáu bảy tám chín mười hàng xóm gái trai".split())
_OF_ME = frozenset("tôi tui em con cháu mình nhà".split())  # "mẹ tôi" is "mẹ" to them
_ME = frozenset(("tôi", "tui", "mình", "tớ", "chủ máy"))

_NAME = r"(?P<name>[^\W\d]+(?: [^\W\d]+){0,3}?)"
_USES = r"(?:học|hỏi|dùng|xài|làm|xem|nhắn)"
_END = r"(?: (?:nhé|nha|nghe|ạ|cháu|con|em|rồi|đi))*"
_NOW = r"(?:(?:dạ|thôi|à|giờ|bây giờ|nay|lại) )*"
_SWITCH = (
    rf"{_NOW}(?:đến|tới) lượt {_NAME}(?: {_USES})?{_END}",
    rf"(?:giờ|bây giờ) (?:đến|tới|là|tới phiên) {_NAME}(?: {_USES})?{_END}",
    rf"(?:giờ|bây giờ) {_NAME} {_USES}{_END}",
    rf"{_NOW}(?:đổi|chuyển)(?: lại)?(?: người)?(?: dùng)? (?:sang|qua|về) {_NAME}(?: {_USES})?{_END}",
    rf"{_NOW}(?:đổi|chuyển)(?: lại)? cho {_NAME} {_USES}{_END}",
)
_HERE = rf"{_NOW}(?:là )?{_NAME} đây{_END}"
_BACK = r"(?:lại là (?:tôi|tui|mình)|đổi lại cho (?:tôi|tui|mình)|đổi lại người cũ)" + _END
_LIST = (
    r"(?:máy này )?(?:có )?(?:những )?(?:ai|người nào)(?: đang)? (?:dùng|học|xài)"
    r"(?: chung)?(?: máy)?(?: này)?|"
    r"(?:xem )?(?:danh sách )?(?:những )?người dùng(?: chung)?(?: máy)?(?: này)?|đổi người(?: dùng)?|"
    r"thêm người(?: dùng)?"
)
_REMOVE = (
    rf"(?:bỏ|xóa|gỡ)(?: tên| người| phần)?(?: của)? {_NAME}"
    rf"(?: (?:ra )?khỏi (?:máy|danh sách)(?: này)?)?{_END}"
)
_HELPING = (
    r"(?:dạ )?(?:tôi|tui|mình|em|cháu|con|anh|chị) đang "
    r"(?:giúp|hỏi giúp|làm giúp|hướng dẫn|chỉ|làm hộ|hỏi hộ)"
    rf"(?: cho)? {_NAME}(?: (?:dùng|học|xài|làm)(?: [^\W\d]+){{0,3}})?{_END}"
)
_HELPED = (
    r"(?:giúp xong(?: rồi)?|xong giúp(?: rồi)?|hết giúp(?: rồi)?|(?:thôi )?không giúp nữa|thôi giúp|"
    r"giờ(?: tôi| tui| em| cháu)? hỏi cho (?:tôi|tui|em|cháu|mình))" + _END
)


@dataclass(frozen=True, slots=True)
class ProfileWish:
    intent: str  # switch_profile, profiles, remove_profile, helping, helped
    name: str = OWNER
    is_introduced: bool = False  # "An đây": maybe somebody new, maybe who is talking anyway
    rest: str = ""  # what else was said


def read_profile(text: str, known: Collection[str], *, is_helping: bool = False) -> ProfileWish | None:
    """`known` are the names of who uses this phone, empty while it is one person."""
    head, _, rest = clean(text).strip().partition(",")
    said, raw = normalise(head), head
    if not said or len(said.split()) > 12:
        return None
    wish = _read(said, raw, known, is_helping=is_helping)
    if wish is None and rest:
        return None
    return ProfileWish(wish.intent, wish.name, wish.is_introduced, rest.strip()) if wish else None


def _read(said: str, raw: str, known: Collection[str], *, is_helping: bool) -> ProfileWish | None:
    if is_helping and _matches(_HELPED, said):
        return ProfileWish("helped")
    if _matches(_LIST, said):
        return ProfileWish("profiles")
    if known and (_matches(_BACK, said) or said in ("tôi đây", "tui đây")):
        return ProfileWish("switch_profile", OWNER)
    if (match := _matches(_HELPING, said)) and (name := _person(match["name"], raw, known)):
        return ProfileWish("helping", name)
    for pattern in _SWITCH:
        match = _matches(pattern, said)
        if match and known and match["name"] in _ME:
            return ProfileWish("switch_profile", OWNER)
        if match and (name := _person(match["name"], raw, known)):
            return ProfileWish("switch_profile", name)
    if (match := _matches(_HERE, said)) and (name := _person(match["name"], raw, known)):
        return ProfileWish("switch_profile", name, is_introduced=True)
    if (match := _matches(_REMOVE, said)) and (name := _known(match["name"], known)):
        return ProfileWish("remove_profile", name)
    return None


def _matches(pattern: str, said: str) -> re.Match[str] | None:
    return _compiled(pattern, is_plain=said == fold(said)).fullmatch(said)


@cache
def _compiled(pattern: str, *, is_plain: bool) -> re.Pattern[str]:
    """A pattern, for what is written without marks if `is_plain`."""
    if is_plain:
        pattern = re.sub(r"\(\?p<", "(?P<", fold(pattern).replace(r"[^\w\d]", r"[^\W\d]"))
    return re.compile(pattern)


def _person(name: str, raw: str, known: Collection[str]) -> str | None:
    """The word a person goes by; None for what is no person."""
    if found := _known(name, known):
        return found
    words = name.split()
    if words[0] in KIN:
        rest = [word for word in words[1:] if word not in _OF_ME]
        if len(rest) > 1 and rest[0] not in _RELATION:
            rest = rest[-1:]
        return " ".join([words[0], *(word if word in _RELATION else word.capitalize() for word in rest)])
    # A first name is told from other words by how it is written; phones write any first word so.
    starts = len(words) == 1 and raw.lstrip().startswith(words[0].capitalize())
    if words[0] not in _ME and not starts and all(word.capitalize() in raw for word in words):
        return words[-1].capitalize()
    return None


def _known(name: str, known: Collection[str]) -> str | None:
    """The one known name that is meant, marks or not."""
    same = [each for each in known if each and normalise(each) == name]
    alike = [each for each in known if each and fold(normalise(each)) == fold(name)]
    found = same or alike
    return found[0] if len(found) == 1 else None
