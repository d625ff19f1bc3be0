import pytest

from records.communes import add_commune
from records.database import Database
from records.models import StaffAccount
from staff.first_account import (
    AccountError,
    add_staff,
    first_account_link,
    give_roles,
    renew_link,
    set_active,
)
from tests.staff.world import World, sign_in, submit

SENTENCE = "bốn con gà nhà bác Tư"


def _accept(world: World, link: str) -> None:
    submit(world.browser(), link, password=SENTENCE, password_again=SENTENCE)


def _accounts(database: Database) -> list[tuple[str, str, list[str]]]:
    with database.read() as session:
        accounts = session.query(StaffAccount).order_by(StaffAccount.id)
        return [(account.username, account.display_name, account.roles) for account in accounts]


def test_the_first_account_is_made_once_and_its_link_renewed_until_it_is_used(world: World):
    links = [first_account_link(world.database, world.home.id, now=world.clock()) for _ in range(2)]
    opened = [world.browser().get(link).status_code for link in links if link]
    _accept(world, links[1] or "")

    after = first_account_link(world.database, world.home.id, now=world.clock())

    assert opened == [404, 200]
    assert after is None
    assert _accounts(world.database) == [("quantri", "Quản trị", ["admin", "author", "staff"])]


def test_no_first_account_is_made_where_somebody_of_any_commune_can_sign_in(world: World):
    world.account("lan", commune=world.other)

    assert first_account_link(world.database, world.home.id, now=world.clock()) is None


def test_a_first_account_that_was_disabled_stays_disabled(world: World):
    world.account("quantri", is_active=False)

    assert first_account_link(world.database, world.home.id, now=world.clock()) is None


def test_an_added_account_gets_in_by_its_link(world: World):
    link = add_staff(
        world.database,
        commune_slug="dai-tu",
        username="lan",
        display_name="Chị Lan",
        roles=["staff"],
        now=world.clock(),
    )

    _accept(world, link)

    browser = world.browser()
    assert sign_in(browser, "lan", SENTENCE).status_code == 303
    assert "Chị Lan (lan)" in browser.get("/staff").text
    assert world.audited(world.other) == [
        ("command line", "staff_invited"),
        ("staff:lan", "password_set"),
        ("staff:lan", "signed_in"),
        ("staff:lan", "signed_in"),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"commune_slug": "no-where"}, "found no commune 'no-where'"),
        ({"username": "lan"}, "found an account 'lan' in 'tan-cuong', expected a new name"),
        (
            {"username": "Chị Lan"},
            "found the username 'Chị Lan', expected 3 to 40 of the characters a-z 0-9 . _ -",
        ),
        (
            {"roles": ["staff", "boss"]},
            "found the role 'boss', expected one of staff, author, reviewer, admin, auditor, district",
        ),
    ],
)
def test_an_account_that_cannot_be_made_says_why(world: World, changes: dict[str, str], message: str):
    world.account("lan")
    wanted = {"commune_slug": "tan-cuong", "username": "minh", "display_name": "Minh", "roles": ["staff"]}

    with pytest.raises(AccountError) as error:
        add_staff(world.database, **(wanted | changes), now=world.clock())

    assert str(error.value) == message
    assert [name for name, *_ in _accounts(world.database)] == ["lan"]


def test_a_forgotten_password_is_replaced_by_a_new_link(world: World):
    world.account("lan")
    link = renew_link(world.database, commune_slug="tan-cuong", username="lan", now=world.clock())

    _accept(world, link)

    assert sign_in(world.browser(), "lan", SENTENCE).status_code == 303


def test_there_is_no_new_link_for_who_is_unknown_or_disabled(world: World):
    world.account("off", is_active=False)

    for username in ("nobody", "off"):
        with pytest.raises(AccountError, match=f"found no active account '{username}' in 'tan-cuong'"):
            renew_link(world.database, commune_slug="tan-cuong", username=username, now=world.clock())


def test_a_commune_whose_name_says_what_it_is_is_not_called_so_twice(world: World):
    from staff.access import commune_name

    with world.database.write() as session:
        names = [
            commune_name(add_commune(session, slug=f"c{n}", name=name, kind="phường", now=world.clock()))
            for n, name in enumerate(("Phường Phan Đình Phùng", "Phan Đình Phùng"))
        ]

    assert names == ["Phường Phan Đình Phùng", "Phường Phan Đình Phùng"]


def test_disabling_an_account_ends_its_logins_for_good_and_enabling_lets_it_sign_in_anew(world: World):
    browser, colleague = world.signed_in("lan"), world.signed_in("minh")

    def switch(is_active: bool) -> None:
        set_active(
            world.database, commune_slug="tan-cuong", username="lan", is_active=is_active, now=world.clock()
        )

    switch(False)
    disabled = [one.get("/staff").status_code for one in (browser, colleague)]
    refused = sign_in(world.browser(), "lan").status_code
    switch(True)

    assert (disabled, refused) == ([303, 200], 403)
    assert browser.get("/staff").status_code == 303
    assert sign_in(world.browser(), "lan").status_code == 303
    assert [action for _, action in world.audited()] == [
        "staff_disabled",
        "sign_in_failed",
        "staff_enabled",
        "signed_in",
    ]


def test_an_account_that_is_not_there_cannot_be_disabled(world: World):
    with pytest.raises(AccountError, match="found no account 'lan' in 'dai-tu'"):
        set_active(world.database, commune_slug="dai-tu", username="lan", is_active=False, now=world.clock())


def test_roles_given_from_outside_hold_from_the_next_page_on_and_are_audited(world: World):
    browser = world.signed_in("lan")

    before = give_roles(
        world.database,
        commune_slug="tan-cuong",
        username="lan",
        roles=["auditor", "district"],
        sees=["*"],
        now=world.clock(),
    )

    assert "staff" in before
    assert [browser.get(path).status_code for path in ("/staff/dang-cho", "/staff/nhat-ky")] == [403, 200]
    assert "Đại Từ" in browser.get("/staff/cac-xa").text
    assert [action for _, action in world.audited()] == ["roles_changed"]


@pytest.mark.parametrize(
    ("username", "roles", "sees", "told"),
    [
        ("lan", ["boss"], None, "found the role 'boss', expected one of staff"),
        ("minh", ["staff"], None, "found no account 'minh' in 'tan-cuong'"),
        ("lan", ["district"], ["xa-la"], "found no commune 'xa-la'"),
    ],
)
def test_roles_that_cannot_be_given_change_nothing(
    world: World, username: str, roles: list[str], sees: list[str] | None, told: str
):
    world.account("lan")

    with pytest.raises(AccountError, match=told):
        give_roles(
            world.database,
            commune_slug="tan-cuong",
            username=username,
            roles=roles,
            sees=sees,
            now=world.clock(),
        )

    assert [roles for name, _, roles in _accounts(world.database) if name == "lan"] == [["staff"]]
    assert world.audited() == []
