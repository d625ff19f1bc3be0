"""Wishes to be reminded: what counts as one, and when it is for."""

import datetime as dt

import pytest

from handlers.reminder_words import DEFAULT_HOUR, Wish, first_time, read_reminder
from handlers.working_hours import VIETNAM
from knowledge.library import CONTENT, load_library, load_questions

SUNDAY_NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("nhắc cháu ngày mai", Wish("once", days=1)),
        ("mai nhắc tôi học tiếp nhé", Wish("once", days=1)),
        ("nhac toi ngay mai voi chau oi", Wish("once", days=1)),
        ("ngày kia nhắc bác nhé", Wish("once", days=2)),
        ("nhắc tôi 7h30 tối mai", Wish("once", 19, 30, days=1)),
        ("nhắc tôi lúc 19:00", Wish("once", 19)),
        ("7 giờ rưỡi tối nay nhắc cô nhé", Wish("once", 19, 30)),
        ("nhac toi toi mai 8h", Wish("once", 20, days=1)),
        ("nhắc tôi thứ bảy", Wish("once", weekday=5)),
        ("mỗi ngày một bài lúc 7 giờ tối", Wish("daily", 19)),
        ("nhac toi moi ngay luc bay gio toi", Wish("daily", 19)),
        ("nhắc bác học mỗi tối 8 giờ", Wish("daily", 20)),
        ("hằng ngày nhắc tôi lúc 6 giờ sáng", Wish("daily", 6)),
        ("mỗi ngày", Wish("daily")),
        ("mỗi tuần", Wish("weekly")),
        ("mỗi tuần một bài tối chủ nhật lúc 8 giờ", Wish("weekly", 20, weekday=6)),
        ("mỗi thứ ba nhắc tôi 9h", Wish("weekly", 9, weekday=1)),
        ("nhắc tôi lúc 3 giờ", Wish("once", 15)),
        ("nhắc tôi lúc 1 giờ trưa", Wish("once", 13)),
        ("nhắc tôi 25 giờ", Wish(None)),
        ("nhắc tôi", Wish(None)),
        ("thôi đừng nhắc", Wish("off")),
        ("đừng nhắc tôi mỗi ngày nữa", Wish("off")),
        ("khong can nhac nua", Wish("off")),
        ("thôi nhắc", Wish("off")),
    ],
)
def test_a_wish_is_read(said: str, wish: Wish):
    assert read_reminder(said) == wish


@pytest.mark.parametrize(
    "said",
    [
        "nhắc lại",
        "hôm nay học bài gì",
        "ngày mai",
        "7 giờ tối",
        "thứ ba",
        "hai",
        "nhắc nhở nộp tiền điện",
        "có tin nhắn nhắc tôi nộp phạt nguội",
        "mỗi ngày bị gọi điện lừa thì làm sao",
        "đặt lịch khám ngày mai",
        "",
        "…",
    ],
)
def test_other_messages_are_no_wishes(said: str):
    assert read_reminder(said) is None


def test_no_question_of_a_guide_and_no_cry_for_help_is_read_as_a_wish():
    questions = [text for guide in load_library().guides.values() for text in guide.questions]
    cries = [
        text
        for path in sorted((CONTENT / "safety" / "urgent").glob("*.txt"))
        for text in load_questions(path)
    ]
    assert len(questions) > 1_000
    assert len(cries) > 100

    assert [text for text in (*questions, *cries) if read_reminder(text)] == []


@pytest.mark.parametrize(
    ("wish", "hour", "at"),
    [
        (Wish("once", days=1), DEFAULT_HOUR, (23, 8)),
        (Wish("once", 19), 19, (22, 19)),
        (Wish("once", 9), 9, (23, 9)),  # nine has gone by today
        (Wish("once"), DEFAULT_HOUR, (23, 8)),
        (Wish("once", weekday=5), DEFAULT_HOUR, (28, 8)),
        (Wish("once", 8, weekday=6), 8, (29, 8)),  # today, but gone by
        (Wish("once", 20, weekday=6), 20, (22, 20)),
        (Wish("daily", 19), 19, (22, 19)),
        (Wish("daily", 12), 12, (23, 12)),  # not this very minute
        (Wish("weekly", 19), 19, (29, 19)),
        (Wish("weekly", 19, weekday=0), 19, (23, 19)),
    ],
)
def test_the_first_time_is_still_to_come(wish: Wish, hour: int, at: tuple[int, int]):
    first = first_time(wish, hour, SUNDAY_NOON)

    assert (first.day, first.hour, first.utcoffset()) == (*at, dt.timedelta(hours=7))
