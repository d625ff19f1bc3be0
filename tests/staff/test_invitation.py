import threading

import pytest
from argon2 import PasswordHasher

from records import audit, staff_accounts
from records.models import StaffAccount
from staff.first_account import first_account_link
from tests.staff.world import PASSWORD, World, form_token, sign_in, submit, text_between

SENTENCE = "bốn con gà nhà bác Tư"


def _link(world: World) -> str:
    link = first_account_link(world.database, world.home.id, now=world.clock())
    assert link is not None
    return link


def _accept(browser, link: str, password: str = SENTENCE, again: str | None = None):
    return submit(browser, link, password=password, password_again=password if again is None else again)


def test_the_link_sets_the_password_and_signs_in(world: World):
    link, browser = _link(world), world.browser()

    answer = _accept(browser, link)

    assert (answer.status_code, answer.headers["location"]) == (303, "/staff")
    assert browser.get("/staff").status_code == 200
    assert sign_in(world.browser(), "quantri", SENTENCE).status_code == 303
    assert world.audited() == [
        ("command line", "staff_invited"),
        ("staff:quantri", "password_set"),
        ("staff:quantri", "signed_in"),
        ("staff:quantri", "signed_in"),
    ]


def test_the_page_says_whose_account_it_is(world: World):
    page = world.browser().get(_link(world)).text

    assert text_between(page, "</h1>", '<p class="hint">') == (
        "Chào Quản trị. Bạn đặt mật khẩu để vào trang cán bộ (Xã Tân Cương)."
    )
    assert '<input id="username" value="quantri"' in page


def test_opening_the_link_does_not_use_it_up(world: World):
    link = _link(world)

    opened = [world.browser().get(link).status_code for _ in range(3)]

    assert opened == [200, 200, 200]


def test_the_link_works_once(world: World):
    link, slow = _link(world), world.browser()
    token = form_token(slow.get(link).text)
    _accept(world.browser(), link)

    opened = world.browser().get(link)
    sent = slow.post(link, data={"form_token": token, "password": SENTENCE, "password_again": SENTENCE})

    assert (opened.status_code, sent.status_code) == (404, 404)
    assert "Đường dẫn này đã dùng rồi, đã hết hạn hoặc chép chưa đủ." in opened.text


def test_of_many_who_use_the_link_at_once_one_gets_in(world: World, monkeypatch: pytest.MonkeyPatch):
    # Hashing at full cost would bring them to the database one after the other.
    monkeypatch.setattr(staff_accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    link, statuses = _link(world), []
    browsers = [world.browser() for _ in range(8)]
    tokens = [form_token(browser.get(link).text) for browser in browsers]

    def accept(browser, token: str) -> None:
        form = {"form_token": token, "password": SENTENCE, "password_again": SENTENCE}
        statuses.append(browser.post(link, data=form).status_code)

    threads = [threading.Thread(target=accept, args=pair) for pair in zip(browsers, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [303] + [404] * 7
    with world.database.read() as session:
        assert audit.first_broken(session, commune_id=world.home.id) is None


def test_the_link_lasts_two_days(world: World):
    link = _link(world)

    world.clock.advance(hours=47, minutes=59)
    in_time = world.browser().get(link).status_code
    world.clock.advance(minutes=1)
    too_late = world.browser().get(link).status_code

    assert (in_time, too_late) == (200, 404)


def test_the_link_of_a_disabled_account_is_dead(world: World):
    link = _link(world)
    browser = world.browser()
    token = form_token(browser.get(link).text)
    with world.database.write() as session:
        session.query(StaffAccount).update({"is_active": False})

    form = {"form_token": token, "password": SENTENCE, "password_again": SENTENCE}
    answers = (browser.get(link), browser.post(link, data=form))

    assert [answer.status_code for answer in answers] == [404, 404]


def test_setting_a_new_password_ends_the_logins_of_the_old_one(world: World):
    from records.staff_accounts import invite

    browser = world.signed_in("lan")
    with world.database.write() as session:
        token = invite(session, session.query(StaffAccount).one(), now=world.clock())

    _accept(world.browser(), f"/staff/moi/{token}")

    assert browser.get("/staff").status_code == 303
    assert sign_in(world.browser(), "lan", PASSWORD).status_code == 403


@pytest.mark.parametrize(
    ("password", "again", "message"),
    [
        ("mười một chữ"[:11], None, "Mật khẩu còn ngắn, cần ít nhất 12 ký tự."),
        ("x" * 257, None, "Mật khẩu quá dài, nhiều nhất là 256 ký tự."),
        (
            "Binh Dan Hoc Vu So",
            None,
            "Mật khẩu này nhiều người dùng nên dễ bị đoán. Hãy chọn mật khẩu khác.",
        ),
        (SENTENCE, SENTENCE + ".", "Hai lần gõ mật khẩu chưa giống nhau. Hãy gõ lại cả hai ô."),
    ],
)
def test_a_password_that_will_not_do_is_explained_and_the_link_stays_good(
    world: World, password: str, again: str | None, message: str
):
    link, browser = _link(world), world.browser()

    answer = _accept(browser, link, password, again)

    assert answer.status_code == 400
    assert text_between(answer.text, 'id="error">', "</p>") == message
    assert _accept(browser, link).status_code == 303


@pytest.mark.parametrize("password", ["mười hai chữ", "x" * 64, "cá " * 80, "😀" * 12])
def test_length_is_all_that_is_asked_for(world: World, password: str):
    link = _link(world)

    assert _accept(world.browser(), link, password).status_code == 303
    assert sign_in(world.browser(), "quantri", password).status_code == 303
