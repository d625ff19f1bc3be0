"""The guides as each commune has them, as they change while the assistant serves."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from bot.content import Content
from bot.guide_shelf import GuideShelf
from knowledge.library import CONTENT, read_text
from records import guide_versions
from records.communes import add_commune
from records.database import Database
from retrieval.decide import Thresholds
from retrieval.encoder import StaticEncoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of two guides that a test may change."""
    for name in ("glossary", "elsewhere"):
        shutil.copytree(CONTENT / name, tmp_path / name)
    for name, ending in (("guides", "md"), ("questions", "txt")):
        (tmp_path / name).mkdir()
        for slug in ("kn-wifi", "kn-chu-to"):
            shutil.copy(CONTENT / name / f"{slug}.{ending}", tmp_path / name)
    return tmp_path


@pytest.fixture
def content(folder: Path) -> Content:
    return Content(StaticEncoder(), folder=folder, thresholds=Thresholds())


def own(database: Database, slug: str, source: str, now: dt.datetime) -> int:
    """A live version in Tân Cương; returns its id."""
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=now)
        add_commune(session, slug="dai-tu", name="Đại Từ", now=now)
        draft = guide_versions.add_draft(
            session,
            commune_id=commune.id,
            slug=slug,
            source=source,
            questions=["mạng nhà văn hóa xóm"],
            shipped=None,
            by="staff:lan",
            now=now,
        )
        key = {"commune_id": commune.id, "version_id": draft.id, "edition": 1, "now": now}
        guide_versions.submit(session, by="staff:lan", **key)
        guide_versions.publish(session, by="staff:minh", **key)
        return draft.id


def titles(shelf: GuideShelf, commune: str) -> list[str]:
    return [guide.title for guide in shelf.view(commune).library().guides.values()]


def test_a_commune_without_guides_of_its_own_shares_what_is_shipped(
    sqlite_database: Database, content: Content, now: dt.datetime
):
    source = read_text(CONTENT / "guides" / "kn-wifi.md").replace("Kết nối Wi-Fi, bật", "Của xã, bật")
    own(sqlite_database, "kn-wifi", source, now)
    shelf = GuideShelf(content, sqlite_database, look_s=0)

    assert shelf.view("dai-tu") is content.view
    assert titles(shelf, "tan-cuong") == ["Tăng cỡ chữ, dễ nhìn dễ nghe", "Của xã, bật mạng di động"]
    assert shelf.view("tan-cuong").library().guide("kn-wifi").questions[-1] == "mạng nhà văn hóa xóm"


def test_a_new_release_changes_the_other_guides_and_leaves_the_commune_s_own(
    sqlite_database: Database, content: Content, folder: Path, now: dt.datetime
):
    source = read_text(CONTENT / "guides" / "kn-wifi.md").replace("Kết nối Wi-Fi, bật", "Của xã, bật")
    own(sqlite_database, "kn-wifi", source, now)
    shelf = GuideShelf(content, sqlite_database)
    before = titles(shelf, "tan-cuong")
    for slug, old in (("kn-wifi", "Kết nối Wi-Fi"), ("kn-chu-to", "Tăng cỡ chữ")):
        path = folder / "guides" / f"{slug}.md"
        path.write_text(read_text(path).replace(f"title: {old}", "title: Bản mới"), encoding="utf-8")

    assert content.reload_if_changed()
    assert shelf.refresh("tan-cuong")

    assert before == ["Tăng cỡ chữ, dễ nhìn dễ nghe", "Của xã, bật mạng di động"]
    assert titles(shelf, "tan-cuong") == ["Bản mới, dễ nhìn dễ nghe", "Của xã, bật mạng di động"]
    assert not shelf.refresh("tan-cuong")


def test_an_own_guide_that_a_release_no_longer_reads_is_left_out_and_the_shipped_one_answers(
    sqlite_database: Database, content: Content, now: dt.datetime
):
    version = own(sqlite_database, "kn-wifi", "# một mẫu cũ", now)

    shelf = GuideShelf(content, sqlite_database)

    assert titles(shelf, "tan-cuong") == ["Tăng cỡ chữ, dễ nhìn dễ nghe", "Kết nối Wi-Fi, bật mạng di động"]
    with sqlite_database.read() as session:
        kept = guide_versions.live_versions(session, commune="tan-cuong")
        assert [(row.id, row.state) for row in kept] == [(version, "live")]
