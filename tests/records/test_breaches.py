"""The log of breaches and its 72 hours."""

import datetime as dt

import pytest

from records.breaches import TEXTS, add_breach, find_breach, is_late, list_breaches, notice_due
from records.communes import add_commune
from records.database import Database
from records.models import Breach
from tests.conftest import NOW

HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("reported", "now", "late"),
    [(None, 72, False), (None, 73, True), (72, 500, False), (73, 500, True)],
)
def test_the_notice_is_due_72_hours_after_the_breach_was_found(reported: int | None, now: int, late: bool):
    breach = Breach(found_at=NOW, reported_at=NOW + reported * HOUR if reported else None)

    assert notice_due(breach) == NOW + 72 * HOUR
    assert is_late(breach, now=NOW + now * HOUR) is late


def test_a_breach_is_found_again_in_its_own_commune_only(database: Database):
    with database.write() as session:
        home, other = (
            add_commune(session, slug=slug, name=slug, now=NOW).id for slug in ("tan-cuong", "dai-tu")
        )
        older, newer = (
            add_breach(
                session,
                commune_id=home,
                found_at=found,
                people=people,
                texts={"what": what},
                by="staff:lan",
                now=NOW,
            ).id
            for what, found, people in (("mất máy", NOW - HOUR, 12), ("lộ sổ", NOW, None))
        )

    with database.read() as session:
        found = find_breach(session, commune_id=home, breach_id=older)
        assert found is not None
        assert (found.what, found.people) == ("mất máy", 12)
        assert {getattr(found, name) for name in TEXTS if name != "what"} == {""}
        assert find_breach(session, commune_id=other, breach_id=older) is None
        assert [breach.id for breach in list_breaches(session, commune_id=home)] == [newer, older]
        assert list_breaches(session, commune_id=other) == []
