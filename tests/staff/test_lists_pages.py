"""The commune's lists on the staff site: hamlets, classes, Gia đình số, Đại sứ số."""

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from records import classes, households, mentorships
from records.communes import commune_profile
from records.community import ClassNote, Volunteer
from records.database import Database
from records.models import Commune, Hamlet, Learner
from staff.period import month
from tests.staff.world import World, build_world, form_token, submit, table, text_between

HAMLETS, CLASSES = "/staff/xom", "/staff/buoi-hoc"
HOUSEHOLDS, AMBASSADORS = "/staff/gia-dinh-so", "/staff/dai-su-so"


@pytest.fixture
def world(sqlite_database: Database, now: dt.datetime) -> Iterator[World]:
    world = build_world(sqlite_database, now)
    yield world
    world.close()


def hamlet_id(world: World, slug: str) -> int:
    with world.database.read() as session:
        found = session.scalar(
            select(Hamlet.id).where(Hamlet.commune_id == world.home.id, Hamlet.slug == slug)
        )
        assert found is not None
        return found


def names(page: str) -> list[str]:
    return [row[0] for row in table(page, "xom")][:-1]  # the last row adds up


def has_class(world: World, hamlet: str = "h0", **changes: object) -> int:
    """A class that a volunteer noted; returns its id."""
    volunteer_id = world.volunteer("chị Hoa")
    said = {"kind": "class", "day": dt.date(2026, 11, 20), "guides": ["tt-quet-qr"], "total": 12, "women": 8}
    with world.database.write() as session:
        classes.save_note(
            session,
            commune_id=world.home.id,
            inbox_id=1,
            volunteer_id=volunteer_id,
            entered_by=f"volunteer:{volunteer_id}",
            hamlet_id=hamlet_id(world, hamlet),
            now=world.clock(),
            **{**said, **changes},  # type: ignore[arg-type]
        )
        found = session.scalar(select(ClassNote.id).where(ClassNote.commune_id == world.home.id))
        assert found is not None
        return found


# --- Hamlets --------------------------------------------------------------------------------------


def test_a_hamlet_is_added_renamed_and_moved_and_its_slug_stays(world: World):
    browser = world.signed_in()

    submit(
        browser,
        HAMLETS,
        name="  Xóm  Đông ",
        aliases="x đông, Đông Thượng",
        population="1.200",
        households="",
    )
    added = hamlet_id(world, "xom-dong")
    submit(browser, f"{HAMLETS}/{added}", action=f"{HAMLETS}/{added}/thu-tu", to="up")
    moved = names(browser.get(HAMLETS).text)
    submit(
        browser,
        f"{HAMLETS}/{added}",
        action=f"{HAMLETS}/{added}",
        name="Xóm Đông Mới",
        aliases="",
        population="1.250",
        households="310",
        noted="gồm cả bãi, sổ 1234567",
    )

    assert moved == ["Nam Đồng", "Gò Pháo", "Xóm Đông", "Soi Vàng"]
    with world.database.read() as session:
        hamlet = session.get_one(Hamlet, (world.home.id, added))
        assert (hamlet.name, hamlet.slug, hamlet.aliases) == ("Xóm Đông Mới", "xom-dong", [])
        assert (hamlet.population, hamlet.households) == (1250, 310)
        assert hamlet.note == "gồm cả bãi, sổ ‹digits›"
    assert [action for _, action in world.audited()] == ["hamlet_added", "hamlet_changed"]


def test_two_hamlets_do_not_get_the_same_name_however_it_is_written(world: World):
    browser = world.signed_in()

    same = submit(browser, HAMLETS, name="NAM ĐỒNG")
    renamed = submit(browser, f"{HAMLETS}/{hamlet_id(world, 'h1')}", name="nam đồng")
    nothing = submit(browser, HAMLETS, name=" - ")

    assert (same.status_code, renamed.status_code, nothing.status_code) == (409, 409, 400)
    assert names(browser.get(HAMLETS).text) == ["Nam Đồng", "Gò Pháo", "Soi Vàng"]


def test_a_hamlet_with_people_is_closed_not_deleted_and_the_chat_no_longer_offers_it(world: World):
    browser = world.signed_in()
    world.lives_in("bà Hòa", "h0")
    page = f"{HAMLETS}/{hamlet_id(world, 'h0')}"

    refused = submit(browser, page, action=f"{page}/trang-thai", what="delete")
    closed = submit(browser, page, action=f"{page}/trang-thai", what="close")
    with world.database.read() as session:
        offered = [h.name for h in commune_profile(session, session.get_one(Commune, world.home.id)).hamlets]
    empty = f"{HAMLETS}/{hamlet_id(world, 'h2')}"
    deleted = submit(browser, empty, action=f"{empty}/trang-thai", what="delete")

    assert (refused.status_code, closed.status_code, deleted.status_code) == (409, 303, 303)
    assert offered == ["Gò Pháo", "Soi Vàng"]
    assert names(browser.get(HAMLETS).text) == ["Gò Pháo", "Nam Đồng"]
    assert world.audited() == [("staff:lan", "hamlet_close"), ("staff:lan", "hamlet_delete")]


