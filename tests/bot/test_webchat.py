import datetime as dt
import itertools
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from bot.channels.webchat import MAX_FORM_BYTES, build_webchat_router
from bot.messages import IncomingMessage
from bot.web.page import open_choices
from bot.web.session import Sessions
from knowledge.phrases import load_phrases
from tests.fakes.desk import FakeDesk, Reply, choices

KEY = bytes(range(32))
SCRIPT = {"X-Requested-With": "fetch"}

phrases = cache(load_phrases)
_ids = (f"message-{number:08}" for number in itertools.count(1))


class Clock:
    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += dt.timedelta(**time)


@pytest.fixture
def clock(now: dt.datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def app(desk: FakeDesk, clock: Clock) -> FastAPI:
    return webchat(desk, clock)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return browser(app)


def webchat(desk: FakeDesk, clock: Clock, *, secure_cookies: bool = False, form: str = "bac") -> FastAPI:
    app = FastAPI()
    app.include_router(
        build_webchat_router(
            desk,
            phrases(),
            commune="thuan-trung",
            place="xã Thuần Trung",
            key=KEY,
            secure_cookies=secure_cookies,
            clock=clock,
            reply_timeout_s=0.01,
            form=form,
        )
    )
    return app


def browser(app: FastAPI, base_url: str = "http://chat.test") -> TestClient:
    return TestClient(app, base_url=base_url, follow_redirects=False)


def send(client: TestClient, text: str = "", *, script: bool = False, **fields: object):
    form = {"message_id": next(_ids), "text": text, **fields}
    return client.post("/tin-nhan", data=form, headers=SCRIPT if script else {})


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def words(html: str) -> str:
    parser = _Words()
    parser.feed(re.sub(r"<p [^>]*\bhidden>.*?</p>", "", html))  # what only a script shows
    return " ".join(" ".join(parser.words).split())


# --- The plain form, without a script ---


def test_a_question_is_answered_on_the_next_page(client: TestClient):
    sent = send(client, "quên mật khẩu")

    page = client.get("/")

    assert (sent.status_code, sent.headers["location"]) == (303, "/#cuoi")
    assert "Bác quên mật khẩu Trợ lý máy Dạ cháu nghe: quên mật khẩu" in words(page.text)


def test_the_form_of_the_page_itself_can_be_sent(client: TestClient, desk: FakeDesk):
    page = client.get("/").text
    form = page[page.index('<form id="compose"') :]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)"', form))

    sent = client.post("/tin-nhan", data={**hidden, "text": "xin chào"})

    assert sent.status_code == 303
    assert [message.text for message in desk.received] == ["xin chào"]


def test_the_desk_gets_the_message_with_its_channel_and_person(client: TestClient, desk: FakeDesk):
    send(client, "quên mật khẩu", xom="xom-3", message_id="a" * 32)

    (message,) = desk.received
    token = client.cookies["hvs_chat"].partition(".")[0]
    assert message == IncomingMessage(
        commune="thuan-trung",
        channel="webchat",
        external_id=token,
        message_id=Sessions(KEY).message_id(token, "a" * 32),
        text="quên mật khẩu",
        payload=None,
        hamlet="xom-3",
    )


def test_a_button_sends_its_payload_and_what_it_says(client: TestClient, desk: FakeDesk):
    desk.answer = lambda message: [Reply("Bước 1/2. Bác mở VNeID.", choices("Xong rồi", "Không thấy"))]
    send(client, "quên mật khẩu")

    send(client, choice="choice-2")

    assert (desk.received[1].payload, desk.received[1].text) == ("choice-2", "2. Không thấy")


def test_only_the_last_choices_are_buttons(client: TestClient, desk: FakeDesk):
    desk.answer = lambda message: [Reply("Bước.", choices(f"Xong {message.text}"))]
    send(client, "một")
    send(client, "hai")

    page = client.get("/").text

    pressed = re.findall(r"<button name=\"choice\"[^>]*>(.+?)</button>", page)
    assert [re.sub(r"<[^>]+>", "", button) for button in pressed] == [
        "1. Xong hai",
        "0. Gặp người giúp",
        "9. Quay lại",
    ]
    assert re.findall(r"<li>([^<]+)</li>", page)[:3] == ["1. Xong một", "0. Gặp người giúp", "9. Quay lại"]


