"""Find and mask secrets at the door, before anything is stored, logged or shown. Pure.

Digits are judged by how many there are and by the words around them, folded, so that unaccented
and misspelt messages are judged alike. When in doubt a long run of digits is masked: a number
lost to a mask can be asked for again, a leaked one cannot be taken back.
"""

import bisect
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from retrieval.text import fold, is_syllable

MAX_GUARDED = 20_000  # characters; what a channel lets through is shorter


@dataclass(frozen=True, slots=True)
class Secret:
    kind: str  # otp, password, pin, passcode, cccd, cmnd, card, cvv, account, phone, bhxh, tax, digits
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Guarded:
    redacted: str
    secrets: tuple[Secret, ...]


MASK = re.compile("‹[a-z]+›")

_WINDOW = 40  # characters before and after a number that say what it is
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
_UNIT = re.compile(
    r"^ ?(lit|kg|km|gb|mb|g|m2|mah|mhz|ghz|inch|vol|volt|watt|w|v|tuoi|nam|thang|ngay|gio|h|phut|giay|lan|nguoi|ky tu|chu so|so|buoc|%)(?!\w)"
)
_DATE = re.compile(r"^(?:0?[1-9]|[12]\d|3[01])([.\-])(?:0?[1-9]|1[0-2])\1(?:19|20)\d{2}$")
_YEARS = re.compile(r"^(?:19|20)\d{2} ?[\-–] ?(?:19|20)\d{2}$")
_LATER_DATE = re.compile(r"(?:^|(?<=\D))\d{1,2}([.\-])\d{1,2}\1(?:19|20)\d{2}$")  # at the end of a longer run
# What is looked up with it and helps no thief: file of a procedure, parcel, order, receipt, customer, lot.
_REFERENCE = re.compile(
    r"\b(thu tuc|ma ho so|ho so so|ho so ma|tra (?:cuu )?ho so|so ho so|van don|ma khach hang|khach hang dien|"
    r"don hang|ma don|bien lai|hoa don|ma vach|xeri|seri|so seri|ve so|giay phep|cong van|so hieu|ky hieu|danh bo|"
    r"cong to|ma (?:lop|hang|san pham|tram|vung|buu|xa|tinh|khoa hoc|to khai|giao nhan)|phien ban|version|dia chi ip)"
    r"\W+(?:\w+\W+){0,3}\w*$"
)
_FILE_NUMBER = re.compile(r"(?<!\w)(?:\d{3}(?:\.\d{2}){2}\.)?[A-Z]\d{2}(?:\.\d{1,3})*-\d{6}-\d{3,6}(?!\w)")
_AMOUNT = re.compile(r"^\d{1,3}(?:[., ]\d{3})+$")
_HOTLINES = frozenset(  # public numbers; 1800… and 1900… are all public
    "111 112 113 114 115 156 198 199 1022 1414 5656 8079 0692348560".split()
)

