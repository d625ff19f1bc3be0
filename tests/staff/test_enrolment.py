"""Setting up the second factor, and a site that asks everybody for one."""

import re

import pyotp
import pytest

from records.models import StaffAccount
from records.staff_accounts import token_hash
from staff.first_account import first_account_link
from staff.second_factor import recovery_code
from tests.conftest import NOW
from tests.staff.world import PASSWORD, World, build_world, form_token, sign_in, submit, text_between

PAGE = "/staff/xac-thuc"


def offered(page: str) -> tuple[str, str]:
    """(secret as shown, the same sealed in the form)."""
    sealed = re.search(r'name="sealed" value="([0-9a-f]+)"', page)
    assert sealed is not None
    return text_between(page, "<code>", "</code>").replace(" ", ""), sealed[1]


def set_up(world: World, browser, *, password: str = PASSWORD, code: str | None = None):
    page = browser.get(PAGE).text
    secret, sealed = offered(page)
    form = {
        "form_token": form_token(page),
        "sealed": sealed,
        "password": password,
        "code": pyotp.TOTP(secret).at(world.clock()) if code is None else code,
    }
    return secret, browser.post(PAGE, data=form)


def account(world: World) -> StaffAccount:
    with world.database.read() as session:
        return session.query(StaffAccount).one()


def test_a_code_from_the_app_sets_it_up_and_shows_ten_recovery_codes_once(world: World):
    browser = world.signed_in("lan")

    secret, answer = set_up(world, browser)

    shown = [recovery_code(code) for code in re.findall(r"<code>([^<]+)</code>", answer.text)]
    assert (answer.status_code, len(shown)) == (200, 10)
    assert account(world).recovery_hashes == [token_hash(code) for code in shown]
    assert world.audited() == [("staff:lan", "second_factor_set")]
    assert "Bạn còn 10 mã dự phòng chưa dùng." in browser.get("/staff/tai-khoan").text
    world.clock.advance(seconds=30)
    fresh = world.browser()
    assert sign_in(fresh, "lan").headers["location"] == "/staff/ma-xac-thuc"
    typed = pyotp.TOTP(secret).at(world.clock())
    assert submit(fresh, "/staff/ma-xac-thuc", code=typed).status_code == 303


def test_setting_it_up_ends_the_logins_without_it(world: World):
    browser = world.signed_in("lan")
    elsewhere = world.browser()
    sign_in(elsewhere, "lan")

    set_up(world, browser)

    assert [one.get("/staff").status_code for one in (browser, elsewhere)] == [200, 303]


@pytest.mark.parametrize(
    ("password", "code"), [("không phải nó", None), (PASSWORD, "000000"), (PASSWORD, "")]
)
def test_without_the_password_or_a_right_code_nothing_is_set_up(
    world: World, password: str, code: str | None
):
    browser = world.signed_in("lan")

    secret, answer = set_up(world, browser, password=password, code=code)

    assert answer.status_code == 400
    assert offered(answer.text)[0] == secret  # the app need not be set up anew
    assert account(world).totp_sealed is None


def test_the_secret_of_somebody_elses_form_is_not_taken(world: World):
    mine, theirs = world.signed_in("lan"), world.signed_in("minh")
    secret, sealed = offered(theirs.get(PAGE).text)

    answers = [
        submit(mine, PAGE, sealed=one, password=PASSWORD, code=pyotp.TOTP(secret).at(world.clock()))
        for one in (sealed, sealed[:-2] + "00", "", "xyz", secret)
    ]

    assert [answer.status_code for answer in answers] == [400] * 5
    with world.database.read() as session:
        assert [row.totp_sealed for row in session.query(StaffAccount)] == [None, None]


def test_it_can_be_moved_to_another_phone(world: World):
    browser = world.signed_in("lan")
    old, _ = set_up(world, browser)
    world.clock.advance(minutes=1)

    new, answer = set_up(world, browser)

    assert (answer.status_code, old == new) == (200, False)
    world.clock.advance(minutes=1)
    fresh = world.browser()
    sign_in(fresh, "lan")
    statuses = [
        submit(fresh, "/staff/ma-xac-thuc", code=pyotp.TOTP(secret).at(world.clock())).status_code
        for secret in (old, new)
    ]
    assert statuses == [403, 303]


def test_where_it_is_a_choice_it_can_be_turned_off_with_the_password(world: World):
    browser = world.signed_in("lan")
    set_up(world, browser)

    wrong = submit(browser, "/staff/tai-khoan", action=f"{PAGE}/tat", password="không phải nó")
    right = submit(browser, "/staff/tai-khoan", action=f"{PAGE}/tat", password=PASSWORD)

    assert (wrong.status_code, right.status_code) == (403, 303)
    assert (account(world).totp_sealed, account(world).recovery_hashes) == (None, [])
    assert world.audited()[-1] == ("staff:lan", "second_factor_removed")


@pytest.fixture
def public(sqlite_database):
    world = build_world(sqlite_database, NOW, secure_cookies=True, needs_second_factor=True)
    yield world
    world.close()


def test_on_the_internet_everybody_is_led_to_setting_it_up_first(public: World):
    browser = public.signed_in("lan")

    led = {path: browser.get(path).headers.get("location") for path in ("/staff", "/staff/chua-tra-loi.csv")}
    refused = browser.post("/staff/dang-xuat-het", data={"form_token": form_token(browser.get(PAGE).text)})

    assert set(led.values()) == {PAGE}
    assert refused.headers["location"] == PAGE
    assert "Trang này mở ra Internet" in browser.get(PAGE).text
    set_up(public, browser)
    assert browser.get("/staff").status_code == 200


def test_on_the_internet_the_first_account_sets_it_up_right_after_its_password(public: World):
    link = first_account_link(public.database, public.home.id, now=public.clock())
    browser = public.browser()

    sentence = "bốn con gà nhà bác Tư"
    answer = submit(browser, link, password=sentence, password_again=sentence)

    assert answer.headers["location"] == "/staff"
    assert browser.get("/staff").headers["location"] == PAGE


def test_on_the_internet_it_cannot_be_turned_off(public: World):
    browser = public.signed_in("lan")
    set_up(public, browser)
    page = browser.get("/staff/tai-khoan").text

    answer = submit(browser, "/staff/tai-khoan", action=f"{PAGE}/tat", password=PASSWORD)

    assert f'action="{PAGE}/tat"' not in page
    assert answer.status_code == 403
    assert account(public).totp_sealed is not None


def test_who_must_set_it_up_may_sign_out_instead(public: World):
    browser = public.signed_in("lan")

    answer = submit(browser, PAGE, action="/staff/dang-xuat")

    assert answer.headers["location"] == "/staff/dang-nhap"
