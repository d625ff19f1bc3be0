"""Keep the guides that staff write, and the questions they set aside"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_LIVE = sa.text("state = 'live'")


def upgrade() -> None:
    op.create_table(
        "guide_versions",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("questions", _JSON, nullable=False),
        sa.Column("shipped", sa.Text(), nullable=True),
        sa.Column("review_by", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("authors", _JSON, nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.String(length=120), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("live_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_guide_versions_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "slug", "version", name="uq_guide_versions_version"),
    )
    op.create_index(
        "uq_guide_versions_live",
        "guide_versions",
        ["commune_id", "slug"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    op.create_table(
        "set_aside_questions",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.String(length=120), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "question_id"],
            ["questions.commune_id", "questions.id"],
            name="fk_set_aside_question",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "question_id"),
    )
    op.create_index("ix_set_aside_batch", "set_aside_questions", ["commune_id", "batch"])


def downgrade() -> None:
    op.drop_index("ix_set_aside_batch", "set_aside_questions")
    op.drop_table("set_aside_questions")
    op.drop_index("uq_guide_versions_live", "guide_versions")
    op.drop_table("guide_versions")
