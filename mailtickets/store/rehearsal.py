"""Transactions for looking at what would happen. The law: nothing of them stays, whatever they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from mailtickets.store import connect
from mailtickets.store.engine import Tx

P = ParamSpec("P")
T = TypeVar("T")


def rehearse(url: str, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`fn(tx, …)` on a connection that cannot write to SQLite, and is rolled back on PostgreSQL.

    There it locks what a letter's ticket locks, and nobody may lock in a transaction that only reads.
    """
    engine = connect.reader(url) if connect.is_sqlite(url) else connect.writer(url)
    try:
        with engine.connect() as tx:
            try:
                return fn(tx, *args, **kwargs)
            finally:
                tx.rollback()
    finally:
        engine.dispose()
