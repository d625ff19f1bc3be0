import datetime as dt

from sqlalchemy import func, select

from records.models import AuditEntry, Completion, Handoff, Question, UnloggedCount
from tests.staff.world import World, submit, table, text_between

VNEID, QR, OTP = "vneid-quen-mat-khau", "tt-quet-qr", "at-otp"


def _numbers(page: str) -> list[str]:
    tiles = page.split('<dl class="tiles">')[1].split("</dl>")[0].split("<dd>")[1:]
    return [text_between(f"<dd>{tile}", "<dd>", "</dd>") for tile in tiles]


def _some_days(world: World) -> None:
    """Bà Hòa of Nam Đồng, ông Tư of Gò Pháo, and somebody who named no hamlet."""
    world.lives_in("bà Hòa", "h0")
    world.lives_in("ông Tư", "h1")
    world.asks("bà Hòa", guide=VNEID)
    world.asks("bà Hòa", guide=VNEID)
    world.asks("bà Hòa", guide=QR)
    world.asks("bà Hòa", "xin giấy phép xây nhà")
    world.asks("ông Tư", guide=VNEID)
    world.asks("ông Tư", "cái đó", outcome="choices")
    world.asks("ai đó", guide="da-go")  # a guide that is gone
    world.completes("bà Hòa", VNEID)
    world.completes("bà Hòa", VNEID, grade="quiz")
    world.completes("ông Tư", OTP)


def test_the_four_numbers_are_those_of_the_rows(world: World):
    _some_days(world)
    world.calls_for_help("bà Hòa")

    page = world.signed_in().get("/staff").text

    with world.database.read() as session:
        rows = [
            session.scalar(select(func.count()).select_from(Question)),
            session.scalar(select(func.count(Question.learner_id.distinct()))),
            session.scalar(select(func.count()).select_from(Completion).where(Completion.grade == "self")),
            session.scalar(select(func.count()).select_from(Handoff)),
        ]
    assert _numbers(page) == [str(row) for row in rows] == ["7", "3", "2", "1"]


def test_every_hamlet_is_listed_also_where_nothing_happened(world: World):
    _some_days(world)

    page = world.signed_in().get("/staff").text

    assert table(page, "theo-thon") == [
        ["Nam Đồng", "4", "1", "1", "1"],
        ["Gò Pháo", "2", "1", "1", "1"],
        ["Soi Vàng", "0", "0", "0", "0"],
        ["Chưa rõ thôn, xóm", "1", "1", "0", "0"],
        ["Cả địa bàn", "7", "3", "2", "2"],
    ]


def test_topics_and_guides_are_counted_with_their_titles(world: World):
    _some_days(world)

    page = world.signed_in().get("/staff").text

    assert table(page, "theo-chu-de") == [
        ["Định danh VNeID", "3", "1"],
        ["Dịch vụ công", "0", "0"],
        ["Thanh toán số", "1", "0"],
        ["An toàn trên mạng", "0", "1"],
        ["Kỹ năng số", "0", "0"],
        ["Phong trào", "0", "0"],
        ["Không thuộc chủ đề nào", "3", "0"],
        ["Cả địa bàn", "7", "2"],
    ]
    assert table(page, "theo-huong-dan") == [
        ["Quên mật khẩu VNeID", "Định danh VNeID", "3", "2", "1"],
        ["da-go", "Không thuộc chủ đề nào", "1", "1", "0"],
        ["Quét mã QR để trả tiền", "Thanh toán số", "1", "1", "0"],
        ["Mã OTP & những điều không đưa cho ai", "An toàn trên mạng", "0", "0", "1"],
        ["Không gắn với hướng dẫn nào", "Không thuộc chủ đề nào", "2", "2", "0"],
    ]


def test_hamlets_and_topics_are_crossed(world: World):
    _some_days(world)

    page = world.signed_in().get("/staff").text

    # For each topic: asked, done. VNeID, public services, payment, safety, skills, movement, none.
    assert table(page, "thon-chu-de") == [
        ["Nam Đồng", "2", "1", "0", "0", "1", "0", "0", "0", "0", "0", "0", "0", "1", "0"],
        ["Gò Pháo", "1", "0", "0", "0", "0", "0", "0", "1", "0", "0", "0", "0", "1", "0"],
        ["Soi Vàng", *["0"] * 14],
        ["Chưa rõ thôn, xóm", *["0"] * 12, "1", "0"],
    ]


