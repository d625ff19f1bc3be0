"""The staff site as one router: every address of it stands here.

What is not in `PUBLIC` needs a sign-in, and every POST checks its form, by being listed. Tries of
passwords, codes and links are counted before anything is looked up.
"""

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any

from fastapi import APIRouter, Depends, Response

from knowledge.lessons import Paths
from knowledge.library import Library
from knowledge.phrases import Phrases
from records.database import Database
from records.retention import Periods
from records.vault import Vault
from staff import (
    breaches,
    code,
    data_desk,
    enrolment,
    invitation,
    my_account,
    overview,
    processing,
    requests,
    sign_in,
    stylesheet,
    unanswered,
    volunteers,
    waiting,
)
from staff.access import check_public_form, check_staff_form, count_try, signed_in, signed_in_at_all
from staff.route import route_class
from staff.site import PREFIX, HelpLine, Mask, Site

MAX_FORM_BYTES = 64 * 1024
DEFAULT_PERIODS = Periods()
NO_PATHS = Paths()

_Route = tuple[str, str, Callable[..., Any]]

PUBLIC: tuple[_Route, ...] = (
    ("GET", stylesheet.PATH, stylesheet.show),
    ("GET", "/dang-nhap", sign_in.show),
    ("POST", "/dang-nhap", sign_in.submit),
    ("GET", "/ma-xac-thuc", code.show),
    ("POST", "/ma-xac-thuc", code.submit),
    ("GET", "/moi/{token}", invitation.show),
    ("POST", "/moi/{token}", invitation.submit),
)
# Open before the second factor is set up where one is needed.
FIRST_STEPS: tuple[_Route, ...] = (
    ("POST", "/dang-xuat", sign_in.sign_out),
    ("GET", "/xac-thuc", enrolment.show),
    ("POST", "/xac-thuc", enrolment.set_up),
)
INSIDE: tuple[_Route, ...] = (
    ("GET", "/tai-khoan", my_account.show),
    ("POST", "/tai-khoan/mat-khau", my_account.change_password),
    ("POST", "/xac-thuc/tat", enrolment.turn_off),
    ("POST", "/dang-xuat-het", my_account.sign_out_everywhere),
    ("GET", "", overview.show),
    ("GET", "/tong-quan.csv", overview.export),
    ("POST", "/can-giup/{handoff_id}/da-giup", overview.close),
    ("GET", "/chua-tra-loi", unanswered.show),
    ("GET", "/chua-tra-loi.csv", unanswered.export),
    ("GET", "/dang-cho", waiting.show),
    ("GET", "/dang-cho/{handoff_id}", waiting.show_one),
    ("POST", "/dang-cho/{handoff_id}/khep", waiting.close),
    ("POST", "/dang-cho/{handoff_id}/giao", waiting.give),
    ("GET", "/tinh-nguyen-vien", volunteers.show),
    ("POST", "/tinh-nguyen-vien", volunteers.invite),
    ("GET", "/tinh-nguyen-vien/{volunteer_id}", volunteers.show_one),
    ("POST", "/tinh-nguyen-vien/{volunteer_id}", volunteers.switch),
    ("POST", "/tinh-nguyen-vien/{volunteer_id}/dia-ban", volunteers.set_hamlets),
    ("POST", "/tinh-nguyen-vien/{volunteer_id}/ma-moi", volunteers.renew_code),
    ("GET", "/du-lieu-ca-nhan", data_desk.show),
    ("GET", "/yeu-cau", requests.show_form),
    ("POST", "/yeu-cau", requests.add),
    ("GET", "/yeu-cau/{request_id}", requests.show),
    ("POST", "/yeu-cau/{request_id}", requests.act),
    ("GET", "/yeu-cau/{request_id}/du-lieu.txt", requests.text_file),
    ("GET", "/yeu-cau/{request_id}/du-lieu.json", requests.json_file),
    ("GET", "/su-co", breaches.show_form),
    ("POST", "/su-co", breaches.add),
    ("GET", "/su-co/{breach_id}", breaches.show),
    ("POST", "/su-co/{breach_id}", breaches.change),
    ("POST", "/su-co/{breach_id}/danh-dau", breaches.mark),
    ("GET", "/su-co/{breach_id}/mau-08", breaches.show_notice),
    ("GET", "/ho-so-xu-ly", processing.show),
)


def build_staff_router(
    database: Database,
    phrases: Phrases,
    library: Callable[[], Library],
    *,
    vault: Vault,
    clock: Callable[[], dt.datetime],
    secure_cookies: bool,
    mask: Mask,
    needs_second_factor: bool = False,
    periods: Periods = DEFAULT_PERIODS,
    days_off: Collection[dt.date] = (),
    help_line: HelpLine | None = None,
    paths: Paths = NO_PATHS,
) -> APIRouter:
    """The router to include in the application; it brings its own prefix, /staff.

    `library` is called for each page, so that it may return a newer one; `clock` returns aware
    times. `secure_cookies` says that the site is on https; with `needs_second_factor` nobody gets
    further than setting one up. `vault` seals its secrets. `mask` masks what staff type into free
    text. `periods` and `days_off` are what the settings say is kept, and when nobody works.
    `help_line` tells residents and volunteers what staff did with a call. `paths` say what has to
    be done to reach the first level.
    """
    site = Site(
        database,
        phrases,
        library,
        vault=vault,
        clock=clock,
        secure_cookies=secure_cookies,
        needs_second_factor=needs_second_factor,
        mask=mask,
        periods=periods,
        days_off=days_off,
        help_line=help_line,
        paths=paths,
    )
    router = APIRouter(
        prefix=PREFIX,
        route_class=route_class(site),
        include_in_schema=False,
        max_body_size=MAX_FORM_BYTES,
    )
    for method, path, endpoint in PUBLIC:
        _add(router, method, path, endpoint, (check_public_form, count_try) if method == "POST" else ())
    for routes, check in ((FIRST_STEPS, signed_in_at_all), (INSIDE, signed_in)):
        for method, path, endpoint in routes:
            form = (check_staff_form,) if method == "POST" else ()
            _add(router, method, path, endpoint, (check, *form))
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
