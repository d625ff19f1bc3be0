"""What people say of how they want to be addressed, and what they call themselves. Pure.

Read conservatively: a wish is told to the assistant ("gọi tôi là chú"), a self-reference is the one
who acts or is helped at the head of a clause ("chú quên mật khẩu", "cho bác hỏi"). Whoever is only
talked about ("chú hàng xóm", "mẹ em", "nó gọi tôi là bác") changes nothing. Without marks most kin
words are other words, too ("ba", "co", "chi", "anh"), so fewer readings are taken there.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from knowledge.address import of_word
from retrieval.text import clean, fold, normalise

_ELDER = "ông|bà|bác|cô|chú|dì|cậu|mợ|thím|dượng|anh|chị"
_YOUNG = "em|cháu|con"
_YOU = f"cô chú|{_ELDER}|bạn"  # how somebody can be called
_SELF = f"tôi|tui|tớ|mình|ta|em|{_ELDER}"

# --- Wishes: whole clauses ---

_LEAD = (
    r"(?:(?:thôi|thì|dạ|vâng|ừ|à|nhưng|hãy|cứ|em|cháu|con|bạn|mày|máy|từ giờ|từ nay|từ rày|bây giờ|giờ|"
    r"lần sau|nên|nhớ|làm ơn|xin|bảo rồi|nói rồi|cho (?:tôi|tui|anh|chị)|"
    rf"(?:{_ELDER}) già rồi) )*"
)
_SOFT = (
    r"thôi|nhé|nha|nghe|nghen|hen|hén|ạ|là được|được rồi|cũng được|là đúng|"
    r"cho (?:thân mật|thân|gần|trẻ|tiện|dễ|thoải mái|phải)"
)
_AFTER = rf"(?: (?:{_SOFT}|đi|nữa|cơ mà|mà|với (?:{_SELF})|cháu|con|em|rồi|lắm|già|nghe già))*"
_CALL = r"(?:gọi|kêu)"
_WISHES = (
    rf"{_LEAD}{_CALL} (?:{_SELF}) (?:là|bằng) (?P<you>{_YOU}){_AFTER}",
    rf"{_LEAD}(?:{_SELF}) (?:muốn|thích)(?: được)? {_CALL}(?: tôi| tui)? (?:là|bằng) (?P<you>{_YOU}){_AFTER}",
    rf"{_LEAD}{_CALL} (?:là|bằng) (?P<you>{_YOU}){_AFTER}",
    rf"{_LEAD}{_CALL} (?P<you>{_YOU}) (?:{_SOFT}){_AFTER}",
    rf"{_LEAD}xưng(?: hô)?(?: là)? (?P<you>anh|chị) em{_AFTER}",
)
# "gọi dì đi" alone may be "ring her up"; beside a refusal of another word it is a wish.
_WISH_BESIDE_REFUSAL = rf"{_LEAD}{_CALL} (?P<you>{_YOU}) đi{_AFTER}"
_REFUSALS = (
    rf"{_LEAD}(?:đừng|chớ)(?: có)? {_CALL}(?: (?:tôi|tui|tớ|mình|ta))?(?: là| bằng)? (?P<not>{_YOU}){_AFTER}",
    rf"{_LEAD}(?:đừng|chớ)(?: có)? (?P<not>{_YOU})(?: (?P=not))? (?:{_YOUNG})(?: (?:{_YOUNG}))?{_AFTER}",
)
_OF_ITSELF = rf"{_LEAD}xưng(?: là| bằng)? (?P<me>em|con|cháu){_AFTER}"
_NEEDED = frozenset("goi keu xung dung cho".split())  # every one of these patterns has one of them

# --- Self-references: the head of a clause ---

_BEFORE = (
    r"(?:(?:dạ|vâng|ừ|à|thưa|thế|vậy|giờ|bây giờ|nhưng|mà|nay|hôm nay|hôm qua|sao|tại sao|làm sao|nếu|"
    r"thôi|ơi|alo|chào (?:cháu|em|con)|(?:cháu|em|con|bạn|trợ lý|ad|admin) ơi|để) )*"
)
_DOES = (
    r"muốn|hỏi|cần|quên|bị|không|hông|ko|chưa|đang|vừa|mới|lỡ|làm|tìm|bấm|thấy|dùng|vào|vô|mở|xem|thử|"
    r"nhờ|già|định|được|mất|tải|chuyển|nộp|quét|nhận|cài|gõ|nhập|cũng|chỉ muốn|đây|nhầm|xóa|biết|hiểu|"
    r"nghe|đọc|đăng ký|đăng nhập|chả|chẳng|nhớ|ra|lấy|cảm ơn|có|nhìn|đã|nói"
)
_ITS_STATE = r"nó|không|bị|cứ|báo|hỏng|chưa|sao"
_WANTS = r"muốn|hỏi|cần|quên|bị|lỡ|vừa|định|mất|đăng ký|tìm"  # not what the assistant does as "em", "cháu"
_ASKS = r"hỏi|xin|mượn|nhờ|xem"
_TO = (
    r"(?:(?:nhờ|làm ơn|phiền)? ?(?:cháu|con|em|bạn)? ?"
    r"(?:giúp|giùm|dùm|chỉ giùm|chỉ giúp|chỉ cho|chỉ|bày cho|bày|hướng dẫn|dạy|nhắc|coi giùm|"
    r"xem giúp|xem giùm))"
)
_FOLLOWS = (
    r"(?= (?:với|đi|cách|nhé|nha|nghe|ạ|cháu|con|em|cái|chuyện|việc|đăng|tải|chuyển|vào|vô|bấm|làm|mở|quét|"
    r"lại|xem|nộp|đổi|gửi|gọi|cài)\b|$)"
)
_INTRODUCED = r"(?: đây\b| này\b| \w+ (?:đây|xóm|thôn|ở)\b|$)"
_SAYS = (
    # "bà cần gì thì nó giao": said of anybody
    rf"{_BEFORE}(?P<self>{_ELDER}) (?:{_DOES})\b(?!.*\b(?:gì|nào) thì\b)",
    rf"{_BEFORE}(?:cái )?(?:điện thoại|máy|tài khoản|thẻ)(?: của)? (?P<self>{_ELDER}) (?:{_ITS_STATE})\b",
    rf"{_BEFORE}(?:cho )(?P<self>{_ELDER}) (?:{_ASKS})\b",
    rf"{_BEFORE}{_TO} (?P<self>{_ELDER}){_FOLLOWS}",
    rf"{_BEFORE}(?:tôi|tui) là (?P<self>{_ELDER}){_INTRODUCED}",
    rf"{_BEFORE}(?P<self>{_YOUNG}) (?:{_WANTS})\b",
    rf"{_BEFORE}(?:cho )(?P<self>{_YOUNG}) (?:{_ASKS})\b",
    rf"{_BEFORE}(?:giúp|giùm|chỉ|hướng dẫn) (?P<self>{_YOUNG}) (?:với|cách|ạ)\b",
)
# Without marks: "ba", "chi", "anh", "chu", "di", "con" are more often something else.
_SAYS_PLAIN = (
    r"(?:(?:da|vang|the|gio|chau oi|con oi) )*(?P<self>bac|ong) "
    r"(?:muon|hoi|can|quen|bi|khong|ko|chua|dang|lo|lam|tim|bam|dung)\b",
    r"(?:(?:da|vang|chau oi|con oi) )*cho (?P<self>bac|ong|co|chu|ba) hoi\b",
    r"(?:(?:da|chau oi|con oi) )*(?:giup|chi giup|chi cho) (?P<self>bac|ong|co|chu) (?:voi|cach)\b",
    r"(?:(?:da|vang) )*(?P<self>em) (?:muon|hoi|can|quen)\b",
)
MOST_WORDS = 40  # in a longer message, mostly a forwarded one, nobody says how to be called
_MARK = {fold(word): word for word in f"{_YOU}|{_YOUNG}".split("|")}  # "chu" → "chú"
YOUNG = "ban"  # whoever is "em" or "cháu" to the assistant is met as an equal


@dataclass(frozen=True, slots=True)
class Wish:
    """One of the three is set: a form, a word refused, or a word for the assistant itself."""

    form: str | None = None
    refused: str | None = None  # a form
    me: str | None = None  # em, con, cháu
    rest: str = ""  # what else was said


def read_wish(text: str) -> Wish | None:
    """A wish about how to be addressed; None when there is none."""
    clauses = _clauses(text)
    read = [(clause, _read_clause(clause)) for clause in clauses]
    refused = next((wish for _clause, wish in read if wish and wish.refused), None)
    if refused:
        read = [(clause, wish or _match(clause, _WISH_BESIDE_REFUSAL)) for clause, wish in read]
    wishes = [wish for _clause, wish in read if wish]
    best = next((wish for wish in wishes if wish.form), None) or next(
        (wish for wish in wishes if wish.me), refused
    )
    if best is None:
        return None
    rest = ", ".join(clause for clause, wish in read if wish is None)
    return Wish(best.form, best.refused, best.me, rest)


def self_reference(text: str) -> str | None:
    """The form for what the writer calls themselves; None when they don't, or in two ways."""
    clauses = _clauses(text)
    is_plain = _is_plain(clauses)
    patterns = _SAYS_PLAIN if is_plain else _SAYS
    found = {
        _MARK[fold(match["self"])]
        for clause in clauses
        for pattern in patterns
        if (match := re.match(pattern, clause))
    }
    elders = found - set(_YOUNG.split("|"))
    if len(elders) == 1:
        return of_word(elders.pop())
    # "cháu chưa trả lời bác": with an elder in it, "cháu" may be the assistant.
    is_alone = not re.search(rf"\b(?:{_ELDER})\b", " ".join(clauses)) or is_plain
    return YOUNG if found and not elders and is_alone else None


