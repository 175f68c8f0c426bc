"""Links and sessions of the page. The law: only hashes are kept (sha256 of at least 160 random bits)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, not_, select, true, update

from mailtickets.config import SessionLimits
from mailtickets.core.person import Person
from mailtickets.store import people
from mailtickets.store.engine import Tx
from mailtickets.store.schema import link, session

KEEP_LINKS = timedelta(days=1)  # for `links_since`


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in."""

    id: int
    person: Person
    opened_at: datetime
    seen_at: datetime  # when it was last used, give or take `noted_after`


def noted_after(limits: SessionLimits) -> timedelta:
    """A use is written down if the last one that was lies so long back: not each page is worth a commit."""
    return max(timedelta(minutes=1), min(timedelta(hours=1), limits.idle / 10))


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


def begin(tx: Tx, person: int, hash: str, now: datetime) -> None:
    """Sign somebody (Person.id) in."""
    tx.execute(session.insert().values(hash=hash, person=person, opened_at=now, seen_at=now))


def by_hash(tx: Tx, hash: str, now: datetime, limits: SessionLimits) -> Session | None:
    """The session; None if it was ended, is too old, or never was."""
    row = tx.execute(select(session).where(session.c.hash == hash, _is_open(now, limits))).first()
    person = None if row is None else people.by_id(tx, row.person)
    return None if row is None or person is None else Session(row.id, person, row.opened_at, row.seen_at)


def opened(tx: Tx, now: datetime, limits: SessionLimits, person: int | None = None) -> tuple[Session, ...]:
    """All that are open, or those of somebody (Person.id), the last used first."""
    whose = session.c.person == person if person is not None else session.c.person.is_not(None)
    rows = tx.execute(select(session).where(_is_open(now, limits), whose).order_by(session.c.seen_at.desc()))
    found = rows.all()
    known = people.by_ids(tx, {row.person for row in found})
    return tuple(Session(row.id, known[row.person], row.opened_at, row.seen_at) for row in found)


def note(tx: Tx, hash: str, now: datetime) -> None:
    """Write down that a session is in use."""
    tx.execute(update(session).where(session.c.hash == hash, session.c.seen_at < now).values(seen_at=now))


def end(tx: Tx, hash: str, *, everywhere: bool = False) -> None:
    """Sign a browser out, or all of that person's."""
    this = session.c.hash == hash
    if everywhere:
        whose = tx.scalar(select(session.c.person).where(this))
        revoke_all(tx, () if whose is None else (whose,))
    tx.execute(delete(session).where(this))


def revoke(tx: Tx, ids: Collection[int]) -> int:
    """End these sessions (Session.id); how many there were."""
    return tx.execute(delete(session).where(session.c.id.in_(ids))).rowcount


def revoke_all(tx: Tx, people: Collection[int] | None = None) -> int:
    """End every session of these people (Person.id), or of everybody, and spend the links that wait in their inboxes.

    How many sessions there were.
    """
    links, theirs = (true() if people is None else t.c.person.in_(people) for t in (link, session))
    tx.execute(delete(link).where(link.c.used_at.is_(None), links))
    return tx.execute(delete(session).where(theirs)).rowcount


def purge(tx: Tx, now: datetime, limits: SessionLimits) -> int:
    """Forget what is over; how many."""
    links = tx.execute(delete(link).where(link.c.until_at < now - KEEP_LINKS)).rowcount
    return links + tx.execute(delete(session).where(not_(_is_open(now, limits)))).rowcount


def _is_open(now: datetime, limits: SessionLimits) -> ColumnElement[bool]:
    # Counted from its beginning and its last use, so that a shorter limit in the config holds at once.
    return and_(session.c.opened_at > now - limits.whole, session.c.seen_at > now - limits.idle)
