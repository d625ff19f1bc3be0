"""The web chat in Chromium: a running page, the desk behind it, and what its looks are measured by.

The fixtures `chromium` and `chat` are in conftest.
"""

import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bot.channels.webchat import build_webchat_router
from bot.messages import IncomingMessage
from knowledge.library import CONTENT, Library, library_of, load_guide
from knowledge.phrases import load_phrases
from tests.fakes.desk import FakeDesk, Reply, choices

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a microphone that beeps
    "--use-fake-ui-for-media-stream",  # and is allowed
]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1366, "height": 768}, "has_touch": False, "is_mobile": False}

GUIDES = ("at-otp", "kn-chu-to", "kn-wifi", "vneid-quen-mat-khau")

phrases = cache(load_phrases)


@cache
def library() -> Library:
    return library_of(load_guide(CONTENT / "guides" / f"{slug}.md", CONTENT) for slug in GUIDES)


INTRO = """Cháu chỉ bác việc: Quên mật khẩu VNeID, có 5 bước.
Cần có sẵn: điện thoại đã đăng ký, thẻ căn cước
Theo Bộ Công an, xem lại ngày 12/11/2026."""
STEP = """Bước {}/5. Bác bấm vào chữ "Quên mật khẩu" ở dưới ô mật khẩu.
Máy hiện: ô để bác gõ số căn cước."""


URGENT = """⚠️ Bác làm ngay 3 việc:
1) Gọi số ở mặt sau thẻ ngân hàng, xin khóa tài khoản.
2) Không chuyển thêm tiền, không xóa tin nhắn.
3) Báo công an: 113."""


def guide(message: IncomingMessage) -> list[Reply]:
    if "bị lừa" in message.text:
        return [Reply(URGENT, choices("Vâng, nhờ người gọi lại", "Để tôi tự gọi"))]
    if message.payload == "choice-1" or message.text == "1":
        return [Reply(STEP.format(2), choices("Xong rồi", "Không thấy"))]
    return [Reply(INTRO), Reply(STEP.format(1), choices("Xong rồi", "Không thấy"))]


@dataclass
class Chat:
    """A running chat page, and the desk behind it."""

    url: str
    desk: FakeDesk
    now: dt.datetime  # the server's time
    open: Callable[..., Page]
    heard: list[str] = field(default_factory=list)  # the texts of which somebody wanted the sound

    def hear(self, text: str) -> bytes:
        self.heard.append(text)
        return b""

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.desk.received]


@contextmanager
def open_chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: install the Debian package 'chromium'")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def open_chat(chromium: Browser, now: dt.datetime, **more: Any) -> Iterator[Chat]:
    """`more` goes to the router, over what it has otherwise."""
    contexts: list[BrowserContext] = []

    def open_page(path: str = "/", **options: Any) -> Page:
        # The worker keeps pages from the network: only tests of it let it.
        context = chromium.new_context(locale="vi-VN", **({**PHONE, "service_workers": "block", **options}))
        context.set_default_timeout(5_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(chat.url + path)
        return page

    chat = Chat("", FakeDesk(guide), now, open_page)
    app = FastAPI()
    app.include_router(
        build_webchat_router(
            chat.desk,
            phrases(),
            commune="thuan-trung",
            place="xã Thuần Trung",
            key=bytes(range(32)),
            secure_cookies=False,
            clock=lambda: chat.now,
            reply_timeout_s=0.2,
            **{"library": library, "basics": ("at-otp", "kn-wifi"), "hear": chat.hear, **more},
        )
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        chat.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield chat
        for context in contexts:
            context.close()
        server.should_exit = True
        thread.join()


def ask(page: Page, text: str) -> None:
    page.get_by_label("Bác gõ câu hỏi vào đây").fill(text)
    page.get_by_role("button", name="Gửi", exact=True).click()


def answered(page: Page, text: str = "Bước 1/5") -> None:
    expect(page.get_by_role("log")).to_contain_text(text)


def buttons(page: Page) -> list[str]:
    return page.locator("#choices button").all_inner_texts()


MEASURE = """() => {
  const luminance = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/^rgba.*, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const isSeen = (element) => {
    const box = element.getBoundingClientRect();
    return element.checkVisibility({ visibilityProperty: true }) && box.width > 1 && box.height > 1;
  };
  const isText = (element) => Array.from(element.childNodes).some(
    (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  const texts = Array.from(document.body.querySelectorAll("*"))
    .filter((element) => isSeen(element) && isText(element))
    .map((element) => {
      const style = getComputedStyle(element);
      const [dark, light] = [luminance(style.color), luminance(ground(element))].sort((a, b) => a - b);
      return { text: element.textContent.trim().slice(0, 40), contrast: (light + 0.05) / (dark + 0.05),
        size: parseFloat(style.fontSize), line: parseFloat(style.lineHeight) / parseFloat(style.fontSize),
        isRead: element.matches(".said, .about p, .numbered li, .notice p, .reading :is(p, li)") };
    });
  const pressed = "button, textarea, a[href], summary, input:not([type=hidden])";
  const targets = Array.from(document.querySelectorAll(pressed)).filter(isSeen)
    .map((element) => {
      const { width, height } = element.getBoundingClientRect();
      return { text: element.textContent.trim() || element.id, side: Math.min(width, height) };
    });
  return { texts, targets };
}"""

OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  const isWide = (element) => element.getBoundingClientRect().right > width + 0.5
    || element.scrollWidth > element.clientWidth + 1;
  const wide = Array.from(document.body.querySelectorAll("*"))
    .filter((element) => !element.closest(".unseen, .who, .numbered, .title") && isWide(element))
    .map((element) => element.outerHTML.slice(0, 80));
  return { page: document.documentElement.scrollWidth - width, wide };
}"""
