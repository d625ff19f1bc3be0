import datetime as dt

from sqlalchemy import select

from records.models import AuditEntry
from records.questions import resolve_question
from staff import unanswered
from tests.staff.world import World, table, text_between


def test_the_list_holds_what_got_no_guide_newest_first(world: World):
    now = world.clock()
    world.lives_in("bà Hòa", "h0")
    world.asks("bà Hòa", "xin giấy phép xây nhà", candidates=("tt-quet-qr",), at=now - dt.timedelta(hours=1))
    world.asks("ai đó", "cái đó", outcome="choices", candidates=("da-go",))
    world.asks("bà Hòa", "quên mật khẩu", guide="vneid-quen-mat-khau")
    world.asks("bà Hòa", "chào cháu", outcome="smalltalk")

    page = world.signed_in().get("/staff/chua-tra-loi").text

    assert table(page, "chua-tra-loi") == [
        ["22/11/2026 15:30", "Chưa rõ thôn, xóm", "cái đó", "Đã hỏi lại, chưa chọn", "da-go"],
        [
            "22/11/2026 14:30",
            "Nam Đồng",
            "xin giấy phép xây nhà",
            "Chưa có câu trả lời",
            "Quét mã QR để trả tiền",
        ],
    ]
    assert text_between(page, '<section class="card">', "<table") == "2 câu"


def test_a_question_whose_choice_was_picked_is_answered(world: World):
    world.asks("bà Hòa", "cái đó", outcome="choices")
    learner_id, _ = world.learner("bà Hòa")
    browser = world.signed_in()
    before = table(browser.get("/staff/chua-tra-loi").text, "chua-tra-loi")

    with world.database.write() as session:
        resolve_question(session, commune_id=world.home.id, learner_id=learner_id, guide="at-otp")

    after = browser.get("/staff/chua-tra-loi").text
    assert (len(before), table(after, "chua-tra-loi")) == (1, [])
    assert "Trong khoảng thời gian này câu hỏi nào cũng có câu trả lời." in after


def test_the_list_keeps_to_the_period(world: World):
    world.asks("bà Hòa", "tháng trước", at=world.clock() - dt.timedelta(days=30))
    world.asks("bà Hòa", "tháng này")
    browser = world.signed_in()

    def asked(query: str) -> list[str]:
        page = browser.get(f"/staff/chua-tra-loi?{query}").text
        return [row[2] for row in table(page, "chua-tra-loi")]

    assert asked("") == ["tháng này"]
    assert asked("ky=2026-10") == ["tháng trước"]
    assert asked("tu=01/10/2026&den=22/11/2026") == ["tháng này", "tháng trước"]


def test_a_long_list_says_how_many_there_are(world: World, monkeypatch):
    monkeypatch.setattr(unanswered, "SHOWN", 2)
    for number in range(3):
        world.asks("bà Hòa", f"câu {number}")

    page = world.signed_in().get("/staff/chua-tra-loi").text

    assert len(table(page, "chua-tra-loi")) == 2
    assert text_between(page, '<section class="card">', "<table") == (
        "3 câu Trang hiện 2 câu mới nhất. Tệp CSV có nhiều hơn."
    )


def test_the_file_holds_the_list_with_formulas_disarmed(world: World):
    now = world.clock()
    texts = ["=1+1", "+84 gọi ai", "-5 độ", "@ai", "\tthụt", "\rxuống", 'nói "dạ", rồi\nxuống dòng', "2=1+1"]
    for minutes, text in enumerate(texts):
        world.asks("bà Hòa", text, at=now - dt.timedelta(minutes=minutes))

    answer = world.signed_in("lan").get("/staff/chua-tra-loi.csv?tu=2026-11-22&den=2026-11-22")

    row = '{time},"Chưa rõ thôn, xóm",{cell},Chưa có câu trả lời,\r\n'
    cells = ["'=1+1", "'+84 gọi ai", "'-5 độ", "'@ai", "'\tthụt", '"\'\rxuống"']
    cells += ['"nói ""dạ"", rồi\nxuống dòng"', "2=1+1"]
    assert answer.headers["content-disposition"] == (
        'attachment; filename="chua-tra-loi-2026-11-22-2026-11-22.csv"'
    )
    assert answer.content.decode("utf-8") == (
        '\ufeffThời gian,"Thôn, xóm",Câu hỏi của bà con,Kết quả,Hướng dẫn gần nhất\r\n'
        + "".join(row.format(time=f"22/11/2026 15:{30 - n:02}", cell=cell) for n, cell in enumerate(cells))
    )


def test_an_export_is_written_down_with_its_days(world: World):
    world.signed_in("lan").get("/staff/chua-tra-loi.csv?ky=2026-Q3")

    with world.database.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.actor, entry.action, entry.detail) == (
            "staff:lan",
            "export",
            {"name": "unanswered", "first": "2026-07-01", "last": "2026-09-30"},
        )


def test_a_question_whose_words_were_deleted_in_their_time_still_counts(world: World):
    world.asks("bà Hòa", "")
    browser = world.signed_in()

    rows = table(browser.get("/staff/chua-tra-loi").text, "chua-tra-loi")

    assert [row[2] for row in rows] == ["(chữ đã xóa theo hạn lưu)"]
    assert "(chữ đã xóa theo hạn lưu)" in browser.get("/staff/chua-tra-loi.csv").text
