"""The keys of the commune's portal: shown once, listed without their token, revoked."""

import pytest

from records.api_keys import live_key
from tests.staff.world import World, submit, table, text_between

PATH = "/staff/khoa-api"


@pytest.fixture
def world(world: World) -> World:
    return world


def make(world: World, browser, **changes: str | list[str]):
    fields = {"name": "cổng xã", "scopes": ["counts"], "origins": "", "days": "365"}
    return submit(browser, PATH, **(fields | changes))


def opens(world: World, token: str) -> list[str] | None:
    with world.database.read() as session:
        key = live_key(session, token, now=world.clock())
        return key.scopes if key else None


def test_a_key_is_shown_once_works_and_stops_when_it_is_revoked(world: World):
    admin = world.signed_in("quantri", role="admin")

    made = make(
        world, admin, scopes=["counts", "embed"], origins="https://Xa.example.vn/\nhttp://127.0.0.1:9"
    )
    token = text_between(made.text, "<code>", "</code>")
    listed = admin.get(PATH).text
    before = opens(world, token)
    submit(admin, PATH, action=PATH + listed.split(f'action="{PATH}')[1].split('"')[0])

    assert before == ["counts", "embed"]
    assert token not in listed
    assert table(listed, "khoa")[0][:3] == [
        "cổng xã",
        "Lấy số liệu, Nhúng cửa sổ trò chuyện",
        "http://127.0.0.1:9 https://xa.example.vn",
    ]
    assert opens(world, token) is None
    assert world.audited() == [("staff:quantri", "api_key_made"), ("staff:quantri", "api_key_revoked")]


def test_a_key_ends_when_its_time_is_over(world: World):
    admin = world.signed_in("quantri", role="admin")
    token = text_between(make(world, admin, days="90").text, "<code>", "</code>")

    world.clock.advance(days=90, seconds=-1)
    in_time = opens(world, token)
    world.clock.advance(seconds=1)

    assert (in_time, opens(world, token)) == (["counts"], None)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"days": "9999"},
        {"origins": "http://xa.example.vn"},
        {"origins": "https://*.vn"},
        {"scopes": ["embed"], "origins": ""},
    ],
)
def test_a_key_that_would_be_too_wide_or_of_no_use_is_not_made(
    world: World, changes: dict[str, str | list[str]]
):
    admin = world.signed_in("quantri", role="admin")

    assert make(world, admin, **changes).status_code == 400
    assert world.audited() == []