def _clauses(text: str) -> list[str]:
    if len(text.split()) > MOST_WORDS:
        return []
    return [said for part in re.split(r"[,.;:!?\n]+", clean(text)) if (said := normalise(part))]


def _is_plain(clauses: list[str]) -> bool:
    return all(clause == fold(clause) for clause in clauses)


def _read_clause(clause: str) -> Wish | None:
    if _NEEDED.isdisjoint(fold(clause).split()):
        return None
    for pattern in (*_REFUSALS, _OF_ITSELF, *_WISHES):
        if wish := _match(clause, pattern):
            return wish
    return None


@lru_cache
def _compiled(pattern: str, *, is_plain: bool) -> re.Pattern[str]:
    """A pattern, for clauses written without marks if `is_plain`."""
    return re.compile(re.sub(r"\(\?p([<=])", r"(?P\1", fold(pattern)) if is_plain else pattern)


def _match(clause: str, pattern: str) -> Wish | None:
    match = _compiled(pattern, is_plain=_is_plain([clause])).fullmatch(clause)
    if match is None:
        return None
    said = {name: _MARK[fold(word)] for name, word in match.groupdict().items() if word}
    return Wish(
        form=of_word(said["you"]) if "you" in said else None,
        refused=of_word(said["not"]) if "not" in said else None,
        me=said.get("me"),
    )
