"""Replies as sound, by the real espeak-ng: how fast, in which form, what is kept and what is not."""

import io
import wave
from pathlib import Path

import av
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bot.channels.webchat import build_webchat_router
from bot.voice.audio import FORMATS, Kind, encode
from bot.voice.engines import ESPEAK_VOICES, Espeak, Program, VoiceError, open_engine
from bot.voice.spoken_replies import SpokenReplies
from knowledge.address import address
from knowledge.library import CONTENT, Library, library_of, load_guide
from knowledge.phrases import load_phrases
from knowledge.spoken import load_speech
from tests.conftest import NOW
from tests.fakes.desk import FakeDesk, Reply, choices

SLUGS = ("at-otp", "kn-wifi", "tt-quet-qr", "vneid-quen-mat-khau")
SPEECH = load_speech()


def library() -> Library:
    return library_of(load_guide(CONTENT / "guides" / f"{slug}.md", CONTENT) for slug in SLUGS)


def step(slug: str, number: int, form: str = "bac") -> str:
    guide = library().guides[slug]
    told = guide.steps[number - 1]
    text = f"Bước {number}/{len(guide.steps)}. {told.action}\nMáy hiện: {told.appears}"
    return address(text, form)


def voice(tmp_path: Path, *, content: Path = CONTENT, max_kept: int = 10**7) -> SpokenReplies:
    return SpokenReplies(
        open_engine(region="bac"), SPEECH, library, content=content, kept=tmp_path / "kept", max_kept=max_kept
    )


def seconds(sound: bytes) -> float:
    with av.open(io.BytesIO(sound)) as opened:
        frames = list(opened.decode(audio=0))
    return sum(frame.samples for frame in frames) / frames[0].sample_rate


@pytest.mark.parametrize("region", ["bac", "trung", "nam"])
def test_steps_are_said_at_110_to_140_words_a_minute(region: str):
    engine = open_engine(region=region)
    assert isinstance(engine, Espeak)
    assert engine.voice == ESPEAK_VOICES[region][0]
    texts = [SPEECH(step(slug, number)) for slug in SLUGS for number in (1, 2, 3)]

    speeds = []
    for text in texts:
        with wave.open(io.BytesIO(engine.speak(text))) as sound:
            # The length in the head is unknown while a program writes to a pipe.
            length = len(sound.readframes(10**8)) / 2 / sound.getframerate()
        speeds.append(len(text.split()) / length * 60)

    assert [speed for speed in speeds if not 110 <= speed <= 140] == []


@pytest.mark.parametrize(
    ("kind", "container", "codec", "begins"),
    [("ogg", "ogg", "opus", b"OggS"), ("mp3", "mp3", "mp3float", b"ID3"), ("aac", "aac", "aac", b"\xff\xf1")],
)
def test_each_channel_gets_the_form_it_demands(
    kind: Kind, container: str, codec: str, begins: bytes, tmp_path: Path
):
    sound = voice(tmp_path)(step("vneid-quen-mat-khau", 1), kind)

    assert sound is not None
    assert sound.startswith(begins)
    assert len(sound) < 1_000_000
    with av.open(io.BytesIO(sound)) as opened:
        stream = opened.streams.audio[0]
        found = (opened.format.name, stream.codec_context.name, stream.channels, stream.rate)
    assert found == (container, codec, 1, FORMATS[kind].rate)
    assert 5 < seconds(sound) < 30


def test_a_step_is_spoken_once_and_then_kept_for_everybody(tmp_path: Path):
    say = voice(tmp_path)

    sounds = [say(step("kn-wifi", 1), "mp3") for _ in range(2)]

    assert sounds[0] == sounds[1]
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_what_is_said_to_one_person_is_kept_nowhere(tmp_path: Path):
    say = voice(tmp_path)

    sound = say("Cháu hiểu là bác hỏi: chuyện riêng của nhà cháu.", "mp3")

    assert sound is not None
    assert seconds(sound) > 1
    assert not (tmp_path / "kept").exists()


def test_what_is_kept_stays_small_and_the_oldest_goes_first(tmp_path: Path):
    say = voice(tmp_path, max_kept=100_000)

    for number in range(1, 6):
        say(step("vneid-quen-mat-khau", number), "mp3")

    kept = list((tmp_path / "kept").iterdir())
    assert 1 < len(kept) < 5
    assert sum(path.stat().st_size for path in kept) <= 100_000


def test_a_recording_of_a_step_is_played_instead_of_the_engine_in_every_form_of_address(tmp_path: Path):
    folder = tmp_path / "content" / "audio" / "kn-wifi"
    folder.mkdir(parents=True)
    with wave.open(str(folder / "1.wav"), "wb") as recording:
        recording.setparams((1, 2, 22_050, 0, "NONE", ""))
        recording.writeframes(bytes(2 * 22_050))  # a second
    say = voice(tmp_path, content=tmp_path / "content")

    lengths = [seconds(say(step("kn-wifi", 1, form), "ogg") or b"") for form in ("bac", "co-chu", "anh")]

    assert lengths == pytest.approx([1, 1, 1], abs=0.1)
    assert seconds(say(step("kn-wifi", 2), "ogg") or b"") > 3


def test_without_a_program_nothing_can_be_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    say = SpokenReplies(open_engine(region="bac"), SPEECH, library, content=CONTENT, kept=tmp_path)

    assert not say.is_there
    assert say("Chào bác.", "mp3") is None


def test_another_engine_is_a_command_that_reads_text_and_writes_wav(tmp_path: Path):
    engine = open_engine(region="bac", piper="espeak-ng -v vi --stdout")
    assert engine is not None

    assert engine.speak("Chào bác.").startswith(b"RIFF")


@pytest.mark.parametrize("command", [("/khong/co",), ("false",), ("sleep", "5")])
def test_an_engine_that_fails_is_no_sound_and_no_crash(command: tuple[str, ...], tmp_path: Path):
    engine = Program(command, timeout_s=0.2)

    with pytest.raises(VoiceError):
        engine.speak("chào")
    assert SpokenReplies(engine, SPEECH, library, content=CONTENT, kept=tmp_path)("Chào bác.", "mp3") is None


def test_what_is_no_sound_is_refused_by_the_encoder():
    with pytest.raises(av.FFmpegError):
        encode(b"no sound at all", "mp3")


def test_a_reply_is_heard_by_its_person_alone(tmp_path: Path):
    desk = FakeDesk(lambda message: [Reply("Bước 1/2. Bác mở VNeID.", choices("Xong rồi"))])
    heard: list[str] = []

    def hear(text: str) -> bytes | None:
        heard.append(text)
        return b"mp3"

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
            hear=hear,
        )
    )
    person, stranger = TestClient(app), TestClient(app)
    person.post("/tin-nhan", data={"message_id": "m" * 32, "text": "quên mật khẩu"})
    mine, reply = desk.talk(
        commune="thuan-trung", channel="webchat", external_id=desk.received[0].external_id
    )

    answer = person.get(f"/nghe/{reply.id}")

    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"mp3", "audio/mpeg")
    assert answer.headers["cache-control"] == "no-store"
    assert heard == ["Bước 1/2. Bác mở VNeID.\n1. Xong rồi\n0. Gặp người giúp · 9. Quay lại"]
    refused = [(who, number) for who in (person, stranger) for number in (mine.id, reply.id, 999)]
    refused.remove((person, reply.id))
    assert {who.get(f"/nghe/{number}").status_code for who, number in refused} == {404}
