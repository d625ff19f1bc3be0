"""Plan files as communes have them, and files that are refused with a reason."""

import importlib.util
import itertools
import struct
import time
import zipfile
import zlib
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from fpdf import FPDF
from PIL import Image

from knowledge.plan_file import MAX_BYTES, PlanFileError, read_plan_file
from knowledge.plan_structure import parse_plan
from tests.knowledge.test_plan_structure import ALL, XUAN_LAM, needs_seeds, placed, plan_of, seed

SENTENCE = "Các thôn mở lớp học kỹ năng số cho người dân vào buổi tối hằng tuần."
# As a Word file in the font .VnTime shows to everybody else.
TCVN3 = (
    "Céng hßa x· héi chñ nghÜa ViÖt Nam\n§éc lËp - Tù do - H¹nh phóc\nKÕ ho¹ch triÓn khai phong trµo "
    "b×nh d©n häc vô sè\nI. Môc ®Ých, yªu cÇu\n1. N©ng cao nhËn thøc cña ng­êi d©n vÒ chuyÓn ®æi sè.\n"
)


def typeface() -> Path:
    """Roboto, from the package of the test extra: a clean machine has no fonts of its own."""
    spec = importlib.util.find_spec("font_roboto")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "files" / "Roboto-Regular.ttf"


def save_docx(text: str, path: Path) -> Path:
    """A paragraph for each line; lines with tabs become a real table."""
    document = docx.Document()
    for is_table, lines in itertools.groupby(text.split("\n"), key=lambda line: line.count("\t") >= 3):
        if not is_table:
            for line in lines:
                document.add_paragraph(line)
            continue
        rows = [line.split("\t") for line in lines]
        table = document.add_table(0, max(map(len, rows)))
        for row in rows:
            for cell, words in zip(table.add_row().cells, row, strict=False):
                cell.text = words
    document.save(str(path))
    return path


def save_pdf(text: str, path: Path) -> Path:
    """The lines one below the other; long ones are broken by the width of the page."""
    pdf = new_pdf()
    for line in text.split("\n"):
        if line.strip():
            pdf.multi_cell(0, 6, line.replace("\t", "    "), new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(path))
    return path


def new_pdf() -> FPDF:
    pdf = FPDF()
    pdf.add_font("Roboto", fname=typeface())
    pdf.set_font("Roboto", size=11)
    pdf.add_page()
    return pdf


def raw_pdf(objects: list[bytes]) -> bytes:
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + end


def save(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path) -> PlanFileError:
    before = sorted(path.parent.iterdir())
    started = time.monotonic()
    with pytest.raises(PlanFileError) as caught:
        read_plan_file(path)
    assert time.monotonic() - started < 5
    assert sorted(path.parent.iterdir()) == before  # nothing was written beside it
    return caught.value


@needs_seeds
@pytest.mark.parametrize("name", ALL)
def test_the_same_plan_reads_alike_from_text_word_and_pdf(name: str, tmp_path: Path):
    text = seed(name)
    files = [
        save(tmp_path / "plan.txt", text),
        save_docx(text, tmp_path / "plan.docx"),
        save_pdf(text, tmp_path / "plan.pdf"),
    ]

    plans = [parse_plan(read_plan_file(path), name=name) for path in files]

    assert plans[0] == plans[1] == plans[2] == parse_plan(text, name=name)


def test_a_plan_of_another_shape_reads_alike_too(tmp_path: Path):
    path = save_docx(XUAN_LAM, tmp_path / "plan.docx")

    assert placed(plan_of(read_plan_file(path))) == placed(plan_of(XUAN_LAM))


def test_a_byte_order_mark_and_utf_16_are_read(tmp_path: Path):
    marked = save(tmp_path / "a.txt", b"\xef\xbb\xbf" + SENTENCE.encode())
    wide = save(tmp_path / "b.txt", SENTENCE.encode("utf-16"))

    assert read_plan_file(marked) == read_plan_file(wide) == SENTENCE


def test_numbers_that_word_only_shows_are_read(tmp_path: Path):
    document = docx.Document()
    for text in ("Mở lớp học cho người cao tuổi ở các thôn.", "Lắp mạng không dây ở nhà văn hóa thôn."):
        document.add_paragraph(text, style="List Number")
    document.save(str(tmp_path / "list.docx"))

    assert read_plan_file(tmp_path / "list.docx") == (
        "1. Mở lớp học cho người cao tuổi ở các thôn.\n2. Lắp mạng không dây ở nhà văn hóa thôn."
    )


def test_deleted_text_of_a_word_file_stays_deleted(tmp_path: Path):
    document = docx.Document()
    paragraph = document.add_paragraph(SENTENCE)
    deleted = OxmlElement("w:del")
    run = OxmlElement("w:r")
    words = OxmlElement("w:t")
    words.text = "Câu đã bỏ."
    words.set(qn("xml:space"), "preserve")
    run.append(words)
    deleted.append(run)
    paragraph._p.append(deleted)
    document.save(str(tmp_path / "changed.docx"))

    assert read_plan_file(tmp_path / "changed.docx") == SENTENCE


def test_an_empty_file_is_refused(tmp_path: Path):
    error = refusal(save(tmp_path / "plan.txt", ""))

    assert (error.reason, str(error)) == ("empty", "plan.txt: found an empty file, expected a plan")


def test_a_file_without_words_is_refused(tmp_path: Path):
    assert refusal(save(tmp_path / "plan.txt", " \n\n ")).reason == "no_text"


