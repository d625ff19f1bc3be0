"""Questions about the commune's official plan, from import to answer."""

import json
from pathlib import Path

from bot.assembly import build_conversation, open_plans, utc_now
from bot.content import Content
from bot.conversation import Message, Turn
from knowledge.phrases import load_phrases
from records.communes import CommuneProfile
from tests.bot.test_cli import hocvuso

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
