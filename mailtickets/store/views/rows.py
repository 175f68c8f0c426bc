"""Rows of the ledger and of the outbox, for the operator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, true

from mailtickets.core.case import Outcome, ReplyKind
from mailtickets.core.classify import Kind
from mailtickets.core.identity import Evidence
from mailtickets.store.blobs import Blobs
from mailtickets.store.engine import Tx
from mailtickets.store.schema import (
    IS_PAUSED,
    IS_UNSENT,
    LetterState,
    MailState,
    address,
    inbound,
    outbox,
    raw,
    ticket,
)

ROWS = 100


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter of the inbox and how it ended."""

    id: int
    mailbox: str
    uidvalidity: int
    uid: int
    received_at: datetime
    stored_at: datetime
    decided_at: datetime | None
    marked_at: datetime | None
    state: LetterState
    attempts: int
    outcome: Outcome | None
    reason: str
    kind: Kind | None
    message_id: str
    sender: str
    subject: str
    size: int
    ticket: int | None  # number
    why_kind: str = ""  # what told so of `kind`


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter with all that is known of it."""

    row: LetterRow
    evidence: Evidence | None
    error: str
    traceback: str
    octets: bytes | None = field(repr=False)  # None: they are gone


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail of ours."""

    id: int
    cause: str
    kind: ReplyKind
    recipient: str  # addr-spec
    message_id: str
    state: MailState
    attempts: int
    created_at: datetime
    next_at: datetime | None
    settled_at: datetime | None
    bounced_at: datetime | None
    code: int
    answer: str
    ticket: int | None  # number


@dataclass(frozen=True, slots=True)
class PausedRow:
    """An address to which nothing automatic is mailed."""

    address: str  # addr-spec
    why: str
    since: datetime
    bounces: int


def paused_rows(tx: Tx) -> tuple[PausedRow, ...]:
    """All of them, the longest paused first."""
    columns = (address.c.spec, address.c.paused, address.c.paused_at, address.c.bounces)
    rows = select(*columns).where(IS_PAUSED).order_by(address.c.paused_at, address.c.key)
    return tuple(PausedRow(*row) for row in tx.execute(rows))


def ledger_rows(
    tx: Tx, mailbox: str = "", outcome: Outcome | None = None, limit: int | None = ROWS
) -> tuple[LetterRow, ...]:
    """The latest letters, newest first. `mailbox`: Address.key; "" is all of them."""
    here = inbound.c.mailbox == mailbox if mailbox else true()
    ended = inbound.c.outcome == outcome if outcome else true()
    rows = LETTERS.where(here, ended).order_by(inbound.c.id.desc()).limit(limit)
    return tuple(letter_of(row) for row in tx.execute(rows))


def quarantine_rows(tx: Tx) -> tuple[LetterRow, ...]:
    """What could not be read or decided, oldest first."""
    return _ended(tx, Outcome.QUARANTINED)


def held_rows(tx: Tx) -> tuple[LetterRow, ...]:
    """Letters that wait for the operator's word, oldest first."""
    return _ended(tx, Outcome.HELD)


def letter(tx: Tx, blobs: Blobs, id: int) -> Letter | None:
    """One letter of the ledger (LetterRow.id); None if there is none."""
    more = (inbound.c.evidence, inbound.c.error, inbound.c.traceback)
    wanted = LETTERS.join(raw).add_columns(*more, raw.c.sha256, raw.c.octets)
    row = tx.execute(wanted.where(inbound.c.id == id)).first()
    if row is None:
        return None
    try:
        octets = blobs.get(row.sha256) if row.octets is None else row.octets
    except FileNotFoundError:
        octets = None
    return Letter(letter_of(row), row.evidence, row.error, row.traceback, octets)


def outbox_rows(tx: Tx, *states: MailState, limit: int | None = ROWS) -> tuple[MailRow, ...]:
    """Mails in these states, newest first; without one named, all that are not sent yet."""
    chosen = outbox.c.state.in_(states) if states else IS_UNSENT
    rows = MAILS.where(chosen).order_by(outbox.c.id.desc()).limit(limit)
    return tuple(MailRow(*row) for row in tx.execute(rows))


LETTERS: Select[Any] = select(
    inbound.c.id,
    inbound.c.mailbox,
    inbound.c.uidvalidity,
    inbound.c.uid,
    inbound.c.received_at,
    inbound.c.stored_at,
    inbound.c.decided_at,
    inbound.c.marked_at,
    inbound.c.state,
    inbound.c.attempts,
    inbound.c.outcome,
    inbound.c.reason,
    inbound.c.kind,
    inbound.c.message_id,
    inbound.c.sender,
    inbound.c.subject,
    inbound.c.size,
    ticket.c.number,
    inbound.c.why_kind,
).select_from(inbound.outerjoin(ticket))
MAILS: Select[Any] = select(
    outbox.c.id,
    outbox.c.cause,
    outbox.c.kind,
    outbox.c.spec,
    outbox.c.message_id,
    outbox.c.state,
    outbox.c.attempts,
    outbox.c.created_at,
    outbox.c.next_at,
    outbox.c.settled_at,
    outbox.c.bounced_at,
    outbox.c.code,
    outbox.c.answer,
    ticket.c.number,
).select_from(outbox.outerjoin(ticket))


def _ended(tx: Tx, outcome: Outcome) -> tuple[LetterRow, ...]:
    rows = LETTERS.where(inbound.c.outcome == outcome).order_by(inbound.c.id)
    return tuple(letter_of(row) for row in tx.execute(rows))


def letter_of(row: Row[Any]) -> LetterRow:
    return LetterRow(*row[: len(LetterRow.__slots__)])
