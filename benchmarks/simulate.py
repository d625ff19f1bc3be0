"""Made-up learners who talk to a whole assistant over a channel's fake platform: for shows and for load.

A real server on a free port of 127.0.0.1 with a data folder of its own, the platform's fake beside
it, and learners in threads. At the end the outbox is compared with what arrived, message by message.

Run: hocvuso simulate --learners 200 --channel zalo-oa
"""

import html
import random
import re
import secrets
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx
import uvicorn
from sqlalchemy import func, select

from benchmarks.machine import machine, percentile
from bot.app import build_app
from bot.assembly import Assistant, open_assistant, utc_now
from bot.channels.zalo_bot import webhook_path
from bot.content import Content
from bot.settings import Settings
from records.models import InboxMessage, OutboxMessage
from records.sample import SLUG
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import TOKEN, FakeZaloBot
from tests.fakes.zalo_oa import APP_ID, APP_SECRET, FIRST_REFRESH, OA_SECRET, FakeZaloOa

AT_ONCE = 100  # learners who talk at a time; the others wait for their turn
CLIENTS = 8  # connections of the platform to our webhook
LOOK_S = 0.01
ENTRY = re.compile(r'<div class="entry assistant" data-id="(\d+)".*?<p class="said">(.*?)</p>', re.DOTALL)


@dataclass
class Report:
    learners: int = 0
    answered: int = 0  # learners who got a reply to each of their messages
    messages: int = 0
    replies: int = 0
    waits_s: list[float] = field(default_factory=list)  # from a message to its first reply
    lost: int = 0
    doubled: int = 0
    given_up: int = 0
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        return self.answered == self.learners and not (self.lost or self.doubled or self.given_up)

    def lines(self) -> list[str]:
        p50, p95 = (percentile(self.waits_s, share) if self.waits_s else 0.0 for share in (0.5, 0.95))
        return [
            f"learners answered  {self.answered} of {self.learners}",
            f"messages, replies  {self.messages}, {self.replies}",
            f"first reply        p50 {p50:.2f} s, p95 {p95:.2f} s",
            f"lost, doubled      {self.lost}, {self.doubled}",
            f"given up           {self.given_up}",
            f"took               {self.seconds:.1f} s on {machine()}",
        ]


class Platform(Protocol):
    """A channel's platform and the people on it. Safe to call from several threads."""

    channel: str

    def accounts(self) -> str:
        """What stands in channels.toml."""

    def meet(self, url: str) -> None:
        """The assistant is at `url` from now on."""

    def say(self, learner: int, text: str) -> float:
        """Returns once the message is taken; the moment (monotonic) at which it left."""

    def count(self, learner: int) -> int:
        """How many replies the learner has got."""

    def texts(self) -> Counter[str]:
        """All replies that arrived, however often."""

    def close(self) -> None: ...


class Mailboxes:
    """Counts what a fake sent to whom; one thread looks, so that learners need not."""

    def __init__(self, sent: Callable[[], Sequence[Any]], person_of: Callable[[Any], str]) -> None:
        self._sent, self._person_of = sent, person_of
        self.counts: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _look(self) -> None:
        seen = 0
        while not self._stopping.wait(LOOK_S):
            sent = self._sent()
            for number in range(seen, seen := len(sent)):
                self.counts[self._person_of(sent[number])] += 1


class Deliveries:
    """Delivers each event several times at once, from the few connections a platform has."""

    def __init__(self, times: int) -> None:
        self._times, self._clients = times, ThreadPoolExecutor(CLIENTS)

    def deliver(self, push: Callable[[], httpx.Response]) -> float:
        """Until it is taken at least once; a platform comes again when it is told to."""

        def timed() -> tuple[float, bool]:
            return time.monotonic(), push().is_success

        waiting = [self._clients.submit(timed) for _ in range(self._times)]
        while True:
            left, is_taken = waiting.pop(0).result()
            if is_taken:
                return left
            waiting.append(self._clients.submit(timed))

    def close(self) -> None:
        self._clients.shutdown()


class ZaloBotPlatform:
    channel = "zalo-bot"

    def __init__(self, times: int) -> None:
        self._fake, self._url = FakeZaloBot(), ""
        self._boxes = Mailboxes(lambda: self._fake.sent, lambda sent: sent.chat_id)
        self._deliveries = Deliveries(times)

    def accounts(self) -> str:
        return _toml(self.channel, token=TOKEN, base_url=self._fake.url, mode="webhook", webhook_secret=TOKEN)

    def meet(self, url: str) -> None:
        self._url = url
        self._fake.webhook = {"url": f"https://xa.example.vn{webhook_path(SLUG)}", "secret_token": TOKEN}

    def say(self, learner: int, text: str) -> float:
        event = self._fake.event(f"chat-{learner}", text)
        return self._deliveries.deliver(lambda: self._fake.push(event, self._url))

    def count(self, learner: int) -> int:
        return self._boxes.counts[f"chat-{learner}"]

    def texts(self) -> Counter[str]:
        return Counter(sent.text for sent in self._fake.sent)

    def close(self) -> None:
        self._deliveries.close()
        self._boxes.close()
        self._fake.close()


