"""What the words around a number say it is: a code, a card, a telephone. Folded words, pure."""

import re
from functools import lru_cache

from retrieval.text import is_syllable

WINDOW = 40  # characters before and after a number that say what it is
SAID = re.compile(r"(?:\b(?:la|laf|thanh)|[:=]|->)\s*$")  # right before the password: "… là", ":"
UNIT = re.compile(
    r"^ ?(lit|kg|km|gb|mb|g|m2|mah|mhz|ghz|inch|vol|volt|watt|w|v|tuoi|"
    r"nam|thang|ngay|gio|h|phut|giay|lan|nguoi|ky tu|chu so|so|buoc|%)(?!\w)"
)

# What the words around a number say it is; the first that matches decides. Folded.
_CONTEXTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"\b(?:{'|'.join(words)})\b"))
    for kind, words in (
        ("cvv", (
            "cvv2?", "cvc", "c+v", "ma (?:\\w+ ){0,2}sau the",
            "so bi mat (?:\\w+ ){0,2}sau(?: \\w+ ){0,2}the", "(?:o |in )?(?:mat|phia) sau",
            "(?:3|ba) so (?:bi mat |mat |o |phia |dang |in )*sau", "xe ve ve",
            "si vi vi", "ma an toan the", "ma bao mat the", "so mat sau",
        )),
        ("passcode", (
            "pass ?code", "pascode", "pat cot",
            "ma (?:mo|bao ve|khoa) (?:app|ung dung|vneid|may|man hinh|vi)",
            "ma (?:6|sau) so", "ma (?:mo )?khoa", "ma man hinh", "khoa man hinh", "ma may",
            "vi giay to nhap ma",
        )),
        ("pin", ("pin", "puk", "ma mo khoa sim", "ma the", "mat khau the", "mat ma the", "so bi mat")),
        ("otp", (
            "o ?t ?p", "o te pe", "ma (?:ne|tui|toi|bac|em|con|chau|no|kia|so|4|6|bon|sau)",
            "(?:gui|nhan|doc) (?:\\w+ ){0,3}(?:4|6|bon|sau) so", "ma xac (?:thuc|nhan|minh)",
            "ma (?:vua|moi|nay|do|gui|nhan|duoc|dang nhap|kich hoat|giao dich|la|gi|so la)",
            "(?:doc|cho|gui|nhan|nhap|hoi|xin|bao|dua) (?:\\w+ ){0,4}ma", "tin nhan (?:\\w+ ){0,3}ma",
            "code", "sms", "day so vua", "so vua (?:nhan|gui)",
        )),
        ("password", ("mat khau", "mk", "pas+(?:word)?", "pw", "mat ma", "mkhau", "matkhau",
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
