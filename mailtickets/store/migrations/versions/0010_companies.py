"""People found by the mail domain of their company, on cards, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

# What stands behind the last @.
DOMAIN = {
    "sqlite": "replace(spec, rtrim(spec, replace(spec, '@', '')), '')",
    "postgresql": "reverse(split_part(reverse(spec), '@', 1))",
}
EMPTY = {"sqlite": "INSERT INTO card (card) VALUES ('delete-all')", "postgresql": "TRUNCATE card"}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.add_column("person", sa.Column("domain", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.execute(f"UPDATE person SET domain = lower({DOMAIN[dialect]})")
    op.create_index("ix_person_domain", "person", ["domain"])
    # The daemon writes them anew while it works.
    op.execute(EMPTY[dialect])
    op.execute("DELETE FROM backlog")
    op.execute("INSERT INTO backlog (ticket, message) SELECT ticket, id FROM message ORDER BY id")
