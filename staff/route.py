"""What holds for every answer of the staff site: its headers, and pages for what is refused."""

import logging
import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from staff.headers import add_headers
from staff.site import PREFIX, Site

_log = logging.getLogger(__name__)


class SignInNeeded(Exception):
    """Nobody is signed in, or no longer."""


class SecondFactorNeeded(Exception):
    """This site is for accounts with a second factor, and this one has none yet."""


class ElsewhereFirst(Exception):
    """Whose roles do not open the first page begins at another one."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Refused(Exception):
    """What was asked for cannot be had; `key` names the phrase that says what to do next."""

    def __init__(self, status: int, key: str, *, wait_s: float | None = None) -> None:
        super().__init__(f"{status} {key}")
        self.status, self.key, self.wait_s = status, key, wait_s


class StaffRoute(APIRoute):
    """Answers for the site of the application that was asked (`staff.app.add_staff_site`)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_for_staff(request: Request) -> Response:
            site: Site = request.app.state.staff_site
            request.state.site = site
            response = await _answer(site, handle, request)
            add_headers(response.headers, is_https=site.secure_cookies)
            return response

        return handle_for_staff


async def _answer(
    site: Site, handle: Callable[[Request], Coroutine[Any, Any, Response]], request: Request
) -> Response:
    try:
        return await handle(request)
    except SignInNeeded:
        return RedirectResponse(f"{PREFIX}/dang-nhap", 303)
    except SecondFactorNeeded:
        return RedirectResponse(f"{PREFIX}/xac-thuc", 303)
    except ElsewhereFirst as elsewhere:
        return RedirectResponse(elsewhere.path, 303)
    except Refused as refused:
        if refused.status == 403:
            _log.warning("%s %s refused: %s", request.method, request.scope["route"].path, refused.key)
        response = site.page("refused.html", refused.status, key=refused.key)
        if refused.wait_s is not None:
            response.headers["Retry-After"] = str(math.ceil(refused.wait_s))
        return response
    except RequestValidationError:  # an id that is no number, a file where text belongs
        return site.page("refused.html", 400, key="staff.refused_request")
    except HTTPException:
        raise
    except Exception:
        # The path of the route, not of the request: a link may hold a token.
        _log.exception("%s %s failed", request.method, request.scope["route"].path)
        return site.page("refused.html", 500, key="staff.refused_broken")
