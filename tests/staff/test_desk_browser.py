"""The overview and its lists in Chromium: nothing for axe to find, and work done in few clicks."""

import datetime as dt
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from records.database import Database
from tests.staff.test_help_desk_browser import CHROMIUM, RULES, SMALL, serve
from tests.staff.world import World, build_world

VNEID, QR = "vneid-quen-mat-khau", "tt-quet-qr"
PAGES = ("", "?ban=in", "/cau-hoi", "/loi-nho", "/nguoi-duoc-giup", "/theo-huong-dan")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: install the Debian package 'chromium'")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def world(sqlite_database: Database, now: dt.datetime) -> Iterator[World]:
    """Much is asked in Nam Đồng, little in Gò Pháo, nothing in Soi Vàng; two people wait."""
    world = build_world(sqlite_database, now)
    for name, hamlet, questions in (("bà Hòa", "h0", 60), ("ông Tư", "h1", 2)):
        world.lives_in(name, hamlet)
        for number in range(questions):
            world.asks(name, f"câu {number}", guide=VNEID, at=now - dt.timedelta(hours=number))
        world.completes(name, QR)
        world.calls_for_help(name, guide=QR, step=2, at=now - dt.timedelta(hours=questions))
    yield world
    world.close()


def opened(world: World, chromium: Browser, width: int = 1366) -> Page:
    page = chromium.new_context(bypass_csp=True, viewport={"width": width, "height": 768}).new_page()
    serve(page, world.signed_in(f"lan{width}"))
    return page


def test_the_pages_can_be_used_by_everybody_on_every_screen(world: World, chromium: Browser):
    found: dict[str, object] = {}

    for width in (320, 1366):
        page = opened(world, chromium, width)
        for path in PAGES:
            page.goto(f"http://testserver/staff{path}")
            page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
            result = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            small = page.evaluate(SMALL)
            if result.violations_count or overflow or small:
                found[f"{path} at {width} px"] = (result.generate_report(), overflow, small)
        page.context.close()

    assert found == {}


def test_the_call_that_waits_longest_is_one_click_away(world: World, chromium: Browser):
    page = opened(world, chromium)
    page.goto("http://testserver/staff")

    page.get_by_role("link", name="Chờ lâu nhất").click()

    assert "/staff/dang-cho/" in page.url
    assert "Nam Đồng" in page.inner_text("main")  # 60 hours, against 2
    page.context.close()


def test_the_hamlet_that_uses_it_least_and_what_it_asked_is_two_clicks_away(world: World, chromium: Browser):
    page = opened(world, chromium)
    page.goto("http://testserver/staff")

    page.get_by_role("link", name="Xếp nơi ít dùng nhất lên đầu").click()
    hamlets = page.locator("#theo-thon tbody th").all_inner_texts()
    page.locator("#theo-thon").get_by_role("link", name="Gò Pháo").click()

    assert hamlets == ["Soi Vàng", "Gò Pháo", "Nam Đồng"]
    assert page.locator("#theo-thon tbody td").nth(1).inner_text() == "2"
    page.context.close()


def test_the_filters_work_by_the_form_alone(world: World, chromium: Browser):
    page = opened(world, chromium)
    page.goto("http://testserver/staff")

    page.select_option("#xom", label="Nam Đồng")
    page.fill("#tu", "22/11/2026")
    page.fill("#den", "22/11/2026")
    page.get_by_role("button", name="Xem").click()

    assert page.locator(".days").first.inner_text() == "Từ 22/11/2026 đến hết 22/11/2026"
    assert page.locator("#theo-thon tbody tr").count() == 1
    assert page.locator("#theo-thon tbody td").nth(1).inner_text() == "16"  # since midnight, one an hour
    page.context.close()
