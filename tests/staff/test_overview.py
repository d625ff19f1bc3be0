"""The overview and the lists behind its numbers; how these are counted is tests/records/test_desk_counts."""

import datetime as dt
import html
import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from records import handoffs
from records.database import Database
from records.models import AuditEntry, Completion, Handoff, Question, UnloggedCount
from staff.lists import ROWS
from tests.staff.world import World, build_world, table, text_between

VNEID, QR, OTP = "vneid-quen-mat-khau", "tt-quet-qr", "at-otp"


@pytest.fixture
def world(sqlite_database: Database, now: dt.datetime) -> Iterator[World]:
    """On one database alone: what is counted by SQL is tested on both, where it is counted."""
    world = build_world(sqlite_database, now)
    yield world
    world.close()


def _words(page: str, element_id: str) -> str:
    return text_between(page, f'id="{element_id}">', "</p>")


def _numbers(page: str) -> list[str]:
    """People helped, guides finished, waiting now, median time to a person."""
    return [_words(page, name) for name in ("o-duoc-giup", "o-viec-lam-duoc", "o-dang-cho", "o-trung-vi")]


def _links(page: str, table_id: str) -> list[tuple[str, str]]:
    """(number, address) of every number that is a link."""
    part = page.split(f'id="{table_id}"')[1].split("</table>")[0]
    found = re.findall(r'<td class="number[^"]*"><a href="([^"]+)">([\d.]+)</a>', part)
    return [(number, html.unescape(address)) for address, number in found]


def _length(browser: TestClient, address: str) -> str:
    """How many rows a list says it has, having counted those it shows."""
    page = browser.get(address).text
    if "/theo-huong-dan" in address:
        return table(page, "theo-huong-dan")[-1][4]
    shown = len(table(page, re.findall(r'<table id="([a-z-]+)"', page)[0])) if "<table" in page else 0
    total = _words(page, "so-dong").split()[0]
    assert shown == min(int(total.replace(".", "")), ROWS)
    return total


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
    call = world.calls_for_help("cô Sáu", guide=QR, step=2, at=world.clock() - dt.timedelta(hours=2))
    with world.database.write() as session:
        handoffs.close(
            session,
            commune_id=world.home.id,
            handoff_id=call,
            reason="helped",
            actor="staff:lan",
            now=world.clock(),
        )


def test_the_four_numbers_are_those_of_the_rows(world: World):
    _some_days(world)
    volunteer, now = world.volunteer("chị Hoa"), world.clock()
    key = {"commune_id": world.home.id, "volunteer_id": volunteer}
    for name, minutes in (("bà Hòa", 10), ("ông Tư", 30), ("ai đó", 50)):
        call = world.calls_for_help(name, at=now - dt.timedelta(minutes=minutes))
        with world.database.write() as session:
            handoffs.take(session, **key, handoff_id=call, now=now)
            handoffs.answer(session, **key, handoff_id=call, now=now)
    world.calls_for_help("bác Năm", at=now - dt.timedelta(hours=1))

    page = world.signed_in().get("/staff").text

    with world.database.read() as session:
        asked = session.scalar(select(func.count()).select_from(Question))
        done = session.scalar(select(func.count()).where(Completion.grade == "self"))
        waits = session.scalar(select(func.count()).where(Handoff.state == "open"))
    assert _numbers(page) == ["4", str(done), str(waits), "30 phút"] == ["4", "2", "1", "30 phút"]
    assert f"{asked} câu hỏi; 2 câu chưa có câu trả lời" in text_between(page, 'id="o-duoc-giup">', "</div>")
    assert _words(page, "ba-cach") == "2 tự báo, 1 qua câu hỏi, 0 có người xác nhận"


def test_each_number_is_compared_with_the_period_before(world: World):
    before = world.clock() - dt.timedelta(days=31)
    world.asks("bà Hòa", guide=VNEID, at=before)
    for name in ("bà Hòa", "ông Tư", "ai đó"):
        world.asks(name, guide=VNEID)
    world.completes("bà Hòa", VNEID, at=before)
    world.completes("bà Hòa", QR)
    world.calls_for_help("ông Tư", at=before)

    page = world.signed_in().get("/staff").text

    tiles = text_between(page, 'id="bon-con-so">', "</section>")
    assert "Tăng 2 so với kỳ trước (1)." in tiles
    assert "Bằng kỳ trước." in tiles
    assert "0 lời nhờ trong kỳ. Giảm 1 so với kỳ trước (1)." in tiles
    assert "Kỳ trước là từ 01/10/2026 đến hết 31/10/2026." in tiles


