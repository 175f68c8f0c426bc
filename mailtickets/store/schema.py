"""The tables. Each is one noun of the trade; what must never be twice has a unique key here.

The columns of `ticket` are the fields of `core.ticket.Ticket`, in their order.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    literal_column,
    text,
)

from mailtickets.core.case import Answer, MessageKind, Outcome, ReplyKind
from mailtickets.core.classify import Kind
from mailtickets.core.person import Part, Role
from mailtickets.store.columns import (
    KEY,
    Accounts,
    Attachments,
    History,
    Id,
    Moment,
    Octets,
    Proofs,
    Segments,
    Strings,
    Word,
    Words,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class LetterState(StrEnum):
    """Where a letter of the inbox is on its way."""

    STORED = "stored"  # ours, and still to be decided
    DONE = "done"  # it has its one outcome


class MailState(StrEnum):
    """Where a mail of ours is on its way."""

    DUE = "due"  # to be sent when its time comes
    CLAIMED = "claimed"  # somebody is at it
    SENT = "sent"  # the server took it
    FAILED = "failed"  # given up
    HELD = "held"  # over a limit: the operator may let it go


def _where(condition: ColumnElement[bool]) -> dict[str, Any]:
    """Of an index that holds only some rows. SQLite uses it for a query that says the condition in the same words."""
    return {"sqlite_where": condition, "postgresql_where": condition}


# sqlite_autoincrement: an id that has once been given away is never given again, since causes name rows by it.

person = Table(
    "person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("spec", Words, nullable=False),  # the registered address
    Column("called", Words, nullable=False),  # the name that stood beside it
    Column("name", Words, nullable=False),
    Column("role", Word(Role), nullable=False),
    Column("projects", Strings, nullable=False),
    Column("language", String(20), nullable=False),
    Column("timezone", String(60), nullable=False),
    Column("heard", String(20), nullable=False, server_default=text("''")),  # language that they write in
    Column("created_at", Moment, nullable=False),
    # Of the registered address: Address.domain. A company is found by it.
    Column("domain", Words, nullable=False, server_default=text("''"), index=True),
    sqlite_autoincrement=True,
)
IS_STAFF = person.c.role != literal_column("'requester'")
Index("ix_person_staff", person.c.id, **_where(IS_STAFF))

address = Table(
    "address",
    metadata,
    Column("key", Words, primary_key=True),  # Address.key
    Column("person", ForeignKey("person.id"), nullable=False, index=True),
    Column("spec", Words, nullable=False),
    Column("called", Words, nullable=False),
    Column(
        "bounces", Integer, nullable=False, server_default=text("0")
    ),  # for good, since the last sign of life
    Column("paused", Words, nullable=False, server_default=text("''")),  # why nothing automatic goes there
    Column("paused_at", Moment),
)
IS_PAUSED = address.c.paused_at.is_not(None)
Index("ix_address_paused", address.c.key, **_where(IS_PAUSED))

raw = Table(
    "raw",
    metadata,
    Column("id", Id, primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),  # of the octets that are kept
    Column("octets", Octets),  # NULL: they lie in the blob store
    sqlite_autoincrement=True,
)

epoch = Table(
    "epoch",
    metadata,
    Column("mailbox", Words, primary_key=True),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("kept_at", Moment, nullable=False),  # when the latest letter of it was kept
    Column("surveyed_at", Moment),  # when all that lay in the inbox was compared with older epochs
    Column(
        "waits_up_to", BigInteger
    ),  # what is not ours up to this UID waits for the operator; NULL: nothing
    Column("waiting", Integer),  # how many letters do
)

inbound = Table(
    "inbound",
    metadata,
    Column("id", Id, primary_key=True),
    Column("raw", ForeignKey("raw.id"), nullable=False, index=True),
    Column("mailbox", Words, nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("is_oversize", Boolean, nullable=False),
    Column("is_late", Boolean, nullable=False),
    Column("is_released", Boolean, nullable=False),
    Column("state", Word(LetterState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("stored_at", Moment, nullable=False, index=True),
    Column("decided_at", Moment),
    Column("marked_at", Moment),
    Column("outcome", Word(Outcome)),
    Column("reason", Words, nullable=False),
    Column("kind", Word(Kind)),
    Column("why_kind", Words, nullable=False),
    Column("evidence", Proofs),
    Column("account", Accounts),  # the clues, and who was mailed and who not
    Column("message_id", Words, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("subject", Words, nullable=False),
    Column("sender", Words, nullable=False),  # addr-spec of From
    Column("person", ForeignKey("person.id")),
    Column("ticket", ForeignKey("ticket.id"), index=True),
    Column("error", Words, nullable=False),
    Column("traceback", Words, nullable=False),
    UniqueConstraint("mailbox", "uidvalidity", "uid"),
    sqlite_autoincrement=True,
)
HAS_FINGERPRINT = inbound.c.fingerprint != literal_column("''")
IS_STORED = inbound.c.state == literal_column("'stored'")
Index("ix_inbound_fingerprint", inbound.c.fingerprint, **_where(HAS_FINGERPRINT))
Index("ix_inbound_stored", inbound.c.id, **_where(IS_STORED))
# A letter with a ticket is found by `seen_id`, and costs nothing here.
ENDED_WITHOUT_TICKET = inbound.c.outcome.is_not(None) & inbound.c.ticket.is_(None)
Index("ix_inbound_message_id", inbound.c.message_id, **_where(ENDED_WITHOUT_TICKET))
Index("ix_inbound_outcome", inbound.c.outcome, inbound.c.id)
Index(
    "ix_inbound_unmarked",
    inbound.c.mailbox,
    inbound.c.uidvalidity,
    inbound.c.uid,
    **_where(inbound.c.marked_at.is_(None)),
)

ticket = Table(
    "ticket",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("subject", Words, nullable=False),
    Column("status", String(60), nullable=False),
    Column("priority", String(60), nullable=False),
    Column("type", String(60), nullable=False),
    Column("project", String(60), nullable=False),
    Column("requester", ForeignKey("person.id"), nullable=False),
    Column("desk", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("updated_by", ForeignKey("person.id")),
    Column("resolution", String(60), nullable=False),
    Column("assignee", ForeignKey("person.id")),
    Column("tags", Strings, nullable=False),
    Column("first_answered_at", Moment),
    Column("resolved_at", Moment),
    Column("closed_at", Moment),
    Column("reopened", Integer, nullable=False),
    Column("origin_id", Words, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_ticket_requester", ticket.c.requester, ticket.c.created_at)
# Of those that are done only: what is open costs nothing here.
Index("ix_ticket_resolved", ticket.c.resolved_at, **_where(ticket.c.resolved_at.is_not(None)))
Index("ix_ticket_closed", ticket.c.closed_at, **_where(ticket.c.closed_at.is_not(None)))

message = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket", ForeignKey("ticket.id"), nullable=False, index=True),
    Column(
        "inbound", ForeignKey("inbound.id"), index=True
    ),  # the letter that it was; NULL: written by the desk
    Column("cause", Words, nullable=False),  # the outbox's: what was mailed because of it
    Column("message_id", Words, nullable=False),
    Column("kind", Word(MessageKind), nullable=False),
    Column("author", ForeignKey("person.id")),
    Column("written_at", Moment, nullable=False),
    Column("text", Words, nullable=False),
    Column("segments", Segments, nullable=False),
    Column("attachments", Attachments, nullable=False),
    Column("unverified", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
IS_NOTE = message.c.kind == literal_column("'note'")
HAS_FILES = message.c.attachments != literal_column("'[]'")
Index("ix_message_note", message.c.ticket, **_where(IS_NOTE))
Index("ix_message_files", message.c.ticket, **_where(HAS_FILES))

history = Table(
    "history",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("field", String(40), nullable=False),  # core.ticket.Field, or OPENED for the first row
    Column("old", History),
    Column("new", History),
    Column("person", ForeignKey("person.id")),  # who
    Column("at", Moment, nullable=False),
    Column("cause", Words, nullable=False),
    sqlite_autoincrement=True,
)

participant = Table(
    "participant",
    metadata,
    Column("id", Id, primary_key=True),  # in the order in which they joined
    Column("ticket", ForeignKey("ticket.id"), nullable=False),
    Column("person", ForeignKey("person.id"), nullable=False, index=True),
    Column("part", Word(Part), nullable=False),
    Column("joined_at", Moment, nullable=False),
    UniqueConstraint("ticket", "person"),
    sqlite_autoincrement=True,
)

picture = Table(
    "picture",
    metadata,
    Column("source", Words, primary_key=True),  # Address.key of a sender, or "@" and the domain of a company
    Column("sha256", String(64), primary_key=True),
    Column("letters", Integer, nullable=False),  # that had it
)

seal = Table(
    "seal",
    metadata,
    Column("digest", String(64), primary_key=True),  # of an OpenPGP signature that has been counted
    Column("letter", BigInteger, nullable=False),  # inbound id
    Column("made_at", Moment, nullable=False),
)

seen_id = Table(
    "seen_id",
    metadata,
    Column("message_id", Words, primary_key=True),
    Column("ticket", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("is_known", Boolean, nullable=False),  # the desk has the letter itself
)

# Ids of ours that prove nothing any more, and signatures that have ordered what they could: each counts once.
spent = Table(
    "spent",
    metadata,
    Column("token", String(80), primary_key=True),  # Token.key
    Column(
        "inbound", ForeignKey("inbound.id"), nullable=False
    ),  # the letter that showed it to somebody outside
)

imprint = Table(
    "imprint",
    metadata,
    Column("sha256", String(64), primary_key=True),  # of the octets of a DKIM signature (b=)
    Column("inbound", ForeignKey("inbound.id"), nullable=False),  # the first letter that bore it
)

# What the desk has asked somebody about a letter in their name. The mail that asked shows nonce and code.
question = Table(
    "question",
    metadata,
    Column("letter", ForeignKey("inbound.id"), primary_key=True, autoincrement=False),
    Column("person", ForeignKey("person.id"), nullable=False),
    Column("ticket", ForeignKey("ticket.id")),
    Column("nonce", String(24), nullable=False, unique=True),
    Column("code", String(64), nullable=False, unique=True),  # its SHA-256
    Column("bond", String(64), nullable=False),  # what a yes does
    Column("made_at", Moment, nullable=False),
    Column("until_at", Moment, nullable=False),
    Column("answer", Word(Answer)),
    Column("answered_at", Moment),
    Column("answered_by", ForeignKey("inbound.id"), index=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("cause", Words, nullable=False),
    Column("kind", Word(ReplyKind), nullable=False),
    Column("recipient", Words, nullable=False),  # Address.key
    Column("spec", Words, nullable=False),
    Column("domain", Words, nullable=False),
    Column("person", ForeignKey("person.id"), nullable=False),
    Column("ticket", ForeignKey("ticket.id"), index=True),
    Column("envelope_from", Words, nullable=False),
    Column("message_id", Words, nullable=False, index=True),
    Column("is_automatic", Boolean, nullable=False),
    Column("is_unproven", Boolean, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("state", Word(MailState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("since_at", Moment, nullable=False),  # when trying began; again after the operator's word
    Column("next_at", Moment),  # NULL: never by itself
    Column("claim", String(80), nullable=False),  # who is at it
    Column("code", Integer, nullable=False),  # of the last answer
    Column("answer", Words, nullable=False),
    Column("settled_at", Moment),  # sent, or given up
    Column("bounced_at", Moment),  # a report said that it did not arrive
    Column("bounce", Words, nullable=False),
    Column("octets", Octets, nullable=False),  # last, so that a row is read without them
    UniqueConstraint("cause", "kind", "recipient"),
    sqlite_autoincrement=True,
)
IS_UNSENT = outbox.c.state != literal_column("'sent'")
IS_UNPROVEN = outbox.c.is_unproven.is_(True)
Index("ix_outbox_next", outbox.c.next_at, **_where(outbox.c.next_at.is_not(None)))
Index("ix_outbox_unsent", outbox.c.id, **_where(IS_UNSENT))
# With the condition's own column, so that counting reads the index alone: the rows are fat.
for _name, _columns in {
    "ix_outbox_unproven_recipient": (outbox.c.recipient, outbox.c.created_at),
    "ix_outbox_unproven_domain": (outbox.c.domain, outbox.c.created_at),
    "ix_outbox_unproven": (outbox.c.created_at,),
}.items():
    Index(_name, *_columns, outbox.c.is_unproven, **_where(IS_UNPROVEN))
Index("ix_outbox_settled", outbox.c.settled_at)
Index("ix_outbox_bounced", outbox.c.bounced_at, **_where(outbox.c.bounced_at.is_not(None)))

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("outbox", ForeignKey("outbox.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("until_at", Moment, nullable=False),  # the last of several that ended alike
    Column("times", Integer, nullable=False),
    Column("counts", Boolean, nullable=False),  # False: it said nothing about this very mail
    Column("code", Integer, nullable=False),
    Column("answer", Words, nullable=False),
    sqlite_autoincrement=True,
)

# What follows is kept by triggers of the database (migrations 0003 and 0011), so that whoever writes, and however many
# at once, it is true with every commit. Only views and search read it, and nothing is decided by it.

# A narrow copy of each ticket, for lists: what they are narrowed and sorted by, with an index for each way.
shelf = Table(
    "shelf",
    metadata,
    Column("ticket", ForeignKey("ticket.id"), primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("status", String(60), nullable=False),
    Column("priority", String(60), nullable=False),
    Column("project", String(60), nullable=False),
    Column("requester", Id, nullable=False),
    Column("assignee", Id),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("since_at", Moment, nullable=False),  # whoever's turn it is, since when
    Column("is_answered", Boolean, nullable=False),  # the last word is ours
    Column("subject", KEY, nullable=False),  # its beginning, in lower case
)
Index("ix_shelf_updated", shelf.c.status, shelf.c.updated_at)
Index("ix_shelf_number", shelf.c.status, shelf.c.priority, shelf.c.number)
Index("ix_shelf_created", shelf.c.status, shelf.c.created_at, shelf.c.assignee, shelf.c.project)
Index("ix_shelf_since", shelf.c.status, shelf.c.since_at)
Index("ix_shelf_subject", shelf.c.subject, shelf.c.number)
Index("ix_shelf_assignee", shelf.c.assignee, shelf.c.status, shelf.c.updated_at)
Index("ix_shelf_project", shelf.c.project, shelf.c.status, shelf.c.updated_at)
Index("ix_shelf_requester", shelf.c.requester, shelf.c.status, shelf.c.updated_at)

# How many tickets there are of each kind: the sum of its rows. Only ever added to, so that two who write at
# once never wait for each other; `store.search.tidy` adds rows up now and then.
tally = Table(
    "tally",
    metadata,
    Column("id", Id, primary_key=True),
    Column("project", String(60), nullable=False),
    Column("status", String(60), nullable=False),
    Column("priority", String(60), nullable=False),
    Column("assignee", Id),
    Column("count", BigInteger, nullable=False),
)

# The tags of tickets one by one, to find those that have one; `ticket.tags` has them in a piece.
tagged = Table(
    "tagged",
    metadata,
    Column("tag", Words, primary_key=True),
    Column("ticket", ForeignKey("ticket.id"), primary_key=True, autoincrement=False, index=True),
)

# Messages whose words are not in the index yet. The index itself, `card`, is no table of this list:
# SQLite has FTS5 for it, PostgreSQL a tsvector (store/search/).
backlog = Table(
    "backlog",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket", Id, nullable=False),
    Column("message", Id, nullable=False),
)

link = Table(
    "link",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("person", ForeignKey("person.id"), nullable=False, index=True),
    Column("made_at", Moment, nullable=False),
    Column("until_at", Moment, nullable=False),
    Column("used_at", Moment),
)

session = Table(
    "session",
    metadata,
    Column("id", Id, primary_key=True),  # what an operator calls it by
    Column("hash", String(64), nullable=False, unique=True),
    Column("person", ForeignKey("person.id"), nullable=False, index=True),
    Column("opened_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),  # when it was last used, give or take `sessions.noted_after`
    sqlite_autoincrement=True,
)

lease = Table(
    "lease",
    metadata,
    Column("name", Words, primary_key=True),
    Column("owner", Words, nullable=False),  # "" = nobody
    Column("until_at", Moment),
    Column("ran_at", Moment),
)

outage = Table(
    "outage",
    metadata,
    Column("owner", Words, primary_key=True),  # the daemon that sees it
    Column("name", Words, primary_key=True),
    Column("words", Words, nullable=False),
    Column("since_at", Moment, nullable=False),
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
