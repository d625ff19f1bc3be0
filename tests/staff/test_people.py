"""Accounts and their roles, as an administrator of the commune gives and takes them."""

import pytest

from records import audit
from records.models import AuditEntry, StaffAccount
from tests.staff.world import World, sign_in, submit, table, text_between

PATH = "/staff/tai-khoan-can-bo"
SENTENCE = "bốn con gà nhà bác Tư"


@pytest.fixture
def world(world: World) -> World:
    return world


def change(world: World, browser, key: tuple[int, int], path: str, **fields: str | list[str]):
    return submit(browser, f"{PATH}/{key[1]}", action=f"{PATH}/{key[1]}/{path}", **fields)


def account(world: World, key: tuple[int, int]) -> StaffAccount:
    with world.database.read() as session:
        found = session.get_one(StaffAccount, key)
        session.expunge(found)
        return found


def last_audited(world: World) -> tuple[str, str, dict[str, object]]:
    with world.database.read() as session:
        (entry,) = session.query(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)
        assert audit.first_broken(session, commune_id=world.home.id) is None
        return entry.actor, entry.action, entry.detail


def test_an_administrator_invites_somebody_who_then_has_the_roles_that_were_ticked(world: World):
    admin = world.signed_in("quantri", role="admin")

    answer = submit(
        admin, PATH, name="Chị Minh", username="Minh", roles=["author", "auditor"], why="nhận việc mới"
    )
    link = text_between(answer.text, "<code>", "</code>")
    submit(
        world.browser(), link.removeprefix("http://testserver"), password=SENTENCE, password_again=SENTENCE
    )
    minh = world.browser()
    sign_in(minh, "minh", SENTENCE)

    assert [minh.get(path).status_code for path in ("/staff/nhat-ky", "/staff/dang-cho")] == [200, 403]
    assert table(admin.get(PATH).text, "tai-khoan") == [
        ["Chị Minh", "minh", "Kiểm tra nhật ký, Người soạn", "đang dùng", "chưa bật"],
        ["Cán bộ quantri (bạn)", "quantri", "Quản trị", "đang dùng", "chưa bật"],
    ]


def test_who_changed_which_roles_and_why_stands_in_the_log(world: World):
    admin, lan = world.signed_in("quantri", role="admin"), world.account("lan")

    answer = change(world, admin, lan, "vai-tro", roles=["staff", "reviewer"], why="thay chị Minh")

    assert answer.status_code == 303
    assert account(world, lan).roles == ["reviewer", "staff"]
    assert last_audited(world) == (
        "staff:quantri",
        "roles_changed",
        {
            "username": "lan",
            "why": "thay chị Minh",
            "before": ["staff"],
            "after": ["reviewer", "staff"],
        },
    )


def test_a_changed_role_counts_at_once_for_who_is_signed_in(world: World):
    admin, browser = world.signed_in("quantri", role="admin"), world.signed_in("lan")
    with world.database.read() as session:
        lan = session.query(StaffAccount).filter_by(username="lan").one()
        key = (lan.commune_id, lan.id)

    change(world, admin, key, "vai-tro", roles=["auditor"], why="chuyển việc")

    assert [browser.get(path).status_code for path in ("/staff/dang-cho", "/staff/nhat-ky")] == [403, 200]


def test_nothing_is_changed_without_a_reason(world: World):
    admin = world.signed_in("quantri", role="admin")
    lan = world.account("lan", totp_sealed=b"x")

    statuses = [
        change(world, admin, lan, path, why="  ", what="off", roles=["admin"]).status_code
        for path in ("vai-tro", "duong-dan", "bat-tat", "xac-thuc", "dang-nhap-mot-lan")
    ]

    assert statuses == [400] * 5
    assert (account(world, lan).roles, account(world, lan).is_active) == (["staff"], True)
    assert world.audited() == []


