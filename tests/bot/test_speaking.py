"""People speak instead of typing: heard once, said back before it is acted on, and no sound is kept."""

import html
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest
import structlog
import tokenizers
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.app import build_app
from bot.assembly import open_assistant
from bot.channels.recordings import fetch_of, fetched, is_zalo
from bot.channels.zalo_oa_events import Envelope, Said, read_event
from bot.content import Content
from bot.messages import IncomingMessage
from bot.settings import Settings
from bot.voice import sound_extract
from bot.voice.audio import Kind, encode
from bot.voice.ears import Fetch, NotFetched
from bot.voice.recognise import Heard, NotHeard, Whisper, decode
from records.database import sqlite_url
from records.models import InboxMessage, Question
from tests.bot.channel_stories import ASK, TITLE
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import Rig, account_of, telegram_rig
from tests.fakes.telegram import TelegramPerson, fake_telegram


class FakeRecogniser:
    """Hears in a recording what was written into it: the text, and how sure it is."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def transcribe(self, sound: bytes) -> Heard:
        said = json.loads(sound)
        self.heard.append(said["text"])
        if not said["text"]:
            raise NotHeard("found no sound")
        return Heard(said["text"], said["confidence"])


@dataclass
class TheHouse:
    """What it is opened with."""

    recogniser: FakeRecogniser | None
    fetch: Fetch | None = None


HOUSE = TheHouse(FakeRecogniser())


@pytest.fixture(scope="module")
def rig(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, content: Content) -> Iterator[Rig]:
    """One for all: each test is about people of its own."""
    folder, clock = tmp_path_factory.mktemp("house"), HandClock()
    (folder / "test.db").write_bytes(migrated_sqlite.read_bytes())
    settings = Settings(
        _env_file=None, data_folder=folder, port=0, database_url=sqlite_url(folder / "test.db")
    )
    with telegram_rig(
        lambda: open_assistant(
            settings,
            clock=clock,
            content=content,
            recogniser=HOUSE.recogniser,
            fetch=lambda _commune, _channel: HOUSE.fetch,
        ),
        clock,
        "polling",
    ) as rig:
        HOUSE.fetch = fetch_of(account_of(rig.telegram))
        yield rig


def says(person: TelegramPerson, text: str, *, confidence: float = 0.9) -> list[str]:
    """Speak; what the assistant then answers."""
    person.fake.says(person.chat, json.dumps({"text": text, "confidence": confidence}).encode())
    return person.heard()


def test_what_was_understood_is_said_before_it_is_acted_on(rig: Rig):
    person = rig.person()

    (asked,) = says(person, ASK)
    assert asked.splitlines() == [
        f"Cháu nghe bác nói: “{ASK}”. Đúng không ạ?",
        "1. Đúng rồi",
        "2. Không đúng",
        "0. Gặp người giúp · 9. Quay lại",
    ]
    person.say("đúng rồi cháu")
    assert TITLE in person.heard()[0]

    with rig.house.assistant.database.read() as session:
        rows = session.scalars(select(InboxMessage).where(InboxMessage.kind == "voice")).all()
        assert [(row.text, "voice" in (row.context or {})) for row in rows if row.text == ASK] == [
            (ASK, False)
        ]
        assert ASK in session.scalars(select(Question.redacted)).all(), "the question, not the yes"


def test_what_was_heard_wrongly_is_not_acted_on(rig: Rig):
    person = rig.person()
    says(person, "quên mật khẩu")

    person.press("Không đúng")

    assert person.heard()[0].startswith("Dạ, bác nói lại chậm hơn một chút")


def test_what_was_heard_badly_is_asked_for_again_at_once(rig: Rig):
    assert says(rig.person(), "quên mật khẩu vneid", confidence=0.2) == [
        "Dạ, cháu nghe chưa rõ tin thoại này. Bác nói lại chậm hơn một chút, hoặc nhắn bằng chữ giúp cháu ạ."
    ]


def test_a_step_that_is_done_needs_no_yes(rig: Rig):
    person = rig.person()
    person.say(ASK)
    person.heard()

    told, step = says(person, "xong rồi")

    assert told == "Cháu nghe bác nói: “xong rồi”."
    assert step.startswith("Bước 2/")


@pytest.mark.parametrize("confidence", [0.9, 0.1])
def test_an_emergency_is_acted_on_at_once_however_badly_heard(rig: Rig, confidence: float):
    said = says(rig.person(), "cháu ơi bác vừa chuyển tiền cho bọn lừa đảo rồi", confidence=confidence)

    assert "Đúng không ạ?" not in said[0]
    assert "113" in "\n".join(said)


def test_a_secret_said_aloud_is_kept_nowhere(rig: Rig):
    said = says(rig.person(), "mã OTP của tôi là 482913 giờ làm gì tiếp")

    assert "482913" not in "\n".join(said)
    with rig.house.assistant.database.read() as session:
        assert [row.text for row in session.scalars(select(InboxMessage)) if "482913" in row.text] == []


def test_what_gives_no_text_is_answered_with_the_request_to_type(rig: Rig):
    (answer,) = says(rig.person(), "")

    assert answer.startswith("Cháu chưa nghe được tin thoại")


def test_a_voice_message_that_comes_again_is_heard_and_answered_once(rig: Rig):
    person, desk = rig.person(), rig.house.assistant.desk
    update = rig.telegram.says(person.chat, json.dumps({"text": "mạng yếu", "confidence": 0.9}).encode())
    assert len(person.heard()) == 1
    again = IncomingMessage(
        rig.house.channel.commune,
        "telegram",
        str(person.chat),
        str(update["update_id"]),
        "",
        kind="voice",
        address=str(person.chat),
        context={"voice": update["message"]["voice"]["file_id"]},
    )

    receipts = [desk.receive(again) for _ in range(3)]

    assert [receipt.is_new for receipt in receipts] == [False] * 3
    assert person.heard() == []
    assert HOUSE.recogniser is not None
    assert HOUSE.recogniser.heard.count("mạng yếu") == 1


def test_messages_of_a_talk_wait_for_the_voice_message_before_them(rig: Rig):
    person = rig.person()
    person.fake.says(person.chat, json.dumps({"text": ASK, "confidence": 0.9}).encode())
    person.say("1")

    asked, intro, *_ = person.heard()

    assert asked.startswith(f"Cháu nghe bác nói: “{ASK}”.")
    assert TITLE in intro


def test_a_crash_loses_no_voice_message_and_without_the_model_it_is_answered_politely(rig: Rig):
    person, away = rig.person(), threading.Event()

    def platform_is_away(_recording: str) -> bytes:
        away.set()
        raise NotFetched("ConnectTimeout")

    usual, HOUSE.fetch = (HOUSE.recogniser, HOUSE.fetch), platform_is_away
    rig.telegram.says(person.chat, b"...")
    assert away.wait(30)
    HOUSE.recogniser = None

    rig.house.restart()
    (answer,) = person.heard()

    assert answer.startswith("Cháu chưa nghe được tin thoại")
    HOUSE.recogniser, HOUSE.fetch = usual
    rig.house.restart()


def test_what_is_said_on_the_page_is_said_back_before_it_is_acted_on(rig: Rig):
    client = TestClient(build_app(rig.house.assistant))

    def says_here(text: str, number: int, *, confidence: float = 0.9) -> str:
        sound = json.dumps({"text": text, "confidence": confidence}).encode()
        headers = {"X-Message-Id": f"{number:032}", "X-Requested-With": "fetch"}
        return html.unescape(client.post("/tin-thoai", content=sound, headers=headers).text)

    asked = says_here(f"mã OTP là 482913, {ASK}", 1)
    unclear = says_here("gì đó", 2, confidence=0.1)
    nothing = says_here("", 3)

    assert "Cháu nghe bác nói: “mã OTP là" in asked
    assert "1. Đúng rồi" in asked
    assert "Cháu nghe chưa rõ tin thoại này".lower() in unclear.lower()
    assert "Cháu chưa nghe được tin thoại" in nothing
    assert "482913" not in asked + client.get("/").text


# --- Where recordings come from ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        ("https://f21-zpc.zdn.vn/a/b.aac", True),
        ("https://zdn.vn.example.com/b.aac", False),
        ("https://evilzdn.vn/b.aac", False),
        ("http://169.254.169.254/latest", False),
        ("file:///etc/passwd", False),
    ],
)
def test_recordings_of_zalo_come_from_its_own_hosts_alone(url: str, is_own: bool):
    assert is_zalo(url) is is_own


def test_what_is_elsewhere_is_not_asked_for():
    with pytest.raises(NotHeard, match="own hosts"):
        fetched("https://example.com/b.aac", is_own=is_zalo)


def test_a_recording_that_telegram_does_not_give_may_be_asked_for_again_without_telling_the_token():
    with fake_telegram() as telegram, pytest.raises(NotFetched) as refused:
        fetch_of(account_of(telegram))("unknown")

    assert telegram.token not in str(refused.value)


def test_the_address_of_a_recording_on_zalo_is_kept_with_the_message():
    event = Envelope(
        event_name="user_send_audio",
        app_id="1",
        timestamp="1795336200000",
        sender={"id": "u1"},
        message={"msg_id": "m1", "attachments": [{"type": "audio", "payload": {"url": "http://a.zdn.vn/b"}}]},
    )

    assert read_event(event) == Said("u1", "m1", kind="voice", recording="http://a.zdn.vn/b")


# --- The real recogniser, with a tiny model of random weights ---------------------------------------


def wav(seconds: float) -> bytes:
    with io.BytesIO() as file:
        with wave.open(file, "wb") as sound:
            sound.setparams((1, 2, 16_000, 0, "NONE", ""))
            tone = 8_000 * np.sin(np.arange(int(16_000 * seconds)) * 0.17)
            sound.writeframes(tone.astype("<i2").tobytes())
        return file.getvalue()


@pytest.mark.parametrize("kind", ["ogg", "mp3", "aac"])
def test_a_recording_in_any_usual_form_is_read(kind: Kind):
    samples = np.frombuffer(decode(encode(wav(2), kind)), "<i2")

    assert 1.8 < len(samples) / 16_000 < 2.3
    assert 3_000 < np.abs(samples.astype(int)).max() < 32_768


@pytest.mark.parametrize(
    ("sound", "why"),
    [
        (b"", "no sound"),
        (b"<html>", "no sound"),
        (wav(121), "more than 120 s"),
        (b"x" * 5_000_001, "5000000 at most"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "no sound"),
    ],
    ids=["nothing", "a page", "too long", "too large", "a playlist"],
)
def test_what_is_no_sound_or_too_much_is_not_heard(sound: bytes, why: str):
    with pytest.raises(NotHeard, match=why):
        decode(sound)


@pytest.mark.parametrize(
    ("deed", "fault"),
    [
        ("bytearray(2**30)", "MemoryError"),
        ("import socket; socket.socket()", "PermissionError"),
        ("open('/tmp/kept', 'wb', 0).write(b'sound')", "File too large"),
    ],
    ids=["memory", "network", "disk"],
)
def test_who_reads_recordings_is_kept_within_limits(deed: str, fault: str, tmp_path: Path):
    limits = f"import runpy; runpy.run_path({sound_extract.__file__!r})['limit']()"

    done = subprocess.run(
        [sys.executable, "-I", "-c", f"{limits}\n{deed.replace('/tmp', str(tmp_path))}"],
        capture_output=True,
        check=False,
    )

    assert fault in done.stderr.decode()


def tiny_model(folder: Path, *, width: int = 64, seed: int = 5) -> None:
    """A Whisper of one layer with random weights, as ctranslate2 writes it, and made-up words."""
    spec, rng = ctranslate2.specs.WhisperSpec(1, 1, 1, 1), np.random.default_rng(seed)
    names = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in ("en", "vi")),
             "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>",
             "<|notimestamps|>", *(f"<|{0.02 * n:.2f}|>" for n in range(1501))]  # fmt: skip
    words = [f"từ{n}" for n in range(51_865 - len(names))]  # so many make a model of several languages
    vocabulary = [*words, *names]

    def linear(layer: Any, rows: int, columns: int) -> None:
        layer.weight = rng.normal(0, 0.1, (rows, columns)).astype(np.float32)
        layer.bias = np.zeros(rows, np.float32)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(width, np.float32), np.zeros(width, np.float32)

    def shared(layer: Any) -> None:
        norm(layer.self_attention.layer_norm)
        linear(layer.self_attention.linear[0], 3 * width, width)
        linear(layer.self_attention.linear[1], width, width)
        norm(layer.ffn.layer_norm)
        linear(layer.ffn.linear_0, 4 * width, width)
        linear(layer.ffn.linear_1, width, 4 * width)

    for convolution, channels in ((spec.encoder.conv1, 80), (spec.encoder.conv2, width)):
        convolution.weight = rng.normal(0, 0.1, (width, channels, 3)).astype(np.float32)
        convolution.bias = np.zeros(width, np.float32)
    for part, length in ((spec.encoder, 1_500), (spec.decoder, 448)):
        part.position_encodings.encodings = rng.normal(0, 0.1, (length, width)).astype(np.float32)
        norm(part.layer_norm)
        shared(part.layer[0])
    attention = spec.decoder.layer[0].attention
    norm(attention.layer_norm)
    for layer, rows in zip(attention.linear, (width, 2 * width, width), strict=True):
        linear(layer, rows, width)
    spec.decoder.embeddings.weight = rng.normal(0, 0.1, (len(vocabulary), width)).astype(np.float32)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    spec.register_vocabulary(vocabulary)
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], []
    spec.config.lang_ids = [len(words) + 2, len(words) + 3]
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    ids = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(ids, unk_token="<|endoftext|>"))
    tokenizer.add_special_tokens(names)
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny_model(folder)
    return folder


def test_a_model_in_a_folder_is_loaded_once_and_makes_vietnamese_text_of_recordings(model: Path):
    with closing(Whisper(model)) as whisper:
        heard = [whisper.transcribe(encode(wav(2), "ogg"))]
        first = whisper.process_id
        heard.append(whisper.transcribe(encode(wav(2), "ogg")))

        assert whisper.process_id == first
        assert Path(f"/proc/{first}/oom_score_adj").read_text() == "1000\n", "the first to go"
    assert heard[0] == heard[1]
    assert re.search(r"từ\d+", heard[0].text)
    assert 0 < heard[0].confidence < 0.1, "random weights are not sure"


def test_a_recogniser_that_was_killed_is_replaced(model: Path):
    sound = encode(wav(1), "ogg")
    with closing(Whisper(model)) as whisper:
        heard = whisper.transcribe(sound)
        killed = whisper.process_id
        assert killed is not None

        os.kill(killed, signal.SIGKILL)
        os.waitid(os.P_PID, killed, os.WEXITED | os.WNOWAIT)

        assert whisper.transcribe(sound) == heard
        assert whisper.process_id != killed


def test_a_recogniser_that_takes_too_long_is_ended(model: Path):
    with closing(Whisper(model, timeout_s=0)) as whisper:
        with pytest.raises(NotHeard, match="no answer within 0 s"):
            whisper.transcribe(encode(wav(20), "ogg"))

        assert whisper.process_id is not None
        os.waitid(os.P_PID, whisper.process_id, os.WEXITED | os.WNOWAIT)


def test_a_folder_without_a_model_hears_nothing_and_says_so_in_the_log(tmp_path: Path):
    with (
        structlog.testing.capture_logs() as logs,
        closing(Whisper(tmp_path)) as whisper,
        pytest.raises(NotHeard, match="cannot be loaded"),
    ):
        whisper.transcribe(wav(1))

    assert [log["event"] for log in logs] == ["the speech model cannot be loaded"]
