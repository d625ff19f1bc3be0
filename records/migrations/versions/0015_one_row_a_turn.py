"""Keep the events of a turn in one row: five rows a message were most of what a turn wrote"""

from alembic import op

revision = "0015"
down_revision = "0014"

TABLE = "conversation_events"


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.alter_column("event", new_column_name="events")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("UPDATE conversation_events SET events = json_array(json(events))")
    else:
        op.execute("UPDATE conversation_events SET events = jsonb_build_array(events)")


def downgrade() -> None:
    # Nothing is lost: what does not fit into one event is kept within one.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "UPDATE conversation_events SET events = json_object('event', 'turn', 'events', json(events))"
        )
    else:
        op.execute(
            "UPDATE conversation_events SET events = jsonb_build_object('event', 'turn', 'events', events)"
        )
    with op.batch_alter_table(TABLE) as batch:
        batch.alter_column("events", new_column_name="event")
