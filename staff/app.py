"""The staff site as one router: every address of it stands here.

What is not in `PUBLIC` needs a sign-in, and every POST checks its form, by being listed.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, Response

from knowledge.library import Library
from knowledge.phrases import Phrases
from records.database import Database
from staff import invitation, overview, sign_in, stylesheet, unanswered
from staff.access import check_public_form, check_staff_form, signed_in
from staff.route import route_class
from staff.site import PREFIX, Site

MAX_FORM_BYTES = 64 * 1024

_Route = tuple[str, str, Callable[..., Any]]

PUBLIC: tuple[_Route, ...] = (
    ("GET", stylesheet.PATH, stylesheet.show),
    ("GET", "/dang-nhap", sign_in.show),
    ("POST", "/dang-nhap", sign_in.submit),
    ("GET", "/moi/{token}", invitation.show),
    ("POST", "/moi/{token}", invitation.submit),
)
INSIDE: tuple[_Route, ...] = (
    ("POST", "/dang-xuat", sign_in.sign_out),
    ("GET", "", overview.show),
    ("GET", "/tong-quan.csv", overview.export),
    ("POST", "/can-giup/{handoff_id}/da-giup", overview.close),
    ("GET", "/chua-tra-loi", unanswered.show),
    ("GET", "/chua-tra-loi.csv", unanswered.export),
)


def build_staff_router(
    database: Database,
    phrases: Phrases,
    library: Callable[[], Library],
    *,
    clock: Callable[[], dt.datetime],
    secure_cookies: bool,
) -> APIRouter:
    """The router to include in the application; it brings its own prefix, /staff.

    `library` is called for each page, so that it may return a newer one; `clock` returns aware
    times. Cookies are marked Secure with `secure_cookies`: set it wherever the site is on https.
    """
    site = Site(database, phrases, library, clock=clock, secure_cookies=secure_cookies)
    router = APIRouter(
        prefix=PREFIX,
        route_class=route_class(site),
        include_in_schema=False,
        max_body_size=MAX_FORM_BYTES,
    )
    for method, path, endpoint in PUBLIC:
        _add(router, method, path, endpoint, (check_public_form,) if method == "POST" else ())
    for method, path, endpoint in INSIDE:
        form = (check_staff_form,) if method == "POST" else ()
        _add(router, method, path, endpoint, (signed_in, *form))
    return router


def _add(
    router: APIRouter,
    method: str,
    path: str,
    endpoint: Callable[..., Any],
    checks: tuple[Callable[..., Any], ...],
) -> None:
    router.add_api_route(
        path,
        endpoint,
        methods=[method],
        dependencies=[Depends(check) for check in checks],
        response_class=Response,
        response_model=None,
    )
