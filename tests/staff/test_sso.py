"""Signing in with the account of one's office, against a faithful service and against cheats."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc.jwk import OctKey, RSAKey

from records.database import Database
from records.models import StaffAccount
from staff.sso import OpenIdSignOn
from tests.fakes.oidc import CLIENT_ID, CLIENT_SECRET, FakeOidc
from tests.staff.world import World, build_world, sign_in, submit

BEGIN, BACK = "/staff/dang-nhap-co-quan", "/staff/dang-nhap-co-quan/ve"
EMAIL = "lan@xa.example.vn"


@pytest.fixture
def oidc(now: dt.datetime) -> Iterator[FakeOidc]:
    with FakeOidc(int(now.timestamp())) as fake:
        yield fake


@pytest.fixture
def world(sqlite_database: Database, now: dt.datetime, oidc: FakeOidc) -> Iterator[World]:
    world = build_world(sqlite_database, now, sso=OpenIdSignOn(oidc.url, CLIENT_ID, CLIENT_SECRET))
    yield world
    world.close()


def go(oidc: FakeOidc, browser) -> str:
    """Out to the service and its answer: the path to come back with."""
    address = urlsplit(oidc.sign_in(browser.get(BEGIN).headers["location"]))
    assert address.path == BACK
    return f"{address.path}?{address.query}"


def come_back(oidc: FakeOidc, browser):
    return browser.get(go(oidc, browser))


def lan(world: World, **changes: Any) -> tuple[int, int]:
    return world.account("lan", **({"sso_email": EMAIL} | changes))


def is_in(browser) -> bool:
    return browser.get("/staff/tai-khoan").status_code == 200


def test_who_an_administrator_linked_gets_in_and_is_known_by_the_services_own_name_from_then_on(
    world: World, oidc: FakeOidc
):
    key = lan(world)
    first, later = world.browser(), world.browser()

    done = come_back(oidc, first)
    oidc.claims = {"email": "other@xa.example.vn"}
    come_back(oidc, later)

    assert (done.status_code, is_in(first), is_in(later)) == (200, True, True)
    assert 'content="0;url=/staff"' in done.text
    with world.database.read() as session:
        subject = session.get_one(StaffAccount, key).sso_subject
    assert subject is not None
    assert "person-1" not in subject
    assert [action for _, action in world.audited()] == ["sso_pinned", "signed_in", "signed_in"]


def test_an_address_that_went_to_somebody_else_opens_nothing(world: World, oidc: FakeOidc):
    lan(world)
    come_back(oidc, world.browser())
    oidc.claims = {"sub": "person-2"}
    stranger = world.browser()

    answer = come_back(oidc, stranger)

    assert (answer.status_code, is_in(stranger)) == (403, False)
    assert "chưa được nối với tài khoản nào" in answer.text


@pytest.mark.parametrize(
    "changes",
    [
        {"sso_email": None},
        {"sso_email": "minh@xa.example.vn"},
        {"is_active": False},
        {"password_hash": None},
    ],
)
def test_an_account_that_is_not_linked_or_cannot_sign_in_is_not_opened(
    world: World, oidc: FakeOidc, changes: dict[str, Any]
):
    lan(world, **changes)
    browser = world.browser()

    assert come_back(oidc, browser).status_code == 403
    assert not is_in(browser)


def test_two_accounts_of_one_address_open_neither(world: World, oidc: FakeOidc):
    lan(world)
    world.account("lan", commune=world.other, sso_email=EMAIL)
    browser = world.browser()

    assert come_back(oidc, browser).status_code == 403
    assert not is_in(browser)


@pytest.mark.parametrize("verified", [False, "true", None])
def test_an_address_the_service_has_not_verified_says_nothing(world: World, oidc: FakeOidc, verified: Any):
    lan(world)
    oidc.claims = {"email_verified": verified}
    browser = world.browser()

    assert come_back(oidc, browser).status_code == 403
    assert not is_in(browser)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another try"},
        {"nonce": None},
        {"aud": "another program"},
        {"aud": ["another program"]},
        {"aud": None},
        {"iss": "http://127.0.0.1:1"},
        {"iss": None},
        {"exp": -61},
        {"exp": None},
        {"iat": 3600},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_for_another_try_program_time_or_of_another_issuer_is_refused(
    world: World, oidc: FakeOidc, claims: dict[str, Any]
):
    lan(world)
    now_s = int(world.clock().timestamp())
    oidc.claims = {
        name: now_s + value if name in ("exp", "iat") and value is not None else value
        for name, value in claims.items()
    }
    browser = world.browser()

    assert come_back(oidc, browser).status_code == 403
    assert not is_in(browser)


@pytest.mark.parametrize(
    "cheat", ["unsigned", "foreign key", "our secret as a key", "the public key as a secret"]
)
def test_a_token_that_the_issuers_key_did_not_sign_is_refused(world: World, oidc: FakeOidc, cheat: str):
    lan(world)
    match cheat:
        case "unsigned":
            oidc.header = {"alg": "none"}
        case "foreign key":
            oidc.signing_key = RSAKey.generate_key(2048, {"kid": "one"})
        case "our secret as a key":
            oidc.header = {"alg": "HS256", "kid": "one"}
            oidc.signing_key = OctKey.import_key((CLIENT_SECRET * 2).encode())
        case _:
            oidc.header = {"alg": "HS256", "kid": "one"}
            oidc.signing_key = OctKey.import_key(oidc.key.as_dict(private=False)["n"].encode())
    browser = world.browser()

    assert come_back(oidc, browser).status_code == 403
    assert not is_in(browser)


def test_an_answer_counts_once_even_with_a_copy_of_the_cookie(world: World, oidc: FakeOidc):
    lan(world)
    browser, thief = world.browser(), world.browser()
    path = go(oidc, browser)
    cookie = browser.cookies["hvs_staff_sso"]
    thief.cookies.set("hvs_staff_sso", cookie, domain="testserver.local", path="/staff")

    first, again, stolen = browser.get(path), browser.get(path), thief.get(path)

    assert (first.status_code, again.status_code, stolen.status_code) == (200, 403, 403)
    assert not is_in(thief)


def test_an_answer_that_this_browser_did_not_ask_for_or_asked_for_long_ago_is_refused(
    world: World, oidc: FakeOidc
):
    lan(world)
    victim, attacker, slow = world.browser(), world.browser(), world.browser()
    victim.get(BEGIN)
    foreign = go(oidc, attacker)
    late = go(oidc, slow)

    refused = [world.browser().get(foreign).status_code, victim.get(foreign).status_code]
    world.clock.advance(minutes=10, seconds=1)

    assert [*refused, slow.get(late).status_code] == [403, 403, 403]
    assert [is_in(each) for each in (victim, slow)] == [False, False]
    assert "POST /token" not in oidc.calls


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://169.254.169.254/token"},
        {"jwks_uri": "https://evil.example/keys"},
        {"authorization_endpoint": "https://evil.example/authorize"},
    ],
    ids=str,
)
def test_only_the_issuer_itself_is_ever_called(world: World, oidc: FakeOidc, discovery: dict[str, str]):
    oidc.discovery = discovery

    answer = world.browser().get(BEGIN)

    assert answer.status_code == 403
    assert set(oidc.calls) == {"GET /.well-known/openid-configuration"}


@pytest.mark.parametrize(("status", "found"), [(500, 503), (302, 403), (404, 403)])
def test_a_service_that_is_away_or_leads_elsewhere_gets_a_page_that_says_so(
    world: World, oidc: FakeOidc, status: int, found: int
):
    oidc.status = status

    answer = world.browser().get(BEGIN)

    assert answer.status_code == found
    assert "<h1>" in answer.text
    assert "/elsewhere" not in " ".join(oidc.calls)


def test_the_second_factor_is_asked_for_all_the_same(world: World, oidc: FakeOidc):
    lan(world, totp_sealed=b"x")
    browser = world.browser()

    done = come_back(oidc, browser)

    assert 'content="0;url=/staff/ma-xac-thuc"' in done.text
    assert not is_in(browser)


def test_the_button_stands_there_where_there_is_a_service_and_passwords_go_on_working(world: World):
    world.account("lan")
    browser = world.browser()

    assert f'href="{BEGIN}"' in browser.get("/staff/dang-nhap").text
    assert sign_in(browser, "lan").status_code == 303


def test_without_a_service_there_is_no_button_and_no_page(sqlite_database: Database, now: dt.datetime):
    world = build_world(sqlite_database, now)
    browser = world.browser()

    page = browser.get("/staff/dang-nhap").text

    assert BEGIN not in page
    assert [browser.get(path).status_code for path in (BEGIN, BACK)] == [404, 404]
    world.close()


def test_an_administrator_links_and_unlinks_an_address(world: World, oidc: FakeOidc):
    admin, key = world.signed_in("quantri", role="admin"), world.account("lan")
    path = f"/staff/tai-khoan-can-bo/{key[1]}"

    submit(admin, path, action=f"{path}/dang-nhap-mot-lan", email=" Lan@XA.example.vn ", why="x")
    linked = world.browser()
    come_back(oidc, linked)
    submit(admin, path, action=f"{path}/dang-nhap-mot-lan", email="", why="x")
    unlinked = world.browser()
    answer = come_back(oidc, unlinked)

    assert (is_in(linked), answer.status_code, is_in(unlinked)) == (True, 403, False)


def test_an_issuer_without_https_is_refused():
    with pytest.raises(ValueError, match="expected https"):
        OpenIdSignOn("http://sso.example.vn", CLIENT_ID, CLIENT_SECRET)
