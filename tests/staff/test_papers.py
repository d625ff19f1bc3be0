"""The staff's page with everything that can be printed."""

import re
from io import BytesIO

from pypdf import PdfReader

from tests.staff.world import World

REFUSED = "chưa có địa chỉ công khai để mã QR dẫn tới"


def test_the_page_leads_to_every_handout_booklet_and_poster(world: World):
    page = world.signed_in().get("/staff/tai-lieu").text

    links = set(re.findall(r'href="/staff/([^"#]+\.pdf[^"]*)"', page))
    hamlets = {
        f"xom/{hamlet.id}/ap-phich.pdf?kho={kho}" for hamlet in world.home.hamlets for kho in ("a4", "a3")
    }
    assert hamlets | {"tai-lieu/ap-phich.pdf?kho=a4", "tai-lieu/ap-phich.pdf?kho=a3"} <= links
    assert {f"tai-lieu/{slug}.pdf" for slug in world.library.guides} <= links
    assert {f"tai-lieu/chu-de/{topic}.pdf" for topic in ("vneid", "thanh-toan", "an-toan")} <= links


def test_posters_of_all_hamlets_are_in_one_file_and_each_has_one_of_its_own(world: World):
    browser = world.signed_in()
    first = world.home.hamlets[0]

    together = browser.get("/staff/tai-lieu/ap-phich.pdf?kho=a3")
    alone = browser.get(f"/staff/xom/{first.id}/ap-phich.pdf")

    sheets = [page.extract_text() for page in PdfReader(BytesIO(together.content)).pages]
    assert [hamlet.name in sheet for hamlet, sheet in zip(world.home.hamlets, sheets, strict=True)] == [
        True
    ] * 3
    assert first.name in PdfReader(BytesIO(alone.content)).pages[0].extract_text()
    assert alone.headers["content-type"] == "application/pdf"


def test_without_a_public_address_the_page_says_so_and_no_poster_is_made(world: World):
    world.papers.is_public = False
    browser = world.signed_in()

    page = browser.get("/staff/tai-lieu").text
    refused = browser.get("/staff/tai-lieu/ap-phich.pdf")

    assert "HOCVUSO_PUBLIC_URL" in page
    assert "ap-phich.pdf" not in page
    assert (refused.status_code, REFUSED in refused.text) == (409, True)


def test_an_author_finds_no_posters_there(world: World):
    page = world.signed_in(role="author").get("/staff/tai-lieu").text

    assert "ap-phich.pdf" not in page
    assert "tai-lieu/at-otp.pdf" in page


def test_a_sheet_of_another_size_is_refused(world: World):
    assert world.signed_in().get("/staff/tai-lieu/ap-phich.pdf?kho=a0").status_code == 400
