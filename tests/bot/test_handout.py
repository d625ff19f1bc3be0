"""Guides on paper: right words that can be selected, one page, a code that leads to the guide."""

import random
import unicodedata
from dataclasses import replace
from functools import cache, partial
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader

from bot.handout import BODY, Handout, Maker
from bot.papers import Papers
from bot.pictures import Pictures
from knowledge.address import address
from knowledge.guide import Guide
from knowledge.lessons import load_paths
from knowledge.library import Library, library_of, load_library
from knowledge.phrases import load_phrases
from records.communes import CommuneProfile
from tests.conftest import NOW

HOME = CommuneProfile(
    id=1,
    slug="xa-mau",
    name="xã Mẫu",
    kind="xã",
    region="bac",
    phone="0210 000 0001",
    police_phone="0210 000 0002",
    hours=None,
    is_sample=True,
    hamlets=(),
)
PUBLIC = "https://hoi.xa-mau.example"
LONGEST = ("at-ung-dung-gia-mao",)  # two pages


@cache
def library() -> Library:
    return load_library()


ONE_PAGE = ("kn-wifi", *random.Random(10).sample(sorted(set(library().guides) - set(LONGEST)), 5))


def maker(commune: CommuneProfile = HOME, public: str = PUBLIC) -> Maker:
    svg_of = partial(Pictures(Path("unused"), load_phrases()).svg_of, has_note=False)
    return Maker(load_phrases(), commune, svg_of, lambda slug: f"{public}/?viec={slug}" if public else "")


def made(slug: str) -> Handout:
    return maker().handout(library().guides[slug])


def words_of(pdf: bytes) -> str:
    """All text, as one who selects and copies it gets it; lines joined."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def codes_in(pdf: bytes, *, dpi: int = 150) -> list[str]:
    pages = [page.render(scale=dpi / 72).to_pil() for page in pypdfium2.PdfDocument(pdf)]
    return [code.text for page in pages for code in zxingcpp.read_barcodes(page)]


@pytest.mark.parametrize("slug", ONE_PAGE)
def test_a_guide_is_one_page_with_all_its_steps_in_vietnamese_that_can_be_selected(slug: str):
    guide, paper = library().guides[slug], made(slug)

    text = words_of(paper.pdf)

    assert (paper.pages, len(PdfReader(BytesIO(paper.pdf)).pages)) == (1, 1)
    assert text == unicodedata.normalize("NFC", text)
    for step in guide.steps:
        assert " ".join(address(step.action).split()) in text
        assert " ".join(address(step.appears).split()) in text
    assert "xã Mẫu: 0210 000 0001" in text
    assert "Công an: 0210 000 0002" in text
    assert guide.front.reviewed.strftime("%d/%m/%Y") in text
    assert codes_in(paper.pdf) == [f"{PUBLIC}/?viec={slug}"]


def test_all_letters_are_large_and_all_fonts_are_in_the_file():
    reader = PdfReader(BytesIO(made("kn-wifi").pdf))
    sizes: set[float] = set()

    def note(text: str, _cm: object, matrix: list[float], _font: object, size: float) -> None:
        if text.strip():
            sizes.add(round(size * abs(matrix[3]), 1))

    reader.pages[0].extract_text(visitor_text=note)
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
    described = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]

    assert min(sizes) >= BODY
    assert len(described) == 2
    assert all("/FontFile2" in descriptor.get_object() for descriptor in described)


def test_the_file_says_its_title_and_language_and_its_pictures_are_described():
    reader = PdfReader(BytesIO(made("kn-wifi").pdf))

    assert reader.metadata is not None
    assert reader.metadata.title == "Kết nối Wi-Fi, bật mạng di động"
    assert reader.trailer["/Root"]["/Lang"] == "vi"
    assert len(reader.pages[0].images) == made("kn-wifi").pictures > 0


def test_a_guide_too_long_for_one_page_has_no_pictures_and_says_which_page_one_holds():
    paper = made(LONGEST[0])

    text = words_of(paper.pdf)

    assert (paper.pages, paper.pictures) == (2, 0)
    assert "Trang 1/2" in text
    assert "Trang 2/2" in text


def test_without_numbers_and_address_there_is_a_line_to_write_on_and_no_code():
    home = replace(HOME, phone=None, police_phone=None)

    paper = maker(home, public="").handout(library().guides["kn-wifi"])

    assert "Hỏi xã Mẫu: ......" in words_of(paper.pdf)
    assert "Quét mã" not in words_of(paper.pdf)
    assert codes_in(paper.pdf) == []


def shelf(public_url: str | None = PUBLIC, guides: Library | None = None) -> Papers:
    return Papers(
        Pictures(Path("unused"), load_phrases()),
        load_phrases(),
        load_paths(),
        library=lambda _slug: guides or library(),
        commune=lambda slug: replace(HOME, slug=slug),
        public_url=public_url,
        served="xa-mau",
        clock=lambda: NOW,
    )


def test_a_booklet_has_a_cover_with_the_page_of_each_guide():
    few = library_of(library().guides[slug] for slug in ("at-ung-dung-gia-mao", "at-otp", "at-mat-khau"))

    pdf = shelf(guides=few).booklet_of_topic("xa-mau", "an-toan")

    assert pdf is not None
    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]
    cover = " ".join(pages[0].split())
    begins = {
        guide.slug: next(
            number for number, text in enumerate(pages, 1) if number > 1 and title(guide) in text
        )
        for guide in few.guides.values()
    }
    assert begins == {"at-ung-dung-gia-mao": 2, "at-otp": 4, "at-mat-khau": 5}
    for guide in few.guides.values():
        assert f"{title(guide)} … trang {begins[guide.slug]}" in cover


def title(guide: Guide) -> str:
    return address(guide.title)


def test_a_booklet_of_a_path_goes_in_the_order_in_which_it_is_learnt():
    few = library_of(library().guides[slug] for slug in ("at-otp", "kn-wifi", "kn-chu-to"))

    pdf = shelf(guides=few).booklet_of_path("xa-mau", "nguoi-dan")

    cover = " ".join(PdfReader(BytesIO(pdf or b"")).pages[0].extract_text().split())
    places = [cover.index(title(few.guides[slug])) for slug in ("kn-chu-to", "kn-wifi", "at-otp")]
    assert places == sorted(places)


def test_there_is_no_paper_of_what_the_commune_does_not_have():
    papers = shelf()

    assert papers.handout("xa-mau", "khong-co") is None
    assert papers.booklet_of_topic("xa-mau", "khong-co") is None
    assert papers.booklet_of_path("xa-mau", "khong-co") is None
    assert papers.file("/huong-dan/../secret.key") is None


def test_codes_lead_only_to_the_chat_of_the_commune_that_is_served():
    assert shelf().chat_at("xa-mau", guide="kn-wifi") == f"{PUBLIC}/?viec=kn-wifi"
    assert shelf().chat_at("xa-mau", hamlet="xom-1") == f"{PUBLIC}/?xom=xom-1"
    assert shelf().chat_at("xa-khac", hamlet="xom-1") == ""
    assert shelf(public_url=None).chat_at("xa-mau") == ""
