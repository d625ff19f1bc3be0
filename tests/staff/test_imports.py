"""Lists brought in from Excel: every row is judged by itself, and only the right ones are taken in, once."""

import datetime as dt
import io
from collections.abc import Iterator, Sequence

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from knowledge.phrases import load_phrases
from records import list_imports
from records.community import ClassNote, Household, Volunteer
from records.database import Database
from records.models import Hamlet
from records.models_plans import PendingImport
from staff.import_template import template_file
from tests.security.zoo import ZOO, huge_picture
from tests.staff.world import World, build_world, form_token, submit, table

PAGE = "/staff/nhap"


@pytest.fixture
def world(sqlite_database: Database, now: dt.datetime) -> Iterator[World]:
    world = build_world(sqlite_database, now)
    yield world
    world.close()


def sheet(*rows: Sequence[object]) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    book.save(file)
    return file.getvalue()


def bring(browser: TestClient, kind: str, content: bytes, name: str = "danh-sach.xlsx"):
    token = form_token(browser.get(PAGE).text)
    return browser.post(f"{PAGE}?ds={kind}", data={"form_token": token}, files={"file": (name, content)})


def take_in(browser: TestClient, kind: str, content: bytes) -> list[list[str]]:
    """Bring the file and say yes; returns the rows of the preview."""
    path = bring(browser, kind, content).headers["location"]
    rows = table(browser.get(path).text, "dong")
    if "dòng đúng</button>" in browser.get(path).text:
        submit(browser, path)
    return rows


def count(world: World, model: type) -> int:
    with world.database.read() as session:
        found = session.scalar(select(func.count()).where(model.commune_id == world.home.id))
        return int(found or 0)


HAMLETS = ("Tên thôn, xóm", "Tên khác", "Số khẩu", "Số hộ")


def test_every_wrong_row_is_told_with_its_line_column_what_was_found_and_expected(world: World):
    browser = world.signed_in()
    content = sheet(
        HAMLETS,
        ("Xóm Đông", "x đông, Đông Thượng", 320, "85"),
        ("", "", 10, 2),
        ("Xóm Tây", "", "nhiều", -3),
        (None, None, None, None),
        ("xóm đông",),
        ("nam đồng",),
    )

    path = bring(browser, "hamlets", content).headers["location"]
    page = browser.get(path).text

    assert table(page, "sai") == [
        ["3", "Tên thôn, xóm: để trống, cần một tên có chữ cái, nhiều nhất 60 chữ"],
        [
            "4",
            "Số khẩu: thấy “nhiều”, cần một số như 320, hoặc để trống "
            "Số hộ: thấy “-3”, cần một số như 320, hoặc để trống",
        ],
        [
            "6",
            "Tên thôn, xóm: thấy “xóm đông”, cần một dòng cho mỗi nơi, mỗi hộ; dòng này trùng với dòng trên",
        ],
    ]
    assert table(page, "dong")[0][-1] == "Đúng"
    assert "1 dòng đã có rồi, sẽ bỏ qua." in page
    assert count(world, Hamlet) == 3  # nothing is written by looking

    submit(browser, path)
    submit(browser, path)  # pressed twice

    with world.database.read() as session:
        new = session.scalar(
            select(Hamlet).where(Hamlet.commune_id == world.home.id, Hamlet.slug == "xom-dong")
        )
        assert new is not None
        assert (new.name, new.aliases, new.population, new.households) == (
            "Xóm Đông",
            ["x đông", "Đông Thượng"],
            320,
            85,
        )
    assert count(world, Hamlet) == 4
    assert "Đã nhập 1 dòng từ danh-sach.xlsx." in browser.get(path).text
    assert world.audited() == [("staff:lan", "list_imported")]


CLASSES = ("Loại", "Ngày", "Thôn, xóm", "Số người", "Nữ", "Trên 60 tuổi", "Ghi chú", "Cột của xã")


def test_classes_come_once_however_often_the_file_is_brought_and_corrected(world: World):
    browser = world.signed_in()
    right = ("Buổi học", dt.date(2026, 11, 20), "Nam Đồng", 12, 8, None, "ở đình", "x")
    twin = ("Buổi học", dt.date(2026, 11, 20), "Nam Đồng", 12, 8, None, "ở đình", "x")
    wrong = ("Buổi học", "20/11/2026", "Nam Đong 2", 10, 11, None, "", "")
    corrected = ("Buổi học", "20/11/2026", "Soi Vàng", 11, 11, None, "", "")

    first = take_in(browser, "classes", sheet(CLASSES, right, twin, wrong))
    again = take_in(browser, "classes", sheet(CLASSES, right, twin, wrong))
    mended = take_in(browser, "classes", sheet(CLASSES, corrected, right, twin))

    assert [row[-1] for row in first] == [
        "Đúng",
        "Đúng",
        "Thôn, xóm: thấy “Nam Đong 2”, cần một tên có trong danh sách, có phải Nam Đồng? "
        "Nữ: thấy “11”, cần một số không lớn hơn tổng số người, hoặc để trống",
    ]
    assert [row[-1] for row in again][:2] == ["Đã có, bỏ qua"] * 2
    assert [row[-1] for row in mended] == ["Đúng", "Đã có, bỏ qua", "Đã có, bỏ qua"]
    with world.database.read() as session:
        notes = session.scalars(select(ClassNote).order_by(ClassNote.total)).all()
        assert [(note.total, note.women, note.day.day, note.kind) for note in notes] == [
            (11, 11, 20, "class"),
            (12, 8, 20, "class"),
            (12, 8, 20, "class"),
        ]


