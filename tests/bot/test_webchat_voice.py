"""Recordings from the page of the web chat: who may send how much, and what the page is allowed to do."""

import threading
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bot.channels.webchat import build_webchat_router
from bot.channels.webchat_voice import MAX_HEARD, MAX_SOUND_BYTES, SPOKEN_A_MINUTE
from bot.voice.recognise import Heard, NotHeard, Recogniser
from knowledge.phrases import load_phrases
from tests.conftest import NOW
from tests.fakes.desk import FakeDesk


class Listener:
    """Understands a recording as the text it is; waits while it is held."""

    def __init__(self) -> None:
        self.may_go_on, self.heard = threading.Event(), threading.Semaphore(0)
        self.may_go_on.set()

    def transcribe(self, sound: bytes) -> Heard:
        self.heard.release()
        assert self.may_go_on.wait(10)
        if not sound:
            raise NotHeard("found no sound")
        return Heard(sound.decode(), 0.9)


def site(desk: FakeDesk, recogniser: Recogniser | None, **more: object) -> FastAPI:
    app = FastAPI()
    app.include_router(
        build_webchat_router(
            desk,
            load_phrases(),
            commune="thuan-trung",
            place="xã Thuần Trung",
            key=bytes(range(32)),
            secure_cookies=False,
            clock=lambda: NOW,
            recogniser=recogniser,
            **more,  # type: ignore[arg-type]
        )
    )
    return app


def says(client: TestClient, sound: bytes, number: int = 1, **headers: str) -> int:
    named = {"X-Message-Id": f"{number:032}", "X-Requested-With": "fetch", "Origin": "http://testserver"}
    return client.post("/tin-thoai", content=sound, headers=named | headers).status_code


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


def test_what_was_heard_comes_as_a_voice_message_and_is_answered_on_the_page(desk: FakeDesk):
    client = TestClient(site(desk, Listener()))
    headers = {"X-Message-Id": "m" * 32, "X-Requested-With": "fetch", "X-Hamlet": "xom-3"}

    answer = client.post("/tin-thoai", content="quên mật khẩu".encode(), headers=headers)

    assert "Dạ cháu nghe: quên mật khẩu" in answer.text
    assert answer.headers["x-talk"] == "new"
    (message,) = desk.received
    assert (message.text, message.kind, message.hamlet) == ("quên mật khẩu", "voice", "xom-3")
    assert message.context == {"confidence": 0.9}


def test_a_recording_without_words_comes_as_a_voice_message_that_nobody_understood(desk: FakeDesk):
    assert says(TestClient(site(desk, Listener())), b"") == 200

    (message,) = desk.received
    assert (message.text, message.kind, message.context) == ("", "voice", None)


def test_a_recording_that_comes_again_is_one_message(desk: FakeDesk):
    client = TestClient(site(desk, Listener()))

    assert [says(client, b"mot") for _ in range(3)] == [200] * 3
    assert len(desk.received) == 1


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (lambda client: says(client, b"x", **{"Origin": "https://evil.example"}), 403),
        (lambda client: says(client, b"x", **{"Sec-Fetch-Site": "cross-site"}), 403),
        (lambda client: says(client, b"x" * (MAX_SOUND_BYTES + 1)), 413),
        (lambda client: says(client, b"x", **{"X-Message-Id": "short"}), 400),
        (lambda client: says(client, b"x", **{"X-After": "-1"}), 400),
        (lambda client: client.post("/tin-thoai", content=b"x").status_code, 400),
        (lambda client: client.get("/tin-thoai").status_code, 405),
    ],
    ids=["another site", "another site, says the browser", "large", "id", "after", "no id", "GET"],
)
def test_what_the_page_would_not_send_is_refused(
    desk: FakeDesk, refusal: Callable[[TestClient], int], status: int
):
    assert refusal(TestClient(site(desk, Listener()))) == status
    assert desk.received == []


def test_one_person_is_heard_so_often_in_a_minute_and_another_one_still(desk: FakeDesk):
    app = site(desk, Listener())
    client, other = TestClient(app), TestClient(app)
    says(client, b"mot", 1)  # from now on with a cookie

    statuses = [says(client, b"mot", number) for number in range(2, SPOKEN_A_MINUTE + 2)]

    assert statuses == [200] * (SPOKEN_A_MINUTE - 1) + [429]
    assert says(other, b"hai", 99) == 200


def test_when_many_speak_at_once_the_others_are_asked_to_wait(desk: FakeDesk):
    listener = Listener()
    app = site(desk, listener)
    listener.may_go_on.clear()
    # One event loop for all of them.
    with TestClient(app) as client:
        threads = [
            threading.Thread(target=says, args=(client, b"mot", number)) for number in range(MAX_HEARD)
        ]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert listener.heard.acquire(timeout=10)

        refused = client.post("/tin-thoai", content=b"hai", headers={"X-Message-Id": "h" * 32})

        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        listener.may_go_on.set()
        for thread in threads:
            thread.join(10)
    assert [message.text for message in desk.received] == ["mot"] * MAX_HEARD


def test_without_somebody_who_hears_and_in_a_frame_there_is_no_such_address(desk: FakeDesk):
    framed = TestClient(
        site(desk, Listener(), base="/nhung/xa", framed_by=lambda: ["https://xa.example"]),
        base_url="https://testserver",
    )

    assert says(TestClient(site(desk, None)), b"mot") == 404
    assert framed.post("/nhung/xa/tin-thoai", content=b"mot").status_code == 404
    assert 'id="speak"' not in framed.get("/nhung/xa/").text


def test_the_microphone_is_for_the_chat_page_alone(desk: FakeDesk):
    client = TestClient(site(desk, Listener()))
    framed = TestClient(site(desk, None, base="/nhung/xa", framed_by=lambda: ["https://xa.example"]))

    allowed = {
        path: [
            each.strip()
            for each in who.get(path).headers["permissions-policy"].split(",")
            if not each.endswith("=()")
        ]
        for who, path in ((client, "/"), (client, "/ngoai-tuyen"), (client, "/?xong=1"),
                          (client, "/huong-dan"), (framed, "/nhung/xa/"))
    }  # fmt: skip

    assert allowed == {
        "/": ["microphone=(self)"],
        "/ngoai-tuyen": ["microphone=(self)"],
        "/?xong=1": [],
        "/huong-dan": [],
        "/nhung/xa/": [],
    }
