"""Count the desk's figures from indexes alone"""

from alembic import op

revision = "0008"
down_revision = "0007"

COUNTED = ["commune_id", "created_at", "hamlet_id", "learner_id", "channel", "guide", "outcome"]


def upgrade() -> None:
    op.drop_index("ix_questions_time", "questions")
    op.create_index("ix_questions_counted", "questions", COUNTED)
    op.create_index("ix_handoffs_time", "handoffs", ["commune_id", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_handoffs_time", "handoffs")
    op.drop_index("ix_questions_counted", "questions")
    op.create_index("ix_questions_time", "questions", ["commune_id", "created_at"])
