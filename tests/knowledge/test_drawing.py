"""The pictures of steps: what they show, and that they never say more than the step."""

import datetime as dt
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.check import check_guide, style_words
from knowledge.drawing import Drawing, DrawingError, Moment, Thing, derived, described, drawing_of
from knowledge.drawing_svg import WIDTH, drawing_svg
from knowledge.guide import ContentError, Guide, Step, parse_guide
from knowledge.library import load_library

LIBRARY = load_library()
STEPS = [
    (slug, number, step)
    for slug, guide in LIBRARY.guides.items()
    for number, step in enumerate(guide.steps, 1)
]
DRAWN = [(slug, number, step, found) for slug, number, step in STEPS if (found := drawing_of(step))]


def of(*things: Thing) -> Drawing:
    return Drawing(tuple(Moment(thing) for thing in things))


@pytest.mark.parametrize(
    ("action", "drawing"),
    [
        ('{Bác} bấm "Gửi yêu cầu".', of(Thing("button", ("Gửi yêu cầu",)))),
        ('{Bác} bấm vào chữ "Quên mật khẩu", ở gần ô mật khẩu.', of(Thing("text", ("Quên mật khẩu",)))),
        ('{Bác} bấm dòng có chữ "Wi-Fi", thường nằm gần trên cùng.', of(Thing("row", ("Wi-Fi",), "top"))),
        (
            '{Bác} bấm nút "Lưu" ở góc trên bên phải.',
            of(Thing("button", ("Lưu",), "top", "right")),
        ),
        ('{Bác} bấm "Lưu ảnh" hoặc "Chia sẻ".', of(Thing("button", ("Lưu ảnh", "Chia sẻ")))),
        (
            '{Bác} bấm "Thủ tục hành chính", rồi "Đăng ký tạm trú".',
            of(Thing("button", ("Thủ tục hành chính",)), Thing("button", ("Đăng ký tạm trú",))),
        ),
        ('{Bác} gõ số tiền, rồi "Tiếp tục".', of(Thing("button", ("Tiếp tục",)))),
        ("{Bác} gõ chữ VNeID vào ô tìm kiếm.", of(Thing("field", ("VNeID",), glyph="kính lúp"))),
        ("{Bác} bấm hình mũi tên để gửi.", of(Thing("glyph", ("mũi tên",)))),
        (
            '{Bác} mở mục "Cài đặt", hình bánh răng.',
            of(Thing("app", ("Cài đặt",), glyph="bánh răng")),
        ),
    ],
)
def test_a_step_that_says_plainly_what_to_press_is_drawn(action: str, drawing: Drawing):
    assert derived(action) == drawing


@pytest.mark.parametrize(
    "action",
    [
        '{Bác} không bấm "Đồng ý".',
        'Đừng vội bấm nút "Chuyển tiền".',
        '{Bác} nói "Tôi không đồng ý" rồi tắt máy.',
        'Zalo hỏi "Có phải bạn không?", {bác} chọn "Không phải tôi".',  # a label is left over
        '{Bác} tìm dòng "Cập nhật". Trên iPhone, {bác} vào "Cài đặt chung".',  # two ways
        '{Bác} bấm "Một", rồi "Hai", rồi "Ba".',
        "{Bác} bấm hình kính lúp hoặc nút tìm trên bàn phím.",
        "{Bác} mang thẻ căn cước ra cửa hàng.",
    ],
)
def test_a_step_that_leaves_anything_in_doubt_has_no_picture(action: str):
    assert derived(action) is None


def test_an_editor_can_say_what_the_picture_shows():
    step = Step("Bước.", "", "", picture='nút "Đăng nhập" góc trên bên phải; ô gõ "Số định danh"')

    assert drawing_of(step) == Drawing(
        (
            Moment(
                Thing("button", ("Đăng nhập",), "top", "right"),
                (Thing("field", ("Số định danh",)),),
            ),
        )
    )
    assert described('dòng "Wi-Fi" rồi nút "Kết nối"') == of(
        Thing("row", ("Wi-Fi",)), Thing("button", ("Kết nối",))
    )
    assert drawing_of(Step('{Bác} bấm "Gửi".', "", "", picture="không")) is None


@pytest.mark.parametrize(
    "text",
    ['"Đăng nhập"', "nút Đăng nhập", 'nút "Gửi" ở trên trời', "hình con voi", "nút mũi tên", ""],
)
def test_a_description_that_cannot_be_read_says_what_was_expected(text: str):
    with pytest.raises(DrawingError, match="expected one of nút, chữ"):
        described(text)


def test_the_line_of_a_picture_stands_under_its_step_in_the_file():
    path = Path("knowledge/guides/kn-wifi.md")
    text = path.read_text(encoding="utf-8")

    guide = parse_guide(path, text)

    assert [step.picture for step in guide.steps[:4]] == [None, None, 'nút gạt "Wi-Fi"', None]
    with pytest.raises(ContentError, match="found '   - Hình:', expected '   - Hình: …'"):
        parse_guide(path, text.replace('- Hình: nút gạt "Wi-Fi"', "- Hình:"))


def problems_of(guide: Guide) -> list[str]:
    found = check_guide(guide, "x.md", style_words(), {guide.slug}, dt.date(2026, 11, 22))
    return [problem.found for problem in found if "picture" in problem.found]


def test_the_check_finds_a_picture_that_says_more_than_its_step():
    guide = LIBRARY.guides["kn-wifi"]
    steps = list(guide.steps)
    steps[0] = replace(steps[0], picture='nút "Xóa hết"')
    steps[1] = replace(steps[1], picture="nút Wi-Fi")

    assert problems_of(guide) == []
    assert problems_of(replace(guide, steps=tuple(steps))) == ["picture: 'Xóa hết'", "picture: 'nút Wi-Fi'"]


def words_in(svg: str) -> list[str]:
    root = ET.fromstring(svg)
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_every_picture_of_every_guide_says_its_labels_and_nothing_else():
    wrong = []
    for slug, number, step, drawing in DRAWN:
        shown = words_in(drawing_svg(drawing, title=step.action, note="chú thích", either="hoặc"))
        numbers = {str(each) for each in range(1, len(drawing.moments) + 1)}
        said = " ".join(word for word in shown if word not in ("hoặc", "chú thích") and word not in numbers)
        if sorted(said.split()) != sorted(" ".join(drawing.texts).split()):
            wrong.append((slug, number, said))
        if any(text not in f"{step.action} {step.appears}" for text in drawing.texts):
            wrong.append((slug, number, drawing.texts))

    assert wrong == []
    assert len(DRAWN) > 130


def test_nothing_of_a_picture_stands_beyond_its_edge():
    svg = "{http://www.w3.org/2000/svg}"
    for slug, number, step, drawing in DRAWN:
        root = ET.fromstring(drawing_svg(drawing, title=step.action, note="", either="hoặc"))
        height = float(root.attrib["height"])
        for rect in root.iter(f"{svg}rect"):
            x, y = float(rect.attrib.get("x", 0)), float(rect.attrib.get("y", 0))
            right, low = x + float(rect.attrib["width"]), y + float(rect.attrib["height"])
            assert 0 <= x < right <= WIDTH, (slug, number)
            assert 0 <= y < low <= height, (slug, number)
        assert all(float(text.attrib["y"]) < height for text in root.iter(f"{svg}text"))


def test_a_cash_machine_is_not_drawn_as_a_phone():
    guide = LIBRARY.guides["tt-rut-tien-atm"]

    assert [drawing_of(step) for step in guide.steps] == [None] * len(guide.steps)