def test_a_double_is_joined_after_a_look_at_what_counts_for_it(world: World):
    browser = world.signed_in()
    world.lives_in("bà Hòa", "h1")
    world.lives_in("ông Ba", "h0")
    has_class(world, "h1")
    source, into = hamlet_id(world, "h1"), hamlet_id(world, "h0")

    asked = browser.get(f"{HAMLETS}/{source}/gop?vao={into}")
    done = browser.post(
        f"{HAMLETS}/{source}/gop", data={"form_token": form_token(asked.text), "into": str(into)}
    )
    itself = browser.get(f"{HAMLETS}/{into}/gop?vao={into}")

    assert "1 người học" in asked.text
    assert "1 buổi học, lần hướng dẫn" in asked.text
    assert done.headers["location"] == f"{HAMLETS}/{into}"
    assert itself.status_code == 400
    with world.database.read() as session:
        lives = session.scalars(select(Learner.hamlet_id).where(Learner.hamlet_id.is_not(None))).all()
        assert lives == [into, into]
        assert session.get_one(Hamlet, (world.home.id, into)).aliases == ["Gò Pháo"]
    assert names(browser.get(HAMLETS).text) == ["Nam Đồng", "Soi Vàng"]


# --- Classes --------------------------------------------------------------------------------------


def test_a_class_is_added_by_hand_once_however_often_the_form_is_sent(world: World):
    browser = world.signed_in()
    page = browser.get(f"{CLASSES}/moi").text
    form = {
        "form_token": form_token(page),
        "once": text_between(page.replace('name="once" value="', "\0"), "\0", '"'),
        "kind": "class",
        "hamlet": str(hamlet_id(world, "h0")),
        "day": "20/11/2026",
        "total": "15",
        "women": "9",
        "guides": ["tt-quet-qr", "at-otp"],
        "noted": "ở nhà văn hóa",
    }

    answers = [browser.post(CLASSES, data=form).status_code for _ in range(2)]

    assert answers == [303, 303]
    listed = table(browser.get(CLASSES).text, "buoi-hoc")
    assert listed == [
        [
            "20/11/2026",
            "Buổi học",
            "Nam Đồng",
            "15",
            "9",
            "",
            "Quét mã QR để trả tiền; Mã OTP & những điều không đưa cho ai",
            "lan (cán bộ)",
        ]
    ]
    assert world.audited() == [("staff:lan", "class_added")]


@pytest.mark.parametrize(
    "wrong",
    [{"total": "0"}, {"women": "13"}, {"day": "23/11/2026"}, {"kind": "party"}, {"guides": "no-such"},
     {"hamlet": "1"}, {"total": "nhiều"}],
)  # fmt: skip
def test_a_class_that_cannot_be_is_refused(world: World, wrong: dict[str, str]):
    browser = world.signed_in()
    note_id = has_class(world)
    form = {"kind": "class", "day": "20/11/2026", "total": "12", "women": "8", **wrong}

    answer = submit(browser, f"{CLASSES}/{note_id}", **form)

    assert answer.status_code == 400
    assert table(browser.get(CLASSES).text, "buoi-hoc")[0][3:5] == ["12", "8"]


def test_a_class_is_corrected_taken_out_with_a_reason_and_counted_again(world: World):
    browser = world.signed_in()
    note_id = has_class(world)
    page = f"{CLASSES}/{note_id}"
    period = month(2026, 11)

    def people() -> int:
        with world.database.read() as session:
            from records.class_counts import count_classes, total_of

            rows = count_classes(session, commune_id=world.home.id, first=period.first, last=period.last)
            return total_of(rows).class_people

    submit(browser, page, kind="class", day="20/11/2026", total="14", women="8", hamlet="")
    corrected = (people(), table(browser.get(CLASSES).text, "buoi-hoc")[0][2])
    no_reason = submit(browser, page, action=f"{page}/bo", reason=" ")
    submit(browser, page, action=f"{page}/bo", reason="ghi hai lần")
    out = (people(), "Đã bỏ, không tính: ghi hai lần (lan," in browser.get(page).text)
    submit(browser, page, action=f"{page}/tinh-lai")

    assert (corrected, no_reason.status_code, out, people()) == ((14, "Cả xã"), 400, (0, True), 14)
    assert [action for _, action in world.audited()] == ["class_changed", "class_taken_out", "class_put_back"]


