"""A plan and something on every list of a commune, for tests that go through all pages."""

import datetime as dt
import itertools

from knowledge.plan_facts import facts_to_data, plan_facts
from knowledge.plan_structure import parse_plan, plan_to_data
from records import list_imports, plans
from records.classes import save_note
from records.communes import CommuneProfile
from records.community import ClassNote
from records.models import Commune
from records.plan_targets import target_key
from tests.staff.world import World

PLAN = """\
ỦY BAN NHÂN DÂN
XÃ TÂN CƯƠNG
Số: 12/KH-UBND
Tân Cương, ngày 05 tháng 3 năm 2026
KẾ HOẠCH
Triển khai Phong trào "Bình dân học vụ số" năm 2026 trên địa bàn xã Tân Cương
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
_numbers = itertools.count(1)


def has_plan(world: World, *, commune: CommuneProfile | None = None, name: str = "Kế hoạch") -> int:
    """A plan that is approved; returns its version."""
    plan = parse_plan(PLAN, name="plan.txt")
    data = plan_to_data(plan)
    with world.database.write() as session:
        row = session.get_one(Commune, (commune or world.home).id)
        draft = plans.add_draft(
            session,
            row,
            name=name,
            source_name="plan.txt",
            sha256=f"{next(_numbers):064}",
            head=data["head"],
            passages=data["passages"],
            facts=facts_to_data(plan_facts(plan)),
            text=PLAN,
            by="staff:lan",
            now=world.clock(),
        )
        plans.approve(session, row, version=draft.version, by="staff:lan", now=world.clock())
        return draft.version


def desk_objects(world: World, commune: CommuneProfile, words: str) -> dict[str, int | str]:
    """One object of the commune for each parameter of the pages of plans and lists; `words` stand in all.

    Two versions of its plan were approved, and `version` is a draft.
    """
    for _ in range(2):
        has_plan(world, commune=commune, name=words)
    now = world.clock()
    with world.database.write() as session:
        row = session.get_one(Commune, commune.id)
        current = plans.current_plan(session, row)
        assert current is not None
        draft = plans.add_draft(
            session,
            row,
            name=words,
            source_name=words,
            sha256=f"{next(_numbers):064}",
            head=current.head,
            passages=current.passages,
            facts=current.facts,
            by="staff:lan",
            now=now,
        )
        save_note(
            session,
            commune_id=commune.id,
            inbox_id=next(_numbers),
            volunteer_id=None,
            entered_by="staff:lan",
            kind="class",
            hamlet_id=commune.hamlets[0].id,
            day=dt.date(2026, 11, 20),
            guides=[],
            total=5,
            note=words,
            now=now,
        )
        household = list_imports.add_household(
            session,
            commune_id=commune.id,
            code="hoamai25",
            hamlet_id=None,
            reached_on=None,
            by="staff:lan",
            now=now,
        )
        household.note = words
        pending = list_imports.keep(
            session,
            commune_id=commune.id,
            kind="hamlets",
            source_name=words,
            sha256="0" * 64,
            rows=[(1, ["Tên thôn, xóm"]), (2, [words])],
            by="staff:lan",
            now=now,
        )
        note = session.query(ClassNote.id).filter(ClassNote.commune_id == commune.id).scalar()
        return {
            "version": draft.version,
            "part": "doan",
            "number": 1,
            "key": target_key(current.facts["targets"][0]),
            "hamlet_id": commune.hamlets[0].id,
            "note_id": note,
            "household_id": household.id,
            "import_id": pending.id,
        }