# What the words around a number say it is; the first that matches decides. Folded.
_CONTEXTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"\b(?:{'|'.join(words)})\b"))
    for kind, words in (
        ("cvv", ("cvv2?", "cvc", "ccv", "(?:3|ba) so (?:bi mat |mat |o |phia |dang |in )*sau", "xe ve ve", "si vi vi", "ma an toan the", "ma bao mat the", "so mat sau")),
        ("passcode", (
            "pass ?code", "pascode", "pat cot",
            "ma (?:mo|bao ve|khoa) (?:app|ung dung|vneid|may|man hinh|vi)",
            "ma (?:6|sau) so", "ma (?:mo )?khoa", "ma man hinh", "ma may", "vi giay to nhap ma",
        )),
        ("pin", ("pin", "puk", "ma mo khoa sim", "ma the", "mat khau the", "mat ma the", "so bi mat")),
        ("otp", (
            "o ?t ?p", "o te pe", "ma (?:ne|tui|toi|bac|em|con|chau|no|kia|so|4|6|bon|sau)",
            "(?:gui|nhan|doc) (?:\\w+ ){0,3}(?:4|6|bon|sau) so", "ma xac (?:thuc|nhan|minh)",
            "ma (?:vua|moi|nay|do|gui|nhan|duoc|dang nhap|kich hoat|giao dich|la|gi|so la)",
            "(?:doc|cho|gui|nhan|nhap|hoi|xin|bao|dua) (?:\\w+ ){0,4}ma", "tin nhan (?:\\w+ ){0,3}ma",
            "code", "sms", "day so vua", "so vua (?:nhan|gui)",
        )),
        ("password", ("mat khau", "mk", "pass?(?:word)?", "pw", "mat ma", "mkhau", "matkhau",
                      "maatj khaaur")),
        ("tax", ("ma so thue", "mst")),
        ("bhxh", (
            "bhxh", "bhyt", "bh", "bao hiem", "vssid", "qua trinh dong", "so so", "so so bao", "ma the bao",
        )),
        ("cmnd", ("cmnd", "cmt", "cmtnd", "chung minh")),
        ("cccd", ("cccd", "can cuoc", "dinh danh", "cc", "so the chip", "ddcn")),
        ("phone", (
            "sdt", "dt", "so (?:dien thoai|may|dt|phone)", "dien thoai", "zalo", "alo", "goi", "lien he",
            "hotline", "phone", "sim", "tel",
        )),
        ("card", (
            "so the", "the (?:atm|ngan hang|tin dung|ghi no|napas|visa|master)", "visa", "napas",
            "master ?card", "the",
        )),
        ("account", (
            "tai khoan", "stk", "tk", "so tk", "chuyen (?:khoan|tien)", "ck", "ngan hang", "acb", "bidv",
            "vcb", "vietcombank", "agribank", "vietinbank", "techcombank", "mbbank", "mb", "sacombank",
            "vpbank", "tpbank",
        )),
    )
)  # fmt: skip

