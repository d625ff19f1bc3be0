"""Targets, tasks, deadlines, phases and models of the five plans, row by row."""

import pytest

from knowledge.plan_facts import Model, Phase, PlanFacts, ReportDeadline, Task, facts_to_data, plan_facts
from tests.knowledge.test_plan_structure import (
    HUNG_NGUYEN_NAM,
    KIEN_MINH,
    NAM_DAN,
    THACH_THANH,
    WARD,
    XUAN_LAM,
    needs_seeds,
    plan_of,
    seed_plan,
)

OFFICIALS = "cán bộ, công chức, viên chức và người lao động"
PUBLIC = f"{OFFICIALS} trong khu vực công"
ADULTS = "người dân trong độ tuổi trưởng thành"
WORKERS = "người lao động trong các doanh nghiệp, hợp tác xã"
COOPERATIVES = f"{WORKERS}, liên hiệp hợp tác xã"
UNIONS = f"{WORKERS}, liên hợp tác xã"


def facts_of(name: str) -> PlanFacts:
    return plan_facts(seed_plan(name))


def targets(name: str) -> list[tuple[int | None, str, str, str]]:
    """(year, percentage with its bound, group, locator)"""
    return [
        (target.year, f"{target.bound} {target.percent:g}".strip(), target.group, target.locator)
        for target in facts_of(name).targets
    ]


@needs_seeds
def test_every_target_of_hung_nguyen_nam():
    assert targets(HUNG_NGUYEN_NAM) == [
        (2025, "80", f"{OFFICIALS} UBND xã", "III.1"),
        (2026, "100", OFFICIALS, "III.2"),
    ]


@needs_seeds
def test_every_target_of_thach_thanh():
    assert targets(THACH_THANH) == [
        (2025, "90", PUBLIC, "III.1.a"),
        (2025, "100", "học sinh trung học", "III.1.b"),
        (2025, "85", ADULTS, "III.1.c"),
        (2025, "60", ADULTS, "III.1.d"),
        (2025, "80", COOPERATIVES, "III.1.e"),
        (2026, "100", PUBLIC, "III.2.a"),
        (2026, "100", "học sinh từ cấp tiểu học", "III.2.b"),
        (2026, "100", "người dân trưởng thành", "III.2.c"),
        (2026, "80", ADULTS, "III.2.d"),
        (2026, "100", WORKERS, "III.2.e"),
        (None, "100", "công dân từ 16 tuổi", "IV.7, gạch đầu dòng 4"),
        (None, "100", "người dân", "IV.9, gạch đầu dòng 1"),
        (
            None,
            "100",
            "nhà văn hóa thôn, bản, tổ dân phố, khu nhà ở tập thể cho công nhân tại các khu kinh tế, "
            "khu công nghiệp, các điểm công cộng",
            "IV.9, gạch đầu dòng 2",
        ),
        (None, "100", "người lao động trong các doanh nghiệp", "VI.10, gạch đầu dòng 1"),
        (2025, "90", PUBLIC, "Phụ lục, STT 1"),
        (2026, "100", PUBLIC, "Phụ lục, STT 1"),
        (2025, "100", "học sinh trung học", "Phụ lục, STT 2"),
        (2026, "100", "học sinh từ cấp tiểu học", "Phụ lục, STT 3"),
        (2025, "85", ADULTS, "Phụ lục, STT 4"),
        (2026, "100", ADULTS, "Phụ lục, STT 4"),
        (2025, "60", ADULTS, "Phụ lục, STT 5"),
        (2026, "80", ADULTS, "Phụ lục, STT 5"),
        (2025, "80", COOPERATIVES, "Phụ lục, STT 6"),
        (2026, "100", COOPERATIVES, "Phụ lục, STT 6"),
    ]


@needs_seeds
def test_every_target_of_kien_minh_is_for_the_year_of_the_plan():
    assert targets(KIEN_MINH) == [
        (2026, "100", OFFICIALS, "I.2, gạch đầu dòng 1"),
        (2026, "100", "học sinh từ cấp tiểu học", "I.2, gạch đầu dòng 2"),
        (2026, "100", "người dân trưởng thành", "I.2, gạch đầu dòng 3"),
        (2026, "100", COOPERATIVES, "I.2, gạch đầu dòng 4"),
        (2026, "100", "học sinh Tiểu học, Trung học cơ sở", "IV.5"),
    ]


