"""Files that are meant to do harm are refused in a child process, and the service goes on (R22)."""

import io
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import psutil
import pytest

from knowledge.plan_file import PlanFileError, read_plan_upload, shown_name
from tests.bot.serving import environment, serving
from tests.security.zoo import SENTENCE, ZOO, huge_picture, member, relations, word_file

REFUSED_IN_S = 5


def seconds_worked() -> float:
    """Time of the processor that this process and its children took: a busy machine counts for nothing."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def refusal(name: str, content: bytes) -> PlanFileError:
    with pytest.raises(PlanFileError) as caught:
        read_plan_upload(name, io.BytesIO(content))
    return caught.value


@pytest.mark.parametrize("kind", ZOO)
def test_each_animal_of_the_zoo_is_refused_in_seconds_and_in_words(kind: str):
    name, make, reasons = ZOO[kind]
    content = make()
    before, started = psutil.Process().memory_info().rss, seconds_worked()

    error = refusal(name, content)

    assert seconds_worked() - started < REFUSED_IN_S
    assert error.reason in reasons
    assert str(error).startswith(f"{name}: found ")
    assert "Traceback" not in str(error)
    assert psutil.Process().memory_info().rss - before < 50 * 2**20


def test_a_sound_file_is_read_and_so_is_one_with_a_link_or_a_huge_picture():
    linked, pictured = relations("hyperlink"), member("word/media/image1.png", huge_picture(), 0)

    texts = [read_plan_upload("plan.docx", io.BytesIO(file)) for file in (word_file(), linked, pictured)]

    assert texts == [SENTENCE] * 3  # pictures are never opened


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../../etc/plan.docx", "plan.docx"),
        ("C:\\Users\\plan.docx", "plan.docx"),
        ("/dev/stdin.docx", "stdin.docx"),
        ("plan.docx\0.exe", "plan.docx.exe"),
        ("kế hoạch\u202excod.exe", "kế hoạchxcod.exe"),
        ("a" * 500 + ".docx", "a" * 95 + ".docx"),
        ("\n\r\t.docx", ".docx"),
        ("", ""),
    ],
)
def test_a_name_says_only_what_the_file_should_be(name: str, shown: str):
    assert shown_name(name) == shown
    assert refusal(name, b"no such file").name == shown


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    refusal("../plan.docx", ZOO["macros"][1]())
    read_plan_upload("plan.docx", io.BytesIO(word_file()))

    assert list(tmp_path.iterdir()) == []


def test_the_child_reaches_neither_the_network_nor_programs_nor_files(tmp_path: Path):
    """What a parser could be talked into by a file: tried inside the limits of the child."""
    extract = Path(sys.modules["knowledge"].__file__ or "").with_name("plan_extract.py")
    tries = {
        "socket": "import socket; socket.socket()",
        "program": "import subprocess; subprocess.run(['true'])",
        "shell": "import os; os.system('true')",
        "file": f"open({str(tmp_path / 'x')!r}, 'wb', 0).write(b'x' * 10)",
        "memory": "bytes(600 * 2**20)",
    }

    ends = {
        name: subprocess.run(
            [
                sys.executable,
                "-c",
                f"import runpy; m = runpy.run_path({str(extract)!r}); m['_limit'](); {code}",
            ],
            capture_output=True,
            cwd=tmp_path,
            env={"PATH": os.defpath},
            check=False,
        ).returncode
        for name, code in tries.items()
    }

    assert {name: end != 0 for name, end in ends.items()} == dict.fromkeys(tries, True)
    assert [path.stat().st_size for path in tmp_path.iterdir()] in ([], [0])


def test_the_service_answers_while_bombs_are_brought_in(tmp_path: Path):
    bombs = []
    for number, kind in enumerate(("2 million PDF operators", "a size that is a lie")):
        name, make, _ = ZOO[kind]
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(make())
        bombs.append(path)
    imported: dict[Path, subprocess.CompletedProcess[str]] = {}

    def bring_in() -> None:
        for path in bombs:
            imported[path] = subprocess.run(
                [sys.executable, "-m", "bot", "knowledge", "import", str(path), "--commune", "xa-thu"],
                env=environment(tmp_path / "cli"),
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )

    with serving(tmp_path / "data") as server, httpx.Client(base_url=server.url, timeout=10) as http:
        importing = threading.Thread(target=bring_in)
        importing.start()
        statuses = []
        while importing.is_alive():
            statuses.append(http.get("/").status_code)
            importing.join(0.05)

    assert {end.returncode for end in imported.values()} == {1}
    assert [end.stderr.startswith(f"{path.name}: found ") for path, end in imported.items()] == [True] * 2
    assert set(statuses) == {200}
    assert len(statuses) > 10
