"""Ids of ours that somebody outside has seen, and signatures of letters that have ordered something."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for table, key, length in (("spent", "token", 80), ("imprint", "sha256", 64)):
        op.create_table(
            table,
            sa.Column(key, sa.String(length), nullable=False),
            sa.Column("inbound", ID, nullable=False),
            sa.ForeignKeyConstraint(["inbound"], ["inbound.id"], name=f"fk_{table}_inbound"),
            sa.PrimaryKeyConstraint(key, name=f"pk_{table}"),
        )
