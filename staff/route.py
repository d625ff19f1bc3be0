"""What holds for every answer of the staff site: its headers, and pages for what is refused."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from staff.site import PREFIX, Site

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    # 'no-referrer' would make browsers send 'Origin: null' with our own forms.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class SignInNeeded(Exception):
    """Nobody is signed in, or no longer."""


class Refused(Exception):
    """What was asked for cannot be had; `key` names the phrase that says what to do next."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(f"{status} {key}")
        self.status, self.key = status, key


def route_class(site: Site) -> type[APIRoute]:
    class StaffRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handle_for_staff(request: Request) -> Response:
                request.state.site = site
                response = await _answer(site, handle, request)
                for name, value in HEADERS.items():
                    response.headers.setdefault(name, value)
                return response

            return handle_for_staff

    return StaffRoute


async def _answer(
    site: Site, handle: Callable[[Request], Coroutine[Any, Any, Response]], request: Request
) -> Response:
    try:
        return await handle(request)
    except SignInNeeded:
        return RedirectResponse(f"{PREFIX}/dang-nhap", 303)
    except Refused as refused:
        return site.page("refused.html", refused.status, key=refused.key)
    except RequestValidationError:  # an id that is no number, a file where text belongs
        return site.page("refused.html", 400, key="staff.refused_request")
