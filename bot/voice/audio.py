"""Speech in the form a channel takes, by PyAV: OGG/Opus for Telegram, MP3 for browsers, AAC for Zalo."""

import importlib.util
import io
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["ogg", "mp3", "aac"]


@dataclass(frozen=True, slots=True)
class Format:
    container: str
    codec: str
    rate: int  # samples a second
    media_type: str


# 24 kbit/s is enough for one voice: a minute has 180 kB.
BITS_S = 24_000
FORMATS: dict[Kind, Format] = {
    "ogg": Format("ogg", "libopus", 48_000, "audio/ogg"),
    "mp3": Format("mp3", "libmp3lame", 22_050, "audio/mpeg"),
    "aac": Format("adts", "aac", 22_050, "audio/aac"),
}


def can_encode() -> bool:
    """Whether the extra `voice` is installed."""
    return importlib.util.find_spec("av") is not None


def encode(wav: bytes, kind: Kind) -> bytes:
    """A WAV file as `kind`, one channel. Raises `av.FFmpegError` for what is no sound."""
    import av  # the extra `voice`; it takes 0.1 s to load

    form, made = FORMATS[kind], io.BytesIO()
    with av.open(io.BytesIO(wav), "r") as source, av.open(made, "w", format=form.container) as target:
        stream: Any = target.add_stream(form.codec, rate=form.rate, layout="mono")
        stream.bit_rate = BITS_S
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=form.rate)
        for frame in source.decode(audio=0):
            for piece in resampler.resample(frame):
                target.mux(stream.encode(piece))
        for piece in resampler.resample(None):
            target.mux(stream.encode(piece))
        target.mux(stream.encode(None))
    return made.getvalue()
