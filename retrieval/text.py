"""Vietnamese text in one form. Pure; knows the language, not our content.

Rules and where they come from:
- NFC, lower case, zero-width and control characters dropped (Unicode, UAX #15).
- Tone placement: `hoà` and `hòa` are both in use (the old and the new style); in open syllables
  with oa, oe, uy the mark is moved to the first vowel, as most keyboards write it.
- `fold` removes tone and vowel marks, đ included: how half of the residents type.
- Telex and VNI: the key tables of the input methods themselves. What a keyboard left
  unconverted ("maatj", "mat65") is read as the input method would have read it.
- `is_syllable` knows which onsets and rimes Vietnamese has, so that a real word that we do not
  happen to use is not "corrected" into one that we do.
"""

import re
import unicodedata
from functools import lru_cache

_DROP = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile("[\u0300-\u034e\u0350-\u036f]+")  # all of this block that combine

# The tone mark of an open oa, oe, uy: from the second vowel to the first.
_TONE_PLACES = {
    new: old
    for base in ("oa", "oe", "uy")
    for tone in "\u0300\u0301\u0309\u0303\u0323"
    for new, old in [
        (
            unicodedata.normalize("NFC", base + tone),
            unicodedata.normalize("NFC", base[0] + tone + base[1]),
        )
    ]
}
_OPEN_RIME = re.compile(rf"(?<!q)({'|'.join(_TONE_PLACES)})(?![^\W\d_])")

