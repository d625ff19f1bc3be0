"""The staff pages of the volunteers: invite, hamlets, on duty, switch off."""

import datetime as dt
import re

import pytest

from records import handoffs, volunteers
from records.community import Volunteer
from tests.staff.world import World, form_token, submit, table

PAGE = "/staff/tinh-nguyen-vien"


def code_on(page: str) -> str:
    found = re.search(r"<code>([A-Z-]+)</code>", page)
    assert found is not None, page
    return found[1]


def invite(world: World, browser, name: str, *hamlets: str):
    token = form_token(browser.get(PAGE).text)
    return browser.post(PAGE, data={"form_token": token, "name": name, "hamlets": list(hamlets)})


def the_volunteer(world: World) -> Volunteer:
    with world.database.read() as session:
        (volunteer,) = volunteers.list_volunteers(session, commune_id=world.home.id)
        return volunteer


def test_the_code_of_an_invitation_is_shown_once_and_opens_the_chat_once(world: World):
    browser = world.signed_in()

    invited = invite(world, browser, "chị Hoa xóm 3", "h0", "h2")

    code = code_on(invited.text)
    volunteer = the_volunteer(world)
    assert (volunteer.name, volunteer.hamlets, volunteer.created_by) == (
        "chị Hoa xóm 3",
        ["h0", "h2"],
        "staff:lan",
    )
    assert volunteer.code_expires_at == world.clock() + dt.timedelta(days=7)
    assert code not in browser.get(PAGE).text + browser.get(f"{PAGE}/{volunteer.id}").text
    _, conversation_id = world.learner("phone of Hoa")
    uses = []
    for _ in range(2):
        with world.database.write() as session:
            uses.append(
                volunteers.redeem(
                    session,
                    commune_id=world.home.id,
                    code=code,
                    conversation_id=conversation_id,
                    now=world.clock(),
                )
                is not None
            )
    assert uses == [True, False]
    assert world.audited() == [("staff:lan", "volunteer_invited")]


def test_the_list_says_where_each_one_helps_and_whether_they_are_there(world: World):
    world.volunteer("chị Hoa", hamlets=("h0", "h2"))
    busy = world.volunteer("anh Nam")
    world.volunteer("cô Mai", is_in_chat=False)
    world.volunteer("bác Tư", commune=world.other)
    call = world.calls_for_help("bà Hòa")
    with world.database.write() as session:
        handoffs.take(
            session, commune_id=world.home.id, handoff_id=call, volunteer_id=busy, now=world.clock()
        )

    rows = table(world.signed_in().get(PAGE).text, "tinh-nguyen-vien")
    world.clock.advance(days=8)
    later = table(world.signed_in("minh").get(PAGE).text, "tinh-nguyen-vien")

    assert rows == [
        ["chị Hoa", "Nam Đồng, Soi Vàng", "Đang trực", "0"],
        ["anh Nam", "Cả địa bàn", "Đang trực", "1"],
        ["cô Mai", "Cả địa bàn", "Đã mời, chưa nhập mã", "0"],
    ]
    assert later[2][2] == "Mã mời đã hết hạn"


def test_hamlets_are_changed_and_written_down(world: World):
    volunteer_id = world.volunteer("chị Hoa", hamlets=("h0",))
    browser = world.signed_in()
    token = form_token(browser.get(f"{PAGE}/{volunteer_id}").text)

    for hamlets in (["h2", "h1"], [], ["h0", "h1", "h2"]):
        answer = browser.post(
            f"{PAGE}/{volunteer_id}/dia-ban", data={"form_token": token, "hamlets": hamlets}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}/{volunteer_id}")
        saved = the_volunteer(world).hamlets
        assert saved == (["h1", "h2"] if hamlets == ["h2", "h1"] else [])

    assert world.audited() == [("staff:lan", "volunteer_hamlets")] * 3


def test_a_hamlet_that_is_not_there_is_refused(world: World):
    volunteer_id = world.volunteer("chị Hoa", hamlets=("h0",))
    browser = world.signed_in()

    answer = submit(browser, f"{PAGE}/{volunteer_id}", action=f"{PAGE}/{volunteer_id}/dia-ban", hamlets="h9")

    assert answer.status_code == 400
    assert the_volunteer(world).hamlets == ["h0"]


