"""Make the first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "sequence", name="uq_audit_sequence"),
    )
    op.create_table(
        "communes",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("province", sa.Text(), nullable=True),
        sa.Column("region", sa.String(length=10), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("police_phone", sa.Text(), nullable=True),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug"),
    )
    op.create_table(
        "erasures",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("receipt", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "receipt", name="uq_erasures_receipt"),
    )
    op.create_table(
        "hamlets",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", JSON, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_hamlets_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "slug", name="uq_hamlets_slug"),
    )
    op.create_table(
        "staff_accounts",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_staff_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "username", name="uq_staff_username"),
    )
    op.create_table(
        "learners",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hamlet_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "hamlet_id"],
            ["hamlets.commune_id", "hamlets.id"],
            name="fk_learners_hamlet",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_learners_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    op.create_table(
        "staff_invitations",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["commune_id", "account_id"],
            ["staff_accounts.commune_id", "staff_accounts.id"],
            name="fk_invitations_account",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    with op.batch_alter_table("staff_invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_invitations_token_hash"), ["token_hash"], unique=False)

    op.create_table(
        "staff_sessions",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "account_id"],
            ["staff_accounts.commune_id", "staff_accounts.id"],
            name="fk_staff_sessions_account",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    with op.batch_alter_table("staff_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_staff_sessions_token", ["token_hash"], unique=False)

    op.create_table(
        "channel_identities",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("learner_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("external_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "learner_id"],
            ["learners.commune_id", "learners.id"],
            name="fk_identities_learner",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "channel", "external_hash", name="uq_identities_external"),
    )
    with op.batch_alter_table("channel_identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_channel_identities_learner_id"), ["learner_id"], unique=False)

    op.create_table(
        "completions",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("learner_id", sa.BigInteger(), nullable=False),
        sa.Column("hamlet_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("guide", sa.String(length=80), nullable=False),
        sa.Column("grade", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "hamlet_id"],
            ["hamlets.commune_id", "hamlets.id"],
            name="fk_completions_hamlet",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "learner_id"],
            ["learners.commune_id", "learners.id"],
            name="fk_completions_learner",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "learner_id", "guide", "grade", name="uq_completions"),
    )
    with op.batch_alter_table("completions", schema=None) as batch_op:
        batch_op.create_index("ix_completions_time", ["commune_id", "created_at"], unique=False)

    op.create_table(
        "handoffs",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("learner_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("hamlet_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("guide", sa.String(length=80), nullable=True),
        sa.Column("step", sa.BigInteger(), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["commune_id", "hamlet_id"],
            ["hamlets.commune_id", "hamlets.id"],
            name="fk_handoffs_hamlet",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "learner_id"],
            ["learners.commune_id", "learners.id"],
            name="fk_handoffs_learner",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        batch_op.create_index("ix_handoffs_learner", ["commune_id", "learner_id"], unique=False)
        batch_op.create_index("ix_handoffs_state", ["commune_id", "state", "created_at"], unique=False)

    op.create_table(
        "questions",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("learner_id", sa.BigInteger(), nullable=False),
        sa.Column("hamlet_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("redacted", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("guide", sa.String(length=80), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("candidates", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "hamlet_id"],
            ["hamlets.commune_id", "hamlets.id"],
            name="fk_questions_hamlet",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "learner_id"],
            ["learners.commune_id", "learners.id"],
            name="fk_questions_learner",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "inbox_id", name="uq_questions_inbox"),
    )
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.create_index("ix_questions_learner", ["commune_id", "learner_id"], unique=False)
        batch_op.create_index("ix_questions_time", ["commune_id", "created_at"], unique=False)

    op.create_table(
        "conversations",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("learner_id", sa.BigInteger(), nullable=False),
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("slots", JSON, nullable=False),
        sa.Column("turns", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "identity_id"],
            ["channel_identities.commune_id", "channel_identities.id"],
            name="fk_conversations_identity",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "learner_id"],
            ["learners.commune_id", "learners.id"],
            name="fk_conversations_learner",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "identity_id", name="uq_conversations_identity"),
    )
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conversations_learner_id"), ["learner_id"], unique=False)

    op.create_table(
        "conversation_events",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("event", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "conversation_id"],
            ["conversations.commune_id", "conversations.id"],
            name="fk_events_conversation",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    with op.batch_alter_table("conversation_events", schema=None) as batch_op:
        batch_op.create_index("ix_events_conversation", ["commune_id", "conversation_id", "id"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("secrets", JSON, nullable=False),
        sa.Column("hamlet", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["commune_id", "conversation_id"],
            ["conversations.commune_id", "conversations.id"],
            name="fk_inbox_conversation",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "channel", "message_id", name="uq_inbox_message"),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inbox_conversation", ["commune_id", "conversation_id", "state", "id"], unique=False
        )
        batch_op.create_index("ix_inbox_state", ["state", "id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["commune_id", "conversation_id"],
            ["conversations.commune_id", "conversations.id"],
            name="fk_outbox_conversation",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "inbox_id", "position", name="uq_outbox_position"),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_conversation", ["commune_id", "conversation_id", "id"], unique=False)
        batch_op.create_index("ix_outbox_state", ["channel", "state", "not_before"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_state")
        batch_op.drop_index("ix_outbox_conversation")

    op.drop_table("outbox")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index("ix_inbox_state")
        batch_op.drop_index("ix_inbox_conversation")

    op.drop_table("inbox")
    with op.batch_alter_table("conversation_events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_conversation")

    op.drop_table("conversation_events")
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_conversations_learner_id"))

    op.drop_table("conversations")
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.drop_index("ix_questions_time")
        batch_op.drop_index("ix_questions_learner")

    op.drop_table("questions")
    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        batch_op.drop_index("ix_handoffs_state")
        batch_op.drop_index("ix_handoffs_learner")

    op.drop_table("handoffs")
    with op.batch_alter_table("completions", schema=None) as batch_op:
        batch_op.drop_index("ix_completions_time")

    op.drop_table("completions")
    with op.batch_alter_table("channel_identities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_channel_identities_learner_id"))

    op.drop_table("channel_identities")
    with op.batch_alter_table("staff_sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_staff_sessions_token")

    op.drop_table("staff_sessions")
    with op.batch_alter_table("staff_invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_invitations_token_hash"))

    op.drop_table("staff_invitations")
    op.drop_table("learners")
    op.drop_table("staff_accounts")
    op.drop_table("hamlets")
    op.drop_table("erasures")
    op.drop_table("communes")
    op.drop_table("audit")
