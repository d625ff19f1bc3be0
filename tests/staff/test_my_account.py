import pytest

from records.models import StaffAccount
from tests.staff.world import PASSWORD, World, sign_in, submit, table, text_between

SENTENCE = "bốn con gà nhà bác Tư"
PAGE, CHANGE = "/staff/tai-khoan", "/staff/tai-khoan/mat-khau"


def change(browser, now: str = PASSWORD, new: str = SENTENCE, again: str | None = None):
    fields = {"password_now": now, "password": new, "password_again": new if again is None else again}
    return submit(browser, PAGE, action=CHANGE, **fields)


def test_the_password_is_changed_and_other_logins_end(world: World):
    here = world.signed_in("lan")
    elsewhere = world.browser()
    sign_in(elsewhere, "lan")
    before = here.cookies["hvs_staff"]

    answer = change(here)

    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/tai-khoan?xong=1")
    assert "Đã đổi mật khẩu." in here.get("/staff/tai-khoan?xong=1").text
    assert here.cookies["hvs_staff"] != before
    assert elsewhere.get("/staff").status_code == 303
    assert sign_in(world.browser(), "lan", PASSWORD).status_code == 403
    assert sign_in(world.browser(), "lan", SENTENCE).status_code == 303
    assert ("staff:lan", "password_changed") in world.audited()


@pytest.mark.parametrize(
    ("typed", "new", "again", "message"),
    [
        ("không phải nó", SENTENCE, None, "Mật khẩu đang dùng chưa đúng."),
        (PASSWORD, "ngắn", None, "Mật khẩu còn ngắn"),
        (PASSWORD, "matkhau123456!", None, "Mật khẩu này nhiều người dùng"),
        (PASSWORD, "Xã Tân Cương 2026", None, "Mật khẩu này gần như chỉ có tên"),
        (PASSWORD, "can-bo-lan-1990", None, "Mật khẩu này gần như chỉ có tên"),
        (PASSWORD, SENTENCE, SENTENCE + ".", "Hai lần gõ mật khẩu chưa giống nhau."),
    ],
    ids=["wrong", "short", "common", "commune", "own-name", "differs"],
)
def test_what_will_not_do_is_explained_and_changes_nothing(
    world: World, typed: str, new: str, again: str | None, message: str
):
    browser = world.signed_in("lan")

    answer = change(browser, typed, new, again)

    assert answer.status_code == 400
    assert text_between(answer.text, 'id="error">', "</p>").startswith(message)
    assert sign_in(world.browser(), "lan", PASSWORD).status_code == 303


def test_guessing_the_password_in_a_strangers_open_browser_is_slowed_down(world: World):
    browser = world.signed_in("lan")
    for _ in range(5):
        change(browser, "không phải nó")

    too_early = change(browser)
    world.clock.advance(seconds=2)
    later = change(browser)

    assert (too_early.status_code, later.status_code) == (400, 303)


def test_one_sees_where_one_is_signed_in(world: World):
    here = world.signed_in("lan")
    world.clock.advance(minutes=5)
    elsewhere = world.browser()
    sign_in(elsewhere, "lan")
    world.signed_in("minh")

    rows = table(here.get(PAGE).text, "dang-nhap")

    assert rows == [
        ["22/11/2026 15:35", "22/11/2026 15:35"],
        ["22/11/2026 15:30 (máy này)", "22/11/2026 15:35"],
    ]


def test_signing_out_everywhere_ends_every_login_of_the_account_and_no_other(world: World):
    here, colleague = world.signed_in("lan"), world.signed_in("minh")
    elsewhere = world.browser()
    sign_in(elsewhere, "lan")

    answer = submit(here, PAGE, action="/staff/dang-xuat-het")

    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/dang-nhap")
    assert answer.headers["clear-site-data"] == '"cache"'
    assert [browser.get("/staff").status_code for browser in (here, elsewhere, colleague)] == [303, 303, 200]
    assert world.audited()[-1] == ("staff:lan", "signed_out_everywhere")


def test_the_account_page_is_a_link_on_every_page_and_signing_out_is_too(world: World):
    browser = world.signed_in("lan")

    for path in ("/staff", "/staff/chua-tra-loi", PAGE, "/staff/xac-thuc"):
        page = browser.get(path).text
        assert 'href="/staff/tai-khoan"' in page
        assert 'action="/staff/dang-xuat"' in page


def test_a_disabled_account_changes_nothing_any_more(world: World):
    browser = world.signed_in("lan")
    browser.get(PAGE)
    with world.database.write() as session:
        session.query(StaffAccount).update({"is_active": False})

    assert browser.post(CHANGE, data={"password": SENTENCE}).headers["location"] == "/staff/dang-nhap"