def test_duty_is_switched_and_written_down(world: World):
    page = f"{PAGE}/{world.volunteer('chị Hoa')}"
    browser = world.signed_in()

    submit(browser, page, what="off_duty")
    off = (the_volunteer(world).is_on_duty, "Tạm nghỉ trực" in browser.get(page).text)
    submit(browser, page, what="on_duty")

    assert off == (False, True)
    assert the_volunteer(world).is_on_duty
    assert world.audited() == [("staff:lan", "volunteer_off_duty"), ("staff:lan", "volunteer_on_duty")]


def test_who_is_switched_off_gives_back_what_they_had(world: World):
    volunteer_id = world.volunteer("chị Hoa")
    call = world.calls_for_help("bà Hòa")
    with world.database.write() as session:
        handoffs.take(
            session, commune_id=world.home.id, handoff_id=call, volunteer_id=volunteer_id, now=world.clock()
        )
    browser = world.signed_in()

    submit(browser, f"{PAGE}/{volunteer_id}", what="off")

    with world.database.read() as session:
        assert [one.id for one in handoffs.waiting(session, commune_id=world.home.id)] == [call]
    assert not the_volunteer(world).is_active
    assert world.help_line.told == [("released", "chị Hoa")]
    assert table(browser.get(PAGE).text, "tinh-nguyen-vien") == [["chị Hoa", "Cả địa bàn", "Đã tắt", "0"]]
    submit(browser, f"{PAGE}/{volunteer_id}", what="on")
    assert the_volunteer(world).is_active
    assert world.audited() == [("staff:lan", "volunteer_off"), ("staff:lan", "volunteer_on")]


def test_a_new_code_replaces_the_one_that_was_lost(world: World):
    browser = world.signed_in()
    first = code_on(invite(world, browser, "chị Hoa").text)
    page = f"{PAGE}/{the_volunteer(world).id}"

    second = code_on(submit(browser, page, action=f"{page}/ma-moi").text)

    _, conversation_id = world.learner("phone of Hoa")
    with world.database.write() as session:
        found = [
            volunteers.redeem(
                session,
                commune_id=world.home.id,
                code=code,
                conversation_id=conversation_id,
                now=world.clock(),
            )
            is not None
            for code in (first, second)
        ]
    assert found == [False, True]
    assert world.audited()[-1] == ("staff:lan", "volunteer_code")


def test_who_is_switched_off_gets_no_new_code(world: World):
    page = f"{PAGE}/{world.volunteer('chị Hoa')}"
    browser = world.signed_in()
    submit(browser, page, what="off")

    answer = submit(browser, page, action=f"{page}/ma-moi")

    assert (answer.status_code, "Hãy bật lại" in answer.text) == (409, True)


@pytest.mark.parametrize("name", ["", "  "])
def test_an_invitation_needs_a_name(world: World, name: str):
    answer = invite(world, world.signed_in(), name)

    assert (answer.status_code, "Chưa có tên" in answer.text) == (400, True)


def test_a_number_in_a_name_is_masked(world: World):
    invite(world, world.signed_in(), "Hoa 0912345678")

    assert the_volunteer(world).name == "Hoa ‹digits›"


def test_what_is_typed_as_a_name_is_shown_as_text(world: World):
    browser = world.signed_in()
    invite(world, browser, "<b>Hoa</b>")

    assert "&lt;b&gt;Hoa&lt;/b&gt;" in browser.get(PAGE).text
    assert "<b>Hoa" not in browser.get(PAGE).text


@pytest.mark.parametrize("action", ["", "/dia-ban", "/ma-moi"])
def test_volunteers_of_another_commune_are_not_there(world: World, action: str):
    stranger = world.volunteer("bác Tư", commune=world.other)
    browser = world.signed_in()

    answer = submit(browser, PAGE, action=f"{PAGE}/{stranger}{action}", what="off")

    assert (answer.status_code, browser.get(f"{PAGE}/{stranger}").status_code) == (404, 404)
    assert world.audited() == []