@needs_seeds
def test_every_target_of_nam_dan_also_where_the_percentage_comes_last():
    assert targets(NAM_DAN) == [
        (2026, "100", "cán bộ, công chức", "II.1, gạch đầu dòng 6"),
        (2026, "100", "ban cán sự xóm, Tổ công nghệ số cộng đồng", "II.1, gạch đầu dòng 6"),
        (2026, "100", "ban cán sự bản và Tổ công nghệ số cộng đồng", "III.1, gạch đầu dòng 2"),
        (2026, "100", "cơ sở vật chất, hạ tầng, đường truyền", "III.1, gạch đầu dòng 2"),
        (2026, "100", "thủ tục hành chính", "III.3, gạch đầu dòng 1"),
        (2026, "100", "số hóa hồ sơ, kết quả giải quyết TTHC", "III.3, gạch đầu dòng 1"),
        (
            2026,
            "100",
            "hồ sơ nộp và giải quyết trực tuyến của tổ chức, cá nhân",
            "III.3, gạch đầu dòng 2",
        ),
        (2026, "100", "phản ánh kiến nghị", "III.3, gạch đầu dòng 2"),
        (2026, "100", "dịch vụ công trực tuyến, số hóa hồ sơ", "V.4, gạch đầu dòng 2"),
    ]


@needs_seeds
def test_every_target_of_the_ward():
    assert targets(WARD) == [
        (2025, "trên 90", PUBLIC, "III.1.(1)"),
        (2025, "100", "học sinh trung học", "III.1.(2)"),
        (2025, "90", ADULTS, "III.1.(3)"),
        (2025, "90", ADULTS, "III.1.(4)"),
        (2025, "85", UNIONS, "III.1.(5)"),
        (2026, "100", PUBLIC, "III.2.(1)"),
        (2026, "100", "học sinh từ bậc tiểu học", "III.2.(2)"),
        (2026, "100", "người dân trưởng thành", "III.2.(3)"),
        (2026, "100", ADULTS, "III.2.(4)"),
        (2026, "100", UNIONS, "III.2.(5)"),
        (2026, "trở lên 90", "các cơ sở giáo dục phổ thông", "III.2.(6)"),
        (None, "100", "công dân từ 16 tuổi", "IV.6.4"),
    ]


@needs_seeds
@pytest.mark.parametrize(
    ("name", "deadlines"),
    [
        (
            HUNG_NGUYEN_NAM,
            [
                ReportDeadline(
                    "trước ngày 10 tháng cuối mỗi Quý",
                    10,
                    "quý",
                    "Trưởng các phòng chuyên môn",
                    "Văn phòng HĐND-UBND",
                    "VI.1, gạch đầu dòng 4",
                ),
                ReportDeadline(
                    "trước ngày 10 tháng cuối mỗi Quý",
                    10,
                    "quý",
                    "Các cơ quan, đơn vị sự nghiệp; cơ sở xóm, làng",
                    "UBND xã (qua Văn phòng HĐND-UBND)",
                    "VI.5, gạch đầu dòng 4",
                ),
            ],
        ),
        (
            KIEN_MINH,
            [
                ReportDeadline(
                    "chậm nhất vào ngày 10 của tháng cuối quý",
                    10,
                    "quý",
                    "Các cơ quan, đơn vị",
                    None,
                    "IV.7",
                )
            ],
        ),
        (NAM_DAN, []),
        (
            WARD,
            [
                ReportDeadline(
                    "định kỳ theo quý",
                    None,
                    "quý",
                    "Ban Xây dựng Đảng Đảng ủy phường",
                    "Ban Thường vụ Đảng uỷ",
                    "V.2, gạch đầu dòng 1",
                ),
                ReportDeadline(
                    "trước ngày 15 tháng cuối quý",
                    15,
                    "quý",
                    "Các đảng bộ, chi bộ cơ sở và chi bộ trực thuộc",
                    "Ban Thường vụ Đảng ủy (qua Ban Xây dựng Đảng)",
                    "V.5, gạch đầu dòng 2",
                ),
            ],
        ),
    ],
)
def test_every_report_deadline(name: str, deadlines: list[ReportDeadline]):
    assert list(facts_of(name).deadlines) == deadlines


