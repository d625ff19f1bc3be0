"""The Word template of reports that we ship, in the form of Nghị định 30/2020/NĐ-CP, Phụ lục I.

Paper, margins, typeface and the places of all parts are set here; what changes from report to report stands
as tags ({{ tom_tat }}) that `staff.report_context` fills. Staff fetch this file, change it in Word and give
it back. The measures: A4; margins 20 mm above and below, 30 mm left, 15 mm right.
"""

import io
from collections.abc import Callable, Sequence
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from knowledge.phrases import Phrases
from staff.report_tags import TABLES, TEXT_TAGS, WITH_TOTAL, Column, total_tag

FONT = "Times New Roman"
BODY, SMALL, TABLE = Pt(14), Pt(11), Pt(12)
TEXT_WIDTH_MM = 165
INDENT = Mm(12.7)
_APPENDIX_TABLE = Pt(11)


def default_template(phrases: Phrases) -> bytes:
    """The .docx, the same each time."""
    document = Document()
    _set_page(document)
    _set_styles(document)
    say = _Writer(document, phrases)
    say.head()
    say.body()
    say.signature()
    say.appendix()
    document.core_properties.author = ""
    document.core_properties.comments = ""
    document.core_properties.title = phrases("reports.doc_kind")
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


class _Writer:
    def __init__(self, document: Any, phrases: Phrases) -> None:
        self.document, self.phrases = document, phrases

    def words(self, name: str) -> str:
        return self.phrases(f"reports.doc_{name}")

    def head(self) -> None:
        """The office at the left, the nation at the right, a line below each; then number and date."""
        table = _layout(self.document, (68, 97), 2)
        left, right = table.rows[0].cells
        line = _only(left)
        _write(line, "{%p if co_quan_chu_quan %}")
        _centred(left, "{{ co_quan_chu_quan }}", Pt(12))
        _centred(left, "{%p endif %}", Pt(12))
        _centred(left, "{{ co_quan_ban_hanh }}", Pt(12), bold=True)
        _rule(left, 68, 24)
        _write(_only(right), self.words("nation"), Pt(12), bold=True).alignment = ALIGN.CENTER
        _centred(right, self.words("motto"), Pt(13), bold=True)
        _rule(right, 97, 56)
        left, right = table.rows[1].cells
        _write(_only(left), "{{ so_ky_hieu }}", Pt(13)).alignment = ALIGN.CENTER
        _write(_only(right), "{{ dia_danh }}, {{ ngay_ky }}", Pt(13), italic=True).alignment = ALIGN.CENTER
        self.document.add_paragraph(self.words("kind"), style="Title")
        subject = self.document.add_paragraph("{{ trich_yeu }}", style="Subtitle")
        subject.paragraph_format.keep_with_next = True
        _rule(self.document, TEXT_WIDTH_MM, 56)

    def body(self) -> None:
        heading, part = self.heading, self.part
        self.paragraphs("mo_dau")
        heading("direction")
        self.paragraphs("chi_dao")
        heading("results")
        part("results_all")
        self.text("{{ tom_tat }}")
        self.table("totals")
        part("results_targets")
        self.optional("targets")
        part("results_topics")
        self.table("topics")
        part("results_groups")
        self.table("groups")
        self.text("{{ ghi_chu_o_nho }}")
        heading("judgement")
        part("lagging")
        self.paragraphs("xom_can_quan_tam")
        part("difficulties")
        self.paragraphs("kho_khan")
        part("gaps")
        self.paragraphs("thieu_so_lieu")
        heading("tasks")
        self.paragraphs("nhiem_vu")
        heading("proposals")
        self.paragraphs("kien_nghi")
        self.text(self.words("closing")).paragraph_format.keep_with_next = True  # no signature by itself

    def signature(self) -> None:
        table = _layout(self.document, (80, 85), 1)
        _property(table.rows[0]._tr.get_or_add_trPr(), "w:cantSplit")
        left, right = table.rows[0].cells
        _write(_only(left), self.words("recipients"), Pt(12), bold=True, italic=True)
        for tag in ("{%p for dong in noi_nhan %}", "{{ dong }}", "{%p endfor %}"):
            _write(left.add_paragraph(style="No Spacing"), tag, SMALL)
        _write(_only(right), "{%p for dong in quyen_han %}")
        _centred(right, "{{ dong }}", BODY, bold=True)
        _centred(right, "{%p endfor %}", BODY)
        for _ in range(4):
            _centred(right, "", BODY)
        _centred(right, "{{ nguoi_ky }}", BODY, bold=True)

    def appendix(self) -> None:
        first = self.document.add_paragraph(self.words("appendix"), style="Title")
        first.paragraph_format.page_break_before = True
        self.document.add_paragraph(self.words("appendix_of"), style="Subtitle")
        self.heading("appendix_hamlets")
        self.table("hamlets", size=_APPENDIX_TABLE)
        self.text("{{ ghi_chu_o_nho }}")
        self.heading("appendix_weeks")
        self.table("weeks")
        self.heading("appendix_definitions")
        self.each("dinh_nghia", "{{ dong.ten }}: {{ dong.nghia }}", style="List Paragraph")

    def heading(self, name: str) -> None:
        self.document.add_paragraph(self.words(name), style="Heading 1")

    def part(self, name: str) -> None:
        self.document.add_paragraph(self.words(name), style="Heading 2")

    def text(self, words: str, style: str = "Body Text") -> Any:
        return self.document.add_paragraph(words, style=style)

    def paragraphs(self, tag: str) -> None:
        self.each(tag, "{{ dong }}")

    def each(self, tag: str, words: str, style: str = "Body Text") -> None:
        for line in (f"{{%p for dong in {tag} %}}", words, "{%p endfor %}"):
            self.text(line, style)

    def optional(self, name: str) -> None:
        """A table where there are rows, else the sentence that there are none."""
        rows = TABLES[name][0]
        self.text(f"{{%p if {rows} %}}")
        self.table(name)
        self.text("{%p else %}")
        self.text(self.words(f"no_{name}"))
        self.text("{%p endif %}")

    def table(self, name: str, *, size: Any = TABLE) -> None:
        """Its title, its head on every page, a row for each line, and the sum where it has one."""
        rows, columns = TABLES[name]
        caption = self.document.add_paragraph(self.words(f"table_{name}"), style="Caption")
        caption.paragraph_format.keep_with_next = True
        lines = 5 if name in WITH_TOTAL else 4
        table = self.document.add_table(lines, len(columns), "Table Grid")
        _set_widths(table, [width for _tag, _title, width in columns])
        _property(table.rows[0]._tr.get_or_add_trPr(), "w:tblHeader")
        head = [self.phrases(f"reports.column_{title}") for _tag, title, _width in columns]
        _fill(table.rows[0], head, size, lambda _tag: ALIGN.CENTER, bold=True)
        _fill(table.rows[1], [f"{{%tr for dong in {rows} %}}"], size)
        _fill(table.rows[2], [f"{{{{ dong.{tag} }}}}" for tag, *_ in columns], size, _alignment, columns)
        _fill(table.rows[3], ["{%tr endfor %}"], size)
        if name in WITH_TOTAL:
            sums = [f"{{{{ {total_tag(rows)}.{tag} }}}}" for tag, *_ in columns]
            _fill(table.rows[4], sums, size, _alignment, columns, bold=True)
        for row in table.rows:
            _property(row._tr.get_or_add_trPr(), "w:cantSplit")
        self.document.add_paragraph(style="No Spacing")


