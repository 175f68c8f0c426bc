"""What is wrong in the house, pinned up by each daemon for the page and the command line."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, insert, select

from mailtickets.outage import Outage
from mailtickets.store.engine import Tx
from mailtickets.store.schema import outage


def pin(tx: Tx, owner: str, outages: Sequence[Outage]) -> None:
    """These, and nothing else, are wrong as this daemon sees it."""
    take_down(tx, (owner,))
    if outages:
        rows = [{"owner": owner, "name": o.name, "words": o.words, "since_at": o.since} for o in outages]
        tx.execute(insert(outage), rows)


def take_down(tx: Tx, owners: Collection[str]) -> None:
    """What they have pinned up is no longer news: they are dead."""
    if owners:
        tx.execute(delete(outage).where(outage.c.owner.in_(list(owners))))


def owners(tx: Tx) -> frozenset[str]:
    return frozenset(tx.scalars(select(outage.c.owner).distinct()))


def lasting(tx: Tx) -> tuple[Outage, ...]:
    """All that is wrong now, the longest first; each name once."""
    found: dict[str, Outage] = {}
    for row in tx.execute(select(outage).order_by(outage.c.since_at)):
        found.setdefault(row.name, Outage(row.name, row.words, row.since_at))
    return tuple(found.values())
