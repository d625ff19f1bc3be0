"""Passages by the million, made of sentences that plans and guides really have.

The shipped digests of plans and the guides give the sentences; parts of sentences are exchanged,
and numbers, dates, communes, hamlets and offices are other ones each time. So the texts have the
words and the lengths of real ones, but are nearer to each other than the plans of a thousand
communes would be: mind that when reading what is measured on them.
"""

import random
import re
from collections.abc import Iterator, Sequence

from knowledge.library import Library
from knowledge.plan_digest import PlanDigest
from retrieval.passages import chunk_guides
from retrieval.text import normalise

# What place names are made of; two or three together.
_SYLLABLES = (
    "An Ân Bắc Bảo Bình Cao Cát Châu Đại Diên Đông Đồng Đức Dương Gia Giang Hà Hải Hoàng Hòa Hội Hồng Hưng "
    "Khánh Kiên Kim La Lâm Lạc Lộc Long Minh Mỹ Nam Nghĩa Ngọc Nhân Ninh Phong Phú Phúc Phước Phương Quang "
    "Quảng Quế Sơn Tam Tân Tây Thạch Thái Thanh Thành Thịnh Thọ Thuận Thượng Tiên Tiến Trung Trường Vân Văn "
    "Viên Vĩnh Vũ Xuân Yên"
).split()
_NEIGHBOURHOODS = ("Xóm", "Thôn", "Bản", "Làng", "Tổ dân phố", "Khu phố", "Ấp", "Buôn")
_OFFICES = (
    "Công an xã", "Đoàn Thanh niên", "Hội Phụ nữ", "Hội Nông dân", "Hội Cựu chiến binh", "Trạm Y tế",
    "Ủy ban Mặt trận Tổ quốc", "Văn phòng HĐND và UBND", "Phòng Văn hóa - Xã hội", "Phòng Kinh tế",
    "Trung tâm phục vụ hành chính công", "Tổ công nghệ số cộng đồng", "Trường tiểu học", "Trường mầm non",
    "Trường trung học cơ sở", "Hội Người cao tuổi", "Bưu điện", "Hợp tác xã nông nghiệp",
)  # fmt: skip
_OFFICE = re.compile("|".join(map(re.escape, _OFFICES)))
_NUMBER = re.compile(r"\d{1,2}/\d{1,2}/\d{4}|\d{1,2}/\d{4}|\b20\d\d\b|\d+")
_BETWEEN_PARTS = re.compile(r"(?<=[;,.:?])\s+")


class PassageMaker:
    """The same passages from the same content and seed, always in the same order."""

    def __init__(self, library: Library, digests: Sequence[PlanDigest], *, seed: int) -> None:
        names = {name for digest in digests for name in (digest.name, digest.province) if name}
        self._name = re.compile("|".join(map(re.escape, sorted(names))))
        # Whose signature it is and to whom it goes is no sentence.
        plans = [
            passage.text
            for digest in digests
            for passage in digest.plan.passages
            if passage.kind in ("item", "row", "heading", "basis")
        ]
        guides = [passage.text for passage in chunk_guides(library.guides.values())]
        # Half of the passages come from plans, whatever number of sentences each side has.
        self._sides = [[_BETWEEN_PARTS.split(text) for text in side] for side in (plans, guides)]
        self._chance = random.Random(seed)

    def passages(self) -> Iterator[str]:
        """Normalised passages without end, each another text than all before it."""
        seen = set[int]()
        while True:
            text = normalise(self._passage())
            if (key := hash(text)) not in seen:
                seen.add(key)
                yield text

    def _passage(self) -> str:
        chance = self._chance
        side = chance.choice(self._sides)
        parts = list(chance.choice(side))
        if chance.random() < 0.5:
            parts[chance.randrange(len(parts))] = chance.choice(chance.choice(side))
        while chance.random() < 0.4:
            parts.append(chance.choice(chance.choice(side)))
        if chance.random() < 0.5:
            parts.insert(0, f"{chance.choice(_NEIGHBOURHOODS)} {self._place(1)}, xã {self._place(2)}:")
        text = self._name.sub(lambda _match: self._place(2), " ".join(parts))
        text = _OFFICE.sub(lambda _match: chance.choice(_OFFICES), text)
        return _NUMBER.sub(lambda match: self._number(match[0]), text)

    def _place(self, least: int) -> str:
        return " ".join(self._chance.sample(_SYLLABLES, self._chance.randint(least, 2)))

    def _number(self, found: str) -> str:
        """Another of its kind: a date, a month, a year, or a number of up to three digits."""
        chance = self._chance
        day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(2024, 2030)
        if found.count("/") == 2:
            return f"{day}/{month}/{year}"
        if "/" in found:
            return f"{month}/{year}"
        if len(found) == 4:
            return str(year)
        return str(chance.randint(1, 10 ** min(len(found), 3)))