def test_a_word_that_follows_a_step_leaves_the_buttons_of_the_step(client: TestClient, desk: FakeDesk):
    desk.answer = lambda message: [Reply("Bước.", choices("Xong rồi")), Reply("Cháu Lan sẽ gọi bác.")]
    send(client, "quên mật khẩu")

    talk = desk.talk(commune="thuan-trung", channel="webchat", external_id=desk.received[0].external_id)

    assert open_choices(talk) == choices("Xong rồi")
    assert open_choices(talk[2:]) is None  # a poll that brings the last word alone says nothing about them
    assert open_choices(talk[:1]) == ()


def test_an_answer_that_is_late_can_be_asked_for(client: TestClient, desk: FakeDesk):
    desk.hold()
    send(client, "quên mật khẩu")
    waiting = client.get("/").text
    desk.release()

    page = client.get("/?lan=x").text

    assert "Xem trả lời" in waiting
    assert "Xem trả lời" not in page
    assert "Dạ cháu nghe: quên mật khẩu" in page


def test_nothing_typed_is_nothing_sent(client: TestClient, desk: FakeDesk):
    sent = send(client, " \n ")

    assert (sent.status_code, sent.headers["location"]) == (303, "/#cuoi")
    assert (desk.deliveries, dict(client.cookies)) == (0, {})


def test_a_long_text_is_sent_whole(client: TestClient, desk: FakeDesk):
    send(client, "ề" * 6_000)

    assert len(desk.received[0].text) == 6_000


def test_what_people_type_is_shown_as_text(client: TestClient):
    send(client, "<script>alert(1)</script> & <b>đậm</b>", script=True)

    page = client.get("/").text

    assert "<b>" not in page
    assert page.count("<script") == 4  # our own
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;đậm&lt;/b&gt;" in page


def test_the_page_speaks_in_the_form_of_address_it_was_given(desk: FakeDesk, clock: Clock):
    page = browser(webchat(desk, clock, form="co-chu")).get("/").text

    assert "Dạ con chào cô chú." in page
    assert "bác" not in page.casefold()


# --- The script's requests ---


def test_the_script_gets_the_new_entries_alone(client: TestClient):
    first = send(client, "một", script=True)
    seen = max(int(number) for number in re.findall(r'data-id="(\d+)"', first.text))

    second = send(client, "hai", script=True, sau=seen)

    assert (first.headers["x-talk"], second.headers["x-talk"]) == ("new", "known")
    assert words(second.text) == "Bác hai Trợ lý máy Dạ cháu nghe: hai"


def test_a_poll_brings_what_a_volunteer_says_later(client: TestClient, desk: FakeDesk):
    send(client, "gặp người", script=True)
    desk.say(desk.received[0].external_id, "Cháu Lan đây ạ.")

    later = client.get("/tin-nhan?sau=4", headers=SCRIPT)

    assert words(later.text) == "Trợ lý máy Cháu Lan đây ạ."


def test_a_poll_of_nobody_is_told_that_the_talk_is_gone(client: TestClient):
    assert client.get("/tin-nhan?sau=0", headers=SCRIPT).status_code == 410


# --- Sessions ---


def test_looking_at_the_page_sets_no_cookie(client: TestClient):
    page = client.get("/?xom=xom-3")

    assert "set-cookie" not in page.headers


def test_the_cookie_is_for_this_site_and_this_visit(client: TestClient):
    attributes = send(client, "xin chào").headers["set-cookie"].split("; ")

    assert attributes[0].startswith("hvs_chat=")
    assert attributes[1:] == ["HttpOnly", "Path=/", "SameSite=lax"]


def test_the_cookie_is_secure_where_the_site_is_on_https(desk: FakeDesk, clock: Clock):
    client = browser(webchat(desk, clock, secure_cookies=True), "https://chat.test")

    sent = send(client, "xin chào")

    assert sent.headers["set-cookie"].startswith("__Host-hvs_chat=")
    assert sent.headers["set-cookie"].split("; ")[1:] == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]
    assert "xin chào" in client.get("/").text


def test_two_people_never_see_each_others_talk(app: FastAPI):
    bac_tu, ba_nam = browser(app), browser(app)
    send(bac_tu, "mã khóa của Tư")
    send(ba_nam, "lương hưu của Năm")

    pages = bac_tu.get("/").text, ba_nam.get("/").text

    assert ["của Tư" in page for page in pages] == [True, False]
    assert ["của Năm" in page for page in pages] == [False, True]


