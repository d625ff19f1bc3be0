"""Kho hướng dẫn and the groups of questions, over three real guides and the real search."""

import datetime as dt
import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient
from sqlalchemy import select

from bot.content import Content
from bot.desk_guides import StaffGuides
from bot.guide_shelf import GuideShelf
from knowledge.library import CONTENT, read_text
from records.communes import find_commune
from records.database import Database
from records.models import AuditEntry, GuideVersion
from retrieval.decide import Thresholds
from retrieval.encoder import StaticEncoder
from tests.staff.test_help_desk_browser import RULES, SMALL, chromium, serve  # noqa: F401 - a fixture
from tests.staff.world import World, build_world, form_token, table, text_between

KEPT = ("kn-wifi", "kn-chu-to", "vneid-quen-mat-khau")
WIFI = "/staff/kho-huong-dan/kn-wifi"
CHU_TO = "Tăng cỡ chữ, dễ nhìn dễ nghe"
WITH = (("", " ạ"), ("", " nhỉ"), ("cho hỏi ", ""))  # words that make another question of one


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("content")
    for name in ("glossary", "elsewhere"):
        shutil.copytree(CONTENT / name, folder / name)
    for name, ending in (("guides", "md"), ("questions", "txt")):
        (folder / name).mkdir()
        for slug in KEPT:
            shutil.copy(CONTENT / name / f"{slug}.{ending}", folder / name)
    guide = folder / "guides" / "kn-wifi.md"
    text = read_text(guide).replace("related: [at-wifi-cong-cong, kn-cap-nhat, kn-goi-zalo]", "related: []")
    guide.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def content(folder: Path) -> Content:
    """Read only; a test that changes files builds its own."""
    return Content(StaticEncoder(), folder=folder, thresholds=Thresholds())