@pytest.mark.parametrize("roles", [["district"], ["staff", "mayor"]])
def test_a_role_that_is_not_given_here_is_refused(world: World, roles: list[str]):
    admin, lan = world.signed_in("quantri", role="admin"), world.account("lan")

    assert change(world, admin, lan, "vai-tro", roles=roles, why="x").status_code == 400
    assert account(world, lan).roles == ["staff"]


def test_the_sight_of_other_communes_stays_whatever_the_communes_administrator_ticks(world: World):
    admin, boss = world.signed_in("quantri", role="admin"), world.account("boss", role="district staff")

    change(world, admin, boss, "vai-tro", roles=["auditor"], why="x")

    assert account(world, boss).roles == ["auditor", "district"]


def test_nobody_gives_themselves_rights_while_there_is_another_administrator(world: World):
    admin, other = world.signed_in("quantri", role="admin"), world.account("other", role="admin")
    me = (other[0], _id(world, "quantri"))

    with_other = change(world, admin, me, "vai-tro", roles=["admin", "staff"], why="x")
    with world.database.write() as session:
        session.get_one(StaffAccount, other).is_active = False
    alone = change(world, admin, me, "vai-tro", roles=["admin", "staff"], why="một mình")

    assert (with_other.status_code, alone.status_code) == (409, 303)
    assert account(world, me).roles == ["admin", "staff"]


def test_the_last_administrator_stays_one(world: World):
    admin = world.signed_in("quantri", role="admin")
    me = (world.home.id, _id(world, "quantri"))

    answers = [
        change(world, admin, me, "vai-tro", roles=["staff"], why="x"),
        change(world, admin, me, "bat-tat", what="off", why="x"),
    ]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert (account(world, me).roles, account(world, me).is_active) == (["admin"], True)


def test_who_is_switched_off_is_out_at_once_and_can_come_back(world: World):
    admin, lan = world.signed_in("quantri", role="admin"), world.signed_in("lan")
    key = (world.home.id, _id(world, "lan"))

    change(world, admin, key, "bat-tat", what="off", why="nghỉ việc")
    off = (lan.get("/staff").status_code, sign_in(world.browser(), "lan").status_code)
    change(world, admin, key, "bat-tat", what="on", why="trở lại")

    assert off == (303, 403)
    assert sign_in(world.browser(), "lan").status_code == 303


def test_a_lost_second_factor_is_taken_away_and_open_logins_with_it(world: World):
    admin = world.signed_in("quantri", role="admin")
    lan = world.signed_in("lan", totp_sealed=b"x", recovery_hashes=["y"])
    key = (world.home.id, _id(world, "lan"))

    change(world, admin, key, "xac-thuc", why="mất máy")

    assert (account(world, key).totp_sealed, account(world, key).recovery_hashes) == (None, [])
    assert lan.get("/staff").status_code == 303
    assert last_audited(world)[1:] == ("second_factor_removed", {"username": "lan", "why": "mất máy"})


def test_a_new_link_lets_the_person_set_another_password(world: World):
    admin, lan = world.signed_in("quantri", role="admin"), world.account("lan")

    page = change(world, admin, lan, "duong-dan", why="quên").text
    link = text_between(page, "<code>", "</code>").removeprefix("http://testserver")
    submit(world.browser(), link, password=SENTENCE, password_again=SENTENCE)

    assert sign_in(world.browser(), "lan", SENTENCE).status_code == 303


@pytest.mark.parametrize(("username", "status"), [("lan", 409), ("x", 400), ("Chị Lan", 400)])
def test_a_name_that_cannot_be_used_makes_no_account(world: World, username: str, status: int):
    admin = world.signed_in("quantri", role="admin")
    world.account("lan")

    answer = submit(admin, PATH, name="Lan", username=username, roles=["staff"], why="x")

    assert answer.status_code == status
    assert len(table(admin.get(PATH).text, "tai-khoan")) == 2


def _id(world: World, username: str) -> int:
    with world.database.read() as session:
        return session.query(StaffAccount).filter_by(username=username, commune_id=world.home.id).one().id
