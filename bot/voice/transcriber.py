"""Runs as a process of its own and stays: makes text of samples, one recording after the other.

    python -I -B bot/voice/transcriber.py MODEL_FOLDER

First it writes {"ready": true}, or {"fault": "…"} and ends. Then for each recording it reads the number of
bytes (four, the first one the highest) and that many bytes of samples (`bot.voice.sound_extract`), and
writes {"text": "…", "confidence": 0..1}; each answer is one line. It ends with its input. Nothing of ours is
imported; `bot.voice.recognise` starts it, ends it when it takes too long, and starts another one.
"""

import json
import math
import os
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO

WORK_MEMORY = 1024 * 1024 * 1024  # over what the model takes
NICENESS = 10  # who types does not wait for who speaks


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    os.nice(NICENESS)
    try:
        model = load(sys.argv[1])
    except Exception as error:  # whatever is wrong with the folder: its keeper is to read it in the log
        _say(answers, {"fault": f"{type(error).__name__}: {error}"})
        return
    _limit()
    _say(answers, {"ready": True})
    while size := int.from_bytes(sys.stdin.buffer.read(4), "big"):
        _say(answers, transcribe(model, sys.stdin.buffer.read(size)))


def load(folder: str) -> Any:
    from faster_whisper import WhisperModel  # the extra `voice`

    return WhisperModel(folder, device="cpu", compute_type="int8", local_files_only=True)


def transcribe(model: Any, samples: bytes) -> dict[str, Any]:
    import numpy as np

    sound = np.frombuffer(samples, dtype="<i2").astype(np.float32) / 32768.0
    segments, _ = model.transcribe(
        sound, language="vi", beam_size=1, temperature=0.0, condition_on_previous_text=False
    )
    texts, scores = [], []
    for segment in segments:
        texts.append(segment.text.strip())
        scores.append(math.exp(segment.avg_logprob) * (1 - segment.no_speech_prob))
    confidence = sum(scores) / len(scores) if scores else 0.0
    return {"text": " ".join(filter(None, texts)), "confidence": confidence}


def _limit() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    Path("/proc/self/oom_score_adj").write_text("1000")  # where memory runs out, this goes first
    memory = pages * resource.getpagesize() + WORK_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, _arguments: Any) -> None:
    if event in ("socket.__new__", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"):
        raise PermissionError(f"{event} while hearing a recording")


def _say(answers: BinaryIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
