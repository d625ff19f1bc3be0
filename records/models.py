"""The tables.

Every row belongs to one commune, and every key and unique constraint carries `commune_id`, so
that the same schema can be distributed by commune (design.md, "growing out of it"). Times are
aware and in UTC. Texts of residents stand here only with their secrets masked.
"""

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from records.ids import new_id


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware time. SQLite keeps no zone, so it is stored as UTC and read back as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"found the time {value} without a zone, expected an aware one")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger(),
        dt.datetime: UtcDateTime(),
        dt.date: Date(),
        dict[str, Any]: Json,
        list[Any]: Json,
        str: Text(),
        bytes: LargeBinary(),
    }


def belongs(column: str, table: str, name: str, ondelete: str = "CASCADE") -> ForeignKeyConstraint:
    """A reference within the commune."""
    return ForeignKeyConstraint(
        ["commune_id", column], [f"{table}.commune_id", f"{table}.id"], name=name, ondelete=ondelete
    )


def _lives_in(name: str) -> ForeignKeyConstraint:
    """A hamlet goes only when nobody and nothing counts for it any more."""
    return belongs("hamlet_id", "hamlets", name, ondelete="RESTRICT")


class Commune(Base):
    """A tenant. A reference table: small, and the only one without `commune_id`."""

    __tablename__ = "communes"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(20), default="xã")  # xã, phường, đặc khu
    province: Mapped[str | None]
    region: Mapped[str] = mapped_column(String(10), default="bac")  # bac, trung, nam: the form of address
    phone: Mapped[str | None]  # of the desk that helps residents
    police_phone: Mapped[str | None]
    hours: Mapped[str | None]  # when somebody answers, as shown to residents
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]


