"""The first form of the database."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def where(condition: str, in_postgresql: str = "") -> dict[str, Any]:
    """Of an index that holds only some rows."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(in_postgresql or condition)}


def upgrade() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
    op.create_table(
        "epoch",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "uidvalidity", name="pk_epoch"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True)),
        sa.Column("ran_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "person",
        sa.Column("id", ID, nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("projects", sa.Text(), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("timezone", sa.String(60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_person_staff", "person", ["id"], **where("role != 'requester'"))
    op.create_table(
        "raw",
        sa.Column("id", ID, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_raw"),
        sa.UniqueConstraint("sha256", name="uq_raw_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "address",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("called", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_address_person"),
        sa.PrimaryKeyConstraint("key", name="pk_address"),
    )
    op.create_index("ix_address_person", "address", ["person"])
    op.create_table(
        "link",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_link_person"),
        sa.PrimaryKeyConstraint("hash", name="pk_link"),
    )
    op.create_index("ix_link_person", "link", ["person"])
    op.create_table(
        "session",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_session_person"),
        sa.PrimaryKeyConstraint("hash", name="pk_session"),
    )
    op.create_index("ix_session_until_at", "session", ["until_at"])
    op.create_table(
        "ticket",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", sa.String(60), nullable=False),
        sa.Column("priority", sa.String(60), nullable=False),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("project", sa.String(60), nullable=False),
        sa.Column("requester", ID, nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", ID),
        sa.Column("resolution", sa.String(60), nullable=False),
        sa.Column("assignee", ID),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("first_answered_at", sa.DateTime(timezone=True)),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("origin_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["assignee"], ["person.id"], name="fk_ticket_assignee"),
        sa.ForeignKeyConstraint(["requester"], ["person.id"], name="fk_ticket_requester"),
        sa.ForeignKeyConstraint(["updated_by"], ["person.id"], name="fk_ticket_updated_by"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket"),
        sa.UniqueConstraint("number", name="uq_ticket_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_assignee", "ticket", ["assignee"])
    op.create_index("ix_ticket_requester", "ticket", ["requester", "created_at"])
    op.create_index("ix_ticket_status", "ticket", ["status"])
    op.create_index("ix_ticket_updated_at", "ticket", ["updated_at"])
    op.create_table(
        "history",
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("old", sa.Text()),
        sa.Column("new", sa.Text()),
        sa.Column("person", ID),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_history_person"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_history_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_history_ticket", "history", ["ticket"])
    op.create_table(
        "inbound",
        sa.Column("id", ID, nullable=False),
        sa.Column("raw", ID, nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("is_oversize", sa.Boolean(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("is_released", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("marked_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String(40)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40)),
        sa.Column("why_kind", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text()),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("person", ID),
        sa.Column("ticket", ID),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("traceback", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_inbound_person"),
        sa.ForeignKeyConstraint(["raw"], ["raw.id"], name="fk_inbound_raw"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_inbound_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_inbound"),
        sa.UniqueConstraint("mailbox", "uidvalidity", "uid", name="uq_inbound_mailbox_uidvalidity_uid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inbound_fingerprint", "inbound", ["fingerprint"], **where("fingerprint != ''"))
    op.create_index("ix_inbound_outcome", "inbound", ["outcome", "id"])
    op.create_index("ix_inbound_raw", "inbound", ["raw"])
    op.create_index("ix_inbound_stored", "inbound", ["id"], **where("state = 'stored'"))
    op.create_index("ix_inbound_stored_at", "inbound", ["stored_at"])
    op.create_index("ix_inbound_ticket", "inbound", ["ticket"])
    op.create_index(
        "ix_inbound_unmarked", "inbound", ["mailbox", "uidvalidity", "uid"], **where("marked_at IS NULL")
    )
    op.create_table(
        "outbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("ticket", ID),
        sa.Column("envelope_from", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("is_unproven", sa.Boolean(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("claim", sa.String(80), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("bounced_at", sa.DateTime(timezone=True)),
        sa.Column("bounce", sa.Text(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_outbox_person"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_outbox_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("cause", "kind", "recipient", name="uq_outbox_cause_kind_recipient"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_bounced", "outbox", ["bounced_at"], **where("bounced_at IS NOT NULL"))
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])
    op.create_index("ix_outbox_next", "outbox", ["next_at"], **where("next_at IS NOT NULL"))
    op.create_index("ix_outbox_settled", "outbox", ["settled_at"])
    op.create_index("ix_outbox_ticket", "outbox", ["ticket"])
    op.create_index(
        "ix_outbox_unproven",
        "outbox",
        ["created_at", "is_unproven"],
        **where("is_unproven IS 1", "is_unproven IS true"),
    )
    op.create_index(
        "ix_outbox_unproven_domain",
        "outbox",
        ["domain", "created_at", "is_unproven"],
        **where("is_unproven IS 1", "is_unproven IS true"),
    )
    op.create_index(
        "ix_outbox_unproven_recipient",
        "outbox",
        ["recipient", "created_at", "is_unproven"],
        **where("is_unproven IS 1", "is_unproven IS true"),
    )
    op.create_index("ix_outbox_unsent", "outbox", ["id"], **where("state != 'sent'"))
    op.create_table(
        "participant",
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_participant_person"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_participant_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_participant"),
        sa.UniqueConstraint("ticket", "person", name="uq_participant_ticket_person"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_participant_person", "participant", ["person"])
    op.create_table(
        "seen_id",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("is_known", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_seen_id_ticket"),
        sa.PrimaryKeyConstraint("message_id", name="pk_seen_id"),
    )
    op.create_index("ix_seen_id_ticket", "seen_id", ["ticket"])
    op.create_table(
        "message",
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("inbound", ID),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("author", ID),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("segments", sa.Text(), nullable=False),
        sa.Column("attachments", sa.Text(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["author"], ["person.id"], name="fk_message_author"),
        sa.ForeignKeyConstraint(["inbound"], ["inbound.id"], name="fk_message_inbound"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_message_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_inbound", "message", ["inbound"])
    op.create_index("ix_message_ticket", "message", ["ticket"])
