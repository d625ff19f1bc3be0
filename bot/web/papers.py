"""Pictures of steps and handouts of guides: public files without anything about a person.

A picture's address names its content, so it may be kept for good; a handout changes with its guide
and the commune's numbers, so a browser asks again after a while.
"""

import hashlib
from collections.abc import Callable

from fastapi import HTTPException, Request, Response

from bot.papers import Papers
from bot.pictures import PREFIX as PICTURES
from staff.window import MovingWindow, network_of

PICTURE_LIFE = "public, max-age=31536000, immutable"
PAPER_LIFE = "public, max-age=3600"
PAPERS_A_MINUTE = 30  # from one part of the network: each may have to be made


class PaperFiles:
    def __init__(
        self, papers: Papers, picture: Callable[[str], bytes | None], *, now: Callable[[], float]
    ) -> None:
        """`picture` finds the PNG at a path; `now` gives seconds."""
        self._papers, self._picture = papers, picture
        self._window = MovingWindow(PAPERS_A_MINUTE, 60, now)

    def show_picture(self, name: str) -> Response:
        content = self._picture(f"{PICTURES}{name}.png")
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type="image/png", headers={"Cache-Control": PICTURE_LIFE})

    def show_handout(self, request: Request, slug: str) -> Response:
        if wait_s := self._window.hit(network_of(request)):
            raise HTTPException(429, headers={"Retry-After": str(round(wait_s) + 1)})
        content = self._papers.handout_pdf(self._papers.served, slug)
        if content is None:
            raise HTTPException(404)
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"Cache-Control": PAPER_LIFE, "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        headers["Content-Disposition"] = f'inline; filename="{slug}.pdf"'
        return Response(content, media_type="application/pdf", headers=headers)
