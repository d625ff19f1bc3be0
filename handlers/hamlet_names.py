"""Match what somebody calls their hamlet: "xóm 3", "x3", "xom ba", "thôn Đông", "to 5". Pure."""

import re
from collections.abc import Sequence

from rapidfuzz import fuzz, process

from records.communes import HamletProfile
from retrieval.text import fold, normalise

_KINDS = r"(?:xom|thon|ban|lang|ap|khoi|khu pho|khu|to dan pho|to|tdp|doi)"
_NUMBERS = {"mot": "1", "nhat": "1", "hai": "2", "ba": "3", "bon": "4", "tu": "4", "nam": "5", "sau": "6",
            "bay": "7", "tam": "8", "chin": "9", "muoi": "10"}  # fmt: skip
_BEFORE = r"(?:toi|bac|tui|minh|em|chau|ba|ong|nha|co|chu|o|thuoc|la|dang|song|con|da|a)"
_NAMED = re.compile(rf"^(?:{_BEFORE} )*(?:{_KINDS} (?:so )?\w+|{_KINDS}\d+|[xtk] ?\d+)")
ENOUGH = 88  # of 100: two typing slips in a name of average length


def names_a_hamlet(text: str) -> bool:
    """Whether a short message says a hamlet and nothing else: "tôi ở xóm 3"."""
    folded = fold(text)
    return len(folded.split()) <= 7 and _NAMED.match(folded) is not None


def match_hamlet(text: str, hamlets: Sequence[HamletProfile]) -> list[HamletProfile]:
    """The hamlets meant, best first: one when it is clear, several when names are alike, or none."""
    said = _canonical(text)
    if not said:
        return []
    names: dict[str, HamletProfile] = {}
    for hamlet in hamlets:
        for name in (hamlet.name, *hamlet.aliases):
            names[_canonical(name)] = hamlet
    if said in names:
        return [names[said]]
    alike = [hamlet for name, hamlet in names.items() if _without_kind(name) == _without_kind(said)]
    if alike:
        return list(dict.fromkeys(alike))
    if re.search(r"\d", said):
        return []  # "xóm 13" is not nearly "xóm 3"
    if said == _without_kind(said):
        names = {_without_kind(name): hamlet for name, hamlet in names.items()}
    near = process.extract(said, list(names), scorer=fuzz.ratio, score_cutoff=ENOUGH, limit=3)
    return list(dict.fromkeys(names[name] for name, _score, _at in near))


def _canonical(text: str) -> str:
    """Folded; numbers as digits; polite words and "tôi ở" left out; "x3" → "xom 3"."""
    words = fold(normalise(text)).split()
    words = [part for word in words for part in re.findall(r"\d+|[^\W\d]+", word)]
    start, end = 0, len(words)
    while end - start > 1 and words[start] in _AROUND:
        start += 1
    while end - start > 2 and words[end - 1] in _AROUND:  # two words: "xóm Bắc" keeps its name
        end -= 1
    words = words[start:end]
    if len(words) == 1 and words[0] in _NUMBERS:
        words = [_NUMBERS[words[0]]]
    elif len(words) > 1:
        words = [_SHORT.get(words[0], words[0]), *(_NUMBERS.get(word, word) for word in words[1:])]
    # Long runs of digits are no numbers of hamlets, and int() refuses the longest.
    words = [str(int(word)) if word.isdecimal() and len(word) < 5 else word for word in words if word != "so"]
    return " ".join(words)


def _without_kind(name: str) -> str:
    return re.sub(rf"^{_KINDS} ", "", name)


_SHORT = {"x": "xom", "t": "thon", "k": "khoi", "tdp": "to dan pho"}
_AROUND = frozenset(
    "toi bac tui minh em chau ong nha co chu o thuoc la dang song con da a oi nhe day thoi vang".split()
)
