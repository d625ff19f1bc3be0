"""The five plans of shared/seeds, and what other communes' plans look like."""

from pathlib import Path

import pytest

from knowledge.plan_head import CommuneName, commune_of
from knowledge.plan_lines import fold
from knowledge.plan_passages import MAX_PASSAGE, PlanPassage
from knowledge.plan_structure import Plan, PlanError, parse_plan, plan_from_data, plan_to_data

SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"
needs_seeds = pytest.mark.skipif(not SEEDS.is_dir(), reason="shared/seeds is not beside the project")

HUNG_NGUYEN_NAM = "000_620164317ae5b827.txt"
THACH_THANH = "001_912b62504f4f27b5.txt"
KIEN_MINH = "002_729724e1550c6442.txt"
NAM_DAN = "003_b204bb951a8bd581.txt"
WARD = "004_33a8034401cef2aa.txt"
ALL = (HUNG_NGUYEN_NAM, THACH_THANH, KIEN_MINH, NAM_DAN, WARD)


def seed(name: str) -> str:
    return (SEEDS / name).read_text(encoding="utf-8")


def seed_plan(name: str) -> Plan:
    return parse_plan(seed(name), name=name)


def plan_of(text: str) -> Plan:
    return parse_plan(text, name="kế hoạch")


def placed(plan: Plan) -> list[tuple[str, str]]:
    """The body as (locator, text)."""
    kinds = ("item", "row", "heading", "closing")
    return [(passage.locator, passage.text) for passage in plan.passages if passage.kind in kinds]


@needs_seeds
@pytest.mark.parametrize(
    ("name", "parts", "passages"),
    [(HUNG_NGUYEN_NAM, 6, 36), (THACH_THANH, 6, 96), (KIEN_MINH, 4, 55), (NAM_DAN, 5, 45), (WARD, 6, 79)],
)
def test_finds_every_part_and_passage(name: str, parts: int, passages: int):
    plan = seed_plan(name)

    headings = {passage.heading.split(" › ")[0] for passage in plan.passages if passage.kind == "item"}
    alone = {p.locator for p in plan.passages if p.kind == "item" and not p.heading}  # "IV. Kinh phí: …"
    assert len(headings - {""}) + len(alone) == parts
    assert len(plan.passages) == passages


@needs_seeds
@pytest.mark.parametrize("name", ALL)
def test_no_passage_starts_or_ends_in_mid_sentence(name: str):
    plan = seed_plan(name)

    starts = [p.locator for p in plan.passages if not (p.text[0].isupper() or p.text[0] in "“(0123456789")]
    ends = [p.locator for p in plan.passages if p.text.rstrip("”\")'")[-1] not in ".:!?…"]
    assert (starts, ends) == ([], [])


@needs_seeds
@pytest.mark.parametrize("name", ALL)
def test_no_sentence_of_a_passage_is_broken_off_before_its_end(name: str):
    """What follows a passage's last word in the document is the end of a sentence, a mark, or a heading."""
    plan, source = seed_plan(name), fold(seed(name))
    bodies = [p for p in plan.passages if p.kind in ("item", "heading", "closing")]

    torn = [p.locator for p in bodies if fold(p.text) not in source]

    assert torn == []


@needs_seeds
@pytest.mark.parametrize("name", ALL)
def test_no_passage_is_longer_than_a_message_and_none_shares_its_place(name: str):
    plan = seed_plan(name)

    assert [p.locator for p in plan.passages if len(p.text) > MAX_PASSAGE] == []
    assert len({p.locator for p in plan.passages}) == len(plan.passages)


@needs_seeds
@pytest.mark.parametrize("name", ALL)
def test_no_words_of_the_document_are_lost(name: str):
    plan = seed_plan(name)

    kept = " ".join(fold(f"{p.heading} {p.text}") for p in plan.passages).split()
    words = fold(seed(name)).split()
    lost = {word for word in words if len(word) > 2 and word.isalpha() and word not in kept}
    # The motto, the note "kèm theo …", the heads of tables and "xây dựng Kế hoạch … như sau" are no passage.
    expected = set(fold("chủ nghĩa độc lập tự do hạnh phúc kèm ghi chú stt xây viii").split())
    assert lost <= expected


