"""Who gets in, which forms are taken, and what every answer says to the browser."""

from collections.abc import Iterable

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from records.communes import CommuneProfile
from records.models import Handoff, StaffAccount
from staff.access import count_try, signed_in, signed_in_at_all
from tests.staff.desk_objects import desk_objects
from tests.staff.report_objects import has_report
from tests.staff.world import World, form_token, sign_in, submit, table

PUBLIC = {
    ("GET", "/staff/static/staff.css"),
    ("GET", "/staff/dang-nhap"),
    ("POST", "/staff/dang-nhap"),
    ("GET", "/staff/ma-xac-thuc"),
    ("POST", "/staff/ma-xac-thuc"),
    ("GET", "/staff/moi/{token}"),
    ("POST", "/staff/moi/{token}"),
    ("GET", "/staff/dang-nhap-co-quan"),
    ("GET", "/staff/dang-nhap-co-quan/ve"),
}
FIRST_STEPS = {  # open before the second factor is set up where one is needed
    ("POST", "/staff/dang-xuat"),
    ("GET", "/staff/xac-thuc"),
    ("POST", "/staff/xac-thuc"),
}
EVERYBODY = {"staff", "author", "reviewer", "admin", "auditor", "district"}
# Whom each route is for. What is asked of an object of another commune is never answered to anybody.
INSIDE: dict[tuple[str, str], set[str]] = {
    ("GET", "/staff/tai-khoan"): EVERYBODY,
    ("POST", "/staff/tai-khoan/mat-khau"): EVERYBODY,
    ("POST", "/staff/xac-thuc/tat"): EVERYBODY,
    ("POST", "/staff/dang-xuat-het"): EVERYBODY,
    ("GET", "/staff"): {"staff"},
    ("GET", "/staff/tong-quan.csv"): {"staff"},
    ("GET", "/staff/cau-hoi"): {"staff"},
    ("GET", "/staff/loi-nho"): {"staff"},
    ("GET", "/staff/nguoi-duoc-giup"): {"staff"},
    ("GET", "/staff/theo-huong-dan"): {"staff"},
    ("GET", "/staff/chua-tra-loi"): {"staff"},
    ("GET", "/staff/chua-tra-loi.csv"): {"staff"},
    ("GET", "/staff/chua-tra-loi/nhom"): {"staff"},
    ("GET", "/staff/chua-tra-loi/nhom/{question_id}"): {"staff"},
    ("POST", "/staff/chua-tra-loi/nhom/{question_id}/bo-qua"): {"staff"},
    ("POST", "/staff/chua-tra-loi/nhom/{question_id}/them"): {"staff"},
    ("POST", "/staff/chua-tra-loi/nhom/{question_id}/viet"): {"staff"},
    ("GET", "/staff/kho-huong-dan"): {"staff", "author", "reviewer"},
    ("POST", "/staff/kho-huong-dan"): {"staff", "author"},
    ("GET", "/staff/kho-huong-dan/{slug}"): {"staff", "author", "reviewer"},
    ("POST", "/staff/kho-huong-dan/{slug}/ban-nhap"): {"staff", "author"},
    ("POST", "/staff/kho-huong-dan/{slug}/thoi-dung"): {"staff", "reviewer"},
    ("GET", "/staff/kho-huong-dan/ban/{version_id}"): {"staff", "author", "reviewer"},
    ("GET", "/staff/kho-huong-dan/ban/{version_id}/sua"): {"staff", "author"},
    ("POST", "/staff/kho-huong-dan/ban/{version_id}/sua"): {"staff", "author"},
    ("POST", "/staff/kho-huong-dan/ban/{version_id}/gui-duyet"): {"staff", "author"},
    ("POST", "/staff/kho-huong-dan/ban/{version_id}/duyet"): {"staff", "reviewer"},
    ("POST", "/staff/kho-huong-dan/ban/{version_id}/tra-lai"): {"staff", "reviewer"},
    ("POST", "/staff/kho-huong-dan/ban/{version_id}/dua-lai"): {"staff", "reviewer"},
    ("GET", "/staff/dang-cho"): {"staff"},
    ("GET", "/staff/dang-cho/{handoff_id}"): {"staff"},
    ("POST", "/staff/dang-cho/{handoff_id}/khep"): {"staff"},
    ("POST", "/staff/dang-cho/{handoff_id}/giao"): {"staff"},
    ("GET", "/staff/tinh-nguyen-vien"): {"staff"},
    ("POST", "/staff/tinh-nguyen-vien"): {"staff"},
    ("GET", "/staff/tinh-nguyen-vien/{volunteer_id}"): {"staff"},
    ("POST", "/staff/tinh-nguyen-vien/{volunteer_id}"): {"staff"},
    ("POST", "/staff/tinh-nguyen-vien/{volunteer_id}/dia-ban"): {"staff"},
    ("POST", "/staff/tinh-nguyen-vien/{volunteer_id}/ma-moi"): {"staff"},
    ("GET", "/staff/xom"): {"staff"},
    ("POST", "/staff/xom"): {"staff"},
    ("GET", "/staff/xom/{hamlet_id}"): {"staff"},
    ("POST", "/staff/xom/{hamlet_id}"): {"staff"},
    ("POST", "/staff/xom/{hamlet_id}/thu-tu"): {"staff"},
    ("POST", "/staff/xom/{hamlet_id}/trang-thai"): {"staff"},
    ("GET", "/staff/xom/{hamlet_id}/gop"): {"staff"},
    ("POST", "/staff/xom/{hamlet_id}/gop"): {"staff"},
    ("GET", "/staff/buoi-hoc"): {"staff"},
    ("POST", "/staff/buoi-hoc"): {"staff"},
    ("GET", "/staff/buoi-hoc/moi"): {"staff"},
    ("GET", "/staff/buoi-hoc/{note_id}"): {"staff"},
    ("POST", "/staff/buoi-hoc/{note_id}"): {"staff"},
    ("POST", "/staff/buoi-hoc/{note_id}/bo"): {"staff"},
    ("POST", "/staff/buoi-hoc/{note_id}/tinh-lai"): {"staff"},
    ("GET", "/staff/gia-dinh-so"): {"staff"},
    ("POST", "/staff/gia-dinh-so"): {"staff"},
    ("GET", "/staff/gia-dinh-so/{household_id}"): {"staff"},
    ("POST", "/staff/gia-dinh-so/{household_id}"): {"staff"},
    ("GET", "/staff/dai-su-so"): {"staff"},
    ("POST", "/staff/dai-su-so/{volunteer_id}"): {"staff"},
    ("GET", "/staff/nhap"): {"staff"},
    ("POST", "/staff/nhap"): {"staff"},
    ("GET", "/staff/nhap/mau.xlsx"): {"staff"},
    ("GET", "/staff/nhap/{import_id}"): {"staff"},
    ("POST", "/staff/nhap/{import_id}"): {"staff"},
    ("GET", "/staff/ke-hoach"): {"staff", "author", "reviewer"},
    ("POST", "/staff/ke-hoach"): {"author"},
    ("GET", "/staff/ke-hoach/quay-lai"): {"reviewer"},
    ("POST", "/staff/ke-hoach/quay-lai"): {"reviewer"},
    ("POST", "/staff/ke-hoach/han-bao-cao"): {"staff"},
    ("GET", "/staff/ke-hoach/chi-tieu/{key}"): {"staff", "author", "reviewer"},
    ("POST", "/staff/ke-hoach/chi-tieu/{key}/cach-tinh"): {"staff"},
    ("POST", "/staff/ke-hoach/chi-tieu/{key}/so-lieu"): {"staff"},
    ("GET", "/staff/ke-hoach/{version}"): {"staff", "author", "reviewer"},
    ("POST", "/staff/ke-hoach/{version}/dau"): {"author"},
    ("POST", "/staff/ke-hoach/{version}/sua"): {"author"},
    ("GET", "/staff/ke-hoach/{version}/duyet"): {"reviewer"},
    ("POST", "/staff/ke-hoach/{version}/duyet"): {"reviewer"},
    ("GET", "/staff/ke-hoach/{version}/{part}/{number}"): {"author"},
    ("POST", "/staff/ke-hoach/{version}/{part}/{number}"): {"author"},
    ("POST", "/staff/ke-hoach/{version}/bo"): {"author"},  # after what a draft can still have done to it
    ("GET", "/staff/du-lieu-ca-nhan"): {"staff"},
    ("GET", "/staff/yeu-cau"): {"staff"},
    ("POST", "/staff/yeu-cau"): {"staff"},
    ("GET", "/staff/yeu-cau/{request_id}"): {"staff"},
    ("POST", "/staff/yeu-cau/{request_id}"): {"staff"},
    ("GET", "/staff/yeu-cau/{request_id}/du-lieu.txt"): {"staff"},
    ("GET", "/staff/yeu-cau/{request_id}/du-lieu.json"): {"staff"},
    ("GET", "/staff/su-co"): {"staff"},
    ("POST", "/staff/su-co"): {"staff"},
    ("GET", "/staff/su-co/{breach_id}"): {"staff"},
    ("POST", "/staff/su-co/{breach_id}"): {"staff"},
    ("POST", "/staff/su-co/{breach_id}/danh-dau"): {"staff"},
    ("GET", "/staff/su-co/{breach_id}/mau-08"): {"staff"},
    ("GET", "/staff/ho-so-xu-ly"): {"staff"},
    ("GET", "/staff/tai-khoan-can-bo"): {"admin"},
    ("POST", "/staff/tai-khoan-can-bo"): {"admin"},
    ("GET", "/staff/tai-khoan-can-bo/{account_id}"): {"admin"},
    ("POST", "/staff/tai-khoan-can-bo/{account_id}/vai-tro"): {"admin"},
    ("POST", "/staff/tai-khoan-can-bo/{account_id}/duong-dan"): {"admin"},
    ("POST", "/staff/tai-khoan-can-bo/{account_id}/bat-tat"): {"admin"},
    ("POST", "/staff/tai-khoan-can-bo/{account_id}/xac-thuc"): {"admin"},
    ("POST", "/staff/tai-khoan-can-bo/{account_id}/dang-nhap-mot-lan"): {"admin"},
    ("GET", "/staff/tai-lieu"): {"staff", "author", "reviewer"},
    ("GET", "/staff/tai-lieu/ap-phich.pdf"): {"staff"},
    ("GET", "/staff/tai-lieu/chu-de/{topic}.pdf"): {"staff", "author", "reviewer"},
    ("GET", "/staff/tai-lieu/lo-trinh/{path}.pdf"): {"staff", "author", "reviewer"},
    ("GET", "/staff/tai-lieu/{slug}.pdf"): {"staff", "author", "reviewer"},
    ("GET", "/staff/xom/{hamlet_id}/ap-phich.pdf"): {"staff"},
    ("GET", "/staff/thong-bao"): {"staff"},
    ("POST", "/staff/thong-bao"): {"staff"},
    ("GET", "/staff/thong-bao/moi"): {"staff"},
    ("GET", "/staff/thong-bao/{announcement_id}"): {"staff"},
    ("POST", "/staff/thong-bao/{announcement_id}"): {"staff"},
    ("GET", "/staff/thong-bao/{announcement_id}/sua"): {"staff"},
    ("POST", "/staff/thong-bao/{announcement_id}/sua"): {"staff"},
    ("POST", "/staff/thong-bao/{announcement_id}/thu"): {"staff"},
    ("GET", "/staff/khoa-api"): {"admin"},
    ("POST", "/staff/khoa-api"): {"admin"},
    ("POST", "/staff/khoa-api/{key_id}/thu-hoi"): {"admin"},
    ("GET", "/staff/nhat-ky"): {"auditor"},
    ("GET", "/staff/bao-cao"): {"staff"},
    ("POST", "/staff/bao-cao"): {"staff"},
    ("GET", "/staff/bao-cao/mau"): {"admin"},
    ("POST", "/staff/bao-cao/mau"): {"admin"},
    ("GET", "/staff/bao-cao/mau.docx"): {"admin"},
    ("POST", "/staff/bao-cao/mau/bo"): {"admin"},
    ("GET", "/staff/bao-cao/{report_id}"): {"staff"},
    ("POST", "/staff/bao-cao/{report_id}"): {"staff"},
    ("POST", "/staff/bao-cao/{report_id}/tinh-lai"): {"staff"},
    ("POST", "/staff/bao-cao/{report_id}/da-gui"): {"staff"},
    ("POST", "/staff/bao-cao/{report_id}/du-so"): {"staff"},
    ("GET", "/staff/bao-cao/{report_id}/bao-cao.docx"): {"staff"},
    ("GET", "/staff/bao-cao/{report_id}/bao-cao.xlsx"): {"staff"},
    ("GET", "/staff/cac-xa"): {"district"},
    ("GET", "/staff/cac-xa.csv"): {"district"},
}
SIGNED_IN = FIRST_STEPS | INSIDE.keys()
# What a form must hold for its object to be looked up at all.
FIELDS: dict[tuple[str, str], dict[str, str]] = {
    ("POST", "/staff/xom/{hamlet_id}"): {"name": "x"},
    ("POST", "/staff/xom/{hamlet_id}/thu-tu"): {"to": "up"},
    ("POST", "/staff/xom/{hamlet_id}/trang-thai"): {"what": "open"},
    ("POST", "/staff/xom/{hamlet_id}/gop"): {"into": "1"},
    ("POST", "/staff/buoi-hoc/{note_id}"): {"total": "1"},
    ("POST", "/staff/buoi-hoc/{note_id}/bo"): {"reason": "x"},
    ("POST", "/staff/dai-su-so/{volunteer_id}"): {"what": "name"},
    ("POST", "/staff/ke-hoach/chi-tieu/{key}/so-lieu"): {"value": "1", "unit": "%"},
    ("POST", "/staff/ke-hoach/{version}/dau"): {"name": "x"},
    ("POST", "/staff/ke-hoach/{version}/{part}/{number}"): {"what_to_do": "drop"},
    ("POST", "/staff/thong-bao/{announcement_id}"): {"what": "ask"},
    ("POST", "/staff/thong-bao/{announcement_id}/sua"): {"text": "x", "channels": "zalo"},
    ("POST", "/staff/kho-huong-dan/ban/{version_id}/tra-lai"): {"edition": "1", "note": "x"},
    ("POST", "/staff/bao-cao/{report_id}/da-gui"): {"agree": "true"},
    ("POST", "/staff/bao-cao/{report_id}/du-so"): {"agree": "true"},
    ("POST", "/staff/dang-cho/{handoff_id}/khep"): {"reason": "helped"},
    ("POST", "/staff/yeu-cau/{request_id}"): {"what": "answered"},
    ("POST", "/staff/su-co/{breach_id}/danh-dau"): {"done": "reported_at"},
    ("POST", "/staff/tai-khoan-can-bo/{account_id}/vai-tro"): {"why": "x"},
    ("POST", "/staff/tai-khoan-can-bo/{account_id}/duong-dan"): {"why": "x"},
    ("POST", "/staff/tai-khoan-can-bo/{account_id}/bat-tat"): {"why": "x", "what": "off"},
    ("POST", "/staff/tai-khoan-can-bo/{account_id}/xac-thuc"): {"why": "x"},
    ("POST", "/staff/tai-khoan-can-bo/{account_id}/dang-nhap-mot-lan"): {"why": "x"},
}
OF_OTHERS = "chuyện riêng của Đại Từ"  # stands in whatever the other commune has


