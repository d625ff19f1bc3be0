"""Count by day; find what is to be sent by commune"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "daily_counts",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hamlet_id", sa.BigInteger(), nullable=False),
        sa.Column("guide", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_daily_counts_commune"),
        sa.PrimaryKeyConstraint("commune_id", "day", "hamlet_id", "guide", "outcome"),
    )
    op.create_index("ix_daily_counts_day", "daily_counts", ["day"])
    op.drop_index("ix_outbox_state", "outbox")
    op.create_index("ix_outbox_state", "outbox", ["channel", "state", "commune_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_outbox_state", "outbox")
    op.create_index("ix_outbox_state", "outbox", ["channel", "state", "not_before"])
    op.drop_index("ix_daily_counts_day", "daily_counts")
    op.drop_table("daily_counts")
