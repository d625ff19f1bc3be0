"""The short code of a learner: what they tell a volunteer instead of a name or a number.

Letter and digit in turn, so that no place holds two signs that look alike, no keyboard puts
marks on it, and nothing in it reads like a number that is masked.
"""

import math
import re
import secrets
import unicodedata

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.models import Learner

_LETTERS, _DIGITS = "BCGHKMNPTVX", "2346789"
_SHAPE = (_LETTERS, _DIGITS, _LETTERS, _DIGITS, _LETTERS)  # 65,219 codes a commune
_WRITTEN = re.compile("".join(f"[{signs}]" for signs in _SHAPE))
_TRIES = 50
_COUNT = math.prod(len(signs) for signs in _SHAPE)
_STEP = 40_503  # shares no factor with the count, so that it meets each code once


def read_code(text: str) -> str | None:
    """The code that a text is, however it is spaced and written; None when it is none."""
    signs = re.sub(r"[\s\-–—.,_]+", "", unicodedata.normalize("NFKC", text).upper())
    return signs if _WRITTEN.fullmatch(signs) else None


def new_code() -> str:
    return "".join(secrets.choice(signs) for signs in _SHAPE)


def nth_code(number: int) -> str | None:
    """A different code for each number, for people who are made up; None when there are no more."""
    if number >= _COUNT:
        return None
    rest, signs = number * _STEP % _COUNT, []
    for choice in _SHAPE:
        rest, at = divmod(rest, len(choice))
        signs.append(choice[at])
    return "".join(signs)


def claim(session: Session, *, commune_id: int, learner_id: int, code: str) -> bool:
    """Make it the learner's code; False when they have one, or somebody else has this one."""
    free = (Learner.commune_id == commune_id, Learner.id == learner_id, Learner.code.is_(None))
    try:
        with session.begin_nested():
            result = session.execute(update(Learner).where(*free).values(code=code))
    except IntegrityError:
        return False
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def code_of(session: Session, *, commune_id: int, learner_id: int) -> str:
    """The learner's code, made the first time it is asked for."""
    for _ in range(_TRIES):
        known = session.scalar(
            select(Learner.code).where(Learner.commune_id == commune_id, Learner.id == learner_id)
        )
        if known is not None:
            return known
        drawn = new_code()
        if claim(session, commune_id=commune_id, learner_id=learner_id, code=drawn):
            return drawn
    raise RuntimeError(f"found no free code for a learner in {_TRIES} tries")


def learner_with(session: Session, *, commune_id: int, code: str) -> Learner | None:
    """Whose code it is; `code` as a person writes it."""
    read = read_code(code)
    if read is None:
        return None
    return session.scalar(select(Learner).where(Learner.commune_id == commune_id, Learner.code == read))