def test_every_hamlet_is_listed_also_where_nothing_happened(world: World):
    _some_days(world)

    page = world.signed_in().get("/staff").text

    # Helped, questions, unanswered, completions, calls, waiting, trend, marks.
    assert table(page, "theo-thon") == [
        ["Nam Đồng", "1", "4", "1", "1", "0", "0", "", ""],
        ["Gò Pháo", "1", "2", "1", "1", "0", "0", "", ""],
        ["Soi Vàng", *["0"] * 6, "", "Chưa dùng"],
        ["Chưa rõ thôn, xóm", "2", "1", "0", "0", "1", "0", "", ""],
        ["Cả địa bàn", "4", "7", "2", "2", "1", "0", "", ""],
    ]


def test_a_hamlet_needs_help_when_somebody_waits_or_many_questions_stay_unanswered(world: World):
    for name, hamlet in (("bà Hòa", "h0"), ("ông Tư", "h1"), ("cô Sáu", "h2")):
        world.lives_in(name, hamlet)
    for number in range(13):
        world.asks("bà Hòa", guide=None if number < 3 else VNEID)  # 3 of 13
        world.asks("ông Tư", guide=None if number < 2 else VNEID)  # 2 of 13
    world.calls_for_help("cô Sáu")

    page = world.signed_in().get("/staff").text

    assert [row[-1] for row in table(page, "theo-thon")] == ["Cần giúp", "", "Cần giúp", ""]


def test_topics_and_guides_are_counted_with_their_titles(world: World):
    _some_days(world)
    browser = world.signed_in()

    page, more = browser.get("/staff").text, browser.get("/staff/theo-huong-dan").text

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
        ["Quên mật khẩu VNeID", "3", "2", "1"],
        ["da-go", "1", "1", "0"],
        ["Quét mã QR để trả tiền", "1", "1", "0"],
        ["Mã OTP & những điều không đưa cho ai", "0", "0", "1"],
    ]
    # Questions, learners, unanswered, completions, three grades, calls.
    assert table(more, "theo-huong-dan")[0] == [
        "Quên mật khẩu VNeID", "Định danh VNeID", "3", "2", "0", "1", "1", "1", "0", "0",
    ]  # fmt: skip
    assert table(more, "theo-huong-dan")[-2:] == [
        ["Không gắn với hướng dẫn nào", "Không thuộc chủ đề nào", "2", "2", "2", *["0"] * 5],
        ["Cả địa bàn", "7", "3", "2", "2", "2", "1", "0", "1"],
    ]


def test_hamlets_and_topics_are_crossed_and_shaded_by_how_much_was_asked(world: World):
    _some_days(world)

    page = world.signed_in().get("/staff").text

    # VNeID, public services, payment, safety, skills, movement, none.
    assert table(page, "thon-chu-de") == [
        ["Nam Đồng", "2", "0", "1", "0", "0", "0", "1"],
        ["Gò Pháo", "1", "0", "0", "0", "0", "0", "1"],
        ["Soi Vàng", *["0"] * 7],
        ["Chưa rõ thôn, xóm", *["0"] * 6, "1"],
    ]
    heat = page.split('id="thon-chu-de"')[1].split("</table>")[0]
    assert re.findall(r"heat-(\d)", heat.split("Nam Đồng")[1].split("</tr>")[0]) == list("3010001")


def test_hours_of_the_day_and_hard_steps_stand_in_tables(world: World):
    morning = dt.datetime(2026, 11, 20, 0, 30, tzinfo=dt.UTC)  # 07:30 in Vietnam
    world.asks("bà Hòa", guide=VNEID, at=morning)
    world.asks("ông Tư", guide=VNEID, at=morning)
    world.calls_for_help("bà Hòa", guide=QR, step=3)
    world.calls_for_help("ông Tư", guide=QR, step=3)
    world.calls_for_help("ai đó", guide=VNEID, step=1)

    page = world.signed_in().get("/staff").text

    hours = [cell for row in table(page, "gio-trong-ngay") for cell in row]
    by_hour = dict(zip(hours[::2], hours[1::2], strict=True))
    assert {hour: count for hour, count in by_hour.items() if count != "0"} == {"7 giờ": "2"}
    assert len(by_hour) == 24
    assert table(page, "buoc-kho") == [
        ["Quét mã QR để trả tiền, bước 3", "2", "2"],
        ["Quên mật khẩu VNeID, bước 1", "1", "1"],
    ]


