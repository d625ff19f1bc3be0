"""Requests about personal data: into the book, answered in time, closed, and all of it written down."""

import datetime as dt

import pytest
from sqlalchemy import select

from records.models import ChannelIdentity, OutboxMessage, SubjectRequest
from tests.staff.world import World, submit, table, text_between

PAGE = "/staff/du-lieu-ca-nhan"
NEW = "/staff/yeu-cau"


def book(world: World) -> list[SubjectRequest]:
    with world.database.read() as session:
        return list(session.scalars(select(SubjectRequest).order_by(SubjectRequest.id)))


def add(world: World, browser, **fields: str):
    given = {"kind": "copy", "source": "paper", "received": "22/11/2026", "requester": "", "noted": ""}
    return submit(browser, NEW, **{**given, **fields})


def test_a_paper_request_gets_a_number_and_the_days_of_the_law(world: World):
    browser = world.signed_in()

    answer = add(world, browser, requester="bà Hòa, xóm 3", noted="xin bản sao")

    (request,) = book(world)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{NEW}/{request.id}")
    assert table(browser.get(PAGE).text, "yeu-cau") == [
        [
            request.reference,
            "Nhận bản sao",
            "Đơn giấy",
            "22/11/2026 15:30",
            "25/11/2026",  # the 24th is a day off here
            "02/12/2026",
            "Mới nhận",
        ]
    ]


def test_the_clock_of_a_request_that_came_days_ago_begins_then(world: World):
    browser = world.signed_in()

    add(world, browser, received="16/11/2026")

    (row,) = table(browser.get(PAGE).text, "yeu-cau")
    assert row[3:6] == ["16/11/2026 12:00", "18/11/2026 quá hạn", "26/11/2026"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "sell"},
        {"source": "chat"},
        {"received": "23/11/2026"},
        {"received": "31/02/2026"},
        {"received": "hôm qua"},
        {"received": "01/01/1999"},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(world: World, wrong: dict[str, str]):
    answer = add(world, world.signed_in(), **wrong)

    assert (answer.status_code, book(world)) == (400, [])


def test_who_asks_is_sealed_and_every_look_is_written_down(world: World):
    browser = world.signed_in()
    add(world, browser, requester="bà Hòa, 0912 345 678", noted="căn cước 036157001234")

    (request,) = book(world)
    page = browser.get(f"{NEW}/{request.id}").text
    assert "bà Hòa, 0912 345 678" in page
    assert "căn cước ‹digits›" in page
    assert "bà Hòa".encode() not in (request.requester_sealed or b"")
    assert request.note == "căn cước ‹digits›"
    assert world.audited() == [("staff:lan", "request_added"), ("staff:lan", "request_viewed")]


def test_a_request_goes_from_new_to_answered_to_done(world: World):
    browser = world.signed_in()
    add(world, browser)
    (request,) = book(world)
    one = f"{NEW}/{request.id}"

    states = []
    for what, answer in (("answered", ""), ("extended", "phải hỏi tỉnh"), ("done", "đã giao bản sao")):
        assert submit(browser, one, what=what, answer=answer).status_code == 303
        states.append(book(world)[0].state)

    (request,) = book(world)
    assert states == ["answered", "answered", "done"]
    assert (request.extension, request.outcome, request.handled_by) == (
        "phải hỏi tỉnh",
        "đã giao bản sao",
        "staff:lan",
    )
    page = browser.get(one).text
    assert "12/12/2026" in page  # twice ten days
    assert "<form" not in page.split("<main")[1]
    assert [action for _, action in world.audited()] == [
        "request_added",
        "request_answered",
        "request_extended",
        "request_done",
    ]


@pytest.mark.parametrize("what", ["done", "refused", "extended", "sold", ""])
def test_a_step_without_its_words_or_of_another_kind_is_refused(world: World, what: str):
    browser = world.signed_in()
    add(world, browser)
    (request,) = book(world)

    answer = submit(browser, f"{NEW}/{request.id}", what=what)

    assert (answer.status_code, book(world)[0].state) == (400, "new")


def test_what_is_closed_is_not_closed_again(world: World):
    browser = world.signed_in()
    add(world, browser)
    (request,) = book(world)
    page = browser.get(f"{NEW}/{request.id}").text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    form = {"form_token": token, "what": "done", "answer": "xong"}

    answers = [browser.post(f"{NEW}/{request.id}", data=form).status_code for _ in range(2)]

    assert answers == [303, 409]


