"""Links and sessions of the page. The law: only hashes are kept (sha256 of at least 160 random bits)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from mailtickets.core.person import Person
from mailtickets.store import people
from mailtickets.store.engine import Tx
from mailtickets.store.schema import link, session

LASTS = timedelta(days=30)
KEEP_LINKS = timedelta(days=1)  # for `links_since`


def mint_link(tx: Tx, person: int, hash: str, now: datetime, until: datetime) -> None:
    """Remember a sign-in link that was made for somebody (Person.id)."""
    tx.execute(link.insert().values(hash=hash, person=person, made_at=now, until_at=until))


def links_since(tx: Tx, person: int, since: datetime) -> int:
    """How many links were made for somebody."""
    mine = select(func.count()).where(link.c.person == person, link.c.made_at > since)
    return tx.scalar(mine) or 0


def use_link(tx: Tx, hash: str, now: datetime) -> int | None:
    """Spend a link: whose it is (Person.id); None if it is spent, too old, or never was."""
    spent = (
        update(link)
        .where(link.c.hash == hash, link.c.used_at.is_(None), link.c.until_at > now)
        .values(used_at=now)
        .returning(link.c.person)
    )
    whose: int | None = tx.scalar(spent)
    return whose


def open_session(tx: Tx, person: int, hash: str, now: datetime) -> None:
    tx.execute(session.insert().values(hash=hash, person=person, opened_at=now, until_at=now + LASTS))


def person_of(tx: Tx, hash: str, now: datetime) -> Person | None:
    """Whose session it is; None if it was closed, is too old, or never was."""
    id = tx.scalar(select(session.c.person).where(session.c.hash == hash, session.c.until_at > now))
    return None if id is None else people.by_id(tx, id)


def close_session(tx: Tx, hash: str) -> None:
    tx.execute(delete(session).where(session.c.hash == hash))


def purge(tx: Tx, now: datetime) -> int:
    """Forget what is over; how many."""
    links = tx.execute(delete(link).where(link.c.until_at < now - KEEP_LINKS)).rowcount
    return links + tx.execute(delete(session).where(session.c.until_at < now)).rowcount
