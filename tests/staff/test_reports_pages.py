"""The pages of reports: from the list to the file that was sent, and what stays as it was."""

import io
import re

import pytest
from docx import Document
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from records import reports
from records.models import AuditEntry, Report
from tests.staff.world import World, form_token, submit, table, text_between

VNEID, QR = "vneid-quen-mat-khau", "tt-quet-qr"
QUARTER = "/staff/bao-cao?ky=2026-Q4"


def _some_days(world: World) -> None:
    """Seven people of Nam Đồng, three of Gò Pháo, nobody in Soi Vàng."""
    for number in range(10):
        name = f"người {number}"
        world.lives_in(name, "h0" if number < 7 else "h1")
        world.asks(name, guide=VNEID)
    world.asks("người 0", guide=QR)
    world.asks("người 1", "xin giấy phép xây nhà")
    world.completes("người 0", VNEID)


def _open(browser: TestClient, address: str = QUARTER) -> str:
    """The address of the draft."""
    answer = submit(browser, "/staff/bao-cao", action=address)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def _save(browser: TestClient, address: str, **fields: str):
    return submit(browser, address, **fields)


def _send(browser: TestClient, address: str):
    assert browser.get(f"{address}/bao-cao.docx").status_code == 200
    return submit(browser, address, action=f"{address}/da-gui", agree="true")


def _paragraphs(file: bytes) -> list[str]:
    return [paragraph.text for paragraph in Document(io.BytesIO(file)).paragraphs]


def test_a_quarter_is_previewed_with_its_words_and_its_tables(world: World):
    _some_days(world)
    browser = world.signed_in()

    page = browser.get(_open(browser)).text

    assert "<h1>Báo cáo quý IV năm 2026</h1>" in page
    assert text_between(page, '<p id="tom-tat">', "</p>") == (
        "Trong quý IV năm 2026, có 10 người hỏi với 12 lượt hỏi; 10 người được trợ lý Học Vụ Số, "
        "tình nguyện viên hoặc cán bộ giúp. Chưa có số liệu quý III năm 2026 để so sánh. "
        "Bà con làm được dưới 5 việc; trong đó dưới 5 việc tự báo. Chưa ghi nhận buổi học nào. "
        "2 trên 3 thôn, xóm có người hỏi; nhiều người được giúp nhất là Nam Đồng."
    )
    assert table(page, "bang-hamlets") == [
        ["Nam Đồng", "…", "…", "…", "<5", "<5", "0", "0"],
        ["Gò Pháo", "<5", "<5", "<5", "0", "0", "0", "0"],
        ["Soi Vàng", "0", "0", "0", "0", "0", "0", "0"],
        ["Cả địa bàn", "10", "10", "12", "<5", "<5", "0", "0"],
    ]
    assert "Chưa có hoạt động nào được ghi nhận: Soi Vàng." in page


def test_the_page_the_word_file_and_the_workbook_are_made_from_the_same_figures(world: World):
    _some_days(world)
    browser = world.signed_in()
    address = _open(browser)
    world.asks("người 3", guide=QR)  # after they were counted

    answer = _save(browser, address, issuer="ỦY BAN NHÂN DÂN\nXÃ TÂN CƯƠNG", number="12", what="docx")
    file = browser.get(answer.headers["location"])
    book = load_workbook(io.BytesIO(browser.get(f"{address}/bao-cao.xlsx").content))

    assert answer.headers["location"] == f"{address}/bao-cao.docx"
    assert file.headers["content-disposition"] == 'attachment; filename="bao-cao-2026-10-01-2026-12-31.docx"'
    summary = text_between(browser.get(address).text, '<p id="tom-tat">', "</p>")
    assert "12 lượt hỏi" in summary
    assert summary in _paragraphs(file.content)
    assert summary in [cell.value for cell in book["Tổng hợp"]["A"]]
    assert book.sheetnames == ["Tổng hợp", "Theo xóm", "Theo chủ đề", "Theo tuần", "Định nghĩa"]
    assert ("staff:lan", "report.exported") in world.audited()


def test_a_sent_report_gives_the_same_file_after_corrections_which_are_listed(world: World):
    _some_days(world)
    browser = world.signed_in()
    address = _open(browser)
    before = _paragraphs(browser.get(f"{address}/bao-cao.docx").content)

    sent = _send(browser, address)
    for number in range(10, 16):
        world.lives_in(f"người {number}", "h1")
        world.asks(f"người {number}", guide=QR)
    again = submit(browser, address, action=f"{address}/tinh-lai")
    page = browser.get(address).text
    after = _paragraphs(browser.get(f"{address}/bao-cao.docx").content)

    assert (sent.status_code, again.status_code) == (303, 303)
    assert after == before
    assert ["Bảng 1. Kết quả chung", "Người hỏi, kỳ này", "10", "16"] in table(page, "bang-thay-doi")
    assert ["Phụ lục 1. Kết quả theo thôn, xóm", "Gò Pháo, người hỏi", "<5", "9"] in table(
        page, "bang-thay-doi"
    )
    assert "Người hỏi, kỳ này" not in text_between(page, 'id="xem-truoc"', "</section>")