def test_a_message_id_of_somebody_else_opens_nothing(app: FastAPI, desk: FakeDesk):
    bac_tu, ba_nam = browser(app), browser(app)
    send(bac_tu, "mã khóa của Tư", message_id="x" * 32)
    send(ba_nam, "xin chào")

    answer = send(ba_nam, "tò mò", script=True, message_id="x" * 32)

    assert "của Tư" not in answer.text
    assert [message.text for message in desk.received] == ["mã khóa của Tư", "xin chào", "tò mò"]


def test_a_session_ends_after_half_an_hour_without_use(client: TestClient, desk: FakeDesk, clock: Clock):
    send(client, "chuyện cũ")
    token = desk.received[0].external_id
    clock.pass_(minutes=30)

    page = client.get("/").text

    assert "chuyện cũ" not in page
    assert desk.ended == [token]


def test_using_the_page_keeps_the_session(client: TestClient, clock: Clock):
    send(client, "chuyện đang dở")
    clock.pass_(minutes=29)
    client.get("/")
    clock.pass_(minutes=29)
    client.get("/tin-nhan?sau=0&dung=1", headers=SCRIPT)
    clock.pass_(minutes=29)

    assert "chuyện đang dở" in client.get("/").text


def test_a_poll_alone_does_not_keep_the_session(client: TestClient, clock: Clock):
    send(client, "chuyện cũ")
    for _ in range(3):
        clock.pass_(minutes=10)
        poll = client.get("/tin-nhan?sau=0", headers=SCRIPT)

    assert poll.status_code == 410


def test_writing_after_the_end_starts_a_new_talk(client: TestClient, desk: FakeDesk, clock: Clock):
    send(client, "chuyện cũ", script=True)
    clock.pass_(minutes=31)

    answer = send(client, "chuyện mới", script=True, sau=99)

    assert answer.headers["x-talk"] == "new"
    assert words(answer.text) == "Bác chuyện mới Trợ lý máy Dạ cháu nghe: chuyện mới"
    assert desk.received[0].external_id != desk.received[1].external_id


@pytest.mark.parametrize(
    "forge",
    [
        lambda token, seconds, signature: f"{token}.{int(seconds) + 60}.{signature}",
        lambda token, seconds, signature: f"{token[:-1]}A.{seconds}.{signature}",
        lambda token, seconds, signature: f"{token}.{seconds}.",
        lambda token, seconds, signature: token,
        lambda token, seconds, signature: "ề..",
    ],
)
def test_a_forged_cookie_counts_as_none(forge, app: FastAPI, desk: FakeDesk):
    honest, thief = browser(app), browser(app)
    send(honest, "chuyện riêng")
    cookie = forge(*honest.cookies["hvs_chat"].split("."))

    page = thief.get("/", headers={"Cookie": f"hvs_chat={cookie}".encode()})

    assert page.status_code == 200
    assert "chuyện riêng" not in page.text
    assert desk.ended == []


def test_leaving_ends_the_talk_and_clears_the_browser(client: TestClient, desk: FakeDesk):
    send(client, "chuyện riêng")
    old_cookie = client.cookies["hvs_chat"]

    left = client.post("/ket-thuc", data={"xom": "xom-3"})

    assert (left.status_code, left.headers["location"]) == (303, "/?xong=1&xom=xom-3")
    assert left.headers["clear-site-data"] == '"cache"'
    assert dict(client.cookies) == {}
    assert desk.ended == [desk.received[0].external_id]
    assert "chuyện riêng" not in client.get("/", headers={"Cookie": f"hvs_chat={old_cookie}"}).text


def test_a_message_sent_again_after_leaving_does_not_bring_the_talk_back(client: TestClient):
    send(client, "chuyện riêng", script=True, message_id="m" * 32)
    client.post("/ket-thuc")

    answer = send(client, "chuyện riêng", script=True, message_id="m" * 32)

    assert words(answer.text) == ""


def test_the_page_after_leaving_says_nothing_of_the_talk(client: TestClient):
    send(client, "chuyện riêng")

    page = client.get("/?xong=1&xom=xom-3").text

    assert "Đã kết thúc" in page
    assert "Bắt đầu lại" in page
    assert 'name="xom" value="xom-3"' in page
    assert "chuyện riêng" not in page