def test_volunteers_come_with_their_hamlets_and_households_by_their_code(world: World):
    browser = world.signed_in()

    take_in(
        browser,
        "volunteers",
        sheet(("Tên bà con sẽ thấy", "Giúp ở thôn, xóm"), ("chị Hoa", "gò pháo, Nam Đồng"), ("anh Nam", "")),
    )
    rows = take_in(
        browser,
        "households",
        sheet(
            ("Mã hộ", "Thôn, xóm", "Đạt từ ngày"),
            ("Hoa Mai 25", "Soi Vàng", "01/11/2026"),
            ("012345678901", "", ""),
            ("hoasen7", "", "30/11/2026"),
        ),
    )

    assert [row[-1] for row in rows] == [
        "Đúng",
        "Mã hộ: thấy “012345678901”, cần mã từ 4 đến 20 chữ cái và số, có ít nhất một chữ cái",
        "Đạt từ ngày: thấy “30/11/2026”, cần một ngày như 22/11/2026 không sau hôm nay, hoặc để trống",
    ]
    with world.database.read() as session:
        volunteers = session.scalars(select(Volunteer).order_by(Volunteer.name)).all()
        assert [(one.name, one.hamlets, one.code_hash) for one in volunteers] == [
            ("anh Nam", [], None),
            ("chị Hoa", ["h1", "h0"], None),
        ]
        (household,) = session.scalars(select(Household)).all()
        assert (household.code, household.reached_on, household.entered_by) == (
            "hoamai25",
            dt.date(2026, 11, 1),
            "staff:lan",
        )


def test_formulas_markup_and_numbers_of_documents_stay_text_and_are_masked(world: World):
    browser = world.signed_in()
    content = sheet(
        ("Tên bà con sẽ thấy", "Giúp ở thôn, xóm"),
        ("<img src=x onerror=alert(1)>", ""),
        ('\'=HYPERLINK("http://x")', ""),
        ("chị Hoa 0123456789", ""),
    )

    path = bring(browser, "volunteers", content).headers["location"]
    page = browser.get(path).text
    submit(browser, path)

    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img" not in page
    with world.database.read() as session:
        names = set(session.scalars(select(Volunteer.name)))
    assert names == {"<img src=x onerror=alert(1)>", '\'=HYPERLINK("http://x")', "chị Hoa ‹digits›"}


@pytest.mark.parametrize("kind", ["hamlets", "volunteers", "classes", "households"])
def test_the_file_to_fill_in_is_read_again_and_says_what_may_stand_where(world: World, kind: str):
    browser = world.signed_in()

    file = browser.get(f"{PAGE}/mau.xlsx?ds={kind}").content
    book = openpyxl.load_workbook(io.BytesIO(file))
    answer = bring(browser, kind, file)

    assert book.sheetnames == ["Danh sách", "Cách ghi"]
    names = [cell.value for cell in book["Danh sách"][1]]
    assert names == [str(row[0].value).removesuffix(" (bắt buộc)") for row in book["Cách ghi"].iter_rows(2)]
    assert answer.status_code == 303
    assert table(browser.get(answer.headers["location"]).text, "dong") == []


def test_the_example_of_the_template_is_right(world: World):
    browser = world.signed_in()
    file = template_file("classes", ["Nam Đồng"], load_phrases(), today=dt.date(2026, 11, 22))
    explained = openpyxl.load_workbook(io.BytesIO(file))["Cách ghi"]
    names = [str(row[0].value).removesuffix(" (bắt buộc)") for row in explained.iter_rows(2)]
    example = [row[2].value for row in explained.iter_rows(2)]

    rows = take_in(browser, "classes", sheet(names, example))

    assert [row[-1] for row in rows] == ["Đúng"]


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.xlsx", ZOO["207 MB in a Word file"][1]),
        ("a.xlsx", ZOO["a zip within"][1]),
        ("a.xlsx", ZOO["macros"][1]),
        ("a.xlsx", ZOO["an object elsewhere"][1]),
        ("a.xlsx", ZOO["an old Word file"][1]),
        ("a.xlsx", ZOO["the beginning of a zip"][1]),
        ("a.xlsx", lambda: b"PK\x03\x04" + b"a" * (5 * 2**20)),
        ("a.xlsx", huge_picture),
        ("a.xls", lambda: sheet(HAMLETS)),
        ("a.xlsx", lambda: sheet(("x", "y"))),
        ("a.xlsx", lambda: b""),
    ],
)
def test_files_that_are_no_list_are_refused_in_words(world: World, name: str, make):
    browser = world.signed_in()

    answer = bring(browser, "hamlets", make(), name)

    assert answer.status_code == 400
    assert "lists." not in answer.text
    assert count(world, PendingImport) == 0


def test_a_list_of_too_many_rows_is_refused(world: World):
    many = sheet(HAMLETS, *((f"Xóm {number}",) for number in range(5_001)))

    assert "quá nhiều dòng" in bring(world.signed_in(), "hamlets", many).text


def test_a_list_nobody_says_yes_to_goes_and_what_was_taken_in_keeps_no_rows(world: World):
    browser = world.signed_in()
    take_in(browser, "volunteers", sheet(("Tên bà con sẽ thấy",), ("chị Hoa",)))
    left = bring(browser, "volunteers", sheet(("Tên bà con sẽ thấy",), ("cô Mai",))).headers["location"]
    world.clock.advance(days=2)
    with world.database.write() as session:
        list_imports.forget(session, commune_id=world.home.id, before=world.clock() - list_imports.KEPT)

    assert world.signed_in("minh").get(left).status_code == 404
    with world.database.read() as session:
        (done,) = session.scalars(select(PendingImport)).all()
        assert (done.rows, done.added) == ([], 1)
