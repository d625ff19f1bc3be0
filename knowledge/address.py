"""How the assistant addresses a person, and fills that into texts.

Vietnamese has no neutral "you" and "I": kin words stand for both (ux.md §3.2). Texts carry
the placeholders `{bác}` and `{cháu}`; a form of address gives the words for both.
"""

import re
from dataclasses import dataclass

PLACEHOLDERS = ("{bác}", "{Bác}", "{cháu}", "{Cháu}")
_PLACEHOLDER = re.compile(r"\{(bác|Bác|cháu|Cháu)\}")


@dataclass(frozen=True, slots=True)
class Address:
    you: str
    me: str


FORMS: dict[str, Address] = {
    "bac": Address("bác", "cháu"),
    "ong": Address("ông", "cháu"),
    "ba": Address("bà", "cháu"),
    "co": Address("cô", "cháu"),
    "chu": Address("chú", "cháu"),
    "di": Address("dì", "con"),
    "co-chu": Address("cô chú", "con"),
    "anh": Address("anh", "em"),
    "chi": Address("chị", "em"),
    "ban": Address("bạn", "mình"),
}
DEFAULT = "bac"


def address(text: str, form: str = DEFAULT) -> str:
    """Replace the placeholders in `text` by the words of `form`."""
    words = FORMS[form]

    def word(match: re.Match[str]) -> str:
        chosen = words.you if match[1].lower() == "bác" else words.me
        return chosen[0].upper() + chosen[1:] if match[1][0].isupper() else chosen

    return _PLACEHOLDER.sub(word, text)