def test_leaving_works_when_the_desk_does_not(app: FastAPI, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch):
    def away(**person: str) -> None:
        raise RuntimeError("the database is away")

    client = browser(app)
    send(client, "chuyện riêng")
    monkeypatch.setattr(desk, "end", away)

    left = client.post("/ket-thuc")

    assert left.status_code == 303
    assert dict(client.cookies) == {}


def test_a_key_that_can_be_guessed_is_refused():
    with pytest.raises(ValueError, match="has 5 bytes, expected 32 or more"):
        Sessions(b"short")


# --- Counted once ---


def test_a_message_sent_twice_counts_once(client: TestClient, desk: FakeDesk):
    send(client, "xin chào")
    send(client, "quên mật khẩu", message_id="m" * 32)

    again = send(client, "quên mật khẩu", message_id="m" * 32, script=True)

    assert desk.deliveries == 3
    assert [message.text for message in desk.received] == ["xin chào", "quên mật khẩu"]
    assert words(again.text).count("Dạ cháu nghe: quên mật khẩu") == 1


def test_an_impatient_second_tap_on_the_first_message_counts_once(client: TestClient, desk: FakeDesk):
    first = send(client, "quên mật khẩu", message_id="m" * 32)
    client.cookies.clear()  # the second tap leaves before the first answer brings the cookie

    second = send(client, "quên mật khẩu", message_id="m" * 32)

    assert (first.status_code, second.status_code) == (303, 303)
    assert [message.text for message in desk.received] == ["quên mật khẩu"]
    assert "Dạ cháu nghe: quên mật khẩu" in client.get("/").text


# --- The hamlet of a link ---


@pytest.mark.parametrize(
    ("slug", "hamlet"),
    [("xom-3", "xom-3"), ("", None), ("Xóm 3", None), ("a" * 81, None), ('"><b>', None), ("-", None)],
)
def test_the_hamlet_of_a_link_reaches_the_desk(
    slug: str, hamlet: str | None, client: TestClient, desk: FakeDesk
):
    page = client.get("/", params={"xom": slug}).text
    send(client, "xin chào", xom=slug)

    assert desk.received[0].hamlet == hamlet
    assert re.findall(r'name="xom" value="([^"]*)"', page) == ([hamlet] * 3 if hamlet else [])


def test_the_hamlet_stays_in_the_address_without_the_script(client: TestClient):
    assert send(client, "xin chào", xom="xom-3").headers["location"] == "/?xom=xom-3#cuoi"


# --- What is refused, and what goes wrong ---


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/tin-nhan", "/ket-thuc"])
def test_what_another_site_sends_is_refused(
    headers: dict[str, str], path: str, client: TestClient, desk: FakeDesk
):
    send(client, "chuyện riêng")

    refused = client.post(path, data={"message_id": "m" * 32, "text": "hack"}, headers=headers)

    assert refused.status_code == 403
    assert (len(desk.received), desk.ended) == (1, [])


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "https://chat.test"}, {"Origin": "http://chat.test"}],
)
def test_what_our_own_page_sends_is_taken(headers: dict[str, str], client: TestClient):
    sent = client.post("/tin-nhan", data={"message_id": "m" * 32, "text": "xin chào"}, headers=headers)

    assert sent.status_code == 303


def test_a_form_larger_than_any_message_is_refused_in_words(client: TestClient, desk: FakeDesk):
    refused = send(client, "a" * MAX_FORM_BYTES)

    assert refused.status_code == 413
    assert "Tin dài quá nên máy không nhận được." in words(refused.text)
    assert desk.deliveries == 0


