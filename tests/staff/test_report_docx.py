"""The Word file: the form of Nghị định 30/2020, read from its XML, and templates of other people."""

import dataclasses
import datetime as dt
import io
import re
import zipfile
from functools import cache

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml.ns import qn

from knowledge.phrases import Phrases, load_phrases
from staff.report_context import Context
from staff.report_docx import check_template, report_docx
from staff.report_figures import (
    Gaps,
    GroupLine,
    HamletLine,
    Line,
    ReportFigures,
    TargetLine,
    TopicLine,
    WeekLine,
)
from staff.report_making import contents
from staff.report_render import TemplateFault
from staff.report_template import default_template
from staff.report_words import ReportWords

KEYS = (
    "helped learners questions unanswered unlogged completions grade_self grade_quiz grade_confirmed calls "
    "calls_answered reply_minutes classes class_people class_women class_over_60 attendants visits "
    "visit_people helps help_people households digital mentors mentees traders traders_reached"
).split()
WORDS = ReportWords(
    issuer="ỦY BAN NHÂN DÂN\nXÃ TÂN CƯƠNG",
    number="12",
    place="Tân Cương",
    signed_on="2026-02-05",
    signer_title="TM. ỦY BAN NHÂN DÂN\nCHỦ TỊCH",
    signer="Người mẫu 1",
    recipients="- Sở Khoa học và Công nghệ (b/c)\nLưu: VT, VHXH",
    difficulties="Một số nơi sóng yếu.",
)


def figures(*names: str) -> ReportFigures:
    """A report of hamlets with these names; everything is counted 40 times."""
    return ReportFigures(
        place="Xã Tân Cương",
        is_sample=False,
        first=dt.date(2026, 10, 1),
        last=dt.date(2026, 12, 31),
        choice="2026-Q4",
        first_before=dt.date(2026, 7, 1),
        last_before=dt.date(2026, 9, 30),
        calculated_at=dt.datetime(2027, 1, 5, 3, tzinfo=dt.UTC),
        lines=tuple(Line(key, 40, 32) for key in KEYS),
        hamlets=tuple(HamletLine(name, 40, 40, 40, 40, 40, 4, 40) for name in names),
        topics=(TopicLine("vneid", 40, 40, 40, 40), TopicLine(None, 40, 40, 40, 40)),
        groups=(GroupLine("Người dân", 40, 40, 40, 40),),
        weeks=(WeekLine(dt.date(2026, 10, 1), dt.date(2026, 10, 4), 40, 40, 40, 40),),
        targets=(
            TargetLine(
                "người trưởng thành biết dùng", "trên 80%", "40%", 0.5, "system", dt.date(2026, 12, 31)
            ),
            TargetLine("học sinh", "100%", None, None, None, None),
        ),
        idle=(),
        lagging=(),
        middle=40.0,
        gaps=Gaps((), (), 0, {}, 1),
    )


@cache
def phrases() -> Phrases:
    return load_phrases()


def context(*names: str, **words: str) -> Context:
    said = contents(
        figures(*(names or ("Nam Đồng", "Gò Pháo"))), dataclasses.replace(WORDS, **words), phrases()
    )
    return said.context


@cache
def report() -> bytes:
    return report_docx(context(), phrases())


def document():
    return Document(io.BytesIO(report()))


def cells(table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows]


def style_of(paragraph):
    return paragraph.style.font


# --- The form -------------------------------------------------------------------------------------


def test_the_paper_is_a4_with_the_margins_of_the_decree():
    (section,) = document().sections

    assert [round(side.mm) for side in (section.page_width, section.page_height)] == [210, 297]
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(margin.mm) for margin in margins] == [20, 20, 30, 15]


def test_every_style_in_use_is_times_new_roman_of_the_right_size_in_black():
    used = {paragraph.style.name: paragraph.style for paragraph in document().paragraphs}

    assert used.keys() >= {"Title", "Subtitle", "Body Text", "Heading 1", "Heading 2", "Caption"}
    for name, style in used.items():
        fonts = style.element.rPr.find(qn("w:rFonts")).attrib
        assert set(fonts.values()) == {"Times New Roman"}, name
        assert 11 <= style.font.size.pt <= 14, name
        assert str(style.font.color.rgb) == "000000", name
    assert {used[name].font.size.pt for name in ("Title", "Subtitle", "Body Text", "Heading 1")} == {14}


def test_the_body_is_justified_and_indented_and_the_sections_are_bold():
    paragraphs = document().paragraphs
    body = next(each for each in paragraphs if each.text == "Một số nơi sóng yếu.").style
    headings = [each.text for each in paragraphs if each.style.name == "Heading 1"]

    form = body.paragraph_format
    assert (form.alignment, round(form.first_line_indent.mm, 1), form.space_after.pt) == (
        ALIGN.JUSTIFY,
        12.7,
        6,
    )
    assert headings[:5] == [
        "I. CÔNG TÁC CHỈ ĐẠO, TỔ CHỨC THỰC HIỆN",
        "II. KẾT QUẢ THỰC HIỆN",
        "III. ĐÁNH GIÁ",
        "IV. NHIỆM VỤ, GIẢI PHÁP KỲ TỚI",
        "V. ĐỀ XUẤT, KIẾN NGHỊ",
    ]
    assert document().styles["Heading 1"].font.bold is True


