"""What was sent and opened of late, for the limits of the core. Mails that are held back count as sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select

from mailtickets.core.case import Counters, MessageKind
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy, Rate
from mailtickets.core.ticket import Ticket
from mailtickets.store.engine import Tx
from mailtickets.store.schema import message, outbox, ticket


def counters(tx: Tx, sender: Person, on: Ticket | None, policy: Policy, now: datetime) -> Counters:
    """One question for all of them."""
    limits = policy.limits
    unproven = outbox.c.is_unproven.is_(True)
    row = tx.execute(
        select(
            _automatic_here(sender, on, limits.automatic_per_ticket),
            _count(limits.tickets_per_sender, ticket.c.created_at, now, ticket.c.requester == sender.id),
            _count(
                limits.unproven_per_address,
                outbox.c.created_at,
                now,
                unproven,
                outbox.c.recipient == sender.address.key,
            ),
            _count(
                limits.unproven_per_domain,
                outbox.c.created_at,
                now,
                unproven,
                outbox.c.domain == sender.address.domain,
            ),
            _count(limits.unproven_in_all, outbox.c.created_at, now, unproven),
        )
    ).one()
    return Counters(*row)


def _count(rate: Rate | None, at: ColumnElement[datetime], now: datetime, *which: ColumnElement[bool]) -> Any:
    """How many rows of the rate's span, up to its limit: a flood must not make each of its letters dearer."""
    if rate is None:
        return literal(0)
    return _up_to(rate.count, select(literal(1)).where(at > now - rate.per, *which))


def _automatic_here(sender: Person, on: Ticket | None, limit: int | None) -> Any:
    if on is None or limit is None:
        return literal(0)
    last_words = (
        select(func.max(message.c.written_at))
        .where(
            message.c.ticket == on.id,
            message.c.author == sender.id,
            message.c.kind != MessageKind.AUTOMATIC,
        )
        .scalar_subquery()
    )
    return _up_to(
        limit,
        select(literal(1)).where(
            outbox.c.ticket == on.id,
            outbox.c.person == sender.id,
            outbox.c.is_automatic.is_(True),
            outbox.c.created_at >= func.coalesce(last_words, on.created_at),
        ),
    )


def _up_to(limit: int, rows: Select[Any]) -> Any:
    return select(func.count()).select_from(rows.limit(limit).subquery()).scalar_subquery()
