"""What kind of answer a question about a plan asks for, read off its asking words.

Patterns are on folded text (no marks, lower case); each kind is a list of alternatives.
"""

import re
from collections.abc import Iterator
from typing import Literal

Ask = Literal[
    "percent",
    "who",
    "when",
    "often",  # how often
    "number",  # of a document
    "count",
    "money",
    "phone",
    "hour",
    "signer",
    "recipients",
    "task",  # of an office
    "name",  # of the commune
    "person",  # the name of who holds a post
]

_POST = "(?:chu tich|bi thu|truong ban|truong phong|giam doc|chanh van phong|xom truong|truong thon)"
_COUNTED = (
    "(?:nguoi|lop|buoi|mo hinh|giai doan|nhom|tuoi|noi dung|dot|lan|don vi|xom|thon|thanh vien|nhan su|em"
    "|hoc vien|chi tieu|nhiem vu|can bo|to|ho|truong|diem|hoi nghi)"
)
_PAPER = "(?:quyet dinh|nghi quyet|ke hoach|cong van|thong tu|chi thi|chuong trinh)"
_TIME = "(?:ngay|thang|nam|quy|tuan|thoi gian|luc|hom|dip)"

_ASKS: dict[Ask, tuple[str, ...]] = {
    "phone": ("so dien thoai", "hotline", "goi (?:vao )?so nao", "lien he so"),
    "hour": ("may gio", "gio nao", "khung gio"),
    "money": (
        "(?:bao nhieu|may|khoang) (?:tien|trieu|ty(?! le)|dong)",
        "tong (?:kinh phi|so tien|chi phi|muc)",
        "so tien",
        "muc chi",
        r"(?:kinh phi|tien)(?: \w+){0,3} (?:la |het |khoang )?bao nhieu",
        "bao nhieu kinh phi",
    ),
    "percent": (
        "phan tram",
        "ty le",
        r"chi tieu(?!.*(?:ai|chu tri|giao cho))(?=.*(?:bao nhieu|may|gi\b|nao))",
        r"dat (?:bao nhieu|may)\b",
    ),
    "signer": (
        r"(?:\bai\b|nguoi|chuc vu|ten).*\bky\b(?! nang| so)",
        r"\bky\b(?: ten| thay| ban hanh| ke hoach)(?! nang)",
    ),
    "recipients": (
        "noi nhan",
        r"ke hoach.*(?:gui|chuyen) (?:cho|den|toi|di)?\s*(?:nhung )?(?:ai|noi nao|dau|cho nao|co quan nao)",
    ),
    "person": (rf"{_POST}(?: \w+){{0,5}} (?:la ai|ten)\b", rf"\bai la {_POST}", rf"ten (?:cua )?{_POST}"),
    "name": (
        "ten (?:cua |day du )?(?:xa|phuong|huyen|dia phuong)",
        r"(?:xa|phuong|huyen)(?: nay)? (?:nao|ten gi|ten la gi)\b",
    ),
    "often": ("(?:may|bao nhieu) (?:thang|tuan|ngay|nam) (?:mot |1 )?lan", "bao lau", "may lan"),
    "when": (
        "khi nao",
        "bao gio",
        f"{_TIME} (?:nao|may|bao nhieu)",
        "han cuoi",
        r"\bhan (?:nop|bao cao|chot|nao)",
        "truoc ngay",
        "cham nhat",
        "muon nhat",
        r"\bngay (?:ban hanh|ky)",
    ),
    "number": (
        r"\bso (?:may|bao nhieu|hieu|nao)\b",
        "mang so",
        "so cua (?:ban )?ke hoach",
        r"\bso ke hoach",
        f"theo {_PAPER} nao",
    ),
    "task": (
        r"(?:lam|giao|nhiem vu|viec|trach nhiem)(?: nhung| cac)? gi\b",
        r"\bnhung gi\b",
        r"gi\b.*(?:nhiem vu|trach nhiem)",
        "co (?:nhiem vu|trach nhiem)",
    ),
    "count": ("bao nhieu", rf"\bmay {_COUNTED}\b", "it nhat may"),
    "who": (
        "(?:ai|don vi|phong|co quan|to chuc|bo phan|ben|hoi|ban|truong|noi) nao",
        "giao cho ai",
        r"\bai\b",
    ),
}
_PATTERNS = {ask: re.compile("|".join(alternatives)) for ask, alternatives in _ASKS.items()}

# The asking words themselves, which no passage needs to have ("mấy người học" names no "nhà máy").
ASKING = re.compile(
    r"\b(?:(?:bao nhieu|may) (?:phan tram|tien|nguoi|ngay|thang|trieu|dong|tuoi|noi|lan|buoi|muc)\b"
    rf"|bao nhieu|bao gio|khi nao|(?:{_TIME}|gio|so|tu thang|den thang) (?:nao|may|bao nhieu)\b|phan tram"
    r"|(?:don vi|co quan|to chuc|bo phan|ben|noi|cho|phong|ban) nao|nhung ai|(?:nhu )?the nao|lam sao|o dau"
    r"|(?:la|viec|lam|dieu|nhung|cac|nhiem vu|noi dung|cai) gi|la ai|do ai|cho ai|dat may)\b"
)


def read_asks(folded: str) -> Iterator[Ask]:
    return (ask for ask, pattern in _PATTERNS.items() if pattern.search(folded))
