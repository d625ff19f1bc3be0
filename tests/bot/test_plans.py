"""Questions about the commune's official plan, from import to answer."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.assembly import build_conversation, open_plans, utc_now
from bot.content import Content
from bot.conversation import Message, Turn
from bot.plans import PlanShelf
from knowledge.phrases import load_phrases
from knowledge.plan_structure import parse_plan, plan_to_data
from records import plans
from records.communes import CommuneProfile, add_commune, find_commune
from records.database import Database
from tests.bot.test_cli import hocvuso
from tests.conftest import NOW

PLAN = """\
ỦY BAN NHÂN DÂN
XÃ THỬ NGHIỆM
Số: 12/KH-UBND
Thử Nghiệm, ngày 05 tháng 3 năm 2026
KẾ HOẠCH
Triển khai Phong trào "Bình dân học vụ số" năm 2026 trên địa bàn xã Thử Nghiệm
I. MỤC TIÊU
1. Năm 2026 phấn đấu 80% người dân trưởng thành của xã có kỹ năng số cơ bản.
2. 100% cán bộ, công chức xã sử dụng được dịch vụ công trực tuyến.
II. NHIỆM VỤ
1. Tổ chức các lớp tập huấn tại nhà văn hóa các xóm vào tháng 6 năm 2026.
III. TỔ CHỨC THỰC HIỆN
1. Phòng Văn hóa - Xã hội chủ trì, phối hợp với các xóm tổ chức thực hiện kế hoạch này;
báo cáo Ủy ban nhân dân xã trước ngày 15 tháng cuối quý.
2. Công an xã hướng dẫn người dân cài đặt và sử dụng VNeID.
"""


def asked(content: Content, commune: str, question: str) -> Turn:
    class Anywhere:
        def by_slug(self, slug: str) -> CommuneProfile:
            return CommuneProfile(1, slug, "xã", "xã", "bac", None, None, None, True, ())

    plans = open_plans(content, None, None)
    conversation = build_conversation(content, load_phrases(), Anywhere(), plans, utc_now, None)
    return conversation.respond(Message("1", question), {}, commune=commune, channel="test", sender="1")


def test_a_plan_question_is_answered_with_document_and_place(content: Content):
    turn = asked(
        content, "kien-minh", "chỉ tiêu người dân trưởng thành năm 2026 của xã là bao nhiêu phần trăm"
    )

    assert turn.outcome["outcome"] == "plan"
    assert turn.replies[0].text.startswith("Theo Kế hoạch")
    assert ", mục " in turn.replies[0].text
    assert "100%" in turn.replies[0].text


def test_the_passage_itself_can_be_asked_for(content: Content):
    turn = asked(content, "kien-minh", "đơn vị nào chủ trì toàn bộ kế hoạch của xã")

    assert [choice.title for choice in turn.replies[0].choices[:2]] == ["Xem nguyên văn", "Việc khác"]
    assert turn.slots["plan_passage"]["text"] == turn.outcome["passages"][0]["text"]


def test_what_is_asked_of_a_plan_and_not_in_it_is_not_guessed(content: Content):
    turn = asked(content, "kien-minh", "kế hoạch của xã cấp bao nhiêu triệu đồng mua máy tính cho thôn")

    assert turn.outcome["outcome"] == "no_answer"


def test_the_plan_of_another_commune_answers_nothing_here(content: Content):
    turn = asked(content, "xa-mau", "ai ký kế hoạch của xã")

    assert turn.outcome["outcome"] != "plan"


def test_a_how_to_question_stays_one_where_there_is_a_plan(content: Content):
    assert asked(content, "kien-minh", "quên mật khẩu vneid").outcome["guide"] == "vneid-quen-mat-khau"


def test_an_imported_plan_answers_once_it_is_approved_and_can_be_rolled_back(tmp_path: Path):
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text(PLAN, encoding="utf-8")
    second.write_text(PLAN.replace("80%", "90%"), encoding="utf-8")
    question = (
        "ask",
        "năm 2026 bao nhiêu phần trăm người dân trưởng thành có kỹ năng số",
        "--json",
        "--commune",
        "thu",
    )

    def answer() -> dict[str, object]:
        return json.loads(hocvuso(*question, folder=tmp_path).stdout)

    hocvuso("knowledge", "import", str(first), "--commune", "thu", folder=tmp_path)
    draft = answer()
    hocvuso("knowledge", "approve", "1", "--commune", "thu", folder=tmp_path)
    approved = answer()
    hocvuso("knowledge", "import", str(second), "--commune", "thu", "--approve", folder=tmp_path)
    replaced = answer()
    hocvuso("knowledge", "rollback", "--commune", "thu", folder=tmp_path)
    rolled_back = answer()

    assert draft["outcome"] != "plan"
    found = [str(one["reply"]) for one in (approved, replaced, rolled_back)]
    assert ["80%" in text for text in found] == [True, False, True]
    assert ["90%" in text for text in found] == [False, True, False]
    states = hocvuso("knowledge", "plans", "--commune", "thu", folder=tmp_path).stdout.splitlines()
    assert [line.split("\t")[:2] for line in states] == [["2", "replaced"], ["1", "approved"]]


def test_a_damaged_file_is_named_and_nothing_is_stored(tmp_path: Path):
    broken = tmp_path / "plan.pdf"
    broken.write_bytes(b"%PDF-1.7 broken")

    done = hocvuso("knowledge", "import", str(broken), "--commune", "thu", folder=tmp_path / "data", code=1)

    assert done.stderr.startswith("plan.pdf: found ")
    assert not (tmp_path / "data" / "hocvuso.db").exists()


# --- An approval while questions go on ------------------------------------------------------------

SHARE = "năm 2026 bao nhiêu phần trăm người dân trưởng thành có kỹ năng số"


def approve(database: Database, text: str, *, passages: list[Mapping[str, Any]] | None = None) -> None:
    """Import a plan into the commune 'thu' and approve it; `passages` instead of those of the text."""
    data = plan_to_data(parse_plan(text, name="Kế hoạch"))
    with database.write() as session:
        row = find_commune(session, "thu") or add_commune(session, slug="thu", name="xã Thử", now=NOW)
        draft = plans.add_draft(
            session, row, name="Kế hoạch", source_name="plan.txt", sha256=str(hash(text)), head=data["head"],
            passages=data["passages"] if passages is None else passages, facts={}, by="test", now=NOW,
        )  # fmt: skip
        plans.approve(session, row, version=draft.version, by="test", now=NOW)


def answer(shelf: PlanShelf) -> str:
    found = shelf.ask("thu", SHARE)
    return found.answer_text if found else "no plan"


@pytest.fixture
def approved(sqlite_database: Database) -> Database:
    """A database in which the plan with 80 % is approved."""
    approve(sqlite_database, PLAN)
    return sqlite_database


def test_until_the_new_plan_is_built_the_old_one_answers_and_then_only_the_new_one(approved: Database):
    builds, go_on = threading.Event(), threading.Event()
    go_on.set()

    def texts() -> list[str]:
        builds.set()
        assert go_on.wait(60)
        return []

    shelf = PlanShelf(approved, texts, look_s=0)
    assert "80%" in answer(shelf)
    builds.clear()
    go_on.clear()
    approve(approved, PLAN.replace("80%", "90%"))

    assert "80%" in answer(shelf)  # notices the approval and has another thread build
    assert builds.wait(60)
    assert "80%" in answer(shelf)
    go_on.set()
    shelf.refresh("thu")  # waits for the build under way

    assert "90%" in answer(shelf)
    assert "80%" not in answer(shelf)


def test_a_plan_that_cannot_be_built_leaves_the_one_before_until_another_is_approved(approved: Database):
    shelf = PlanShelf(approved, list, look_s=0)
    assert "80%" in answer(shelf)
    approve(approved, PLAN.replace("80%", "85%"), passages=[{"no": "passage"}])

    assert shelf.refresh("thu") is False
    assert "80%" in answer(shelf)

    approve(approved, PLAN.replace("80%", "90%"))
    assert shelf.refresh("thu") is True
    assert "90%" in answer(shelf)


def test_nothing_is_built_when_the_same_plan_is_still_approved(approved: Database):
    shelf = PlanShelf(approved, list, look_s=0)
    answer(shelf)

    assert shelf.refresh("thu") is False
