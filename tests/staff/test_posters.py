"""Posters of the hamlets, and the staff's page with everything that can be printed."""

import unicodedata
from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader

from knowledge.phrases import load_phrases
from staff.pdf import Format
from staff.posters import Poster, poster_pdf

PUBLIC = "https://hoi.xa-mau.example"
POSTERS = (Poster("Xóm Đông Thượng 2", f"{PUBLIC}/?xom=xom-dong-thuong-2"), Poster("", f"{PUBLIC}/"))


def made(page: Format = "A4", *posters: Poster) -> bytes:
    return poster_pdf(posters or POSTERS, load_phrases(), place="xã Mẫu", phone="0210 000 0001", page=page)


@pytest.mark.parametrize(("page", "width_mm"), [("A4", 210), ("A3", 297)])
def test_each_hamlet_has_a_sheet_whose_code_opens_the_chat_with_it_already_set(page: Format, width_mm: int):
    pdf = made(page)

    reader, sheets = PdfReader(BytesIO(pdf)), pypdfium2.PdfDocument(pdf)
    codes = [zxingcpp.read_barcodes(sheet.render(scale=1.5).to_pil()) for sheet in sheets]
    assert [round(float(sheet.mediabox.width) * 25.4 / 72) for sheet in reader.pages] == [width_mm] * 2
    assert [[code.text for code in found] for found in codes] == [[poster.address] for poster in POSTERS]


def test_it_says_where_it_is_what_it_does_and_what_it_never_asks():
    sheet = PdfReader(BytesIO(made())).pages[0].extract_text()

    text = " ".join(sheet.split())
    assert text == unicodedata.normalize("NFC", text)
    assert "Xóm Đông Thượng 2, xã Mẫu" in text
    assert "Hỏi máy, máy chỉ từng bước" in text
    assert "không bao giờ hỏi mã OTP, mật khẩu hay số thẻ, không bao giờ đòi tiền" in text
    assert "Không quét được thì gõ: hoi.xa-mau.example" in text
    assert "0210 000 0001" in text


def test_a_poster_whose_code_leads_nowhere_is_not_made():
    with pytest.raises(ValueError, match="without an address"):
        made("A4", Poster("Xóm 1", ""))
