"""Sessions that end when they are not used, and that an operator can name and end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # Nobody is signed out by an upgrade.
    signed_in = op.get_bind().execute(sa.text("SELECT hash, person, opened_at FROM session")).all()
    op.drop_table("session")
    op.create_table(
        "session",
        sa.Column("id", ID, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_session_person"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("hash", name="uq_session_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_session_person", "session", ["person"])
    for hash, person, opened_at in signed_in:
        op.get_bind().execute(
            sa.text(
                "INSERT INTO session (hash, person, opened_at, seen_at) VALUES (:hash, :person, :at, :at)"
            ),
            {"hash": hash, "person": person, "at": opened_at},
        )
