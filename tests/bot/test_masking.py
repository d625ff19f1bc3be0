import pytest

from bot.masking import mask_typed


@pytest.mark.parametrize(
    ("typed", "masked"),
    [
        ("bà Hòa, căn cước 036157001234", "bà Hòa, căn cước ‹cccd›"),
        ("mật khẩu là Hoa@1957, mã otp 735208", "mật khẩu là ‹password›, mã otp ‹otp›"),
        ("gọi lại 0912 345 678", "gọi lại ‹phone›"),
        ("theo Nghị định 356/2025/NĐ-CP, gọi 113", "theo Nghị định 356/2025/NĐ-CP, gọi 113"),
        ("", ""),
    ],
)
def test_what_staff_type_is_masked_like_what_residents_write(typed: str, masked: str):
    assert mask_typed(typed) == masked


def test_a_number_to_call_back_stays_where_it_is_asked_for_and_nothing_else_does():
    typed = "ông Ba, gọi 0912 345 678, căn cước 036157001234"

    assert mask_typed(typed, keep=("phone",)) == "ông Ba, gọi 0912 345 678, căn cước ‹cccd›"


def test_what_no_database_takes_is_left_out():
    assert mask_typed("bà\0Hòa\u202e") == "bà Hòa"
