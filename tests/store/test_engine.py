"""A unit of work is whole or nothing, on either database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mailtickets.store import leases
from mailtickets.store.engine import Store, Tx, savepoint
from tests.store.letters import NOW


def _break(tx: Tx) -> None:
    leases.take(tx, "digest", "one", NOW)
    raise ZeroDivisionError


async def test_what_a_failed_unit_of_work_wrote_is_gone(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        await store.write(_break)
    assert await store.write(leases.take, "digest", "two", NOW)


def _break_within(tx: Tx) -> None:
    leases.take(tx, "first", "one", NOW)
    with pytest.raises(ZeroDivisionError), savepoint(tx):
        _break(tx)
    leases.take(tx, "last", "one", NOW)


async def test_a_broken_savepoint_costs_only_itself(store: Store) -> None:
    await store.write(_break_within)
    free = [await store.write(leases.take, name, "two", NOW) for name in ("first", "digest", "last")]
    assert free == [False, True, False]


async def test_a_cancelled_caller_does_not_stop_a_unit_of_work(store: Store) -> None:
    task = asyncio.create_task(store.write(leases.take, "digest", "one", NOW))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    store.write_sync(leases.last_run, "digest")
    assert not store.write_sync(leases.take, "digest", "two", NOW)


async def test_whoever_reads_cannot_write(store: Store) -> None:
    with pytest.raises(DBAPIError):
        await store.read(leases.take, "digest", "one", NOW)


def test_the_window_cannot_write(store: Store, url: str, tmp_path: Path) -> None:
    window = Store.open(url, tmp_path / "blobs", read_only=True)
    assert window.read_sync(leases.last_run, "digest") is None
    with pytest.raises(RuntimeError, match="read only"):
        window.write_sync(leases.take, "digest", "one", NOW)
    window.close_sync()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_sqlite_is_as_safe_as_it_can_be(store: Store) -> None:
    def pragmas(tx: Tx) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [tx.scalar(text(f"PRAGMA {name}")) for name in names]

    assert store.write_sync(pragmas) == ["wal", 2, 1]
