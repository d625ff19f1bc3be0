from pathlib import Path

import pytest

from knowledge.guide import parse_guide
from knowledge.guide_form import GuideFields, SourceFields, StepFields, fields_of, source_of
from knowledge.library import CONTENT, read_text

GUIDES = sorted((CONTENT / "guides").glob("*.md"))


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_a_guide_that_went_through_the_form_is_the_same_guide(path: Path):
    source = read_text(path)

    fields = fields_of(source)

    assert fields is not None
    assert parse_guide(path, source_of(fields)) == parse_guide(path, source)


def test_an_unfinished_draft_comes_back_into_its_fields():
    fields = GuideFields(
        short={"title": "Đăng ký nước sạch: nhà tôi", "topic": "ky-nang", "reviewed": "2026-11-2"},
        lists={"groups": ("nguoi-dan",)},
        sources=(SourceFields("Ủy ban nhân dân xã", "", ""),),
        steps=(StepFields(action='{Bác} mở "Cài đặt" # hình bánh răng'), StepFields(appears="một ô")),
        ask=("- gạch đầu dòng trong dòng",),
    )

    again = fields_of(source_of(fields))

    assert again is not None
    assert again.short["title"] == "Đăng ký nước sạch: nhà tôi"
    assert again.short["reviewed"] == "2026-11-2"
    assert again.sources == (SourceFields("Ủy ban nhân dân xã", "", ""),)
    assert again.steps == fields.steps
    assert again.ask == fields.ask
    assert source_of(again) == source_of(fields)


@pytest.mark.parametrize(
    "source",
    [
        "## Chuẩn bị\n- một\n",
        "---\ntitle: Một\nauthor: ai đó\n---\n## Chuẩn bị\n- một\n",
        "---\ntitle: [Một\n---\n",
        "---\ntitle: Một\n---\n## Chuẩn bị\nkhông có gạch đầu dòng\n",
        "---\ntitle: Một\n---\n## Các bước\n1. Trước phần chuẩn bị\n",
        "---\ntitle: Một\n---\n## Chuẩn bị\n## Các bước\n1. Một\n   - Chú ý: không có ô nào\n",
    ],
)
def test_what_no_field_has_a_place_for_is_edited_as_text(source: str):
    assert fields_of(source) is None


def test_a_break_typed_into_a_field_begins_nothing_new():
    fields = GuideFields(short={"title": "Một\n---\n## Các bước"}, prepare=("một\n## Hỏi ai",))

    again = fields_of(source_of(fields))

    assert again is not None
    assert (again.short["title"], again.prepare) == ("Một --- ## Các bước", ("một ## Hỏi ai",))
