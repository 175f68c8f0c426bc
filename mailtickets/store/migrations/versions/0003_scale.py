"""Lists, counts and words of a million tickets: shelf, tally, backlog, card, and the triggers that keep them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _tables()
    _fill()
    # After they are filled: one pass each instead of a million insertions.
    _indexes()
    for name in ("ix_ticket_status", "ix_ticket_updated_at", "ix_ticket_assignee"):
        op.drop_index(name, "ticket")
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def _tables() -> None:
    op.create_table(
        "shelf",
        sa.Column("ticket", ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(60), nullable=False),
        sa.Column("priority", sa.String(60), nullable=False),
        sa.Column("project", sa.String(60), nullable=False),
        sa.Column("requester", ID, nullable=False),
        sa.Column("assignee", ID),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("since_at", MOMENT, nullable=False),
        sa.Column("is_answered", sa.Boolean(), nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_shelf_ticket"),
        sa.PrimaryKeyConstraint("ticket", name="pk_shelf"),
    )
    op.create_table(
        "tally",
        sa.Column("id", ID, nullable=False),
        sa.Column("project", sa.String(60), nullable=False),
        sa.Column("status", sa.String(60), nullable=False),
        sa.Column("priority", sa.String(60), nullable=False),
        sa.Column("assignee", ID),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tally"),
    )
    op.create_table(
        "backlog",
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("message", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_backlog"),
    )


def _fill() -> None:
    """From what is there. The words are put into the index later, by the daemon, while it works."""
    no = "0" if op.get_bind().dialect.name == "sqlite" else "false"
    ours = (
        "SELECT max(m.id) FROM message m JOIN person p ON p.id = m.author "
        "WHERE m.ticket = t.id AND m.kind = 'public' AND p.role <> 'requester' AND p.id <> t.requester"
    )
    op.execute(
        "INSERT INTO shelf SELECT t.id, t.number, t.status, t.priority, t.project, t.requester, t.assignee, "
        f"t.created_at, t.updated_at, t.created_at, {no}, substr(lower(t.subject), 1, 80) FROM ticket t"
    )
    # Whose last word is ours, and since when the others wait.
    op.execute(
        "WITH said AS (SELECT t.id AS ticket, "
        f"({ours}) AS ours FROM ticket t), "
        "after AS (SELECT s.ticket, (SELECT min(m.written_at) FROM message m WHERE m.ticket = s.ticket "
        "AND m.kind = 'public' AND m.id > s.ours) AS asked_at, "
        "(SELECT m.written_at FROM message m WHERE m.id = s.ours) AS answered_at "
        "FROM said s WHERE s.ours IS NOT NULL) "
        "UPDATE shelf SET since_at = coalesce(a.asked_at, a.answered_at), is_answered = (a.asked_at IS NULL) "
        "FROM after a WHERE a.ticket = shelf.ticket"
    )
    op.execute(
        "INSERT INTO tally (project, status, priority, assignee, count) "
        "SELECT project, status, priority, assignee, count(*) FROM ticket GROUP BY 1, 2, 3, 4"
    )
    op.execute("INSERT INTO backlog (ticket, message) SELECT ticket, id FROM message ORDER BY id")


def _indexes() -> None:
    op.create_index("ix_shelf_updated", "shelf", ["status", "updated_at"])
    op.create_index("ix_shelf_number", "shelf", ["status", "priority", "number"])
    op.create_index("ix_shelf_created", "shelf", ["status", "created_at", "assignee", "project"])
    op.create_index("ix_shelf_since", "shelf", ["status", "since_at"])
    op.create_index("ix_shelf_subject", "shelf", ["subject", "number"])
    op.create_index("ix_shelf_assignee", "shelf", ["assignee", "status", "updated_at"])
    op.create_index("ix_shelf_project", "shelf", ["project", "status", "updated_at"])
    op.create_index("ix_shelf_requester", "shelf", ["requester", "status", "updated_at"])


# One body for both databases; {no} and {yes} are their words for a boolean, {same} for "equal, or both NULL".

_OPENED = """
INSERT INTO shelf VALUES (new.id, new.number, new.status, new.priority, new.project, new.requester, new.assignee,
  new.created_at, new.updated_at, new.created_at, {no}, substr(lower(new.subject), 1, 80));