def test_every_linked_number_leads_to_a_list_of_that_length(world: World):
    _some_days(world)
    world.calls_for_help("bà Hòa", guide=VNEID, step=1)
    for number in range(ROWS + 5):
        world.asks("ông Tư", f"câu {number}", guide=QR)
    browser = world.signed_in()
    page = browser.get("/staff").text
    links = [
        link
        for name in (
            "theo-thon",
            "thon-chu-de",
            "theo-chu-de",
            "theo-huong-dan",
            "gio-trong-ngay",
            "buoc-kho",
        )
        for link in _links(page, name)
    ]
    tiles = page.split('id="bon-con-so"')[1].split("</section>")[0]
    links += [
        (number, html.unescape(address))
        for address, number in re.findall(r'<a href="([^"]+)">([\d.]+)</a>', tiles)
    ]

    lengths = {address: _length(browser, address) for _number, address in links}

    assert lengths == {address: number for number, address in links}
    kinds = {address.split("?")[0] for address in lengths}
    assert kinds == {f"/staff/{name}" for name in ("cau-hoi", "loi-nho", "nguoi-duoc-giup", "theo-huong-dan")}
    assert len(lengths) > 25


def test_filters_narrow_every_number_and_stay_in_the_links(world: World):
    _some_days(world)
    browser = world.signed_in()

    page = browser.get("/staff?ky=2026-11&xom=h0&kenh=zalo").text

    assert table(page, "theo-thon") == [
        ["Nam Đồng", "1", "4", "1", "1", "0", "0", "", ""],
        ["Cả địa bàn", "1", "4", "1", "1", "0", "0", "", ""],
    ]
    assert _numbers(page)[:3] == ["1", "1", "0"]
    assert "Chỉ tính: Nam Đồng · zalo." in page
    assert all("xom=h0" in address and "kenh=zalo" in address for _n, address in _links(page, "theo-thon"))
    assert _numbers(browser.get("/staff?xom=-").text)[0] == "2"
    assert _numbers(browser.get("/staff?nhom=-").text)[0] == "4"


def test_a_choice_that_makes_no_sense_is_refused_with_a_page(world: World):
    world.asks("bà Hòa", guide=VNEID)
    browser = world.signed_in()
    queries = ("xom=h9", "kenh=fax", "nhom=x", "ky=2026-13", "ky=2026-W54", "ky=2026-Q5", "ky=now",
               "ky=0000-01", "tu=31/2/2026", "tu=x", "den=9999-12-31")  # fmt: skip
    addresses = [f"/staff{path}?{query}" for query in queries for path in ("", "/cau-hoi", "/tong-quan.csv")]
    addresses += ["/staff/cau-hoi?chu-de=x", "/staff/cau-hoi?gio=24", "/staff/loi-nho?trang=0"]

    statuses = {address: browser.get(address).status_code for address in addresses}

    assert statuses == dict.fromkeys(addresses, 400)


def test_days_typed_into_the_form_count_unless_another_name_is_chosen(world: World):
    browser = world.signed_in()
    typed = "tu=02/11/2026&den=05/11/2026"

    shown = {
        query: text_between(browser.get(f"/staff?{query}").text, 'class="days">', "<")
        for query in (
            "ky=2026-11&cu=2026-11",
            f"ky=2026-11&cu=2026-11&{typed}",
            f"ky=2026-Q3&cu=&{typed}",
            f"ky=&cu=&{typed}",
            "ky=2026-W47",
        )
    }

    assert list(shown.values()) == [
        "Từ 01/11/2026 đến hết 30/11/2026",
        "Từ 02/11/2026 đến hết 05/11/2026",
        "Từ 01/07/2026 đến hết 30/09/2026",
        "Từ 02/11/2026 đến hết 05/11/2026",
        "Từ 16/11/2026 đến hết 22/11/2026",
    ]


