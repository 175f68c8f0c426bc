"""What is wrong is pinned up for the page, and a new UIDVALIDITY may wait for the operator's word."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "outage",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "name", name="pk_outage"),
    )
    op.add_column("epoch", sa.Column("surveyed_at", sa.DateTime(timezone=True)))
    op.add_column("epoch", sa.Column("waits_up_to", sa.BigInteger()))
    op.add_column("epoch", sa.Column("waiting", sa.Integer()))
    op.execute("UPDATE epoch SET surveyed_at = kept_at")
