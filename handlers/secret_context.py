"""What the words around a number say it is: a code, a card, a telephone. Folded words, pure."""

import re
from functools import lru_cache

from retrieval.text import is_syllable

LEAST = 3  # digits of the shortest secret
LEAST_SURE = 6  # digits that nobody says one by one but of a secret
CODES = ("otp", "pin", "passcode", "password")
WINDOW = 40  # characters before and after a number that say what it is
SAID = re.compile(r"(?:\b(?:la|laf|thanh)|[:=]|->)\s*$")  # right before the password: "… là", ":"
UNIT = re.compile(
    r"^ ?(lit|kg|km|gb|mb|g|m2|mah|mhz|ghz|inch|vol|volt|watt|w|v|tuoi|"
    r"nam|thang|ngay|gio|h|phut|giay|lan|nguoi|ky tu|chu so|so|buoc|%)(?!\w)"
)
MONEY = re.compile(
    r"^ ?(đ|d|₫|vnd|vnđ|đồng|dong|k|nghìn|nghin|ngàn|ngan(?! h[aà]ng)|triệu|trieu|tr|tỷ|tỉ|ty|củ|xu|usd)"
    r"(?!\w)",
    re.IGNORECASE,
)
_SPEAKS_OF_CODES = re.compile(r"(?<!quet )\bma\b(?! (?:qr|vach|giam))")
_SPEAKS_OF_SENDING = re.compile(r"nhan|\bgui|\bhien\b|nhay ra|\b(?:nhap|go|dien|danh) (?:day |so )*\d")

# What the words around a number say it is; the first that matches decides. Folded.
_CONTEXTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"\b(?:{'|'.join(words)})\b"))
    for kind, words in (
        ("cvv", (
            "cvv2?", "cvc", "c+v", "ma (?:\\w+ ){0,2}sau the",
            "so bi mat (?:\\w+ ){0,2}sau(?: \\w+ ){0,2}the", "(?:o |in )?(?:mat|phia) sau",
            "(?:3|ba) so (?:bi mat |mat |o |phia |dang |in )*sau", "xe ve ve",
            "si vi vi", "(?:ma|so) an toan (?:cua )?the", "ma bao mat the", "ma bi mat", "so mat sau",
        )),
        ("passcode", (
            "pass ?code", "pascode", "pat cot",
            "ma (?:mo|bao ve|khoa) (?:app|ung dung|vneid|may|man hinh|vi)",
            "(?:mo|khoa|mo khoa)(?: khoa| may| dien thoai| man hinh)? bang",
            "(?:khoa|so mo|so khoa) (?:may|dien thoai|man hinh|app|vi|so)", "mau hinh", "hinh ve", "ket sat",
            "mat khau (?:cap 2|thiet bi)", "ma bao ve",
            "ma (?:6|sau) so", "ma (?:mo )?khoa", "ma man hinh", "khoa man hinh", "ma may",
            "vi giay to nhap ma",
        )),
        ("pin", (
            "pin", "pink", "pjn", "puk", "ma mo khoa sim", "ma the", "mat khau the", "mat ma the",
            "so bi mat",
        )),
        ("otp", (
            "o ?t ?p", "o te pe", "ma (?:ne|tui|toi|bac|em|con|chau|no|kia|so|4|6|bon|sau)",
            "(?:gui|nhan|doc|hoi|nhap|cai|dien|xin) (?:\\w+ ){0,3}(?:4|6|bon|sau) so",
            "ma xac (?:thuc|nhan|minh)",
            "(?:4|6|8|bon|sau|tam) (?:con |chu )?so "
            "(?:la|laf|gi|no|do|nay|kia|bao|o|tren|gui|vua|moi|ne)",
            "(?:no|ho|may|tin nhan|ngan hang|zalo|vneid|facebook|google) (?:\\w+ ){0,2}"
            "(?:gui|nhan|nhay|ra|bao|hien) (?:ve |qua |cho |lai |ra |toi |den )?"
            "(?:\\w+ ){0,2}(?:so|day so|ma)",
            "gui (?:ve|qua|den|toi) (?:may|dien thoai|sdt|so)", "day so", "ma so gui",
            "ma (?:vua|moi|nay|do|gui|nhan|duoc|dang nhap|kich hoat|giao dich|la|gi|so la)",
            "(?:doc|cho|gui|nhan|nhap|hoi|xin|bao|dua) (?:\\w+ ){0,4}ma", "tin nhan (?:\\w+ ){0,3}ma",
            "code", "sms", "day so vua", "so vua (?:nhan|gui)",
        )),
        ("password", ("mat khau", "mk", "pas+(?:wo?r?d)?", "pw", "pwd", "mat ma", "mkhau", "matkhau",
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
            "tai khoan", "stk", "tk", "so tk", "chuyen (?:khoan|tien)", "ck",
        )),
    )
)  # fmt: skip
# Said right after a number, "it is my password"; "gửi 8079 lấy lại mật khẩu" tells none.
_SAID_AFTER = {
    kind: re.compile(rf"^\W{{0,4}}(?:\w+ ){{0,4}}(?:la|lam) (?:\w+ )?(?:{pattern.pattern})")
    for kind, pattern in _CONTEXTS
    if kind in ("password", "pin", "passcode")
}
# A bank's name may stand beside whatever it sends: it speaks for an account where nothing else speaks.
_BANK = re.compile(
    r"\b(?:ngan hang|acb|bidv|vcb|vietcombank|agribank|vietinbank|techcombank|mbbank|mb|sacombank|vpbank|"
    r"tpbank|shb)\b"
)


def context_of(folded: str, start: int, end: int, count: int) -> str | None:
    """The kind whose words stand nearest before the number, else after it."""
    before = _without_telex(folded[max(0, start - WINDOW) : start])
    after = _without_telex(folded[end : end + WINDOW])
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
        if _fits(kind, count) and _SAID_AFTER.get(kind, pattern).search(after):
            return kind
    is_account = _fits("account", count) and (_BANK.search(before) or _BANK.search(after))
    return "account" if is_account else None


def kind_of(folded: str, start: int, end: int, count: int) -> str | None:
    """What is said around it; six digits in a message that speaks of codes or of receiving are a code."""
    kind = context_of(folded, start, end, count)
    return kind or ("otp" if is_implied(folded, "?" * count) else None)


def is_implied(folded: str, digits: str) -> bool:
    """Six digits where codes are spoken of, or something is sent that is no round amount."""
    if len(digits) != LEAST_SURE:
        return False
    is_sent = _SPEAKS_OF_SENDING.search(folded) and not digits.endswith("00")
    return bool(is_sent or _SPEAKS_OF_CODES.search(folded))


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
    if is_syllable(word) or word == "pas":
        return word
    plain = re.sub(r"([aeod])\1", r"\1", re.sub(r"[sfrxj]$", "", word)).replace("w", "")
    return plain if is_syllable(plain) else word
