"""The tables of the movement itself: volunteers, calls they take, classes, households, reminders.

What a learner asked and did is in `records.models`; here is who helps them, and how that is counted.
"""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from records.ids import new_id
from records.models import Base, belongs


class Volunteer(Base):
    """A member of the Tổ công nghệ số cộng đồng, known in the chat by one conversation."""

    __tablename__ = "volunteers"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_volunteers_commune"),
        belongs("conversation_id", "conversations", "fk_volunteers_conversation", ondelete="RESTRICT"),
        UniqueConstraint("commune_id", "conversation_id", name="uq_volunteers_conversation"),
        Index("ix_volunteers_code", "commune_id", "code_hash"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    name: Mapped[str]  # as residents and staff see it
    hamlets: Mapped[list[Any]] = mapped_column(default=list)  # slugs; [] for the whole commune
    code_hash: Mapped[str | None] = mapped_column(String(64))  # of the one-time invitation; None once used
    code_expires_at: Mapped[dt.datetime | None]
    conversation_id: Mapped[int | None]  # None until the invitation was used
    is_on_duty: Mapped[bool] = mapped_column(default=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    ambassador_on: Mapped[dt.date | None]  # the day the commune named them Đại sứ số
    ambassador_by: Mapped[str | None] = mapped_column(String(120))
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]


class HandoffEvent(Base):
    """One change of a call for a person: who did what, when."""

    __tablename__ = "handoff_events"
    __table_args__ = (
        belongs("handoff_id", "handoffs", "fk_handoff_events_handoff"),
        Index("ix_handoff_events_handoff", "commune_id", "handoff_id", "id"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    handoff_id: Mapped[int]
    kind: Mapped[str] = mapped_column(
        String(20)
    )  # opened, offered, taken, answered, released, escalated, closed
    actor: Mapped[str] = mapped_column(String(120))  # learner, volunteer:<id>, staff:<username>, system
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[dt.datetime]


class Reminder(Base):
    """A learner asked to be reminded."""

    __tablename__ = "reminders"
    __table_args__ = (
        belongs("learner_id", "learners", "fk_reminders_learner"),
        belongs("conversation_id", "conversations", "fk_reminders_conversation"),
        Index("ix_reminders_due", "state", "next_at"),
        Index("ix_reminders_learner", "commune_id", "learner_id"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    learner_id: Mapped[int]
    conversation_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))  # once, daily, weekly
    guide: Mapped[str | None] = mapped_column(String(80))  # None: the next lesson of their path
    next_at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(String(10), default="on")  # on, done, off
    created_at: Mapped[dt.datetime]


class ClassNote(Base):
    """A class, a house visit, or help in person, as a volunteer noted it."""

    __tablename__ = "class_notes"
    __table_args__ = (
        belongs("volunteer_id", "volunteers", "fk_class_notes_volunteer", ondelete="RESTRICT"),
        belongs("hamlet_id", "hamlets", "fk_class_notes_hamlet", ondelete="RESTRICT"),
        Index("ix_class_notes_day", "commune_id", "day"),
        UniqueConstraint("commune_id", "inbox_id", name="uq_class_notes_inbox"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    inbox_id: Mapped[int]  # the message that confirmed it: saved once; below 0: of a row of a file
    volunteer_id: Mapped[int | None]  # None: entered by staff
    entered_by: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(10))  # class, visit, help
    hamlet_id: Mapped[int | None]
    day: Mapped[dt.date]
    guides: Mapped[list[Any]] = mapped_column(default=list)  # slugs
    total: Mapped[int]
    women: Mapped[int | None]
    over_60: Mapped[int | None]
    disabled: Mapped[int | None]
    minority: Mapped[int | None]
    note: Mapped[str | None]  # masked
    is_void: Mapped[bool] = mapped_column(default=False)  # taken back
    void_reason: Mapped[str | None]  # why staff took it out, masked
    changed_by: Mapped[str | None] = mapped_column(String(120))  # the last of staff who corrected it
    changed_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]


class Attendance(Base):
    """A learner who was at a class, by their short code."""

    __tablename__ = "attendances"
    __table_args__ = (
        belongs("class_note_id", "class_notes", "fk_attendances_class"),
        belongs("learner_id", "learners", "fk_attendances_learner"),
        UniqueConstraint("commune_id", "class_note_id", "learner_id", name="uq_attendances"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    class_note_id: Mapped[int]
    learner_id: Mapped[int]


class Mentorship(Base):
    """A Đại sứ số (volunteer) and somebody they teach."""

    __tablename__ = "mentorships"
    __table_args__ = (
        belongs("volunteer_id", "volunteers", "fk_mentorships_volunteer"),
        belongs("learner_id", "learners", "fk_mentorships_learner"),
        UniqueConstraint("commune_id", "volunteer_id", "learner_id", name="uq_mentorships"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    volunteer_id: Mapped[int]
    learner_id: Mapped[int]
    created_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class Household(Base):
    """A Gia đình số: a code the family chose; no address, no names."""

    __tablename__ = "households"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_households_commune"),
        belongs("hamlet_id", "hamlets", "fk_households_hamlet", ondelete="RESTRICT"),
        UniqueConstraint("commune_id", "code", name="uq_households_code"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    code: Mapped[str] = mapped_column(String(40))  # folded
    hamlet_id: Mapped[int | None]
    entered_by: Mapped[str | None] = mapped_column(String(120))  # None: by the family itself, in the chat
    reached_on: Mapped[dt.date | None]  # the day the commune saw that it is digital
    reached_by: Mapped[str | None] = mapped_column(String(120))
    note: Mapped[str | None]  # masked
    created_at: Mapped[dt.datetime]


class Profile(Base):
    """One of several people on one phone, by a word of their choosing."""

    __tablename__ = "profiles"
    __table_args__ = (
        belongs("conversation_id", "conversations", "fk_profiles_conversation"),
        belongs("learner_id", "learners", "fk_profiles_learner"),
        UniqueConstraint("commune_id", "conversation_id", "name", name="uq_profiles_name"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    conversation_id: Mapped[int]
    learner_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(40))
    slots: Mapped[dict[str, Any]] = mapped_column(default=dict)  # of the talk, while somebody else talks
    created_at: Mapped[dt.datetime]
