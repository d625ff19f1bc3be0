"""The totals of several communes, and nothing else, for who looks after them."""

import pytest

from tests.staff.world import World, table

PATH = "/staff/cac-xa"


@pytest.fixture
def world(world: World) -> World:
    return world


def busy(world: World) -> None:
    for number in range(8):
        world.asks(f"h{number}", guide="at-otp")
        world.completes(f"h{number}", "at-otp")
    for number in range(6):
        world.asks(f"o{number}", guide="at-otp", commune=world.other)


def rows(world: World, communes: list[str]) -> list[list[str]]:
    browser = world.signed_in("huyen", role="district", district_communes=communes)
    return table(browser.get(PATH).text, "cac-xa")


def test_every_commune_it_may_see_is_a_row_of_totals(world: World):
    busy(world)

    assert rows(world, ["*"]) == [
        ["Xã Tân Cương", "8", "8", "8", "0", "0"],
        ["Xã Đại Từ", "6", "6", "0", "0", "0"],
        ["Tất cả các xã", "14", "14", "8", "0", "0"],
    ]


def test_a_commune_that_is_not_on_its_list_is_in_no_row_and_no_total(world: World):
    busy(world)

    assert rows(world, ["dai-tu"]) == [
        ["Xã Đại Từ", "6", "6", "0", "0", "0"],
        ["Tất cả các xã", "6", "6", "0", "0", "0"],
    ]


def test_an_account_without_a_list_sees_no_commune_not_even_its_own(world: World):
    busy(world)

    assert rows(world, []) == []


def test_fewer_than_five_people_are_not_shown_nor_to_be_worked_out(world: World):
    busy(world)
    browser = world.signed_in("huyen", role="district", district_communes=["*"])
    for number in range(6, 8):  # of fourteen in all, two moved the other way round
        world.asks(f"o{number}", commune=world.other)
    world.completes("o1", "at-otp", commune=world.other)

    page, file = browser.get(PATH).text, browser.get("/staff/cac-xa.csv").content.decode("utf-8-sig")

    assert table(page, "cac-xa") == [
        ["Xã Tân Cương", "8", "8", "không nêu", "0", "0"],
        ["Xã Đại Từ", "6", "8", "không nêu", "0", "0"],
        ["Tất cả các xã", "14", "16", "9", "0", "0"],
    ]
    assert file.splitlines()[1:] == [
        "Xã Tân Cương,8,8,không nêu,0,0",
        "Xã Đại Từ,6,8,không nêu,0,0",
        "Tất cả các xã,14,16,9,0,0",
    ]


def test_the_file_is_written_down_and_the_page_begins_where_the_sign_in_leads(world: World):
    browser = world.signed_in("huyen", role="district", district_communes=["*"])

    first = browser.get("/staff")
    browser.get("/staff/cac-xa.csv")

    assert (first.status_code, first.headers["location"]) == (303, PATH)
    assert world.audited() == [("staff:huyen", "export")]
