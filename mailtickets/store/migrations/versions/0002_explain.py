"""What `explain` tells afterwards: the account of a decision, and every attempt to deliver a mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("inbound", sa.Column("account", sa.Text()))
    no_ticket = sa.text("outcome IS NOT NULL AND ticket IS NULL")
    op.create_index(
        "ix_inbound_message_id",
        "inbound",
        ["message_id"],
        sqlite_where=no_ticket,
        postgresql_where=no_ticket,
    )
    op.create_table(
        "attempt",
        sa.Column("id", ID, nullable=False),
        sa.Column("outbox", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
        sa.ForeignKeyConstraint(["outbox"], ["outbox.id"], name="fk_attempt_outbox", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attempt_outbox", "attempt", ["outbox"])
