"""Signing in with a second factor: after the password, a code that counts once."""

import pyotp
import pytest

from records.models import StaffAccount, StaffSession
from records.staff_accounts import invite, token_hash
from staff.first_account import renew_link
from staff.second_factor import new_recovery_codes
from tests.staff.world import PASSWORD, VAULT, World, sign_in, submit, text_between

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CODES = new_recovery_codes()
CODE_PAGE = "/staff/ma-xac-thuc"


def protected(world: World, username: str = "lan") -> None:
    """An account whose second factor was set up some time ago."""
    world.account(
        username,
        totp_sealed=VAULT.seal(SECRET),
        totp_last_step=0,
        recovery_hashes=[token_hash(code) for code in CODES],
    )


def code(world: World) -> str:
    return pyotp.TOTP(SECRET).at(world.clock())


def at_the_code(world: World):
    """A browser in which the password was right."""
    browser = world.browser()
    sign_in(browser, "lan")
    return browser


def give(browser, typed: str):
    return submit(browser, CODE_PAGE, code=typed)


def test_the_password_alone_opens_nothing(world: World):
    protected(world)
    browser = world.browser()

    answer = sign_in(browser, "lan")

    assert (answer.status_code, answer.headers["location"]) == (303, CODE_PAGE)
    for path in ("/staff", "/staff/tai-khoan", "/staff/xac-thuc", "/staff/tong-quan.csv"):
        assert browser.get(path).headers["location"] == "/staff/dang-nhap"
    assert world.audited() == []


def test_the_code_signs_in_with_a_new_token(world: World):
    protected(world)
    browser = at_the_code(world)
    before = browser.cookies["hvs_staff"]

    answer = give(browser, code(world))

    assert (answer.status_code, answer.headers["location"]) == (303, "/staff")
    assert browser.get("/staff").status_code == 200
    assert browser.cookies["hvs_staff"] != before
    with world.database.read() as session:
        assert [row.awaits_code for row in session.query(StaffSession)] == [False]
    assert world.audited() == [("staff:lan", "signed_in")]


def test_a_code_counts_once(world: World):
    protected(world)
    seen = code(world)
    give(at_the_code(world), seen)

    again = give(at_the_code(world), seen)
    world.clock.advance(seconds=30)
    later = give(at_the_code(world), seen)
    fresh = give(at_the_code(world), code(world))

    assert [answer.status_code for answer in (again, later, fresh)] == [403, 403, 303]


def test_a_code_older_than_the_last_one_is_refused(world: World):
    protected(world)
    older = code(world)
    world.clock.advance(seconds=30)
    give(at_the_code(world), code(world))

    assert give(at_the_code(world), older).status_code == 403


def test_wrong_codes_count_like_wrong_passwords_and_a_right_password_does_not_take_them_back(world: World):
    protected(world)
    browser = at_the_code(world)

    statuses = [give(browser, "000000").status_code for _ in range(4)]
    browser = at_the_code(world)  # the right password once more
    statuses.append(give(browser, "000000").status_code)
    too_early = give(browser, code(world))
    world.clock.advance(seconds=2)
    later = give(browser, code(world))

    assert (statuses, too_early.status_code, later.status_code) == ([403] * 5, 403, 303)
    assert text_between(too_early.text, 'id="error">', "</p>").startswith("Mã chưa đúng hoặc đã dùng rồi.")
    assert world.audited() == [("staff:lan", "sign_in_failed")] * 6 + [("staff:lan", "signed_in")]
    with world.database.read() as session:
        assert session.query(StaffAccount.failures).scalar() == 0


def test_each_recovery_code_signs_in_once(world: World):
    protected(world)

    first = give(at_the_code(world), CODES[3].upper())
    again = give(at_the_code(world), CODES[3])
    other = give(at_the_code(world), CODES[4])

    assert [answer.status_code for answer in (first, again, other)] == [303, 403, 303]
    with world.database.read() as session:
        assert len(session.query(StaffAccount).one().recovery_hashes) == 8


def test_the_database_keeps_neither_the_secret_nor_a_recovery_code(world: World):
    protected(world)

    with world.database.read() as session:
        account = session.query(StaffAccount).one()
        kept = str([account.totp_sealed, account.recovery_hashes])

    assert not [secret for secret in (SECRET, *CODES) if secret in kept]


def test_the_page_waits_ten_minutes_for_the_code(world: World):
    protected(world)
    browser = at_the_code(world)

    world.clock.advance(minutes=10)
    in_time = browser.get(CODE_PAGE).status_code
    world.clock.advance(seconds=1)
    too_late = browser.get(CODE_PAGE)

    assert (in_time, too_late.status_code, too_late.headers["location"]) == (200, 303, "/staff/dang-nhap")


def test_nobody_gets_to_the_page_without_the_password(world: World):
    protected(world)
    signed_in = world.signed_in("minh")

    for browser in (world.browser(), signed_in):
        answer = browser.get(CODE_PAGE)
        assert (answer.status_code, answer.headers["location"]) == (303, "/staff/dang-nhap")


def test_who_was_disabled_meanwhile_gets_no_further(world: World):
    protected(world)
    browser = at_the_code(world)
    browser.get(CODE_PAGE)
    with world.database.write() as session:
        session.query(StaffAccount).update({"is_active": False})

    assert browser.get(CODE_PAGE).headers["location"] == "/staff/dang-nhap"


def test_a_link_for_a_new_password_does_not_get_around_the_code(world: World):
    protected(world)
    with world.database.write() as session:
        token = invite(session, session.query(StaffAccount).one(), now=world.clock())
    browser = world.browser()

    sentence = "bốn con gà nhà bác Tư"
    answer = submit(browser, f"/staff/moi/{token}", password=sentence, password_again=sentence)

    assert answer.headers["location"] == CODE_PAGE
    assert browser.get("/staff").headers["location"] == "/staff/dang-nhap"
    assert give(browser, code(world)).status_code == 303


def test_a_lost_phone_is_forgotten_by_the_administrator_of_the_server(world: World):
    protected(world)

    link = renew_link(
        world.database,
        commune_slug="tan-cuong",
        username="lan",
        now=world.clock(),
        forget_second_factor=True,
    )

    assert sign_in(world.browser(), "lan", PASSWORD).headers["location"] == "/staff"
    assert world.browser().get(link).status_code == 200
    assert world.audited()[:2] == [
        ("command line", "second_factor_removed"),
        ("command line", "staff_invited"),
    ]


def test_with_another_key_ring_recovery_codes_still_work(world: World, caplog: pytest.LogCaptureFixture):
    protected(world)
    with world.database.write() as session:
        session.query(StaffAccount).update({"totp_sealed": b"\0\1" + b"x" * 60})

    refused = give(at_the_code(world), code(world))
    taken = give(at_the_code(world), CODES[0])

    assert (refused.status_code, taken.status_code) == (403, 303)
    assert "recovery codes still work" in caplog.text
