"""The commune's plan on the staff site: brought in, corrected, approved, and its targets followed."""

import datetime as dt
import io
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from bot.plans import PlanShelf
from records import plans
from records.database import Database
from records.models import Commune
from tests.security.zoo import ZOO
from tests.staff.desk_objects import PLAN
from tests.staff.world import World, build_world, form_token, submit, table, text_between

PAGE = "/staff/ke-hoach"
EVERYTHING = "staff author reviewer"


@pytest.fixture
def world(sqlite_database: Database, now: dt.datetime) -> Iterator[World]:
    world = build_world(sqlite_database, now)
    yield world
    world.close()


def bring(browser: TestClient, text: str | bytes = PLAN, name: str = "ke-hoach.txt"):
    token = form_token(browser.get(PAGE).text)
    content = text.encode() if isinstance(text, str) else text
    return browser.post(PAGE, data={"form_token": token}, files={"file": (name, content)})


def approve(browser: TestClient, version: int):
    path = f"{PAGE}/{version}/duyet"
    seen = text_between(browser.get(path).text.replace('name="seen" value="', "\0"), "\0", '"')
    return submit(browser, path, seen=seen)


def correct(browser: TestClient, path: str, **fields: str):
    """Send the form of a row with some of its fields changed, as a person would."""
    page = browser.get(f"{PAGE}/{path}")
    assert page.status_code == 200, page.text
    before = filled_in(page.text)
    return browser.post(f"{PAGE}/{path}", data={**before, **fields})


def filled_in(page: str) -> dict[str, str]:
    """What the last form of a page would send if nothing was changed."""
    from lxml import html

    form = html.fromstring(page).forms[-1]
    return {name: value or "" for name, value in form.fields.items() if name and value is not None}


def test_a_plan_is_brought_in_corrected_and_approved_and_then_the_chat_answers_from_it(world: World):
    browser = world.signed_in(role=EVERYTHING)
    shelf = PlanShelf(world.database, lambda: [], look_s=0)

    brought = bring(browser)
    draft = browser.get(brought.headers["location"]).text
    before = shelf.ask("tan-cuong", "bao nhiêu phần trăm người dân trưởng thành có kỹ năng số")
    rows = table(draft, "bang-doan")
    at = next(number for number, row in enumerate(rows, 1) if row[0] == "I.1")
    changed = correct(
        browser,
        f"1/doan/{at}",
        field_text="Năm 2026 phấn đấu 85% người dân trưởng thành của xã có kỹ năng số cơ bản.",
    )
    correct(browser, "1/chi-tieu/1", field_percent="85")
    done = approve(browser, 1)
    shelf.refresh("tan-cuong")
    after = shelf.ask("tan-cuong", "bao nhiêu phần trăm người dân trưởng thành có kỹ năng số")

    assert (brought.status_code, changed.status_code, done.status_code) == (303, 303, 303)
    assert "Số: 12/KH-UBND" in draft  # the text of the file stands beside
    assert before is None
    assert after is not None
    assert "85%" in after.answer_text
    page = browser.get(PAGE).text
    assert [row[1:4] for row in table(page, "chi-tieu")] == [
        ["Người dân trưởng thành của xã có kỹ năng số cơ bản", "85%", "—"],
        ["Cán bộ, công chức xã sử dụng được dịch vụ công trực tuyến", "100%", "—"],
    ]
    assert "lan duyệt lúc 22/11/2026 15:30" in page
    kept = browser.get(f"{PAGE}/1").text
    assert "Đã sửa: lan, 22/11/2026 15:30" in kept
    assert [row[1] for row in table(kept, "cac-cho-sua")] == ["Sửa", "Sửa"]
    assert world.audited() == [
        ("staff:lan", "plan.draft"),
        ("staff:lan", "plan.correct"),
        ("staff:lan", "plan.correct"),
        ("staff:lan", "plan.approve"),
    ]


def test_the_next_report_is_due_as_the_plan_says_and_can_be_set_by_hand(world: World):
    browser = world.signed_in(role=EVERYTHING)
    bring(browser)
    approve(browser, 1)

    by_plan = browser.get(PAGE).text
    submit(browser, PAGE, action=f"{PAGE}/han-bao-cao", period="quarter", day="10", receiver="Sở KH&CN")
    by_hand = browser.get(PAGE).text
    submit(browser, PAGE, action=f"{PAGE}/han-bao-cao", period="")

    assert "Hạn 14/12/2026, còn 22 ngày." in by_plan  # "trước ngày 15" is the 14th at the latest
    assert "Theo kế hoạch, mục III.1: trước ngày 15 tháng cuối quý." in by_plan
    assert "Hạn 10/12/2026, còn 18 ngày." in by_hand
    assert "Gửi về: Sở KH&amp;CN." in by_hand
    assert "Hạn 14/12/2026" in browser.get(PAGE).text