@needs_seeds
def test_reads_the_head_and_leaves_out_what_the_document_leaves_blank():
    head = seed_plan(KIEN_MINH).head

    assert (head.issuer, head.kind, head.commune) == ("Ủy ban nhân dân xã Kiến Minh", "xã", "Kiến Minh")
    assert (head.number, head.date) == (None, "2026-05")
    assert head.subject == "Triển khai Phong trào “Bình dân học vụ số” năm 2026 trên địa bàn xã Kiến Minh"
    assert (head.signer, head.signer_post) == ("Hoàng Thị Thuý Hà", "KT. Chủ tịch, Phó Chủ tịch")
    assert len(head.bases) == 4
    assert head.bases[3].startswith("Căn cứ Kế hoạch số 46/KH-UBND ngày 30/01/2026")
    assert head.recipients[0] == "Sở Khoa học và Công nghệ (b/c)"
    assert head.recipients[-1] == "Lưu: VT"


@needs_seeds
@pytest.mark.parametrize(
    ("name", "issuer", "date", "signer"),
    [
        (HUNG_NGUYEN_NAM, "Ủy ban nhân dân xã Hưng Nguyên Nam", "2025-07", "Cao Anh Đức"),
        (THACH_THANH, "Ủy ban nhân dân huyện Thạch Thành", "2025-05", "Nguyễn Đình Tam"),
        (NAM_DAN, "Ủy ban nhân dân xã Nam Đàn", "2026-05", "Hoàng Nghĩa Hùng"),
        (WARD, "Đảng ủy phường", None, "Lê Thị Vân"),
    ],
)
def test_reads_who_issued_and_signed_each_plan(name: str, issuer: str, date: str | None, signer: str):
    head = seed_plan(name).head

    assert (head.issuer, head.number, head.date, head.signer) == (issuer, None, date, signer)


@needs_seeds
def test_a_commune_can_be_made_from_the_head_where_it_is_named():
    assert commune_of(seed_plan(NAM_DAN).head) == CommuneName("nam-dan", "Nam Đàn", "xã")
    assert commune_of(seed_plan(WARD).head) is None


@needs_seeds
def test_rows_of_a_flattened_table_keep_their_columns():
    row = seed_plan(THACH_THANH).passage("Phụ lục, STT 5")

    assert row.heading == (
        "Phụ lục: Phân công theo dõi, triển khai thực hiện các chỉ tiêu Phong trào “Bình dân học vụ số”"
    )
    assert row.text == (
        "Tỷ lệ người dân trong độ tuổi trưởng thành được xác nhận đạt phổ cập tri thức về chuyển đổi số, "
        "kỹ năng số trên nền tảng VNeID. Năm 2025: 60%. Năm 2026: 80%. "
        "Đơn vị chủ trì: Văn phòng HĐND và UBND. "
        "Đơn vị phối hợp: Phòng Văn hóa, khoa học và Thông tin; Các cơ quan, đơn vị liên quan."
    )


@needs_seeds
def test_rows_of_a_tab_separated_table_stand_under_their_groups():
    row = seed_plan(KIEN_MINH).passage("Danh mục, TT 3.3")

    assert row.heading.endswith("› 3. Triển khai các mô hình, Phong trào lan tỏa kỹ năng số cho cộng đồng")
    assert row.text == (
        "Triển khai thực hiện Mô hình “Mỗi công dân - Một danh tính số”. "
        "Phân công thực hiện: Công an xã. "
        "Cơ quan phối hợp: Các cơ quan, đơn vị; Tổ Công nghệ số cộng đồng; Đoàn thanh niên; "
        "các tổ chức CT - XH. Thời gian thực hiện: Thường xuyên."
    )


