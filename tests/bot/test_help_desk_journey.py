"""Three people in real browsers: staff invite a volunteer, a resident calls, the two talk, staff see it."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.bot.serving import serving
from tests.bot.test_journey import CHROMIUM, FLAGS, PASSWORD


def test_a_resident_is_helped_by_a_volunteer_whom_staff_invited(tmp_path: Path):
    with serving(tmp_path) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        staff = _page(browser, server.first_link())
        for field in staff.locator("input[type=password]").all():
            field.fill(PASSWORD)
        staff.locator("main button").last.click()
        staff.get_by_role("link", name="Danh sách", exact=True).click()
        staff.get_by_role("link", name="Tình nguyện viên", exact=True).click()
        staff.get_by_label("Tên mà bà con sẽ thấy").fill("chị Hoa")
        staff.get_by_role("checkbox", name="Xóm 3").check()
        staff.get_by_role("button", name="Mời và lấy mã").click()
        code = staff.locator("main code").inner_text()

        volunteer = _page(browser, server.url)
        _say(volunteer, code)
        _hears(volunteer, "chị Hoa")
        resident = _page(browser, f"{server.url}/?xom=xom-3")
        _say(resident, "0")
        _hears(resident, "người")

        _hears(volunteer, "Có người cần giúp", later=True)
        volunteer.get_by_role("button", name="1. Nhận").click()
        _hears(volunteer, "Đã nhận việc")
        _hears(resident, "chị Hoa", later=True)
        _say(volunteer, "Bác đang xem màn hình nào ạ")
        _hears(resident, "Bác đang xem màn hình nào ạ", later=True)
        _say(resident, "màn hình đăng nhập")
        _hears(volunteer, "màn hình đăng nhập", later=True)

        staff.goto(f"{server.url}/staff/dang-cho")
        row = staff.locator("#loi-nho tbody tr")
        expect(row).to_contain_text("Xóm 3")
        expect(row).to_contain_text("Đã trả lời")
        expect(row).to_contain_text("chị Hoa")
        row.get_by_role("link").click()
        staff.get_by_role("button", name="Khép").click()
        expect(staff.locator("#dien-bien")).to_contain_text("Khép lại")
        _hears(resident, "đã khép lời nhờ giúp của bác", later=True)
        _hears(volunteer, "cán bộ đã khép", later=True)
        said = resident.locator("#log .said").all_inner_texts()
        browser.close()

    assert [len([text for text in said if words in text]) for words in ("màn hình nào", "đã khép")] == [1, 1]


def _page(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1024, "height": 768}, locale="vi-VN").new_page()
    page.clock.install()
    page.goto(address)
    return page


def _say(page: Page, text: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect(page.locator("#outbox .entry")).to_have_count(0)


def _hears(page: Page, words: str, *, later: bool = False) -> None:
    """`later`: unasked, when the page looks for it the next time."""
    if later:
        page.clock.fast_forward(20_000)
    expect(page.locator("#log .assistant", has_text=words).last).to_be_visible()