def test_a_target_is_counted_from_the_system_or_entered_by_hand_with_its_history(world: World):
    browser = world.signed_in(role=EVERYTHING)
    bring(browser)
    approve(browser, 1)
    for number in range(3):
        world.completes(f"người {number}", "vneid-quen-mat-khau")
    page = browser.get(PAGE).text
    target = text_between(page.replace(f'href="{PAGE}/chi-tieu/', "\0"), "\0", '"')
    path = f"{PAGE}/chi-tieu/{target}"

    submit(browser, path, action=f"{path}/so-lieu", value="40,5", unit="%", as_of="01/11/2026")
    submit(
        browser, path, action=f"{path}/so-lieu", value="60", unit="%", as_of="20/11/2026", noted="sổ 123456"
    )
    by_hand = table(browser.get(PAGE).text, "chi-tieu")[0]
    submit(browser, path, action=f"{path}/cach-tinh", measure="guided:vneid", whole="12")
    counted = table(browser.get(PAGE).text, "chi-tieu")[0]

    assert by_hand[2:6] == ["80%", "60%", "75%", "lan nhập, tính đến 20/11/2026"]
    assert counted[2:6] == [
        "80%",
        "25% 3 trên 12",
        "31,3%",
        "Tính từ hệ thống: số người làm xong bài thuộc “Định danh VNeID”",
    ]
    assert table(browser.get(path).text, "da-nhap") == [
        ["60 %", "20/11/2026", "lan, 22/11/2026 15:30", "sổ ‹digits›"],
        ["40,5 %", "01/11/2026", "lan, 22/11/2026 15:30", ""],
    ]


def test_what_was_chosen_for_a_target_stays_when_a_corrected_plan_is_approved_and_after_a_rollback(
    world: World,
):
    browser = world.signed_in(role=EVERYTHING)
    bring(browser)
    approve(browser, 1)
    page = browser.get(PAGE).text
    target = text_between(page.replace(f'href="{PAGE}/chi-tieu/', "\0"), "\0", '"')
    path = f"{PAGE}/chi-tieu/{target}"
    submit(browser, path, action=f"{path}/so-lieu", value="60", unit="%", as_of="20/11/2026")

    copied = submit(browser, f"{PAGE}/1", action=f"{PAGE}/1/sua")
    correct(browser, "2/chi-tieu/1", field_percent="75")
    approve(browser, 2)
    second = table(browser.get(PAGE).text, "chi-tieu")[0][2:5]
    for _ in range(2):  # pressing twice goes back once
        back = browser.post(
            f"{PAGE}/quay-lai",
            data={"form_token": form_token(browser.get(PAGE).text), "version": "2"},
        )
    first = table(browser.get(PAGE).text, "chi-tieu")[0][2:5]

    assert copied.headers["location"] == f"{PAGE}/2"
    assert (second, first) == (["75%", "60%", "80%"], ["80%", "60%", "75%"])
    assert back.status_code == 303
    assert [row[2] for row in table(browser.get(PAGE).text, "cac-ban")] == ["Đã thay", "Đang dùng"]


def test_rows_are_added_and_dropped_and_two_who_correct_the_same_row_do_not_overwrite_each_other(
    world: World,
):
    browser = world.signed_in(role=EVERYTHING)
    bring(browser)
    stale = filled_in(browser.get(f"{PAGE}/1/nhiem-vu/1").text)

    correct(browser, "1/nhiem-vu/1", field_lead="Đoàn Thanh niên")
    late = browser.post(f"{PAGE}/1/nhiem-vu/1", data={**stale, "field_lead": "Hội Nông dân"})
    correct(
        browser,
        "1/chi-tieu/0",
        field_group="lớp học tại xóm",
        field_percent="20",
        field_unit="lớp",
        field_year="2026",
        field_locator="II.1",
    )
    dropped = filled_in(browser.get(f"{PAGE}/1/chi-tieu/2").text)
    browser.post(f"{PAGE}/1/chi-tieu/2", data={**dropped, "what_to_do": "drop"})
    page = browser.get(f"{PAGE}/1").text

    assert late.status_code == 409
    assert table(page, "bang-nhiem-vu")[0][1] == "Đoàn Thanh niên"
    assert [row[2:5] for row in table(page, "bang-chi-tieu")] == [
        ["80%", "2026", "I.1"],
        ["20 lớp", "2026", "II.1"],
    ]


