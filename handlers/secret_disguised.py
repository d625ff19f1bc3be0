"""Secrets that are no plain digits: letters among them, strokes between, codes of letters and digits."""

import re
from collections.abc import Iterator

from handlers.secret import Secret
from handlers.secret_context import CODES, LEAST, LEAST_SURE, SAID, WINDOW, kind_of
from handlers.secret_numbers import REFERENCE, kind_by_length

_DIGIT = re.compile(r"\d")
_HEALTH_CARD = re.compile(r"(?<!\w)[A-Za-z]{2}[ .\-]?\d(?:[ .\-]?\d){12}(?!\w|[ .\-]\d)")
# Numbers with letters for digits ("5o8 2l4"), or parted by strokes ("48/29/13").
_DISGUISED = re.compile(r"(?<![\w/])[\doOlI](?:[ .\-/]{0,2}[\doOlI]){2,18}(?![\w/])")
_LETTER_WITHIN = re.compile(r"[oOlI][ .\-/]{0,2}\d")
_STROKED = re.compile(r"(?<![\w/.,])\d{1,4}(?: ?[/\\] ?\d{1,4}){1,18}(?![\w/%])")
_STROKED_DATE = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01])/(?:0?[1-9]|1[0-2])(?:/(?:19|20)?\d\d)?|(?:0?[1-9]|1[0-2])/(?:(?:19|20)\d\d|\d\d)"
)
_ADDRESS = re.compile(r"\b(?:so nha|nha so|duong|hem|ngo|ngach|kiet|dia chi|so)\W*$")
# "QX7K92", "HN-40275" where a code is said to follow.
_LETTERED = re.compile(
    r"(?<![\w-])(?=[A-Za-z\-]*\d)(?=[\d\-]*[A-Za-z])[A-Za-z\d]{1,8}(?:-?[A-Za-z\d]{1,8}){1,3}(?![\w-])"
)
_CODE_FOLLOWS = re.compile(
    r"\b(?:(?:gui|doc|cho|dua|nhap|xin|nhan)(?: \w+){0,2} ma|otp|code|"
    r"ma (?:otp|xac|dang nhap|kich hoat|khoi phuc|du phong|la))"
    r"(?: (?:otp|xac|thuc|nhan|minh|bao mat|la|nay|do|no|ne|so|gui|ve|cho|toi|duoc|khoi phuc|du phong|"
    r"dang nhap|kich hoat|mot lan|giao dich))*[ :]*[\"'“‘(]?$"
)
_SENT_CODE = re.compile(r"(?<!\w)(?:G|FB|IG|TG|ZL)-(\d{2,3} ?\d{3})(?!\d)", re.IGNORECASE)
_ONE_BY_ONE = re.compile(r"\d(?:\D+\d)+")


def find_disguised(text: str, folded: str) -> Iterator[Secret]:
    if len(_DIGIT.findall(text)) < LEAST - 1:  # "94l" has a letter for a digit
        return
    for match in _SENT_CODE.finditer(text):
        yield Secret("otp", match[1], match.start(1))
    for match in _HEALTH_CARD.finditer(text):
        yield Secret("bhxh", match[0], match.start())
    yield from _find_letters_for_digits(text, folded)
    yield from _find_stroked(text, folded)
    for match in _LETTERED.finditer(text):
        before = folded[max(0, match.start() - WINDOW) : match.start()]
        if len(match[0]) >= 5 and _CODE_FOLLOWS.search(before) and not REFERENCE.search(before):
            yield Secret("otp", match[0], match.start())


def _find_letters_for_digits(text: str, folded: str) -> Iterator[Secret]:
    for match in _DISGUISED.finditer(text):
        digits = len(_DIGIT.findall(match[0]))
        count = sum(character.isalnum() for character in match[0])
        if digits == count or 2 * digits < count:
            continue
        kind = kind_of(folded, match.start(), match.end(), count)
        is_code = kind == "cvv" or (kind in CODES and digits >= LEAST)
        if is_code or (kind and digits >= LEAST and _LETTER_WITHIN.search(match[0])):
            yield Secret(kind or "", match[0], match.start())
        elif count in (10, 11) and match[0][0] in "0oO":
            yield Secret("phone", match[0], match.start())


def _find_stroked(text: str, folded: str) -> Iterator[Secret]:
    for match in _STROKED.finditer(text):
        digits = "".join(_DIGIT.findall(match[0]))
        kind = kind_of(folded, match.start(), match.end(), len(digits))
        before = folded[max(0, match.start() - 20) : match.start()]
        is_date = _STROKED_DATE.fullmatch(match[0]) and not (
            len(digits) == LEAST_SURE and SAID.search(before)
        )
        is_address = _ADDRESS.search(before) and not _ONE_BY_ONE.fullmatch(match[0])
        if is_date or is_address or (kind not in (*CODES, "cvv") and len(digits) < 8):
            kind = None
        if len(digits) >= 9:
            kind = kind_by_length(digits, match[0], kind, folded, match.start(), match.end())
        if kind:
            yield Secret(kind, match[0], match.start())
