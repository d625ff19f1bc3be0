import datetime as dt
import threading
from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from sqlalchemy import select

from records import audit, staff_accounts
from records.database import Database
from records.models import StaffAccount, StaffSession
from tests.staff.world import PASSWORD, World, build_world, form_token, sign_in, submit, text_between

WRONG = "không phải mật khẩu này"


def test_the_right_password_signs_in_and_opens_the_overview(world: World):
    world.account("lan")
    browser = world.browser()

    answer = sign_in(browser, "lan")

    assert (answer.status_code, answer.headers["location"]) == (303, "/staff")
    assert browser.get("/staff").status_code == 200
    assert world.audited() == [("staff:lan", "signed_in")]


def test_a_username_may_be_typed_in_capitals_and_with_spaces(world: World):
    world.account("lan")

    assert sign_in(world.browser(), "  LAN ").status_code == 303


def test_a_password_typed_with_separate_marks_is_the_same_password(world: World):
    import unicodedata

    world.account("lan")

    answer = sign_in(world.browser(), "lan", unicodedata.normalize("NFD", PASSWORD))

    assert answer.status_code == 303


def test_the_login_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World):
    world.account("lan")

    cookies = sign_in(world.browser(), "lan").headers.get_list("set-cookie")

    token, attributes = cookies[0].split("; ", 1)
    assert token.startswith("hvs_staff=")
    assert attributes == "HttpOnly; Path=/staff; SameSite=strict"


def test_on_https_the_cookies_are_marked_secure(sqlite_database: Database, now: dt.datetime):
    world = build_world(sqlite_database, now, secure_cookies=True)

    world.account("lan")
    browser = world.browser()

    form = browser.get("/staff/dang-nhap").headers.get_list("set-cookie")
    login = sign_in(browser, "lan").headers.get_list("set-cookie")

    assert [cookie.split("=", 1)[0] for cookie in (*form, *login)] == [
        "__Host-hvs_staff_form",
        "__Host-hvs_staff",
        "__Host-hvs_staff_form",
    ]
    assert {cookie.split("; ", 1)[1] for cookie in (*form, login[0])} == {
        "HttpOnly; Path=/; SameSite=strict; Secure"
    }
    assert browser.get("/staff").status_code == 200
    world.close()


def test_the_database_keeps_no_token_that_a_cookie_could_be_made_of(world: World):
    world.account("lan")
    browser = world.browser()
    sign_in(browser, "lan")

    with world.database.read() as session:
        kept = session.scalars(select(StaffSession.token_hash)).all()

    assert len(kept) == 1
    assert browser.cookies["hvs_staff"] not in kept


def test_signing_in_makes_a_new_token_whatever_cookie_the_browser_came_with(world: World):
    world.account("lan")
    browser = world.browser()
    browser.cookies.set("hvs_staff", "chosen-by-somebody-else", domain="testserver.local", path="/staff")

    sign_in(browser, "lan")

    planted = world.browser()
    planted.cookies.set("hvs_staff", "chosen-by-somebody-else", domain="testserver.local", path="/staff")
    assert planted.get("/staff").headers["location"] == "/staff/dang-nhap"
    assert browser.cookies["hvs_staff"] != "chosen-by-somebody-else"


def test_signing_in_again_ends_the_login_the_browser_had(world: World):
    world.account("lan")
    browser = world.browser()
    page = browser.get("/staff/dang-nhap").text
    form = {"form_token": form_token(page), "username": "lan", "password": PASSWORD}
    cookie = browser.cookies["hvs_staff_form"]
    browser.post("/staff/dang-nhap", data=form)
    first = browser.cookies["hvs_staff"]
    browser.cookies.set("hvs_staff_form", cookie, domain="testserver.local", path="/staff")

    browser.post("/staff/dang-nhap", data=form)

    old = world.browser()
    old.cookies.set("hvs_staff", first, domain="testserver.local", path="/staff")
    assert old.get("/staff").status_code == 303
    assert browser.get("/staff").status_code == 200


