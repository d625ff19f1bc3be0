import datetime as dt

import pytest

from records import handoffs, open_questions
from records.database import Database
from records.models import InboxMessage
from records.open_questions import OpenQuestion, answered_questions, bring_back, set_aside
from tests.staff.world import World, build_world


@pytest.fixture
def world(database: Database, now: dt.datetime):
    world = build_world(database, now)
    yield world
    world.close()


def found(world: World, *, commune=None) -> list[OpenQuestion]:
    with world.database.read() as session:
        return open_questions.open_questions(
            session,
            commune_id=(commune or world.home).id,
            start=world.clock() - dt.timedelta(days=7),
            end=world.clock() + dt.timedelta(minutes=1),
        )


def said(world: World) -> list[tuple[str, str]]:
    return [(each.text, each.reason) for each in found(world)]


def test_what_got_no_guide_and_what_a_call_for_a_person_followed(world: World):
    now = world.clock()
    world.asks("bà Hòa", "xin giấy xây nhà", at=now - dt.timedelta(hours=3))
    world.asks("bà Hòa", "quên mật khẩu", guide="vneid-quen-mat-khau", at=now - dt.timedelta(minutes=20))
    world.calls_for_help("bà Hòa", at=now - dt.timedelta(minutes=5))
    world.asks("ông Tư", "quét mã", guide="tt-quet-qr", at=now - dt.timedelta(hours=4))
    world.calls_for_help("ông Tư", at=now)  # too long after it
    world.asks("cô Ba", "chuyển tiền", guide="tt-quet-qr", at=now - dt.timedelta(minutes=9))
    world.calls_for_help("cô Ba", reason="urgent", at=now)
    world.asks("cô Ba", "chào cháu", outcome="smalltalk")
    world.asks("cô Ba", "")  # its words were deleted in their time

    assert said(world) == [("quên mật khẩu", "handed_off"), ("xin giấy xây nhà", "unanswered")]


def test_a_commune_sees_its_own_questions(world: World):
    world.asks("bà Hòa", "của xã này")
    world.asks("ông Tư", "của xã kia", commune=world.other)

    assert [each.text for each in found(world, commune=world.other)] == ["của xã kia"]


def test_what_was_set_aside_is_marked_until_it_is_brought_back(world: World):
    world.asks("bà Hòa", "giá lợn hơi")
    world.asks("ông Tư", "của xã kia", commune=world.other)
    (question,), (other,) = found(world), found(world, commune=world.other)

    with world.database.write() as session:
        numbers = [question.id, other.id]
        set_aside(session, commune_id=world.home.id, questions=numbers, by="staff:lan", now=world.clock())
        set_aside(session, commune_id=world.home.id, questions=numbers, by="staff:lan", now=world.clock())

    assert [each.batch is None for each in found(world)] == [False]
    assert [each.batch for each in found(world, commune=world.other)] == [None]
    with world.database.write() as session:
        bring_back(session, commune_id=world.home.id, questions=[question.id])
    assert [each.batch for each in found(world)] == [None]


def test_what_was_answered_is_known_once_with_its_guide(world: World):
    world.asks("bà Hòa", "quên mật khẩu", guide="vneid-quen-mat-khau")
    world.asks("ông Tư", "quên mật khẩu", guide="vneid-quen-mat-khau")
    world.asks("ông Tư", "quét mã", guide="tt-quet-qr")
    world.asks("ông Tư", "giá lợn hơi")

    with world.database.read() as session:
        known = answered_questions(
            session, commune_id=world.home.id, since=world.clock() - dt.timedelta(days=1), limit=10
        )

    assert known == [("quét mã", "tt-quet-qr"), ("quên mật khẩu", "vneid-quen-mat-khau")]


def test_what_a_volunteer_wrote_to_who_called_is_found_and_nothing_else(world: World):
    now = world.clock()
    mai = world.volunteer("cô Mai")
    call = world.calls_for_help("bà Hòa", question="xin giấy xây nhà")
    _, learner_talk = world.learner("bà Hòa")
    _, volunteer_talk = world.learner("phone of cô Mai")
    with world.database.write() as session:
        handoffs.take(session, commune_id=world.home.id, handoff_id=call, volunteer_id=mai, now=now)
        for number, (text, of) in enumerate(
            (("bác ra Ủy ban xã", learner_talk), ("của người khác", 7), ("riêng tôi", None))
        ):
            message = InboxMessage(
                commune_id=world.home.id,
                conversation_id=volunteer_talk,
                channel="zalo",
                message_id=str(number),
                text=text,
                context=None if of is None else {"of": str(of)},
                received_at=now,
            )
            session.add(message)

    with world.database.read() as session:
        replies = open_questions.replies_of_volunteers(session, commune_id=world.home.id, handoffs=[call])

    assert replies == ["bác ra Ủy ban xã"]