def test_only_what_was_looked_at_is_approved_and_only_a_draft_is_corrected(world: World):
    browser = world.signed_in(role=EVERYTHING)
    bring(browser)
    page = browser.get(f"{PAGE}/1/duyet").text
    seen = text_between(page.replace('name="seen" value="', "\0"), "\0", '"')
    correct(browser, "1/chi-tieu/1", field_percent="85")

    stale = submit(browser, f"{PAGE}/1/duyet", seen=seen)
    done = approve(browser, 1)
    row = filled_in(browser.get(f"{PAGE}/1").text)  # the form that makes a draft of it
    refused = browser.post(
        f"{PAGE}/1/chi-tieu/1",
        data={"form_token": row["form_token"], "what_to_do": "drop", "seen": "x"},
    )

    assert (stale.status_code, done.status_code, refused.status_code) == (409, 303, 409)


def test_a_draft_that_is_not_wanted_is_discarded_once_and_never_approved(world: World):
    browser = world.signed_in(role=EVERYTHING)
    bring(browser)
    seen = text_between(browser.get(f"{PAGE}/1/duyet").text.replace('name="seen" value="', "\0"), "\0", '"')

    answers = [submit(browser, f"{PAGE}/1", action=f"{PAGE}/1/bo").status_code for _ in range(2)]

    assert answers == [303, 303]
    assert "Đã bỏ" in browser.get(f"{PAGE}/1").text
    assert f"{PAGE}/1/duyet" not in browser.get(f"{PAGE}/1").text
    assert browser.get(f"{PAGE}/1/duyet").status_code == 409
    assert submit(browser, f"{PAGE}/1", action=f"{PAGE}/1/duyet", seen=seen).status_code == 409
    assert [action for _, action in world.audited()] == ["plan.draft", "plan.discard"]

    bring(browser)  # the same file again is a new draft

    assert approve(browser, 2).status_code == 303
    assert submit(browser, f"{PAGE}/2", action=f"{PAGE}/2/bo").status_code == 409


def test_the_head_is_corrected_and_what_it_lacks_is_told_before_approving(world: World):
    browser = world.signed_in(role=EVERYTHING)
    bring(browser, PLAN.replace("Số: 12/KH-UBND", "Số:     /KH-UBND"))

    before = browser.get(f"{PAGE}/1/duyet").text
    token = form_token(browser.get(f"{PAGE}/1").text)
    head = {"name": "Kế hoạch năm 2026", "number": "12/KH-UBND", "date": "2026-03-05", "signer": "Ký thay"}
    browser.post(f"{PAGE}/1/dau", data={"form_token": token, **head})

    assert "Văn bản chưa ghi: số, ký hiệu, người ký." in before
    assert "Văn bản chưa ghi" not in browser.get(f"{PAGE}/1/duyet").text
    with world.database.read() as session:
        plan = plans.find_version(session, session.get_one(Commune, world.home.id), 1)
        assert plan is not None
        assert (plan.name, plan.head["number"]) == ("Kế hoạch năm 2026", "12/KH-UBND")


def test_a_word_file_is_read_too(world: World):
    import docx

    document, file = docx.Document(), io.BytesIO()
    for line in PLAN.splitlines():
        document.add_paragraph(line)
    document.save(file)

    brought = bring(world.signed_in(role=EVERYTHING), file.getvalue(), "ke-hoach.docx")

    assert brought.status_code == 303


@pytest.mark.parametrize(
    "kind",
    ["207 MB in a Word file", "a billion laughs", "2 million PDF operators", "macros", "a picture elsewhere",
     "a part that climbs out", "a page in a text file's clothes", "an old Word file", "21 MB"],
)  # fmt: skip
def test_harmful_files_are_refused_in_words_and_nothing_is_kept(world: World, kind: str):
    name, make, _reasons = ZOO[kind]
    browser = world.signed_in(role=EVERYTHING)

    answer = bring(browser, make(), name)

    assert answer.status_code == 400
    assert "<h1>" in answer.text
    assert "plans_desk" not in answer.text
    assert browser.get(PAGE).text.count("<tbody>") == 0
    assert world.audited() == []


def test_a_form_far_too_large_is_not_even_read(world: World):
    browser = world.signed_in(role=EVERYTHING)

    assert bring(browser, b"a" * (25 * 2**20)).status_code == 413


def test_plans_of_another_commune_are_not_there(world: World):
    theirs = world.signed_in("minh", role=EVERYTHING, commune=world.other)
    bring(theirs)
    browser = world.signed_in(role=EVERYTHING)

    pages = [browser.get(f"{PAGE}/{path}").status_code for path in ("1", "1/duyet", "1/doan/1")]

    assert pages == [404, 404, 404]