def test_who_asked_by_chat_is_answered_there_and_gets_their_data(world: World):
    world.asks("bà Hòa", "quên mật khẩu vneid ở nhà")
    number = world.asks_for_data("bà Hòa")
    with world.database.write() as session:
        session.scalars(select(ChannelIdentity)).one().sealed_address = b"kin"
    browser = world.signed_in()

    page = browser.get(f"{NEW}/{number}").text
    submit(browser, f"{NEW}/{number}", what="done", answer="Bác ra xã lấy bản in, gọi 0912345678.")
    text = browser.get(f"{NEW}/{number}/du-lieu.txt")
    file = browser.get(f"{NEW}/{number}/du-lieu.json").json()

    (request,) = book(world)
    assert "nhắn ngay cho người yêu cầu" in page
    with world.database.read() as session:
        (message,) = session.scalars(select(OutboxMessage))
    assert message.body == {
        "text": f"Yêu cầu {request.reference}: xã đã làm xong. Bác ra xã lấy bản in, gọi ‹digits›.",
        "choices": [],
    }
    assert text.headers["content-disposition"] == (f'attachment; filename="yeu-cau-{request.reference}.txt"')
    assert "câu hỏi: quên mật khẩu vneid ở nhà" in text.text
    assert [row["redacted"] for row in file["held"]["questions"]] == ["quên mật khẩu vneid ở nhà"]
    assert [action for _, action in world.audited()] == [
        "request_done",
        "request_data_exported",
        "request_data_exported",
    ]


@pytest.mark.parametrize("has_left", [True, False], ids=["left", "web chat"])
def test_who_cannot_be_written_to_any_more_is_answered_in_another_way(world: World, has_left: bool):
    number = world.asks_for_data("bà Hòa")
    if has_left:
        with world.database.write() as session:
            identity = session.scalars(select(ChannelIdentity)).one()
            identity.sealed_address, identity.left_at = b"kin", world.clock()
    browser = world.signed_in()

    page = browser.get(f"{NEW}/{number}").text
    submit(browser, f"{NEW}/{number}", what="done", answer="đã trả lời qua điện thoại")

    assert "Không nhắn được cho người yêu cầu" in page
    assert book(world)[0].state == "done"
    with world.database.read() as session:
        assert session.scalars(select(OutboxMessage)).all() == []


def test_on_paper_there_is_no_file_to_take(world: World):
    browser = world.signed_in()
    add(world, browser)
    (request,) = book(world)

    answers = [browser.get(f"{NEW}/{request.id}/du-lieu.{end}").status_code for end in ("txt", "json")]

    assert answers == [404, 404]


def test_what_is_late_is_said_at_the_top(world: World):
    browser = world.signed_in()
    world.asks_for_data("bà Hòa")
    before = browser.get(PAGE).text
    world.clock.advance(days=4)
    later = world.signed_in("minh").get(PAGE).text

    assert "quá hạn" not in text_between(before, "<main", "</main>")
    assert "Có 1 yêu cầu quá hạn." in text_between(later, "<main", "</main>")


def test_requests_of_another_commune_are_out_of_reach(world: World):
    theirs = world.asks_for_data("ông Ba", commune=world.other)
    browser = world.signed_in()

    answers = [
        browser.get(f"{NEW}/{theirs}").status_code,
        browser.get(f"{NEW}/{theirs}/du-lieu.txt").status_code,
        submit(browser, NEW, action=f"{NEW}/{theirs}", what="done", answer="x").status_code,
    ]

    assert answers == [404, 404, 404]
    assert table(browser.get(PAGE).text, "yeu-cau") == []
    assert (book(world)[0].state, world.audited(), world.audited(world.other)) == ("new", [], [])


def test_receipts_and_nights_are_shown_with_what_was_done(world: World):
    from records import jobs
    from records.models import Erasure

    with world.database.write() as session:
        for receipt, cleaned in (("ABC", None), ("XYZ", world.clock())):
            session.add(
                Erasure(
                    commune_id=world.home.id,
                    receipt=receipt,
                    learner_id=1,
                    created_at=world.clock(),
                    cleaned_at=cleaned,
                )
            )
        session.add(
            Erasure(commune_id=world.other.id, receipt="KHÁC", learner_id=1, created_at=world.clock())
        )
        day = dt.date(2026, 11, 22)
        for commune_id, job, report in (
            (world.home.id, "retention", {"messages": 12, "replies": 0}),
            (jobs.EVERYWHERE, "backup", {"made": "hocvuso-1.db", "removed": 0}),
        ):
            run = jobs.begin(session, commune_id=commune_id, job=job, day=day, now=world.clock())
            assert run is not None
            jobs.finish(session, run, report, now=world.clock())
        run = jobs.begin(session, commune_id=jobs.EVERYWHERE, job="cleaning", day=day, now=world.clock())
        assert run is not None
        jobs.fail(session, run, "OperationalError", now=world.clock())
    browser = world.signed_in()

    page = browser.get(PAGE).text

    assert sorted(table(page, "bien-nhan")) == [
        ["ABC", "22/11/2026 15:30", "Đã xóa, dọn đĩa đêm nay"],
        ["XYZ", "22/11/2026 15:30", "22/11/2026 15:30"],
    ]
    assert sorted(table(page, "ban-dem")) == [
        ["22/11/2026", "Dọn đĩa và bản lưu", "Chưa xong OperationalError"],
        ["22/11/2026", "Sao lưu", "tệp: hocvuso-1.db"],
        ["22/11/2026", "Xóa dữ liệu hết hạn", "tin đã nhận: 12"],
    ]
