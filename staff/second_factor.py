"""The second factor: one-time codes by time (TOTP, RFC 6238) and the recovery codes beside them.

Pure: what is kept of it is `records.staff_accounts`, the pages are `staff.code` and
`staff.my_account`.
"""

import base64
import datetime as dt
import hmac
import re
import secrets

import pyotp
import segno

ISSUER = "Học Vụ Số"
RECOVERY_CODES = 10
STEP_S = 30
# A code is typed for some seconds, so the one before still counts; the next one never does.
STEPS_BACK = 1


def new_secret() -> str:
    return pyotp.random_base32()


def matching_step(secret: str, code: str, now: dt.datetime) -> int | None:
    """The time step whose code it is; None when it is no code of this minute."""
    typed = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", typed):
        return None
    totp = pyotp.TOTP(secret, interval=STEP_S)
    step = int(now.timestamp()) // STEP_S
    found = [
        at
        for at in range(step, step - STEPS_BACK - 1, -1)
        if hmac.compare_digest(totp.generate_otp(at), typed)
    ]
    return found[0] if found else None


def address_of(secret: str, username: str) -> str:
    """The otpauth:// address that an authenticator app reads from the picture."""
    return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=username, issuer_name=ISSUER)


def picture(address: str) -> tuple[int, str]:
    """A QR code as (side, path of an SVG): a square of 1×1 for each dark module, its border left free."""
    code = segno.make(address, error="m", micro=False)
    border = 4  # modules that must stay light around it
    rows = enumerate(code.matrix, border)
    squares = [f"M{x} {y}h1v1h-1z" for y, row in rows for x, dark in enumerate(row, border) if dark]
    return len(code.matrix) + 2 * border, "".join(squares)


def in_groups(text: str) -> str:
    """Four characters at a time, as people copy them."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def new_recovery_codes() -> list[str]:
    """Each has 120 bits: 24 of the characters a-z and 2-7."""
    return [base64.b32encode(secrets.token_bytes(15)).decode().lower() for _ in range(RECOVERY_CODES)]


def recovery_code(typed: str) -> str:
    """As it was given out: people type capitals, blanks and dashes."""
    return re.sub(r"[^a-z2-7]", "", typed.lower())
