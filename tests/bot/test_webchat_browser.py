"""The web chat in Chromium, as its people use it: with a finger, a keyboard, or no script at all."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from bot.messages import TooMany
from bot.voice.recognise import Heard, decode
from bot.voice.sound_extract import RATE
from tests.bot.conftest import NOW
from tests.bot.web_rig import (
    DESKTOP,
    INTRO,
    MEASURE,
    OVERFLOW,
    PHONE,
    STEP,
    Chat,
    answered,
    ask,
    buttons,
    open_chat,
)
from tests.fakes.desk import Reply, choices

MAX_FIRST_LOAD = 100 * 1024  # bytes (U22)
# A browser that recognises speech: it hears what `ears.hears` or `ears.fails` says.
EARS = """
  window.SpeechRecognition = window.webkitSpeechRecognition = class {
    start() { window.ears = this; this.onstart(); }
    stop() { this.onend(); }
    abort() { this.stop(); }
    hears(...texts) { this.onresult({ results: texts.map((transcript) => [{ transcript }]) }); }
    fails(error) { this.onerror({ error }); this.onend(); }
  };
"""
NO_EARS = "delete window.webkitSpeechRecognition; delete window.SpeechRecognition;"


# --- Asking ---


def test_a_question_typed_on_the_keyboard_is_answered_in_place(chat: Chat):
    page = chat.open("/?xom=xom-3", **DESKTOP)

    page.get_by_label("Bác gõ câu hỏi vào đây").focus()
    page.keyboard.type("quên mật khẩu")
    page.keyboard.press("Enter")

    answered(page)
    assert page.evaluate("document.activeElement.id") == "text"
    assert page.url == f"{chat.url}/?xom=xom-3"
    assert [(message.text, message.hamlet) for message in chat.desk.received] == [("quên mật khẩu", "xom-3")]


def test_a_choice_can_be_pressed_or_typed(chat: Chat):
    page = chat.open()
    ask(page, "quên mật khẩu")
    answered(page)

    page.get_by_role("button", name="1. Xong rồi").tap()
    answered(page, "Bước 2/5")
    ask(page, "1")
    expect(page.locator("#log .entry")).to_have_count(7)

    assert [(message.text, message.payload) for message in chat.desk.received] == [
        ("quên mật khẩu", None),
        ("1. Xong rồi", "choice-1"),
        ("1", None),
    ]
    assert buttons(page) == ["1. Xong rồi", "2. Không thấy", "0. Gặp người giúp", "9. Quay lại"]


def test_a_finger_closes_the_keyboard_so_that_the_answer_can_be_read(chat: Chat):
    page = chat.open()

    page.get_by_label("Bác gõ câu hỏi vào đây").tap()
    page.keyboard.type("quên mật khẩu")
    page.get_by_role("button", name="Gửi", exact=True).tap()
    answered(page)

    assert page.evaluate("document.activeElement.id") != "text"


def test_a_long_answer_says_that_it_goes_on_below(chat: Chat):
    page = chat.open()
    chat.desk.answer = lambda message: [Reply("Dòng chữ.\n" * 40, choices("Xong rồi"))]
    ask(page, "quên mật khẩu")
    more = page.get_by_role("button", name="Xem tiếp")
    expect(more).to_be_visible()

    for _ in range(4):
        page.evaluate("""() => {
          document.getElementById("more").click();
          document.querySelector("#choices button").click();  // a second tap, on what has come there
          return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        }""")

    expect(more).to_be_hidden()
    expect(page.get_by_role("button", name="1. Xong rồi")).to_be_in_viewport(ratio=1)
    assert chat.texts == ["quên mật khẩu"]


def test_without_a_script_the_whole_talk_works_by_plain_forms(chat: Chat):
    page = chat.open("/?xom=xom-3", java_script_enabled=False)

    ask(page, "quên mật khẩu")
    answered(page)
    page.get_by_role("button", name="1. Xong rồi").click()
    answered(page, "Bước 2/5")
    chat.desk.hold()
    ask(page, "chậm quá")
    expect(page.get_by_role("button", name="Xem trả lời")).to_be_visible()
    chat.desk.release()
    page.get_by_role("button", name="Xem trả lời").click()
    expect(page.get_by_role("button", name="1. Xong rồi")).to_be_visible()
    page.get_by_role("button", name="Kết thúc").click()

    expect(page.get_by_role("heading", name="Đã kết thúc")).to_be_visible()
    assert [(message.text, message.hamlet) for message in chat.desk.received] == [
        ("quên mật khẩu", "xom-3"),
        ("1. Xong rồi", "xom-3"),
        ("chậm quá", "xom-3"),
    ]
    assert page.url == f"{chat.url}/?xong=1&xom=xom-3"


def test_an_impatient_second_tap_sends_nothing_more(chat: Chat):
    page = chat.open()
    ask(page, "quên mật khẩu")
    answered(page)

    page.get_by_role("button", name="1. Xong rồi").evaluate("button => { button.click(); button.click() }")
    answered(page, "Bước 2/5")
    page.locator("#text").fill("cảm ơn")
    page.locator("#compose button:not([type])").evaluate("button => { button.click(); button.click() }")
    expect(page.locator("#log .learner")).to_have_count(3)

    assert chat.texts == ["quên mật khẩu", "1. Xong rồi", "cảm ơn"]


def test_what_is_typed_is_shown_as_text(chat: Chat):
    page = chat.open()

    ask(page, "<img src=x onerror=\"document.title='hỏng'\">")
    answered(page)

    assert page.locator("#log .learner .said").inner_text() == "<img src=x onerror=\"document.title='hỏng'\">"
    assert page.title() == "Trợ lý số xã Thuần Trung"


def test_secrets_are_covered_on_the_page_too(chat: Chat):
    page = chat.open()

    ask(page, "mã 123456 là gì")
    answered(page)

    assert "123456" not in page.content()


# --- Late answers, bad networks, many people ---


def test_a_late_answer_is_announced_and_then_comes_by_itself(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    chat.desk.hold()

    ask(page, "quên mật khẩu")
    answered(page, "quên mật khẩu")
    page.clock.fast_forward(1_000)
    expect(page.locator("#status")).to_have_text("Máy đang trả lời, bác chờ một chút ạ…")
    chat.desk.release()
    page.clock.fast_forward(5_000)

    answered(page)
    expect(page.locator("#status")).to_have_text("")
    assert buttons(page)[0] == "1. Xong rồi"


def test_a_word_of_a_volunteer_comes_by_itself(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    ask(page, "quên mật khẩu")
    answered(page)

    chat.desk.say(chat.desk.received[0].external_id, "Cháu Lan đây ạ.")
    page.clock.fast_forward(20_000)

    answered(page, "Cháu Lan đây ạ.")
    assert buttons(page)[0] == "1. Xong rồi"


def test_what_is_passed_on_to_a_volunteer_leaves_nobody_waiting_for_the_machine(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    chat.desk.answer = lambda message: []

    chat.desk.hold()
    ask(page, "cháu Lan ơi")
    answered(page, "cháu Lan ơi")
    page.clock.fast_forward(1_000)
    expect(page.locator("#status")).to_have_text("Máy đang trả lời, bác chờ một chút ạ…")
    chat.desk.release()
    page.clock.fast_forward(5_000)
    expect(page.locator("#status")).to_have_text("")
    ask(page, "cháu còn đó không")
    answered(page, "cháu còn đó không")
    page.clock.fast_forward(4_000)

    expect(page.locator("#status")).to_have_text("")
    expect(page.get_by_role("button", name="Gửi", exact=True)).not_to_have_attribute("aria-disabled", "true")
    page.reload()
    expect(page.locator("#status")).to_have_text("")


def test_the_choices_of_a_word_that_came_by_itself_can_be_pressed(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    ask(page, "quên mật khẩu")
    answered(page)

    chat.desk.say(chat.desk.received[0].external_id, "Đến giờ học rồi ạ.", choices("Học bây giờ"))
    page.clock.fast_forward(5_000)
    page.get_by_role("button", name="1. Học bây giờ").tap()
    answered(page, "Bước 2/5")

    assert chat.texts == ["quên mật khẩu", "1. Học bây giờ"]
    assert page.locator("#log .said", has_text="Đến giờ học rồi ạ.").count() == 1


def test_a_page_that_nobody_looks_at_asks_for_nothing_and_catches_up_when_it_is_seen(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    ask(page, "quên mật khẩu")
    answered(page)
    hide = """isHidden => {
      Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""

    with page.expect_response("**/tin-nhan?*"):  # tells that the page was used until now
        page.evaluate(hide, True)
    polls: list[str] = []
    page.on("request", lambda request: polls.append(request.url))
    page.clock.run_for(60_000)
    polls_while_hidden = list(polls)
    chat.desk.say(chat.desk.received[0].external_id, "Cháu Lan đây ạ.")
    page.evaluate(hide, False)

    answered(page, "Cháu Lan đây ạ.")
    assert polls_while_hidden == []


def test_a_word_below_the_edge_is_pointed_at(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    chat.desk.answer = lambda message: [Reply("Dòng chữ.\n" * 40)]
    ask(page, "quên mật khẩu")
    expect(page.get_by_role("button", name="Xem tiếp")).to_be_visible()

    chat.desk.say(chat.desk.received[0].external_id, "Cháu Lan đây ạ.")
    page.clock.fast_forward(5_000)

    expect(page.get_by_role("button", name="Có tin mới")).to_be_visible()


def test_a_word_stored_late_under_an_older_number_is_not_missed(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    late = chat.desk.new_id()
    ask(page, "quên mật khẩu")
    answered(page)

    chat.desk.say(chat.desk.received[0].external_id, "Cháu Lan đây ạ.", entry_id=late)
    page.clock.fast_forward(5_000)

    answered(page, "Cháu Lan đây ạ.")


def test_without_a_script_new_words_come_by_a_button(chat: Chat):
    page = chat.open("/?xom=xom-3", java_script_enabled=False)
    ask(page, "quên mật khẩu")
    answered(page)
    chat.desk.say(chat.desk.received[0].external_id, "Đến giờ học rồi ạ.", choices("Học bây giờ"))

    page.get_by_role("button", name="Xem tin mới").click()
    answered(page, "Đến giờ học rồi ạ.")
    page.get_by_role("button", name="1. Học bây giờ").click()

    answered(page, "Bước 2/5")


def test_a_message_typed_offline_is_kept_and_sent_once(chat: Chat):
    page = chat.open()
    page.route("**/tin-nhan", lambda route: route.abort())

    ask(page, "quên mật khẩu")
    expect(page.locator("#status")).to_contain_text("Chưa gửi được")
    expect(page.locator("#outbox .said")).to_have_text("quên mật khẩu")
    page.unroute_all()
    page.get_by_role("button", name="Thử lại").tap()

    answered(page)
    expect(page.locator("#outbox .entry")).to_have_count(0)
    expect(page.get_by_role("button", name="Thử lại")).to_be_hidden()
    assert chat.texts == ["quên mật khẩu"]


def test_a_message_whose_answer_got_lost_is_not_counted_twice(chat: Chat):
    page = chat.open()

    def lose_answer(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/tin-nhan", lose_answer)
    ask(page, "quên mật khẩu")
    expect(page.locator("#status")).to_contain_text("Chưa gửi được")
    page.unroute_all()
    page.get_by_role("button", name="Thử lại").tap()
    answered(page)

    assert chat.desk.deliveries == 2
    assert chat.texts == ["quên mật khẩu"]
    assert page.locator("#log .learner").count() == 1


def test_when_too_many_ask_the_message_waits_its_turn(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    chat.desk.overload_next()

    ask(page, "quên mật khẩu")
    expect(page.locator("#status")).to_contain_text("đang đông người hỏi")
    page.clock.fast_forward(8_000)

    answered(page)
    assert (chat.desk.deliveries, chat.texts) == (2, ["quên mật khẩu"])


def test_who_sends_too_fast_is_told_and_the_message_goes_by_itself_later(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    chat.desk.failures.append(TooMany(40, is_first=True))

    ask(page, "quên mật khẩu")
    expect(page.locator("#status")).to_contain_text("gửi nhanh quá")
    page.clock.fast_forward(61_000)

    answered(page)
    assert (chat.desk.deliveries, chat.texts) == (2, ["quên mật khẩu"])


def test_who_sent_too_much_for_a_day_gets_the_text_back_and_is_told_what_is_still_taken(chat: Chat):
    page = chat.open()
    chat.desk.failures.append(TooMany(5 * 3600, is_first=True))

    ask(page, "quên mật khẩu")

    expect(page.locator("#status")).to_contain_text("Việc gấp như đang bị lừa")
    expect(page.get_by_label("Bác gõ câu hỏi vào đây")).to_have_value("quên mật khẩu")


# --- A phone of several people ---


def test_after_leaving_the_back_button_shows_nothing_old(chat: Chat):
    page = chat.open()
    ask(page, "chuyện riêng")
    answered(page)

    page.get_by_role("button", name="Kết thúc").tap()
    expect(page.get_by_role("heading", name="Đã kết thúc")).to_be_visible()
    page.go_back()

    expect(page.get_by_label("Bác gõ câu hỏi vào đây")).to_have_value("")
    assert "chuyện riêng" not in page.content()
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert page.evaluate("caches.keys()") == []


def test_after_half_an_hour_without_use_the_page_clears_itself(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(f"{chat.url}/?xom=xom-3")
    ask(page, "chuyện riêng")
    answered(page)

    page.clock.fast_forward("28:30")
    expect(page.get_by_role("alert")).to_contain_text("Bác còn đó không ạ?")
    page.get_by_role("button", name="Tôi vẫn đang dùng").tap()
    expect(page.locator("#idle")).to_be_hidden()
    page.clock.fast_forward("20:00")
    answered(page)
    page.clock.fast_forward("11:00")

    expect(page.get_by_role("heading", name="Đã kết thúc")).to_be_visible()
    assert page.url == f"{chat.url}/?xong=1&xom=xom-3"
    assert chat.desk.ended == [chat.desk.received[0].external_id]
    page.go_back()
    assert "chuyện riêng" not in page.content()


def test_a_second_tab_clears_itself_when_the_talk_is_ended(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    ask(page, "chuyện riêng")
    answered(page)
    other = page.context.new_page()
    other.goto(chat.url)
    other.get_by_role("button", name="Kết thúc").tap()
    expect(other.get_by_role("heading", name="Đã kết thúc")).to_be_visible()

    page.bring_to_front()
    page.clock.fast_forward(20_000)

    expect(page.get_by_role("heading", name="Đã kết thúc")).to_be_visible()


def test_an_old_talk_goes_from_the_page_when_somebody_writes_anew(chat: Chat):
    page = chat.open()
    ask(page, "chuyện cũ")
    answered(page)
    chat.now += dt.timedelta(minutes=31)  # the phone's clock stood still meanwhile

    ask(page, "chuyện mới")
    expect(page.get_by_role("log")).to_contain_text("chuyện mới")

    assert page.locator("#log .learner").count() == 1
    assert "chuyện cũ" not in page.content()


# --- For every eye, hand and ear ---


def talk(page: Page) -> None:
    ask(page, "quên mật khẩu")
    answered(page)
    page.get_by_role("button", name="1. Xong rồi").click()
    answered(page, "Bước 2/5")


def start(page: Page) -> None:
    expect(page.get_by_role("button", name="A+")).to_be_visible()


def failed(page: Page) -> None:
    page.route("**/tin-nhan*", lambda route: route.abort())
    ask(page, "quên mật khẩu")
    expect(page.get_by_role("button", name="Thử lại")).to_be_visible()
    page.locator("#idle").evaluate(
        "idle => { idle.hidden = false; idle.firstElementChild.textContent = 'Bác?' }"
    )


def goodbye(page: Page) -> None:
    page.get_by_role("button", name="Kết thúc").click()
    expect(page.get_by_role("heading", name="Đã kết thúc")).to_be_visible()


def pictures(page: Page) -> None:
    page.get_by_text("Màu và hình").click()
    page.get_by_role("button", name="Nút có hình").click()
    talk(page)


def listening(page: Page) -> None:
    page.add_init_script(EARS)
    page.reload()
    page.get_by_role("button", name="Nói", exact=True).click()
    expect(page.get_by_role("button", name="Nói xong")).to_be_visible()


def urgent(page: Page) -> None:
    ask(page, "tôi vừa bị lừa")
    answered(page, "làm ngay 3 việc")


def offline(page: Page) -> None:
    page.context.set_offline(True)
    ask(page, "quên mật khẩu")
    expect(page.get_by_text("Máy đang mất mạng.")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("Đang đợi mạng")


def data(page: Page) -> None:
    talk(page)
    page.get_by_role("link", name="Dữ liệu của tôi").click()
    expect(page.get_by_role("heading", name="Dữ liệu của tôi")).to_be_visible()


def guides(page: Page) -> None:
    page.get_by_role("link", name="Hướng dẫn").click()
    expect(page.get_by_role("heading", name="Đọc khi không có mạng")).to_be_visible()


def guide_page(page: Page) -> None:
    guides(page)
    page.get_by_role("link", name="Quên mật khẩu VNeID").click()
    expect(page.get_by_role("heading", name="Hỏi ai")).to_be_visible()


def not_there(page: Page) -> None:
    page.goto(f"{page.url}huong-dan/khong-co")
    expect(page.get_by_role("heading", name="Chưa làm được")).to_be_visible()


STATES = [
    start,
    talk,
    pictures,
    listening,
    urgent,
    failed,
    offline,
    data,
    guides,
    guide_page,
    not_there,
    goodbye,
]


@pytest.mark.parametrize(
    ("state", "device"),
    [*((state, PHONE) for state in STATES), (talk, DESKTOP), (guide_page, DESKTOP)],
    ids=[*(state.__name__ for state in STATES), "talk on a desktop", "guide page on a desktop"],
)
def test_pages_can_be_seen_read_and_touched(
    state: Callable[[Page], None], device: dict[str, Any], chat: Chat, tmp_path: Path
):
    page = chat.open("/", bypass_csp=True, **device)
    state(page)

    for colours in ("usual", "strong"):
        page.evaluate("colours => { document.documentElement.dataset.colours = colours }", colours)
        page.screenshot(path=tmp_path / f"{state.__name__} {colours}.png", full_page=True)

        found = Axe().run(
            page,
            options={
                "runOnly": [
                    "wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice",
                ],
                "resultTypes": ["violations"],
            },
        )  # fmt: skip
        measured = page.evaluate(MEASURE)
        overflow = page.evaluate(OVERFLOW)

        assert found.violations_count == 0, found.generate_report()
        assert measured["texts"]
        assert measured["targets"]
        assert [text for text in measured["texts"] if text["contrast"] < 7] == []
        assert [text for text in measured["texts"] if text["size"] < 20] == []
        assert [text for text in measured["texts"] if text["isRead"] and text["line"] < 1.5] == []
        assert [target for target in measured["targets"] if target["side"] < 44] == []
        small = [target for target in measured["targets"] if target["text"] == "Gửi" and target["side"] < 48]
        assert small == []
        assert overflow == {"page": 0, "wide": []}


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 320, "height": 568}},
        {"viewport": {"width": 683, "height": 384}, "device_scale_factor": 2},  # 1366 × 768 at 200 %
    ],
    ids=["320 px", "200 %"],
)
def test_nothing_is_lost_on_little_room(options: dict[str, Any], chat: Chat):
    page = chat.open("/", **{"is_mobile": False, **options})
    talk(page)
    overflows = [page.evaluate(OVERFLOW)]

    for path in ("/huong-dan", "/huong-dan/vneid-quen-mat-khau"):
        page.goto(chat.url + path)
        page.get_by_text("Màu và hình").click()
        overflows.append(page.evaluate(OVERFLOW))

    assert overflows == [{"page": 0, "wide": []}] * 3


@pytest.mark.parametrize("state", [talk, guide_page])
def test_nothing_is_lost_with_wide_text_spacing(state: Callable[[Page], None], chat: Chat):
    page = chat.open("/", bypass_csp=True)
    state(page)

    page.add_style_tag(
        content="p { margin-bottom: 2em !important; }"
        "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"
    )

    assert page.evaluate(OVERFLOW) == {"page": 0, "wide": []}


def test_the_letters_grow_to_32_px_and_stay_so(chat: Chat):
    page = chat.open()
    for _ in range(6):
        page.get_by_role("button", name="A+").tap()
    talk(page)

    page.reload()

    assert page.locator("#log .said").last.evaluate("said => getComputedStyle(said).fontSize") == "32px"
    assert page.evaluate(OVERFLOW) == {"page": 0, "wide": []}
    assert page.evaluate("({...localStorage})") == {"size": "32"}
    for _ in range(6):
        page.get_by_role("button", name="A−").tap()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "18px"


def test_colours_and_drawings_are_chosen_once_for_all_pages(chat: Chat):
    page = chat.open()
    page.get_by_text("Màu và hình").tap()
    page.get_by_role("button", name="Nền đen chữ sáng").tap()
    page.get_by_role("button", name="Nút có hình").tap()

    talk(page)  # each choice is still called by its words

    drawn = page.locator("#choices .symbol").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().width)"
    )
    assert all(width >= 40 for width in drawn)
    assert page.locator("#choices .title").first.bounding_box()["width"] <= 1
    pressed = page.locator("#view [aria-pressed=true]").all_inner_texts()
    assert pressed == ["Nền đen chữ sáng", "Nút có hình"]
    page.goto(f"{chat.url}/huong-dan/kn-wifi")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(0, 0, 0)"


def test_who_asked_the_phone_for_more_contrast_has_it_here(chat: Chat):
    page = chat.open("/", contrast="more")

    expect(page.get_by_role("button", name="A+")).to_be_visible()

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(0, 0, 0)"


def test_dictating_a_long_text_keeps_the_page_open(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    ask(page, "quên mật khẩu")
    answered(page)
    page.clock.fast_forward("28:30")
    expect(page.get_by_role("alert")).to_be_visible()

    page.locator("#text").evaluate("text => text.dispatchEvent(new InputEvent('input', { bubbles: true }))")
    page.clock.fast_forward("20:00")

    expect(page.get_by_role("alert")).to_be_hidden()
    answered(page)


def test_every_word_of_the_last_answer_can_be_heard(chat: Chat):
    page = chat.open()
    listen = page.get_by_role("button", name="Nghe trả lời")
    expect(listen).to_be_hidden()
    ask(page, "quên mật khẩu")
    answered(page)

    with page.expect_response("**/nghe/*"):
        listen.tap()
    expect(listen).to_be_visible()  # again: all is said

    assert chat.heard == [
        INTRO,
        STEP.format(1) + "\n1. Xong rồi\n2. Không thấy\n0. Gặp người giúp · 9. Quay lại",
    ]


def test_a_voice_of_the_browser_itself_is_taken_first_but_none_that_sends_texts_away(chat: Chat):
    page = chat.open("/?xong=1")
    page.add_init_script("""
      window.said = [];
      const voice = (name, localService) => ({ name, lang: "vi-VN", localService });
      const synth = { getVoices: () => [voice("far", false), voice("near", true)], cancel() {},
        addEventListener() {}, speak(words) { said.push([words.voice.name, words.text]); words.onend(); } };
      Object.defineProperty(window, "speechSynthesis", { value: synth });
      window.SpeechSynthesisUtterance = function (text) { this.text = text; };
    """)
    page.goto(chat.url)
    chat.desk.answer = lambda message: [Reply("Dạ, cháu nghe.", choices("Xong rồi"))]
    ask(page, "chào cháu")
    answered(page, "Dạ, cháu nghe.")

    page.get_by_role("button", name="Nghe trả lời").tap()

    page.evaluate("""async () => {
      while (!said.length) await new Promise((done) => setTimeout(done, 20));
    }""")
    said = "Dạ, cháu nghe.\n1. Xong rồi\n0. Gặp người giúp\n9. Quay lại"
    assert (page.evaluate("said"), chat.heard) == ([["near", said]], [])


def test_each_older_answer_can_be_heard_by_a_button_of_its_own(chat: Chat):
    page = chat.open()
    talk(page)
    older = page.get_by_role("button", name="Nghe tin này")
    expect(older).to_have_count(2)

    with page.expect_response("**/nghe/*"):
        older.first.tap()
    expect(older).to_have_count(2)  # again: it is said

    assert chat.heard == [INTRO]


# --- Speaking ---


def test_what_the_browser_understood_is_looked_at_before_it_is_sent(chat: Chat):
    page = chat.open("/?xong=1", **DESKTOP)
    page.add_init_script(EARS)
    page.goto(chat.url)
    page.evaluate("""() => {
      window.announced = [];
      const status = document.querySelector("#hearing [role=status]");
      new MutationObserver(() => announced.push(status.textContent)).observe(status, { childList: true });
    }""")
    text = page.get_by_label("Bác gõ câu hỏi vào đây")
    text.fill("cháu ơi")
    button = page.get_by_role("button", name="Nói", exact=True)

    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.evaluate("ears.hears('quên')")
    page.evaluate("ears.hears('quên mật khẩu', 'VNeID')")
    button.press("Enter")

    expect(text).to_have_value("cháu ơi quên mật khẩu VNeID")
    expect(text).to_be_focused()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert chat.texts == []
    page.keyboard.press("Enter")
    answered(page)
    assert chat.texts == ["cháu ơi quên mật khẩu VNeID"]
    assert page.evaluate("[ears.lang, ...announced]") == [
        "vi-VN",
        "Máy đang nghe, bác nói đi ạ…",
        'Nghe xong rồi. Bác xem chữ trong ô, đúng thì bấm "Gửi" ạ.',
    ]


def test_what_was_said_can_be_dropped_and_what_was_typed_stays(chat: Chat):
    page = chat.open("/?xong=1")
    page.add_init_script(EARS)
    page.goto(chat.url)
    page.get_by_label("Bác gõ câu hỏi vào đây").fill("cháu ơi")

    page.get_by_role("button", name="Nói", exact=True).tap()
    page.evaluate("ears.hears('chuyện riêng')")
    page.get_by_role("button", name="Bỏ").tap()

    expect(page.get_by_role("button", name="Bỏ")).to_be_hidden()
    expect(page.get_by_label("Bác gõ câu hỏi vào đây")).to_have_value("cháu ơi")


@pytest.mark.parametrize(
    ("error", "sentence", "is_offered_again"),
    [
        ("no-speech", "Máy chưa nghe thấy gì.", True),
        ("not-allowed", "Máy chưa được dùng micro.", True),
        ("audio-capture", "Máy này chưa dùng được micro.", True),
        ("network", "Máy chưa nghe được, có thể mạng đang yếu.", True),
        ("service-not-allowed", "Máy này chưa dùng được micro.", False),
    ],
)
def test_a_browser_that_does_not_hear_says_what_to_do(
    chat: Chat, error: str, sentence: str, is_offered_again: bool
):
    page = chat.open("/?xong=1")
    page.add_init_script(EARS)
    page.goto(chat.url)
    button = page.get_by_role("button", name="Nói", exact=True)

    button.tap()
    page.evaluate("error => ears.fails(error)", error)

    expect(page.locator("#hearing [role=status]")).to_contain_text(sentence)
    expect(button).to_be_visible(visible=is_offered_again)
    ask(page, "quên mật khẩu")
    answered(page)


def test_where_nobody_hears_there_is_no_button(chat: Chat):
    page = chat.open("/?xong=1")
    page.add_init_script(NO_EARS)
    page.goto(chat.url)

    expect(page.get_by_role("button", name="A+")).to_be_visible()

    assert page.get_by_role("button", name="Nói", exact=True).count() == 0


class Listener:
    """Reads recordings as the real one does, and understands the same in each."""

    def __init__(self) -> None:
        self.lengths_s: list[float] = []

    def transcribe(self, sound: bytes) -> Heard:
        self.lengths_s.append(len(decode(sound)) / 2 / RATE)
        return Heard("quên mật khẩu", 0.8)


SOUND_CAME = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  await new Promise((done) => {
    const second = new MediaRecorder(stream);
    second.ondataavailable = ({ data }) => { if (data.size) done(); };
    second.start(100);
  });
}"""


def speak(page: Page) -> None:
    page.get_by_role("button", name="Nói", exact=True).tap()
    expect(page.get_by_text("Máy đang nghe, bác nói đi ạ…")).to_be_visible()
    page.evaluate(SOUND_CAME)  # for another one that began later, so for the page's own, too
    page.get_by_role("button", name="Nói xong").tap()


@pytest.mark.parametrize("script", [NO_EARS, EARS], ids=["no recognition", "recognition by name only"])
def test_a_recording_goes_to_the_server_that_can_hear_and_is_kept_nowhere(chromium: Browser, script: str):
    listener = Listener()
    with open_chat(chromium, NOW, recogniser=listener) as chat:
        page = chat.open("/?xong=1")
        page.add_init_script(script)
        page.goto(f"{chat.url}/?xom=xom-3")
        chat.desk.answer = lambda message: [Reply("Cháu nghe bác nói: “quên mật khẩu”. Đúng không ạ?")]

        if script == EARS:
            page.get_by_role("button", name="Nói", exact=True).tap()
            page.evaluate("ears.fails('service-not-allowed')")
            expect(page.get_by_role("button", name="Nói xong")).to_be_visible()
            page.get_by_role("button", name="Bỏ").tap()
        speak(page)
        answered(page, "Đúng không ạ?")

        (message,) = chat.desk.received
        assert (message.kind, message.text, message.hamlet) == ("voice", "quên mật khẩu", "xom-3")
        assert message.context == {"confidence": 0.8}
        assert len(listener.lengths_s) == 1
        assert 0 < listener.lengths_s[0] < 30
        assert page.evaluate("localStorage.length") == 0
        expect(page.locator("#outbox .entry")).to_have_count(0)


def test_a_recording_that_did_not_arrive_is_sent_again_from_memory(chromium: Browser):
    with open_chat(chromium, NOW, recogniser=Listener()) as chat:
        page = chat.open("/?xong=1")
        page.add_init_script(NO_EARS)
        page.goto(chat.url)
        page.route("**/tin-thoai", lambda route: route.abort())

        speak(page)
        expect(page.locator("#status")).to_contain_text("Chưa gửi được")
        page.unroute_all()
        page.get_by_role("button", name="Thử lại").tap()

        answered(page)
        assert chat.texts == ["quên mật khẩu"]


def test_a_recording_that_is_dropped_goes_nowhere(chromium: Browser):
    listener = Listener()
    with open_chat(chromium, NOW, recogniser=listener) as chat:
        page = chat.open("/?xong=1")
        page.add_init_script(NO_EARS)
        page.goto(chat.url)

        page.get_by_role("button", name="Nói", exact=True).tap()
        expect(page.get_by_text("Máy đang nghe, bác nói đi ạ…")).to_be_visible()
        page.get_by_role("button", name="Bỏ").tap()
        ask(page, "chào cháu")
        answered(page)

        assert (chat.texts, listener.lengths_s) == (["chào cháu"], [])


def test_everything_can_be_reached_by_keyboard_and_is_never_covered(chat: Chat):
    page = chat.open("/", viewport={"width": 360, "height": 520}, is_mobile=False, has_touch=False)
    talk(page)
    page.locator("#smaller").focus()
    focused = []

    for _ in range(13):
        focused.append(
            page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id")
        )
        is_free = page.evaluate("""() => {
          const element = document.activeElement, box = element.getBoundingClientRect();
          const isOnTop = (y) => element.contains(document.elementFromPoint(box.left + box.width / 2, y));
          return isOnTop(box.top + 2) && isOnTop(box.bottom - 2);
        }""")
        assert is_free, focused[-1]
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        page.keyboard.press("Tab")

    assert focused == [
        "A− chữ nhỏ hơn",
        "A+ chữ to hơn",
        "Màu và hình",
        "Nghe tin này",
        "Nghe tin này",
        "Nghe trả lời",
        "1. Xong rồi",
        "2. Không thấy",
        "0. Gặp người giúp",
        "9. Quay lại",
        "Nói",
        "text",
        "Gửi",
    ]


def test_a_choice_pressed_by_keyboard_leads_on_to_the_next_choices(chat: Chat):
    page = chat.open("/", **DESKTOP)
    ask(page, "quên mật khẩu")
    answered(page)

    page.get_by_role("button", name="1. Xong rồi").press("Enter")
    answered(page, "Bước 2/5")
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent") == "1. Xong rồi"


def test_each_entry_is_announced_once(chat: Chat):
    page = chat.open()
    page.evaluate("""() => {
      window.announced = [];
      const note = (records) => announced.push(...records.flatMap((record) => [
        ...Array.from(record.addedNodes, (node) => node.querySelector(".said").textContent.split("\\n")[0]),
        ...Array.from(record.removedNodes, () => "removed"),
        ...(record.type === "childList" ? [] : [record.type]),
      ]));
      new MutationObserver(note).observe(document.getElementById("log"),
        { childList: true, subtree: true, characterData: true });
    }""")

    talk(page)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # polls at once

    assert page.evaluate("announced") == [
        "quên mật khẩu",
        INTRO.splitlines()[0],
        STEP.format(1).splitlines()[0],
        "1. Xong rồi",
        STEP.format(2).splitlines()[0],
    ]
    page.reload()
    log = page.get_by_role("log", name="Cuộc trò chuyện")
    assert (log.get_attribute("aria-live"), page.locator("html").get_attribute("lang")) == ("polite", "vi")
    assert log.aria_snapshot().count("Bước 2/5") == 1


# --- Weight, and what the browser is allowed to do ---


def test_the_first_load_is_light_and_quick_on_a_slow_network(chat: Chat):
    page = chat.open("/?xong=1")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    network.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000},
    )
    loaded: list[float] = []
    network.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))

    page.goto(chat.url)
    expect(page.get_by_role("button", name="A+")).to_be_visible()

    interactive_ms = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    assert len(loaded) >= 3
    assert sum(loaded) <= MAX_FIRST_LOAD
    assert interactive_ms <= 3_000


def test_normal_use_breaks_no_rule_of_the_content_security_policy(chat: Chat):
    page = chat.open("/?xong=1", service_workers="allow")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.get_by_role("button", name="Bắt đầu lại").tap()
    page.get_by_role("button", name="A+").tap()
    talk(page)
    page.get_by_role("button", name="Kết thúc").tap()
    expect(page.get_by_role("heading", name="Đã kết thúc")).to_be_visible()

    # Chromium tells the console about a header that worked.
    assert [complaint for complaint in complaints if "Cleared data types" not in complaint] == []