def _objects(world: World, commune: CommuneProfile) -> dict[str, int | str]:
    """One object of the commune for each parameter of a route."""
    who = f"người của {commune.slug}"
    return {
        "handoff_id": world.calls_for_help(who, question=OF_OTHERS, commune=commune),
        "volunteer_id": world.volunteer(OF_OTHERS, commune=commune),
        "request_id": world.asks_for_data(who, commune=commune),
        "breach_id": world.notes_breach(OF_OTHERS, commune=commune),
        "announcement_id": world.announces(OF_OTHERS, commune=commune),
        "account_id": world.account(f"can-bo-{commune.slug}", commune=commune, display_name=OF_OTHERS)[1],
        "key_id": world.api_key(OF_OTHERS, commune=commune),
        "question_id": world.open_question(who, OF_OTHERS, commune=commune),
        "version_id": world.guide_draft(f"xa-{commune.slug}", f"title: {OF_OTHERS}", commune=commune),
        "slug": f"xa-{commune.slug}",
        "report_id": has_report(world, OF_OTHERS, commune=commune),
        **desk_objects(world, commune, OF_OTHERS),
        "topic": f"chu-de-{commune.slug}",
        "path": f"lo-trinh-{commune.slug}",
        "token": "x",
    }


def _routes(world: World) -> set[tuple[str, str]]:
    return {(method, route.path) for route in world.routes for method in route.methods}


