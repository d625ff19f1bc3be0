"""Targets of the approved plan against what was reached, and when the next report is due."""

import datetime as dt
from typing import Any

import pytest

from records import plans
from records.classes import save_note
from records.communes import add_commune
from records.database import Database
from records.hamlets import new_hamlet
from records.ids import new_id
from records.models import Commune
from records.plan_targets import TargetRow, choose_measure, enter_value, target_key, targets_with_actuals
from records.report_dates import enter_date, next_deadline
from records.volunteers import invite
from tests.conftest import NOW

TODAY = dt.date(2026, 11, 22)
CLASSES = {
    "year": 2026,
    "group": "lớp học",
    "percent": 20.0,
    "bound": "",
    "measure": "đã mở",
    "locator": "I.1",
    "unit": "lớp",
}
ADULTS = {
    "year": 2026,
    "group": "người trưởng thành",
    "percent": 80.0,
    "bound": "trên",
    "measure": "có kỹ năng",
    "locator": "I.2",
}
LATER = {**ADULTS, "year": 2027, "percent": 100.0}


@pytest.fixture
def commune_id(database: Database) -> int:
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        approve(session, commune, targets=[CLASSES, ADULTS, LATER])
        return commune.id


def approve(session, commune: Commune, **facts: list[dict[str, Any]]) -> None:
    draft = plans.add_draft(
        session, commune, name="Kế hoạch", source_name="plan.txt", sha256=f"{new_id():064}", head={},
        passages=[], facts=facts, by="test", now=NOW,
    )  # fmt: skip
    plans.approve(session, commune, version=draft.version, by="test", now=NOW)


def has_class(session, commune_id: int, day: dt.date, total: int = 10) -> None:
    save_note(
        session, commune_id=commune_id, inbox_id=new_id(), volunteer_id=None, entered_by="staff:lan",
        kind="class", hamlet_id=None, day=day, guides=[], total=total, now=NOW,
    )  # fmt: skip


def rows(session, commune_id: int, first: dt.date, last: dt.date) -> tuple[TargetRow, ...]:
    return targets_with_actuals(session, commune_id=commune_id, first=first, last=last)


def choose(
    session, commune_id: int, target: dict[str, Any], measure: str, whole: float | None = None
) -> None:
    choose_measure(
        session,
        commune_id=commune_id,
        target=target_key(target),
        measure=measure,
        whole=whole,
        by="staff:lan",
        now=NOW,
    )


def enter(
    session, commune_id: int, target: dict[str, Any], value: float, as_of: dt.date, unit: str = "%"
) -> None:
    enter_value(
        session, commune_id=commune_id, target=target_key(target), value=value, unit=unit, as_of=as_of,
        note="", by="staff:lan", now=NOW,
    )  # fmt: skip


def test_a_years_target_is_counted_from_new_year_to_the_end_of_the_period(
    database: Database, commune_id: int
):
    with database.write() as session:
        for day in (dt.date(2025, 12, 31), dt.date(2026, 1, 1), dt.date(2026, 10, 1), dt.date(2026, 12, 31)):
            has_class(session, commune_id, day)
        choose(session, commune_id, CLASSES, "classes")

        classes, adults = rows(session, commune_id, dt.date(2026, 10, 1), dt.date(2026, 11, 30))

    assert (classes.actual, classes.actual_unit, classes.unit_is_code) == (2, "class", True)
    assert (classes.share, classes.source, classes.by) == (0.1, "system", "staff:lan")
    assert classes.as_of == dt.date(2026, 11, 30)
    assert (adults.actual, adults.share, adults.source) == (None, None, None)


def test_a_share_in_per_cent_is_of_the_whole_that_staff_said_or_the_records_know(
    database: Database, commune_id: int
):
    with database.write() as session:
        for name in ("Đông", "Tây"):
            new_hamlet(session, commune_id=commune_id, name=name)
        invite(session, commune_id=commune_id, name="Hoa", hamlets=["dong"], by="test", now=NOW)
        has_class(session, commune_id, TODAY, total=30)

        choose(session, commune_id, ADULTS, "class_people", whole=120)
        said = rows(session, commune_id, TODAY, TODAY)[1]
        choose(session, commune_id, ADULTS, "class_people")
        nobody_knows = rows(session, commune_id, TODAY, TODAY)[1]
        choose(session, commune_id, ADULTS, "hamlets_with_volunteer")
        known = rows(session, commune_id, TODAY, TODAY)[1]

    assert (said.actual, said.actual_unit, said.count, said.whole) == (25.0, "%", 30, 120)
    assert said.share == pytest.approx(25 / 80)
    assert (nobody_knows.actual, nobody_knows.unit_is_code, nobody_knows.share) == (30, True, None)
    assert (known.actual, known.count, known.whole) == (50.0, 1, 2)


