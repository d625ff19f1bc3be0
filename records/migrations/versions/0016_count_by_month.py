"""Count by month, too: a country's years are too many days"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

FILL = """
INSERT INTO monthly_counts (commune_id, month, guide, outcome, count)
SELECT commune_id, MONTH_OF_DAY, guide, outcome, sum(count) FROM daily_counts
GROUP BY commune_id, MONTH_OF_DAY, guide, outcome
"""


def upgrade() -> None:
    op.create_table(
        "monthly_counts",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("guide", sa.String(80), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_monthly_counts_commune"),
        sa.PrimaryKeyConstraint("commune_id", "month", "guide", "outcome"),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    month = "date(day, 'start of month')" if is_sqlite else "CAST(date_trunc('month', day) AS date)"
    op.execute(FILL.replace("MONTH_OF_DAY", month))


def downgrade() -> None:
    op.drop_table("monthly_counts")
