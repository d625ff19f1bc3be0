"""How soon a changed guide or an approved plan is answered from, while questions go on without a stop.

One thread asks all the time; every answer is looked at. Guides: a question is added to the file of one
guide, and the time runs from the end of the write until that question finds the guide. Once with the
reload called at once, as a form that saves does, once left to the thread that watches the files. Plans:
from the commit of the approval until a figure of the new version is answered. Processor time says what
the work costs where other programs share the machine.

Run: python -m benchmarks.reindex [EDITS]
"""

import hashlib
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from benchmarks.machine import machine, percentile
from bot.assembly import utc_now
from bot.content import Content
from bot.plans import PlanShelf
from knowledge.library import CONTENT
from knowledge.plan_structure import parse_plan, plan_to_data
from records import migrate, plans
from records.communes import add_commune, find_commune
from records.database import Database, open_database, sqlite_url
from retrieval.decide import Thresholds
from retrieval.encoder import StaticEncoder

QUESTIONS = Path(__file__).parents[1] / "tests" / "data" / "questions" / "dev.jsonl"
GUIDE, COMMUNE = "kn-wifi", "thu"
PLAN = """\
ỦY BAN NHÂN DÂN
XÃ THỬ NGHIỆM
Số: 12/KH-UBND
Thử Nghiệm, ngày 05 tháng 3 năm 2026
KẾ HOẠCH
Triển khai Phong trào "Bình dân học vụ số" năm 2026 trên địa bàn xã Thử Nghiệm
I. MỤC TIÊU
1. Năm 2026 phấn đấu {share}% người dân trưởng thành của xã có kỹ năng số cơ bản.
II. TỔ CHỨC THỰC HIỆN
1. Phòng Văn hóa - Xã hội chủ trì, phối hợp với các xóm tổ chức thực hiện kế hoạch này.
"""
SHARE = "năm 2026 bao nhiêu phần trăm người dân trưởng thành có kỹ năng số"


class Asking:
    """A thread that asks one question after the other and notes what was not answered."""

    def __init__(self, ask: Callable[[str], bool], questions: list[str]) -> None:
        self.count, self.seconds, self.bad = 0, list[float](), list[str]()
        self._ask, self._questions = ask, questions
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Asking":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            question = self._questions[self.count % len(self._questions)]
            began = time.perf_counter()
            try:
                answered = self._ask(question)
            except Exception as error:
                self.bad.append(f"{question}: {error!r}")
            else:
                if not answered:
                    self.bad.append(f"{question}: nothing")
            self.seconds.append(time.perf_counter() - began)
            self.count += 1


def main() -> None:
    edits = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print(f"machine: {machine()}; {edits} edits each")
    with tempfile.TemporaryDirectory() as folder:
        _guides(Path(folder) / "content", edits, watched=False)
        _guides(Path(folder) / "watched", edits, watched=True)
        _plans(Path(folder), edits)


def _guides(folder: Path, edits: int, *, watched: bool) -> None:
    for name in ("guides", "questions", "elsewhere", "glossary"):
        shutil.copytree(CONTENT / name, folder / name)
    encoder, began_cpu = StaticEncoder(), time.thread_time()
    content = Content(encoder, folder=folder, thresholds=Thresholds())
    first_cpu = time.thread_time() - began_cpu
    rows = [json.loads(line)["q"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    asked = [question for question in rows if content.ask(question).candidates]
    path = folder / "questions" / f"{GUIDE}.txt"
    seconds, cpu = [], []
    with (
        Asking(lambda question: bool(content.ask(question).candidates), asked) as asking,
        content.watching() if watched else nullcontext(),
    ):
        for number in range(edits):
            question = _unheard_of(number)
            assert not _finds(content, question)
            text = path.read_text(encoding="utf-8")
            path.write_text(f"{text}{question}\n", encoding="utf-8")
            began, began_cpu = time.perf_counter(), time.thread_time()
            if not watched:
                content.reload_if_changed()
                cpu.append(time.thread_time() - began_cpu)
            while not _finds(content, question):
                time.sleep(0.001)
            seconds.append(time.perf_counter() - began)
    _row("guide, files watched" if watched else "guide, saved in a form", seconds, asking)
    if cpu:
        print(f"  processor time: {percentile(cpu, 0.5):.2f} s; of the first build {first_cpu:.2f} s")


def _unheard_of(number: int) -> str:
    """A question without a word that stands anywhere, so that nothing but the edit can make it found."""
    digits = hashlib.sha256(str(number).encode()).hexdigest()
    letters = digits.translate(str.maketrans("0123456789", "ghjkmpqvwz"))
    return " ".join(letters[at : at + 9] for at in range(0, 36, 9))


def _finds(content: Content, question: str) -> bool:
    found = content.ask(question).candidates
    return bool(found) and found[0].guide == GUIDE and found[0].score > 0.5


def _plans(folder: Path, edits: int) -> None:
    database = open_database(sqlite_url(folder / "plans.db"))
    migrate.upgrade(database)
    questions = [
        line
        for path in sorted((CONTENT / "questions").glob("*.txt"))
        for line in path.read_text().splitlines()
    ]
    shelf = PlanShelf(database, lambda: questions)
    _approve(database, 1)
    seconds = []
    with Asking(lambda question: _says(shelf, question) != "", [SHARE]) as asking:
        for number in range(2, edits + 2):
            _approve(database, number)
            began = time.perf_counter()
            while f" {number}%" not in _says(shelf, SHARE):
                time.sleep(0.001)
            seconds.append(time.perf_counter() - began)
    database.close()
    _row("plan, approved", seconds, asking)


def _says(shelf: PlanShelf, question: str) -> str:
    found = shelf.ask(COMMUNE, question)
    return found.answer_text if found else ""


def _approve(database: Database, share: int) -> None:
    text = PLAN.format(share=share)
    data, now = plan_to_data(parse_plan(text, name="Kế hoạch")), utc_now()
    with database.write() as session:
        row = find_commune(session, COMMUNE) or add_commune(session, slug=COMMUNE, name="xã Thử", now=now)
        draft = plans.add_draft(
            session,
            row,
            name="Kế hoạch",
            source_name="plan.txt",
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            head=data["head"],
            passages=data["passages"],
            facts={},
            by="benchmark",
            now=now,
        )
        plans.approve(session, row, version=draft.version, by="benchmark", now=now)


def _row(name: str, seconds: list[float], asking: Asking) -> None:
    p50, p99 = (percentile(asking.seconds, share) * 1_000 for share in (0.5, 0.99))
    print(
        f"| {name} | {percentile(seconds, 0.5):.2f} s | {max(seconds):.2f} s "
        f"| {asking.count} asked meanwhile (p50 {p50:.1f} ms, p99 {p99:.1f} ms), "
        f"{len(asking.bad)} failed or empty |"
    )
    for bad in asking.bad[:5]:
        print(f"  {bad}")


if __name__ == "__main__":
    main()
