"""The audit log as auditors read it."""

import pytest
from sqlalchemy import text

from tests.staff.world import World, submit, table

PATH = "/staff/nhat-ky"


@pytest.fixture
def world(world: World) -> World:
    return world


def _lines(page: str) -> list[list[str]]:
    """Who, what and details, newest first."""
    return [row[2:] for row in table(page, "nhat-ky")]


def test_what_was_done_stands_there_in_words_newest_first(world: World):
    auditor, admin = world.signed_in("kiem", role="auditor"), world.signed_in("quantri", role="admin")
    submit(admin, "/staff/khoa-api", name="cổng xã", scopes=["counts"], days="90")
    submit(
        admin,
        "/staff/tai-khoan-can-bo",
        name="Minh",
        username="minh",
        roles=["staff"],
        why="việc mới",
    )

    lines = _lines(auditor.get(PATH).text)

    assert lines[0] == [
        "quantri",
        "Cấp đường dẫn đặt mật khẩu",
        "vai trò: staff; tài khoản: minh; lý do: việc mới",
    ]
    assert [line[:2] for line in lines[1:]] == [["quantri", "Tạo khóa API"]]


def test_it_can_be_filtered_by_who_and_what_and_when(world: World):
    auditor, staff = world.signed_in("kiem", role="auditor"), world.signed_in("lan")
    staff.get("/staff/chua-tra-loi.csv")
    submit(staff, "/staff", action="/staff/dang-xuat")

    def found(**filters: str) -> list[str]:
        return [line[1] for line in _lines(auditor.get(PATH, params=filters).text)]

    assert found() == ["Đăng xuất", "Tải số liệu về"]
    assert found(viec="export") == ["Tải số liệu về"]
    assert found(ai="lan") == ["Đăng xuất", "Tải số liệu về"]
    assert found(ai="%") == []
    assert found(ky="2026-10") == []


def test_older_lines_are_a_page_away(world: World):
    auditor, staff = world.signed_in("kiem", role="auditor"), world.signed_in("lan")
    for _ in range(101):
        staff.get("/staff/chua-tra-loi.csv")

    first = auditor.get(PATH).text
    rest = auditor.get(PATH, params={"truoc": "2"}).text

    assert (len(_lines(first)), len(_lines(rest))) == (100, 1)
    assert "truoc=2" in first


def test_a_whole_chain_is_shown_with_its_last_hash_and_a_changed_one_with_where_it_breaks(world: World):
    auditor, staff = world.signed_in("kiem", role="auditor"), world.signed_in("lan")
    for _ in range(3):
        staff.get("/staff/chua-tra-loi.csv")

    whole = auditor.get(PATH).text
    with world.database.write() as session:
        session.execute(text("UPDATE audit SET actor = 'staff:ai đó' WHERE sequence = 2"))
    broken = auditor.get(PATH).text

    assert "Nhật ký nguyên vẹn, 3 dòng." in whole
    assert "Nhật ký đã bị sửa hoặc thiếu từ dòng 2." in broken


def test_looking_at_what_a_resident_wrote_is_written_down(world: World):
    staff = world.signed_in("lan")
    call = world.calls_for_help("bà Hòa", question="cần giúp")

    staff.get(f"/staff/dang-cho/{call}")

    assert world.audited() == [("staff:lan", "handoff_viewed")]
