"""How the assistant addresses a person, and fills that into texts.

Vietnamese has no neutral "you" and "I": kin words stand for both (ux.md §3.2). Texts carry
the placeholders `{bác}` and `{cháu}`; a form of address gives the words for both. Where the South
says "con" of itself, the North says "cháu": a form with `-con` is the same with that word.
"""

import re
from dataclasses import dataclass

PLACEHOLDERS = ("{bác}", "{Bác}", "{cháu}", "{Cháu}")
_PLACEHOLDER = re.compile(r"\{(bác|Bác|cháu|Cháu)\}")


@dataclass(frozen=True, slots=True)
class Address:
    you: str
    me: str


# Of somebody older than the assistant means to be.
_ELDERS = {
    "bac": "bác",
    "ong": "ông",
    "ba": "bà",
    "co": "cô",
    "chu": "chú",
    "di": "dì",
    "cau": "cậu",
    "mo": "mợ",
    "thim": "thím",
    "duong": "dượng",
}
FORMS: dict[str, Address] = {
    **{form: Address(word, "cháu") for form, word in _ELDERS.items()},
    **{f"{form}-con": Address(word, "con") for form, word in _ELDERS.items()},
    "co-chu": Address("cô chú", "con"),  # somebody unknown in the South
    "anh": Address("anh", "em"),
    "chi": Address("chị", "em"),
    "ban": Address("bạn", "mình"),
}
DEFAULT = "bac"
OF_REGION = {"bac": "bac", "trung": "bac", "nam": "co-chu"}  # of somebody unknown


def form_in(region: str, form: str) -> str:
    """A form as the region says it: in the South "con" instead of "cháu"."""
    southern = f"{form}-con"
    return southern if region == "nam" and southern in FORMS else form


def of_word(word: str) -> str | None:
    """The form in which somebody is called by a kin word: "thím" → 'thim'."""
    return next((form for form, address in FORMS.items() if address.you == word), None)


def address(text: str, form: str = DEFAULT) -> str:
    """Replace the placeholders in `text` by the words of `form`."""
    words = FORMS[form]

    def word(match: re.Match[str]) -> str:
        chosen = words.you if match[1].lower() == "bác" else words.me
        return chosen[0].upper() + chosen[1:] if match[1][0].isupper() else chosen

    return _PLACEHOLDER.sub(word, text)
