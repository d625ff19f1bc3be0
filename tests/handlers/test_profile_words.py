"""What is read of who uses a phone, and what is not."""

import pytest

from handlers.profile_words import OWNER, ProfileWish, read_profile

SHARED = (OWNER, "bà", "An")


def switch(name: str, **more: object) -> ProfileWish:
    return ProfileWish("switch_profile", name, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("giờ đến bà học", switch("bà")),
        ("gio den ba hoc", switch("bà")),
        ("đến lượt ông", switch("ông")),
        ("đổi sang cháu Mận nhé", switch("cháu Mận")),
        ("giờ mẹ tôi dùng", switch("mẹ")),
        ("là An đây", switch("An", is_introduced=True)),
        ("an đây", switch("An", is_introduced=True)),
        ("tôi đây", switch(OWNER)),
        ("lại là tôi", switch(OWNER)),
        ("giờ tôi học", switch(OWNER)),
        ("đổi người", ProfileWish("profiles")),
        ("ai đang dùng máy này", ProfileWish("profiles")),
        ("bỏ bà khỏi máy", ProfileWish("remove_profile", "bà")),
        ("cháu đang giúp bà", ProfileWish("helping", "bà")),
        ("em đang hướng dẫn mẹ em dùng zalo", ProfileWish("helping", "mẹ")),
        ("tôi đang giúp bác hàng xóm, bác ấy quên mật khẩu",
         ProfileWish("helping", "bác hàng xóm", rest="bác ấy quên mật khẩu")),
    ],
)  # fmt: skip
def test_who_is_talking_is_said_in_many_ways(text: str, wish: ProfileWish):
    assert read_profile(text, SHARED) == wish


@pytest.mark.parametrize(
    "text",
    ["mật khẩu đây", "Ảnh đây", "chuyển cho mẹ", "đổi sang 4g", "chuyển sang tiếng việt", "giờ đến xã làm gì",
     "xóa zalo khỏi máy", "xóa ảnh đi", "bỏ ông khỏi máy", "giúp bà với", "cháu giúp bác với",
     "con tôi đang giúp tôi", "đổi sang máy khác", "quên mật khẩu vneid", "giúp xong rồi", ""],
)  # fmt: skip
def test_what_is_about_something_else_is_left_to_others(text: str):
    assert read_profile(text, SHARED) is None


def test_on_a_phone_of_one_nobody_comes_back():
    assert read_profile("tôi đây", ()) is None


def test_helping_ends_only_where_somebody_is_helped():
    assert read_profile("giúp xong rồi", SHARED, is_helping=True) == ProfileWish("helped")


def test_of_a_full_name_the_last_word_is_kept():
    assert read_profile("giờ đến bà Trần Thị Mận học", ()) == switch("bà Mận")
