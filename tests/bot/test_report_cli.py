"""`hocvuso report`: the report without a browser."""

import json
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from typer.testing import CliRunner

from bot.main import app
from records.communes import add_commune
from records.database import open_database, sqlite_url
from tests.bot.serving import environment
from tests.conftest import NOW


def hocvuso(folder: Path, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(arguments), env=environment(folder))
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def folder(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """A data folder with Tân Cương in its database."""
    (tmp_path / "hocvuso.db").write_bytes(migrated_sqlite.read_bytes())
    database = open_database(sqlite_url(tmp_path / "hocvuso.db"))
    with database.write() as session:
        add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
    database.close()
    return tmp_path


def test_a_quarter_becomes_a_word_file_and_a_workbook(folder: Path):
    out = folder / "out"

    command = ("report", "--commune", "tan-cuong", "--quarter", "2026Q4", "--out", str(out), "--json")
    said = json.loads(hocvuso(folder, *command))

    assert (said["figures"]["first"], said["figures"]["last"]) == ("2026-10-01", "2026-12-31")
    assert said["docx"] == str(out / "bao-cao-tan-cuong-2026-10-01-2026-12-31.docx")
    words = [paragraph.text for paragraph in Document(said["docx"]).paragraphs]
    assert "Kết quả thực hiện phong trào “Bình dân học vụ số” quý IV năm 2026" in words
    book = load_workbook(said["xlsx"])
    assert book["Tổng hợp"]["A1"].value == "Xã Tân Cương: phong trào “Bình dân học vụ số” quý IV năm 2026"


def test_what_cannot_be_made_says_why(folder: Path):
    template = folder / "mau.docx"
    document = Document()
    document.add_paragraph(
        "Mẫu báo cáo ngắn của xã, chỉ có phần tóm tắt mà thiếu bảng kết quả chung: {{ tom_tat }}"
    )
    document.save(str(template))
    here = ("report", "--commune", "tan-cuong", "--out", str(folder))

    said = [
        hocvuso(folder, *here, code=1),
        hocvuso(folder, *here, "--month", "2026-13", code=1),
        hocvuso(folder, "report", "--commune", "khong-co", "--month", "2026-11", code=1),
        hocvuso(folder, *here, "--month", "2026-11", "--template", str(template), code=1),
    ]

    assert [line.strip() for line in said] == [
        "expected one of --quarter, --month, or --from with --to",
        "month must be in 1..12",
        "found no commune 'khong-co', expected the slug of one that is here",
        f"{template}: missing: bang_tong_hop",
    ]
