"""What was sent and opened of late, for the limits of the core. Mails that are held back count as sent.

A count stops at its limit, so that a flood does not make each of its letters dearer; a limit that is lifted
is not counted at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, literal_column, select

from mailtickets.core.case import Counters, MessageKind
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy, Rate
from mailtickets.core.ticket import Ticket
from mailtickets.store.schema import IS_UNPROVEN, message, outbox, ticket
from mailtickets.store.sheet import Sheet


def counters(sheet: Sheet, sender: Person, on: Ticket | None, policy: Policy, now: datetime) -> Counters:
    """All of them, by one question; by none if there is nothing to count."""
    limits = policy.limits
    here_limit = (limits.automatic_per_ticket or 0) if on else 0
    rates = (
        limits.tickets_per_sender,
        limits.unproven_per_address,
        limits.unproven_per_domain,
        limits.unproven_in_all,
    )
    if not here_limit and not any(rates):
        return Counters()
    values = {
        "person": sender.id,
        "recipient": sender.address.key,
        "domain": sender.address.domain,
        "ticket": on.id if on else 0,
        "opened_at": on.created_at if on else now,
        "here_limit": here_limit,
        **_span("opened", limits.tickets_per_sender, now),
        **_span("address", limits.unproven_per_address, now),
        **_span("domain", limits.unproven_per_domain, now),
        **_span("all", limits.unproven_in_all, now),
    }
    return Counters(*sheet.tx.execute(_COUNTERS, values).one())


def _span(name: str, rate: Rate | None, now: datetime) -> Mapping[str, object]:
    return {f"{name}_since": now - rate.per if rate else now, f"{name}_limit": rate.count if rate else 0}


def _up_to(limit: str, *which: ColumnElement[bool]) -> ScalarSelect[int]:
    """How many rows there are, but no more than the limit of that name."""
    rows = select(literal_column("1")).where(*which).limit(bindparam(limit)).subquery()
    return select(func.count()).select_from(rows).scalar_subquery()


_LAST_WORDS = (
    select(func.max(message.c.written_at))
    .where(
        message.c.ticket == bindparam("ticket"),
        message.c.author == bindparam("person"),
        message.c.kind != MessageKind.AUTOMATIC,
    )
    .scalar_subquery()
)
_COUNTERS = select(
    _up_to(
        "here_limit",
        outbox.c.ticket == bindparam("ticket"),
        outbox.c.person == bindparam("person"),
        outbox.c.is_automatic,
        outbox.c.created_at
        >= func.coalesce(_LAST_WORDS, bindparam("opened_at", type_=outbox.c.created_at.type)),
    ),
    _up_to(
        "opened_limit",
        ticket.c.requester == bindparam("person"),
        ticket.c.created_at > bindparam("opened_since"),
    ),
    _up_to(
        "address_limit",
        IS_UNPROVEN,
        outbox.c.recipient == bindparam("recipient"),
        outbox.c.created_at > bindparam("address_since"),
    ),
    _up_to(
        "domain_limit",
        IS_UNPROVEN,
        outbox.c.domain == bindparam("domain"),
        outbox.c.created_at > bindparam("domain_since"),
    ),
    _up_to("all_limit", IS_UNPROVEN, outbox.c.created_at > bindparam("all_since")),
)
