"""Add what channels need: a sealed address, kinds of messages, the sender's marks, tokens"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("channel_identities", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed_address", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("last_message_at", TIME, nullable=True))
        batch_op.add_column(sa.Column("left_at", TIME, nullable=True))
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(length=10), nullable=False, server_default=sa.text("'text'"))
        )
        batch_op.add_column(sa.Column("context", JSON, nullable=True))
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sending_at", TIME, nullable=True))
        batch_op.add_column(sa.Column("provider_id", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("error", sa.Text(), nullable=True))
    op.create_table(
        "channel_tokens",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_tokens_commune"),
        sa.PrimaryKeyConstraint("commune_id", "channel"),
    )


def downgrade() -> None:
    op.drop_table("channel_tokens")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("error")
        batch_op.drop_column("provider_id")
        batch_op.drop_column("sending_at")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_column("context")
        batch_op.drop_column("kind")
    with op.batch_alter_table("channel_identities", schema=None) as batch_op:
        batch_op.drop_column("left_at")
        batch_op.drop_column("last_message_at")
        batch_op.drop_column("sealed_address")
