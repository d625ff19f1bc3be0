"""Add what personal data needs: notice and consent, requests, breaches, night jobs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)

revision = "0005"
down_revision = "0004"

_CONSENTS = ("notice", "consent", "announce_consent")


def upgrade() -> None:
    with op.batch_alter_table("learners", schema=None) as batch_op:
        for name in _CONSENTS:
            batch_op.add_column(sa.Column(f"{name}_version", sa.String(length=10), nullable=True))
            batch_op.add_column(sa.Column(f"{name}_at", TIME, nullable=True))
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_unlogged", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(
            "ix_conversations_unlogged",
            ["commune_id", "id"],
            unique=False,
            sqlite_where=sa.text("is_unlogged"),
            postgresql_where=sa.text("is_unlogged"),
        )
    with op.batch_alter_table("erasures", schema=None) as batch_op:
        batch_op.add_column(sa.Column("learner_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cleaned_at", TIME, nullable=True))
    op.create_table(
        "unlogged_counts",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "day", "channel", name="uq_unlogged_counts_day"),
    )
    op.create_table(
        "job_runs",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("job", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("lease_until", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("report", JSON, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "job", "day", name="uq_job_runs_day"),
    )
    op.create_table(
        "subject_requests",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("learner_id", sa.BigInteger(), nullable=True),
        sa.Column("requester_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("extension", sa.Text(), nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("handled_by", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_requests_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
        sa.UniqueConstraint("commune_id", "reference", name="uq_requests_reference"),
    )
    with op.batch_alter_table("subject_requests", schema=None) as batch_op:
        batch_op.create_index("ix_requests_state", ["commune_id", "state", "received_at"], unique=False)
        batch_op.create_index("ix_requests_learner", ["commune_id", "learner_id"], unique=False)
    op.create_table(
        "breaches",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("happened", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=True),
        sa.Column("data_kinds", sa.Text(), nullable=False),
        sa.Column("harm", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("reported_at", TIME, nullable=True),
        sa.Column("people_told_at", TIME, nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_breaches_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    with op.batch_alter_table("breaches", schema=None) as batch_op:
        batch_op.create_index("ix_breaches_time", ["commune_id", "found_at"], unique=False)


def downgrade() -> None:
    for table in ("breaches", "subject_requests", "job_runs", "unlogged_counts"):
        op.drop_table(table)
    with op.batch_alter_table("erasures", schema=None) as batch_op:
        batch_op.drop_column("cleaned_at")
        batch_op.drop_column("learner_id")
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_index("ix_conversations_unlogged")
        batch_op.drop_column("is_unlogged")
    with op.batch_alter_table("learners", schema=None) as batch_op:
        for name in reversed(_CONSENTS):
            batch_op.drop_column(f"{name}_at")
            batch_op.drop_column(f"{name}_version")