class Hamlet(Base):
    __tablename__ = "hamlets"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_hamlets_commune"),
        UniqueConstraint("commune_id", "slug", name="uq_hamlets_slug"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    slug: Mapped[str] = mapped_column(String(80))
    name: Mapped[str]
    aliases: Mapped[list[Any]] = mapped_column(default=list)
    position: Mapped[int] = mapped_column(default=0)
    population: Mapped[int | None]  # as the commune counts them; also the next
    households: Mapped[int | None]
    note: Mapped[str | None]
    closed_at: Mapped[dt.datetime | None]  # since then nobody is asked whether they live there


class Learner(Base):
    __tablename__ = "learners"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_learners_commune"),
        _lives_in("fk_learners_hamlet"),
        UniqueConstraint("commune_id", "code", name="uq_learners_code"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    hamlet_id: Mapped[int | None]
    code: Mapped[str | None] = mapped_column(String(8))  # short, told to volunteers
    group: Mapped[str | None] = mapped_column("learner_group", String(20))  # one of knowledge.guide.GROUPS
    level: Mapped[int | None]  # 1 to 3, by three questions or by what was done
    household_id: Mapped[int | None]  # of a Gia đình số; no reference: a household may go
    # What they were told about their data, what they agreed to, and when: versions of the wording.
    notice_version: Mapped[str | None] = mapped_column(String(10))
    notice_at: Mapped[dt.datetime | None]
    consent_version: Mapped[str | None] = mapped_column(String(10))  # to their questions being kept
    consent_at: Mapped[dt.datetime | None]
    announce_consent_version: Mapped[str | None] = mapped_column(String(10))  # to reminders and news
    announce_consent_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]


class ChannelIdentity(Base):
    """A learner as a channel knows them: a keyed hash of the channel's id, and the id sealed.

    Where replies are fetched (web chat) there is no address to keep.
    """

    __tablename__ = "channel_identities"
    __table_args__ = (
        belongs("learner_id", "learners", "fk_identities_learner"),
        UniqueConstraint("commune_id", "channel", "external_hash", name="uq_identities_external"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    learner_id: Mapped[int] = mapped_column(index=True)
    channel: Mapped[str] = mapped_column(String(20))
    external_hash: Mapped[str] = mapped_column(String(64))
    sealed_address: Mapped[bytes | None]  # where replies are sent to
    last_message_at: Mapped[dt.datetime | None]  # some channels let us write only for a while after it
    left_at: Mapped[dt.datetime | None]  # blocked us or went away
    created_at: Mapped[dt.datetime]


class Conversation(Base):
    """One learner on one channel: the slots of the tracker, as the last turn left them."""

    __tablename__ = "conversations"
    __table_args__ = (
        belongs("learner_id", "learners", "fk_conversations_learner"),
        belongs("identity_id", "channel_identities", "fk_conversations_identity"),
        UniqueConstraint("commune_id", "identity_id", name="uq_conversations_identity"),
        Index(
            "ix_conversations_unlogged",
            "commune_id",
            "id",
            sqlite_where=sql("is_unlogged"),
            postgresql_where=sql("is_unlogged"),
        ),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    learner_id: Mapped[int] = mapped_column(index=True)
    identity_id: Mapped[int]
    channel: Mapped[str] = mapped_column(String(20))
    slots: Mapped[dict[str, Any]] = mapped_column(default=dict)
    turns: Mapped[int] = mapped_column(default=0)
    is_unlogged: Mapped[bool] = mapped_column(default=False)  # asked for nothing to be kept of it
    erased_at: Mapped[dt.datetime | None]
    updated_at: Mapped[dt.datetime]


class TurnEvents(Base):
    """What happened in a turn: the dialogue's events (user, action, slot), in order."""

    __tablename__ = "conversation_events"
    __table_args__ = (
        belongs("conversation_id", "conversations", "fk_events_conversation"),
        Index("ix_events_conversation", "commune_id", "conversation_id", "id"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    conversation_id: Mapped[int]
    inbox_id: Mapped[int]
    events: Mapped[list[Any]]
    created_at: Mapped[dt.datetime]


class InboxMessage(Base):
    """A message as it was claimed: masked, once per (channel, message id)."""

    __tablename__ = "inbox"
    __table_args__ = (
        belongs("conversation_id", "conversations", "fk_inbox_conversation"),
        UniqueConstraint("commune_id", "channel", "message_id", name="uq_inbox_message"),
        Index("ix_inbox_state", "state", "id"),
        Index("ix_inbox_conversation", "commune_id", "conversation_id", "state", "id"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    conversation_id: Mapped[int]
    channel: Mapped[str] = mapped_column(String(20))
    message_id: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10), default="text")  # text, picture, voice, other
    text: Mapped[str]  # masked
    payload: Mapped[str | None]  # of a pressed button
    context: Mapped[dict[str, Any] | None]  # what the channel needs to act on the message itself
    secrets: Mapped[list[Any]] = mapped_column(default=list)  # kinds only
    hamlet: Mapped[str | None]  # slug that came with a link or QR code
    state: Mapped[str] = mapped_column(String(10), default="pending")  # pending, done, dead
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[dt.datetime]
    done_at: Mapped[dt.datetime | None]


class OutboxMessage(Base):
    """A reply, written in the same transaction as what it answers."""

    __tablename__ = "outbox"
    __table_args__ = (
        belongs("conversation_id", "conversations", "fk_outbox_conversation"),
        UniqueConstraint("commune_id", "inbox_id", "position", name="uq_outbox_position"),
        Index("ix_outbox_state", "channel", "state", "commune_id", "id"),
        Index("ix_outbox_conversation", "commune_id", "conversation_id", "id"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    conversation_id: Mapped[int]
    inbox_id: Mapped[int]
    position: Mapped[int]
    channel: Mapped[str] = mapped_column(String(20))
    body: Mapped[dict[str, Any]]  # text, choices; or delete: the channel's id of a message
    state: Mapped[str] = mapped_column(String(10), default="pending")  # pending, sending, sent, dead
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[dt.datetime]
    created_at: Mapped[dt.datetime]
    sending_at: Mapped[dt.datetime | None]  # since when a sender has it
    worker_id: Mapped[int | None]  # whose sender had it last: see records.only_one.Presence
    sent_at: Mapped[dt.datetime | None]
    provider_id: Mapped[str | None]  # the channel's id of the message that was sent
    error: Mapped[str | None]  # why the last attempt failed; of a dead one: why it was given up


class ChannelToken(Base):
    """A channel's short-lived tokens of a commune's account, sealed."""

    __tablename__ = "channel_tokens"
    __table_args__ = (ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_tokens_commune"),)

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    sealed: Mapped[bytes]
    expires_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class Question(Base):
    __tablename__ = "questions"
    __table_args__ = (
        belongs("learner_id", "learners", "fk_questions_learner"),
        _lives_in("fk_questions_hamlet"),
        UniqueConstraint("commune_id", "inbox_id", name="uq_questions_inbox"),
        # Holds all that is counted, so that a year of figures is read without the texts.
        Index(
            "ix_questions_counted",
            "commune_id",
            "created_at",
            "hamlet_id",
            "learner_id",
            "channel",
            "guide",
            "outcome",
        ),
        Index("ix_questions_learner", "commune_id", "learner_id"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    inbox_id: Mapped[int]
    learner_id: Mapped[int]
    hamlet_id: Mapped[int | None]
    channel: Mapped[str] = mapped_column(String(20))
    redacted: Mapped[str]  # the text with its secrets masked; the text itself is never stored
    outcome: Mapped[str] = mapped_column(String(20))
    guide: Mapped[str | None] = mapped_column(String(80))  # answered with, or chosen afterwards
    score: Mapped[float | None]
    candidates: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[dt.datetime]


class Completion(Base):
    """A learner did what a guide teaches. One row per grade: repeats do not count twice."""

    __tablename__ = "completions"
    __table_args__ = (
        belongs("learner_id", "learners", "fk_completions_learner"),
        _lives_in("fk_completions_hamlet"),
        UniqueConstraint("commune_id", "learner_id", "guide", "grade", name="uq_completions"),
        Index("ix_completions_time", "commune_id", "created_at"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    learner_id: Mapped[int]
    hamlet_id: Mapped[int | None]
    channel: Mapped[str] = mapped_column(String(20))
    guide: Mapped[str] = mapped_column(String(80))
    grade: Mapped[str] = mapped_column(String(10))  # self, quiz, confirmed
    volunteer_id: Mapped[int | None]  # who confirmed it
    taken_back_at: Mapped[dt.datetime | None]  # since then it does not count
    created_at: Mapped[dt.datetime]


class Handoff(Base):
    """A learner's call for a person."""

    __tablename__ = "handoffs"
    __table_args__ = (
        belongs("learner_id", "learners", "fk_handoffs_learner"),
        _lives_in("fk_handoffs_hamlet"),
        Index("ix_handoffs_state", "commune_id", "state", "created_at"),
        Index("ix_handoffs_time", "commune_id", "created_at"),
        Index("ix_handoffs_learner", "commune_id", "learner_id"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    learner_id: Mapped[int]
    conversation_id: Mapped[int]
    hamlet_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(20))  # asked, urgent, misses, error
    guide: Mapped[str | None] = mapped_column(String(80))
    step: Mapped[int | None]  # counted from 1
    question: Mapped[str | None]  # masked
    state: Mapped[str] = mapped_column(String(10), default="open")  # open, taken, answered, closed
    volunteer_id: Mapped[int | None]  # who has it
    tried: Mapped[list[Any]] = mapped_column(default=list)  # guides and phases seen before; no texts
    offered_at: Mapped[dt.datetime | None]  # when the volunteers of the hamlet were told
    escalated_at: Mapped[dt.datetime | None]  # when those of the whole commune were told
    taken_at: Mapped[dt.datetime | None]
    answered_at: Mapped[dt.datetime | None]  # the first reply of a person
    closed_reason: Mapped[str | None] = mapped_column(String(20))  # helped, gone, wrong, other
    created_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]


class StaffAccount(Base):
    __tablename__ = "staff_accounts"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_staff_commune"),
        UniqueConstraint("commune_id", "username", name="uq_staff_username"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    username: Mapped[str] = mapped_column(String(80))
    display_name: Mapped[str]
    password_hash: Mapped[str | None]  # None until the one-time link was used
    roles: Mapped[list[Any]] = mapped_column(default=list)  # of staff.roles; without one, nothing opens
    district_communes: Mapped[list[Any]] = mapped_column(default=list)  # slugs whose totals it sees; '*': all
    sso_email: Mapped[str | None] = mapped_column(String(254))  # set by an admin, in small letters
    sso_subject: Mapped[str | None] = mapped_column(String(255))  # pinned when it first signed in with it
    is_active: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    locked_until: Mapped[dt.datetime | None]
    totp_sealed: Mapped[bytes | None]  # the secret of the second factor, sealed with the instance's key
    totp_last_step: Mapped[int | None]  # of the code used last: it and earlier ones are refused
    recovery_hashes: Mapped[list[Any]] = mapped_column(default=list)  # of the codes not used yet
    created_at: Mapped[dt.datetime]


class StaffSession(Base):
    """A login. Only the hash of its token is kept."""

    __tablename__ = "staff_sessions"
    __table_args__ = (
        belongs("account_id", "staff_accounts", "fk_staff_sessions_account"),
        Index("ix_staff_sessions_token", "token_hash", unique=False),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    account_id: Mapped[int]
    token_hash: Mapped[str] = mapped_column(String(64))
    awaits_code: Mapped[bool] = mapped_column(default=False)  # the password was right, no code yet
    created_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime]


class StaffInvitation(Base):
    """A one-time link with which an account's password is set."""

    __tablename__ = "staff_invitations"
    __table_args__ = (belongs("account_id", "staff_accounts", "fk_invitations_account"),)

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    account_id: Mapped[int]
    token_hash: Mapped[str] = mapped_column(String(64), index=True)
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class AuditEntry(Base):
    """Who did what. Append-only; each entry holds the hash of the one before it."""

    __tablename__ = "audit"
    __table_args__ = (UniqueConstraint("commune_id", "sequence", name="uq_audit_sequence"),)

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    sequence: Mapped[int]
    actor: Mapped[str] = mapped_column(String(120))  # 'staff:<username>', 'learner', 'command line'
    action: Mapped[str] = mapped_column(String(60))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[dt.datetime]


class Erasure(Base):
    """A receipt: a person's data was erased. Holds nothing about the person.

    Their number was made by us and names nobody once their rows are gone; in a backup that is
    older than the erasure it finds those rows again.
    """

    __tablename__ = "erasures"
    __table_args__ = (UniqueConstraint("commune_id", "receipt", name="uq_erasures_receipt"),)

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    receipt: Mapped[str] = mapped_column(String(20))
    learner_id: Mapped[int | None]  # None: erased before it was kept
    created_at: Mapped[dt.datetime]
    cleaned_at: Mapped[dt.datetime | None]  # when the disk and the backups were rid of it, too


class PlanVersion(Base):
    """One import of a commune's plan. At most one is approved: the one that is answered from."""

    __tablename__ = "plans"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_plans_commune"),
        UniqueConstraint("commune_id", "version", name="uq_plans_version"),
        Index(
            "uq_plans_approved",
            "commune_id",
            unique=True,
            sqlite_where=sql("state = 'approved'"),
            postgresql_where=sql("state = 'approved'"),
        ),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    version: Mapped[int]  # counted from 1 in each commune
    state: Mapped[str] = mapped_column(String(10), default="draft")  # draft, approved, replaced, discarded
    replaces: Mapped[int | None]  # the version that was approved when this one was
    name: Mapped[str]  # of the document, as answers name it
    source_name: Mapped[str]  # of the file it was read from
    sha256: Mapped[str] = mapped_column(String(64))  # of that file
    head: Mapped[dict[str, Any]]
    passages: Mapped[list[Any]]
    facts: Mapped[dict[str, Any]]
    text: Mapped[str | None]  # as it was read from the file; None: imported before it was kept
    corrections: Mapped[list[Any]] = mapped_column(default=list)  # what staff changed: see records.plan_edits
    created_at: Mapped[dt.datetime]
    created_by: Mapped[str] = mapped_column(String(120))
    approved_at: Mapped[dt.datetime | None]
    approved_by: Mapped[str | None] = mapped_column(String(120))


class UnloggedCount(Base):
    """How many messages were answered of which nothing else is kept. Of nobody in particular."""

    __tablename__ = "unlogged_counts"
    __table_args__ = (UniqueConstraint("commune_id", "day", "channel", name="uq_unlogged_counts_day"),)

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    day: Mapped[dt.date]  # in Vietnam
    channel: Mapped[str] = mapped_column(String(20))
    count: Mapped[int]


class DailyCount(Base):
    """How many questions or completions there were on a day, so that years are added up quickly.

    Counted from the questions by `records.rollup`; names nobody. 0 stands for no hamlet and "" for
    no guide, for a key has no gaps.
    """

    __tablename__ = "daily_counts"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_daily_counts_commune"),
        Index("ix_daily_counts_day", "day"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)  # in Vietnam
    hamlet_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    guide: Mapped[str] = mapped_column(String(80), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20), primary_key=True)  # of a question; or done
    count: Mapped[int]


class MonthlyCount(Base):
    """`daily_counts` added up over each month and all hamlets: for many communes, or years."""

    __tablename__ = "monthly_counts"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_monthly_counts_commune"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[dt.date] = mapped_column(primary_key=True)  # its first day
    guide: Mapped[str] = mapped_column(String(80), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int]


class JobRun(Base):
    """One night's run of a job, and the lease of whoever does it: the unique key lets one in."""

    __tablename__ = "job_runs"
    __table_args__ = (UniqueConstraint("commune_id", "job", "day", name="uq_job_runs_day"),)

    commune_id: Mapped[int] = mapped_column(primary_key=True)  # 0: a job of the whole installation
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    job: Mapped[str] = mapped_column(String(20))
    day: Mapped[dt.date]  # whose night it is, in Vietnam
    attempts: Mapped[int] = mapped_column(default=1)
    started_at: Mapped[dt.datetime]
    lease_until: Mapped[dt.datetime]  # after it another worker may do it
    finished_at: Mapped[dt.datetime | None]
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str | None]  # why the last attempt failed


class SubjectRequest(Base):
    """A person's wish about their own data, on paper or by chat, with the law's clock running."""

    __tablename__ = "subject_requests"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_requests_commune"),
        UniqueConstraint("commune_id", "reference", name="uq_requests_reference"),
        Index("ix_requests_state", "commune_id", "state", "received_at"),
        Index("ix_requests_learner", "commune_id", "learner_id"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    reference: Mapped[str] = mapped_column(String(20))  # what the person was given
    kind: Mapped[str] = mapped_column(String(20))  # see records.requests.DAYS
    source: Mapped[str] = mapped_column(String(10))  # chat, paper, phone, desk
    learner_id: Mapped[int | None]  # of a request by chat; no reference: the request outlives the data
    requester_sealed: Mapped[bytes | None]  # who asks and how to answer, as they said it
    note: Mapped[str]  # masked
    state: Mapped[str] = mapped_column(String(10), default="new")  # new, answered, done, refused
    received_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]  # when the person was told that it was received
    extension: Mapped[str | None]  # why it takes longer, masked; with it the one extension is used
    closed_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None]  # what was done or why it was refused, masked
    created_by: Mapped[str] = mapped_column(String(120))
    handled_by: Mapped[str | None] = mapped_column(String(120))


class Breach(Base):
    """Something went wrong with personal data: what the notice within 72 hours has to say.

    The texts are masked and name nobody; how many and of which kind is enough for the notice.
    """

    __tablename__ = "breaches"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_breaches_commune"),
        Index("ix_breaches_time", "commune_id", "found_at"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    found_at: Mapped[dt.datetime]
    happened: Mapped[str]  # when and how it happened, as far as it is known
    what: Mapped[str]
    whose: Mapped[str]
    people: Mapped[int | None]  # how many; None: not known yet
    data_kinds: Mapped[str]
    harm: Mapped[str]
    measures: Mapped[str]
    told: Mapped[str]  # who else was told, and when
    reported_at: Mapped[dt.datetime | None]  # to the authority
    people_told_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class ApiKey(Base):
    """A key of the commune's portal. Only the hash of its token is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_api_keys_commune"),
        Index("ix_api_keys_token", "token_hash"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[Any]]  # of records.api_keys.SCOPES
    origins: Mapped[list[Any]]  # 'https://…' of pages that may use it from a browser, or frame the chat
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]


class ApiCall(Base):
    """How often a key was used on a day in Vietnam; nothing of what was asked."""

    __tablename__ = "api_calls"
    __table_args__ = (belongs("key_id", "api_keys", "fk_api_calls_key"),)

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(10), primary_key=True)
    count: Mapped[int]


class GuideVersion(Base):
    """A guide as a commune's staff wrote it. One at most of each slug is live: it stands for the shipped one.

    `source` is a guide's file as `knowledge.guide` reads it; `questions` come after those that are shipped.
    """

    __tablename__ = "guide_versions"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_guide_versions_commune"),
        UniqueConstraint("commune_id", "slug", "version", name="uq_guide_versions_version"),
        Index(
            "uq_guide_versions_live",
            "commune_id",
            "slug",
            unique=True,
            sqlite_where=sql("state = 'live'"),
            postgresql_where=sql("state = 'live'"),
        ),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    slug: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]  # counted from 1 for each slug
    state: Mapped[str] = mapped_column(String(10), default="draft")  # see records.guide_versions
    edition: Mapped[int] = mapped_column(
        default=1
    )  # grows with every change, so that one approves what one saw
    source: Mapped[str]
    questions: Mapped[list[Any]] = mapped_column(default=list)
    shipped: Mapped[str | None]  # the shipped file it was begun from
    review_by: Mapped[dt.date | None]  # when its facts are to be looked at again
    note: Mapped[str | None]  # what the reviewer said
    authors: Mapped[list[Any]]  # everybody who changed it, as the audit log names them
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    reviewed_by: Mapped[str | None] = mapped_column(String(120))
    reviewed_at: Mapped[dt.datetime | None]
    live_at: Mapped[dt.datetime | None]  # since when it was live, the last time


class SetAside(Base):
    """A question for which staff decided that no guide is needed; it goes with the question."""

    __tablename__ = "set_aside_questions"
    __table_args__ = (
        belongs("question_id", "questions", "fk_set_aside_question"),
        Index("ix_set_aside_batch", "commune_id", "batch"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    batch: Mapped[int]  # those set aside at once, and brought back at once
    set_by: Mapped[str] = mapped_column(String(120))
    set_at: Mapped[dt.datetime]


class Report(Base):
    """A report of a commune about some days. Once it is sent, its figures and words stay as they were."""

    __tablename__ = "reports"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_reports_commune"),
        Index("ix_reports_days", "commune_id", "last", "first"),
        Index(
            "uq_reports_draft",
            "commune_id",
            "first",
            "last",
            unique=True,
            sqlite_where=sql("state = 'draft'"),
            postgresql_where=sql("state = 'draft'"),
        ),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    first: Mapped[dt.date]
    last: Mapped[dt.date]  # included
    state: Mapped[str] = mapped_column(String(10), default="draft")  # draft, sent
    words: Mapped[dict[str, Any]]  # what staff wrote into the form
    figures: Mapped[dict[str, Any] | None]  # as they were counted last; None: not yet
    calculated_at: Mapped[dt.datetime | None]
    building_since: Mapped[dt.datetime | None]  # they are being counted
    stage: Mapped[int] = mapped_column(default=0)  # how far that has come
    exported_at: Mapped[dt.datetime | None]  # the Word file with these figures and words; None: none yet
    created_at: Mapped[dt.datetime]
    created_by: Mapped[str] = mapped_column(String(120))
    sent_at: Mapped[dt.datetime | None]
    sent_by: Mapped[str | None] = mapped_column(String(120))


class ReportForm(Base):
    """What a commune's next report begins with: the words of the last one, and its own Word template."""

    __tablename__ = "report_forms"
    __table_args__ = (ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_report_forms_commune"),)

    commune_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[dict[str, Any]] = mapped_column(default=dict)
    template: Mapped[bytes | None]  # .docx; None: ours
    template_name: Mapped[str | None]
    template_at: Mapped[dt.datetime | None]
    template_by: Mapped[str | None] = mapped_column(String(120))


class Announcement(Base):
    """What staff tell everybody who agreed to be told; see `records.announcements` for its states."""

    __tablename__ = "announcements"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_announcements_commune"),
        Index("ix_announcements_state", "state", "starts_at"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    edition: Mapped[int] = mapped_column(
        default=1
    )  # grows with every change, so that one approves what one saw
    text: Mapped[str]  # masked
    guide: Mapped[str | None] = mapped_column(String(80))  # that it offers to open
    link: Mapped[str | None]
    hamlets: Mapped[list[Any]] = mapped_column(default=list)  # slugs; [] for the whole commune
    groups: Mapped[list[Any]] = mapped_column(default=list)  # of learners; [] for all
    channels: Mapped[list[Any]] = mapped_column(default=list)
    starts_at: Mapped[dt.datetime | None]  # None: when it is approved
    at_any_hour: Mapped[bool] = mapped_column(default=False)  # also outside working hours
    writers: Mapped[list[Any]]  # everybody who changed it, as the audit log names them
    created_at: Mapped[dt.datetime]
    approved_by: Mapped[str | None] = mapped_column(String(120))
    approved_at: Mapped[dt.datetime | None]
    cursor: Mapped[int] = mapped_column(default=0)  # the last learner who was looked at
    collected_at: Mapped[dt.datetime | None]  # when everybody had been looked at
    passed_over: Mapped[dict[str, Any]] = mapped_column(default=dict)  # reason → people who don't get it
    ended_at: Mapped[dt.datetime | None]  # done or stopped
    counts: Mapped[dict[str, Any] | None]  # how it ended: what remains once nobody is named any more


class AnnouncementRecipient(Base):
    """Somebody who gets an announcement, once: the unique key lets nobody get it twice."""

    __tablename__ = "announcement_recipients"
    __table_args__ = (
        belongs("announcement_id", "announcements", "fk_recipients_announcement"),
        belongs("learner_id", "learners", "fk_recipients_learner"),
        UniqueConstraint("commune_id", "announcement_id", "learner_id", name="uq_recipients_learner"),
        Index("ix_recipients_state", "commune_id", "announcement_id", "state", "id"),
        Index("ix_recipients_learner", "commune_id", "learner_id"),
    )

    commune_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    announcement_id: Mapped[int]
    learner_id: Mapped[int]
    channel: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10), default="waiting")  # waiting, queued, skipped
    reason: Mapped[str | None] = mapped_column(String(20))  # why they were skipped
    outbox_id: Mapped[int | None]  # of the first message that carries it
    created_at: Mapped[dt.datetime]
