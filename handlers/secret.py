"""A secret found in a message, and the folded text it is looked for in."""

from dataclasses import dataclass

from retrieval.text import fold


@dataclass(frozen=True, slots=True)
class Secret:
    kind: str  # otp, password, pin, passcode, cccd, cmnd, card, cvv, account, phone, bhxh, tax, digits
    text: str
    start: int


class _Folded(dict[int, str]):
    """Each character's folded form, one character long, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = fold(chr(code))[:1] or " "
        return folded


_FOLDED = _Folded()


def fold_same_length(text: str) -> str:
    """Folded letter by letter, so that positions stay those of `text`."""
    return text.translate(_FOLDED)
