"""Every figure on the screen is that of the rows, of the workbook and of the Word file: 0 differences.

The figures are counted once more, in plain SQL, for communes, days and filters drawn by chance.
"""

import datetime as dt
import io
import random
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from knowledge.guide import TOPICS
from staff.formats import day
from staff.period import Period, month, period_of_days, quarter
from tests.staff.random_commune import CHANNELS, GROUPS_USED, fill
from tests.staff.recount import Scope, recount, recount_classes, topics
from tests.staff.world import World, submit, table

MARKS = ("<5", "…")


def random_period(chance: random.Random) -> Period:
    if chance.random() < 0.4:
        return quarter(2026, chance.choice((2, 3, 4)))
    if chance.random() < 0.5:
        return month(2026, chance.randrange(6, 12))
    first = dt.date(2026, 6, 1) + dt.timedelta(days=chance.randrange(120))
    return period_of_days(first, first + dt.timedelta(days=chance.randrange(1, 60)))


def random_filters(world: World, chance: random.Random) -> tuple[dict[str, str], dict[str, object]]:
    """What stands in the address, and what it means."""
    address: dict[str, str] = {}
    meant: dict[str, object] = {}
    if chance.random() < 0.5:
        hamlet = chance.choice([*world.home.hamlets, None])
        address["xom"], meant["hamlet"] = (hamlet.slug, hamlet.id) if hamlet else ("-", None)
    if chance.random() < 0.5:
        address["kenh"] = meant["channel"] = chance.choice(CHANNELS)
    if chance.random() < 0.5:
        group = chance.choice([*GROUPS_USED, None])
        address["nhom"], meant["group"] = group or "-", group
    return address, meant


def numbers(texts: list[str]) -> list[int]:
    return [int(each.replace(".", "")) for each in texts]


def sheet_rows(file: bytes, name: str, width: int) -> list[list[object]]:
    """The rows below the head of the first table of a sheet."""
    rows = [list(row[:width]) for row in load_workbook(io.BytesIO(file))[name].iter_rows(values_only=True)]
    head = next(at for at, row in enumerate(rows) if all(row))
    table_rows = []
    for row in rows[head + 1 :]:
        if row[0] is None:
            break
        table_rows.append(row)
    return table_rows


def word_tables(file: bytes) -> dict[str, list[list[str]]]:
    """By the title of the column that says what a row is about; without numbers of rows and the head."""
    found = {}
    for each in Document(io.BytesIO(file)).tables:
        rows = [[cell.text for cell in row.cells] for row in each.rows]
        at = 1 if rows[0][0] == "TT" else 0
        found.setdefault(rows[0][at], [row[at:] for row in rows[1:]])
    return found


def same_but_for_marks(shown: list[list[str]], counted: list[list[object]]) -> bool:
    """Whether every cell is the number itself, or a mark for one that is not to be told."""
    return len(shown) == len(counted) and all(
        text_ == str(value) or (text_ in MARKS and value)
        for row, row_counted in zip(shown, counted, strict=True)
        for text_, value in zip(row, row_counted, strict=True)
    )


@pytest.fixture
def chance(world: World) -> random.Random:
    chance = random.Random(8)
    fill(world, chance, people=60)
    return chance


def test_the_overview_shows_what_the_rows_say_for_any_days_and_filters(world: World, chance: random.Random):
    browser = world.signed_in()

    for _ in range(5):
        period = random_period(chance)
        address, meant = random_filters(world, chance)
        scope = Scope(world.home.id, period, **meant)
        page = browser.get(f"/staff?{period.query}&{urlencode(address)}").text
        with world.database.read() as session:
            total = recount(session, scope)
            hamlets = {
                name: recount(session, replace(scope, hamlet=key))
                for key, name in [(h.id, h.name) for h in world.home.hamlets] + [(None, "Chưa rõ thôn, xóm")]
            }
            by_topic = topics(session, scope)

        columns = ("helped", "questions", "unanswered", "completions", "calls")
        shown = {row[0]: numbers(row[1:6]) for row in table(page, "theo-thon")}
        where = (period.first, period.last, address)
        assert shown.pop("Cả địa bàn") == [total[key] for key in columns], where
        assert shown == {name: [hamlets[name][key] for key in columns] for name in shown}, where
        assert sum(row[1] for row in shown.values()) == total["questions"], where
        assert [numbers(row[1:3]) for row in table(page, "theo-chu-de")] == [
            *([by_topic[topic][key] for key in ("questions", "completions")] for topic in (*TOPICS, None)),
            [total["questions"], total["completions"]],
        ], where