def test_a_question_from_before_the_hamlet_was_named_counts_for_the_hamlet(world: World):
    browser = world.signed_in()
    world.asks("bà Hòa", guide=VNEID)
    before = table(browser.get("/staff").text, "theo-thon")

    world.lives_in("bà Hòa", "h1")

    after = table(browser.get("/staff").text, "theo-thon")
    assert before[1:] == [
        ["Gò Pháo", "0", "0", "0", "0"],
        ["Soi Vàng", "0", "0", "0", "0"],
        ["Chưa rõ thôn, xóm", "1", "1", "0", "0"],
        ["Cả địa bàn", "1", "1", "0", "0"],
    ]
    assert after[1:] == [
        ["Gò Pháo", "1", "1", "0", "0"],
        ["Soi Vàng", "0", "0", "0", "0"],
        ["Cả địa bàn", "1", "1", "0", "0"],
    ]


def test_days_begin_and_end_at_midnight_in_vietnam(world: World):
    for moment in (
        dt.datetime(2026, 10, 31, 16, 59, 59, tzinfo=dt.UTC),  # still 31 October in Vietnam
        dt.datetime(2026, 10, 31, 17, 0, tzinfo=dt.UTC),  # 1 November, 00:00
        dt.datetime(2026, 11, 30, 16, 59, 59, tzinfo=dt.UTC),
        dt.datetime(2026, 11, 30, 17, 0, tzinfo=dt.UTC),  # 1 December
    ):
        world.asks("bà Hòa", guide=VNEID, at=moment)
    browser = world.signed_in()

    counts = {
        query: _numbers(browser.get(f"/staff?{query}").text)[0]
        for query in (
            "",
            "ky=2026-11",
            "ky=2026-10",
            "ky=2026-Q4",
            "ky=2026-Q3",
            "tu=31/10/2026&den=1/11/2026",
        )
    }

    assert counts == {
        "": "2",
        "ky=2026-11": "2",
        "ky=2026-10": "1",
        "ky=2026-Q4": "4",
        "ky=2026-Q3": "0",
        "tu=31/10/2026&den=1/11/2026": "2",
    }


def test_the_page_says_which_days_it_counts_and_when_it_counted(world: World):
    page = world.signed_in().get("/staff?tu=2026-11-02&den=2026-11-20").text

    assert text_between(page, '<div class="heading">', "<a ") == (
        "Tổng quan Từ 02/11/2026 đến hết 20/11/2026 Tính lúc 22/11/2026 15:30"
    )


def test_a_period_that_makes_no_sense_is_refused_with_a_page(world: World):
    browser = world.signed_in()
    queries = ("ky=2026-13", "ky=2026-Q5", "ky=now", "ky=0000-01", "tu=31/2/2026", "tu=x", "den=9999-12-31")

    statuses = {query: browser.get(f"/staff?{query}").status_code for query in queries}

    assert statuses == dict.fromkeys(queries, 400)


def test_large_numbers_are_written_with_dots(world: World):
    learner_id, _ = world.learner("bà Hòa")
    with world.database.write() as session:
        session.add_all(
            Question(
                commune_id=world.home.id,
                inbox_id=number,
                learner_id=learner_id,
                channel="zalo",
                redacted="hỏi",
                outcome="guide",
                guide=VNEID,
                created_at=world.clock(),
            )
            for number in range(1234)
        )

    page = world.signed_in().get("/staff").text

    assert _numbers(page) == ["1.234", "1", "0", "0"]


def test_who_waits_for_a_person_is_listed_oldest_first(world: World):
    now = world.clock()
    world.lives_in("bà Hòa", "h0")
    world.calls_for_help("ông Tư", reason="urgent", question="bị lừa rồi", at=now - dt.timedelta(minutes=5))
    world.calls_for_help(
        "bà Hòa", guide=VNEID, step=3, question="quên [mật khẩu]", at=now - dt.timedelta(hours=2, minutes=4)
    )
    world.calls_for_help("ai đó", reason="misses", at=now - dt.timedelta(days=1234, hours=1))

    page = world.signed_in().get("/staff").text

    assert table(page, "dang-cho") == [
        [
            "1.234 ngày 1 giờ 07/07/2023 14:30",
            "Chưa rõ thôn, xóm",
            "Hỏi nhiều lần chưa ra",
            "Không gắn với hướng dẫn nào",
            "",
            "Đã giúp xong",
        ],
        [
            "2 giờ 4 phút 22/11/2026 13:26",
            "Nam Đồng",
            "Bà con xin gặp người",
            "Quên mật khẩu VNeID, bước 3",
            "quên [mật khẩu]",
            "Đã giúp xong",
        ],
        [
            "5 phút 22/11/2026 15:25",
            "Chưa rõ thôn, xóm",
            "Khẩn cấp",
            "Không gắn với hướng dẫn nào",
            "bị lừa rồi",
            "Đã giúp xong",
        ],
    ]


