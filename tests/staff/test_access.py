"""Who gets in, which forms are taken, and what every answer says to the browser."""

import pytest

from records.models import Handoff, StaffAccount
from staff.access import count_try, signed_in, signed_in_at_all
from tests.staff.world import World, form_token, sign_in, submit, table

PUBLIC = {
    ("GET", "/staff/static/staff.css"),
    ("GET", "/staff/dang-nhap"),
    ("POST", "/staff/dang-nhap"),
    ("GET", "/staff/ma-xac-thuc"),
    ("POST", "/staff/ma-xac-thuc"),
    ("GET", "/staff/moi/{token}"),
    ("POST", "/staff/moi/{token}"),
}
FIRST_STEPS = {  # open before the second factor is set up where one is needed
    ("POST", "/staff/dang-xuat"),
    ("GET", "/staff/xac-thuc"),
    ("POST", "/staff/xac-thuc"),
}
INSIDE = FIRST_STEPS | {
    ("GET", "/staff/tai-khoan"),
    ("POST", "/staff/tai-khoan/mat-khau"),
    ("POST", "/staff/xac-thuc/tat"),
    ("POST", "/staff/dang-xuat-het"),
    ("GET", "/staff"),
    ("GET", "/staff/tong-quan.csv"),
    ("POST", "/staff/can-giup/{handoff_id}/da-giup"),
    ("GET", "/staff/chua-tra-loi"),
    ("GET", "/staff/chua-tra-loi.csv"),
    ("GET", "/staff/dang-cho"),
    ("GET", "/staff/dang-cho/{handoff_id}"),
    ("POST", "/staff/dang-cho/{handoff_id}/khep"),
    ("POST", "/staff/dang-cho/{handoff_id}/giao"),
    ("GET", "/staff/tinh-nguyen-vien"),
    ("POST", "/staff/tinh-nguyen-vien"),
    ("GET", "/staff/tinh-nguyen-vien/{volunteer_id}"),
    ("POST", "/staff/tinh-nguyen-vien/{volunteer_id}"),
    ("POST", "/staff/tinh-nguyen-vien/{volunteer_id}/dia-ban"),
    ("POST", "/staff/tinh-nguyen-vien/{volunteer_id}/ma-moi"),
    ("GET", "/staff/du-lieu-ca-nhan"),
    ("GET", "/staff/yeu-cau"),
    ("POST", "/staff/yeu-cau"),
    ("GET", "/staff/yeu-cau/{request_id}"),
    ("POST", "/staff/yeu-cau/{request_id}"),
    ("GET", "/staff/yeu-cau/{request_id}/du-lieu.txt"),
    ("GET", "/staff/yeu-cau/{request_id}/du-lieu.json"),
    ("GET", "/staff/su-co"),
    ("POST", "/staff/su-co"),
    ("GET", "/staff/su-co/{breach_id}"),
    ("POST", "/staff/su-co/{breach_id}"),
    ("POST", "/staff/su-co/{breach_id}/danh-dau"),
    ("GET", "/staff/su-co/{breach_id}/mau-08"),
    ("GET", "/staff/ho-so-xu-ly"),
}


def _routes(world: World) -> set[tuple[str, str]]:
    return {(method, route.path) for route in world.routes for method in route.methods}


def test_every_route_stands_in_one_of_the_two_lists(world: World):
    assert _routes(world) == PUBLIC | INSIDE


def test_every_route_that_is_not_public_asks_for_the_sign_in_before_anything_else(world: World):
    first = {
        (method, route.path): route.dependencies[0].dependency
        for route in world.routes
        for method in route.methods
        if (method, route.path) not in PUBLIC
    }

    assert first == {
        **dict.fromkeys(FIRST_STEPS, signed_in_at_all),
        **dict.fromkeys(INSIDE - FIRST_STEPS, signed_in),
    }


def test_whatever_could_be_guessed_counts_the_tries(world: World):
    counted = {
        (method, route.path)
        for route in world.routes
        for method in route.methods
        if count_try in [one.dependency for one in route.dependencies]
    }

    assert counted == {(method, path) for method, path in PUBLIC if method == "POST"}


def test_every_route_that_is_not_public_sends_strangers_to_the_sign_in(world: World):
    browser = world.browser()
    world.calls_for_help("bà Hòa")
    with world.database.read() as session:
        handoff_id = session.query(Handoff.id).scalar()

    answers = {
        (method, path): browser.request(
            method,
            path.format(handoff_id=handoff_id, volunteer_id=1, request_id=1, breach_id=1, token="x"),
        )
        for method, path in _routes(world) - PUBLIC
    }

    assert {key: (a.status_code, a.headers.get("location")) for key, a in answers.items()} == dict.fromkeys(
        INSIDE, (303, "/staff/dang-nhap")
    )