def test_a_question_from_before_the_hamlet_was_named_counts_for_the_hamlet(world: World):
    browser = world.signed_in()
    world.asks("bà Hòa", guide=VNEID)
    before = [row[2] for row in table(browser.get("/staff").text, "theo-thon")]

    world.lives_in("bà Hòa", "h1")

    after = [row[2] for row in table(browser.get("/staff").text, "theo-thon")]
    assert (before, after) == (["0", "0", "0", "1", "1"], ["0", "1", "0", "1"])


def test_days_begin_and_end_at_midnight_in_vietnam(world: World):
    for number, moment in enumerate(
        (
            dt.datetime(2026, 10, 31, 16, 59, 59, tzinfo=dt.UTC),  # still 31 October in Vietnam
            dt.datetime(2026, 10, 31, 17, 0, tzinfo=dt.UTC),  # 1 November, 00:00
            dt.datetime(2026, 11, 30, 16, 59, 59, tzinfo=dt.UTC),
            dt.datetime(2026, 11, 30, 17, 0, tzinfo=dt.UTC),  # 1 December
        )
    ):
        world.asks(f"người {number}", guide=VNEID, at=moment)
    browser = world.signed_in()

    counts = {
        query: _numbers(browser.get(f"/staff?{query}").text)[0]
        for query in ("", "ky=2026-10", "ky=2026-Q4", "ky=2026-Q3", "tu=31/10/2026&den=1/11/2026")
    }

    assert list(counts.values()) == ["2", "1", "4", "0", "2"]


def test_the_page_says_which_days_it_counts_and_when_it_counted(world: World):
    page = world.signed_in().get("/staff?tu=2026-11-02&den=2026-11-20").text

    assert text_between(page, '<div class="heading">', "<a ") == (
        "Tổng quan Từ 02/11/2026 đến hết 20/11/2026 Tính lúc 22/11/2026 15:30"
    )
    definitions = re.findall(r'<details class="what">.*?</details>', page, re.DOTALL)
    assert len(definitions) == 12
    assert all("Tính lúc 22/11/2026 15:30." in each for each in definitions)


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
    browser = world.signed_in()

    last = browser.get("/staff/cau-hoi?trang=25").text

    assert table(browser.get("/staff").text, "theo-thon")[-1][2] == "1.234"
    assert _words(last, "so-dong").startswith("1.234 câu")
    assert len(table(last, "cau-hoi")) == 1234 - 24 * ROWS
    assert "Trang 25 trong 25" in last


def test_lists_show_a_code_and_the_hamlet_but_no_names(world: World):
    world.lives_in("bà Hòa", "h0")
    world.calls_for_help("bà Hòa", question="xin giúp", at=world.clock() - dt.timedelta(hours=3))
    world.asks("bà Hòa", "quên [mật khẩu]", guide=VNEID)
    world.asks("ông Tư", "")  # its text is no longer kept
    browser = world.signed_in()

    pages = {name: browser.get(f"/staff/{name}").text for name in ("cau-hoi", "loi-nho", "nguoi-duoc-giup")}

    (code,) = {row[0] for row in table(pages["nguoi-duoc-giup"], "nguoi-duoc-giup")}
    assert re.fullmatch(r"[A-Z0-9]{4,8}", code)
    assert [row[1:] for row in table(pages["cau-hoi"], "cau-hoi")] == [
        ["Chưa rõ thôn, xóm", "chưa có mã", "zalo", "(chữ đã xóa theo hạn lưu)", "Chưa có câu trả lời"],
        ["Nam Đồng", code, "zalo", "quên [mật khẩu]", "Quên mật khẩu VNeID"],
    ]
    assert table(pages["loi-nho"], "loi-nho")[0][1:4] == ["3 giờ 0 phút", "Nam Đồng", code]


def test_html_in_a_question_is_shown_as_text(world: World):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>&quot;"
    world.asks("bà Hòa", evil)
    browser = world.signed_in()

    asked, unanswered = browser.get("/staff/cau-hoi").text, browser.get("/staff/chua-tra-loi").text

    assert table(asked, "cau-hoi")[0][4] == table(unanswered, "chua-tra-loi")[0][2] == evil
    assert [part for page in (asked, unanswered) for part in ("<script", "<img") if part in page] == []


