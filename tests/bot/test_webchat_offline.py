"""The web chat without a network, in Chromium: guides that can still be read, questions that wait.

What is kept on the phone says nothing about who uses it once the talk is over (ux.md U24).
"""

import datetime as dt
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.web.symbols import NAMES
from tests.bot.web_rig import Chat, answered, ask

STATIC = Path(__file__).parents[2] / "bot" / "web" / "static"


def open_with_worker(chat: Chat, path: str = "/") -> Page:
    """A page whose worker has kept what is always kept, and answers from now on."""
    page = chat.open(path, service_workers="allow")
    page.evaluate("""async () => {
      await navigator.serviceWorker.ready;
      if (!navigator.serviceWorker.controller) {
        await new Promise((done) => { navigator.serviceWorker.oncontrollerchange = done; });
      }
    }""")
    return page


def kept(page: Page) -> dict[str, list[str]]:
    """cache → the addresses in it, without those of the empty page and its files."""
    return page.evaluate("""async () => {
      const names = (await caches.keys()).filter((name) => !name.startsWith("shell-"));
      const addresses = async (name) => (await (await caches.open(name)).keys()).map(
        (request) => new URL(request.url).pathname);
      return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await addresses(name)])));
    }""")


def everything_kept(page: Page) -> str:
    return page.evaluate("""async () => {
      const texts = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
          texts.push(request.url, await (await cache.match(request)).text());
        }
      }
      return texts.join("\\n");
    }""")


def test_three_guides_are_read_and_a_question_asked_without_a_network_and_it_is_answered_once(chat: Chat):
    page = open_with_worker(chat)
    for slug in ("kn-wifi", "at-otp", "vneid-quen-mat-khau"):
        page.goto(f"{chat.url}/huong-dan/{slug}")
    page.context.set_offline(True)

    for slug, title in [
        ("kn-wifi", "Kết nối Wi-Fi"),
        ("at-otp", "Mã OTP"),
        ("vneid-quen-mat-khau", "Quên mật khẩu VNeID"),
    ]:
        page.goto(f"{chat.url}/huong-dan/{slug}")
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
        expect(page.locator(".steps h3").first).to_be_visible()
    page.goto(f"{chat.url}/huong-dan/kn-chu-to")
    expect(page.get_by_text("Bài này chưa có trong máy của bác.")).to_be_visible()
    page.goto(f"{chat.url}/?xom=xom-3")
    expect(page.get_by_text("Máy đang mất mạng.")).to_be_visible()
    ask(page, "quên mật khẩu")
    expect(page.locator("#status")).to_contain_text("Đang đợi mạng")
    expect(page.locator("#outbox .who")).to_have_text("Đang đợi mạng")
    page.reload()
    expect(page.locator("#outbox .said")).to_have_text("quên mật khẩu")
    page.context.set_offline(False)

    answered(page)
    expect(page.locator("#outbox .entry")).to_have_count(0)
    expect(page.get_by_text("Máy đang mất mạng.")).to_be_hidden()
    page.reload()
    answered(page)
    assert page.locator("#log .learner").count() == 1
    assert [(message.text, message.hamlet) for message in chat.desk.received] == [("quên mật khẩu", "xom-3")]
    assert page.evaluate("localStorage.length") == 0


def test_a_first_question_whose_answer_got_lost_counts_once_even_a_quarter_of_an_hour_later(chat: Chat):
    page = chat.open()
    page.route("**/tin-nhan", lambda route: (route.fetch(), route.abort()))
    ask(page, "quên mật khẩu")
    expect(page.locator("#status")).to_contain_text("Chưa gửi được")
    page.context.clear_cookies()  # the phone was switched off
    page.unroute_all()
    chat.now += dt.timedelta(minutes=15)

    page.reload()

    answered(page)
    assert (chat.desk.deliveries, chat.texts) == (2, ["quên mật khẩu"])