def _ask_all(
    browser: TestClient, keys: Iterable[tuple[str, str]], objects: dict[str, int | str]
) -> dict[tuple[str, str], Response]:
    """The answers to what pages of ours would ask, with the token of the person's forms."""
    token = form_token(browser.get("/staff/tai-khoan").text)
    # Signing out everywhere comes last, for afterwards nothing opens.
    return {
        key: browser.get(key[1].format(**objects))
        if key[0] == "GET"
        else browser.post(key[1].format(**objects), data={"form_token": token, **FIELDS.get(key, {})})
        for key in sorted(keys, key=lambda key: key[1].endswith("/dang-xuat-het"))
    }


def _is_refused(answer: Response) -> bool:
    if answer.status_code == 403:
        return "Tài khoản của bạn chưa được giao việc này." in answer.text
    # The first page leads everybody to where their own work begins.
    return answer.status_code == 303 and answer.url.path == "/staff"


def test_every_route_stands_in_one_of_the_lists(world: World):
    assert _routes(world) == PUBLIC | SIGNED_IN


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_a_role_opens_what_stands_in_the_table_and_nothing_else(world: World, role: str):
    browser = world.signed_in(role=role)
    objects = _objects(world, world.home)

    answers = _ask_all(browser, INSIDE, objects)

    opened = {key for key, answer in answers.items() if not _is_refused(answer)}
    assert opened == {key for key, roles in INSIDE.items() if role in roles}
    unhappy = {
        key: answers[key].status_code
        for key in opened
        if answers[key].status_code not in ((200,) if key[0] == "GET" else (200, 303, 400, 403, 409))
    }
    assert unhappy == {}
    assert "/staff/dang-nhap" not in [
        answer.headers.get("location")
        for key, answer in answers.items()
        if not key[1].endswith("/dang-xuat-het")
    ]


