"""The pages of the help desk in Chromium: nothing for axe to find, nothing lost on a small screen."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, Route, sync_playwright

from records import handoffs
from records.database import Database
from tests.staff.world import World, build_world, form_token

CHROMIUM = Path("/usr/bin/chromium")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

SMALL = """Array.from(document.querySelectorAll("main button, main select, main input:not([type=hidden])"))
  .filter((each) => Math.min(each.offsetWidth, each.offsetHeight) < 24).map((each) => each.outerHTML)"""


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
    world = build_world(sqlite_database, now)
    yield world
    world.close()


def serve(page: Page, client: TestClient) -> None:
    """Answer the browser with what the site says to the signed-in client."""

    def answer(route: Route) -> None:
        address = urlsplit(route.request.url)
        given = client.request(
            route.request.method,
            f"{address.path}?{address.query}",
            content=route.request.post_data_buffer,
            headers={"Content-Type": route.request.headers.get("content-type", "")},
        )
        route.fulfill(status=given.status_code, headers=dict(given.headers), body=given.content)

    page.route("**/*", answer)


def test_the_pages_can_be_used_by_everybody_on_every_screen(world: World, chromium: Browser):
    hoa = world.volunteer("chị Hoa", hamlets=("h0", "h1"))
    world.volunteer("anh Nam")
    call = world.calls_for_help(
        "bà Hòa", reason="urgent", guide="tt-quet-qr", step=3, question="kêu cứu " * 20
    )
    with world.database.write() as session:
        handoffs.take(session, commune_id=world.home.id, handoff_id=call, volunteer_id=hoa, now=world.clock())
    client = world.signed_in()
    token = form_token(client.get("/staff/tinh-nguyen-vien").text)
    invitation = client.post("/staff/tinh-nguyen-vien", data={"form_token": token, "name": "cô Mai"}).text
    addresses = [
        "dang-cho",
        f"dang-cho/{call}",
        "tinh-nguyen-vien",
        f"tinh-nguyen-vien/{hoa}",
        "thong-bao",
        "thong-bao/moi",
        f"thong-bao/{world.announces('Mời {bác} tối thứ Bảy họp ở nhà văn hóa.')}",
    ]
    found: dict[str, object] = {}

    for width in (320, 1366):
        context = chromium.new_context(bypass_csp=True, viewport={"width": width, "height": 700})
        page = context.new_page()
        serve(page, client)
        for address in [*addresses, "code"]:
            page.goto(f"http://testserver/staff/{address if address != 'code' else 'dang-cho'}")
            if address == "code":
                page.set_content(invitation)
            result = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            small = page.evaluate(SMALL)
            if result.violations_count or overflow or small:
                found[f"{address} at {width} px"] = (result.generate_report(), overflow, small)
        context.close()

    assert found == {}
