"""What the commune's announcements may not say."""

import pytest

from knowledge.announcement_rules import problems


@pytest.mark.parametrize(
    "text",
    [
        "Bà con nhắn lại mật khẩu VNeID để xã cập nhật giúp.",
        "Đề nghị {bác} gửi mã OTP cho cán bộ.",
        "Mời bà con họp. Nhớ chụp và gửi ảnh căn cước hai mặt.",
        "Ai chưa đăng ký thì điền họ tên và số tài khoản vào đây.",
    ],
)
def test_nobody_is_asked_for_a_secret(text: str):
    assert problems(text, None) == ["asks_secret"]


@pytest.mark.parametrize(
    "text",
    [
        "Mời {bác} tối thứ Bảy 19 giờ đến nhà văn hóa xóm học cách nộp hồ sơ qua mạng.",
        "Kẻ gian giả danh công an gọi điện đòi bà con đọc mã OTP.",
        "Bà con không đọc mã OTP cho ai, kể cả cán bộ xã.",
        "Tối nay lớp học đặt lại mật khẩu VNeID mở tại nhà văn hóa.",
        "Hồ sơ nộp tại dichvucong.gov.vn.",
    ],
)
def test_news_and_warnings_may_go_out(text: str):
    assert problems(text, None) == []


@pytest.mark.parametrize("text", ["Bấm vào nhan-qua.top để nhận quà.", "Xem http://bit.ly/3abc nhé."])
def test_nobody_is_sent_to_a_strange_page(text: str):
    assert problems(text, None) == ["address"]


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("https://dichvucong.gov.vn/trang-chu", []),
        ("http://dichvucong.gov.vn", ["link"]),
        ("https://dichvucong.gov.vn.nhan-qua.top", ["link"]),
        ("https://dichvucong.gov.vn@nhan-qua.top", ["link"]),
        ("javascript:alert(1)", ["link"]),
    ],
)
def test_a_link_leads_to_an_official_page(link: str, found: list[str]):
    assert problems("Xem trang này.", link) == found
