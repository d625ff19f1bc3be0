"""The log of breaches and the notice that is printed from it."""

import pytest
from sqlalchemy import select

from records.breaches import TEXTS
from records.models import Breach
from tests.staff.world import World, submit, table, text_between

PAGE, NEW = "/staff/du-lieu-ca-nhan", "/staff/su-co"


def log(world: World) -> list[Breach]:
    with world.database.read() as session:
        return list(session.scalars(select(Breach).order_by(Breach.id)))


def add(browser, **fields: str):
    given = {"day": "22/11/2026", "time": "14:05", "what": "mất sổ ghi", "people": "12"}
    return submit(browser, NEW, **{**given, **fields})


def test_a_breach_is_noted_with_the_72_hours_counted_from_when_it_was_found(world: World):
    browser = world.signed_in()

    answer = add(browser)

    (breach,) = log(world)
    assert answer.headers["location"] == f"{NEW}/{breach.id}"
    assert (breach.what, breach.people, breach.created_by) == ("mất sổ ghi", 12, "staff:lan")
    assert table(browser.get(PAGE).text, "su-co") == [
        ["22/11/2026 14:05", "mất sổ ghi", "25/11/2026 14:05", "", ""]
    ]
    assert world.audited() == [("staff:lan", "breach_added")]


def test_after_72_hours_without_a_notice_it_is_late_until_it_is_told(world: World):
    number = world.notes_breach()
    world.clock.advance(hours=73)
    browser = world.signed_in()

    before = browser.get(f"{NEW}/{number}").text
    submit(browser, f"{NEW}/{number}", action=f"{NEW}/{number}/danh-dau", done="reported_at")

    assert "quá hạn" in text_between(before, "<main", "</main>")
    (breach,) = log(world)
    assert breach.reported_at == world.clock()
    assert world.audited() == [("staff:lan", "breach_reported")]


def test_what_is_typed_is_masked_and_can_be_completed_until_it_is_closed(world: World):
    number = world.notes_breach()
    browser = world.signed_in()
    one = f"{NEW}/{number}"

    submit(browser, one, what="lộ số 036157001234", measures="đã đổi mật khẩu", people="")
    submit(browser, one, action=f"{one}/danh-dau", done="closed_at")
    page = browser.get(one).text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    late = browser.post(one, data={"form_token": token, "what": "khác"})

    (breach,) = log(world)
    assert (breach.what, breach.measures, breach.people) == ("lộ số ‹digits›", "đã đổi mật khẩu", None)
    assert late.status_code == 409
    assert [action for _, action in world.audited()] == ["breach_changed", "breach_closed"]


def test_a_mark_stays_as_it_was_first_set(world: World):
    number = world.notes_breach()
    browser = world.signed_in()
    first = world.clock()
    page = browser.get(f"{NEW}/{number}").text
    token = page.split('name="form_token" value="')[1].split('"')[0]

    for _ in range(2):
        browser.post(f"{NEW}/{number}/danh-dau", data={"form_token": token, "done": "people_told_at"})
        world.clock.advance(minutes=5)

    assert log(world)[0].people_told_at == first
    assert [action for _, action in world.audited()] == ["breach_people_told"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"what": ""},
        {"time": "25:00"},
        {"time": "hai giờ"},
        {"time": "23:59"},
        {"day": "23/11/2026"},
        {"people": "nhiều"},
    ],
)
def test_what_cannot_be_is_refused(world: World, wrong: dict[str, str]):
    assert (add(world.signed_in(), **wrong).status_code, log(world)) == (400, [])


def test_an_unknown_mark_is_refused(world: World):
    number = world.notes_breach()
    browser = world.signed_in()

    answer = submit(browser, f"{NEW}/{number}", action=f"{NEW}/{number}/danh-dau", done="created_by")

    assert (answer.status_code, log(world)[0].created_by) == (400, "staff:lan")


def test_the_notice_has_all_that_the_form_asks_for_and_says_what_is_not_known_yet(world: World):
    browser = world.signed_in()
    add(browser, **{name: f"nội dung {name}" for name in TEXTS if name != "harm"}, people="")
    (breach,) = log(world)

    page = text_between(browser.get(f"{NEW}/{breach.id}/mau-08").text, "<article", "</article>")

    for part in (
        "Xã Tân Cương",
        "22/11/2026 14:05",
        "25/11/2026 14:05",
        *(f"nội dung {name}" for name in TEXTS if name != "harm"),
        "Hậu quả có thể có Chưa rõ, bổ sung sau",
        "Số người bị ảnh hưởng Chưa rõ, bổ sung sau",
        "Đã báo cơ quan chuyên trách Chưa",
        "Mẫu số 08",
    ):
        assert part in page


def test_breaches_of_another_commune_are_out_of_reach(world: World):
    theirs = world.notes_breach("chuyện ở Đại Từ", commune=world.other)
    browser = world.signed_in()

    answers = [
        browser.get(f"{NEW}/{theirs}").status_code,
        browser.get(f"{NEW}/{theirs}/mau-08").status_code,
        submit(browser, NEW, action=f"{NEW}/{theirs}", what="x").status_code,
        submit(browser, NEW, action=f"{NEW}/{theirs}/danh-dau", done="closed_at").status_code,
    ]

    assert answers == [404] * 4
    assert "chuyện ở Đại Từ" not in browser.get(PAGE).text
    assert (log(world)[0].closed_at, world.audited(world.other)) == (None, [])