def test_of_what_was_entered_the_latest_day_in_the_period_counts(database: Database, commune_id: int):
    with database.write() as session:
        enter(session, commune_id, ADULTS, 40, dt.date(2026, 9, 30))
        enter(session, commune_id, ADULTS, 60, dt.date(2026, 10, 31))
        enter(session, commune_id, ADULTS, 58, dt.date(2026, 10, 31))  # entered later: a correction
        enter(session, commune_id, ADULTS, 90, dt.date(2025, 12, 31))

        third = rows(session, commune_id, dt.date(2026, 7, 1), dt.date(2026, 9, 30))[1]
        now = rows(session, commune_id, TODAY, TODAY)[1]

    assert (third.actual, now.actual, now.as_of) == (40, 58, dt.date(2026, 10, 31))
    assert (now.source, now.share) == ("hand", 58 / 80)


def test_a_number_in_another_unit_is_shown_but_not_compared(database: Database, commune_id: int):
    with database.write() as session:
        enter(session, commune_id, ADULTS, 1200, TODAY, unit="người")

        row = rows(session, commune_id, TODAY, TODAY)[1]

    assert (row.actual, row.actual_unit, row.share) == (1200, "người", None)


def test_what_was_chosen_stays_with_the_target_of_the_next_version(database: Database, commune_id: int):
    with database.write() as session:
        choose(session, commune_id, ADULTS, "class_people", whole=100)
        has_class(session, commune_id, TODAY, total=45)
        approve(session, session.get_one(Commune, commune_id), targets=[{**ADULTS, "percent": 90.0}])

        (row,) = rows(session, commune_id, TODAY, TODAY)

    assert (row.assigned, row.actual, row.share) == (90.0, 45.0, 0.5)


def test_without_a_plan_there_are_no_targets_and_another_commune_has_its_own(
    database: Database, commune_id: int
):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW)

        assert rows(session, other.id, TODAY, TODAY) == ()
        assert [
            row.assigned for row in rows(session, commune_id, dt.date(2027, 1, 1), dt.date(2027, 3, 31))
        ] == [100]


def deadline(**said: Any) -> dict[str, Any]:
    return {"when": "", "day": None, "period": None, "who": None, "to": None, "locator": "III.1", **said}


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ({"when": "trước ngày 10 tháng cuối quý", "day": 10, "period": "quý"}, dt.date(2026, 12, 9)),
        ({"when": "chậm nhất ngày 10 tháng cuối quý", "day": 10, "period": "quý"}, dt.date(2026, 12, 10)),
        ({"when": "ngày 22 hằng tháng", "day": 22, "period": "tháng"}, TODAY),
        ({"when": "ngày 21 hằng tháng", "day": 21, "period": "tháng"}, dt.date(2026, 12, 21)),
        ({"when": "hằng năm", "day": None, "period": "năm"}, dt.date(2026, 12, 31)),
        ({"when": "6 tháng", "day": 14, "period": "6 tháng"}, dt.date(2026, 12, 14)),
        ({"when": "khi có yêu cầu", "day": None, "period": None}, None),
    ],
)
def test_the_next_report_is_due_as_the_plan_says(
    sqlite_database: Database, said: dict[str, Any], due: dt.date | None
):
    with sqlite_database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        approve(session, commune, deadlines=[deadline(**said)])

        found = next_deadline(session, commune.id, TODAY)

    assert (found.day if found else None) == due


def test_a_day_set_by_hand_goes_before_the_plan_until_it_is_taken_back(database: Database, commune_id: int):
    with database.write() as session:
        commune = session.get_one(Commune, commune_id)
        approve(session, commune, deadlines=[deadline(when="ngày 5 tháng cuối quý", day=5, period="quý")])
        for period, day in (("month", 30), ("", 0)):
            enter_date(
                session, commune_id=commune_id, period=period, day=day, receiver="", by="staff:lan", now=NOW
            )
            found = next_deadline(session, commune_id, TODAY)
            assert found is not None
            if period:
                assert (found.day, found.source, found.days_left) == (dt.date(2026, 11, 30), "hand", 8)
            else:
                assert (found.day, found.source) == (dt.date(2026, 12, 5), "plan")
