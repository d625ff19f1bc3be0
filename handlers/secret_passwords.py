"""Passwords: tokens and phrases that are said to be one."""

import bisect
import itertools
import re
from collections.abc import Iterator

from handlers.secret import Secret
from handlers.secret_context import SAID, UNIT
from retrieval.text import fold, is_syllable

_PASSWORD_WORD = re.compile(
    r"(?<!\w)(?:mat khau|mk|mkhau|matkhau|mat ma|pass?word|pass|pw|maatj khaaur)(?!\w)"
)
_TOKEN = re.compile(r"[^\s,;‹›]{4,60}")
_TOKEN_IS_PASSWORD = re.compile(
    r"(?<![^\s,])((?=[^\s,]*\d)(?=[^\s,]*[a-z])[^\s,@/]{5,40}) (?:la|lam|chinh la) (?:mat khau|mk|pass)(?!\w)"
)
_PASSWORD_IS = re.compile(
    r"(?<!\w)(?:mat khau|mk|mkhau|matkhau|mat ma|pass?word|pass|pat guot|pat suot|pw)"
    r"(?: (?!la )[^\W\d]\w*){0,5}(?: la | ?: ?)(?!\W)"
)
_NOT_A_PHRASE = frozenset(
    "gi cai thu phai chuoi day so ngay ten mot do ma bi rat quan de nhu khong sao cua vi the nao dau bao "
    "bay tu nam hai ba bon sau tam chin cho duoc chua may loai nhung viec dung sai moi cu an co nen bat it "
    "toi dieu".split()
)
_QUESTION_WORDS = frozenset("gi nao sao dau bao may".split())
_AFTER_A_PASSWORD = frozenset(
    "do day nha nhe nghen nghe ma thi hong ba ong bac chau con co chu di em anh chi ne a nay dung khong duoc "
    "vay roi k ko hay xin nho toi tui va voi de sao".split()
)
_REACH = 45  # characters from the word "password" to the password itself
_SERVICE = re.compile(
    r"bank|book|mess|gram|dich|vu|cong|vneid|vssid|zalo|momo|pay|mail|google|tube|iphone|samsung|phone|android|pass|"
    r"wifi|internet|otp|viettel|vina|mobi|account|login|online|web|app|tik|shop|lazada|laptop|"
    r"khau|matkh|dangnhap|taikhoan"
)
_NOT_A_PASSWORD = frozenset(
    "gi the nao sao dau bao nhieu khong duoc chua bi co may nhu ai day nay kia do cua cho va thi ma de sai "
    "dung moi cu vneid zalo wifi facebook email gmail otp passcode manh yeu khac quen giong cung luon "
    "hoai".split()
)


def find_passwords(text: str, folded: str) -> Iterator[Secret]:
    words = [match.end() for match in _PASSWORD_WORD.finditer(folded)]
    for match in _TOKEN.finditer(text):
        token = match[0].rstrip(".!?)\"'")
        at = bisect.bisect_right(words, match.start()) - 1  # the last such word before the token
        near = at >= 0 and match.start() - words[at] <= _REACH
        said = near and SAID.search(folded[words[at] : match.start()]) is not None
        if len(token) >= 4 and _looks_like_password(token, near=near, said=said):
            yield Secret("password", token, match.start())


def find_phrases(text: str, folded: str) -> Iterator[Secret]:
    """Passwords of several words, or said before the word: "… là con mèo trắng 123", "hoa99 là mật khẩu"."""
    for match in _TOKEN_IS_PASSWORD.finditer(folded):
        yield Secret("password", text[match.start(1) : match.end(1)], match.start(1))
    for match in _PASSWORD_IS.finditer(folded):
        start = match.end()
        if re.search(r"l[^aà][ ]?$", text[match.start() : start]):  # "cho người lạ" is no "là"
            continue
        said = re.split(r"[.;!?\n…]", folded[start : start + 80])[0]
        if end := _end_of_phrase(said):
            yield Secret("password", text[start : start + end], start)


def _end_of_phrase(said: str) -> int:
    """How many characters of what follows "the password is" are the password; 0 when none are."""
    words = list(re.finditer(r"[^\s,]+", said))
    if not words or words[0][0] in _NOT_A_PHRASE:
        return 0
    if (
        any(word[0] in ("hoa", "thuong") for word in words[:4]) and len(words[1][0]) == 1
    ):  # "chữ H hoa, rồi o a"
        return list(itertools.takewhile(lambda word: word[0] not in ("day", "do", "nha", "nhe"), words))[
            -1
        ].end()
    if any(word[0] in _QUESTION_WORDS for word in words[:4]):
        return 0
    for at, word in enumerate(words[:5]):
        if re.search(r"\d", word[0]):
            is_count = at + 1 < len(words) and UNIT.match(words[at + 1][0])
            return 0 if is_count else word.end()
    rest = list(itertools.takewhile(lambda word: word[0] not in _AFTER_A_PASSWORD, words[1:6]))
    is_whole = len(rest) + 1 == len(words) or words[len(rest) + 1][0] in _AFTER_A_PASSWORD
    return rest[-1].end() if rest and is_whole else 0


def _looks_like_password(word: str, *, near: bool, said: bool) -> bool:
    """`near`: shortly after the word password; `said`: right after "is" or a colon."""
    if fold(word) in _NOT_A_PASSWORD or not re.search(r"[^\W\d]", word):
        return False  # plain digits are judged with the other numbers
    digit = re.search(r"\d", word) is not None
    special = re.search(r"[@#$!%^&*_+=]", word) is not None
    if re.search(r"@\w+\.\w", word) or re.search(r"\w\.(vn|com|org|net|gov)\b|/", word):
        return False  # an e-mail or web address, a number of a document
    if digit and special:
        return len(word) >= 6
    if not near:
        return False
    if digit or special or (said and not is_syllable(word)):
        return True
    # Words run together are nothing else there, but for names of services.
    return len(word) >= 8 and word.isascii() and word.isalpha() and not _SERVICE.search(word.lower())
