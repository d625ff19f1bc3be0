"""A reply as the words a speech engine reads out: no digit, no sign, no emoji is left. Pure.

`Speech` holds how words are said that are not written as they sound (glossary/spoken.yaml).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.library import CONTENT, load_fields
from knowledge.number_words import decimal, digits, number

FILE = "glossary/spoken.yaml"

_THOUSANDS = r"\d{1,3}(?:\.\d{3})+"
_NUMBER = rf"(?:{_THOUSANDS}|\d+)"
_CODE = r"[A-ZĐ][A-Za-zĐđ0-9]*(?:[-/][A-ZĐ][A-Za-zĐđ0-9]*)*"
_PHONE = re.compile(r"(?<![\d.,])(?:\+84|0|1[89]00)[ .-]?\d{1,4}(?:[ .-]?\d{1,4}){1,3}(?![\d])")
_LINK = re.compile(r"(?:https?://|www\.)\S+[^\s.,;:!?)”\"]")
_DOMAIN = re.compile(r"(?<![\w@.])(?:[a-z0-9-]+\.)+(?:vn|com|net|org|xyz)\b(?:/\S*[^\s.,;:!?)”\"])?")
_LIST_ITEM = re.compile(r"^[ ]*(\d{1,2})[.)][ ]+|(?<=· )(\d{1,2})\. ", re.MULTILINE)
_DOCUMENT = re.compile(rf"(?:[Ss]ố )?(?<!\d)(\d+)(?:/((?:19|20)\d\d))?[-/]({_CODE})(?!\w)")
_DAY = re.compile(r"(ngày |Ngày )?(?<![\d/])(\d{1,2})/(\d{1,2})(?:/(\d{4}))?(?![\d/])")
_ISO_DAY = re.compile(r"(ngày )?(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_MONTH = re.compile(r"(tháng )?(?<![\d/])(\d{1,2})/((?:19|20)\d{2})(?![\d/])")
_TIME = re.compile(r"(?<!\d)([01]?\d|2[0-3])(?::|h|g)([0-5]\d)(?!\d)")
_OF = re.compile(r"(?<=[Bb]ước )(\d+)/(\d+)|(?<=[Cc]âu )(\d+)/(\d+)")
_RANGE = re.compile(rf"(?<=\d)\s?[-–]\s?(?={_NUMBER})")
_DECIMAL = re.compile(r"(?<![\d.,])(\d+),(\d{1,3})(?![\d.])")
_INTEGER = re.compile(rf"(?<!\d)({_THOUSANDS}|\d+)(?!\d)")
_BORDER = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_MOST_DIGITS = 4  # a longer one without dots is no amount but a code: it is read digit by digit
# Capitals that can be read as a syllable are no abbreviation: "GHI" beside "GTEL".
_SYLLABLE = re.compile(r"[BCDĐGHKLMNPQRSTVX]{0,3}[AEIOUY]{1,3}[CMNPT]?[GH]?")


@dataclass(frozen=True, slots=True)
class Speech:
    words: Mapping[str, str]
    documents: Mapping[str, str]
    letters: Mapping[str, str]
    symbols: Mapping[str, str]
    hotlines: frozenset[str]
    link: str
    dot: str

    def __call__(self, text: str) -> str:
        """`text`, addressed and filled, as sentences to be spoken; "" where nothing is left to say."""
        text = unicodedata.normalize("NFC", text)
        for pattern, say in self._readings():
            text = pattern.sub(say, text)
        for symbol, said in self.symbols.items():
            text = text.replace(symbol, f" {said} ")
        text = _WORD.sub(self._word, text)
        return _tidy(text)

    def _readings(self) -> list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]:
        """In this order: what is longer and surer is read first."""
        return [
            (_LINK, lambda _: self.link),
            (_DOMAIN, self._domain),
            (_LIST_ITEM, lambda found: f"Số {number(int(found[1] or found[2]))}, "),
            (_DOCUMENT, self._document),
            (_OF, lambda found: " trên ".join(number(int(part)) for part in found.groups() if part)),
            (_ISO_DAY, lambda found: _day(int(found[4]), int(found[3]), found[2])),
            (_DAY, _day_or_ratio),
            (_MONTH, lambda found: f"tháng {number(int(found[2]))} năm {number(int(found[3]))}"),
            (_TIME, lambda found: f"{number(int(found[1]))} giờ {number(int(found[2]))}"),
            (_BORDER, lambda _: " "),
            (_PHONE, _phone),
            (_RANGE, lambda _: " đến "),
            (_DECIMAL, lambda found: decimal(found[1], found[2])),
            (_INTEGER, self._integer),
        ]

    def _domain(self, found: re.Match[str]) -> str:
        name = found[0].partition("/")[0]
        parts = [" ".join(re.findall(r"[a-z]+|\d+", part)) for part in name.split(".")]
        parts[-1] = self._spell("VN") if parts[-1] == "vn" else parts[-1]
        return f" {self.dot} ".join(parts)

    def _document(self, found: re.Match[str]) -> str:
        year = f" năm {number(int(found[2]))}" if found[2] else ""
        parts = [self._part_of_document(part) for part in re.split(r"[-/]", found[3])]
        return f"số {number(int(found[1]))}{year}, {' '.join(parts)}"

    def _part_of_document(self, part: str) -> str:
        letters, rest = re.fullmatch(r"(\D*)(.*)", part).groups()  # type: ignore[union-attr]
        return f"{self.documents.get(letters) or self._spell(letters)} {rest}".strip()

    def _integer(self, found: re.Match[str]) -> str:
        written = found[1]
        if written in self.hotlines:
            return digits(written)
        if "." not in written and (len(written) > _MOST_DIGITS or (written[0] == "0" and len(written) > 1)):
            return digits(written)
        return number(int(written.replace(".", "")))

    def _word(self, found: re.Match[str]) -> str:
        word = found[0]
        if word in self.words:
            return self.words[word]
        if "-" in word:
            return " ".join(self._one(part) for part in word.split("-"))
        return self._one(word)

    def _one(self, word: str) -> str:
        if word in self.words:
            return self.words[word]
        is_capital = len(word) > 1 and all(letter in self.letters for letter in word)
        if is_capital and not _SYLLABLE.fullmatch(word):
            return self._spell(word)
        return self.letters[word].lower() if word in self.letters and word not in "AIOUEY" else word

    def _spell(self, letters: str) -> str:
        return " ".join(self.letters.get(letter.upper(), letter) for letter in letters)


def load_speech(content: Path = CONTENT) -> Speech:
    """Raises `ContentError` for a file that is not as it should be."""
    names = ("words", "documents", "letters", "symbols", "hotlines", "link", "dot")
    data = load_fields(content / FILE, names)
    return Speech(**{**{name: data[name] for name in names}, "hotlines": frozenset(data["hotlines"])})


def _day(day: int, month: int, year: str | None) -> str:
    of_year = f" năm {number(int(year))}" if year else ""
    return f"ngày {number(day)} tháng {number(month)}{of_year}"


def _day_or_ratio(found: re.Match[str]) -> str:
    before, day, month, year = found[1] or "", int(found[2]), int(found[3]), found[4]
    if 1 <= day <= 31 and 1 <= month <= 12 and (day, month) != (24, 7):  # "24/7" is no day
        said = _day(day, month, year)
        return said[0].upper() + said[1:] if before[:1] == "N" else said
    return f"{before}{number(day)} trên {number(month)}"


def _phone(found: re.Match[str]) -> str:
    """In the groups it is written in; a number without any in groups of three and four."""
    written = found[0].replace("+84", "0").lstrip()
    groups = re.findall(r"\d+", written)
    if len(groups) == 1:
        (whole,) = groups
        head = 4 if len(whole) in (8, 10) else 3
        groups = [whole[:head], *re.findall(r"\d{1,4}" if len(whole) == 8 else r"\d{1,3}", whole[head:])]
    return ", ".join(digits(group) for group in groups)


_NOT_SAID = re.compile(r"[^\w\s.,;:?!]|_")
_LINE_END = re.compile(r"(?<=[^\s.,;:?!])[ ,;]*\n[\s,;]*")


def _tidy(text: str) -> str:
    """Sentences on one line; signs between words become a pause or nothing."""
    text = re.sub(r"[ ]?[()·•|–—][ ]?|[ ]-[ ]|…", ", ", text)
    text = re.sub(r"(?<=\w)[.:](?=\w)", " ", text)
    text = _NOT_SAID.sub(" ", text)
    text = "".join(c for c in text if c.isalpha() or c in " \n.,;:?!")
    text = _LINE_END.sub(". ", text)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+(?=[.,;:?!])", "", text)
    text = re.sub(r"[,;:](?=[.?!,;:])|(?<=[.?!])[.,;:]+", "", text)
    return text.strip(" ,;:").strip()