def test_office_and_nation_stand_side_by_side_number_and_date_below():
    head = document().tables[0]

    assert [[text.strip() for text in row] for row in cells(head)] == [
        ["ỦY BAN NHÂN DÂN\nXÃ TÂN CƯƠNG", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc"],
        ["Số: 12/BC-UBND", "Tân Cương, ngày 05 tháng 02 năm 2026"],
    ]
    nation, motto, line = head.rows[0].cells[1].paragraphs
    assert [(run.bold, run.font.size.pt) for run in (*nation.runs, *motto.runs)] == [(True, 12), (True, 13)]
    assert line._p.find(f".//{qn('w:pBdr')}/{qn('w:top')}") is not None
    assert [run.italic for run in head.rows[1].cells[1].paragraphs[0].runs if run.text] == [True]


def test_recipients_stand_left_and_the_signature_right():
    table = next(each for each in document().tables if "Nơi nhận:" in each.rows[0].cells[0].text)
    left, right = table.rows[0].cells
    head = left.paragraphs[0].runs[0]

    assert (head.bold, head.italic, head.font.size.pt) == (True, True, 12)
    assert [line.text for line in left.paragraphs[1:]] == [
        "- Sở Khoa học và Công nghệ (b/c);",
        "- Lưu: VT, VHXH.",
    ]
    assert [line.text for line in right.paragraphs if line.text] == [
        "TM. ỦY BAN NHÂN DÂN",
        "CHỦ TỊCH",
        "Người mẫu 1",
    ]


def test_pages_are_numbered_in_the_middle_above_but_for_the_first():
    (section,) = document().sections
    line = section.header.paragraphs[0]

    assert section.different_first_page_header_footer is True
    assert section.first_page_header.paragraphs[0].text == ""
    assert line.alignment == ALIGN.CENTER
    assert [node.text for node in line._p.iter(qn("w:instrText"))] == ["PAGE"]


def test_the_heads_of_tables_come_again_on_the_next_page():
    tables = [each for each in document().tables if each.style.name == "Table Grid"]

    assert len(tables) == 6
    assert all(each.rows[0]._tr.find(f".//{qn('w:tblHeader')}") is not None for each in tables)


def test_targets_stand_with_what_is_not_known_as_a_dash():
    table = next(each for each in document().tables if each.rows[0].cells[1].text == "Chỉ tiêu")

    assert cells(table)[1:] == [
        ["1", "người trưởng thành biết dùng", "trên 80%", "40%", "50%", "hệ thống đếm, đến 31/12/2026"],
        ["2", "học sinh", "100%", "—", "—", "chưa có số liệu"],
    ]


def test_a_report_that_is_not_signed_yet_leaves_room_for_number_and_day():
    words = context(number="", signed_on="")

    assert re.fullmatch(r"Số: {5,}/BC-UBND", words["so_ky_hieu"])
    assert re.fullmatch(r"ngày +tháng +năm 2027", words["ngay_ky"])


# --- Templates ------------------------------------------------------------------------------------


def changed(old: str, new: str) -> bytes:
    """Our template with other words in it."""
    source, file = zipfile.ZipFile(io.BytesIO(default_template(phrases()))), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            if name == "word/document.xml":
                assert old.encode() in part
                part = part.replace(old.encode(), new.encode())
            target.writestr(name, part)
    return file.getvalue()


def test_a_template_changed_by_the_commune_is_filled():
    template = check_template("mau.docx", io.BytesIO(changed("I. CÔNG TÁC", "A. CÔNG TÁC")), context())

    words = [
        each.text for each in Document(io.BytesIO(report_docx(context(), phrases(), template))).paragraphs
    ]

    assert "A. CÔNG TÁC CHỈ ĐẠO, TỔ CHỨC THỰC HIỆN" in words
    assert context()["tom_tat"] in words


@pytest.mark.parametrize(
    ("old", "new", "reason", "found"),
    [
        ("{{ tom_tat }}", "{{ tom_tap }}", "missing", "tom_tat"),
        ("{{ nguoi_ky }}", "{{ nguoi_kí }}", "unknown", "nguoi_kí"),
        ("{{ nguoi_ky }}", "{{ nguoi_ky", "syntax", "{{ nguoi_ky"),
        ("{{ nguoi_ky }}", "{{ ''.__class__.__mro__ }}", "syntax", "__class__"),
        ("{{ nguoi_ky }}", "{% for i in range(99999999) %}x{% endfor %}", "limits", "OverflowError"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused_with_the_reason(
    old: str, new: str, reason: str, found: str
):
    with pytest.raises(TemplateFault) as fault:
        check_template("mau.docx", io.BytesIO(changed(old, new)), context())

    assert fault.value.reason == reason
    assert found in fault.value.found


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("mau.docx", b"", "empty"),
        ("mau.docx", b"PK\x03\x04 no zip", "damaged"),
        ("mau.doc", b"\xd0\xcf\x11\xe0", "wrong_type"),
        ("mau.docx", b"x" * (2 * 1024 * 1024 + 1), "too_large"),
    ],
)
def test_what_is_no_word_file_is_no_template(name: str, data: bytes, reason: str):
    with pytest.raises(TemplateFault) as fault:
        check_template(name, io.BytesIO(data), context())

    assert fault.value.reason == reason