def test_page_workbook_and_word_file_of_a_report_say_what_the_rows_say(world: World, chance: random.Random):
    browser = world.signed_in()

    for _ in range(2):
        period = random_period(chance)
        address = submit(browser, "/staff/bao-cao", action=f"/staff/bao-cao?{period.query}").headers[
            "location"
        ]
        page = browser.get(address).text
        masked = browser.get(f"{address}/bao-cao.xlsx").content
        plain = submit(browser, address, action=f"{address}/du-so", agree="true").content
        word = word_tables(browser.get(f"{address}/bao-cao.docx").content)
        with world.database.read() as session:
            counted = expected(session, world, period)

        for key, (sheet, title) in SHEETS.items():
            width = len(counted[key][0])
            assert sheet_rows(plain, sheet, width) == counted[key], (key, period)
            shown = table(page, f"bang-{key}")
            assert same_but_for_marks(shown, counted[key]), (key, period, shown)
            assert [[str(cell) for cell in row] for row in sheet_rows(masked, sheet, width)] == shown, (
                key,
                period,
            )
            assert word[title] == shown, (key, period)
        totals = {row[0]: row[2] for row in sheet_rows(plain, "Tổng hợp", 5)}
        assert {name: totals[name] for name in counted["totals"]} == counted["totals"], period
        written = {row[0]: row[2] for row in table(page, "bang-totals")}
        assert written == {row[0]: row[2] for row in word["Nội dung"]}, period
        assert all(written[name] in (str(value), *MARKS) for name, value in counted["totals"].items()), period
        groups = {row[0]: row[1:] for row in word["Nhóm"]}
        assert all(
            same_but_for_marks([groups[name]], [values]) for name, values in counted["groups"].items()
        ), period


SHEETS = {
    "hamlets": ("Theo xóm", "Thôn, xóm"),
    "topics": ("Theo chủ đề", "Chủ đề"),
    "weeks": ("Theo tuần", "Tuần"),
}


def expected(session: Session, world: World, period: Period) -> dict:
    """The rows of the report's tables, from plain SQL."""
    whole = Scope(world.home.id, period)
    total = recount(session, whole)
    columns = ("helped", "learners", "questions", "unanswered", "completions")

    def row(name: str, scope: Scope) -> list[object]:
        counts = recount(session, scope)
        return [name, *(counts[key] for key in columns), *recount_classes(session, scope)]

    hamlets = [row(hamlet.name, replace(whole, hamlet=hamlet.id)) for hamlet in world.home.hamlets]
    unnamed = row("Chưa rõ thôn, xóm", replace(whole, hamlet=None))
    if any(unnamed[1:]) or recount(session, replace(whole, hamlet=None))["calls"]:
        hamlets.append(unnamed)
    names = dict(zip(TOPICS, TOPIC_NAMES, strict=True)) | {None: "Không thuộc chủ đề nào"}
    by_topic = topics(session, whole)
    classes, people = recount_classes(session, whole)
    return {
        "hamlets": [*hamlets, ["Cả địa bàn", *(total[key] for key in columns), classes, people]],
        "topics": [
            *([names[topic], *(by_topic[topic][key] for key in columns[2:])] for topic in names),
            ["Cộng", *(total[key] for key in columns[2:])],
        ],
        "weeks": [
            week_row(session, whole, week)
            for week in weeks(period)
            if week.first <= world.clock().date()  # of the others nothing is known yet
        ],
        "groups": {
            name: [recount(session, replace(whole, group=group))[key] for key in GROUP_COLUMNS]
            for group, name in ((None, "Chưa chọn nhóm"), *((group, group) for group in GROUPS_USED))
            if any(recount(session, replace(whole, group=group)).values())
        },
        "totals": {
            "Người được giúp": total["helped"],
            "Người hỏi": total["learners"],
            "Lượt hỏi": total["questions"],
            "Lượt hỏi chưa có câu trả lời": total["unanswered"],
            "Việc làm được": total["completions"],
            "Việc do bà con tự báo": total["grade_self"],
            "Việc có trả lời đúng câu hỏi kiểm tra": total["grade_quiz"],
            "Việc có tình nguyện viên xác nhận": total["grade_confirmed"],
            "Lượt xin gặp người hỗ trợ": total["calls"],
            "Buổi học": classes,
            "Lượt người dự buổi học": people,
        },
    }


GROUP_COLUMNS = ("helped", "learners", "questions", "completions")
TOPIC_NAMES = (
    "Định danh VNeID", "Dịch vụ công", "Thanh toán số", "An toàn trên mạng", "Kỹ năng số", "Phong trào"
)  # fmt: skip


def weeks(period: Period) -> list[Period]:
    """From Monday to Sunday, cut to the period."""
    found, monday = [], period.first - dt.timedelta(days=period.first.weekday())
    while monday <= period.last:
        sunday = monday + dt.timedelta(days=6)
        found.append(Period(max(monday, period.first), min(sunday, period.last)))
        monday += dt.timedelta(days=7)
    return found


def week_row(session: Session, whole: Scope, week: Period) -> list[object]:
    counts = recount(session, replace(whole, part=week))
    return [f"{day(week.first)} – {day(week.last)}", *(counts[key] for key in GROUP_COLUMNS)]
