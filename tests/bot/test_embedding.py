"""The chat on the commune's portal, in Chromium: two origins, one of which may frame it and one may not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect

from bot.app import build_app
from bot.assembly import Assistant, open_assistant
from bot.content import Content
from bot.settings import Settings
from records.api_keys import EMBED, add_key
from records.communes import find_commune
from tests.security.conftest import served

MAX_SCRIPT = 5 * 1024  # bytes


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, content: Content, migrated_sqlite: Path
) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("embedding")
    (folder / "hocvuso.db").write_bytes(migrated_sqlite.read_bytes())
    with open_assistant(Settings(_env_file=None, data_folder=folder), content=content) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def app(site: Assistant) -> FastAPI:
    return build_app(site)


@pytest.fixture
def http(app: FastAPI) -> TestClient:
    return TestClient(app)


@pytest.fixture(scope="module")
def chat_url(app: FastAPI) -> Iterator[str]:
    with served(app) as url:
        yield url


@pytest.fixture(scope="module")
def portal(site: Assistant, chat_url: str) -> Iterator[int]:
    """The port of the portal, which may frame the chat as http://localhost and not as http://127.0.0.1.

    Its pages forbid styles and scripts of their own, as a careful portal does.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = f'<script src="{chat_url}/nhung.js" data-commune="xa-mau" async></script>'
            frame = f'<iframe title="chat" src="{chat_url}/"></iframe>'
            part = frame if self.path == "/ordinary" else script
            body = f'<!doctype html><html lang="vi"><title>Xã</title><main><h1>Xã</h1>{part}</main></html>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            policy = f"default-src 'none'; script-src {chat_url}; frame-src {chat_url}"
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with site.database.write() as session:
        commune = find_commune(session, "xa-mau")
        assert commune is not None
        add_key(
            session, commune_id=commune.id, name="cổng", scopes=[EMBED], by="staff:lan", now=site.clock(),
            origins=[f"http://localhost:{server.server_port}"],
        )  # fmt: skip
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 360, "height": 640})
    page = context.new_page()
    yield page
    context.close()


def test_the_talk_works_in_a_frame_on_a_phone_and_with_a_keyboard(page: Page, portal: int, chat_url: str):
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(f"http://localhost:{portal}/")

    page.get_by_role("button", name="Hỏi trợ lý số").focus()
    page.keyboard.press("Enter")
    window = page.get_by_role("dialog", name="Trợ lý Bình dân học vụ số")
    expect(window).to_be_in_viewport(ratio=1)
    expect(window.get_by_role("button", name="Đóng cửa sổ")).to_be_focused()
    frame = page.frame_locator("iframe")
    for question in ("quên mật khẩu vneid", "1"):
        frame.get_by_label("Bác gõ câu hỏi vào đây").fill(question)
        frame.get_by_role("button", name="Gửi", exact=True).click()
        expect(frame.locator(".entry.learner")).to_have_count(1 if "vneid" in question else 2)

    # The second message belongs to the first: the cookie came back, apart from any other site's.
    (cookie,) = page.context.cookies(chat_url)
    expect(frame.locator("#log .entry.assistant").last).to_contain_text("Bước 2")
    assert (cookie["name"], cookie["sameSite"], cookie["secure"]) == ("hvs_chat_xa-mau", "None", True)
    assert cookie["partitionKey"] == "http://localhost"
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert [each["id"] for each in found.response["violations"]] == []
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert [each.evaluate(overflow) for each in page.frames] == [0, 0]

    frame.get_by_label("Bác gõ câu hỏi vào đây").press("Escape")
    expect(window).to_be_hidden()
    expect(page.get_by_role("button", name="Hỏi trợ lý số")).to_be_focused()
    assert problems == []


def test_a_page_of_another_origin_shows_no_talk_and_the_ordinary_chat_is_in_no_frame(page: Page, portal: int):
    is_refusal = "frame-ancestors"
    field = page.frame_locator("iframe").get_by_label("Bác gõ câu hỏi vào đây")

    page.goto(f"http://127.0.0.1:{portal}/")
    with page.expect_console_message(lambda message: is_refusal in message.text) as foreign:
        page.get_by_role("button", name="Hỏi trợ lý số").click()
    expect(field).to_have_count(0)
    with page.expect_console_message(lambda message: is_refusal in message.text) as ordinary:
        page.goto(f"http://localhost:{portal}/ordinary")
    expect(field).to_have_count(0)

    assert f"frame-ancestors http://localhost:{portal}" in foreign.value.text
    assert "frame-ancestors 'none'" in ordinary.value.text


def test_the_script_is_small_and_says_nothing_about_anybody(http: TestClient):
    answer = http.get("/nhung.js")

    assert len(answer.content) < MAX_SCRIPT
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "set-cookie" not in answer.headers


def test_a_commune_whose_key_was_revoked_is_framed_by_nobody(site: Assistant, http: TestClient):
    with site.database.write() as session:
        commune = find_commune(session, "xa-mau")
        assert commune is not None
        key, _ = add_key(
            session, commune_id=commune.id, name="thử", scopes=[EMBED], origins=["https://a.example.vn"],
            by="staff:lan", now=site.clock(),
        )  # fmt: skip
    before = http.get("/nhung/xa-mau/").headers["content-security-policy"]
    with site.database.write() as session:
        session.merge(key).revoked_at = site.clock()
    after = http.get("/nhung/xa-mau/").headers["content-security-policy"]

    assert "https://a.example.vn" in before.partition("frame-ancestors ")[2]
    assert "https://a.example.vn" not in after
    assert "frame-ancestors 'none'" in http.get("/").headers["content-security-policy"]
    assert http.get("/nhung/khong-co/").status_code == 404
