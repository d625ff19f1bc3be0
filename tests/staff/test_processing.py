"""The record of processing says what the software really holds."""

import records.migrate  # noqa: F401 - brings every table
from records.models import Base
from staff.processing import GROUPS, WITHOUT_PEOPLE
from tests.staff.world import World, table, text_between

PAGE = "/staff/ho-so-xu-ly"


def test_every_table_stands_in_one_group():
    listed = [*(name for tables in GROUPS.values() for name in tables), *WITHOUT_PEOPLE]

    assert len(listed) == len(set(listed))
    assert set(listed) == set(Base.metadata.tables)


def test_the_rows_are_those_of_the_commune_and_the_periods_those_of_the_settings(world: World):
    world.asks("bà Hòa")
    world.asks("bà Hòa")
    world.calls_for_help("ông Tư")
    world.asks("ông Ba", commune=world.other)
    rows = {row[0].split(" (")[0]: row[3:] for row in table(world.signed_in().get(PAGE).text, "ho-so")}

    assert rows == {
        "Người dùng": ["365 ngày không nhắn thì xóa mã kênh", "4"],
        "Tin nhắn hai chiều đã che, chỗ đang làm dở": ["90 ngày", "2"],
        "Câu hỏi đã che, việc làm được, số lượt không lưu": ["Chữ 90 ngày, số liệu 730 ngày", "2"],
        "Lời nhờ người giúp": ["180 ngày", "2"],  # and that it was opened
        "Tình nguyện viên, lớp học, kèm cặp, lời nhắc": ["Theo quyết định của xã", "0"],
        "Yêu cầu, biên nhận xóa, sự cố": ["730 ngày sau khi xong; sự cố do xã quyết định", "0"],
        "Tài khoản cán bộ, lần đăng nhập, nhật ký": ["Nhật ký 730 ngày; tài khoản do xã quyết định", "2"],
    }


def test_the_channels_in_use_are_named_and_the_way_to_the_commune(world: World):
    empty = text_between(world.signed_in().get(PAGE).text, "<article", "</article>")
    world.learner("bà Hòa")
    page = text_between(world.signed_in("minh").get(PAGE).text, "<article", "</article>")

    assert "Chưa có ai nhắn" in empty
    assert "zalo (1)" in page
    assert "Xã Tân Cương" in page
