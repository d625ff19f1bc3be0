"""Keep targets and what was reached, corrections of plans, and more of the commune's lists"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "target_measures",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("measure", sa.String(length=60), nullable=False),
        sa.Column("whole", sa.Double(), nullable=True),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_target_measures_commune"),
        sa.PrimaryKeyConstraint("commune_id", "target"),
    )
    op.create_table(
        "target_values",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.String(length=120), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_target_values_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    op.create_index("ix_target_values_target", "target_values", ["commune_id", "target", "as_of"])
    op.create_table(
        "report_dates",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.String(length=120), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_report_dates_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    op.create_index("ix_report_dates_commune", "report_dates", ["commune_id", "id"])
    op.create_table(
        "imports",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rows", JSON, nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("done_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_imports_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    for table, columns in _new_columns().items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.add_column(column)


def downgrade() -> None:
    for table, columns in reversed(_new_columns().items()):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in reversed(columns):
                batch_op.drop_column(column.name)
    op.drop_table("imports")
    op.drop_index("ix_report_dates_commune", "report_dates")
    op.drop_table("report_dates")
    op.drop_index("ix_target_values_target", "target_values")
    op.drop_table("target_values")
    op.drop_table("target_measures")


def _new_columns() -> dict[str, list[sa.Column[object]]]:
    return {
        "hamlets": [
            sa.Column("population", sa.BigInteger(), nullable=True),
            sa.Column("households", sa.BigInteger(), nullable=True),
            sa.Column("note", sa.Text(), nullable=True),
            sa.Column("closed_at", TIME, nullable=True),
        ],
        "plans": [
            sa.Column("text", sa.Text(), nullable=True),
            sa.Column("corrections", JSON, nullable=False, server_default=sa.text("'[]'")),
        ],
        "class_notes": [
            sa.Column("void_reason", sa.Text(), nullable=True),
            sa.Column("changed_by", sa.String(length=120), nullable=True),
            sa.Column("changed_at", TIME, nullable=True),
        ],
        "households": [
            sa.Column("entered_by", sa.String(length=120), nullable=True),
            sa.Column("reached_on", sa.Date(), nullable=True),
            sa.Column("reached_by", sa.String(length=120), nullable=True),
            sa.Column("note", sa.Text(), nullable=True),
        ],
        "volunteers": [
            sa.Column("ambassador_on", sa.Date(), nullable=True),
            sa.Column("ambassador_by", sa.String(length=120), nullable=True),
        ],
    }