INSERT INTO tally (project, status, priority, assignee, count)
  VALUES (new.project, new.status, new.priority, new.assignee, 1);
"""
_TOUCHED = "UPDATE shelf SET updated_at = new.updated_at WHERE ticket = new.id;"
_MOVED = """
UPDATE shelf SET status = new.status, priority = new.priority, project = new.project, assignee = new.assignee
  WHERE ticket = new.id;
INSERT INTO tally (project, status, priority, assignee, count)
  VALUES (old.project, old.status, old.priority, old.assignee, -1),
         (new.project, new.status, new.priority, new.assignee, 1);
"""
# Cards hold the subject, the requester and the project too: all of them are written anew.
_RENAMED = """
UPDATE shelf SET subject = substr(lower(new.subject), 1, 80), requester = new.requester WHERE ticket = new.id;
INSERT INTO backlog (ticket, message) SELECT new.id, id FROM message WHERE ticket = new.id;
"""
_WHEN_TOUCHED = "old.updated_at {other} new.updated_at"
_WHEN_MOVED = (
    "old.status <> new.status OR old.priority <> new.priority OR old.project <> new.project "
    "OR old.assignee {other} new.assignee"
)
_WHEN_RENAMED = "old.subject <> new.subject OR old.requester <> new.requester OR old.project <> new.project"
_LEFT = """
INSERT INTO tally (project, status, priority, assignee, count)
  VALUES (old.project, old.status, old.priority, old.assignee, -1);
DELETE FROM shelf WHERE ticket = old.id;
"""
_IS_OURS = "EXISTS (SELECT 1 FROM person p WHERE p.id = new.author AND p.role <> 'requester' AND p.id <> shelf.requester)"
_SAID = f"""
INSERT INTO backlog (ticket, message) VALUES (new.ticket, new.id);
UPDATE shelf SET since_at = new.written_at, is_answered = {{yes}}
  WHERE ticket = new.ticket AND new.kind = 'public' AND {_IS_OURS};
UPDATE shelf SET since_at = new.written_at, is_answered = {{no}}
  WHERE ticket = new.ticket AND new.kind = 'public' AND is_answered AND NOT {_IS_OURS};
"""
# name, when, of which table, which rows, body
TRIGGERS = (
    ("ticket_opened", "AFTER INSERT", "ticket", "", _OPENED),
    ("ticket_touched", "AFTER UPDATE", "ticket", _WHEN_TOUCHED, _TOUCHED),
    ("ticket_moved", "AFTER UPDATE", "ticket", _WHEN_MOVED, _MOVED),
    ("ticket_renamed", "AFTER UPDATE", "ticket", _WHEN_RENAMED, _RENAMED),
    ("ticket_left", "BEFORE DELETE", "ticket", "", _LEFT),
    ("message_said", "AFTER INSERT", "message", "", _SAID),
)


def _sqlite() -> tuple[str, ...]:
    """`unicode61` parts words and folds case and accents; content='': the words lie in `message` already."""
    words = {"yes": "1", "no": "0", "other": "IS NOT"}
    return (
        "CREATE VIRTUAL TABLE card USING fts5(head, heard, inside, whose, content='', columnsize=0, "
        "tokenize='unicode61 remove_diacritics 2')",
        *(
            f"CREATE TRIGGER {name} {when} ON {table} "
            f"{f'WHEN {which} ' if which else ''}BEGIN {body} END".format(**words)
            for name, when, table, which, body in TRIGGERS
        ),
    )


def _postgresql() -> tuple[str, ...]:
    words = {"yes": "true", "no": "false", "other": "IS DISTINCT FROM"}
    statements = [
        "CREATE TABLE card (id bigint CONSTRAINT pk_card PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE INDEX ix_card_words ON card USING gin (words)",
    ]
    for name, when, table, which, body in TRIGGERS:
        back = "old" if "DELETE" in when else "new"
        statements += [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN {back}; END $$".format(
                **words
            ),
            f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW "
            f"{f'WHEN ({which}) ' if which else ''}EXECUTE FUNCTION {name}()".format(**words),
        ]
    return tuple(statements)


SQLITE = _sqlite()
POSTGRESQL = _postgresql()
