"""Numbers that are secrets, in digits. Judged by how many there are and by what stands around."""

import re
from collections.abc import Iterator
from itertools import pairwise

from handlers.secret import Secret
from handlers.secret_context import (
    CODES,
    LEAST,
    LEAST_SURE,
    MONEY,
    SAID,
    UNIT,
    WINDOW,
    context_of,
    is_implied,
    kind_of,
)

_DIGIT = re.compile(r"\d")

# Digits with blanks, dots or dashes between; glued to a word only when they are many ("CCCD0361…").
_BETWEEN = r"[ \t\n.,\-–—()·•\u200b\ufe0f\u20e3]"
_RUN = re.compile(
    rf"(?<![\d/@])(?<!\d:)(?:(?<![^\W\d])\+?\d(?:{_BETWEEN}{{0,3}}\d)*|(?<!0x)(?<!\d)\d{{6,}})(?![\w%@]|/\d)"
)
_DATE = re.compile(r"^(?:0?[1-9]|[12]\d|3[01])([.\-])(?:0?[1-9]|1[0-2])\1(?:19|20)\d{2}$")
_BLANK_DATE = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01]) (?:0?[1-9]|1[0-2]) (?:19|20)\d\d|"
    r"(?:19|20)\d\d([-.])(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])"
)
_DAY_FOLLOWS = re.compile(r"\b(?:sinh|ngay)\W+(?:\w+\W+)?$")
_OF_PASSWORD = re.compile(r"\b(?:mat khau|mk|pas+)\b[^.?!;]{0,60}$")
_PROCEDURE = re.compile(r"\d\.\d{6}")
_RUN_DATE = re.compile(r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_LATER_DATE = re.compile(r"(?:^|(?<=\D))\d{1,2}([.\-])\d{1,2}\1(?:19|20)\d{2}$")  # at the end of a longer run
# What is looked up with it and helps no thief: file of a procedure, parcel, order, receipt, customer, lot.
REFERENCE = re.compile(
    r"\b(thu tuc|ma ho so|ho so so|ho so ma|tra (?:cuu )?ho so|so ho so|van don|"
    r"ma khach hang|goi hang|buu (?:pham|kien)|ghn|ghtk|spx|khach hang dien|don hang|ma don|bien lai|"
    r"hoa don|ma vach|xeri|seri|so seri|ve so|xo so|trung \d so|dong ho|chi so|(?:ma|bao) loi|so lo|lo hang|"
    r"giay phep|cong van|so hieu|ky hieu|danh bo|cong to|phien ban|version|dia chi ip|"
    r"ma (?:lop|hang|san pham|tram|vung|buu|xa|tinh|khoa hoc|to khai|giao nhan))"
    r"\W+(?:\w+\W+){0,3}\w*$"
)
_FILE_NUMBER = re.compile(
    r"(?<!\w)(?:\d{3}(?:\.\d{2}){2}\.)?[A-Z]\d{2}(?:\.\d{1,3})*-\d{6}-\d{3,6}(?!\w)", re.IGNORECASE
)
# "250000" is money, but where it stands right after the word for a code.
_ROUND = re.compile(r"[1-9]\d{0,3}000")
_CODE_BEFORE = re.compile(
    r"(?:(?<!quet )\bma(?! (?:qr|vach|giam))|\b(?:otp|passcode|mat khau|mk|pass?|pin (?:the|atm|sim|vi)))"
    r"(?: \w+){0,3}\W*$"
)
_AMOUNT = re.compile(r"^\d{1,3}(?:[., ]\d{3})+$")
_HOTLINES = frozenset(  # public numbers; 1800… and 1900… are all public
    "111 112 113 114 115 156 198 199 1022 1414 5656 8079 0692348560".split()
)


_SIX = re.compile(r"\d{3}[ .\-]{0,3}\d{3}|\d(?:\D+\d){5}")
# Passwords that everybody knows, where they are spoken of in general.
_EXAMPLES = frozenset("123456 12345678 123456789 000000 111111".split())
_IN_GENERAL = re.compile(
    r"\b(?:khong nen|co nen|dung (?:dat|de)|vi du|kieu nhu|doan|(?:moi|nhieu|lam) nguoi)\b"
)
# Where a text message goes to: "soạn … gửi 1414"
_SENT_TO = re.compile(
    r"\b(?:soan|cu phap|nhan tin|tin nhan)\b.*\bgui(?: den| toi| ve| so| den so| toi so)? $"
)


def find_numbers(text: str, folded: str) -> Iterator[Secret]:
    if _count(text) < LEAST:
        return
    references = [match.span() for match in _FILE_NUMBER.finditer(text)]
    for match in _RUN.finditer(text):
        run = match[0].rstrip(" .,-")
        if any(start < match.end() and match.start() < end for start, end in references):
            continue
        if (date := _LATER_DATE.search(run)) and date.start() > 0:
            run = run[: date.start()].rstrip(" .,-")
        for part, offset in _parts(run, folded, match.start()):
            start = match.start() + offset
            kind = _kind(part, text, folded, start)
            if kind:
                yield Secret(kind, part, start)


def _parts(run: str, folded: str, start: int) -> Iterator[tuple[str, int]]:
    """A run, or its pieces where a comma or an amount clearly separates several numbers."""
    pieces = re.split(r"(, ?(?=\d{4,})|, |(?<=[.,]000) ?- ?)", run)
    if len(pieces) > 1 and _is_dictated(run) and _is_number(run, folded, start):
        pieces = [run]
    at = 0
    for piece in pieces:
        if piece[:1].isdigit() or piece.startswith("+"):
            yield piece, at
        at += len(piece)


def _is_dictated(run: str) -> bool:
    """Groups all alike but for the last: "4, 8, 2, 9", "48, 29, 15", "482, 917"; no list "1, 2, 3"."""
    groups = re.findall(r"\d+", run)
    size = len(groups[0])
    is_list = size == 1 and len(groups) > 1 and all(int(a) < int(b) for a, b in pairwise(groups))
    return not is_list and size <= 3 and all(len(g) == size for g in groups[:-1]) and len(groups[-1]) <= size


def _count(part: str) -> int:
    return len(_DIGIT.findall(part))


def _is_number(run: str, folded: str, start: int) -> bool:
    is_phone = run[0] == "0" and _count(run) == 10
    return is_phone or kind_of(folded, start, start + len(run), _count(run)) is not None


def _kind(part: str, text: str, folded: str, start: int) -> str | None:
    end = start + len(part)
    digits = re.sub(r"\D", "", part)
    count = len(digits)
    if count < LEAST or digits in _HOTLINES or _is_public(digits):
        return None
    before, after = folded[max(0, start - WINDOW) : start], folded[end : end + 14]
    is_money = count <= 11 and MONEY.match(text[end : end + 14])
    if is_money or _is_date(part) or (count <= 4 and UNIT.match(after)):
        return None
    if _PROCEDURE.fullmatch(part) and "thu tuc" in folded:
        return None
    if _is_listed(part) or (7 <= count <= 9 and digits.endswith("00000")):
        return None
    if count <= 5 and re.match(r"/[a-z]", after):
        return None  # "793/BTTTT"
    if REFERENCE.search(before) or (count <= 5 and _SENT_TO.search(before)):
        return None
    if digits in _EXAMPLES and _IN_GENERAL.search(folded) and not SAID.search(before):
        return None
    if _ROUND.fullmatch(part) and not SAID.search(before) and not _CODE_BEFORE.search(before):
        return None
    context = context_of(folded, start, end, count)
    if _AMOUNT.match(part) and "." in part and (digits.endswith("000") or (not context and count in (7, 8))):
        return None
    if context not in CODES and _RUN_DATE.fullmatch(digits) and _DAY_FOLLOWS.search(before):
        return "password" if _OF_PASSWORD.search(folded[:start]) else None
    if before.rstrip().endswith(("/", "qd", "nd-cp", "tt", "nq")):
        return None
    return kind_by_length(digits, part, context, folded, start, end)


def _is_public(digits: str) -> bool:
    return len(digits) in (8, 10) and digits.startswith(("1800", "1900"))


def _is_date(part: str) -> bool:
    return _DATE.match(part) is not None or _BLANK_DATE.fullmatch(part) is not None


def _is_listed(part: str) -> bool:
    """Years, public numbers, amounts, or numbers that grow from one digit to two: no code is written so."""
    groups = re.split(r"[ \n\-–]+", part)
    if len(groups) < 2 or not all(group.isdecimal() for group in groups):
        return False
    if all(_YEAR.fullmatch(group) or group in _HOTLINES for group in groups):
        return True
    if all(re.fullmatch(r"[1-9]\d*000", group) for group in groups):
        return True
    numbers = [int(group) for group in groups]
    sizes = {len(group) for group in groups}
    return sizes == {1, 2} and len(groups) > 2 and numbers == sorted(set(numbers)) and groups[0] != "0"


def kind_by_length(
    digits: str, part: str, context: str | None, folded: str, start: int, end: int
) -> str | None:
    count = len(digits)
    alone = not folded[:start].strip() and not folded[end:].strip(" .!?")
    if (part.startswith("+84") and count >= 9) or (digits.startswith("84") and count == 11):
        return "phone"
    if count >= 13:
        is_card = digits.startswith("9704") or (count == 16 and context in ("card", "pin", None))
        return "card" if is_card else "account"
    if count == 12:
        return "account" if context == "account" else "cccd"
    if count == 10 or count == 11:
        if digits.startswith("0") and context not in ("account", "bhxh", "tax"):
            return "phone"
        return context if context in ("account", "bhxh", "tax", "phone") else "account"
    if count == 9:
        return context if context in ("cmnd", "account", "phone", "otp") else "cmnd"
    if context in CODES:
        is_year = count == 4 and re.fullmatch(r"(19|20)\d\d", digits)
        if is_year and context == "otp" and not SAID.search(folded[max(0, start - 12) : start]):
            return None
        return context if count >= 4 else None
    if context == "cvv" and count in (3, 4):
        return "cvv"
    if count >= 6 and context in ("account", "card", "phone", "cmnd", "cccd", "bhxh"):
        return context
    if alone and 4 <= count <= 8 and not re.fullmatch(r"(19|20)\d\d", digits):
        return "otp"
    if is_implied(folded, digits):
        return "otp"
    # Six digits together are a code, and more a number of somebody, but for amounts, which are round.
    is_code = count == LEAST_SURE and _SIX.fullmatch(part) and not digits.endswith("00")
    return "digits" if count > LEAST_SURE or is_code else None
