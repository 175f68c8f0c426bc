"""What questions look things up by: tags one by one, and who is done, noted and sent along."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tagged",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("ticket", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_tagged_ticket"),
        sa.PrimaryKeyConstraint("tag", "ticket", name="pk_tagged"),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    each = "json_each(t.tags)" if is_sqlite else "json_array_elements_text(t.tags::json)"
    op.execute(
        f"INSERT INTO tagged (tag, ticket) SELECT DISTINCT one.value, t.id FROM ticket t, {each} AS one "
        "WHERE t.tags <> '[]'"
    )
    op.create_index("ix_tagged_ticket", "tagged", ["ticket"])
    for name, table, column, which in INDEXES:
        op.create_index(name, table, [column], sqlite_where=sa.text(which), postgresql_where=sa.text(which))
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


INDEXES = (
    ("ix_ticket_resolved", "ticket", "resolved_at", "resolved_at IS NOT NULL"),
    ("ix_ticket_closed", "ticket", "closed_at", "closed_at IS NOT NULL"),
    ("ix_message_note", "message", "ticket", "kind = 'note'"),
    ("ix_message_files", "message", "ticket", "attachments <> '[]'"),
)
_PUT = "INSERT INTO tagged (tag, ticket) SELECT DISTINCT one.value, new.id FROM {each} AS one;"
_TAKE = "DELETE FROM tagged WHERE ticket = old.id;"
# name, when, which rows, body
TRIGGERS = (
    ("ticket_tagged", "AFTER INSERT", "new.tags <> '[]'", _PUT),
    ("ticket_tagged_anew", "AFTER UPDATE", "old.tags <> new.tags", f"{_TAKE} {_PUT}"),
    ("ticket_untagged", "BEFORE DELETE", "old.tags <> '[]'", _TAKE),
)
SQLITE = tuple(
    f"CREATE TRIGGER {name} {when} ON ticket WHEN {which} BEGIN {body.format(each='json_each(new.tags)')} END"
    for name, when, which, body in TRIGGERS
)
POSTGRESQL = tuple(
    statement
    for name, when, which, body in TRIGGERS
    for statement in (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"{body.format(each='json_array_elements_text(new.tags::json)')} "
        f"RETURN {'old' if 'DELETE' in when else 'new'}; END $$",
        f"CREATE TRIGGER {name} {when} ON ticket FOR EACH ROW WHEN ({which}) EXECUTE FUNCTION {name}()",
    )
)