_PASSWORD_WORD = re.compile(
    r"(?<!\w)(?:mat khau|mk|mkhau|matkhau|mat ma|pass?word|pass|pw|maatj khaaur)(?!\w)"
)
_TOKEN = re.compile(r"[^\s,;‹›]{4,60}")
_SAID = re.compile(r"(?:\b(?:la|laf|thanh)|[:=]|->)\s*$")  # right before the password: "… là", ":"
_TOKEN_IS_PASSWORD = re.compile(
    r"(?<![^\s,])((?=[^\s,]*\d)(?=[^\s,]*[a-z])[^\s,@/]{5,40}) (?:la|lam|chinh la) (?:mat khau|mk|pass)(?!\w)"
)
_PASSWORD_IS = re.compile(
    r"(?<!\w)(?:mat khau|mk|mkhau|matkhau|mat ma|pass?word|pass|pat guot|pat suot|pw)"
    r"(?: (?!la )[^\W\d]\w*){0,5}(?: la | ?: ?)(?!\W)"
)
_NOT_A_PHRASE = frozenset(
    "gi cai thu phai chuoi day so ngay ten mot do ma bi rat quan de nhu khong sao cua vi the nao dau bao bay tu "
    "nam hai ba bon sau tam chin cho duoc chua may loai nhung viec dung sai moi cu an co nen bat it toi dieu".split()
)
_QUESTION_WORDS = frozenset("gi nao sao dau bao may".split())
_AFTER_A_PASSWORD = frozenset(
    "do day nha nhe nghen nghe ma thi hong ba ong bac chau con co chu di em anh chi ne a nay dung khong duoc vay "
    "roi hong, k ko hay xin nho toi tui va voi de sao".split()
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


def guard(text: str) -> Guarded:
    """Mask each secret of `text` as ‹kind›. Text beyond 20,000 characters is cut off."""
    text = text[:MAX_GUARDED]
    folded = _fold_same_length(text)
    found = (search(text, folded) for search in (_passwords, _phrases, _numbers, _spoken))
    secrets = _without_overlaps(list(itertools.chain.from_iterable(found)))
    redacted, at = "", 0
    for secret in secrets:
        redacted += text[at : secret.start] + f"‹{secret.kind}›"
        at = secret.start + len(secret.text)
    return Guarded(redacted + text[at:], tuple(secrets))


def without_masks(redacted: str) -> str:
    """What is left to understand when the masks are taken out."""
    return MASK.sub(" ", redacted)


def _without_overlaps(secrets: list[Secret]) -> list[Secret]:
    kept: list[Secret] = []
    for secret in sorted(secrets, key=lambda secret: (secret.start, -len(secret.text))):
        if not kept or secret.start >= kept[-1].start + len(kept[-1].text):
            kept.append(secret)
    return kept


def _passwords(text: str, folded: str) -> Iterator[Secret]:
    words = [match.end() for match in _PASSWORD_WORD.finditer(folded)]
    for match in _TOKEN.finditer(text):
        token = match[0].rstrip(".!?)\"'")
        at = bisect.bisect_right(words, match.start()) - 1  # the last such word before the token
        near = at >= 0 and match.start() - words[at] <= _REACH
        said = near and _SAID.search(folded[words[at] : match.start()]) is not None
        if len(token) >= 4 and _looks_like_password(token, near=near, said=said):
            yield Secret("password", token, match.start())


def _phrases(text: str, folded: str) -> Iterator[Secret]:
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
            is_count = at + 1 < len(words) and _UNIT.match(words[at + 1][0])
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


def _numbers(text: str, folded: str) -> Iterator[Secret]:
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


def _spoken(text: str, folded: str) -> Iterator[Secret]:
    for match in _SPOKEN_CVV.finditer(text):
        if _context(folded, match.start(), match.end(), 3) == "cvv":
            yield Secret("cvv", match[0], match.start())
    for pattern in (_SPOKEN_TENS, _REPEATED):
        for match in pattern.finditer(text):
            if _UNIT.match(folded[match.end() : match.end() + 14]) or _MONEY.match(text[match.end() :][:14]):
                continue
            context = _context(folded, match.start(), match.end(), 4)
            if context in ("otp", "pin", "passcode", "password"):
                yield Secret(context, match[0], match.start())
    for pattern, enough in ((_SPOKEN, 4), (_SPOKEN_AND_DIGITS, 6)):
        for match in pattern.finditer(text):
            count = len(re.findall(r"\w+", match[0]))
            context = _context(folded, match.start(), match.end(), count)
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
    if is_money or _DATE.match(part) or (count <= 4 and _UNIT.match(folded[end : end + 14])):
        return None
    if _REFERENCE.search(folded[max(0, start - _WINDOW) : start]):
        return None
    context = _context(folded, start, end, count)
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
        if is_year and context == "otp" and not _SAID.search(folded[max(0, start - 12) : start]):
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


def _context(folded: str, start: int, end: int, count: int) -> str | None:
    """The kind whose words stand nearest before the number, else after it."""
    before = _without_telex(folded[max(0, start - _WINDOW) : start])
    after = _without_telex(folded[end : end + _WINDOW])
    best: tuple[int, str] | None = None
    for kind, pattern in _CONTEXTS:
        if not _fits(kind, count):
            continue
        for match in pattern.finditer(before):
            distance = len(before) - match.end()
            if best is None or distance < best[0]:
                best = (distance, kind)
    if best:
        return best[1]
    for kind, pattern in _CONTEXTS:
        if not _fits(kind, count):
            continue
        if kind in ("password", "pin", "passcode"):  # "gửi 8079 lấy lại mật khẩu" tells no password
            pattern = re.compile(rf"^ ?(?:la|lam|do la|chinh la) (?:\w+ )?(?:{pattern.pattern})")
        if pattern.search(after):
            return kind
    return None


_LENGTHS = {
    "cvv": (3, 4),
    "passcode": (4, 8),
    "pin": (4, 8),
    "otp": (4, 8),
    "password": (4, 24),
    "tax": (10, 13),
    "bhxh": (10, 15),
    "cmnd": (9, 9),
    "cccd": (12, 12),
    "phone": (9, 12),
    "card": (12, 19),
    "account": (6, 19),
}


def _fits(kind: str, count: int) -> bool:
    least, most = _LENGTHS[kind]
    return least <= count <= most


def _without_telex(folded: str) -> str:
    """Words with the keys of Telex left in them ("thuwcj", "maa") as the words they stand for."""
    return re.sub(r"[a-z]{3,7}", lambda word: _read_telex(word[0]), folded)


@lru_cache(maxsize=4096)
def _read_telex(word: str) -> str:
    if is_syllable(word):
        return word
    plain = re.sub(r"([aeod])\1", r"\1", re.sub(r"[sfrxj]$", "", word)).replace("w", "")
    return plain if is_syllable(plain) else word


class _Folded(dict[int, str]):
    """Each character's folded form, one character long, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = fold(chr(code))[:1] or " "
        return folded


_FOLDED = _Folded()


def _fold_same_length(text: str) -> str:
    """Folded letter by letter, so that positions stay those of `text`."""
    return text.translate(_FOLDED)