def test_an_account_without_a_role_and_one_of_an_unknown_role_open_their_own_account_only(
    world: World,
):
    objects = _objects(world, world.home)
    opened = []
    for name, role in (("none", ""), ("odd", "mayor")):
        browser = world.signed_in(name, role=role)
        answers = _ask_all(browser, INSIDE, objects)
        opened.append({key for key, answer in answers.items() if not _is_refused(answer)})

    assert opened == [{key for key, roles in INSIDE.items() if roles == EVERYBODY}] * 2


def test_an_account_of_several_roles_opens_what_any_of_them_opens(world: World):
    browser = world.signed_in(role="admin staff")

    statuses = [browser.get(path).status_code for path in ("/staff", "/staff/dang-cho")]

    assert statuses == [200, 200]


def test_what_belongs_to_another_commune_is_not_there_for_any_role(world: World):
    browser = world.signed_in(role=" ".join(EVERYBODY))
    theirs = _objects(world, world.other)

    answers = _ask_all(browser, (key for key in INSIDE if "{" in key[1]), theirs)

    assert {key: answer.status_code for key, answer in answers.items()} == dict.fromkeys(answers, 404)
    assert [key for key, answer in answers.items() if OF_OTHERS in answer.text] == []


def test_what_belongs_to_another_commune_stands_in_no_list(world: World):
    _objects(world, world.other)
    browser = world.signed_in(role=" ".join(EVERYBODY - {"district"}))
    pages = [path for method, path in INSIDE if method == "GET" and "{" not in path]

    shown = [path for path in pages if OF_OTHERS in browser.get(path).text]

    assert shown == []


