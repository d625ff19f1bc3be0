"""The tables of what plans set and how far it is done, and of lists that wait to be imported."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from records.ids import new_id
from records.models import Base


class TargetMeasure(Base):
    """What the actual value of a target is counted from, as staff chose it."""

    __tablename__ = "target_measures"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_target_measures_commune"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(String(32), primary_key=True)  # records.plan_targets.target_key
    measure: Mapped[str] = mapped_column(String(60))  # of records.measures; "" for by hand
    whole: Mapped[float | None]  # how many there are in all: a share in per cent is of these
    changed_by: Mapped[str] = mapped_column(String(120))
    changed_at: Mapped[dt.datetime]


class TargetValue(Base):
    """An actual value that staff entered. Append-only: the latest day counts, the others are its history."""

    __tablename__ = "target_values"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_target_values_commune"),
        Index("ix_target_values_target", "commune_id", "target", "as_of"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    target: Mapped[str] = mapped_column(String(32))
    value: Mapped[float]
    unit: Mapped[str] = mapped_column(String(40))
    as_of: Mapped[dt.date]
    note: Mapped[str]  # masked
    entered_by: Mapped[str] = mapped_column(String(120))
    entered_at: Mapped[dt.datetime]


class ReportDate(Base):
    """When the commune reports, where the plan does not say it well. The newest row counts."""

    __tablename__ = "report_dates"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_report_dates_commune"),
        Index("ix_report_dates_commune", "commune_id", "id"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    period: Mapped[str] = mapped_column(
        String(10)
    )  # of records.report_dates.PERIODS; "" for as the plan says
    day: Mapped[int]  # of the last month of the period; its last day where the month is shorter
    receiver: Mapped[str]
    entered_by: Mapped[str] = mapped_column(String(120))
    entered_at: Mapped[dt.datetime]


class PendingImport(Base):
    """A list that was read from a file and waits for somebody's yes. Its rows go once it is decided."""

    __tablename__ = "imports"
    __table_args__ = (ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_imports_commune"),)

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    kind: Mapped[str] = mapped_column(String(20))  # of staff.import_lists
    source_name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))  # of the file
    rows: Mapped[list[Any]]  # the cells as they were read
    added: Mapped[int | None]  # how many were taken in; None while it waits
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]
    done_at: Mapped[dt.datetime | None]
