"""Message-IDs that lead to a ticket: of letters that the desk has, and of letters that only others name.

The law: an id leads to one ticket, the first that it was known on; its case matters, since senders mean it to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache

from sqlalchemy import Executable, and_, bindparam, select

from mailtickets.core.mail import InboundMail
from mailtickets.core.thread import Route
from mailtickets.core.ticket import Ticket
from mailtickets.store import tickets
from mailtickets.store.columns import storable
from mailtickets.store.connect import insert
from mailtickets.store.engine import Tx
from mailtickets.store.schema import seen_id, ticket

LONGEST = 255  # RFC 5322 section 2.1.1 allows 998; PostgreSQL indexes no more than some 2,700 octets
MOST = 100  # ids of one letter: its root and the nearest parents

_SEEN = (
    select(*ticket.c, seen_id.c.message_id, seen_id.c.is_known)
    .join(seen_id)
    .where(seen_id.c.message_id.in_(bindparam("ids", expanding=True)))
    .with_for_update(of=ticket)
)


def key(message_id: str) -> str:
    """The form in which an id is kept: itself, or its hash if it is longer than any honest one."""
    clean = storable(message_id)
    if len(clean.encode()) <= LONGEST:
        return clean
    return f"sha256:{hashlib.sha256(clean.encode()).hexdigest()}"


def lead(tx: Tx, ids: Sequence[str]) -> tuple[Ticket, Route] | None:
    """The ticket that ids lead to, nearest parent first; one of a letter that the desk has goes before all others."""
    keys = list(dict.fromkeys(key(i) for i in ids))[:MOST]
    if not keys:
        return None
    rows = sorted(
        tx.execute(_SEEN, {"ids": keys}), key=lambda row: (not row.is_known, keys.index(row.message_id))
    )
    if not rows:
        return None
    return tickets.of(rows[0]), Route.KNOWN_ID if rows[0].is_known else Route.SEEN_ID


def remember(tx: Tx, mail: InboundMail, ids: Iterable[str], on: Ticket) -> None:
    """What a letter on a ticket names leads there from now on, and the letter's own id above all."""
    named = list(dict.fromkeys(key(i) for i in ids if i))
    rows = [
        {"message_id": i, "ticket": on.id, "is_known": False}
        for i in (*named[: MOST - 1], *named[MOST - 1 :][-1:])
    ]
    if mail.message_id:
        rows.append({"message_id": key(mail.message_id), "ticket": on.id, "is_known": True})
    if rows:
        tx.execute(_lead(tx.dialect.name), rows)


@cache
def _lead(dialect: str) -> Executable:
    """An id leads where it led first, but a letter that the desk has leads to its own ticket."""
    statement = insert(dialect, seen_id)
    told = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[seen_id.c.message_id],
        set_={"ticket": told.ticket, "is_known": told.is_known},
        where=and_(seen_id.c.is_known.is_(False), told.is_known),
    )
