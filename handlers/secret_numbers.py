"""Numbers that are secrets, in digits and in words. Judged by how many there are and what stands around."""

import re
from collections.abc import Iterator

from handlers.secret import Secret
from handlers.secret_context import SAID, UNIT, WINDOW, context_of

# Digits with blanks, dots or dashes between; glued to a word only when they are many ("CCCD0361…").
_RUN = re.compile(r"(?<![\d/@])(?<!\d:)(?:(?<![^\W\d])\+?\d(?:[ .,\-()]{0,3}\d)*|\d{9,})(?![\w%@]|/\d)")
_HEALTH_CARD = re.compile(r"(?<!\w)[A-Za-z]{2} ?\d(?: ?\d){12}(?!\w)")
# Numbers with letters for digits, or groups parted by strokes, as they are written to be read aloud.
_DISGUISED = re.compile(r"(?<![\w/])[0oO][35789][\dIlo](?:[ .\-/]?[\dIloO]){7}(?![\w/])")
_SENT_CODE = re.compile(r"(?<!\w)G-(\d{3} ?\d{3})(?!\d)")
_DIGIT_WORDS = (
    "không|khong|khoong|hông|hong|một|mot|mootj|mốt|moots|hai|ba|bốn|bon|boons|tư|tuw|năm|nam|nawm|lăm|lam|lawm|"
    "nhăm|sáu|sau|saus|bảy|bay|bayr|bẩy|tám|tam|tams|chín|chin|chins|linh|lẻ"
)
_GAP = r"[ ,.\-]+(?:(?:rồi|roi|xong|tiếp|tiep|số|so)[ ,.\-]+)?"
_SPOKEN = re.compile(rf"(?<!\w)(?:{_DIGIT_WORDS})(?:{_GAP}(?:{_DIGIT_WORDS})){{3,}}(?!\w)", re.IGNORECASE)
_SPOKEN_CVV = re.compile(rf"(?<!\w)(?:{_DIGIT_WORDS})(?:{_GAP}(?:{_DIGIT_WORDS})){{2}}(?!\w)", re.IGNORECASE)
_SPOKEN_AND_DIGITS = re.compile(
    rf"(?<!\w)(?:\d|{_DIGIT_WORDS})(?:{_GAP}(?:\d|{_DIGIT_WORDS})){{5,}}(?!\w)", re.IGNORECASE
)
# "bốn mươi tám hai mươi chín", "năm trăm lẻ ba", and "bốn số không" for 0000
_TENS = rf"{_DIGIT_WORDS}|mươi|muoi|mười|trăm|tram"
_SPOKEN_TENS = re.compile(rf"(?<!\w)(?:{_TENS})(?:{_GAP}(?:{_TENS})){{3,}}(?!\w)", re.IGNORECASE)
_REPEATED = re.compile(rf"(?<!\w)(?:{_DIGIT_WORDS}) (?:số|so|con) (?:{_DIGIT_WORDS})(?!\w)", re.IGNORECASE)

_MONEY = re.compile(
    r"^ ?(đ|d|₫|vnd|vnđ|đồng|dong|k|nghìn|nghin|ngàn|ngan(?! h[aà]ng)|triệu|trieu|tr|tỷ|tỉ|ty|củ|xu|usd)"
    r"(?!\w)",
    re.IGNORECASE,
)
_DATE = re.compile(r"^(?:0?[1-9]|[12]\d|3[01])([.\-])(?:0?[1-9]|1[0-2])\1(?:19|20)\d{2}$")
_YEARS = re.compile(r"^(?:19|20)\d{2} ?[\-–] ?(?:19|20)\d{2}$")
_LATER_DATE = re.compile(r"(?:^|(?<=\D))\d{1,2}([.\-])\d{1,2}\1(?:19|20)\d{2}$")  # at the end of a longer run
# What is looked up with it and helps no thief: file of a procedure, parcel, order, receipt, customer, lot.
_REFERENCE = re.compile(
    r"\b(thu tuc|ma ho so|ho so so|ho so ma|tra (?:cuu )?ho so|so ho so|van don|"
    r"ma khach hang|khach hang dien|don hang|ma don|bien lai|hoa don|ma vach|xeri|seri|so seri|ve so|"
    r"giay phep|cong van|so hieu|ky hieu|danh bo|cong to|phien ban|version|dia chi ip|"
    r"ma (?:lop|hang|san pham|tram|vung|buu|xa|tinh|khoa hoc|to khai|giao nhan))"
    r"\W+(?:\w+\W+){0,3}\w*$"
)
_FILE_NUMBER = re.compile(r"(?<!\w)(?:\d{3}(?:\.\d{2}){2}\.)?[A-Z]\d{2}(?:\.\d{1,3})*-\d{6}-\d{3,6}(?!\w)")
_AMOUNT = re.compile(r"^\d{1,3}(?:[., ]\d{3})+$")
_HOTLINES = frozenset(  # public numbers; 1800… and 1900… are all public
    "111 112 113 114 115 156 198 199 1022 1414 5656 8079 0692348560".split()
)