def test_a_report_is_sent_only_after_its_word_file_was_fetched_and_then_changes_no_more(world: World):
    browser = world.signed_in()
    address = _open(browser)
    token = form_token(browser.get(address).text)

    def post(path: str, **fields: str) -> int:
        return browser.post(f"{address}{path}", data={"form_token": token, **fields}).status_code

    too_early = post("/da-gui", agree="true")
    unconfirmed = (browser.get(f"{address}/bao-cao.docx"), post("/da-gui"))[1]
    changed = (post("", number="13"), post("/da-gui", agree="true"))[1]
    sent = (browser.get(f"{address}/bao-cao.docx"), post("/da-gui", agree="true"))[1]
    later = post("", number="14")

    assert (too_early, unconfirmed, changed, sent, later) == (409, 400, 409, 303, 409)
    assert world.audited().count(("staff:lan", "report.sent")) == 1


def test_the_small_numbers_stand_only_in_the_workbook_for_the_office(world: World):
    _some_days(world)
    browser = world.signed_in()
    address = _open(browser)

    masked = load_workbook(io.BytesIO(browser.get(f"{address}/bao-cao.xlsx").content))["Theo xóm"]
    refused = submit(browser, address, action=f"{address}/du-so")
    answer = submit(browser, address, action=f"{address}/du-so", agree="true")
    plain = load_workbook(io.BytesIO(answer.content))["Theo xóm"]

    def rows(sheet) -> dict[str, tuple[object, ...]]:
        return {row[0]: row[1:4] for row in sheet.iter_rows(values_only=True) if row[0]}

    assert rows(masked)["Gò Pháo"] == ("<5", "<5", "<5")
    assert refused.status_code == 400
    assert rows(plain)["Gò Pháo"] == (3, 3, 3)
    assert "Dùng nội bộ, không che ô ít người" in rows(plain)
    with world.database.read() as session:
        entries = session.query(AuditEntry).filter_by(action="report.exported")
        kinds = [entry.detail["kind"] for entry in entries.order_by(AuditEntry.sequence)]
    assert kinds == ["xlsx", "xlsx-unmasked"]


def test_what_was_written_stands_in_the_next_report_but_for_number_and_day(world: World):
    browser = world.signed_in()
    _save(
        browser,
        _open(browser),
        signer="Người mẫu 1",
        place="Tân Cương",
        number="12",
        signed_on="05/12/2026",
        what="luu",
    )

    page = browser.get(_open(browser, "/staff/bao-cao?ky=2026-11")).text

    values = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', page))
    assert (values["signer"], values["place"]) == ("Người mẫu 1", "Tân Cương")
    assert (values["number"], values["signed_on"]) == ("", "")


@pytest.mark.parametrize("field", [{"number": "12a"}, {"signed_on": "31/02/2026"}])
def test_a_number_or_a_day_that_is_none_is_refused(world: World, field: dict[str, str]):
    browser = world.signed_in()

    answer = _save(browser, _open(browser), **field)

    assert answer.status_code == 400
    assert "Số hoặc ngày ký chưa đúng" in answer.text


def test_while_figures_are_counted_a_page_says_how_far_it_is(world: World):
    browser = world.signed_in()
    address = _open(browser)
    here = {"commune_id": world.home.id, "report_id": int(address.rsplit("/", 1)[1])}
    with world.database.write() as session:
        reports.begin_build(session, **here, now=world.clock())
        reports.note_stage(session, **here, stage=2)

    page = browser.get(address).text

    assert '<progress value="2" max="4"' in page
    assert '<meta http-equiv="refresh" content="1">' in page
    world.clock.advance(minutes=5)  # whoever counted gave up
    assert "<progress" not in browser.get(address).text


def test_a_report_of_another_commune_is_not_there(world: World):
    address = _open(world.signed_in("hoa", commune=world.other))

    browser = world.signed_in("lan")
    answers = [browser.get(address + path).status_code for path in ("", "/bao-cao.docx", "/bao-cao.xlsx")]

    assert answers == [404, 404, 404]
    with world.database.read() as session:
        assert [row.commune_id for row in session.query(Report)] == [world.other.id]


def test_days_of_ones_own_are_reported_too(world: World):
    browser = world.signed_in()
    address = _open(browser, "/staff/bao-cao?tu=01/11/2026&den=15/11/2026")

    page = browser.get(address).text

    assert "<h1>Báo cáo từ 01/11/2026 đến 15/11/2026</h1>" in page
    assert "(17/10/2026 đến 31/10/2026)" in page
    assert [row[0] for row in table(browser.get("/staff/bao-cao").text, "bao-cao")] == [
        "Từ 01/11/2026 đến 15/11/2026"
    ]