_TELEX_TONES = {"f": "\u0300", "s": "\u0301", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
_VNI_TONES = {"2": "\u0300", "1": "\u0301", "3": "\u0309", "4": "\u0303", "5": "\u0323"}
_VOWELS = "aăâeêioôơuưy"

_ONSETS = (
    "ngh", "ng", "nh", "ch", "gh", "gi", "kh", "ph", "qu", "th", "tr",
    "b", "c", "d", "đ", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "x", "",
)  # fmt: skip
_RIMES = frozenset(
    "a ac ach ai am an ang anh ao ap at au ay e ec ech em en eng enh eo ep et eu i ia ich iec iem ien "
    "ieng iep iet ieu im in ing inh ip it iu o oa oac oach oai oam oan oang oanh oao oap oat oay oc oe "
    "oen oeo oet oi om on ong oong oc op ot u ua uan uang uat uay uc ue uech uen uenh ui uit um un ung uo "
    "uoc uoi uom uon uong uop uot uou up ut uu uy uya uych uyen uyet uynh uyt uyu y yem yen yeng yet yeu "
    "uon uam uac".split()
)


def clean(text: str) -> str:
    """NFC without hidden characters; case, punctuation and line breaks stay."""
    text = _CONTROL.sub(" ", _DROP.sub("", text))
    return unicodedata.normalize("NFC", text)


def normalise(text: str) -> str:
    """Clean, lower case, one tone placement; words and numbers with single spaces between."""
    text = _OPEN_RIME.sub(lambda match: _TONE_PLACES[match[1]], clean(text).lower())
    return " ".join(_WORD.findall(text))


def fold(text: str) -> str:
    """Without marks: "Mật khẩu đó" → "mat khau do"."""
    lowered = text.lower().replace("đ", "d")
    if lowered.isascii():
        return lowered
    plain = _MARKS.sub("", unicodedata.normalize("NFD", lowered))
    if plain.isascii():  # nearly always; looking each letter up takes ten times as long
        return plain
    return "".join(character for character in plain if not unicodedata.combining(character))


# The same words come again and again: kept, they cost a tenth.
@lru_cache(maxsize=20_000)
def fold_word(word: str) -> str:
    return fold(word)


_FOLDED_ONSETS = frozenset(map(fold, _ONSETS))


@lru_cache(maxsize=20_000)
def is_syllable(word: str) -> bool:
    """Whether a word could be Vietnamese, marks aside ("khau" is, "khaau" and "wifi" are not)."""
    folded = fold(word)
    return any(folded.startswith(onset) and folded[len(onset) :] in _RIMES for onset in _FOLDED_ONSETS)


def from_telex(word: str) -> str | None:
    """Read leftover Telex keys: "maatj" → "mật", "ddwowcj" → "được"; None when there are none."""
    if not re.fullmatch(r"[a-zăâđêôơư]+", word) or len(word) < 2 or set(word) == {"w"}:
        return None
    tone = ""
    letters: list[str] = []
    changed = False
    for key in word:
        if key in _TELEX_TONES and any(letter in _VOWELS for letter in letters):
            tone, changed = _TELEX_TONES[key], True
        elif (key == "w" and _horn(letters)) or (key in "aeo" and _circumflex(letters, key)):
            changed = True
        elif key == "d" and letters and letters[0] == "d":
            letters[0], changed = "đ", True
        else:
            letters.append(key)
    return _with_tone("".join(letters), tone) if changed else None


def from_vni(word: str) -> str | None:
    """Read leftover VNI digits: "mat65" → "mật", "d9uoc75" → "được"; None when there are none."""
    if not re.fullmatch(r"[^\W\d_]+\d[^\W_]*", word):
        return None
    tone = ""
    letters: list[str] = []
    for key in word:
        if key in _VNI_TONES:
            tone = _VNI_TONES[key]
        elif key == "6":
            if not any(_circumflex(letters, vowel) for vowel in "aoe"):
                return None
        elif key == "7":
            if not _horn(letters, breve=False):
                return None
        elif key == "8":
            if "a" not in letters:
                return None
            letters[_last(letters, "a")] = "ă"
        elif key == "9":
            if "d" not in letters:
                return None
            letters[letters.index("d")] = "đ"
        elif key == "0":
            return None
        else:
            letters.append(key)
    return _with_tone("".join(letters), tone)


def _horn(letters: list[str], *, breve: bool = True) -> bool:
    """Put the horn (or breve) that "w" stands for; "uo" takes two, but for the u of "qu"."""
    joined = "".join(letters)
    if "uo" in joined and not joined.startswith("quo"):
        at = joined.index("uo")
        letters[at], letters[at + 1] = "ư", "ơ"
        return True
    for plain, marked in (("a", "ă"), ("o", "ơ"), ("u", "ư")) if breve else (("o", "ơ"), ("u", "ư")):
        if plain in letters:
            letters[_last(letters, plain)] = marked
            return True
    if not any(letter in _VOWELS for letter in letters):
        letters.append("ư")  # "ddwowc": w alone is ư
        return True
    if letters[-1] == "o":
        letters[-1] = "ơ"
    # The second w of "dduwowc" comes when ư stands already.
    return "ư" in letters or "ơ" in letters


def _circumflex(letters: list[str], vowel: str) -> bool:
    if vowel not in letters:
        return False
    letters[_last(letters, vowel)] = {"a": "â", "e": "ê", "o": "ô"}[vowel]
    return True


def _last(letters: list[str], letter: str) -> int:
    return len(letters) - 1 - letters[::-1].index(letter)


def _with_tone(letters: str, tone: str) -> str:
    """Set the tone on the vowel that carries it: a marked one, else the last but one of an open
    pair, else the first of the rime."""
    if not tone:
        return letters
    start = 2 if letters[:2] in ("gi", "qu") and any(c in _VOWELS for c in letters[2:]) else 0
    places = [at for at in range(start, len(letters)) if letters[at] in _VOWELS]
    if not places:
        return letters
    marked = [at for at in places if letters[at] in "ăâêôơư"]
    if marked:
        at = marked[-1]
    elif len(places) == 1 or (len(places) == 2 and places[1] == len(letters) - 1):
        at = places[0]
    else:
        at = places[1]
    toned = unicodedata.normalize("NFC", letters[at] + tone)
    return letters[:at] + toned + letters[at + 1 :]
