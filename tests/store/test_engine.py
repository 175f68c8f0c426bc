"""A unit of work is whole or nothing, on either database."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError

from mailtickets.store import engine, leases
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


async def test_a_cancelled_caller_does_not_stop_a_unit_of_work(
    store: Store, url: str, tmp_path: Path
) -> None:
    gate = threading.Event()

    def slowly(tx: Tx, name: str) -> None:
        gate.wait(10)
        leases.take(tx, name, "one", NOW)

    names = [f"job {k}" for k in range(8)]  # more than there are threads: some have not begun
    tasks = [asyncio.create_task(store.write(slowly, name)) for name in names]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 8
    gate.set()
    await store.close()
    again = Store.open(url, tmp_path / "blobs")
    assert not any(again.write_sync(leases.take, name, "two", NOW) for name in names)
    again.close_sync()


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


def test_an_sqlite_file_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "50% off? #1 & ümläut"
    url = URL.create("sqlite", database=str(folder / "desk.db")).render_as_string(hide_password=False)
    engine.make_current(url, folder)
    store = Store.open(url, folder)
    assert store.write_sync(leases.take, "digest", "one", NOW)
    assert store.read_sync(leases.last_run, "digest") is None
    store.close_sync()
    assert (folder / "desk.db").exists()
