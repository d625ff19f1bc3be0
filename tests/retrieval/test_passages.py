"""Guides cut into passages that keep where they come from."""

from dataclasses import replace
from pathlib import Path

from knowledge.guide import parse_guide
from retrieval.passages import Passage, chunk_guide, chunk_guides
from tests.knowledge.test_guide import GUIDE

LOA = replace(parse_guide(Path("kn-loa.md"), GUIDE), questions=("bật loa", "nghe nhỏ quá"))


def test_a_guide_is_cut_into_passages_without_quotes_and_placeholders():
    assert chunk_guide(LOA) == [
        Passage("kn-loa", "tên", "title", "Bật loa điện thoại"),
        Passage("kn-loa", "tóm tắt", "summary", "bật được loa ngoài khi nghe điện thoại."),
        Passage("kn-loa", "câu hỏi 1", "question", "bật loa"),
        Passage("kn-loa", "câu hỏi 2", "question", "nghe nhỏ quá"),
        Passage("kn-loa", "bước 1", "step", "gọi cho người nhà."),
        Passage("kn-loa", "bước 2", "step", "bấm chữ Loa ."),
        Passage("kn-loa", "lỗi 1", "fault", "Không nghe gì"),
        Passage("kn-loa", "lỗi 2", "fault", "Máy kêu rè"),
    ]


def test_guides_follow_each_other():
    other = replace(LOA, slug="kn-chuong")

    assert chunk_guides([LOA, other]) == chunk_guide(LOA) + chunk_guide(other)


def test_no_guides_have_no_passages():
    assert chunk_guides([]) == []
