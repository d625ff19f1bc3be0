"""Add the second factor of staff accounts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("staff_accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("totp_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
        # The accounts that are there already have no codes.
        batch_op.add_column(
            sa.Column("recovery_hashes", JSON, nullable=False, server_default=sa.text("'[]'"))
        )
    with op.batch_alter_table("staff_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("awaits_code", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    # Who had only typed a password would be signed in without the column.
    op.execute("DELETE FROM staff_sessions WHERE awaits_code")
    with op.batch_alter_table("staff_sessions", schema=None) as batch_op:
        batch_op.drop_column("awaits_code")
    with op.batch_alter_table("staff_accounts", schema=None) as batch_op:
        batch_op.drop_column("recovery_hashes")
        batch_op.drop_column("totp_last_step")
        batch_op.drop_column("totp_sealed")
