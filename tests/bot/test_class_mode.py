"""The pages for a projector: by keyboard, clicker and links, everything of a slide in sight."""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from bot.papers import Papers
from bot.pictures import Pictures
from knowledge.lessons import load_paths
from knowledge.library import Library, load_library
from knowledge.phrases import load_phrases
from tests.bot.test_handout import HOME, PUBLIC
from tests.bot.web_rig import MEASURE, PHONE, open_chat

PROJECTOR = {"viewport": {"width": 1366, "height": 768}, "has_touch": False, "is_mobile": False}
# Those with the longest steps and questions, and one of each kind of slide.
GUIDES = ("kn-wifi", "at-da-bi-lua", "at-du-lieu-ca-nhan", "vneid-luu-tru", "tt-hoa-don-dien-tu")
OVERFLOWING = """async () => {
  const found = [];
  for (const slide of document.querySelectorAll(".slide")) {
    location.hash = slide.id;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const page = document.documentElement, body = slide.querySelector(".body");
    const highest = Math.max(...Array.from(body.children, (part) => part.getBoundingClientRect().height));
    const size = parseFloat(getComputedStyle(slide.querySelector("h1, h2")).fontSize);
    if (highest > body.clientHeight + 1 || page.scrollHeight > innerHeight || page.scrollWidth > innerWidth
        || (innerWidth === 1366 && size < 48)) found.push(slide.id);
  }
  return found;
}"""

library = cache(load_library)


@pytest.fixture(scope="module")
def lessons(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Page]]:
    """Opens a page of a chat that has papers."""
    now = dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC)
    phrases = load_phrases()
    pictures = Pictures(tmp_path_factory.mktemp("data"), phrases)

    def guides(_slug: str = "") -> Library:
        return library()

    papers = Papers(
        pictures, phrases, load_paths(), library=guides, commune=lambda _slug: HOME,
        public_url=PUBLIC, served="xa-mau", clock=lambda: now,
    )  # fmt: skip
    with open_chat(chromium, now, library=guides, papers=papers, pictures=pictures) as chat:
        yield chat.open


def shown(page: Page) -> str:
    return page.locator(".slide:visible .place span").last.inner_text()


def test_a_lesson_is_led_by_keys_and_clickers_alone(lessons: Callable[..., Page]):
    page = lessons("/lop-hoc", **PROJECTOR)
    page.get_by_role("link", name="Kết nối Wi-Fi").click()
    page.wait_for_load_state()  # its script hears the keys
    seen = [shown(page)]

    for key in ("PageDown", "ArrowRight", "Space", "PageUp", "ArrowLeft", "End", "PageDown", "Home"):
        page.keyboard.press(key)
        seen.append(shown(page))

    assert seen == [f"{number}/15" for number in (1, 2, 3, 4, 3, 2, 15, 15, 1)]
    page.keyboard.press("PageDown")
    focused = page.evaluate("document.activeElement.textContent")
    assert "Bước 1/8" in focused  # read out by a screen reader


def test_hands_are_counted_in_the_page_and_sent_nowhere(lessons: Callable[..., Page]):
    page = lessons("/lop-hoc/kn-wifi#s11", **PROJECTOR)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/static/" not in request.url else None)

    for number, hands in ((1, "2"), (2, "9"), (3, "1")):
        page.get_by_label(f"Số người giơ tay cho câu trả lời {number}").locator("visible=true").fill(hands)
    page.keyboard.press("PageDown")

    expect(page.locator(".slide:visible .right")).to_have_text("✓ 2. Mạng di động của SIM")
    expect(page.locator(".slide:visible .result")).to_have_text(
        "9 trên 12 người chọn đúng. Số này chỉ nằm trên trang, máy không lưu."
    )
    assert asked == []


def test_without_a_script_the_links_lead_on(lessons: Callable[..., Page]):
    page = lessons("/lop-hoc/kn-wifi", java_script_enabled=False, **PROJECTOR)
    seen = [shown(page)]

    for name in ("Tiếp →", "Tiếp →", "← Trở lại"):
        page.get_by_role("link", name=name).locator("visible=true").click()
        seen.append(shown(page))

    assert seen == ["1/15", "2/15", "3/15", "2/15"]
    expect(page.locator(".hands input").first).to_be_hidden()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1024, 768)])
def test_everything_of_a_slide_is_in_sight_in_huge_letters(
    lessons: Callable[..., Page], width: int, height: int
):
    page = lessons("/lop-hoc", **{**PROJECTOR, "viewport": {"width": width, "height": height}})
    overflowing = {}

    for slug in GUIDES:
        page.goto(page.url.partition("/lop-hoc")[0] + f"/lop-hoc/{slug}")
        overflowing[slug] = page.evaluate(OVERFLOWING)

    assert overflowing == {slug: [] for slug in GUIDES}


def test_on_a_phone_held_upright_it_can_be_read_and_pressed(lessons: Callable[..., Page]):
    page = lessons("/lop-hoc", **PHONE)
    found = []

    for slide in range(1, 16):
        page.goto(page.url.partition("/lop-hoc")[0] + f"/lop-hoc/kn-wifi#s{slide}")
        measured = page.evaluate(MEASURE)
        found += [text for text in measured["texts"] if text["size"] < 20]
        found += [target for target in measured["targets"] if target["side"] < 48]
        found += [page.evaluate("document.documentElement.scrollWidth - innerWidth")]

    assert found == [0] * 15


@pytest.mark.parametrize(
    "address", ["/lop-hoc", "/lop-hoc/kn-wifi#s1", "/lop-hoc/kn-wifi#s3", "/lop-hoc/kn-wifi#s11"]
)
def test_nothing_for_axe_to_find(lessons: Callable[..., Page], address: str):
    page = lessons(address, **PROJECTOR)

    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "wcag2aaa"]})

    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in found.response["violations"]] == []


def test_the_code_on_the_first_slide_and_the_pictures_are_there(lessons: Callable[..., Page]):
    page = lessons("/lop-hoc/kn-wifi#s3", **PROJECTOR)
    picture = page.locator(".slide:visible img")

    assert picture.evaluate("image => image.complete && image.naturalWidth") == 720
    assert picture.get_attribute("alt") == (
        'Hình minh họa: Bác bấm vào dòng có chữ "Wi-Fi", thường nằm gần trên cùng.'
    )
    page.keyboard.press("Home")
    expect(page.locator(".slide:visible .scan svg")).to_be_visible()


def test_a_learning_path_can_be_chosen_and_an_unknown_guide_is_met_politely(lessons: Callable[..., Page]):
    page = lessons("/lop-hoc?lo_trinh=nguoi-dan", **PROJECTOR)

    titles = page.locator("main > ul a").all_inner_texts()

    assert titles[:2] == ["Tăng cỡ chữ, dễ nhìn dễ nghe", "Kết nối Wi-Fi, bật mạng di động"]
    assert len(titles) == len(set(titles)) == sum(map(len, load_paths().by_slug["nguoi-dan"].levels))
    assert page.goto(page.url.partition("/lop-hoc")[0] + "/lop-hoc/khong-co").status == 404
