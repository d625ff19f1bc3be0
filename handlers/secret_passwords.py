"""Passwords: tokens and phrases that are said to be one."""

import bisect
import itertools
import re
from collections.abc import Iterator, Sequence

from handlers.secret import Secret
from handlers.secret_context import SAID, UNIT
from retrieval.text import fold, is_syllable

_NAMES = r"mat khau|mk|mkhau|matkhau|mat ma|pas+(?:wo?r?d)?|pat guot|pat suot|pw|pwd|maatj khaaur"
_PASSWORD_WORD = re.compile(rf"(?<!\w)(?:{_NAMES})(?!\w)")
_TOKEN = re.compile(r"[^\s,;‹›]{4,60}")
_LETTERS_AND_DIGITS = r"(?=[^\s,]*\d)(?=[^\s,]*[a-z])[^\s,@/]{5,40}"
_TOKEN_IS_PASSWORD = re.compile(
    rf"(?<![^\s,])({_LETTERS_AND_DIGITS}) (?:la|lam|chinh la|do la) (?:\w+ ){{0,2}}(?:{_NAMES})(?!\w)"
)
# "gõ Hoa1957 mà báo sai mật khẩu"
_TYPED = re.compile(
    rf"(?<!\w)(?:go|nhap|dat|bam|lay|de|xai|dung|danh|ghi) (?:chu |la |vao |vo )?({_LETTERS_AND_DIGITS})"
    rf" [^.?!]{{0,30}}(?<!\w)(?:{_NAMES})(?!\w)"
)
_PASSWORD_IS = re.compile(
    rf"(?<!\w)(?:{_NAMES})(?: (?!la )[^\W\d]\w*){{0,5}}"
    r"(?: la | laf | thanh | ?[:=→] ?| ?->? )(?!\W)"
)
_QUOTED = re.compile(rf"(?<!\w)(?:{_NAMES})(?!\w)[^.?!,\n\"“‘«]{{0,40}}[\"“‘«]([^\"“”’»]{{3,40}})[\"”’»]")
# What is said of how it is written comes after a password, even where no "is" stands before it.
_HOW_WRITTEN = re.compile(
    rf"(?<!\w)(?:{_NAMES}) ((?:[^\W_]+ ){{1,9}}?)"
    r"(?:viet (?:lien|hoa|thuong|cach)|lien nhau|(?:co|khong) dau(?: cach)?|chu hoa|khong cach)(?!\w)"
)
_NOT_SAID = frozenset(
    "phai can nen duoc khong co gi nao sao the nhu bat hay it toi thieu gom nhieu manh dai toan chi bao "
    "may ky doan kieu hoi muon quen tao nhap go ghi".split()
)
_WHOSE = frozenset(
    "vneid vssid zalo facebook fb gmail email momo viettel wifi ung dung ngan hang app cong dich vu cua toi "
    "tui bac ba ong ma me bo cha con chau em anh chi co chu nha cu la dat may dien thoai tai khoan tu google "
    "ket sat tinh thi minh nay kia do ay tieng viet so moi".split()
)
_NOT_A_PHRASE = frozenset(
    "gi cai thu phai chuoi day so ngay ten mot do ma bi rat quan de nhu khong sao cua vi the nao dau bao "
    "bay tu nam hai ba bon sau tam chin cho duoc chua may loai nhung viec dung sai moi cu an co nen bat it "
    "toi dieu cong tieng ke xong het vo vao kho quay tong".split()
)
_QUESTION_WORDS = frozenset("gi nao sao dau bao may".split())
_AFTER_A_PASSWORD = frozenset(
    "do day nha nhe nghen nghe ma thi hong ba ong bac chau con co chu di em anh chi ne a nay dung khong duoc "
    "vay roi k ko hay xin nho toi tui va voi de sao".split()
)
# "là con trai bác đặt": who set it; "là lừa đảo": what asking for it is
_NOT_ITSELF = re.compile(
    r"^lua dao|(?<!\w)(?:toi|tui|bac|chau|con|ong|ba|anh|chi|em|no|ho|ai|trai|gai|me|bo) "
    r"(?:dat|cai|lap|tao|giu|biet|ghi|nho|lam)(?!\w)"
)
_DIGIT = re.compile(r"\d")
_REACH = 45  # characters from the word "password" to the password itself
_SERVICE = re.compile(
    r"bank|book|mess|gram|dich|vu|cong|vneid|vssid|zalo|momo|pay|mail|google|tube|iphone|samsung|phone|android|"
    r"pass|wifi|internet|otp|viettel|vina|mobi|account|login|online|web|app|tik|shop|lazada|laptop|"
    r"khau|matkh|dangnhap|taikhoan"
)
_DEVICE = re.compile(
    r"phone|samsung|oppo|redmi|xiaomi|vivo|nokia|realme|windows|galaxy|android|vneid|^[a-z]\d+s?$"
)
_NOT_A_PASSWORD = frozenset(
    "gi the nao sao dau bao nhieu khong duoc chua bi co may nhu ai day nay kia do cua cho va thi ma de sai "
    "dung moi cu vneid zalo wifi facebook email gmail otp passcode manh yeu khac quen giong cung luon "
    "hoai".split()
)


