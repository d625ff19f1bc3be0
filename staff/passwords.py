"""Which passwords may be set, and checking them without holding up anybody else."""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from records.staff_accounts import hash_password, password_matches
from staff.common_passwords import COMMON_PASSWORDS

MIN_LENGTH, MAX_LENGTH = 12, 256


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


def password_fault(password: str, repeated: str) -> str | None:
    """The key of the phrase that says why it cannot be used; None when it can.

    Length and not being well known are all that is asked for (ASVS 5.0 6.2: no rules about
    which kinds of characters).
    """
    if len(_composed(password)) < MIN_LENGTH:
        return "staff.password_short"
    if len(password) > MAX_LENGTH:
        return "staff.password_long"
    if "".join(password.casefold().split()) in COMMON_PASSWORDS:
        return "staff.password_common"
    if password != repeated:
        return "staff.password_differs"
    return None


def _composed(password: str) -> str:
    # Keyboards differ in how they send 'ế': as one letter or as letter and marks.
    return unicodedata.normalize("NFC", password)
