"""How people say where they live."""

import pytest

from handlers.hamlet_names import match_hamlet, names_a_hamlet
from records.communes import HamletProfile

HAMLETS = [
    HamletProfile(1, "xom-1", "Xóm 1", ("thôn 1",)),
    HamletProfile(3, "xom-3", "Xóm 3", ("thôn Trung",)),
    HamletProfile(13, "xom-13", "Xóm 13", ()),
    HamletProfile(20, "thon-dong", "Thôn Đông", ("xóm Đông",)),
    HamletProfile(21, "tdp-hoa-binh", "Tổ dân phố Hòa Bình", ()),
]


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("xóm 3", "xom-3"), ("xom 3", "xom-3"), ("x3", "xom-3"), ("Xóm ba", "xom-3"), ("3", "xom-3"),
        ("bác ở xóm 3 cháu ạ", "xom-3"), ("xóm số 3", "xom-3"), ("xóm 03", "xom-3"), ("xom 13", "xom-13"),
        ("thôn đông", "thon-dong"), ("thon dong", "thon-dong"), ("xóm đông", "thon-dong"),
        ("đông", "thon-dong"), ("tổ dân phố hoà bình", "tdp-hoa-binh"),
        ("tdp hoa binh", "tdp-hoa-binh"),
        ("hoa bin", "tdp-hoa-binh"), ("thon trung", "xom-3"), ("thon don", "thon-dong"),
    ],
)  # fmt: skip
def test_a_hamlet_is_found_by_its_name_aliases_and_near_spellings(text: str, slug: str):
    assert [hamlet.slug for hamlet in match_hamlet(text, HAMLETS)] == [slug]


@pytest.mark.parametrize("text", ["xóm 30", "xóm 4", "quên mật khẩu", "", "x", "bỏ qua"])
def test_what_is_no_hamlet_of_the_commune_matches_none(text: str):
    assert match_hamlet(text, HAMLETS) == []


def test_hamlets_of_the_same_bare_name_are_all_offered():
    twins = [HamletProfile(1, "xom-bac", "Xóm Bắc", ()), HamletProfile(2, "thon-bac", "Thôn Bắc", ())]

    assert match_hamlet("bắc", twins) == twins


@pytest.mark.parametrize("text", ["tôi ở xóm 3", "x3", "nhà bác ở thôn đông", "xom 5"])
def test_a_short_message_that_names_a_hamlet_is_seen(text: str):
    assert names_a_hamlet(text)


@pytest.mark.parametrize(
    "text", ["quên mật khẩu vneid", "xóm 3 có lớp học buổi tối không hả cháu ơi", "chào cháu"]
)
def test_a_question_is_not_taken_for_a_hamlet(text: str):
    assert not names_a_hamlet(text)