def find_numbers(text: str, folded: str) -> Iterator[Secret]:
    references = [match.span() for match in _FILE_NUMBER.finditer(text)]
    for match in _SENT_CODE.finditer(text):
        yield Secret("otp", match[1], match.start(1))
    for match in _DISGUISED.finditer(text):
        if sum(character.isdigit() for character in match[0]) >= 8:
            yield Secret("phone", match[0], match.start())
    for match in _HEALTH_CARD.finditer(text):
        yield Secret("bhxh", match[0], match.start())
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
    at = 0
    for piece in re.split(r"(, ?(?=\d{4,})|, |(?<=[.,]000) ?- ?)", run):
        if piece[:1].isdigit() or piece.startswith("+"):
            yield piece, at
        at += len(piece)


def find_spoken(text: str, folded: str) -> Iterator[Secret]:
    for match in _SPOKEN_CVV.finditer(text):
        if context_of(folded, match.start(), match.end(), 3) == "cvv":
            yield Secret("cvv", match[0], match.start())
    for pattern in (_SPOKEN_TENS, _REPEATED):
        for match in pattern.finditer(text):
            if UNIT.match(folded[match.end() : match.end() + 14]) or _MONEY.match(text[match.end() :][:14]):
                continue
            context = context_of(folded, match.start(), match.end(), 4)
            if context in ("otp", "pin", "passcode", "password"):
                yield Secret(context, match[0], match.start())
    for pattern, enough in ((_SPOKEN, 4), (_SPOKEN_AND_DIGITS, 6)):
        for match in pattern.finditer(text):
            count = len(re.findall(r"\w+", match[0]))
            context = context_of(folded, match.start(), match.end(), count)
            if context in ("otp", "pin", "passcode", "password") or (context and count >= 6):
                yield Secret(context, match[0], match.start())
            elif count >= max(enough, 6):
                yield Secret("phone" if count in (10, 11) else "digits", match[0], match.start())


def _kind(part: str, text: str, folded: str, start: int) -> str | None:
    end = start + len(part)
    digits = re.sub(r"\D", "", part)
    count = len(digits)
    if count < 3 or digits in _HOTLINES:
        return None
    if count in (8, 10) and digits.startswith(("1800", "1900")):
        return None
    is_money = count <= 11 and _MONEY.match(text[end : end + 14])
    if re.fullmatch(r"(?:0?[1-9]|[12]\d|3[01]) (?:0?[1-9]|1[0-2]) (?:19|20)\d\d", part):
        return None  # a date with blanks
    if _YEARS.match(part) or (7 <= count <= 9 and digits.endswith("00000")):
        return None
    if is_money or _DATE.match(part) or (count <= 4 and UNIT.match(folded[end : end + 14])):
        return None
    if _REFERENCE.search(folded[max(0, start - WINDOW) : start]):
        return None
    context = context_of(folded, start, end, count)
    if _AMOUNT.match(part) and "." in part and digits.endswith("000"):
        return None
    if folded[:start].rstrip().endswith(("/", "qd", "nd-cp", "tt", "nq")):
        return None
    return _by_length(digits, part, context, folded, start, end)


def _by_length(digits: str, part: str, context: str | None, folded: str, start: int, end: int) -> str | None:
    count = len(digits)
    alone = not folded[:start].strip() and not folded[end:].strip(" .!?")
    if part.startswith("+84") or (digits.startswith("84") and count == 11):
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
    if context in ("otp", "pin", "passcode", "password"):
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
    if count == 6 and re.search(r"\bma\b|nhan|\bgui", folded):
        return "otp"
    return "digits" if count >= 7 else None
