"""Find and mask secrets at the door, before anything is stored, logged or shown. Pure.

Digits are judged by how many there are and by the words around them, folded, so that unaccented
and misspelt messages are judged alike. When in doubt a long run of digits is masked: a number
lost to a mask can be asked for again, a leaked one cannot be taken back.
"""

import itertools
import re
from dataclasses import dataclass

from handlers.secret import Secret, fold_same_length
from handlers.secret_disguised import find_disguised
from handlers.secret_numbers import find_numbers
from handlers.secret_passwords import find_passwords
from handlers.secret_spoken import find_spoken

__all__ = ["MASK", "Guarded", "Secret", "guard", "without_masks"]

MAX_GUARDED = 20_000  # characters; what a channel lets through is shorter
FINDERS = (find_passwords, find_disguised, find_numbers, find_spoken)
MASK = re.compile("‹[a-z]+›")


@dataclass(frozen=True, slots=True)
class Guarded:
    redacted: str
    secrets: tuple[Secret, ...]


def guard(text: str) -> Guarded:
    """Mask each secret of `text` as ‹kind›. Text beyond 20,000 characters is cut off."""
    text = text[:MAX_GUARDED]
    folded = fold_same_length(text)
    found = (search(text, folded) for search in FINDERS)
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