def find_passwords(text: str, folded: str) -> Iterator[Secret]:
    words = [match.end() for match in _PASSWORD_WORD.finditer(folded)]
    for match in _TOKEN.finditer(text) if words or _DIGIT.search(text) else ():
        at = bisect.bisect_right(words, match.start()) - 1  # the last such word before the token
        near = at >= 0 and match.start() - words[at] <= _REACH
        if not near and not _DIGIT.search(match[0]):
            continue
        token = match[0].strip("\"'“”‘’«»()").rstrip(".!?)\"'")
        said = near and SAID.search(folded[words[at] : match.start()]) is not None
        if len(token) >= 4 and _looks_like_password(token, near=near, said=said):
            yield Secret("password", token, match.start() + match[0].index(token))
    if words:
        yield from _find_phrases(text, folded)


def _find_phrases(text: str, folded: str) -> Iterator[Secret]:
    """Passwords of several words, or said before the word: "… là con mèo trắng 123", "hoa99 là mật khẩu"."""
    for pattern in (_TOKEN_IS_PASSWORD, _TYPED):
        for match in pattern.finditer(folded):
            if not _DEVICE.search(match[1]):
                yield Secret("password", text[match.start(1) : match.end(1)], match.start(1))
    for match in _QUOTED.finditer(folded):
        if not _WHOSE.issuperset(match[1].split()) and fold(match[1]) not in _NOT_A_PASSWORD:
            yield Secret("password", text[match.start(1) : match.end(1)], match.start(1))
    for match in _HOW_WRITTEN.finditer(folded):
        said = list(itertools.dropwhile(lambda word: word[0] in _WHOSE, re.finditer(r"\w+", match[1])))
        if len(said) > 1 and _NOT_SAID.isdisjoint(word[0] for word in said):
            start, end = match.start(1) + said[0].start(), match.start(1) + said[-1].end()
            yield Secret("password", text[start:end], start)
    for match in _PASSWORD_IS.finditer(folded):
        start = match.end()
        if re.search(r"l[^aà][ ]?$", text[match.start() : start]):  # "cho người lạ" is no "là"
            continue
        said_after = re.split(r"[.;!?\n…]", folded[start : start + 80])[0]
        if end := _end_of_phrase(said_after):
            yield Secret("password", text[start : start + end], start)


def _end_of_phrase(said: str) -> int:
    """How many characters of what follows "the password is" are the password; 0 when none are."""
    words = list(re.finditer(r"[^\s,]+", said))
    if not words or words[0][0] in _NOT_A_PHRASE:
        return 0
    if spelt := _spelt(words):
        return spelt[-1].end()
    if any(word[0] in _QUESTION_WORDS for word in words[:4]) or _NOT_ITSELF.search(said):
        return 0
    for at, word in enumerate(words[:5]):
        if _DIGIT.search(word[0]):
            is_count = at + 1 < len(words) and UNIT.match(words[at + 1][0])
            return 0 if is_count else word.end()
    words = list(re.finditer(r"\S+", said.split(",")[0]))
    rest = list(itertools.takewhile(lambda word: word[0] not in _AFTER_A_PASSWORD, words[1:6]))
    left = words[len(rest) + 1 :]
    is_whole = not left or left[0][0] in _AFTER_A_PASSWORD
    return rest[-1].end() if rest and is_whole else 0


def _spelt(words: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """The letters of "chữ H hoa, rồi o a 12 đấy"; none when nothing is spelt out."""
    if len(words) < 2 or len(words[1][0]) > 1 or not any(word[0] in ("hoa", "thuong") for word in words[:4]):
        return []
    return list(itertools.takewhile(lambda word: word[0] not in ("day", "do", "nha", "nhe"), words))


def _looks_like_password(word: str, *, near: bool, said: bool) -> bool:
    """`near`: shortly after the word password; `said`: right after "is" or a colon."""
    if fold(word) in _NOT_A_PASSWORD or not re.search(r"[^\W\d]", word):
        return False  # plain digits are judged with the other numbers
    digit = re.search(r"\d", word) is not None
    special = re.search(r"[@#$!%^&*_+=]", word) is not None
    if re.search(r"@[\w.-]+\.[a-z]{2,}$", word.lower()) or re.search(r"\w\.(vn|com|org|net|gov)\b|/", word):
        return False  # an e-mail or web address, a number of a document
    if digit and special:
        return len(word) >= 6
    if not near:
        return False
    if digit or special or (said and not is_syllable(word)):
        return True
    # Words run together are nothing else there, but for names of services.
    return len(word) >= 8 and word.isascii() and word.isalpha() and not _SERVICE.search(word.lower())
