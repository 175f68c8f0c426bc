"""Runs migrations over the connection that `store.revision.upgrade` hands in."""

from __future__ import annotations

from alembic import context

from mailtickets.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite's too, since our transactions begin in so many words
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