class ZaloOaPlatform:
    channel = "zalo-oa"

    def __init__(self, times: int) -> None:
        self._fake, self._url = FakeZaloOa(utc_now), ""
        self._boxes = Mailboxes(lambda: self._fake.sent, lambda sent: sent.user)
        self._deliveries = Deliveries(times)

    def accounts(self) -> str:
        return _toml(
            self.channel,
            app_id=APP_ID,
            app_secret=APP_SECRET,
            oa_secret=OA_SECRET,
            refresh_token=FIRST_REFRESH,
            base_url=self._fake.url,
            oauth_url=self._fake.url,
        )

    def meet(self, url: str) -> None:
        self._url = f"{url}/channels/zalo-oa/{SLUG}"

    def say(self, learner: int, text: str) -> float:
        event = self._fake.said(f"user-{learner}", text=text)
        return self._deliveries.deliver(lambda: self._fake.push(event, self._url))

    def count(self, learner: int) -> int:
        return self._boxes.counts[f"user-{learner}"]

    def texts(self) -> Counter[str]:
        return Counter(sent.text for sent in self._fake.sent)

    def close(self) -> None:
        self._deliveries.close()
        self._boxes.close()
        self._fake.close()


class TelegramPlatform:
    """Updates are fetched; the fake hands each out until it is confirmed, as the platform does."""

    channel = "telegram"

    def __init__(self, times: int) -> None:
        if times > 1:
            raise ValueError("found several deliveries on telegram, expected a channel with a webhook")
        self._fake = FakeTelegram()
        self._boxes = Mailboxes(lambda: self._fake.sent, lambda sent: str(sent.chat))

    def accounts(self) -> str:
        return _toml(self.channel, token=self._fake.token, base_url=self._fake.url)

    def meet(self, url: str) -> None:
        """Updates are fetched from here."""

    def say(self, learner: int, text: str) -> float:
        left = time.monotonic()
        self._fake.writes(_chat(learner), text)
        return left

    def count(self, learner: int) -> int:
        return self._boxes.counts[str(_chat(learner))]

    def texts(self) -> Counter[str]:
        return Counter(sent.text for sent in self._fake.sent)

    def close(self) -> None:
        self._boxes.close()
        self._fake.close()


class WebPlatform:
    """Browsers with the script: they send, wait, and ask for what comes later."""

    channel = "webchat"

    def __init__(self, times: int) -> None:
        self._url, self._times = "", times
        self._browsers: dict[int, Browser] = {}
        self._lock = threading.Lock()

    def accounts(self) -> str:
        return ""

    def meet(self, url: str) -> None:
        self._url = url

    def say(self, learner: int, text: str) -> float:
        with self._lock:
            browser = self._browsers.setdefault(learner, Browser(self._url))
        left = time.monotonic()
        browser.say(text, times=self._times)
        return left

    def count(self, learner: int) -> int:
        return self._browsers[learner].look()

    def texts(self) -> Counter[str]:
        for browser in self._browsers.values():
            browser.look()
        return Counter(text for browser in self._browsers.values() for text in browser.got)

    def close(self) -> None:
        for browser in self._browsers.values():
            browser.close()


class Browser:
    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30)
        self.got: list[str] = []
        self._newest = 0

    def say(self, text: str, *, times: int) -> None:
        """The same form `times` times, as an impatient thumb sends it; later ones bring nothing new."""
        form = {"text": text, "message_id": secrets.token_urlsafe(16)}
        headers = {"X-Requested-With": "fetch"}
        for _ in range(times):
            while True:
                answer = self._http.post(
                    "/tin-nhan", data={**form, "sau": str(self._newest)}, headers=headers
                )
                if answer.is_success:
                    break
            self._read(answer)

    def look(self) -> int:
        self._read(self._http.get("/tin-nhan", params={"sau": self._newest}))
        return len(self.got)

    def close(self) -> None:
        self._http.close()

    def _read(self, answer: httpx.Response) -> None:
        for number, text in ENTRY.findall(answer.text):
            self.got.append(html.unescape(text))
            self._newest = max(self._newest, int(number))


PLATFORMS: dict[str, Callable[[int], Platform]] = {
    "telegram": TelegramPlatform,
    "zalo-bot": ZaloBotPlatform,
    "zalo-oa": ZaloOaPlatform,
    "webchat": WebPlatform,
}


