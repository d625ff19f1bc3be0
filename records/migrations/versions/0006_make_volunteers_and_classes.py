"""Make volunteers, calls that are answered, classes, households, profiles and reminders"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "households",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("hamlet_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "hamlet_id"],
            ["hamlets.commune_id", "hamlets.id"],
            name="fk_households_hamlet",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_households_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "code", name="uq_households_code"),
    )
    op.create_table(
        "handoff_events",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("handoff_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "handoff_id"],
            ["handoffs.commune_id", "handoffs.id"],
            name="fk_handoff_events_handoff",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    with op.batch_alter_table("handoff_events", schema=None) as batch_op:
        batch_op.create_index("ix_handoff_events_handoff", ["commune_id", "handoff_id", "id"], unique=False)

    op.create_table(
        "profiles",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("learner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("slots", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "conversation_id"],
            ["conversations.commune_id", "conversations.id"],
            name="fk_profiles_conversation",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "learner_id"],
            ["learners.commune_id", "learners.id"],
            name="fk_profiles_learner",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "conversation_id", "name", name="uq_profiles_name"),
    )
    op.create_table(
        "reminders",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("learner_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("guide", sa.String(length=80), nullable=True),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "conversation_id"],
            ["conversations.commune_id", "conversations.id"],
            name="fk_reminders_conversation",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "learner_id"],
            ["learners.commune_id", "learners.id"],
            name="fk_reminders_learner",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    with op.batch_alter_table("reminders", schema=None) as batch_op:
        batch_op.create_index("ix_reminders_due", ["state", "next_at"], unique=False)
        batch_op.create_index("ix_reminders_learner", ["commune_id", "learner_id"], unique=False)

    op.create_table(
        "volunteers",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hamlets", JSON, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_expires_at", TIME, nullable=True),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("is_on_duty", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "conversation_id"],
            ["conversations.commune_id", "conversations.id"],
            name="fk_volunteers_conversation",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_volunteers_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "conversation_id", name="uq_volunteers_conversation"),
    )
    with op.batch_alter_table("volunteers", schema=None) as batch_op:
        batch_op.create_index("ix_volunteers_code", ["commune_id", "code_hash"], unique=False)

    op.create_table(
        "class_notes",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), nullable=True),
        sa.Column("entered_by", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("hamlet_id", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("guides", JSON, nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("women", sa.BigInteger(), nullable=True),
        sa.Column("over_60", sa.BigInteger(), nullable=True),
        sa.Column("disabled", sa.BigInteger(), nullable=True),
        sa.Column("minority", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("is_void", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "hamlet_id"],
            ["hamlets.commune_id", "hamlets.id"],
            name="fk_class_notes_hamlet",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "volunteer_id"],
            ["volunteers.commune_id", "volunteers.id"],
            name="fk_class_notes_volunteer",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "inbox_id", name="uq_class_notes_inbox"),
    )
    with op.batch_alter_table("class_notes", schema=None) as batch_op:
        batch_op.create_index("ix_class_notes_day", ["commune_id", "day"], unique=False)

    op.create_table(
        "mentorships",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), nullable=False),
        sa.Column("learner_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["commune_id", "learner_id"],
            ["learners.commune_id", "learners.id"],
            name="fk_mentorships_learner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "volunteer_id"],
            ["volunteers.commune_id", "volunteers.id"],
            name="fk_mentorships_volunteer",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "volunteer_id", "learner_id", name="uq_mentorships"),
    )
    op.create_table(
        "attendances",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("class_note_id", sa.BigInteger(), nullable=False),
        sa.Column("learner_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "class_note_id"],
            ["class_notes.commune_id", "class_notes.id"],
            name="fk_attendances_class",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "learner_id"],
            ["learners.commune_id", "learners.id"],
            name="fk_attendances_learner",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "class_note_id", "learner_id", name="uq_attendances"),
    )
    with op.batch_alter_table("completions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("volunteer_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("taken_back_at", TIME, nullable=True))

    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("volunteer_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("tried", JSON, nullable=False, server_default=sa.text("'[]'")))
        batch_op.add_column(sa.Column("offered_at", TIME, nullable=True))
        batch_op.add_column(sa.Column("escalated_at", TIME, nullable=True))
        batch_op.add_column(sa.Column("taken_at", TIME, nullable=True))
        batch_op.add_column(sa.Column("answered_at", TIME, nullable=True))
        batch_op.add_column(sa.Column("closed_reason", sa.String(length=20), nullable=True))

    with op.batch_alter_table("learners", schema=None) as batch_op:
        batch_op.add_column(sa.Column("code", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("learner_group", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("level", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("household_id", sa.BigInteger(), nullable=True))
        batch_op.create_unique_constraint("uq_learners_code", ["commune_id", "code"])


def downgrade() -> None:
    with op.batch_alter_table("learners", schema=None) as batch_op:
        batch_op.drop_constraint("uq_learners_code", type_="unique")
        batch_op.drop_column("household_id")
        batch_op.drop_column("level")
        batch_op.drop_column("learner_group")
        batch_op.drop_column("code")

    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        batch_op.drop_column("closed_reason")
        batch_op.drop_column("answered_at")
        batch_op.drop_column("taken_at")
        batch_op.drop_column("escalated_at")
        batch_op.drop_column("offered_at")
        batch_op.drop_column("tried")
        batch_op.drop_column("volunteer_id")

    with op.batch_alter_table("completions", schema=None) as batch_op:
        batch_op.drop_column("taken_back_at")
        batch_op.drop_column("volunteer_id")

    op.drop_table("attendances")
    op.drop_table("mentorships")
    with op.batch_alter_table("class_notes", schema=None) as batch_op:
        batch_op.drop_index("ix_class_notes_day")

    op.drop_table("class_notes")
    with op.batch_alter_table("volunteers", schema=None) as batch_op:
        batch_op.drop_index("ix_volunteers_code")

    op.drop_table("volunteers")
    with op.batch_alter_table("reminders", schema=None) as batch_op:
        batch_op.drop_index("ix_reminders_learner")
        batch_op.drop_index("ix_reminders_due")

    op.drop_table("reminders")
    op.drop_table("profiles")
    with op.batch_alter_table("handoff_events", schema=None) as batch_op:
        batch_op.drop_index("ix_handoff_events_handoff")

    op.drop_table("handoff_events")
    op.drop_table("households")
