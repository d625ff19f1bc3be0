"""What the staff site needs of single sign-on: the port, and what goes over it."""

from dataclasses import dataclass
from typing import Protocol


class SsoRefused(Exception):
    """The answer cannot be believed; why is for the log."""


class SsoAway(Exception):
    """The issuer cannot be reached: later, or by password."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Of one try to sign in; each is random."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Person:
    subject: str  # hash of the issuer and its own name for the person; never changes
    email: str | None  # in small letters; None unless the issuer has verified it


class SignOn(Protocol):
    def begin(self, secrets: Secrets, *, back_to: str) -> str:
        """The address of the issuer's sign-in page. Raises `SsoAway`, `SsoRefused`."""

    def finish(self, code: str, secrets: Secrets, *, back_to: str, now_s: int) -> Person:
        """Who signed in there. Raises `SsoAway`, `SsoRefused`."""