def test_every_route_that_is_not_public_asks_for_the_sign_in_before_anything_else(world: World):
    first = {
        (method, route.path): route.dependencies[0].dependency
        for route in world.routes
        for method in route.methods
        if (method, route.path) not in PUBLIC
    }

    assert first == {
        **dict.fromkeys(FIRST_STEPS, signed_in_at_all),
        **dict.fromkeys(INSIDE, signed_in),
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
    objects = _objects(world, world.home)

    answers = {
        (method, path): browser.request(method, path.format(**objects))
        for method, path in _routes(world) - PUBLIC
    }

    assert {key: (a.status_code, a.headers.get("location")) for key, a in answers.items()} == dict.fromkeys(
        SIGNED_IN, (303, "/staff/dang-nhap")
    )


def test_every_post_refuses_a_form_without_its_token(world: World):
    outside, inside = world.browser(), world.signed_in(role=" ".join(EVERYBODY))
    objects = _objects(world, world.home)
    outside.get("/staff/dang-nhap")

    answers = {
        (method, path): (inside if (method, path) in SIGNED_IN else outside).post(
            path.format(**objects), data={"username": "lan"}
        )
        for method, path in _routes(world)
        if method == "POST"
    }

    assert answers != {}
    assert {key: answer.status_code for key, answer in answers.items()} == dict.fromkeys(answers, 403)
    assert [key for key, answer in answers.items() if "Tài khoản của bạn chưa" in answer.text] == []


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
    for _ in range(12 * 2 + 1):
        world.clock.advance(minutes=29, seconds=59)
        statuses.append(browser.get("/staff/tai-khoan").status_code)

    assert statuses == [200] * 24 + [303]


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
            len(table(browser.get("/staff/loi-nho").text, "loi-nho")),
            len(table(browser.get("/staff/cau-hoi").text, "cau-hoi")),
            len(table(browser.get("/staff/nguoi-duoc-giup").text, "nguoi-duoc-giup")),
            table(unanswered, "chua-tra-loi"),
            browser.get("/staff/tong-quan.csv?ban=noi-bo").text.count("\r\n"),
            browser.get("/staff/chua-tra-loi.csv").text.count("\r\n"),
        ]

    nothing = [*["0"] * 6, "", "Chưa dùng"]
    total = ["Cả địa bàn", *["0"] * 6, "", ""]
    assert seen(ours) == [
        [["Nam Đồng", *nothing], ["Gò Pháo", *nothing], ["Soi Vàng", *nothing], total],
        [],
        [],
        0,
        0,
        0,
        [],
        4,
        1,
    ]
    assert seen(theirs) == [
        [
            ["Nam Đồng", "1", "2", "1", "1", "1", "1", "", "Cần giúp"],
            ["Chưa rõ thôn, xóm", "1", "1", "0", "1", "0", "0", "", ""],
            ["Cả địa bàn", "2", "3", "1", "2", "1", "1", "", ""],
        ],
        [
            ["An toàn trên mạng", "2", "2"],
            ["Không thuộc chủ đề nào", "1", "0"],
            ["Cả địa bàn", "3", "2"],
        ],
        [["Mã OTP & những điều không đưa cho ai", "2", "2", "2"]],
        1,
        3,
        2,
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

    answer = submit(browser, "/staff", action=f"/staff/dang-cho/{wanted}/khep", reason="helped")

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


def test_a_huge_form_is_refused_with_a_page_that_says_so(world: World):
    browser = world.browser()
    browser.get("/staff/dang-nhap")

    answer = sign_in(browser, "lan", "x" * 70_000)

    assert answer.status_code == 413
    assert "lớn quá mức cho phép" in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
