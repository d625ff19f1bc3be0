"""The main job in a real browser: ask, walk a guide, name the hamlet; staff see one of each."""

import re
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.bot.serving import serving

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "mot-mat-khau-rat-dai-2026"


def test_a_resident_walks_a_guide_and_staff_find_one_question_and_one_completion(tmp_path: Path):
    with serving(tmp_path) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        resident = browser.new_context(viewport={"width": 360, "height": 740}, locale="vi-VN").new_page()
        resident.goto(server.url)
        _say(resident, "quen mat khau vneid lam sao", "Bước 1/7.")
        for number in range(2, 8):
            _press(resident, "1. Xong rồi", f"Bước {number}/7.")
        _press(resident, "1. Xong rồi", "màn hình đã vào trang chính chưa ạ?")
        _press(resident, "1. Có rồi", "bác ở xóm nào ạ?")
        _say(resident, "xom 3", "Dạ cháu ghi bác ở Xóm 3 ạ.")

        staff = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN").new_page()
        staff.goto(server.first_link())
        for field in staff.locator("input[type=password]").all():
            field.fill(PASSWORD)
        staff.locator("main button").last.click()
        staff.wait_for_url(re.compile(r"/staff(\?.*)?$"))
        counts = staff.get_by_role("table").filter(has=staff.get_by_role("columnheader", name="Câu hỏi"))
        by_hamlet = counts.filter(has=staff.get_by_role("rowheader", name="Xóm 3", exact=True)).first
        row = by_hamlet.get_by_role("row").filter(
            has=staff.get_by_role("rowheader", name="Xóm 3", exact=True)
        )
        headers = by_hamlet.get_by_role("columnheader").all_inner_texts()
        cells = row.locator("th, td").all_inner_texts()
        browser.close()

    counted = dict(zip(headers, cells, strict=True))
    assert (counted["Câu hỏi"], counted["Việc làm được"]) == ("1", "1"), counted


def _say(page: Page, text: str, expected: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name="Gửi", exact=True).click()
    page.get_by_role("log").get_by_text(expected).last.wait_for()


def _press(page: Page, label: str, expected: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()
    page.get_by_role("log").get_by_text(expected).last.wait_for()
