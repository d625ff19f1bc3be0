"""What all webhooks check before anything of a request is believed."""

import hmac

from fastapi import Request
from fastapi.exceptions import HTTPException


def check_secret(given: str | None, expected: str) -> None:
    """Refuse with 403 unless the platform sent the secret that only it and we know."""
    if not hmac.compare_digest((given or "").encode(), expected.encode()):
        raise HTTPException(403)


async def read_body(request: Request, *, limit: int) -> bytes:
    """The body; refused with 413 as soon as it has more than `limit` bytes, whatever was announced."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise HTTPException(413)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise HTTPException(413)
    return bytes(body)
