"""The pages on which news is written, approved, followed and stopped."""

import datetime as dt
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from records import announcements, learners
from records.announcements import ALONE
from records.database import Database
from records.models import Announcement, ChannelIdentity, Conversation
from tests.staff.world import World, build_world, submit, table, text_between

PATH = "/staff/thong-bao"


@pytest.fixture
def world(sqlite_database: Database, now: dt.datetime) -> Iterator[World]:
    world = build_world(sqlite_database, now)
    yield world
    world.close()


@pytest.fixture
def lan(world: World) -> TestClient:
    return world.signed_in("lan")


def people(world: World, count: int) -> None:
    """Residents who agreed to be sent news on Zalo."""
    for number in range(count):
        learner_id, conversation_id = world.learner(f"người {number}")
        with world.database.write() as session:
            learners.note_consent(
                session,
                commune_id=world.home.id,
                learner_id=learner_id,
                what="announce_consent",
                version="1",
                now=world.clock(),
            )
            talk = session.get_one(Conversation, (world.home.id, conversation_id))
            identity = session.get_one(ChannelIdentity, (world.home.id, talk.identity_id))
            learners.note_message(
                session,
                commune_id=world.home.id,
                channel=talk.channel,
                hashes=[identity.external_hash],
                sealed_address=b"x",
                now=world.clock(),
            )


def write(browser: TestClient, text: str = "Tối nay họp xóm.", **fields: str) -> str:
    """The address of the announcement's page."""
    done = submit(browser, f"{PATH}/moi", action=PATH, **{"text": text, "channels": "zalo", **fields})
    assert done.status_code == 303, done.text
    return done.headers["location"]


def act(browser: TestClient, page: str, what: str, edition: str = "1"):
    return submit(browser, page, what=what, edition=edition)


def row_of(world: World) -> Announcement:
    with world.database.read() as session:
        return session.scalars(select(Announcement)).one()


def test_what_was_written_is_seen_with_its_people_cost_and_preview(world: World, lan: TestClient):
    people(world, 2)
    world.learner("người chưa đồng ý")

    page = lan.get(write(lan, "Mời bà con họp.\nMang ghế.", guide="at-otp")).text

    assert "Sẽ nhận: 2 người" in page
    assert table(page, "kenh") == [["zalo", "2", "Không mất phí."]]
    assert "Chưa đồng ý nhận tin: 1" in page
    assert text_between(page, '<p class="message lines">', "</p>") == "Tin của xã: Mời bà con họp. Mang ghế."
    assert "Mã OTP &amp; những điều không đưa cho ai" in page
    assert ("staff:lan", "announcement_written") in world.audited()


def test_who_wrote_to_the_channel_long_ago_costs_something(world: World, lan: TestClient):
    people(world, 3)
    world.clock.advance(days=3)

    page = world.signed_in("hoa").get(f"{PATH}/{world.announces()}").text

    assert table(page, "kenh")[0][2] == (
        "3 người nhắn lần cuối đã quá 48 giờ: mỗi tin 55 đồng sau khi hết hạn mức gói, nhiều nhất 165 đồng."
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": " "}, "Chưa có nội dung tin."),
        ({"text": "Bà con nhắn mã OTP cho cán bộ."}, "Tin không được bảo bà con gửi mật khẩu"),
        ({"text": "Xem nhan-qua.top nhé."}, "địa chỉ trang không thuộc danh sách"),
        ({"text": "Có quà cho bà con."}, "giống tin lừa đảo"),
        ({"link": "http://dichvucong.gov.vn"}, "phải bắt đầu bằng https"),
        ({"day": "01/01/2026", "time": "08:00"}, "Ngày giờ phát chưa đúng"),
        ({"day": "31/02/2027", "time": "08:00"}, "Ngày giờ phát chưa đúng"),
        ({"guide": "khong-co"}, "Hướng dẫn đã chọn không còn."),
        ({"channels": ""}, None),
    ],
)
def test_what_must_not_go_out_is_not_kept_and_nothing_typed_is_lost(
    world: World, lan: TestClient, fields: dict[str, str], said: str | None
):
    typed = {"text": "Tối nay họp ở nhà văn hóa.", "channels": "zalo", **fields}

    done = submit(lan, f"{PATH}/moi", action=PATH, **typed)

    assert done.status_code == 400
    if said is not None:
        assert said in done.text
        assert typed["text"].strip() in done.text
    assert lan.get(PATH).text.count("/staff/thong-bao/") == 1  # only the link to write one


