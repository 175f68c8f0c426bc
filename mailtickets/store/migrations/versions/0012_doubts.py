"""What the desk has asked people about letters in their name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("letter", ID, nullable=False, autoincrement=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("ticket", ID),
        sa.Column("nonce", sa.String(24), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("bond", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(40)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answered_by", ID),
        sa.ForeignKeyConstraint(["letter"], ["inbound.id"], name="fk_question_letter"),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_question_person"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_question_ticket"),
        sa.ForeignKeyConstraint(["answered_by"], ["inbound.id"], name="fk_question_answered_by"),
        sa.PrimaryKeyConstraint("letter", name="pk_question"),
        sa.UniqueConstraint("nonce", name="uq_question_nonce"),
        sa.UniqueConstraint("code", name="uq_question_code"),
    )
    op.create_index("ix_question_answered_by", "question", ["answered_by"])
