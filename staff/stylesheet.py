"""The one stylesheet, served by the router itself so that `/staff` is complete."""

import hashlib
from functools import cache
from pathlib import Path

from fastapi import Response

PATH = "/static/staff.css"
FILE = Path(__file__).parent / "static" / "staff.css"


def show() -> Response:
    # The address changes with the content (`versioned_path`), so browsers may keep what they have.
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_content(), media_type="text/css", headers=headers)


def versioned_path() -> str:
    return f"{PATH}?v={hashlib.sha256(_content()).hexdigest()[:12]}"


@cache
def _content() -> bytes:
    return FILE.read_bytes()
