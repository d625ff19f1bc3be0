"""The staff pages of calls for a person: who waits, what happened, close, hand on, how quickly."""

import datetime as dt

from records import handoffs, volunteers
from records.handoff_watch import mark_for_staff
from records.models import Handoff
from tests.staff.world import World, submit, table, text_between

PAGE = "/staff/dang-cho"


def change(world: World, what, call: int, **values: object) -> None:
    with world.database.write() as session:
        assert what(session, commune_id=world.home.id, handoff_id=call, now=world.clock(), **values)


def figures(page: str) -> list[str]:
    """Calls, those answered, the median until then."""
    return [text_between(page, f'id="{each}">', "<") for each in ("so-loi-nho", "so-tra-loi", "trung-vi")]


def the_call(world: World, call: int) -> Handoff:
    with world.database.read() as session:
        return session.get_one(Handoff, (world.home.id, call))


def test_the_page_shows_who_waits_for_how_long_and_who_has_them(world: World):
    world.lives_in("bà Hòa", "h0")
    hoa = world.volunteer("chị Hoa")
    first = world.calls_for_help(
        "bà Hòa", guide="vneid-quen-mat-khau", step=2, question="không thấy ô mật khẩu"
    )
    world.clock.advance(minutes=20)
    world.calls_for_help("ông Ba", reason="urgent")
    world.calls_for_help("bà Đại Từ", commune=world.other)
    change(world, handoffs.take, first, volunteer_id=hoa)
    world.clock.advance(minutes=5)

    page = world.signed_in().get(PAGE).text

    assert table(page, "loi-nho") == [
        [
            "25 phút 22/11/2026 15:30",
            "Nam Đồng",
            "Bà con xin gặp người",
            "Quên mật khẩu VNeID, bước 2",
            "không thấy ô mật khẩu",
            "Đã có người nhận",
            "chị Hoa",
        ],
        [
            "5 phút 22/11/2026 15:50",
            "Chưa rõ thôn, xóm",
            "Khẩn cấp",
            "Không gắn với hướng dẫn nào",
            "",
            "Chưa ai nhận",
            "Chưa có",
        ],
    ]
    assert "1 lời nhờ chưa ai nhận, 1 lời nhờ đang có người giúp." in page


def test_a_call_that_no_volunteer_took_in_time_is_marked_for_staff(world: World):
    call = world.calls_for_help("bà Hòa")
    with world.database.write() as session:
        mark_for_staff(session, session.get_one(Handoff, (world.home.id, call)), now=world.clock())
    browser = world.signed_in()

    assert table(browser.get(PAGE).text, "loi-nho")[0][5] == "Chưa ai nhận Cần cán bộ"
    assert "Chưa tình nguyện viên nào nhận" in browser.get(f"{PAGE}/{call}").text


def test_everything_that_happened_to_a_call_is_told_in_order(world: World):
    hoa, nam = world.volunteer("chị Hoa"), world.volunteer("anh Nam")
    call = world.calls_for_help("bà Hòa", reason="misses")
    with world.database.write() as session:
        people = volunteers.list_volunteers(session, commune_id=world.home.id)
        key = {"commune_id": world.home.id, "handoff_id": call, "now": world.clock()}
        handoffs.offer(session, **key, volunteers=people, is_whole_commune=True)
        handoffs.take(session, **key, volunteer_id=hoa)
        handoffs.answer(session, **key, volunteer_id=hoa)
    browser = world.signed_in()
    submit(browser, f"{PAGE}/{call}", action=f"{PAGE}/{call}/giao", volunteer_id=str(nam))
    submit(browser, f"{PAGE}/{call}", action=f"{PAGE}/{call}/khep", reason="gone")

    page = browser.get(f"{PAGE}/{call}").text

    assert [row[1:] for row in table(page, "dien-bien")] == [
        ["Bà con nhờ người", "Bà con", "Hỏi nhiều lần chưa ra"],
        ["Báo cho tình nguyện viên", "Máy", "chị Hoa, anh Nam"],
        ["Nhận giúp", "chị Hoa", ""],
        ["Trả lời bà con lần đầu", "chị Hoa", ""],
        ["Trả lại hàng chờ", "Cán bộ lan", "chị Hoa"],
        ["Nhận giúp", "anh Nam", ""],
        ["Giao việc", "Cán bộ lan", "anh Nam"],
        ["Khép lại", "Cán bộ lan", "Bà con không còn cần"],
    ]
    assert "<form" not in page.split("<main")[1]
    assert world.help_line.told == [
        ("taken away", "chị Hoa"),
        ("given", "anh Nam"),
        ("closed",),
        ("taken away", "anh Nam"),
    ]