@needs_seeds
def test_a_list_below_a_bullet_keeps_what_introduces_it():
    passage = seed_plan(THACH_THANH).passage("VI.1, gạch đầu dòng 4, ý 1")

    assert passage.text == "Triển khai “Ngày hội toàn dân học tập số”."
    assert passage.heading == (
        "VI. Tổ chức thực hiện › 1. Phòng Văn hóa, khoa học và Thông tin › "
        "Chủ trì, phối hợp với các cơ quan liên quan thực hiện các nhiệm vụ, giải pháp"
    )


@needs_seeds
def test_a_number_given_twice_still_has_one_place_each():
    plan = seed_plan(WARD)

    assert plan.passage("IV.6.1").text.startswith("Mạng lưới “Đại sứ số”")
    assert plan.passage("IV").heading == "IV. Kinh phí thực hiện"


@needs_seeds
@pytest.mark.parametrize("name", ALL)
def test_a_plan_survives_being_stored_as_json(name: str):
    plan = seed_plan(name)

    assert plan_from_data(plan_to_data(plan)) == plan


XUAN_LAM = """
ỦY BAN NHÂN DÂN\tCỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
XÃ XUÂN LÂM\tĐộc lập - Tự do - Hạnh phúc
Số: 112/KH-UBND\tXuân Lâm, ngày 05 tháng 3 năm 2026
KẾ HOẠCH
Dạy kỹ năng số năm 2026
Căn cứ Kế hoạch số 12/KH-UBND ngày 03/01/2026 của UBND tỉnh;
Căn cứ tình hình thực tế của xã,
UBND xã Xuân Lâm ban hành kế hoạch như sau:
PHẦN THỨ NHẤT
MỤC TIÊU
1. Mục tiêu chung
Mọi người dân đều biết dùng điện thoại để làm các việc thiết
yếu hằng ngày.
2. Mục tiêu cụ thể đến hết năm 2026
a) Ít nhất 70% hộ gia đình có người biết dùng dịch vụ công;
b) 95,5% học sinh trung học cơ sở được học kỹ năng số;
đ) Từ 60% người cao tuổi biết gọi điện có hình.
Trang 2/3
PHẦN THỨ HAI
NHIỆM VỤ
Điều 1. Tổ chức lớp học
1.1. Mỗi thôn mở hai lớp, mỗi lớp không quá 20 người.
1.2. Người dạy là Tổ công nghệ số cộng đồng.
Điều 2. Phân công
| STT | Nhiệm vụ | Chủ trì | Phối hợp | Thời hạn |
|---|---|---|---|---|
| 1 | Lắp wifi nhà văn hóa | Phòng Kinh tế | Viettel | Tháng 6/2026 |
| 2 | Tập huấn | Phòng Văn hóa - Xã hội | Các thôn | Quý II |
Nơi nhận:\tTM. ỦY BAN NHÂN DÂN
- UBND tỉnh;\tCHỦ TỊCH
- Các thôn;
- Lưu: VT.\tTrần Văn Bình
PHỤ LỤC I
DANH SÁCH LỚP HỌC
TT
Thôn
Số lớp
1
Thôn Đông
2
2
Thôn Đoài
3
"""


def test_reads_a_plan_of_another_shape():
    assert placed(plan_of(XUAN_LAM)) == [
        ("Phần thứ nhất, 1", "Mọi người dân đều biết dùng điện thoại để làm các việc thiết yếu hằng ngày."),
        ("Phần thứ nhất, 2.a", "Ít nhất 70% hộ gia đình có người biết dùng dịch vụ công."),
        ("Phần thứ nhất, 2.b", "95,5% học sinh trung học cơ sở được học kỹ năng số."),
        ("Phần thứ nhất, 2.đ", "Từ 60% người cao tuổi biết gọi điện có hình."),
        ("Phần thứ hai, Điều 1, 1.1", "Mỗi thôn mở hai lớp, mỗi lớp không quá 20 người."),
        ("Phần thứ hai, Điều 1, 1.2", "Người dạy là Tổ công nghệ số cộng đồng."),
        (
            "Phần thứ hai, Điều 2, STT 1",
            "Lắp wifi nhà văn hóa. Chủ trì: Phòng Kinh tế. Phối hợp: Viettel. Thời hạn: Tháng 6/2026.",
        ),
        (
            "Phần thứ hai, Điều 2, STT 2",
            "Tập huấn. Chủ trì: Phòng Văn hóa - Xã hội. Phối hợp: Các thôn. Thời hạn: Quý II.",
        ),
        ("Phụ lục I, TT 1", "Thôn Đông. Số lớp: 2."),
        ("Phụ lục I, TT 2", "Thôn Đoài. Số lớp: 3."),
    ]


