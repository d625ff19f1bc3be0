"""The tables of a report's Word template: the tags of their rows, and which column each stands for.

Tags are words of the people who edit the template, so they are Vietnamese, without marks.
"""

from collections.abc import Mapping

Column = tuple[str, str, float]  # (tag, key of the column, width in mm)

# Table → the tag of its rows, and its columns.
TABLES: Mapping[str, tuple[str, tuple[Column, ...]]] = {
    "totals": (
        "bang_tong_hop",
        (
            ("ten", "figure", 75),
            ("don_vi", "unit", 18),
            ("ky_nay", "now", 24),
            ("ky_truoc", "before", 24),
            ("thay_doi", "change", 24),
        ),
    ),
    "targets": (
        "bang_chi_tieu",
        (
            ("tt", "number", 11),
            ("ten", "target", 60),
            ("giao", "assigned", 22),
            ("thuc_hien", "actual", 22),
            ("ty_le", "rate", 18),
            ("nguon", "source", 32),
        ),
    ),
    "topics": (
        "bang_chu_de",
        (
            ("tt", "number", 11),
            ("ten", "topic", 64),
            ("luot_hoi", "questions", 30),
            ("chua_tra_loi", "unanswered", 30),
            ("viec_lam_duoc", "completions", 30),
        ),
    ),
    "groups": (
        "bang_nhom",
        (
            ("tt", "number", 11),
            ("ten", "group", 54),
            ("duoc_giup", "helped", 25),
            ("nguoi_hoi", "learners", 25),
            ("luot_hoi", "questions", 25),
            ("viec_lam_duoc", "completions", 25),
        ),
    ),
    "hamlets": (
        "bang_xom",
        (
            ("tt", "number", 11),
            ("ten", "hamlet", 34),
            ("duoc_giup", "helped", 18),
            ("nguoi_hoi", "learners", 16),
            ("luot_hoi", "questions", 17),
            ("chua_tra_loi", "unanswered", 17),
            ("viec_lam_duoc", "completions", 18),
            ("buoi_hoc", "classes", 16),
            ("luot_du", "class_people", 18),
        ),
    ),
    "weeks": (
        "bang_tuan",
        (
            ("ten", "week", 53),
            ("duoc_giup", "helped", 28),
            ("nguoi_hoi", "learners", 28),
            ("luot_hoi", "questions", 28),
            ("viec_lam_duoc", "completions", 28),
        ),
    ),
}
WITH_TOTAL = ("topics", "groups", "hamlets")  # their sums are tags too: {{ tong_xom.luot_hoi }}
TEXT_TAGS = ("ten", "don_vi", "nguon", "giao", "thuc_hien")  # written from the left


def total_tag(rows: str) -> str:
    """'bang_xom' → 'tong_xom'."""
    return rows.replace("bang_", "tong_")