def test_who_is_signed_in_is_not_asked_again(world: World):
    answer = world.signed_in().get("/staff/dang-nhap")

    assert (answer.status_code, answer.headers["location"]) == (303, "/staff")


def test_signing_out_ends_the_login_for_good(world: World):
    browser = world.signed_in("lan")
    token = browser.cookies["hvs_staff"]

    answer = browser.post("/staff/dang-xuat", data={"form_token": form_token(browser.get("/staff").text)})

    kept = world.browser()
    kept.cookies.set("hvs_staff", token, domain="testserver.local", path="/staff")
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/dang-nhap")
    assert "hvs_staff" not in browser.cookies
    assert kept.get("/staff").status_code == 303
    assert world.audited() == [("staff:lan", "signed_out")]


def _message(answer) -> str:
    return text_between(answer.text, 'role="alert">', "</p>")


def test_unknown_names_and_wrong_passwords_get_the_same_answer(world: World):
    world.account("lan")
    world.account("off", is_active=False)
    world.account("new", password_hash=None)
    tries = [("lan", WRONG), ("nobody", WRONG), ("off", PASSWORD), ("new", PASSWORD)]

    answers = [sign_in(world.browser(), *one) for one in tries]

    assert {(answer.status_code, _message(answer)) for answer in answers} == {
        (
            403,
            "Tên đăng nhập hoặc mật khẩu chưa đúng. Nếu đã thử nhiều lần, hãy đợi vài phút rồi thử lại.",
        )
    }
    assert world.audited() == [(f"staff:{name}", "sign_in_failed") for name in ("lan", "off", "new")]