def _set_page(document: Any) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = section.footer_distance = Mm(10)
    section.different_first_page_header_footer = True
    section.first_page_header.is_linked_to_previous = False
    line = section.header.paragraphs[0]
    line.alignment = ALIGN.CENTER
    _page_number(line)


def _page_number(line: Any) -> None:
    for kind in ("begin", None, "end"):
        run = line.add_run()
        if kind is None:
            node = OxmlElement("w:instrText")
            node.set(qn("xml:space"), "preserve")
            node.text = "PAGE"
        else:
            node = OxmlElement("w:fldChar")
            node.set(qn("w:fldCharType"), kind)
        run._r.append(node)


def _set_styles(document: Any) -> None:
    normal = document.styles["Normal"]
    language = OxmlElement("w:lang")
    for name in ("w:val", "w:eastAsia"):
        language.set(qn(name), "vi-VN")
    normal.element.get_or_add_rPr().append(language)
    for name, size, bold, align, before, after in (
        ("Normal", BODY, False, ALIGN.LEFT, 0, 0),
        ("Header", BODY, False, ALIGN.CENTER, 0, 0),
        ("No Spacing", SMALL, False, ALIGN.LEFT, 0, 0),
        ("Body Text", BODY, False, ALIGN.JUSTIFY, 0, 6),
        ("List Paragraph", Pt(13), False, ALIGN.JUSTIFY, 0, 3),
        ("Title", BODY, True, ALIGN.CENTER, 14, 0),
        ("Subtitle", BODY, True, ALIGN.CENTER, 0, 0),
        ("Heading 1", BODY, True, ALIGN.JUSTIFY, 6, 6),
        ("Heading 2", BODY, True, ALIGN.JUSTIFY, 0, 6),
        ("Caption", Pt(13), False, ALIGN.CENTER, 6, 3),
    ):
        style = document.styles[name]
        style.font.name, style.font.size, style.font.bold = FONT, size, bold
        style.font.italic = name == "Caption"
        style.font.color.rgb = RGBColor(0, 0, 0)
        _one_font(style)
        form = style.paragraph_format
        form.alignment, form.space_before, form.space_after = align, Pt(before), Pt(after)
        form.line_spacing = 1.0
    for name in ("Body Text", "Heading 1", "Heading 2", "List Paragraph"):
        document.styles[name].paragraph_format.first_line_indent = INDENT
        document.styles[name].paragraph_format.left_indent = Mm(0)
    document.styles["Body Text"].paragraph_format.line_spacing = 1.15
    for name in ("Heading 1", "Heading 2"):
        document.styles[name].paragraph_format.keep_with_next = True
    for node in document.styles["Title"].element.iter(qn("w:pBdr")):
        node.getparent().remove(node)  # Word's own draws a blue line