def simulate(
    *,
    learners: int,
    channel: str,
    seconds: float,
    deliveries: int = 1,
    seed: int = 20261122,
    content: Content | None = None,
) -> Report:
    """Let `learners` talk for at most `seconds` in all; each message is delivered `deliveries` times.

    `content` may be given when it is loaded already.
    """
    began = time.monotonic()
    until = began + seconds
    platform = PLATFORMS[channel](deliveries)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            _env_file=None,
            data_folder=Path(folder),
            port=0,
            commune=SLUG,
            rate_person=0,
            rate_address=0,
            rate_new_talks=0,
        )
        accounts = Path(folder) / "channels.toml"
        accounts.touch(mode=0o600)
        accounts.write_text(platform.accounts(), encoding="utf-8")
        with _served(settings, platform, content) as assistant:
            report = _talk(assistant, platform, learners, until, seed)
            _settle(assistant, platform, until)
            compare(assistant, platform, report)
    report.seconds = time.monotonic() - began
    return report


@contextmanager
def _served(settings: Settings, platform: Platform, content: Content | None) -> Iterator[Assistant]:
    """The assistant on a free port; the platform is closed last, for the channel still uses it."""
    try:
        with (
            open_assistant(settings, content=content) as assistant,
            socket.create_server(("127.0.0.1", 0)) as listener,
        ):
            config = uvicorn.Config(build_app(assistant), log_config=None, timeout_graceful_shutdown=5)
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, args=([listener],))
            thread.start()
            platform.meet(f"http://127.0.0.1:{listener.getsockname()[1]}")
            try:
                yield assistant
            finally:
                server.should_exit = True
                thread.join()
    finally:
        platform.close()


def _talk(assistant: Assistant, platform: Platform, learners: int, until: float, seed: int) -> Report:
    questions = [guide.questions for guide in assistant.content.library().guides.values()]
    report = Report(learners=learners)
    with ThreadPoolExecutor(min(learners, AT_ONCE)) as threads:
        talks = [
            threads.submit(_one_talk, platform, number, script(questions, seed + number), until)
            for number in range(1, learners + 1)
        ]
        for talk in talks:
            said, waits_s, is_answered = talk.result()
            report.messages += said
            report.waits_s += waits_s
            report.answered += is_answered
    return report


def script(questions: Sequence[Sequence[str]], seed: int) -> list[str]:
    """Greets, asks what a guide is asked with, goes on or gets stuck, sometimes calls a person, thanks."""
    chance = random.Random(seed)
    steps = chance.choices(["1", "xong rồi", "2", "9"], weights=[5, 3, 2, 1], k=chance.randint(1, 4))
    ending = ["0", "cảm ơn cháu"] if chance.random() < 0.2 else ["cảm ơn cháu"]
    return ["chào cháu", chance.choice(chance.choice(questions)), *steps, *ending]


def _one_talk(
    platform: Platform, learner: int, texts: Sequence[str], until: float
) -> tuple[int, list[float], bool]:
    """(messages said, how long each first reply took, whether each got one)"""
    waits_s: list[float] = []
    for said, text in enumerate(texts, 1):
        before = platform.count(learner) if said > 1 else 0
        left = platform.say(learner, text)
        while platform.count(learner) == before:
            if time.monotonic() > until:
                return said, waits_s, False
            time.sleep(LOOK_S)
        waits_s.append(time.monotonic() - left)
    return len(texts), waits_s, True


def _settle(assistant: Assistant, platform: Platform, until: float) -> None:
    """Wait for the last replies: the first part of a long one counts as an answer."""
    open_rows = select(func.count()).where(OutboxMessage.state.in_(("pending", "sending")))
    while time.monotonic() < until:
        with assistant.database.read() as session:
            pending = session.scalar(select(func.count()).where(InboxMessage.state == "pending"))
            unsent = session.scalar(open_rows) if platform.channel != "webchat" else 0
        if not pending and not unsent:
            return
        time.sleep(10 * LOOK_S)


def compare(assistant: Assistant, platform: Platform, report: Report) -> None:
    """Each reply in the outbox must have arrived once; whitespace is the page's own."""
    arrived: Counter[str] = Counter()
    for text, count in platform.texts().items():
        arrived[" ".join(text.split())] += count
    with assistant.database.read() as session:
        rows = session.scalars(select(OutboxMessage)).all()
    meant = Counter(" ".join(row.body["text"].split()) for row in rows)
    report.replies = len(rows)
    report.lost = (meant - arrived).total()
    report.doubled = (arrived - meant).total()
    report.given_up = sum(row.state == "dead" for row in rows)


def _toml(channel: str, **fields: str) -> str:
    lines = [f'{name} = "{value}"' for name, value in {"channel": channel, "commune": SLUG, **fields}.items()]
    return "\n".join(["[[account]]", *lines, ""])


def _chat(learner: int) -> int:
    return 1_000_000 + learner