def test_a_form_without_a_length_is_refused(client: TestClient, desk: FakeDesk):
    parts = (part for part in [b"message_id=" + b"m" * 32, b"&text=a"])

    refused = client.post(
        "/tin-nhan", content=parts, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert (refused.status_code, desk.deliveries) == (411, 0)


@pytest.mark.parametrize(
    "fields", [{"message_id": "short"}, {"message_id": ""}, {"sau": "x"}, {"choice": "c" * 501}]
)
def test_a_form_that_is_not_ours_is_refused_in_words(
    fields: dict[str, str], client: TestClient, desk: FakeDesk
):
    refused = send(client, "xin chào", **fields)

    assert refused.status_code == 400
    assert "Mở lại trang" in refused.text
    assert desk.deliveries == 0


def test_when_too_many_ask_the_message_stays_to_be_sent_again(client: TestClient, desk: FakeDesk):
    desk.overload_next()

    busy = send(client, "quên <mật khẩu>", message_id="m" * 32, xom="xom-3")

    assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
    assert "Lúc này đang đông người hỏi." in words(busy.text)
    assert dict(re.findall(r'name="(\w+)" value="([^"]*)"', busy.text)) == {
        "message_id": "m" * 32,
        "text": "quên &lt;mật khẩu&gt;",
        "choice": "",
        "xom": "xom-3",
    }
    assert "set-cookie" not in busy.headers


def test_when_the_desk_fails_the_message_stays_to_be_sent_again(client: TestClient, desk: FakeDesk):
    desk.fail_next()

    failed = send(client, "quên mật khẩu", message_id="m" * 32)
    send(client, "quên mật khẩu", message_id="m" * 32)

    assert failed.status_code == 500
    assert "Máy đang trục trặc" in failed.text
    assert [message.text for message in desk.received] == ["quên mật khẩu"]


def test_when_the_database_is_away_it_is_said_that_the_fault_is_ours(client: TestClient, desk: FakeDesk):
    desk.failures.append(OperationalError("INSERT", {}, Exception("database or disk is full")))

    failed = send(client, "quên mật khẩu", message_id="m" * 32)
    send(client, "quên mật khẩu", message_id="m" * 32)

    # Without a time to wait, by which the page tells a crowd.
    assert (failed.status_code, "retry-after" in failed.headers) == (503, False)
    assert "Máy đang trục trặc" in failed.text
    assert [message.text for message in desk.received] == ["quên mật khẩu"]


def test_a_page_that_cannot_be_made_says_so(
    client: TestClient, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
):
    def away(**person: object) -> None:
        raise RuntimeError("the database is away")

    send(client, "xin chào")
    monkeypatch.setattr(desk, "talk", away)

    page = client.get("/")

    assert page.status_code == 500
    assert "Máy đang trục trặc" in page.text


# --- Headers and files ---


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/?xong=1"),
        ("GET", "/tin-nhan?sau=0"),
        ("GET", "/tin-nhan?sau=x"),
        ("POST", "/tin-nhan"),
        ("POST", "/ket-thuc"),
    ],
)
def test_every_answer_keeps_to_itself(method: str, path: str, client: TestClient):
    headers = client.request(method, path).headers

    for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in headers["content-security-policy"].split("; ")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "camera=()" in headers["permissions-policy"]


def test_files_are_kept_by_browsers_under_a_name_of_their_content(client: TestClient):
    page = client.get("/").text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)

    files = [client.get(address) for address in addresses]

    assert [re.sub(r"[0-9a-f]{12}$", "…", address) for address in addresses] == [
        "/static/icon-192.png?v=…",
        "/static/icon.svg?v=…",
        "/static/chat.css?v=…",
        "/static/view.js?v=…",
        "/static/chat.js?v=…",
        "/static/listen.js?v=…",
        "/static/speak.js?v=…",
    ]
    for file in files:
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert file.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["missing.css", "..%2Fpage.py", "%2e%2e/session.py"])
def test_nothing_but_the_files_is_served(name: str, client: TestClient):
    assert client.get(f"/static/{name}").status_code == 404


def test_the_page_has_neither_inline_scripts_nor_inline_styles(client: TestClient):
    send(client, "xin chào")

    page = client.get("/").text

    assert re.findall(r"<style|style=|<script>|\son\w+=|javascript:", page) == []


def test_where_no_engine_speaks_the_server_offers_no_sound(client: TestClient):
    send(client, "xin chào")

    assert "data-server" not in client.get("/").text
    assert client.get("/nghe/2").status_code == 404


# --- Words ---


def test_every_phrase_of_the_page_is_used_and_there():
    web = Path(__file__).parents[2] / "bot" / "web"
    used = {
        key
        for path in (web / "templates").glob("*.html")
        for key in re.findall(r"""t\(["']web\.(\w+)["'][,)]""", path.read_text())
    }
    # Those that a page names by a value: who speaks, which notice, why a message was not sent.
    named = {
        "learner",
        "assistant",
        "done",
        "refused",
        "too_big",
        "broken",
        "data_none",
        "paper_none",
        "not_sent_busy",
        "not_sent_broken",
        "not_sent_too_fast",
        "full",
        "app_name",
        "guide_not_kept",
        "no_such_guide",
    }

    assert used | named == {key.removeprefix("web.") for key in phrases() if key.startswith("web.")}