def test_reads_a_letterhead_and_a_signature_in_two_columns():
    head = plan_of(XUAN_LAM).head

    assert (head.issuer, head.number, head.date) == (
        "Ủy ban nhân dân xã Xuân Lâm",
        "112/KH-UBND",
        "2026-03-05",
    )
    assert (head.signer, head.signer_post) == ("Trần Văn Bình", "TM. Ủy ban nhân dân, Chủ tịch")
    assert head.recipients == ("UBND tỉnh", "Các thôn", "Lưu: VT")
    assert head.bases == ("Căn cứ Kế hoạch số 12/KH-UBND ngày 03/01/2026 của UBND tỉnh.",)


def test_a_line_broken_before_a_dash_or_a_number_stays_one_sentence():
    plan = plan_of(
        "I. MỤC ĐÍCH\n"
        "1. Giao phòng Văn hóa - Xã hội cùng các tổ chức chính trị\n"
        "- xã hội và đoàn thể xây dựng chương trình giai đoạn từ năm\n"
        "2025 đến năm 2030 theo Nghị quyết số 57-\n"
        "NQ/TW của Bộ Chính trị về khoa học và công nghệ quốc gia.\n"
        "2. Giao Công an xã giữ an ninh trật tự trên mạng cho dân.\n"
    )

    assert placed(plan) == [
        (
            "I.1",
            "Giao phòng Văn hóa - Xã hội cùng các tổ chức chính trị - xã hội và đoàn thể xây dựng "
            "chương trình giai đoạn từ năm 2025 đến năm 2030 theo Nghị quyết số 57-NQ/TW của Bộ "
            "Chính trị về khoa học và "
            "công nghệ quốc gia.",
        ),
        ("I.2", "Giao Công an xã giữ an ninh trật tự trên mạng cho dân."),
    ]


def test_page_numbers_do_not_get_into_sentences():
    plan = plan_of("I. NHIỆM VỤ\n1. Mở lớp học cho người cao tuổi ở\n2\ncác thôn.\n- 3 -\n2. Lắp wifi.\n")

    assert placed(plan) == [("I.1", "Mở lớp học cho người cao tuổi ở các thôn."), ("I.2", "Lắp wifi.")]


def test_a_very_long_paragraph_is_cut_between_sentences():
    sentence = "Các thôn mở lớp cho người dân vào buổi tối và mời Tổ công nghệ số cộng đồng đến dạy. "
    plan = plan_of(f"I. NHIỆM VỤ\n1. {sentence * 20}")

    assert [passage.locator for passage in plan.passages] == ["I.1", "I.1 (tiếp 1)"]
    assert all(passage.text.endswith("đến dạy.") for passage in plan.passages)


def test_a_text_without_parts_is_no_plan():
    with pytest.raises(PlanError, match="found 1 lines without a numbered part, expected parts such as"):
        plan_of("Kính gửi bà con, xin mời đến nhà văn hóa.")


def test_full_text_can_be_read_alone():
    passage = PlanPassage("V.3", "V. Tổ chức thực hiện › 3. Phòng Kinh tế", "Bố trí kinh phí.", "item")

    assert passage.full_text == "V. Tổ chức thực hiện › 3. Phòng Kinh tế: Bố trí kinh phí."
