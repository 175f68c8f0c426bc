"""The store: whole units of work, each a function of a transaction, in threads of its own.

The law: when `write` returns, what the function did is on disk; when it raises, nothing of it is. While the
database is away, locked or full, a store with patience tries again; so each unit of work must bear being done twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from mailtickets.store import connect
from mailtickets.store.blobs import Blobs
from mailtickets.store.revision import Away, WrongRevision, make_current, revision_state, upgrade
from mailtickets.store.trouble import Unavailable, unavailable

if TYPE_CHECKING:
    # Only a daemon is patient: a command that reads starts without the log and all that it needs.
    from mailtickets.store.patience import Patience, Side

__all__ = [
    "Away",
    "Store",
    "Tx",
    "Unavailable",
    "WrongRevision",
    "make_current",
    "revision_state",
    "savepoint",
    "unavailable",
    "upgrade",
]

RACES = 3  # how often a unit of work may lose one

Tx: TypeAlias = Connection
P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """Owns the connections to the database and the threads that use them."""

    def __init__(self, url: str, blobs: Path, *, read_only: bool, patience: Patience | None) -> None:
        self.blobs = Blobs(blobs)
        self._patience = patience
        self.dialect = "sqlite" if connect.is_sqlite(url) else "postgresql"
        self._write_engine = None if read_only else connect.writer(url)
        self._read_engine = connect.reader(url)
        # SQLite has one writer at a time; it is quicker to stand in our own queue than in the file's.
        self._writers = ThreadPoolExecutor(1 if self.dialect == "sqlite" else connect.POOL, "store-write")
        self._readers = ThreadPoolExecutor(connect.POOL, "store-read")

    @classmethod
    def open(
        cls, url: str, blobs: Path, *, read_only: bool = False, patience: Patience | None = None
    ) -> Self:
        """A store over a database that is up to date (`make_current`). Without patience trouble is Unavailable."""
        return cls(url, blobs, read_only=read_only, patience=patience)

    async def write(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`fn(tx, …)` in one transaction. A caller that is cancelled has not stopped it: it runs to its end."""

        # Not even while it waits for its thread: what has been sent must be noted, whoever gives up waiting.
        async def once() -> T:
            return await asyncio.shield(asyncio.wrap_future(self._submit_write(fn, *args, **kwargs)))

        return await self._patiently("write", once)

    async def read(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`fn(tx, …)` in a transaction that sees one moment and cannot write."""
        work = partial(_in_transaction, self._read_engine, fn, *args, **kwargs)

        async def once() -> T:
            return await asyncio.wrap_future(self._readers.submit(work))

        return await self._patiently("read", once)

    async def _patiently(self, side: Side, once: Callable[[], Awaitable[T]]) -> T:
        """The same unit of work until it has gone through; at once if somebody was quicker with the same row."""
        tries = 0
        while True:
            try:
                result = await once()
            except Unavailable as trouble:
                if self._patience is None:
                    raise
                await self._patience.wait(side, trouble, tries)
            except IntegrityError:
                # Somebody was quicker with the same row: done again, it is found there.
                if tries >= RACES:
                    raise
            else:
                if self._patience is not None:
                    self._patience.went_well(side)
                return result
            tries += 1

    def write_sync(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`write` for those who may block. Unavailable if it cannot be done now."""
        return self._submit_write(fn, *args, **kwargs).result()

    def read_sync(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`read` for those who may block."""
        return _in_transaction(self._read_engine, fn, *args, **kwargs)

    def close_sync(self) -> None:
        """Let what has begun end, and close every connection."""
        self._writers.shutdown()
        self._readers.shutdown()
        for engine in (self._read_engine, self._write_engine):
            if engine is not None:
                engine.dispose()

    async def close(self) -> None:
        """`close_sync` without blocking the loop."""
        await asyncio.to_thread(self.close_sync)

    def _submit_write(
        self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        if self._write_engine is None:
            raise RuntimeError("this store was opened to read only")
        return self._writers.submit(partial(_in_transaction, self._write_engine, fn, *args, **kwargs))


def savepoint(tx: Tx) -> AbstractContextManager[Any]:
    """What is done within is undone alone if it raises."""
    return tx.begin_nested()


def _in_transaction(
    engine: Engine, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    try:
        with engine.begin() as tx:
            return fn(tx, *args, **kwargs)
    except Exception as error:
        trouble = unavailable(error)
        if trouble is None:
            raise
        raise trouble from error
