"""Numbers said in words, or in words and digits: "bốn tám hai", "4 bốn 2 hai", "ba số 0 hai con 5".

Read word by word, as most messages have no two such words side by side and are done with quickly.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# As typed, as typed without marks, as a Telex keyboard leaves it, and as some regions say it.
_DIGITS = {
    word: digit
    for digit, words in enumerate((
        "không khong khoong khôg hông hong hổng zero linh lẻ",
        "một mot mootj moojt mốt moots",
        "hai",
        "ba",
        "bốn bon boons bốnn tư tuw",
        "năm nam nawm lăm lam lawm nhăm nham nhawm",
        "sáu sau saus xáu",
        "bảy bay bayr bẩy baayr bảyy",
        "tám tam tams",
        "chín chin chins",
    ))
    for word in words.split()
}  # fmt: skip
_TENS = frozenset("mươi muoi muowi mười muowif trăm tram trawm".split())
_TIMES = frozenset("số so con chữ chu".split())  # "ba số không", "hai con 5"
_TWICE = frozenset("đôi doi ddooi cặp cap cawpj".split())
_BETWEEN = frozenset("rồi roi roofi xong tiếp tiep đến den kế theo nữa nua".split()) | _TIMES
_MOST_BETWEEN = 2
_NUMBERS = _DIGITS.keys() | _TENS | _TWICE
_WORD = re.compile(r"\w+")
_GAP = re.compile(r"[ \t\n,.…\-–/;:]{1,6}")
_LONGEST_GROUP = 8  # digits of one number among the words
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Spoken:
    start: int
    end: int
    count: int  # digits that it stands for
    words: int  # number words
    has_tens: bool  # "bốn mươi tám": how amounts are said, too
    is_counting: bool  # "một hai ba bốn"
    has_groups: bool  # a number of several digits stands among the words


@dataclass(frozen=True, slots=True)
class _Said:
    word: str
    start: int
    end: int


def find_runs(text: str) -> Iterator[Spoken]:
    """Where at least three digits are said, one of them at least in words."""
    run: list[_Said] = []
    between = 0
    for match in _WORD.finditer(text):
        word = match[0].lower()
        is_number = word in _NUMBERS or (word.isdecimal() and len(word) <= _LONGEST_GROUP)
        between = 0 if is_number else between + 1
        if not run and not is_number:
            continue
        said = _Said(word, match.start(), match.end())
        if run and not (_goes_on(run[-1], said, text) and (is_number or word in _BETWEEN)):
            yield from _spoken(run)
            run = []
        if is_number or (run and between <= _MOST_BETWEEN):
            run.append(said)
    yield from _spoken(run)


def _goes_on(last: _Said, said: _Said, text: str) -> bool:
    if last.word in ("năm", "nam", "nawm") and _YEAR.fullmatch(said.word):
        return False  # "sinh năm 1954"
    return _GAP.fullmatch(text, last.end, said.start) is not None


def _spoken(run: list[_Said]) -> Iterator[Spoken]:
    while run and run[-1].word in _BETWEEN:
        run = run[:-1]
    if len(run) > 2 and run[1].word in ("số", "so") and _DIGITS.get(run[0].word) == _count(run[2:]):
        run = run[2:]  # "sáu số bảy bảy hai không chín năm" says first how many
    words = sum(said.word in _DIGITS for said in run)
    if words == 1 and run[-1].word in ("không", "khong"):
        return  # "lỗi 4 0 4 không vào được"
    if words and (count := _count(run)) >= 3:
        yield Spoken(
            start=run[0].start,
            end=run[-1].end,
            count=count,
            words=words,
            has_tens=any(said.word in _TENS for said in run),
            is_counting=_is_counting(run),
            has_groups=any(said.word.isdecimal() and len(said.word) > 1 for said in run),
        )


def _is_counting(run: list[_Said]) -> bool:
    values = [_DIGITS.get(said.word, -1) for said in run]
    return values == list(range(values[0], values[0] + len(values)))


def _count(run: list[_Said]) -> int:
    """About how many digits; "mươi" at the end of a number is its zero."""
    count = 0
    for at, said in enumerate(run):
        following = run[at + 1].word if at + 1 < len(run) else ""
        if said.word.isdecimal():
            count += len(said.word)
        elif said.word in _DIGITS:
            is_times = following in _TIMES and at + 2 < len(run) and _DIGITS[said.word] >= 2
            count += _DIGITS[said.word] - 1 if is_times else 1
        elif said.word in _TWICE or (said.word in _TENS and following not in _DIGITS):
            count += 1
    return count
