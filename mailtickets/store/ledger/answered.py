"""Our own mails, found again: what a letter answers, what a report says was lost, what could not be sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, or_, select, tuple_

from mailtickets.core.case import Bounced
from mailtickets.core.decision import Undeliverable
from mailtickets.core.diagnosis import Diagnosis
from mailtickets.core.mail import InboundMail
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.thread import Clues
from mailtickets.core.ticket import Ticket
from mailtickets.store import people, tickets
from mailtickets.store.engine import Tx
from mailtickets.store.ledger import message_ids
from mailtickets.store.outbox import Claimed
from mailtickets.store.schema import MailState, message, outbox
from mailtickets.store.sheet import Sheet

LATEST = 20  # messages of a ticket that an answer without a known parent may quote

# Whoever answers the mail that says "nothing proves that it was you" repeats the own command.
_BY_OTHERS = or_(message.c.author.is_(None), message.c.author != bindparam("sender"))
_OF_IDS = (
    select(message.c.text, message.c.segments)
    .where(
        message.c.ticket == bindparam("ticket"),
        _BY_OTHERS,
        or_(
            message.c.message_id.in_(bindparam("ids", expanding=True)),
            message.c.cause.in_(
                select(outbox.c.cause).where(outbox.c.message_id.in_(bindparam("own", expanding=True)))
            ),
        ),
    )
    .order_by(message.c.id.desc())
)
_LATEST = (
    select(message.c.text, message.c.segments)
    .where(message.c.ticket == bindparam("ticket"), _BY_OTHERS)
    .order_by(message.c.id.desc())
    .limit(LATEST)
)


def text(sheet: Sheet, mail: InboundMail, ticket: Ticket, sender: Person | None) -> str:
    """The whole text of the messages that a letter answers; of the latest ones if its parents are unknown.

    Not of the sender's own: the line to fear is the one that somebody else has written.

    Each answered letter in full, what it quoted too: the more stands here, the less can pass for a command.
    """
    ids = _parents(mail)
    by = sender.id if sender else 0
    values = {"ticket": ticket.id, "sender": by, "ids": [message_ids.key(i) for i in ids], "own": _own(ids)}
    tx = sheet.tx
    rows = tx.execute(_OF_IDS, values).all() if ids else ()
    rows = rows or tx.execute(_LATEST, {"ticket": ticket.id, "sender": by}).all()
    return "\n".join(part for row in rows for part in (row.text, *(s.text for s in row.segments)))


def bounced(sheet: Sheet, mail: InboundMail, clues: Clues) -> tuple[Bounced, ...]:
    """Our mails that a report is about: by their ids, else the latest to the person and ticket of a token."""
    report = mail.bounce or mail.report
    if report is None:
        return ()
    tx = sheet.tx
    ids = _own((report.original_message_id, *_parents(mail)))
    found = _sent(tx, outbox.c.message_id.in_(ids)) if any(ids) else ()
    pairs = [(t.ticket, t.person) for t in clues.tokens if t.ticket]
    if not found and pairs:
        # A server that reports only In-Reply-To or our Reply-To: what it can mean is the last we wrote.
        found = _sent(tx, tuple_(outbox.c.ticket, outbox.c.person).in_(pairs))[:1]
    known = people.by_ids(tx, {row.person for row in found})
    return tuple(Bounced(row.id, row.kind, known[row.person], row.bounced_at is None) for row in found)


def undeliverable(
    tx: Tx, row: Claimed, reason: str, diagnosis: Diagnosis, policy: Policy, now: datetime
) -> Undeliverable:
    """What the core has to know of a mail that was given up."""
    ticket = tickets.to_change(tx, (row.ticket_id,)).get(row.ticket_id) if row.ticket_id else None
    named = people.ensure_all(tx, people.named_by(policy), now)
    assignee = ticket.assignee if ticket else None
    known = people.by_ids(tx, {row.person, assignee or row.person})
    return Undeliverable(
        kind=row.kind,
        recipient=known[row.person],
        reason=reason,
        diagnosis=diagnosis,
        now=now,
        ticket=ticket,
        participants=tickets.participants(tx, ticket.id) if ticket else (),
        assignee=known[assignee] if assignee else None,
        staff=people.staff(tx),
        named=_distinct(named.values()),
    )


def _parents(mail: InboundMail) -> tuple[str, ...]:
    """Nearest first (RFC 5322 section 3.6.4)."""
    return tuple(dict.fromkeys((*mail.in_reply_to, *reversed(mail.references))))[: message_ids.MOST]


def _own(ids: Iterable[str]) -> list[str]:
    """As our own ids are kept: in lower case, since systems on the way fold it."""
    return [i.lower() for i in ids if i]


def _sent(tx: Tx, which: ColumnElement[bool]) -> tuple[Row[Any], ...]:
    rows = (
        select(outbox.c.id, outbox.c.kind, outbox.c.person, outbox.c.bounced_at)
        .where(which, outbox.c.state.in_([MailState.SENT, MailState.CLAIMED]))
        .order_by(outbox.c.id.desc())
    )
    return tuple(tx.execute(rows))


def _distinct(found: Iterable[Person]) -> tuple[Person, ...]:
    return tuple({p.id: p for p in found}.values())