def test_a_message_that_did_not_arrive_is_sent_again_by_itself(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    page.route("**/tin-nhan", lambda route: route.abort())
    ask(page, "quên mật khẩu")
    expect(page.locator("#status")).to_contain_text("Chưa gửi được")
    page.unroute_all()

    page.clock.fast_forward(6_000)

    answered(page)
    assert chat.texts == ["quên mật khẩu"]


def test_a_question_nobody_came_back_for_is_neither_shown_nor_sent_after_half_an_hour(chat: Chat):
    page = chat.open("/?xong=1")
    page.clock.install()
    page.goto(chat.url)
    page.route("**/tin-nhan*", lambda route: route.abort())
    ask(page, "chuyện riêng")
    expect(page.locator("#status")).to_contain_text("Chưa gửi được")
    page.unroute_all()
    page.goto("about:blank")
    page.clock.set_fixed_time(page.evaluate("Date.now()") + 31 * 60_000)

    page.goto(chat.url)

    expect(page.get_by_role("button", name="A+")).to_be_visible()
    assert "chuyện riêng" not in page.content()
    assert (page.evaluate("localStorage.length"), chat.texts) == (0, [])


def test_ending_a_talk_leaves_nothing_of_it_on_the_phone(chat: Chat):
    page = open_with_worker(chat)
    ask(page, "chuyện riêng")
    answered(page)
    page.goto(f"{chat.url}/huong-dan/at-otp")
    assert kept(page) == {"opened": ["/huong-dan/at-otp"]}
    page.goto(chat.url)

    page.get_by_role("button", name="Kết thúc").tap()
    expect(page.get_by_role("heading", name="Đã kết thúc")).to_be_visible()

    assert kept(page) == {}
    assert "chuyện riêng" not in everything_kept(page)
    page.go_back()
    expect(page.get_by_label("Bác gõ câu hỏi vào đây")).to_have_value("")
    assert "chuyện riêng" not in page.content()


def test_a_talk_ended_without_a_network_does_not_come_back_with_it(chat: Chat):
    page = open_with_worker(chat)
    ask(page, "chuyện riêng")
    answered(page)
    page.context.set_offline(True)
    ask(page, "chuyện khác")
    expect(page.locator("#status")).to_contain_text("Đang đợi mạng")

    page.get_by_role("button", name="Kết thúc").tap()
    expect(page.get_by_role("heading", name="Đã kết thúc")).to_be_visible()
    page.goto(chat.url)
    expect(page.get_by_text("Máy đang mất mạng.")).to_be_visible()
    assert not re.search("chuyện (riêng|khác)", page.content())
    page.context.set_offline(False)
    page.goto(chat.url)

    expect(page.get_by_label("Bác gõ câu hỏi vào đây")).to_be_visible()
    assert not re.search("chuyện (riêng|khác)", page.content())
    assert chat.desk.ended == [chat.desk.received[0].external_id]
    assert chat.texts == ["chuyện riêng"]


def test_what_the_server_has_erased_goes_from_the_page_and_the_phone_too(chat: Chat):
    page = open_with_worker(chat)
    ask(page, "chuyện riêng")
    answered(page)
    page.goto(f"{chat.url}/huong-dan/at-otp")
    page.goto(chat.url)
    chat.desk.answer = chat.desk.erase

    ask(page, "xóa")
    answered(page, "Đã xóa.")

    assert page.locator("#log .said").all_inner_texts() == ["Đã xóa."]
    page.evaluate("""async () => {
      while ((await caches.keys()).includes("opened")) await new Promise((done) => setTimeout(done, 20));
    }""")


def test_the_basic_guides_are_kept_by_one_press_and_can_be_removed(chat: Chat):
    page = open_with_worker(chat, "/huong-dan")

    page.get_by_role("button", name="Giữ các bài hay cần").tap()
    expect(page.get_by_role("status").filter(has_text="Đã giữ xong")).to_be_visible()
    page.context.set_offline(True)
    page.reload()
    marked = page.locator(".links a", has_text="đã có trong máy")
    expect(marked).to_have_count(2)
    marked.first.tap()
    expect(page.locator(".steps h3").first).to_be_visible()
    page.context.set_offline(False)
    page.goto(f"{chat.url}/huong-dan")
    page.get_by_role("button", name="Bỏ các bài đã giữ").tap()

    expect(marked).to_have_count(0)
    assert kept(page) == {}


def test_what_the_worker_keeps_is_light_and_holds_no_talk(chat: Chat):
    page = open_with_worker(chat)
    ask(page, "chuyện riêng")
    answered(page)
    page.reload()

    everything = everything_kept(page)

    assert "chuyện riêng" not in everything
    assert "/ngoai-tuyen" in everything
    assert len(everything.encode()) <= 100 * 1024


def test_a_phone_can_put_the_chat_among_its_applications(chat: Chat):
    page = chat.open()
    manifest = page.context.request.get(f"{chat.url}/manifest.webmanifest").json()

    icons = [page.context.request.get(chat.url + icon["src"]) for icon in manifest["icons"]]

    network = page.context.new_cdp_session(page)
    assert network.send("Page.getAppManifest")["errors"] == []
    found = network.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in found] == ["in-incognito"]  # as every page of a test is
    assert (manifest["name"], manifest["lang"], manifest["display"]) == (
        "Trợ lý số xã Thuần Trung",
        "vi",
        "standalone",
    )
    assert [(len(icon.body()) <= 10_000, icon.headers["content-type"]) for icon in icons] == [
        (True, "image/png"),
        (True, "image/png"),
    ]


def test_the_worker_has_rules_of_its_own_and_is_looked_up_anew(chat: Chat):
    page = chat.open()

    headers = page.context.request.get(f"{chat.url}/sw.js").headers

    assert headers["content-security-policy"].startswith("default-src 'none'; connect-src 'self'")
    assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/huong-dan", "/huong-dan/kn-wifi"])
def test_guides_need_neither_a_script_nor_a_cookie(path: str, chat: Chat):
    page = chat.open(path, java_script_enabled=False)

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.context.cookies() == []


def test_from_a_guide_one_press_leads_to_the_chat_with_its_name_in_the_field(chat: Chat):
    page = chat.open("/huong-dan/kn-wifi", java_script_enabled=False)

    page.get_by_role("button", name="Làm từng bước cùng trợ lý máy").click()
    page.get_by_role("button", name="Gửi", exact=True).click()

    answered(page)
    assert chat.texts == ["Kết nối Wi-Fi, bật mạng di động"]


def test_a_guide_that_is_not_here_or_has_expired_is_not_shown(chat: Chat):
    page = chat.open("/huong-dan/khong-co")

    expect(page.get_by_text("Bài này không có hoặc đã hết hạn.")).to_be_visible()


def test_every_drawing_of_a_choice_is_there():
    drawn = set(re.findall(r'symbol id="([a-z-]+)"', (STATIC / "symbols.svg").read_text(encoding="utf-8")))

    assert drawn == NAMES
