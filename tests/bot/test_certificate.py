"""The commune's own paper: what it says, who gets it, and by which command the commune prints it."""

import datetime as dt
import io
import unicodedata
from pathlib import Path

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from bot.certificate import Certificate, certificate_pdf
from bot.main import app
from knowledge.lessons import load_paths
from knowledge.library import load_library
from knowledge.phrases import load_phrases
from records import migrate
from records.codes import code_of
from records.communes import find_commune
from records.database import open_database, sqlite_url
from records.learners import open_conversation
from records.progress import set_path
from records.questions import record_completion
from records.sample import SLUG, ensure_sample_commune
from tests.conftest import NOW

PHRASES = load_phrases()
EVERY_LETTER = "ăâđêôơư áàảãạ ắằẳẵặ ấầẩẫậ éèẻẽẹ ếềểễệ íìỉĩị óòỏõọ ốồổỗộ ớờởỡợ úùủũụ ứừửữự ýỳỷỹỵ"


def text_of(pdf: bytes) -> str:
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(page.extract_text().split())


def paper(*titles: str, place: str = "xã Thuần Trung") -> bytes:
    lessons = tuple((title, dt.date(2026, 11, 20)) for title in titles)
    return certificate_pdf(Certificate(place, "Người dân", lessons, dt.date(2026, 11, 22)), PHRASES)


def test_the_paper_says_what_it_is_what_it_is_not_and_how_to_get_the_other():
    text = text_of(paper("Kết nối Wi-Fi, bật mạng di động", "Tải và cài ứng dụng"))

    assert "GIẤY GHI NHẬN HỌC KỸ NĂNG SỐ" in text
    assert "Đã trả lời được câu hỏi của 2 bài đầu, nhóm: Người dân." in text
    assert "1. Kết nối Wi-Fi, bật mạng di động (20/11/2026) 2. Tải và cài ứng dụng (20/11/2026)" in text
    assert "Đây không phải xác nhận đạt phổ cập kỹ năng số của Nhà nước trên VNeID." in text
    assert "Muốn được xác nhận trên VNeID: Mở binhdanhocvuso.gov.vn và đăng nhập bằng VNeID" in text
    assert "Xã Thuần Trung, ngày 22/11/2026" in text


def test_its_text_can_be_selected_with_every_letter_composed():
    decomposed = unicodedata.normalize("NFD", f"{EVERY_LETTER} {EVERY_LETTER.upper()}")

    text = text_of(paper(decomposed))

    assert f"1. {EVERY_LETTER} {EVERY_LETTER.upper()} (20/11/2026)" in text


def test_the_paper_of_each_path_is_one_page_that_is_quick_to_load():
    guides = load_library().guides
    for path in load_paths().by_slug.values():
        titles = [guides[slug].title for slug in path.levels[0]]

        pdf = paper(*titles, place="thị trấn Bình Dân Học Vụ Số")

        assert len(PdfReader(io.BytesIO(pdf)).pages) == 1, path.slug
        assert len(pdf) < 100_000


@pytest.fixture
def learner(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int, int]:
    """Somebody of the sample commune on the traders' path: (code, commune, learner)."""
    (tmp_path / "hocvuso.db").write_bytes(migrated_sqlite.read_bytes())
    monkeypatch.setenv("HOCVUSO_DATA_FOLDER", str(tmp_path))
    database = open_database(sqlite_url(tmp_path / "hocvuso.db"))
    migrate.upgrade(database)
    with database.write() as session:
        ensure_sample_commune(session, now=NOW)
        commune = find_commune(session, SLUG)
        assert commune is not None
        talk = open_conversation(session, commune_id=commune.id, channel="telegram", hashes=["ba"], now=NOW)
        set_path(session, commune_id=commune.id, learner_id=talk.learner_id, group="cho-so")
        found = code_of(session, commune_id=commune.id, learner_id=talk.learner_id), commune.id
        answer(session, commune.id, talk.learner_id, load_paths().by_slug["cho-so"].levels[0][:-1])
        learner_id = talk.learner_id
    database.close()
    return (*found, learner_id)


def answer(session, commune_id: int, learner_id: int, guides) -> None:  # type: ignore[no-untyped-def]
    for guide in guides:
        record_completion(
            session,
            commune_id=commune_id,
            learner_id=learner_id,
            channel="telegram",
            guide=guide,
            grade="quiz",
            now=NOW,
        )


def test_the_commune_prints_it_by_the_short_code_and_only_when_it_is_earned(
    learner: tuple[str, int, int], tmp_path: Path
):
    code, commune_id, learner_id = learner
    out = tmp_path / "giay.pdf"
    command = ["certificate", code.lower(), "--out", str(out), "--commune", SLUG]

    early = CliRunner().invoke(app, command)
    assert (early.exit_code, early.output) == (1, "questions of the first level are still open\n")
    assert not out.exists()

    database = open_database(sqlite_url(tmp_path / "hocvuso.db"))
    with database.write() as session:
        answer(session, commune_id, learner_id, load_paths().by_slug["cho-so"].levels[0][-1:])
    database.close()
    assert CliRunner().invoke(app, command).exit_code == 0
    assert "8. Quét mã QR để trả tiền (22/11/2026)" in text_of(out.read_bytes())


def test_a_code_that_nobody_has_and_a_commune_that_is_not_here_are_said_to_be_so(
    learner: tuple[str, int, int], tmp_path: Path
):
    nobody = CliRunner().invoke(app, ["certificate", "B2B2B", "--commune", SLUG])
    nowhere = CliRunner().invoke(app, ["certificate", learner[0], "--commune", "xa-la"])

    assert (nobody.exit_code, nobody.output) == (1, "found no learner with the code 'B2B2B'\n")
    assert (nowhere.exit_code, nowhere.output) == (1, "found commune 'xa-la', expected one that is here\n")
