"""The sample commune that a first run has, so that everything can be tried at once."""

import datetime as dt

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.communes import add_commune, add_hamlet, find_commune
from records.models import Commune

SLUG = "xa-mau"


def ensure_sample_commune(session: Session, *, now: dt.datetime) -> Commune:
    """'Xã Mẫu' with Xóm 1–8. Its numbers are the national ones: it has no desk of its own."""
    commune = find_commune(session, SLUG)
    if commune is not None:
        return commune
    try:
        with session.begin_nested():
            return _make_sample_commune(session, now)
    except IntegrityError:  # another worker that starts now was first
        commune = find_commune(session, SLUG)
        assert commune is not None
        return commune


def _make_sample_commune(session: Session, now: dt.datetime) -> Commune:
    commune = add_commune(session, slug=SLUG, name="xã Mẫu", now=now, is_sample=True)
    for number in range(1, 9):
        add_hamlet(
            session,
            commune,
            slug=f"xom-{number}",
            name=f"Xóm {number}",
            aliases=(f"thôn {number}", f"x{number}"),
            position=number,
        )
    return commune