@pytest.mark.parametrize("role", ["staff", "admin"])
def test_every_page_opens_for_both_roles(world: World, role: str):
    browser = world.signed_in(role=role)

    ids = {
        "request_id": world.asks_for_data("bà Hòa"),
        "breach_id": world.notes_breach(),
        "handoff_id": world.calls_for_help("bà Hòa"),
        "volunteer_id": world.volunteer("chị Hoa"),
    }

    pages = {path: browser.get(path.format(**ids)).status_code for method, path in INSIDE if method == "GET"}

    assert pages == dict.fromkeys(pages, 200)


def test_every_post_refuses_a_form_without_its_token(world: World):
    outside, inside = world.browser(), world.signed_in()
    outside.get("/staff/dang-nhap")

    answers = {
        (method, path): (inside if (method, path) in INSIDE else outside).post(
            path.format(handoff_id=1, volunteer_id=1, request_id=1, breach_id=1, token="x"),
            data={"username": "lan"},
        )
        for method, path in _routes(world)
        if method == "POST"
    }

    assert {key: answer.status_code for key, answer in answers.items()} == dict.fromkeys(answers, 403)
    assert len(answers) == 20


def test_the_token_of_somebody_elses_form_is_refused(world: World):
    mine, theirs = world.signed_in("lan"), world.signed_in("minh")
    token = form_token(theirs.get("/staff").text)

    answer = mine.post("/staff/dang-xuat", data={"form_token": token})

    assert answer.status_code == 403
    assert mine.get("/staff").status_code == 200


def test_a_form_token_without_its_cookie_is_refused_before_the_sign_in(world: World):
    world.account("lan")
    token = form_token(world.browser().get("/staff/dang-nhap").text)

    empty = world.browser().post("/staff/dang-nhap", data={"form_token": ""})
    answer = world.browser().post("/staff/dang-nhap", data={"form_token": token})

    assert (empty.status_code, answer.status_code) == (403, 403)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": "http://testserver"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Origin": "http://testserver:8080"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
    ],
)
def test_forms_are_taken_from_our_own_pages_only(world: World, headers: dict[str, str], status: int):
    world.account("lan")
    browser = world.signed_in("minh")
    signed_out = world.browser()
    login = {"username": "lan", "password": "ba con mèo nằm ngủ"}
    login["form_token"] = form_token(signed_out.get("/staff/dang-nhap").text)
    sign_out = {"form_token": form_token(browser.get("/staff").text)}

    answers = (
        signed_out.post("/staff/dang-nhap", data=login, headers=headers),
        browser.post("/staff/dang-xuat", data=sign_out, headers=headers),
    )

    assert [answer.status_code for answer in answers] == [status, status]


def test_a_login_ends_after_thirty_minutes_without_use(world: World):
    browser = world.signed_in()

    world.clock.advance(minutes=30)
    in_time = browser.get("/staff").status_code
    world.clock.advance(minutes=30, seconds=1)
    too_late = browser.get("/staff").status_code

    assert (in_time, too_late) == (200, 303)


def test_a_login_ends_after_twelve_hours_however_much_it_is_used(world: World):
    browser = world.signed_in()

    statuses = []
    for _ in range(12 * 4 + 1):
        world.clock.advance(minutes=15)
        statuses.append(browser.get("/staff").status_code)

    assert statuses == [200] * 48 + [303]


def test_a_disabled_account_is_out_at_once(world: World):
    browser = world.signed_in("lan")
    before = browser.get("/staff").status_code

    with world.database.write() as session:
        session.query(StaffAccount).filter_by(username="lan").update({"is_active": False})

    assert (before, browser.get("/staff").status_code) == (200, 303)


def test_last_use_is_written_once_a_minute_at_most(world: World):
    from records.models import StaffSession

    browser = world.signed_in()
    start = world.clock()
    seen = []
    for seconds in (59, 1, 30, 30):
        world.clock.advance(seconds=seconds)
        browser.get("/staff")
        with world.database.read() as session:
            seen.append((session.query(StaffSession.last_seen_at).scalar() - start).total_seconds())

    assert seen == [0, 60, 60, 120]


@pytest.mark.parametrize("path", ["/staff", "/staff/dang-nhap", "/staff/moi/unknown", "/staff/tong-quan.csv"])
def test_every_answer_tells_the_browser_to_be_careful(world: World, path: str):
    for browser in (world.signed_in(), world.browser()):
        headers = browser.get(path).headers

        for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in headers["content-security-policy"].split("; ")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


