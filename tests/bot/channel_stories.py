"""What people do on any channel, told once: greet, ask, choose, walk a guide, call a person, come back.

A channel's tests bring a fake of its platform, a `Person` who writes through it, and a `House`, the
whole assistant with that channel on a socket of 127.0.0.1:

    @pytest.mark.parametrize("story", STORIES, ids=name)
    def test_a_person_on_this_channel(story: Story, person: MyPerson, house: House):
        story(person, house)

A house may be shared by several stories, each with a person of its own.
"""

import random
import re
import socket
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass
from typing import Protocol, TypeVar

import uvicorn
from sqlalchemy import Select, func, select

from bot.app import build_app
from bot.assembly import Assistant
from bot.channels.base import Channel
from bot.channels.build import ChannelParts
from bot.guide_pages import guide_pages
from bot.intake import Intake
from bot.render import utf16_length
from records.models import Completion, Conversation, Handoff, InboxMessage, OutboxMessage, Question
from records.only_one import Leadership
from tests.bot.conftest import HandClock

ASK = "quen mat khau vneid lam sao"
TITLE, STEPS = "Quên mật khẩu VNeID", 7
COMMUNE = "xa-mau"
PATIENCE_S = 60.0


class Person(Protocol):
    """Somebody with the channel's app. What they do reaches the assistant as the platform sends it."""

    max_text: int  # UTF-16 units that one message on this channel can have

    def say(self, text: str) -> None: ...

    def press(self, title: str) -> None:
        """The button that ends with `title`, of the newest message that has such a button."""

    def heard(self) -> list[str]:
        """The messages that arrived since the last call, oldest first, once everything is answered.

        A fake platform that pushes updates waits with `House.settle` before it looks.
        """


Build = Callable[[ChannelParts], Channel]
Story = Callable[[Person, "House"], None]


def name(story: Story) -> str:
    return story.__name__


class House:
    """The assistant with one channel, served from a thread; `restart` keeps its data and its port."""

    def __init__(
        self, open_house: Callable[[], AbstractContextManager[Assistant]], build: Build, clock: HandClock
    ) -> None:
        """`open_house` opens the same assistant each time; `build` makes the channel of its parts."""
        self._open, self._build, self.clock = open_house, build, clock
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "House":
        self._opened = self._open()
        self.assistant = self._opened.__enter__()
        self.channel = self._build(parts_of(self.assistant))
        commune = self.assistant.directory.by_slug(self.channel.commune)
        self.assistant.switchboard.add(self.channel, commune_id=commune.id)
        config = uvicorn.Config(build_app(self.assistant), log_config=None, timeout_graceful_shutdown=5)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener.dup()],))
        self._thread.start()
        wait_until(lambda: self._server.started, "the application to start")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the application did not stop"
        self._opened.__exit__(None, None, None)

    def close(self) -> None:
        self._listener.close()

    def restart(self, **later: float) -> None:
        """Stop and start again; `later` (hours=2) has gone by meanwhile."""
        self.__exit__()
        self.clock.forward(**later)
        self.__enter__()

    def settle(self) -> None:
        """Wait until every message is answered and every reply is sent or given up."""
        wait_until(lambda: self._open_rows() == 0, "the inbox and the outbox to be done")

    def count(self, model: type[InboxMessage | OutboxMessage | Completion | Handoff]) -> int:
        with self.assistant.database.read() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def _open_rows(self) -> int:
        with self.assistant.database.read() as session:
            waiting = select(func.count()).where(InboxMessage.state == "pending")
            unsent = select(func.count()).where(
                OutboxMessage.state.in_(("pending", "sending")),
                OutboxMessage.channel != "webchat",  # whose pages fetch it
            )
            return (session.scalar(waiting) or 0) + (session.scalar(unsent) or 0)


