"""Say which worker sends a reply, so that those of a dead one need not wait"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("worker_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "worker_id")