class CountingHasher(PasswordHasher):
    """Notes how much work each comparison asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.compared: list[Parameters] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  its name there
        self.compared.append(extract_parameters(str(hash)))
        return super().verify(hash, password)


def test_an_unknown_name_takes_the_work_of_a_known_one(world: World, monkeypatch: pytest.MonkeyPatch):
    """What it takes in time is in benchmarks/sign_in.py."""
    world.account("lan")
    hasher = CountingHasher()
    monkeypatch.setattr(staff_accounts, "_hasher", hasher)

    for username in ("lan", "nobody"):
        sign_in(world.browser(), username, WRONG)

    (known, unknown) = hasher.compared
    assert known == unknown


def test_after_five_wrong_passwords_even_the_right_one_must_wait(world: World):
    world.account("lan")
    for _ in range(5):
        sign_in(world.browser(), "lan", WRONG)

    too_early = sign_in(world.browser(), "lan")
    world.clock.advance(seconds=2)
    later = sign_in(world.browser(), "lan")

    assert (too_early.status_code, later.status_code) == (403, 303)


def test_each_further_wrong_password_doubles_the_wait(world: World):
    key = world.account("lan")
    waits = []
    for _ in range(8):
        sign_in(world.browser(), "lan", WRONG)
        with world.database.read() as session:
            locked_until = session.get_one(StaffAccount, key).locked_until
        waits.append((locked_until - world.clock()).total_seconds() if locked_until else 0)
        world.clock.now = locked_until or world.clock.now

    assert waits == [0, 0, 0, 0, 2, 4, 8, 16]


def test_a_right_password_takes_the_count_back(world: World):
    key = world.account("lan", failures=4)

    sign_in(world.browser(), "lan")

    with world.database.read() as session:
        account = session.get_one(StaffAccount, key)
        assert (account.failures, account.locked_until) == (0, None)


def test_guesses_sent_at_the_same_moment_do_not_slip_through_together(world: World):
    world.account("lan")
    browsers = [world.browser() for _ in range(10)]
    threads = [threading.Thread(target=sign_in, args=(browser, "lan", WRONG)) for browser in browsers]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert world.audited() == [("staff:lan", "sign_in_failed")] * 5
    with world.database.read() as session:
        assert audit.first_broken(session, commune_id=world.home.id) is None


def test_a_name_that_several_communes_have_asks_for_the_commune(world: World):
    world.account("lan", commune=world.home)
    world.account("lan", commune=world.other)
    browser = world.browser()

    asked = sign_in(browser, "lan")
    answer = sign_in(browser, "lan", commune="dai-tu")

    assert _message(asked) == "Tên này có ở nhiều nơi. Hãy chọn xã, phường rồi gõ lại mật khẩu."
    assert text_between(asked.text, '<select id="commune" name="commune" required>', "</select>") == (
        "Chọn xã, phường Xã Tân Cương Xã Đại Từ"
    )
    assert answer.status_code == 303
    assert "Xã Đại Từ" in browser.get("/staff").text
    assert (world.audited(world.home), world.audited(world.other)) == ([], [("staff:lan", "signed_in")])


@pytest.mark.parametrize("fields", [{"username": "la\0n"}, {"username": "lan", "commune": "\0"}])
def test_a_zero_character_is_no_text(world: World, fields: dict[str, str]):
    world.account("lan")

    assert submit(world.browser(), "/staff/dang-nhap", password=PASSWORD, **fields).status_code == 400


@pytest.mark.parametrize("commune", ["dai-tu", "no-such-place"])
def test_a_name_is_not_found_in_a_commune_that_lacks_it(world: World, commune: str):
    world.account("lan", commune=world.home)

    assert sign_in(world.browser(), "lan", commune=commune).status_code == 403


def hash_cheaply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing at full cost would take minutes; what is counted are passwords that are checked at all."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(staff_accounts, "_hasher", cheap)
    monkeypatch.setattr(staff_accounts, "_NOBODY", cheap.hash("nobody"))


def test_a_thousand_guesses_from_one_address_come_to_twenty_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    hash_cheaply(monkeypatch)
    browser = world.browser("203.0.113.7")
    form = {"form_token": form_token(browser.get("/staff/dang-nhap").text), "password": WRONG}

    answers = []
    for number in range(1_000):
        answers.append(browser.post("/staff/dang-nhap", data={**form, "username": f"name-{number}"}))
        world.clock.advance(seconds=0.24)  # a thousand in four minutes

    statuses = [answer.status_code for answer in answers]
    per_minute = [statuses[at : at + 250].count(403) for at in range(0, 1_000, 250)]
    assert per_minute == [20, 20, 20, 20]
    assert statuses.count(429) == 920
    assert answers[20].headers["retry-after"] == "56"
    assert "Có quá nhiều lần thử từ mạng của bạn." in answers[20].text


def test_guesses_at_one_name_from_everywhere_wait_longer_and_longer(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    hash_cheaply(monkeypatch)
    world.account("lan")
    browsers = [world.browser(f"203.0.113.{number}") for number in range(10)]
    form = {"username": "lan", "password": WRONG}
    tokens = [form_token(browser.get("/staff/dang-nhap").text) for browser in browsers]

    for number in range(300):
        browser, token = browsers[number % 10], tokens[number % 10]
        browser.post("/staff/dang-nhap", data={**form, "form_token": token})
        world.clock.advance(seconds=12)  # three hundred in an hour

    assert len(world.audited()) == 16  # 5 at once, then after 2, 4, 8 … 900 s: never for good
    world.clock.advance(minutes=15)
    monkeypatch.undo()
    assert sign_in(world.browser("203.0.113.99"), "lan").status_code == 303


def test_a_neighbour_in_the_network_is_not_held_up(world: World):
    world.account("lan")
    attacker, neighbour = world.browser("2001:db8:1:2::bad"), world.browser("2001:db8:1:3::1")
    form = {"form_token": form_token(attacker.get("/staff/dang-nhap").text), "username": "\0"}
    for _ in range(20):
        attacker.post("/staff/dang-nhap", data=form)
    same_house = world.browser("2001:db8:1:2::cafe")

    assert sign_in(same_house, "lan").status_code == 429
    assert sign_in(neighbour, "lan").status_code == 303
