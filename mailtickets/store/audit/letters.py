"""The way in: I1 one outcome, I2 the octets, I3 once on the tickets, I9 no machine answered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, or_, select, true

from mailtickets.core.case import Outcome
from mailtickets.core.classify import Kind
from mailtickets.store.audit.laws import Finding, Law, tally, together, told
from mailtickets.store.audit.witness import InboxMail, Witness
from mailtickets.store.blobs import Blobs
from mailtickets.store.engine import Tx
from mailtickets.store.schema import LetterState, inbound, message, outbox, raw

AT_ONCE = 500  # UIDs in a question
STREAM = {"yield_per": 200}


def outcome(tx: Tx, witness: Witness) -> Finding:
    """I1: the rows agree with themselves, and the inboxes hold nothing that the ledger does not."""
    rows = told(Law.OUTCOME, tx.scalar(select(func.count()).select_from(inbound)) or 0, _halfway(tx))
    if witness.inbox is None:
        return rows
    return together(Law.OUTCOME, rows, tally(Law.OUTCOME, _unknown(tx, witness, witness.inbox)))


def _halfway(tx: Tx) -> Iterator[str]:
    """In one look at all of them: the rows are fat."""
    done = inbound.c.state == LetterState.DONE
    ended = and_(inbound.c.outcome.is_not(None), inbound.c.decided_at.is_not(None))
    begun = and_(inbound.c.outcome.is_(None), inbound.c.decided_at.is_(None))
    # Not "not (done and ended)": a NULL would hide there.
    torn = or_(and_(done, ~ended), and_(~done, ~begun))
    lost = and_(inbound.c.outcome.in_([Outcome.OPENED, Outcome.REPLIED]), inbound.c.ticket.is_(None))
    rows = select(inbound.c.id, inbound.c.state, inbound.c.outcome, torn.label("is_torn")).where(
        or_(torn, lost)
    )
    for row in tx.execute(rows.order_by(inbound.c.id), execution_options=STREAM):
        if row.is_torn:
            yield f"Letter {row.id} is {row.state} with the outcome {row.outcome or 'none'}."
        else:
            yield f"Letter {row.id} is said to be on a ticket, but names none."


def _unknown(tx: Tx, witness: Witness, inbox: Iterable[InboxMail]) -> Iterator[str]:
    """A verdict for each mail of the inboxes."""
    for (mailbox, uidvalidity), group in groupby(inbox, key=lambda m: (m.mailbox, m.uidvalidity)):
        while some := list(islice(group, AT_ONCE)):
            yield from _of_one(tx, witness, mailbox, uidvalidity, some)


def _of_one(
    tx: Tx, witness: Witness, mailbox: str, uidvalidity: int, some: Sequence[InboxMail]
) -> Iterator[str]:
    here = and_(inbound.c.mailbox == mailbox, inbound.c.uidvalidity == uidvalidity)
    wanted = inbound.c.uid.in_([mail.uid for mail in some])
    found = tx.execute(
        select(inbound.c.uid, inbound.c.is_oversize, inbound.c.state, raw.c.sha256)
        .join(raw)
        .where(here, wanted)
    )
    known = {row.uid: row for row in found}
    for mail in some:
        row = known.get(mail.uid)
        where = f"UID {mail.uid} of {mailbox} (UIDVALIDITY {uidvalidity})"
        if row is None:
            is_new = mail.received_at > witness.patient_until
            yield "" if is_new else f"{where} is not in the ledger."
        elif mail.sha256 and not row.is_oversize and row.sha256 != mail.sha256:
            yield f"{where} has other octets than the ledger."
        else:
            yield ""


def octets(tx: Tx, blobs: Blobs, witness: Witness) -> Finding:
    """I2: what was marked on the server is kept here, and its hash is that of its octets."""
    return tally(Law.OCTETS, _kept(tx, blobs, witness))


def _kept(tx: Tx, blobs: Blobs, witness: Witness) -> Iterator[str]:
    rows = (
        select(inbound.c.id, inbound.c.outcome, raw.c.sha256, raw.c.size, raw.c.octets)
        .join(raw)
        .where(inbound.c.marked_at.is_not(None), _since(witness))
        .order_by(inbound.c.id)
    )
    for row in tx.execute(rows, execution_options=STREAM):
        try:
            whole = blobs.get(row.sha256) if row.octets is None else row.octets
        except OSError as error:
            yield f"Letter {row.id}: its octets are not at {error.filename}."
            continue
        if row.outcome is None:
            yield f"Letter {row.id} was marked before it had an outcome."
        elif len(whole) != row.size or hashlib.sha256(whole).hexdigest() != row.sha256:
            yield f"Letter {row.id}: its octets are not those that came."
        else:
            yield ""


def _since(witness: Witness) -> ColumnElement[bool]:
    return true() if witness.since is None else inbound.c.stored_at >= witness.since


def once_on_a_ticket(tx: Tx) -> Finding:
    """I3: no raw hash on two messages."""
    joined = message.join(inbound, message.c.inbound == inbound.c.id)
    twice = (
        select(inbound.c.raw, func.count(), func.min(message.c.ticket), func.max(message.c.ticket))
        .select_from(joined)
        .group_by(inbound.c.raw)
        .having(func.count() > 1)
    )
    count = tx.scalar(select(func.count()).select_from(message).where(message.c.inbound.is_not(None))) or 0
    wrong = (
        f"The octets {of} stand on {times} messages, of the tickets with the ids {first} to {last}."
        for of, times, first, last in tx.execute(twice)
    )
    return told(Law.ONCE_ON_A_TICKET, count, wrong)


def no_machine(tx: Tx) -> Finding:
    """I9: nothing went back to a sender that is no person (RFC 3834)."""
    caused = outbox.c.cause == literal("in:").concat(cast(inbound.c.id, String))
    mails = (
        select(
            outbox.c.id,
            outbox.c.kind,
            outbox.c.person,
            inbound.c.person.label("sender"),
            inbound.c.id.label("of"),
        )
        .select_from(inbound.join(outbox, caused))
        .where(inbound.c.kind.is_not(None), inbound.c.kind != Kind.PERSON)
    )
    verdicts = (
        f"Mail {row.id} ({row.kind}) answers letter {row.of}, which a machine wrote."
        if row.person == row.sender
        else ""
        for row in tx.execute(mails, execution_options=STREAM)
    )
    return tally(Law.NO_MACHINE, verdicts)