@needs_seeds
def test_the_phases_of_nam_dan_with_their_months():
    phases = facts_of(NAM_DAN).phases

    assert [(phase.first, phase.last) for phase in phases if phase.name.startswith("Giai đoạn")] == [
        ("2026-05", "2026-05"),
        ("2026-06", "2026-08"),
        ("2026-09", "2026-10"),
        ("2026-11", "2026-12"),
    ]
    assert (
        Phase(
            "Triển khai ứng dụng khoa học công nghệ, khuyến khích tích hợp AI",
            "2026-07",
            "2026-07",
            "III.2, gạch đầu dòng 2",
        )
        in phases
    )


@needs_seeds
def test_the_models_of_the_ward_with_what_they_ask_at_least():
    assert list(facts_of(WARD).models) == [
        Model("Chương trình", "Học từ làm việc thực tế", None, "IV.5.2, gạch đầu dòng 2"),
        Model("Mạng lưới", "Đại sứ số", "ít nhất 5 “mentee”", "IV.6.1"),
        Model("Mô hình", "Chợ số", None, "IV.6.2"),
        Model("Phong trào", "Gia đình số", "ít nhất một thành viên", "IV.6.3"),
        Model("Mô hình", "Mỗi công dân - Một danh tính số", None, "IV.6.4"),
        Model("Mô hình", "Tổ công nghệ số cộng đồng", None, "IV.6.5"),
        Model("Mô hình", "Trường học chuyển đổi số điển hình", None, "IV.6.5"),
        Model("Mô hình", "Lớp học số sáng tạo", None, "IV.6.5"),
        Model("Mô hình", "Giáo viên số tiêu biểu", None, "IV.6.5"),
        Model("Chiến dịch", "Thanh niên chung tay phổ cập kỹ năng số", None, "IV.6.6, đoạn 2"),
    ]


@needs_seeds
def test_tasks_say_who_leads_and_who_cooperates():
    tasks = {task.locator: task for task in facts_of(KIEN_MINH).tasks}

    assert tasks["Danh mục, TT 2.3"] == Task(
        "Phổ cập kỹ năng số cho người lao động trong các doanh nghiệp, hợp tác xã, liên hiệp hợp tác xã "
        "về các kiến thức, kỹ năng về thương mại điện tử",
        "Phòng Kinh tế",
        "Phòng VH - XH",
        "Hàng năm",
        "Danh mục, TT 2.3",
    )
    lead = tasks["IV.2, gạch đầu dòng 1"]
    assert (lead.lead, lead.cooperates) == ("Công an xã", "ban, ngành, hội đoàn thể, các thôn")


@needs_seeds
def test_an_office_that_only_cooperates_does_not_lead():
    tasks = {task.locator: task for task in facts_of(HUNG_NGUYEN_NAM).tasks}

    assert tasks["VI.3"].lead is None
    assert tasks["VI.3"].cooperates == "Phòng Văn hóa – Xã hội; Văn phòng HĐND-UBND xã"
    assert tasks["VI.4"].lead == "Phòng Kinh tế"


def test_facts_of_another_plan_come_out_alike():
    facts = plan_facts(plan_of(XUAN_LAM))

    assert [(t.percent, t.bound, t.group, t.year) for t in facts.targets] == [
        (70.0, "ít nhất", "hộ gia đình", 2026),
        (95.5, "", "học sinh trung học cơ sở", 2026),
        (60.0, "từ", "người cao tuổi", 2026),
    ]
    assert [(task.lead, task.cooperates, task.when) for task in facts.tasks] == [
        ("Phòng Kinh tế", "Viettel", "Tháng 6/2026"),
        ("Phòng Văn hóa - Xã hội", "Các thôn", "Quý II"),
    ]


def test_facts_can_be_stored_as_json():
    data = facts_to_data(plan_facts(plan_of(XUAN_LAM)))

    assert data["targets"][0]["locator"] == "Phần thứ nhất, 2.a"