def parts_of(assistant: Assistant) -> ChannelParts:
    """What `open_assistant` gives the channels of the settings."""
    return ChannelParts(
        desk=assistant.desk,
        intake=Intake(assistant.desk),
        phrases=assistant.phrases,
        clock=assistant.clock,
        database=assistant.database,
        vault=assistant.vault,
        guide_pages=lambda query: guide_pages(query, content=assistant.content, phrases=assistant.phrases),
        commune_id=lambda slug: assistant.directory.by_slug(slug).id,
        fetching=lambda name: Leadership(assistant.database, name),
        file=lambda path: assistant.pictures.png(path) or assistant.papers.file(path),
        sound=assistant.voices.sound,
        sound_path=assistant.voices.path_of,
    )


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < until, f"waited in vain for {what}"
        pause.wait(0.005)


# --- Deliveries that come again -------------------------------------------------------------------

Update = TypeVar("Update")


def deliver_again_and_again(
    push: Callable[[Update], int], updates: Sequence[Update], *, clients: int = 8, most: int = 5
) -> int:
    """Push each update one to `most` times, in no order, from several clients at once.

    Returns how many deliveries that were. `push` returns a status, which must be 200.
    """
    luck = random.Random(7)
    deliveries = [update for update in updates for _ in range(luck.randint(1, most))]
    luck.shuffle(deliveries)
    with ThreadPoolExecutor(clients) as pool:
        statuses = Counter(pool.map(push, deliveries))
    assert statuses == {200: len(deliveries)}
    return len(deliveries)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a house has on record. Two tallies can be subtracted."""

    messages: int
    turns: int
    questions: int
    replies: int
    sent: int

    def __sub__(self, before: "Tally") -> "Tally":
        return Tally(*(now - then for now, then in zip(astuple(self), astuple(before), strict=True)))


def tally(house: House) -> Tally:
    with house.assistant.database.read() as session:

        def count(statement: Select[int]) -> int:
            return session.scalar(statement) or 0

        sent = select(func.count()).where(OutboxMessage.state == "sent")
        return Tally(
            messages=count(select(func.count()).select_from(InboxMessage)),
            turns=count(select(func.sum(Conversation.turns))),
            questions=count(select(func.count()).select_from(Question)),
            replies=count(select(func.count()).select_from(OutboxMessage)),
            sent=count(sent),
        )


# --- The stories ----------------------------------------------------------------------------------


def greets(person: Person, house: House) -> None:
    person.say("chào cháu")

    (greeting,) = person.heard()
    assert "trợ lý máy của xã Mẫu" in greeting


def asks_and_gets_the_first_step(person: Person, house: House) -> None:
    person.say(ASK)

    intro, step, notice = person.heard()
    assert intro.splitlines()[0] == f"Cháu chỉ bác việc: {TITLE}, có {STEPS} bước."
    assert step.startswith(f"Bước 1/{STEPS}. Bác mở ứng dụng VNeID")
    choices = ["1. Xong rồi", "2. Không thấy", "0. Gặp người giúp · 9. Quay lại"]
    if house.assistant.voices.way(COMMUNE, house.channel.name, public_url=None) == "message":
        choices.insert(2, "3. Nghe đọc bước này")
    assert step.splitlines()[-len(choices) :] == choices
    assert '"dữ liệu của tôi"' in notice


def chooses_by_number(person: Person, house: House) -> None:
    person.say("menu")
    assert re.search(r"^1\. ", person.heard()[0], re.MULTILINE)

    person.say("1")
    first = person.heard()[0].splitlines()[1].removeprefix("1. ")
    person.say("1")
    assert person.heard()[0].startswith(f"Cháu chỉ bác việc: {first}")


def chooses_by_button(person: Person, house: House) -> None:
    """For channels with buttons."""
    before = house.count(Handoff)
    person.say(ASK)
    person.heard()

    person.press("Xong rồi")
    assert person.heard()[0].startswith(f"Bước 2/{STEPS}.")
    person.press("Quay lại")
    assert person.heard()[0].startswith(f"Bước 1/{STEPS}.")
    person.press("Gặp người giúp")
    assert person.heard()[0].startswith("Cháu đã ghi lại")
    assert house.count(Handoff) == before + 1


def walks_a_guide_to_its_end(person: Person, house: House) -> None:
    before = house.count(Completion)
    person.say(ASK)
    assert person.heard()[1].startswith(f"Bước 1/{STEPS}.")

    seen = []
    for _ in range(STEPS - 1):
        person.say("xong rồi")
        seen.append(person.heard()[0].split(".")[0])
    person.say("1")
    closing = person.heard()[0]
    person.say("có rồi")
    finished = person.heard()

    assert seen == [f"Bước {number}/{STEPS}" for number in range(2, STEPS + 1)]
    assert closing.splitlines()[0].endswith("chưa ạ?")
    assert finished[0].startswith("✅")
    assert house.count(Completion) == before + 1


def calls_a_person(person: Person, house: House) -> None:
    before = house.count(Handoff)
    person.say(ASK)
    person.say("0")

    assert person.heard()[-1].startswith("Cháu đã ghi lại để người của xã Mẫu biết bác cần giúp.")
    assert house.count(Handoff) == before + 1


def goes_on_after_a_restart(person: Person, house: House) -> None:
    person.say(ASK)
    person.say("1")
    person.heard()

    house.restart(hours=2)
    person.say("chào cháu")

    offered = person.heard()[-1]
    assert f'"{TITLE}"' in offered
    assert "1. Làm tiếp bước 2" in offered
    person.say("1")
    assert person.heard()[0].startswith(f"Bước 2/{STEPS}.")


def writes_at_great_length(person: Person, house: House) -> None:
    person.say(("quên mật khẩu vneid " + "a " * 2_000)[: person.max_text])

    first, *others = person.heard()
    if person.max_text >= 2_000:
        assert first.startswith("Tin của bác dài quá, cháu chỉ đọc được phần đầu.")
        assert others


def gets_all_steps_at_once(person: Person, house: House) -> None:
    person.say(ASK)
    person.heard()
    person.say("xem hết các bước")

    said = person.heard()
    steps = re.findall(r"^(\d)\. Bác ", "\n".join(said), re.MULTILINE)
    assert steps[:STEPS] == [str(number) for number in range(1, STEPS + 1)]
    assert max(utf16_length(text) for text in said) <= person.max_text


def writes_with_emoji(person: Person, house: House) -> None:
    person.say("😀👨‍👩‍👧‍👦🇻🇳")
    assert person.heard()

    person.say("quên mật khẩu VNeID 😭😭")
    assert TITLE in person.heard()[0]


def writes_decomposed_letters(person: Person, house: House) -> None:
    person.say(unicodedata.normalize("NFD", "Quên mật khẩu VNeID"))

    said = person.heard()
    assert TITLE in said[0]
    assert said == [unicodedata.normalize("NFC", text) for text in said]


def sends_a_secret(person: Person, house: House) -> None:
    person.say("mã otp 771204 của vneid nhập vào đâu")

    said = person.heard()
    assert said[0].startswith("⚠️ Bác vừa gửi dãy giống mã OTP.")
    assert "771204" not in " ".join(said)
    with house.assistant.database.read() as session:
        assert not any("771204" in text for text in session.scalars(select(InboxMessage.text)))


STORIES: tuple[Story, ...] = (
    greets,
    asks_and_gets_the_first_step,
    chooses_by_number,
    walks_a_guide_to_its_end,
    calls_a_person,
    goes_on_after_a_restart,
    writes_at_great_length,
    gets_all_steps_at_once,
    writes_with_emoji,
    writes_decomposed_letters,
    sends_a_secret,
)
BUTTON_STORIES: tuple[Story, ...] = (chooses_by_button,)