def test_a_call_is_closed_with_a_reason_once_and_written_down(world: World):
    call = world.calls_for_help("bà Hòa")
    browser = world.signed_in()
    page = browser.get(f"{PAGE}/{call}")

    for reason in ("wrong", "helped"):
        token = {"form_token": page.text.split('name="form_token" value="')[1].split('"')[0]}
        answer = browser.post(f"{PAGE}/{call}/khep", data={**token, "reason": reason})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}/{call}")

    closed = the_call(world, call)
    assert (closed.state, closed.closed_reason, closed.closed_at) == ("closed", "wrong", world.clock())
    assert world.audited().count(("staff:lan", "handoff_closed")) == 1
    assert world.help_line.told == [("closed",)]


def test_a_reason_that_is_none_is_refused(world: World):
    call = world.calls_for_help("bà Hòa")
    browser = world.signed_in()

    answer = submit(browser, f"{PAGE}/{call}", action=f"{PAGE}/{call}/khep", reason="bored")

    assert (answer.status_code, the_call(world, call).state) == (400, "open")


def test_giving_a_call_to_who_has_it_changes_nothing(world: World):
    hoa = world.volunteer("chị Hoa")
    call = world.calls_for_help("bà Hòa")
    browser = world.signed_in()

    for _ in range(2):
        submit(browser, f"{PAGE}/{call}", action=f"{PAGE}/{call}/giao", volunteer_id=str(hoa))

    assert (the_call(world, call).state, the_call(world, call).volunteer_id) == ("taken", hoa)
    assert world.help_line.told == [("given", "chị Hoa")]
    assert world.audited().count(("staff:lan", "handoff_given")) == 1


def test_a_call_is_not_given_to_who_is_not_there(world: World):
    invited = world.volunteer("cô Mai", is_in_chat=False)
    stranger = world.volunteer("bác Tư", commune=world.other)
    call = world.calls_for_help("bà Hòa")
    hoa = world.volunteer("chị Hoa")
    browser = world.signed_in()
    change(world, handoffs.take, call, volunteer_id=hoa)

    answers = [
        submit(browser, f"{PAGE}/{call}", action=f"{PAGE}/{call}/giao", volunteer_id=value).status_code
        for value in (str(invited), str(stranger), "x", "")
    ]

    assert answers == [400] * 4
    assert (the_call(world, call).volunteer_id, world.help_line.told) == (hoa, [])


def test_calls_of_another_commune_are_not_there(world: World):
    call = world.calls_for_help("bà Đại Từ", commune=world.other)
    browser = world.signed_in()

    answers = [
        browser.get(f"{PAGE}/{call}").status_code,
        submit(browser, PAGE, action=f"{PAGE}/{call}/khep", reason="helped").status_code,
        submit(browser, PAGE, action=f"{PAGE}/{call}/giao", volunteer_id="1").status_code,
    ]

    assert answers == [404, 404, 404]


def test_the_figures_are_those_of_the_period(world: World):
    hoa = world.volunteer("chị Hoa")
    start = world.clock()
    for minutes in (4, 10, 180):
        world.clock.now = start
        call = world.calls_for_help(f"người {minutes}")
        world.clock.advance(minutes=minutes)
        change(world, handoffs.take, call, volunteer_id=hoa)
        change(world, handoffs.answer, call, volunteer_id=hoa)
    change(world, handoffs.close, call, reason="helped", actor=f"volunteer:{hoa}")
    world.calls_for_help("người cũ", at=start - dt.timedelta(days=40))
    browser = world.signed_in()

    page = browser.get(PAGE).text
    before = browser.get(f"{PAGE}?ky=2026-10").text

    assert figures(page) == ["3", "3", "10 phút"]
    assert table(page, "theo-nguoi") == [["chị Hoa", "2", "3", "3", "1"]]
    assert figures(before) == ["1", "0", "Chưa có"]
    assert table(before, "theo-nguoi") == [["chị Hoa", "2", "0", "0", "0"]]
