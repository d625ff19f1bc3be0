"""Runs as a process of its own: one recording on its input → its samples on its output, under limits.

    python -I -B bot/voice/sound_extract.py < recording > samples

Samples have 16 bits, one channel, 16 kHz. It imports nothing of ours, so that it starts anywhere;
`bot.voice.recognise` starts it. A recording is a stranger's file for a large library in C: here it may not
take more memory or time than this, write a file or reach the network, and what it breaks ends with it.
What is no sound is one line on standard error, and the exit status `FAULT_EXIT`.
"""

import io
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MEMORY = 512 * 1024 * 1024
CPU_S = 10  # two minutes of sound take less than one
MAX_S = 120.0  # of sound
RATE = 16_000  # samples a second, as Whisper wants them
FAULT_EXIT = 3
# What phones and these platforms record. Others, such as playlists that name further files, are not opened.
CONTAINERS = "aac,amr,caf,flac,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,ogg,wav"
CODECS = "aac,aac_fixed,aac_latm,alac,amrnb,amrwb,flac,mp3,mp3float,opus,libopus,pcm_s16le,vorbis"


class Refused(Exception):
    """Why a recording has no samples, without anything of it."""


def samples_of(sound: bytes, *, max_s: float = MAX_S) -> bytes:
    """Raises `Refused`: longer than `max_s`, or no sound."""
    import av

    options = {"format_whitelist": CONTAINERS, "codec_whitelist": CODECS, "protocol_whitelist": "none"}
    pieces, count = [], 0
    try:
        with av.open(io.BytesIO(sound), "r", metadata_errors="ignore", options=options) as opened:
            if opened.streams.audio[0].codec_context.name not in CODECS.split(","):
                raise Refused("found a kind of sound that is not read")
            for piece in _resampled(opened):
                pieces.append(bytes(piece.planes[0])[: 2 * piece.samples])
                count += piece.samples
                if count > max_s * RATE:
                    raise Refused(f"found more than {max_s:.0f} s of sound")
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise Refused(f"found no sound that can be read ({type(error).__name__})") from None
    if not pieces:
        raise Refused("found no sound")
    return b"".join(pieces)


def _resampled(opened: Any) -> Iterator[Any]:
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    for frame in opened.decode(audio=0):
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def limit() -> None:
    Path("/proc/self/oom_score_adj").write_text("1000")  # where memory runs out, this goes first
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # what it makes goes to a pipe
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, _arguments: Any) -> None:
    if event in ("socket.__new__", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"):
        raise PermissionError(f"{event} while reading a recording")


def main() -> None:
    limit()
    try:
        samples = samples_of(sys.stdin.buffer.read())
    except (Refused, MemoryError) as error:
        print(str(error) or "found a recording that needs too much memory", file=sys.stderr)
        sys.exit(FAULT_EXIT)
    sys.stdout.buffer.write(samples)


if __name__ == "__main__":
    main()
