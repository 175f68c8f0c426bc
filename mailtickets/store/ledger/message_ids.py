"""Message-IDs that lead to a ticket: of letters that the desk has, and of letters that only others name.

The law: an id leads to one ticket, the first that it was known on; its case matters, since senders mean it to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Insert, and_, bindparam, select

from mailtickets.core.mail import InboundMail
from mailtickets.core.person import Part
from mailtickets.core.ticket import Ticket
from mailtickets.store.columns import storable
from mailtickets.store.connect import insert
from mailtickets.store.engine import Tx
from mailtickets.store.schema import message, participant, seen_id

LONGEST = 255  # RFC 5322 section 2.1.1 allows 998; PostgreSQL indexes no more than some 2,700 octets
MOST = 100  # ids of one letter: its root and the nearest parents

_SEEN = select(seen_id.c.message_id, seen_id.c.ticket, seen_id.c.is_known).where(
    seen_id.c.message_id.in_(bindparam("ids", expanding=True))
)
_ON_OWN = (
    select(message.c.ticket)
    .join(participant, participant.c.ticket == message.c.ticket)
    .where(
        participant.c.person == bindparam("person"),
        participant.c.part.in_((Part.REQUESTER, Part.CC)),
        message.c.message_id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(message.c.id)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Lead:
    """Where an id leads."""

    ticket: int  # Ticket.id
    is_known: bool  # the desk has the letter itself


def key(message_id: str) -> str:
    """The form in which an id is kept: itself, or its hash if it is longer than any honest one."""
    clean = storable(message_id)
    if len(clean.encode()) <= LONGEST:
        return clean
    return f"sha256:{hashlib.sha256(clean.encode()).hexdigest()}"


def keys(ids: Iterable[str]) -> tuple[str, ...]:
    """As ids are kept, nearest parent first."""
    return tuple(dict.fromkeys(key(i) for i in ids))[:MOST]


def leads(tx: Tx, keys: Sequence[str]) -> dict[str, Lead]:
    """Where ids lead, by their keys; those that lead nowhere are left out."""
    return {id: Lead(ticket, is_known) for id, ticket, is_known in tx.execute(_SEEN, {"ids": keys})}


def on_own(tx: Tx, person: int, ids: Sequence[str]) -> tuple[int, ...]:
    """Tickets (Ticket.id) that somebody has opened or was named on, and on which a letter bears one of these ids."""
    if not ids:
        return ()
    return tuple(tx.scalars(_ON_OWN, {"person": person, "ids": [storable(id) for id in ids[:MOST]]}))


def named(mail: InboundMail) -> tuple[str, ...]:
    """The keys of all ids that a letter names, and of its own."""
    return tuple(key(i) for i in (*mail.references, *mail.in_reply_to, mail.message_id) if i)


def told(mail: InboundMail, ids: Iterable[str], on: Ticket) -> tuple[tuple[str, Lead], ...]:
    """Where a letter on a ticket says that ids lead, by their keys: those that it names, and at last its own."""
    named = list(dict.fromkeys(key(i) for i in ids if i))
    seen = [(i, Lead(on.id, is_known=False)) for i in (*named[: MOST - 1], *named[MOST - 1 :][-1:])]
    return (*seen, *([(key(mail.message_id), Lead(on.id, is_known=True))] if mail.message_id else ()))


def row(key: str, lead: Lead) -> dict[str, object]:
    return {"message_id": key, "ticket": lead.ticket, "is_known": lead.is_known}


@cache
def leading(dialect: str) -> Insert:
    """An id leads where it led first, but a letter that the desk has leads to its own ticket."""
    statement = insert(dialect, seen_id)
    told = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[seen_id.c.message_id],
        set_={"ticket": told.ticket, "is_known": told.is_known},
        where=and_(seen_id.c.is_known.is_(False), told.is_known),
    )