class Slugs:
    """The communes of a database, by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, commune_id: int):
        with self._database.read() as session:
            profiles = [find_commune(session, slug) for slug in ("tan-cuong", "dai-tu")]
        return next(each for each in profiles if each is not None and each.id == commune_id)


def world_of(database: Database, content: Content, now: dt.datetime) -> World:
    guides = StaffGuides(content, GuideShelf(content, database, look_s=0), Slugs(database))
    return build_world(database, now, guides=guides)


@pytest.fixture
def world(sqlite_database: Database, content: Content, now: dt.datetime):
    world = world_of(sqlite_database, content, now)
    yield world
    world.close()


def post(browser: TestClient, path: str, **fields: str):
    token = form_token(browser.get("/staff/tai-khoan").text)
    return browser.post(path, data={"form_token": token, **fields})


def begin(browser: TestClient, slug: str = "kn-wifi") -> str:
    """The address of a draft of a shipped guide."""
    editor: str = post(browser, f"/staff/kho-huong-dan/{slug}/ban-nhap").headers["location"]
    return editor.removesuffix("/sua")


def source_in(page: str) -> str:
    """The text in the editor."""
    found = re.search(r'<textarea id="van_ban"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found is not None, page
    return unescape(found[1])


def write(browser: TestClient, version: str, old: str, new: str, *, edition: str = "1", questions: str = ""):
    source = source_in(browser.get(f"{version}/sua?cach=van-ban").text)
    assert old in source
    return post(
        browser,
        f"{version}/sua",
        van_ban=source.replace(old, new),
        questions=questions,
        edition=edition,
        xong="1",
    )


def publish(world: World, old: str, new: str, *, questions: str = "") -> str:
    """A version of kn-wifi that lan wrote and minh approved; its address."""
    lan, minh = world.signed_in("lan"), world.signed_in("minh")
    version = begin(lan)
    write(lan, version, old, new, questions=questions)
    assert post(lan, f"{version}/gui-duyet", edition="2").status_code == 303
    assert post(minh, f"{version}/duyet", edition="2", accept_drop="1").status_code == 303
    return version


def test_a_change_is_live_for_one_commune_when_another_person_approved_it(world: World):
    publish(world, "title: Kết nối Wi-Fi, bật mạng di động", "title: Nối mạng nhà văn hóa")
    here = world.signed_in("hoa").get(WIFI).text
    there = world.signed_in("tu", commune=world.other).get(WIFI).text

    assert "<h1>Nối mạng nhà văn hóa</h1>" in here
    assert [row[:2] for row in table(here, "ban")] == [["Bản 1", "Đang dùng"]]
    assert "<h1>Kết nối Wi-Fi, bật mạng di động</h1>" in there
    assert table(there, "ban") == []


def test_the_list_shows_what_is_to_be_done_first(world: World):
    lan = world.signed_in("lan")
    version = begin(lan)
    post(lan, f"{version}/gui-duyet", edition="1")

    page = lan.get("/staff/kho-huong-dan").text
    filtered = lan.get("/staff/kho-huong-dan?viec=review").text
    topic = lan.get("/staff/kho-huong-dan?chu_de=vneid").text

    assert table(page, "kho")[0][0] == "Kết nối Wi-Fi, bật mạng di động"
    assert text_between(page, 'id="viec-title">', "</section>") == "Việc cần làm Chờ duyệt: 1"
    assert [row[2] for row in table(filtered, "kho")] == ["Bản phát hành; Chờ duyệt"]
    assert [row[0] for row in table(topic, "kho")] == ["Quên mật khẩu VNeID"]


def test_a_guide_comes_up_again_on_the_day_set_for_it(world: World):
    lan, minh = world.signed_in("lan"), world.signed_in("minh")
    version = begin(lan)
    source = source_in(lan.get(f"{version}/sua?cach=van-ban").text)
    post(lan, f"{version}/sua", van_ban=source, edition="1", review_by="30/11/2026")
    post(lan, f"{version}/gui-duyet", edition="2")
    post(minh, f"{version}/duyet", edition="2")
    before = lan.get("/staff/kho-huong-dan?viec=to_check").text

    world.clock.advance(days=8)
    after = world.signed_in("hoa").get("/staff/kho-huong-dan?viec=to_check").text

    assert (len(table(before, "kho")), len(table(after, "kho"))) == (0, 1)


def test_the_form_and_the_text_are_the_same_file(world: World):
    lan = world.signed_in("lan")
    version = begin(lan)
    form = lan.get(f"{version}/sua").text
    fields = dict(re.findall(r'<input id="([a-z_0-9]+)" name="\1" value="([^"]*)"', form))
    areas = dict(re.findall(r'<textarea id="([a-z_0-9]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL))
    sent = {name: unescape(value) for name, value in (fields | areas).items()}
    before = source_in(lan.get(f"{version}/sua?cach=van-ban").text)
    groups = ["can-bo", "hoc-sinh", "nguoi-lao-dong", "nguoi-dan"]
    token = form_token(form)
    body = {"form_token": token, "edition": "1", "topic": "ky-nang", "level": "1", "groups": groups, **sent}
    lan.post(f"{version}/sua", data=body)

    page = lan.get(version).text

    assert before.startswith("---\ntitle: Kết nối Wi-Fi")
    assert "Không có lỗi nào." in page
    assert "Bước 1/8. Bác mở mục" in page


def test_the_preview_shows_each_step_as_residents_get_it(world: World):
    lan = world.signed_in("lan")
    version = begin(lan)

    chat = text_between(lan.get(version).text, '<ol class="phone"', "</ol>")

    assert "Cháu chỉ bác việc: Kết nối Wi-Fi, bật mạng di động, có 8 bước." in chat
    assert "⚠️ Nối Wi-Fi chỉ cần mật khẩu Wi-Fi." in chat
    assert "Bước 6/8. Bác bấm &#34;Kết nối&#34;. Máy hiện: chữ báo đã kết nối" in chat
    assert "1. Xong rồi 2. Không thấy 0." in chat
    assert "Ở góc trên màn hình đã có hình cái quạt Wi-Fi, hoặc chữ 4G, 5G chưa ạ? 1. Có rồi 2. Chưa" in chat


def test_a_look_at_it_first_saves_nothing(world: World):
    lan = world.signed_in("lan")
    version = begin(lan)
    source = source_in(lan.get(f"{version}/sua?cach=van-ban").text)

    tried = post(
        lan, f"{version}/sua", van_ban=source.replace("Cài đặt", "Cài thử"), edition="1", xem_thu="1"
    )

    assert "Đây mới là xem thử, chưa lưu." in tried.text
    assert "Bước 1/8. Bác mở mục &#34;Cài thử&#34;" in tried.text
    assert "Cài thử" not in lan.get(version).text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{Bác} mở mục", "{Bác} mở\u200b mục", "Có ký tự ẩn (U+200B)."),
        ("{Bác} mở mục", "{Bác} mở trang http://vneid-capnhat.top mục", "Địa chỉ vneid-capnhat.top"),
        ("{Bác} mở mục", "Bác mở mục", "Hãy viết {bác} hoặc {cháu}"),
        ("## Hỏi ai", "## Hỏi", "Phần Lỗi hay gặp chưa đúng mẫu"),
        ("title: Kết nối Wi-Fi, bật mạng di động", "title: a", "Phần đầu chưa đúng mẫu ở mục title."),
    ],
)
def test_what_breaks_a_rule_is_said_and_neither_submitted_nor_brought_into_use(
    world: World, old: str, new: str, said: str
):
    lan, minh = world.signed_in("lan"), world.signed_in("minh")
    version = begin(lan)
    write(lan, version, old, new)
    page = lan.get(version).text

    submitted = post(lan, f"{version}/gui-duyet", edition="2")
    with world.database.write() as session:  # had it come that far all the same
        session.scalars(select(GuideVersion)).one().state = "review"
    approved = post(minh, f"{version}/duyet", edition="2")

    assert said in page
    assert (submitted.status_code, approved.status_code) == (400, 400)
    assert "Bản này còn lỗi phải sửa" in approved.text


def test_who_wrote_a_version_cannot_approve_it_and_a_page_of_before_approves_nothing(world: World):
    lan, minh = world.signed_in("lan"), world.signed_in("minh")
    version = begin(lan)
    post(lan, f"{version}/gui-duyet", edition="1")

    own = post(lan, f"{version}/duyet", edition="1")
    write(lan, version, "{Bác} mở mục", "{Bác} tìm mục")
    post(lan, f"{version}/gui-duyet", edition="2")
    outdated = post(minh, f"{version}/duyet", edition="1")

    assert (own.status_code, outdated.status_code) == (403, 409)
    assert "Bạn đã viết bản này, nên một người khác duyệt." in lan.get(version).text


def test_a_version_given_back_says_why_with_secrets_masked(world: World):
    lan, minh = world.signed_in("lan"), world.signed_in("minh")
    version = begin(lan)
    post(lan, f"{version}/gui-duyet", edition="1")

    empty = post(minh, f"{version}/tra-lai", edition="1", note=" ")
    post(minh, f"{version}/tra-lai", edition="1", note="thiếu nguồn, gọi 0912345678")

    assert empty.status_code == 400
    page = lan.get(version).text
    assert "thiếu nguồn, gọi ‹digits›" in page
    assert "Gửi duyệt" in page


def test_what_would_be_answered_otherwise_is_listed_and_a_drop_must_be_ticked(world: World):
    """The questions of another guide, taken over, are lost to it."""
    lan, minh = world.signed_in("lan"), world.signed_in("minh")
    taken = (CONTENT / "questions" / "kn-chu-to.txt").read_text(encoding="utf-8").splitlines()
    stolen = "\n".join(f"{before}{line}{after}" for line in taken for before, after in WITH)
    version = begin(lan)
    write(lan, version, "{Bác} mở mục", "{Bác} tìm mục", questions=stolen)
    post(lan, f"{version}/gui-duyet", edition="2")

    page = minh.get(version).text
    unticked = post(minh, f"{version}/duyet", edition="2")

    rows = [row for row in table(page, "doi") if row[3] == "Mất câu đúng"]
    assert [row[1] for row in rows] == [CHU_TO] * len(rows)
    assert rows[0][2].startswith("Hỏi lại: ")
    assert re.search(r"Cẩn thận: số câu trả lời đúng giảm đi \d+", page)
    assert unticked.status_code == 400
    assert "Bản này làm số câu trả lời đúng giảm đi." in unticked.text
    assert post(minh, f"{version}/duyet", edition="2", accept_drop="1").status_code == 303


def test_an_earlier_version_comes_back_and_at_last_the_shipped_one(world: World):
    title = "title: Kết nối Wi-Fi, bật mạng di động"
    first = publish(world, title, "title: Bản một của xã")
    hoa, nga = world.signed_in("hoa"), world.signed_in("nga")
    second = begin(hoa)
    write(hoa, second, "title: Bản một của xã", "title: Bản hai của xã")
    post(hoa, f"{second}/gui-duyet", edition="2")
    post(nga, f"{second}/duyet", edition="2", accept_drop="1")
    now_second = nga.get(WIFI).text

    post(nga, f"{first}/dua-lai")
    now_first = nga.get(WIFI).text
    post(nga, f"{WIFI}/thoi-dung")
    shipped = nga.get(WIFI).text

    titles = [text_between(page, "<h1>", "</h1>") for page in (now_second, now_first, shipped)]
    assert titles == ["Bản hai của xã", "Bản một của xã", "Kết nối Wi-Fi, bật mạng di động"]
    assert [row[1] for row in table(shipped, "ban")] == ["Đã thay", "Đã thay"]
    assert "Đang dùng" not in shipped


def test_a_newer_release_is_shown_beside_what_the_commune_has_and_does_not_replace_it(
    sqlite_database: Database, folder: Path, tmp_path: Path, now: dt.datetime
):
    own_folder = shutil.copytree(folder, tmp_path / "content")
    content = Content(StaticEncoder(), folder=own_folder, thresholds=Thresholds())
    world = world_of(sqlite_database, content, now)
    publish(world, "title: Kết nối Wi-Fi, bật mạng di động", "title: Nối mạng nhà văn hóa")
    guide = own_folder / "guides" / "kn-wifi.md"
    guide.write_text(read_text(guide).replace("số 0 với chữ o", "số 1 với chữ l"), encoding="utf-8")
    assert content.reload_if_changed()

    hoa = world.signed_in("hoa")
    page, todo = hoa.get(WIFI).text, hoa.get("/staff/kho-huong-dan?viec=newer").text
    world.close()

    assert "<h1>Nối mạng nhà văn hóa</h1>" in page
    assert "Có bản phát hành mới hơn" in page
    assert "<ins>1</ins>" in page
    assert len(table(todo, "kho")) == 1


def test_questions_that_ask_alike_are_one_group_with_the_largest_first(world: World):
    world.lives_in("bà Hòa", "h0")
    world.lives_in("ông Tư", "h1")
    world.asks("bà Hòa", "giá lợn hơi hôm nay")
    for name, text in (
        ("bà Hòa", "xin giấy phép xây nhà ở đâu"),
        ("ông Tư", "xin giấy phép xây nhà"),
        ("cô Ba", "giấy phép xây nhà xin ở đâu"),
    ):
        world.asks(name, text)

    page = world.signed_in().get("/staff/chua-tra-loi/nhom").text

    rows = table(page, "nhom")
    assert [row[1:4] for row in rows] == [["3", "0", "2"], ["1", "0", "1"]]
    assert "giá lợn hơi hôm nay" in rows[1][0]


def test_a_group_set_aside_comes_back_when_it_is_asked_again_and_by_hand(world: World):
    question = world.open_question("bà Hòa", "giá lợn hơi hôm nay")
    lan, path = world.signed_in("lan"), "/staff/chua-tra-loi/nhom"

    post(lan, f"{path}/{question}/bo-qua")
    gone = table(lan.get(path).text, "nhom")
    kept = table(lan.get(f"{path}?bo_qua=1").text, "nhom")
    world.asks("ông Tư", "giá lợn hơi hôm nay bao nhiêu")
    again = table(lan.get(path).text, "nhom")
    post(lan, f"{path}/{question}/bo-qua")
    post(lan, f"{path}/{question}/bo-qua", lai="1")

    assert (gone, len(kept)) == ([], 1)
    assert again[0][1] == "2 (1 mới)"
    assert table(lan.get(path).text, "nhom")[0][1] == "2"


def test_a_wording_becomes_a_question_of_a_draft_with_its_secrets_masked(world: World):
    question = world.open_question("bà Hòa", "mạng nhà văn hóa xóm yếu quá")
    lan, path = world.signed_in("lan"), f"/staff/chua-tra-loi/nhom/{0}"
    group = path.removesuffix("0") + str(question)

    page = lan.get(group).text
    version = post(lan, f"{group}/them", slug="kn-wifi", wording="mạng nhà văn hóa 0912345678 yếu").headers[
        "location"
    ]
    nowhere = post(lan, f"{group}/them", slug="khong-co", wording="một câu")

    assert "mạng nhà văn hóa xóm yếu quá" in page
    assert "mạng nhà văn hóa ‹digits› yếu" in lan.get(version).text
    assert "Câu hỏi mẫu có số riêng đã che." not in page
    assert nowhere.status_code == 400
    with world.database.read() as session:
        actions = [
            entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        ]
    assert actions == ["questions.view", "guide.draft"]


def test_the_pages_can_be_used_by_everybody(world: World, chromium, tmp_path: Path):  # noqa: F811
    version = publish(world, "{Bác} mở mục", "{Bác} tìm mục", questions="mạng nhà văn hóa xóm")
    client = world.signed_in("hoa")
    draft = begin(client)
    write(client, draft, "{Bác} tìm mục", "Bác tìm mục", questions="mạng nhà văn hóa xóm\nmất mạng trong xóm")
    question = world.open_question("bà Hòa", "xin giấy phép xây nhà ở đâu")
    pages = (
        "/staff/kho-huong-dan",
        WIFI,
        version,
        draft,
        f"{draft}/sua",
        f"{draft}/sua?cach=van-ban",
        "/staff/chua-tra-loi/nhom",
        f"/staff/chua-tra-loi/nhom/{question}",
    )
    page = chromium.new_page(viewport={"width": 1366, "height": 768})
    serve(page, client)
    found = {}
    for address in pages:
        page.goto(f"http://testserver{address}")
        problems = Axe().run(page, options={"runOnly": RULES}).response["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        found[address] = ([problem["id"] for problem in problems], page.evaluate(SMALL), wide)
    page.close()

    assert found == dict.fromkeys(pages, ([], [], False))
