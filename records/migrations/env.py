"""Alembic's entry: runs the migrations on the connection that `records.migrate` hands over."""

from alembic import context

from records.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
