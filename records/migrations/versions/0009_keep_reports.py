"""Keep reports"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("words", JSON, nullable=False),
        sa.Column("figures", JSON, nullable=True),
        sa.Column("calculated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("building_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stage", sa.BigInteger(), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_reports_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    op.create_index("ix_reports_days", "reports", ["commune_id", "last", "first"])
    op.create_index(
        "uq_reports_draft",
        "reports",
        ["commune_id", "first", "last"],
        unique=True,
        sqlite_where=sa.text("state = 'draft'"),
        postgresql_where=sa.text("state = 'draft'"),
    )
    op.create_table(
        "report_forms",
        sa.Column("commune_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("words", JSON, nullable=False),
        sa.Column("template", sa.LargeBinary(), nullable=True),
        sa.Column("template_name", sa.Text(), nullable=True),
        sa.Column("template_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("template_by", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_report_forms_commune"),
        sa.PrimaryKeyConstraint("commune_id"),
    )


def downgrade() -> None:
    op.drop_table("report_forms")
    op.drop_index("uq_reports_draft", "reports")
    op.drop_index("ix_reports_days", "reports")
    op.drop_table("reports")
