"""The way out: I4 sent is sent, I5 nothing else left, I6 one acknowledgement, I7 to those on the ticket, I12 progress."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select

from mailtickets.core.case import ReplyKind
from mailtickets.core.mail import Address
from mailtickets.core.person import Part, Role
from mailtickets.store.audit.laws import Finding, Law, tally, together, told
from mailtickets.store.audit.letters import STREAM
from mailtickets.store.audit.witness import RelayMail, Witness
from mailtickets.store.engine import Tx
from mailtickets.store.schema import (
    IS_STORED,
    IS_UNSENT,
    MailState,
    address,
    inbound,
    outbox,
    participant,
    person,
    ticket,
)


def sent(tx: Tx, witness: Witness) -> Finding:
    """I4: the rows agree with themselves; with a witness, each sent one reached the relay as it lies here."""
    rows = told(Law.SENT, tx.scalar(select(func.count()).select_from(outbox)) or 0, _halfway(tx))
    if witness.relay is None:
        return rows
    return together(Law.SENT, rows, tally(Law.SENT, _arrived(tx, witness, witness.relay)))


def _halfway(tx: Tx) -> Iterator[str]:
    is_next, is_settled = outbox.c.next_at.is_not(None), outbox.c.settled_at.is_not(None)
    at = outbox.c.state
    wrong = or_(
        and_(at == MailState.DUE, ~is_next),
        and_(at == MailState.CLAIMED, or_(~is_next, outbox.c.claim == "")),
        and_(at == MailState.SENT, or_(is_next, ~is_settled, outbox.c.code < 200, outbox.c.code > 299)),
        and_(at == MailState.FAILED, or_(is_next, ~is_settled)),
        and_(at == MailState.HELD, is_next),
    )
    for row in tx.execute(select(outbox.c.id, at, outbox.c.spec).where(wrong).order_by(outbox.c.id)):
        yield f"Mail {row.id} to {row.spec} is {row.state}, but its times or its answer do not fit that."


def _arrived(tx: Tx, witness: Witness, relay: Sequence[RelayMail]) -> Iterator[str]:
    """A verdict for each row that is sent, and one for all copies together."""
    at_relay = Counter(_key(mail.recipient, mail.octets) for mail in relay)
    wanted = select(outbox.c.id, outbox.c.spec, outbox.c.octets).where(outbox.c.state == MailState.SENT)
    for row in tx.execute(wanted.order_by(outbox.c.id), execution_options=STREAM):
        arrived = at_relay[_key(row.spec, row.octets)]
        yield (
            ""
            if arrived
            else f"Mail {row.id} to {row.spec} is noted as sent, but never reached the relay as it lies here."
        )
    twice = at_relay.total() - len(at_relay)
    yield "" if twice <= witness.copies else f"{twice} copies reached the relay, {witness.copies} may have."


def _key(recipient: str, octets: bytes) -> tuple[str, bytes]:
    return Address(recipient).key, hashlib.sha256(octets).digest()


_MESSAGE_ID = re.compile(rb"^message-id:\s*<([^>\r\n]*)>", re.IGNORECASE | re.MULTILINE)


def nothing_else(tx: Tx, witness: Witness) -> Finding | None:
    """I5: what reached the relay is in the outbox, octet by octet. None if nobody saw the relay."""
    if witness.relay is None:
        return None
    return tally(Law.NOTHING_ELSE, (_known(tx, mail) for mail in witness.relay))


def _known(tx: Tx, mail: RelayMail) -> str:
    found = _MESSAGE_ID.search(mail.octets)
    message_id = found[1].decode("ascii", "replace") if found else ""
    same = select(outbox.c.octets).where(
        outbox.c.message_id == message_id, outbox.c.recipient == Address(mail.recipient).key
    )
    rows = tx.scalars(same).all()
    if not rows:
        return f"A mail to {mail.recipient} with the Message-ID “{message_id}” is not in the outbox."
    return "" if mail.octets in rows else f"The mail {message_id} to {mail.recipient} left with other octets."


def acknowledged_once(tx: Tx) -> Finding:
    """I6."""
    of = outbox.c.kind == ReplyKind.ACKNOWLEDGEMENT
    twice = (
        select(ticket.c.number, func.count())
        .select_from(outbox.join(ticket))
        .where(of)
        .group_by(ticket.c.number)
        .having(func.count() > 1)
    )
    count = tx.scalar(select(func.count()).select_from(outbox).where(of)) or 0
    wrong = (f"Ticket {number} was acknowledged {times} times." for number, times in tx.execute(twice))
    return told(Law.ACKNOWLEDGED_ONCE, count, wrong)


def recipients(tx: Tx, witness: Witness) -> Finding:
    """I7: staff, whom the config names, or somebody on the ticket who is more than overheard."""
    about: ColumnElement[bool] = outbox.c.ticket.is_not(None)
    if witness.since is not None:
        about = and_(about, outbox.c.created_at >= witness.since)
    on_it = (
        select(participant.c.id)
        .where(
            participant.c.ticket == outbox.c.ticket,
            participant.c.person == outbox.c.person,
            participant.c.part != Part.THIRD,
        )
        .exists()
    )
    named = select(address.c.person).where(address.c.key.in_(sorted(witness.named)))
    strangers = (
        select(outbox.c.id, outbox.c.kind, outbox.c.spec, ticket.c.number)
        .select_from(
            outbox.join(ticket, outbox.c.ticket == ticket.c.id).join(person, outbox.c.person == person.c.id)
        )
        .where(
            about,
            person.c.role == Role.REQUESTER,
            ticket.c.requester != outbox.c.person,
            ~on_it,
            outbox.c.person.not_in(named),
        )
        .order_by(outbox.c.id)
    )
    count = tx.scalar(select(func.count()).select_from(outbox).where(about)) or 0
    wrong = (
        f"Mail {row.id} ({row.kind}) about ticket {row.number} went to {row.spec}, who is not on it."
        for row in tx.execute(strangers)
    )
    return told(Law.RECIPIENTS, count, wrong)


def progress(tx: Tx, witness: Witness) -> Finding:
    """I12, as far as the ledger tells: no letter undecided and no mail due for longer than patience lasts."""
    until = witness.patient_until
    letters = select(inbound.c.id, inbound.c.mailbox, inbound.c.stored_at).where(
        IS_STORED, inbound.c.stored_at <= until
    )
    mails = select(outbox.c.id, outbox.c.spec, outbox.c.next_at).where(
        outbox.c.next_at.is_not(None), outbox.c.next_at <= until
    )
    waiting = (
        select(func.count()).where(IS_STORED),
        select(func.count()).where(IS_UNSENT, outbox.c.next_at.is_not(None)),
    )
    late = [
        *(
            f"Letter {r.id} of {r.mailbox} waits since {r.stored_at:%Y-%m-%d %H:%M}."
            for r in tx.execute(letters)
        ),
        *(f"Mail {r.id} to {r.spec} is due since {r.next_at:%Y-%m-%d %H:%M}." for r in tx.execute(mails)),
    ]
    return told(Law.PROGRESS, sum(tx.scalar(count) or 0 for count in waiting), late)
