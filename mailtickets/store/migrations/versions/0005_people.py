"""The language that somebody writes in, and addresses whose mail keeps coming back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("person", sa.Column("heard", sa.String(20), nullable=False, server_default=sa.text("''")))
    op.add_column("address", sa.Column("bounces", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("address", sa.Column("paused", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("address", sa.Column("paused_at", sa.DateTime(timezone=True)))
    paused = sa.text("paused_at IS NOT NULL")
    op.create_index("ix_address_paused", "address", ["key"], sqlite_where=paused, postgresql_where=paused)
