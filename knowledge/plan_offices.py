"""Which office a passage of a plan speaks to: recognised by how offices of a commune are named."""

import re

from knowledge.plan_lines import fold
from knowledge.plan_passages import PlanPassage

# On folded words: "phong" is an office but for "Phong trào", "to" a group but for "Tổ chức thực hiện".
_OFFICE = re.compile(
    r"(?:giao |de nghi )?(?:cac )?(?:"
    r"phong (?!trao|ngua|chong)|van phong|cong an|ban (?!hanh)|uy ban|ubnd|hdnd|co quan|truong |thu truong"
    r"|trung tam|to (?!chuc (?:thuc|trien|cac|hoi|hop|va|tham|sinh|lop|day))|mat tran|doan |hoi (?!nghi|thao)"
    r"|lien doan|so (?=khoa|van|noi|giao|tai|thong|nong|xay|cong|y te)|dang uy|dang bo|chi bo|don vi"
    r"|doanh nghiep|xom|thon|tram |nguoi dung dau|nganh|khoi|bi thu|hop tac xa|buu dien|vien thong"
    r"|quy tin dung|ngan hang)"
)
_ACTS = re.compile(
    r"(.{4,110}?)(?: - (?!xã hội|XH)|,? (?:xây dựng|chủ trì|chủ động|tổ chức(?! (?:chính trị|xã hội|đảng))"
    r"|định kỳ|có trách nhiệm|phối hợp|chỉ đạo|căn cứ|tham mưu)\b)"
)


def office_of(passage: PlanPassage) -> str | None:
    """Whose task a passage is: the office its text begins with, or that of the nearest heading."""
    before = passage.text.split(": ", 1)
    if len(before) == 2 and len(before[0]) < 90 and is_office(before[0]):
        return without_order(before[0])
    if (match := _ACTS.match(passage.text)) and is_office(match[1]) and passage.kind != "row":
        return without_order(match[1])
    for heading in reversed(passage.heading.split(" › ")):
        name = re.sub(r"^\(?(?:[IVX]+|\d+(?:\.\d+)*|[a-zđ])[.)]\s*", "", heading)
        if is_office(name):
            return without_order(name)
    return None


def is_office(name: str) -> bool:
    return _OFFICE.match(fold(name)) is not None and "%" not in name


def without_order(name: str) -> str:
    """ "Giao Văn phòng …" → "Văn phòng …"."""
    name = re.sub(r"^(?:Giao|Đề nghị)\s+", "", name.strip(" .:"))
    return name[:1].upper() + name[1:]