def test_pages_hold_no_script_and_no_style_of_their_own(world: World):
    world.asks("bà Hòa")
    world.calls_for_help("bà Hòa")
    inside, outside = world.signed_in(), world.browser()
    pages = [inside.get("/staff"), inside.get("/staff/chua-tra-loi"), outside.get("/staff/dang-nhap")]

    found = [mark for page in pages for mark in ("<script", "<style", " style=", " on") if mark in page.text]

    assert found == []


def test_the_stylesheet_is_there_for_everybody(world: World):
    page = world.browser().get("/staff/dang-nhap").text
    address = page.split('<link rel="stylesheet" href="')[1].split('"')[0]

    answer = world.browser().get(address)

    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.text.startswith("/* The staff site.")


def test_the_rows_of_another_commune_are_never_shown(world: World):
    world.lives_in("ông Ba", "h0", commune=world.other)
    world.asks("ông Ba", "câu hỏi của Đại Từ", commune=world.other)
    world.asks("ông Ba", guide="at-otp", commune=world.other)
    world.asks("ai đó", guide="at-otp", commune=world.other)
    world.completes("ai đó", "at-otp", commune=world.other)
    world.completes("ông Ba", "at-otp", commune=world.other)
    world.calls_for_help("ông Ba", question="gọi từ Đại Từ", commune=world.other)
    ours, theirs = world.signed_in("lan"), world.signed_in("minh", commune=world.other)

    def seen(browser) -> list[object]:
        overview, unanswered = browser.get("/staff").text, browser.get("/staff/chua-tra-loi").text
        return [
            table(overview, "theo-thon"),
            [row for row in table(overview, "theo-chu-de") if row[1:] != ["0", "0"]],
            table(overview, "theo-huong-dan"),
            len(table(overview, "dang-cho")),
            table(unanswered, "chua-tra-loi"),
            browser.get("/staff/tong-quan.csv").text.count("\r\n"),
            browser.get("/staff/chua-tra-loi.csv").text.count("\r\n"),
        ]

    nothing = ["0", "0", "0", "0"]
    assert seen(ours) == [
        [["Nam Đồng", *nothing], ["Gò Pháo", *nothing], ["Soi Vàng", *nothing], ["Cả địa bàn", *nothing]],
        [],
        [],
        0,
        [],
        4,
        1,
    ]
    assert seen(theirs) == [
        [
            ["Nam Đồng", "2", "1", "1", "1"],
            ["Chưa rõ thôn, xóm", "1", "1", "0", "1"],
            ["Cả địa bàn", "3", "2", "1", "2"],
        ],
        [
            ["An toàn trên mạng", "2", "2"],
            ["Không thuộc chủ đề nào", "1", "0"],
            ["Cả địa bàn", "3", "2"],
        ],
        [
            ["Mã OTP & những điều không đưa cho ai", "An toàn trên mạng", "2", "2", "2"],
            ["Không gắn với hướng dẫn nào", "Không thuộc chủ đề nào", "1", "1", "0"],
        ],
        1,
        [["22/11/2026 15:30", "Nam Đồng", "câu hỏi của Đại Từ", "Chưa có câu trả lời", ""]],
        4,
        2,
    ]


@pytest.mark.parametrize("handoff_id", ["theirs", "1", "0", "-1", "99999999999999999999", "abc"])
def test_a_call_of_another_commune_cannot_be_closed(world: World, handoff_id: str):
    world.calls_for_help("ông Ba", commune=world.other)
    world.calls_for_help("bà Hòa")
    with world.database.read() as session:
        theirs = session.query(Handoff.id).filter_by(commune_id=world.other.id).scalar()
    browser = world.signed_in()
    wanted = str(theirs) if handoff_id == "theirs" else handoff_id

    answer = submit(browser, "/staff", action=f"/staff/can-giup/{wanted}/da-giup")

    assert answer.status_code in (400, 404)
    with world.database.read() as session:
        assert [state for (state,) in session.query(Handoff.state)] == ["open", "open"]
    assert (world.audited(), world.audited(world.other)) == ([], [])


def test_a_form_that_carries_a_file_is_refused_with_a_page(world: World):
    browser = world.browser()
    token = form_token(browser.get("/staff/dang-nhap").text)

    answer = browser.post(
        "/staff/dang-nhap", data={"form_token": token}, files={"username": ("a.txt", b"lan")}
    )

    assert answer.status_code == 400
    assert "<h1>Chưa làm được</h1>" in answer.text


def test_a_huge_form_is_refused(world: World):
    browser = world.browser()
    browser.get("/staff/dang-nhap")

    assert sign_in(browser, "lan", "x" * 70_000).status_code == 413
