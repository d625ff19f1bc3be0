"""Reports in Chromium: three clicks to the file, nothing for axe to find."""

import datetime as dt
import io
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from docx import Document
from playwright.sync_api import Browser, sync_playwright

from records.database import Database
from tests.staff.test_help_desk_browser import CHROMIUM, RULES, serve
from tests.staff.world import World, build_world


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
    for number in range(9):
        world.lives_in(f"người {number}", "h0" if number < 6 else "h1")
        world.asks(f"người {number}", guide="tt-quet-qr")
    yield world
    world.close()


def test_the_quarter_is_exported_in_three_clicks_from_the_overview(world: World, chromium: Browser):
    client = world.signed_in(role="staff admin")
    context = chromium.new_context(bypass_csp=True, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    serve(page, client)
    page.goto("http://testserver/staff")

    page.get_by_role("link", name="Báo cáo", exact=True).click()
    page.get_by_role("button", name="Quý IV năm 2026").click()
    page.get_by_role("heading", name="Báo cáo quý IV năm 2026").wait_for()
    faults = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    with page.expect_download() as download:
        page.get_by_role("button", name="Tải tệp Word (.docx)").first.click()

    assert download.value.suggested_filename == "bao-cao-2026-10-01-2026-12-31.docx"
    words = Document(io.BytesIO(download.value.path().read_bytes())).paragraphs
    assert "Kết quả thực hiện phong trào “Bình dân học vụ số” quý IV năm 2026" in [
        each.text for each in words
    ]
    assert faults.violations_count == 0, faults.generate_report()
    for address in ("bao-cao", "bao-cao/mau"):
        page.goto(f"http://testserver/staff/{address}")
        faults = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert (faults.violations_count, page.evaluate(overflow)) == (0, 0), faults.generate_report()
    context.close()
