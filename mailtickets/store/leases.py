"""Periodic jobs: when each ran last, and who is at it. The law: one owner at a time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from mailtickets.store.connect import insert
from mailtickets.store.engine import Tx
from mailtickets.store.schema import lease

LASTS = timedelta(hours=1)  # a job that takes longer has lost its owner


def last_run(tx: Tx, name: str) -> datetime | None:
    """When a job was last done; None if never."""
    return tx.scalar(select(lease.c.ran_at).where(lease.c.name == name))


def take(tx: Tx, name: str, owner: str, now: datetime) -> bool:
    """Whether the job is this owner's now: nobody else is at it."""
    tx.execute(insert(tx.dialect.name, lease).values(name=name, owner="").on_conflict_do_nothing())
    free = or_(lease.c.owner.in_(["", owner]), lease.c.until_at.is_(None), lease.c.until_at <= now)
    taken = update(lease).where(lease.c.name == name, free).values(owner=owner, until_at=now + LASTS)
    return tx.execute(taken).rowcount == 1


def owners(tx: Tx) -> frozenset[str]:
    """Who is at a job, or was when it died."""
    return frozenset(tx.scalars(select(lease.c.owner).where(lease.c.owner != "").distinct()))


def release(tx: Tx, owners: Collection[str]) -> None:
    """The jobs of dead owners are nobody's again."""
    if owners:
        theirs = update(lease).where(lease.c.owner.in_(list(owners)))
        tx.execute(theirs.values(owner="", until_at=None))


def ran(tx: Tx, name: str, owner: str, now: datetime) -> None:
    """The job is done, and nobody's again."""
    mine = (lease.c.name == name) & (lease.c.owner == owner)
    tx.execute(update(lease).where(mine).values(owner="", until_at=None, ran_at=now))