def test_a_file_of_more_than_20_mb_is_refused(tmp_path: Path):
    path = tmp_path / "plan.pdf"
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.truncate(MAX_BYTES + 1)

    assert refusal(path).reason == "too_large"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.exe", b"MZ"),
        ("plan.docx", b"%PDF-1.7 not a Word file"),
        ("plan.txt", b"%PDF-1.7 a PDF with another name"),
        ("plan.txt", b"PK\x03\x04 a zip with another name"),
        ("plan.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 Word 97"),
        ("plan.txt", b"text with \0 a zero byte"),
    ],
)
def test_a_file_of_another_type_is_refused(name: str, content: bytes, tmp_path: Path):
    assert refusal(save(tmp_path / name, content)).reason == "wrong_type"


def test_a_damaged_pdf_is_refused(tmp_path: Path):
    whole = save_pdf(SENTENCE, tmp_path / "plan.pdf").read_bytes()
    save(tmp_path / "plan.pdf", whole[:300] + b"\0" * 400)

    error = refusal(tmp_path / "plan.pdf")

    assert error.reason == "damaged"
    assert "expected a sound .pdf" in str(error)


def test_a_damaged_word_file_is_refused(tmp_path: Path):
    whole = save_docx(SENTENCE, tmp_path / "plan.docx").read_bytes()
    save(tmp_path / "plan.docx", whole[: len(whole) // 2])

    assert refusal(tmp_path / "plan.docx").reason == "damaged"


def test_a_word_file_that_declares_500_mb_is_refused(tmp_path: Path):
    path = save_docx(SENTENCE, tmp_path / "plan.docx")
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, entry + 24, 500 * 2**20)  # the size when unpacked, as the directory says
    path.write_bytes(data)

    error = refusal(path)

    assert (error.reason, error.found, error.expected) == ("bomb", "500 MB unpacked", "at most 100 MB")


def test_a_word_file_packed_too_tightly_is_refused(tmp_path: Path):
    path = save_docx(SENTENCE, tmp_path / "plan.docx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/zeros.bin", b"\0" * 2**22)

    assert refusal(path).reason == "bomb"


def test_a_word_file_with_too_many_members_or_an_archive_inside_is_refused(tmp_path: Path):
    many, nested = (save_docx(SENTENCE, tmp_path / name) for name in ("many.docx", "nested.docx"))
    with zipfile.ZipFile(many, "a") as archive:
        for number in range(2001):
            archive.writestr(f"word/media/{number}.bin", b"")
    with zipfile.ZipFile(nested, "a") as archive:
        archive.writestr("word/embeddings/inner.zip", b"PK")

    assert (refusal(many).reason, refusal(nested).reason) == ("bomb", "bomb")


def test_a_word_file_with_macros_is_refused(tmp_path: Path):
    path = save_docx(SENTENCE, tmp_path / "plan.docx")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("word/vbaProject.bin", b"macro")

    assert refusal(path).reason == "wrong_type"


def test_a_word_file_whose_template_lies_outside_is_refused_and_a_link_is_not(tmp_path: Path):
    address = "http://127.0.0.1/x.dotm"
    for name, kind in (("plan.docx", "attachedTemplate"), ("link.docx", "hyperlink")):
        document = docx.Document()
        document.add_paragraph(SENTENCE)
        base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        document.part.relate_to(address, f"{base}/{kind}", is_external=True)
        document.save(str(tmp_path / name))

    assert refusal(tmp_path / "plan.docx").found == "a part that lies outside the file"
    assert read_plan_file(tmp_path / "link.docx") == SENTENCE


def test_a_pdf_of_more_than_300_pages_is_refused(tmp_path: Path):
    pdf = new_pdf()
    for _ in range(300):
        pdf.add_page()
    pdf.output(str(tmp_path / "plan.pdf"))

    assert refusal(tmp_path / "plan.pdf").found == "301 pages"


def test_a_pdf_whose_page_unpacks_to_100_mb_is_refused(tmp_path: Path):
    stream = zlib.compress(b"BT " + b" " * 100 * 2**20 + b"ET", 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</Font<<>>>>/Contents 4 0 R>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(stream), stream),
    ]
    save(tmp_path / "plan.pdf", raw_pdf(objects))

    assert refusal(tmp_path / "plan.pdf").reason == "bomb"


def test_a_pdf_of_pictures_is_refused_with_what_to_do(tmp_path: Path):
    pdf = new_pdf()
    pdf.image(Image.new("RGB", (200, 100), "grey"))
    pdf.output(str(tmp_path / "plan.pdf"))

    error = refusal(tmp_path / "plan.pdf")

    assert error.reason == "no_text"
    assert "a scanned page needs text recognition first" in str(error)


def test_a_protected_pdf_is_refused(tmp_path: Path):
    pdf = new_pdf()
    pdf.multi_cell(0, 6, SENTENCE)
    pdf.set_encryption(owner_password="ours", user_password="theirs")
    pdf.output(str(tmp_path / "plan.pdf"))

    assert refusal(tmp_path / "plan.pdf").reason == "encrypted"


def test_the_old_tcvn3_encoding_is_named(tmp_path: Path):
    bytes_of_it = save(tmp_path / "plan.txt", TCVN3.encode("latin-1"))
    shown_in_word = save_docx(TCVN3, tmp_path / "plan.docx")

    errors = [refusal(bytes_of_it), refusal(shown_in_word)]

    assert [error.reason for error in errors] == ["legacy_encoding"] * 2
    assert all("TCVN3 (ABC, .VnTime)" in str(error) for error in errors)


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path):
    with pytest.raises(PlanFileError, match=r"found no text after 0\.001 s"):
        read_plan_file(save(tmp_path / "plan.txt", SENTENCE), wall_s=0.001)