def _one_font(style: Any) -> None:
    """The typeface for every script: Word's theme would bring its own for headings."""
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for name in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{name}"), FONT)
    for tag in ("w:spacing", "w:kern", "w:bCs", "w:iCs"):
        for node in style.element.rPr.findall(qn(tag)):
            style.element.rPr.remove(node)


def _layout(document: Any, widths: Sequence[float], rows: int) -> Any:
    """A table that only places things: no lines, no room around the words."""
    table = document.add_table(rows, len(widths))
    _set_widths(table, widths)
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        node = OxmlElement(f"w:{side}")
        node.set(qn("w:w"), "0")
        node.set(qn("w:type"), "dxa")
        margins.append(node)
    table._tbl.tblPr.append(margins)
    return table


def _set_widths(table: Any, widths: Sequence[float]) -> None:
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)


def _fill(
    row: Any,
    texts: Sequence[str],
    size: Any,
    align: Callable[[str], Any] = lambda _tag: ALIGN.LEFT,
    columns: Sequence[Column] = (),
    *,
    bold: bool = False,
) -> None:
    for at, text in enumerate(texts):
        line = _write(_only(row.cells[at]), text, size, bold=bold)
        line.alignment = align(columns[at][0] if columns else "")
        line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(2)


def _alignment(tag: str) -> Any:
    if tag == "tt":
        return ALIGN.CENTER
    return ALIGN.LEFT if tag in TEXT_TAGS else ALIGN.RIGHT


def _only(cell: Any) -> Any:
    line = cell.paragraphs[0]
    line.style = "No Spacing"
    return line


def _centred(cell: Any, text: str, size: Any, *, bold: bool = False) -> None:
    _write(cell.add_paragraph(style="No Spacing"), text, size, bold=bold).alignment = ALIGN.CENTER


def _write(line: Any, text: str, size: Any = None, *, bold: bool = False, italic: bool = False) -> Any:
    run = line.add_run(text)
    run.font.size, run.font.bold, run.font.italic = size, bold or None, italic or None
    return line


def _rule(place: Any, width_mm: float, length_mm: float) -> None:
    """A line of that length in the middle: the upper border of a low paragraph."""
    line = place.add_paragraph(style="No Spacing")
    side = Mm((width_mm - length_mm) / 2)
    line.paragraph_format.left_indent = line.paragraph_format.right_indent = side
    line.paragraph_format.space_before, line.paragraph_format.space_after = Pt(3), Pt(6)
    line.paragraph_format.line_spacing = Pt(4)
    border = OxmlElement("w:pBdr")
    top = OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        top.set(qn(f"w:{name}"), value)
    border.append(top)
    line._p.get_or_add_pPr().insert_element_before(border, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc")


def _property(parent: Any, tag: str) -> None:
    parent.append(OxmlElement(tag))