def test_a_call_is_closed_once_and_written_down(world: World):
    world.calls_for_help("bà Hòa")
    browser = world.signed_in("lan")
    with world.database.read() as session:
        handoff_id = session.scalar(select(Handoff.id))
    address = f"/staff/can-giup/{handoff_id}/da-giup?ky=2026-10"

    first = submit(browser, "/staff", action=address)
    again = submit(browser, "/staff", action=address)

    assert [(a.status_code, a.headers["location"]) for a in (first, again)] == [
        (303, "/staff?ky=2026-10#can-giup")
    ] * 2
    assert _numbers(browser.get("/staff").text)[3] == "0"
    with world.database.read() as session:
        handoff = session.scalars(select(Handoff)).one()
        entry = session.scalars(select(AuditEntry)).one()
        assert (handoff.state, handoff.closed_at) == ("closed", world.clock())
        assert (entry.actor, entry.action, entry.detail) == (
            "staff:lan",
            "handoff_closed",
            {"handoff": str(handoff_id), "reason": "helped"},
        )


def test_the_button_closes_the_call_it_stands_beside(world: World):
    world.calls_for_help("bà Hòa", question="câu đầu", at=world.clock() - dt.timedelta(hours=1))
    world.calls_for_help("ông Tư", question="câu sau")
    browser = world.signed_in()
    page = browser.get("/staff").text
    action = page.split("câu sau")[1].split('action="')[1].split('"')[0]

    submit(browser, "/staff", action=action)

    assert [row[4] for row in table(browser.get("/staff").text, "dang-cho")] == ["câu đầu"]


def test_html_in_a_question_is_shown_as_text(world: World):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>&quot;"
    world.asks("bà Hòa", evil)
    world.calls_for_help("bà Hòa", question=evil)
    browser = world.signed_in()

    overview, unanswered = browser.get("/staff").text, browser.get("/staff/chua-tra-loi").text

    assert table(overview, "dang-cho")[0][4] == table(unanswered, "chua-tra-loi")[0][2] == evil
    assert [part for page in (overview, unanswered) for part in ("<script", "<img") if part in page] == []


def test_values_the_words_do_not_know_are_shown_as_they_stand(world: World):
    world.calls_for_help("bà Hòa", reason="brand_new")

    page = world.signed_in().get("/staff").text

    assert table(page, "dang-cho")[0][2] == "brand_new"


def test_the_file_holds_plain_figures_by_hamlet_and_guide(world: World):
    _some_days(world)
    browser = world.signed_in("lan")

    answer = browser.get("/staff/tong-quan.csv?ky=2026-Q4")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="tong-quan-2026-10-01-2026-12-31.csv"'
    )
    assert answer.content.decode("utf-8") == (
        '\ufeff"Thôn, xóm",Chủ đề,Mã hướng dẫn,Hướng dẫn,Câu hỏi,Người hỏi,Chưa trả lời,Việc làm được,'
        "Tự báo,Qua câu hỏi,Có người xác nhận\r\n"
        "Nam Đồng,Định danh VNeID,vneid-quen-mat-khau,Quên mật khẩu VNeID,2,1,0,1,1,1,0\r\n"
        "Nam Đồng,Thanh toán số,tt-quet-qr,Quét mã QR để trả tiền,1,1,0,0,0,0,0\r\n"
        "Nam Đồng,,,,1,1,1,0,0,0,0\r\n"
        "Gò Pháo,Định danh VNeID,vneid-quen-mat-khau,Quên mật khẩu VNeID,1,1,0,0,0,0,0\r\n"
        "Gò Pháo,An toàn trên mạng,at-otp,Mã OTP & những điều không đưa cho ai,0,0,0,1,1,0,0\r\n"
        "Gò Pháo,,,,1,1,1,0,0,0,0\r\n"
        "Soi Vàng,,,,0,0,0,0,0,0,0\r\n"
        '"Chưa rõ thôn, xóm",,da-go,da-go,1,1,0,0,0,0,0\r\n'
    )
    assert world.audited() == [("staff:lan", "export")]


def test_the_empty_page_and_file_say_so(world: World):
    browser = world.signed_in()
    page = browser.get("/staff").text

    assert "Lúc này không có ai chờ." in page
    assert "Chưa có câu hỏi nào trong khoảng thời gian này." in page
    assert _numbers(page) == ["0", "0", "0", "0"]


def test_messages_of_which_nothing_is_kept_are_told_as_a_number_apart(world: World):
    with world.database.write() as session:
        for day, count in ((22, 3), (1, 4)):
            session.add(
                UnloggedCount(
                    commune_id=world.home.id, day=dt.date(2026, 11, day), channel="zalo", count=count
                )
            )
    browser = world.signed_in()

    shown = [
        "và 7 lượt không lưu" in browser.get("/staff").text,
        "lượt không lưu" in browser.get("/staff?ky=2026-10").text,
    ]

    assert shown == [True, False]
