"""Which passwords may be set, and checking them without holding up anybody else."""

import asyncio
import re
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from records.staff_accounts import hash_password, password_matches
from retrieval.text import fold
from staff.common_passwords import COMMON_PASSWORDS, LEAST

MIN_LENGTH, MAX_LENGTH = LEAST, 256
# Words of this product and its trade: with the names of the person and the commune they make no password.
CONTEXT_WORDS = (
    "hoc vu so", "binh dan hoc vu", "binh dan", "hocvuso", "vneid", "uy ban nhan dan", "ubnd", "can bo",
    "quan tri", "thon", "xom", "xa", "phuong", "mat khau", "password", "admin", "viet nam",
)  # fmt: skip
MIN_OTHER = 6  # letters a password must have besides such words


class PasswordThreads:
    """Runs argon2 in two threads of its own.

    One run takes a fifth of a second and 64 MiB, so a flood of guesses must neither fill the
    memory nor take the threads that answer everybody else.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="staff-password")

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Takes the same time without a hash, and is then False."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, password_matches, password_hash, _composed(password))

    async def hash(self, password: str) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, hash_password, _composed(password))


def password_fault(password: str, repeated: str, own_words: Iterable[str] = ()) -> str | None:
    """The key of the phrase that says why it cannot be used; None when it can.

    Length and not being easily guessed are all that is asked for (ASVS 5.0 6.2: no rules about
    which kinds of characters). `own_words` are names of the person and the place.
    """
    if len(_composed(password)) < MIN_LENGTH:
        return "staff.password_short"
    if len(password) > MAX_LENGTH:
        return "staff.password_long"
    if _is_common(password):
        return "staff.password_common"
    if _is_made_of(password, own_words):
        return "staff.password_context"
    if password != repeated:
        return "staff.password_differs"
    return None


def _is_common(password: str) -> bool:
    joined = "".join(_composed(password).casefold().split())
    spellings = {joined, fold(joined)}
    return any(
        spelling in COMMON_PASSWORDS or spelling.rstrip("!@#$%^&*.?") in COMMON_PASSWORDS
        for spelling in spellings
    )


def _is_made_of(password: str, own_words: Iterable[str]) -> bool:
    """Whether names and words of the trade are nearly all of it ("TanCuong@2026!")."""
    letters = _letters(password)
    names = {_letters(word) for word in (*CONTEXT_WORDS, *own_words)}
    names |= {_letters(part) for word in own_words for part in word.split()}
    left = letters
    for name in sorted(names - {""}, key=len, reverse=True):
        if len(name) >= 2:
            left = left.replace(name, "")
    return left != letters and len(left) < MIN_OTHER


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]", "", fold(unicodedata.normalize("NFC", text.casefold())))


def _composed(password: str) -> str:
    # Keyboards differ in how they send 'ế': as one letter or as letter and marks.
    return unicodedata.normalize("NFC", password)
