"""What is held about a person, written out for them to read and for machines."""

import json

import records.migrate  # noqa: F401 - brings every table
from knowledge.phrases import load_phrases
from records.held import NAMED, is_shown
from records.models import Base
from records.personal import WAYS_IN, of_learner, of_talk
from staff.held import held_json, held_text
from tests.conftest import NOW

PHRASES = load_phrases()


def personal_tables() -> list[str]:
    own = ["learners", *WAYS_IN, "subject_requests"]
    return own + [table.name for table in (*of_learner(), *of_talk())]


def test_every_table_and_every_column_has_its_words():
    tables = {f"held.table_{name}" for name in personal_tables()}
    fields = {
        f"held.field_{column.name}"
        for name in personal_tables()
        for column in Base.metadata.tables[name].c
        if is_shown(column)
    } | {f"held.field_{name.removesuffix('_id')}" for name in NAMED}

    words = {key for key in PHRASES if key.startswith(("held.table_", "held.field_"))}
    assert words == tables | fields


def test_rows_become_lines_that_can_be_read():
    held = {
        "learners": [{"hamlet": "Xóm 3", "level": 2, "notice_at": None, "created_at": NOW.isoformat()}],
        "conversations": [{"channel": "telegram", "slots": {"guide": "x"}, "is_unlogged": False}],
        "questions": [
            {"redacted": "quên\nmật khẩu", "candidates": [{"guide": "a", "score": 0.5}, {"guide": "b"}]}
        ],
        "outbox": [{"body": {"text": "Dạ đây ạ.", "choices": []}}],
        "inbox": [],
        "conversation_events": [{"events": [{"event": "user"}]}],
    }

    text = held_text(held, PHRASES, place="xã Thử", now=NOW)

    assert text.splitlines() == [
        "Dữ liệu mà xã Thử đang lưu",
        "Lập lúc 22/11/2026 15:30",
        "",
        "Người dùng (1)",
        "- xóm: Xóm 3; trình độ: 2; lúc: 22/11/2026 15:30",
        "",
        "Cuộc trò chuyện (1)",
        "- kênh: telegram; không lưu: không",
        "",
        "Câu đã hỏi (1)",
        "- câu hỏi: quên mật khẩu; các hướng dẫn gần: a, b",
        "",
        "Tin máy đã trả lời (1)",
        "- nội dung: Dạ đây ạ.",
        "",
        "Diễn biến cuộc trò chuyện (1)",
        "- Có đủ trong tệp dành cho máy khác đọc.",
        "",
        PHRASES("held.masked"),
    ]


def test_the_file_for_machines_holds_everything_as_it_is():
    held = {"questions": [{"redacted": "quên mật khẩu", "score": 0.5}], "inbox": []}

    content = json.loads(held_json(held, place="xã Thử", now=NOW))

    assert content == {"place": "xã Thử", "made_at": "2026-11-22T08:30:00+00:00", "held": held}