def test_the_list_of_classes_is_of_a_period_and_of_a_hamlet(world: World):
    browser = world.signed_in()
    has_class(world)

    here = browser.get(f"{CLASSES}?ky=2026-11&xom={hamlet_id(world, 'h0')}").text
    elsewhere = browser.get(f"{CLASSES}?ky=2026-11&xom={hamlet_id(world, 'h1')}").text
    earlier = browser.get(f"{CLASSES}?ky=2026-10&xom=").text

    assert "1 buổi được tính, 12 lượt người." in here
    assert "Không có buổi nào" in elsewhere
    assert "Không có buổi nào" in earlier


def test_a_class_says_how_many_of_those_with_a_code_can_do_what_was_taught(world: World):
    browser = world.signed_in()
    for number in range(2):
        learner_id, _ = world.learner(f"người {number}")
        with world.database.write() as session:
            session.get_one(Learner, (world.home.id, learner_id)).code = f"K{number}M4B"
    note_id = has_class(world, codes=("K0M4B", "K1M4B"))
    world.completes("người 0", "tt-quet-qr", grade="confirmed")
    world.completes("người 1", "tt-quet-qr")

    page = browser.get(f"{CLASSES}/{note_id}").text

    assert "2 người dự để lại mã. 1 người đã được tình nguyện viên xác nhận" in page


# --- Gia đình số, Đại sứ số -----------------------------------------------------------------------


def test_a_household_is_entered_by_its_code_marked_and_stays_without_members(world: World):
    browser = world.signed_in()

    added = submit(browser, HOUSEHOLDS, code="Hoa Mai 25", hamlet=str(hamlet_id(world, "h0")))
    again = submit(browser, HOUSEHOLDS, code="hoamai25")
    number = submit(browser, HOUSEHOLDS, code="012345678901")
    with world.database.write() as session:
        households.remove_empty(session, commune_id=world.home.id)
    page = browser.get(HOUSEHOLDS).text
    one = text_between(page.replace(f'href="{HOUSEHOLDS}/', "\0"), "\0", '"')
    submit(browser, f"{HOUSEHOLDS}/{one}", hamlet="", reached="yes", reached_on="01/11/2026")
    marked = browser.get(HOUSEHOLDS).text
    with world.database.read() as session:
        digital = households.digital_households(session, commune_id=world.home.id, lessons={})
        before = households.digital_households(
            session, commune_id=world.home.id, lessons={}, before=dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
        )

    assert (added.status_code, again.status_code, number.status_code) == (303, 409, 400)
    assert table(page, "ho") == [["hoamai25", "Nam Đồng", "0", "Chưa đạt"]]
    assert table(marked, "ho") == [["hoamai25", "Chưa rõ nơi ở", "0", "Đạt từ 01/11/2026, lan đánh dấu"]]
    assert "1 hộ, trong đó 1 hộ đã đạt." in marked
    assert (digital, before) == ({int(one)}, set())


def test_volunteers_who_teach_are_listed_and_named_ambassadors(world: World):
    browser = world.signed_in()
    hoa = world.volunteer("chị Hoa", hamlets=("h0",))
    world.volunteer("anh Nam")
    for number in range(5):
        learner_id, _ = world.learner(f"người {number}")
        with world.database.write() as session:
            mentorships.begin(
                session, commune_id=world.home.id, volunteer_id=hoa, learner_id=learner_id, now=world.clock()
            )

    before = table(browser.get(AMBASSADORS).text, "dai-su")
    submit(browser, AMBASSADORS, action=f"{AMBASSADORS}/{hoa}", what="name")
    named = table(browser.get(AMBASSADORS).text, "dai-su")
    submit(browser, AMBASSADORS, action=f"{AMBASSADORS}/{hoa}", what="take_back")

    assert [row[:4] for row in before] == [
        ["chị Hoa", "Nam Đồng", "5 (đủ)", "Chưa"],
        ["anh Nam", "Cả xã", "0", "Chưa"],
    ]
    assert named[0][3] == "Từ 22/11/2026, lan ghi"
    with world.database.read() as session:
        assert session.get_one(Volunteer, (world.home.id, hoa)).ambassador_on is None
    assert [action for _, action in world.audited()] == ["ambassador_name", "ambassador_take_back"]


def test_what_is_another_communes_is_not_there(world: World):
    note_id = has_class(world)
    theirs = world.signed_in("minh", commune=world.other)
    token = form_token(theirs.get(HAMLETS).text)
    own = hamlet_id(world, "h0")

    pages = [theirs.get(path).status_code for path in (f"{HAMLETS}/{own}", f"{CLASSES}/{note_id}")]
    posts = [
        theirs.post(path, data={"form_token": token, "name": "x", "what": "close", "reason": "x"}).status_code
        for path in (f"{HAMLETS}/{own}", f"{HAMLETS}/{own}/trang-thai", f"{CLASSES}/{note_id}/bo")
    ]

    assert pages + posts == [404] * 5