def test_secrets_in_it_are_masked(world: World, lan: TestClient):
    write(lan, "Hỏi cô Hoa, số 0912345678.")

    assert row_of(world).text == "Hỏi cô Hoa, số ‹digits›."


def test_few_people_may_be_written_to_by_one_member_of_staff(world: World, lan: TestClient):
    people(world, 2)
    page = write(lan)

    assert act(lan, page, "approve").status_code == 303

    row = row_of(world)
    assert (row.state, row.approved_by) == ("approved", "staff:lan")
    assert "Đang phát" in lan.get(page).text


def test_many_people_need_another_one(world: World, lan: TestClient):
    people(world, ALONE + 1)
    page = write(lan)

    refused = act(lan, page, "approve")
    asked = act(lan, page, "ask")
    approved = act(world.signed_in("hoa"), page, "approve")

    assert (refused.status_code, asked.status_code, approved.status_code) == (409, 303, 303)
    assert "cần người khác duyệt" in refused.text
    assert row_of(world).approved_by == "staff:hoa"
    done = [entry for entry in world.audited() if entry[1].startswith("announcement")]
    assert done == [
        ("staff:lan", "announcement_written"),
        ("staff:lan", "announcement_ask"),
        ("staff:hoa", "announcement_approve"),
    ]


def test_what_was_changed_since_it_was_seen_is_not_approved(world: World, lan: TestClient):
    page = write(lan)
    submit(lan, f"{page}/sua", text="Tối mai họp.", channels="zalo")

    refused = act(lan, page, "approve", edition="1")

    assert (refused.status_code, row_of(world).state) == (409, "draft")
    assert "vừa được sửa" in refused.text
    assert act(lan, page, "approve", edition="2").status_code == 303


def test_approved_it_cannot_be_changed_but_paused_and_stopped(world: World, lan: TestClient):
    page = write(lan)
    act(lan, page, "approve")
    assert lan.get(f"{page}/sua").status_code == 409

    states = []
    for what in ("pause", "go_on", "stop"):
        act(lan, page, what)
        states.append(row_of(world).state)

    assert states == ["paused", "approved", "stopped"]
    ended = lan.get(page).text
    assert "Đã dừng hẳn" in ended
    assert 'value="stop"' not in ended


def test_its_time_is_kept_in_vietnam(world: World, lan: TestClient):
    page = write(lan, day="25/11/2026", time="8:30")

    assert row_of(world).starts_at == dt.datetime(2026, 11, 25, 1, 30, tzinfo=dt.UTC)
    assert "25/11/2026 08:30; chỉ gửi trong giờ làm việc" in lan.get(page).text
    assert 'value="25/11/2026"' in lan.get(f"{page}/sua").text


def test_a_test_goes_to_one_of_the_team_who_is_in_a_chat(world: World, lan: TestClient):
    hoa, minh = world.volunteer("Cô Hoa"), world.volunteer("Anh Minh", is_in_chat=False)
    page = write(lan)

    sent = submit(lan, page, action=f"{page}/thu", volunteer=str(hoa))
    not_there = submit(lan, page, action=f"{page}/thu", volunteer=str(minh))

    assert (sent.status_code, not_there.status_code) == (303, 409)
    assert ("staff:lan", "announcement_tested") in world.audited()


def test_the_list_says_how_far_each_is(world: World, lan: TestClient):
    people(world, 1)
    act(lan, write(lan), "approve")
    number = row_of(world).id
    looked = 1
    while looked:
        with world.database.write() as session:
            row = announcements.find(
                session, commune_id=world.home.id, announcement_id=number, for_update=True
            )
            assert row is not None
            outlets = [announcements.Outlet("zalo")]
            looked = announcements.collect(session, row, outlets, now=world.clock())

    assert table(lan.get(PATH).text, "thong-bao") == [
        ["Tối nay họp xóm.", "Đang phát", "22/11/2026 15:30", "1", "0", "0"]
    ]
