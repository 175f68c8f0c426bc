"""Who works on a database: each daemon holds a lock that dies with it, and one for each inbox that it watches.

The law: a lock says who goes first, never who is right; that is for the unique keys. On SQLite the lock of the
file lets only one daemon in, so it holds everything.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from mailtickets.store import board, connect, leases, outbox
from mailtickets.store.engine import Tx

# A lock may come free because its daemon has lost its connection for a moment: it takes the lock again within less.
GRACE = timedelta(seconds=10)


class Presence:
    """Owns a connection of its own, on which the locks lie."""

    def __init__(self, url: str, owner: str, names: Iterable[str]) -> None:
        """`names`: what this daemon would like to hold, besides `owner`."""
        self.owner = owner
        self._wanted = tuple(names)
        self._is_shared = not connect.is_sqlite(url)
        self._engine = connect.keeper(url) if self._is_shared else None
        self._connection: Connection | None = None
        self._held = frozenset[str]() if self._is_shared else frozenset(self._wanted)
        self._changed = asyncio.Event()
        self._free_since: dict[str, datetime] = {}

    @property
    def is_shared(self) -> bool:
        """Whether other daemons may work on the same database."""
        return self._is_shared

    def holds(self, name: str) -> bool:
        return name in self._held

    def awaited(self) -> tuple[str, ...]:
        """What somebody else holds."""
        return tuple(name for name in self._wanted if name not in self._held)

    async def until_held(self, name: str, beat: Callable[[], None], every: float = 5.0) -> None:
        """Until this daemon holds it; waiting is a sign of life."""
        while not self.holds(name):
            beat()
            changed = self._changed
            try:
                async with asyncio.timeout(every):
                    await changed.wait()
            except TimeoutError:
                continue

    async def renew(self) -> None:
        """Take what has come free. Holds nothing while the database is away; never raises because of that."""
        if self._engine is None:
            return
        before = self._held
        try:
            self._held = await asyncio.to_thread(self._take)
        except DBAPIError:
            self._held = frozenset()
            await asyncio.to_thread(self._hang_up)
        if self._held != before:
            self._changed.set()
            self._changed = asyncio.Event()

    def _take(self) -> frozenset[str]:
        assert self._engine is not None
        if self._connection is None:
            self._connection = self._engine.connect()
            self._held = frozenset()
        held = set(self._held)
        for name in (self.owner, *self._wanted):
            # Asked again, a lock would be counted twice; but something must be asked, to know that it still lies there.
            free = select(func.pg_try_advisory_lock(key(name))) if name not in held else select(1)
            if self._connection.scalar(free):
                held.add(name)
        return frozenset(held)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    async def close(self) -> None:
        """Give everything back."""
        if self._engine is not None:
            await asyncio.to_thread(self._hang_up)
            self._engine.dispose()

    def release_dead(self, tx: Tx, now: datetime) -> int:
        """What dead owners were at falls due: mails at once, jobs when they are due; how many mails."""
        others = {*outbox.claimants(tx), *leases.owners(tx), *board.owners(tx)} - {self.owner}
        dead = [owner for owner in others if self._is_dead(tx, owner, now)]
        self._free_since = {owner: at for owner, at in self._free_since.items() if owner in others}
        leases.release(tx, dead)
        board.take_down(tx, dead)
        return outbox.release_claims(tx, dead, now)

    def _is_dead(self, tx: Tx, owner: str, now: datetime) -> bool:
        if not self._is_shared:
            return True
        if not tx.scalar(select(func.pg_try_advisory_xact_lock(key(owner)))):
            self._free_since.pop(owner, None)
            return False
        return now - self._free_since.setdefault(owner, now) >= GRACE


def key(name: str) -> int:
    """A name as PostgreSQL wants its locks named: 64 bits with a sign."""
    return int.from_bytes(hashlib.sha256(b"mailtickets\0" + name.encode()).digest()[:8], "big", signed=True)


def names(mailboxes: Sequence[str]) -> tuple[str, ...]:
    """What the locks of inboxes are called."""
    return tuple(f"inbox {mailbox}" for mailbox in mailboxes)
