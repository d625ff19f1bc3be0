"""The totals of several communes side by side: for a district or province, and nothing below a commune.

Which communes an account sees is set on the server (`hocvuso staff`). Figures of fewer than five
people are not shown, for the office that looks at them is another one.
"""

from dataclasses import dataclass

from fastapi import Response

from records.district_counts import CommuneRow, count_by_commune
from records.models import StaffAccount
from records.small_counts import Masked, mask
from staff.access import CurrentUser, StaffUser, commune_name
from staff.audit_log import note_export
from staff.csv_file import csv_response
from staff.first_account import ALL
from staff.period import ChosenPeriod, Period, month_choices, quarter_choices
from staff.roles import Right
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/cac-xa"
COLUMNS = ("helped", "questions", "completions", "classes", "class_people")
_OF_PEOPLE = ("helped", "questions", "completions")  # a class is no secret


@dataclass(frozen=True, slots=True)
class Shown:
    """Names and figures row by row, and the figures of all; None: fewer than five people."""

    names: list[str]
    rows: list[list[int | None]]
    total: list[int | None]


def show(site: CurrentSite, user: CurrentUser, period: ChosenPeriod) -> Response:
    shown = _shown(site, user, period)
    return site.page(
        "district.html",
        user=user,
        period=period,
        months=month_choices(site.today()),
        quarters=quarter_choices(site.today()),
        shown=shown,
        columns=COLUMNS,
        calculated_at=site.clock(),
    )


def export(site: CurrentSite, user: CurrentUser, period: ChosenPeriod) -> Response:
    shown = _shown(site, user, period)
    note_export(site, user, period, name="district")
    few = site.phrases("access.few")
    rows = [
        [name, *(few if count is None else count for count in counts)]
        for name, counts in zip(
            [*shown.names, site.phrases("access.district_total")], [*shown.rows, shown.total], strict=True
        )
    ]
    header = [site.phrases(f"access.column_{column}") for column in ("commune", *COLUMNS)]
    return csv_response(f"cac-xa-{period.first}-{period.last}.csv", header, rows)


def _shown(site: Site, user: StaffUser, period: Period) -> Shown:
    user.require(Right.see_totals)
    with site.database.read() as session:
        account = session.get_one(StaffAccount, (user.commune_id, user.account_id))
        communes = account.district_communes
        rows = count_by_commune(
            session,
            slugs=None if ALL in communes else communes,
            start=period.start,
            end=period.end,
            first=period.first,
            last=period.last,
        )
        names = [commune_name(row.commune) for row in rows]
    masked = _masked(rows)
    return Shown(
        names,
        [[masked.columns[column][at] for column in COLUMNS] for at in range(len(rows))],
        [masked.totals[column] for column in COLUMNS],
    )


def _masked(rows: list[CommuneRow]) -> Masked:
    columns = {column: [getattr(row, column) for row in rows] for column in COLUMNS}
    totals = {column: sum(counts) for column, counts in columns.items()}
    masked = mask(
        {name: columns[name] for name in _OF_PEOPLE},
        people="helped",
        totals={name: totals[name] for name in _OF_PEOPLE},
    )
    return Masked({**columns, **masked.columns}, {**totals, **masked.totals})