def test_values_the_words_do_not_know_are_shown_as_they_stand(world: World):
    world.calls_for_help("bà Hòa", reason="brand_new")

    page = world.signed_in().get("/staff/loi-nho").text

    assert table(page, "loi-nho")[0][4] == "brand_new"


def test_the_view_for_others_masks_small_numbers_and_has_no_links_to_lists(world: World):
    for number in range(6):
        world.lives_in(f"người {number}", "h0")
        world.asks(f"người {number}", guide=VNEID)
        world.asks(f"người {number}", guide=QR)
    for number in range(2):
        world.lives_in(f"bác {number}", "h1")
        world.asks(f"bác {number}", guide=QR)
        world.calls_for_help(f"bác {number}")

    page = world.signed_in().get("/staff?ban=in").text

    assert table(page, "theo-thon") == [
        ["Nam Đồng", "…", "…", "0", "0", "0", ""],
        ["Gò Pháo", "<5", "<5", "0", "0", "<5", ""],
        ["Soi Vàng", "0", "0", "0", "0", "0", "Chưa dùng"],
        ["Cả địa bàn", "8", "14", "0", "0", "<5", ""],
    ]
    assert [row[3] for row in table(page, "thon-chu-de")] == ["…", "<5", "0"]
    assert "/staff/cau-hoi" not in page
    assert "o-dang-cho" not in page
    assert "Số từ 1 đến 4 được ghi là “&lt;5”" in " ".join(page.split())


def test_the_file_for_others_is_masked_and_the_plain_one_has_every_guide(world: World):
    _some_days(world)
    browser = world.signed_in("lan")

    masked, plain = (browser.get(f"/staff/tong-quan.csv?ky=2026-Q4{more}") for more in ("", "&ban=noi-bo"))

    assert [answer.headers["content-disposition"] for answer in (masked, plain)] == [
        'attachment; filename="tong-quan-2026-10-01-2026-12-31.csv"',
        'attachment; filename="tong-quan-noi-bo-2026-10-01-2026-12-31.csv"',
    ]
    lines = masked.content.decode("utf-8").split("\r\n")
    assert lines[0].startswith('\ufeff"Thôn, xóm",Chủ đề,Câu hỏi,Việc làm được,Người được giúp,')
    assert len(lines) == 1 + 5 * 8 + 1
    assert lines[1] == "Nam Đồng,Mọi chủ đề,<5,<5,<5,<5,0,<5,<5,0"
    assert plain.content.decode("utf-8") == (
        '\ufeff"Thôn, xóm",Chủ đề,Mã hướng dẫn,Hướng dẫn,Câu hỏi,Người hỏi,Chưa trả lời,Việc làm được,'
        "Tự báo,Qua câu hỏi,Có người xác nhận\r\n"
        "Nam Đồng,Định danh VNeID,vneid-quen-mat-khau,Quên mật khẩu VNeID,2,1,0,1,1,1,0\r\n"
        "Nam Đồng,Thanh toán số,tt-quet-qr,Quét mã QR để trả tiền,1,1,0,0,0,0,0\r\n"
        "Nam Đồng,,,,1,1,1,0,0,0,0\r\n"
        "Gò Pháo,Định danh VNeID,vneid-quen-mat-khau,Quên mật khẩu VNeID,1,1,0,0,0,0,0\r\n"
        "Gò Pháo,An toàn trên mạng,at-otp,Mã OTP & những điều không đưa cho ai,0,0,0,1,1,0,0\r\n"
        "Gò Pháo,,,,1,1,1,0,0,0,0\r\n"
        "Soi Vàng,,,,0,0,0,0,0,0,0\r\n"
        '"Chưa rõ thôn, xóm",Thanh toán số,tt-quet-qr,Quét mã QR để trả tiền,0,0,0,0,0,0,0\r\n'
        '"Chưa rõ thôn, xóm",,da-go,da-go,1,1,0,0,0,0,0\r\n'
    )
    with world.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "export"))
        assert [entry.detail["name"] for entry in entries] == ["overview", "overview, plain"]


def test_the_empty_page_says_so(world: World):
    page = world.signed_in().get("/staff").text

    assert "Chưa có câu hỏi nào trong khoảng thời gian này." in page
    assert "Chưa có ai nhờ người giúp ở một bước nào." in page
    assert _numbers(page) == ["0", "0", "0", "Chưa có"]


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
