"""Announcements"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("guide", sa.String(length=80), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("hamlets", JSON, nullable=False),
        sa.Column("groups", JSON, nullable=False),
        sa.Column("channels", JSON, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at_any_hour", sa.Boolean(), nullable=False),
        sa.Column("writers", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(length=120), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passed_over", JSON, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", JSON, nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_announcements_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    op.create_index("ix_announcements_state", "announcements", ["state", "starts_at"])
    op.create_table(
        "announcement_recipients",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("announcement_id", sa.BigInteger(), nullable=False),
        sa.Column("learner_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("outbox_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "announcement_id"],
            ["announcements.commune_id", "announcements.id"],
            name="fk_recipients_announcement",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "learner_id"],
            ["learners.commune_id", "learners.id"],
            name="fk_recipients_learner",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "announcement_id", "learner_id", name="uq_recipients_learner"),
    )
    op.create_index(
        "ix_recipients_state", "announcement_recipients", ["commune_id", "announcement_id", "state", "id"]
    )
    op.create_index("ix_recipients_learner", "announcement_recipients", ["commune_id", "learner_id"])


def downgrade() -> None:
    op.drop_table("announcement_recipients")
    op.drop_table("announcements")
