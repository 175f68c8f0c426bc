"""The world's trouble with the database is waited out: nothing is lost, nothing doubled, no letter blamed."""

from __future__ import annotations

import asyncio
import errno
import io
import resource
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError

from mailtickets import desk as desk_room
from mailtickets import log
from mailtickets.config import load
from mailtickets.core.case import Outcome, ReplyKind
from mailtickets.desk import Letter
from mailtickets.outage import Outages
from mailtickets.store import connect, ledger, outbox, people, schema, views
from mailtickets.store.blobs import INLINE
from mailtickets.store.engine import Store, Tx, Unavailable, unavailable
from mailtickets.store.patience import Patience
from mailtickets.store.trouble import Kind
from tests.house.house import write_config
from tests.postgres import Postgres
from tests.store.desk import outgoing
from tests.store.desk import queue as queued
from tests.store.letters import LEE, NOW, letter, raw

sqlite_only = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("kind", ["postgresql"], indirect=True)


# Which errors


def _sqlite_error(code: int, said: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(said)
    error.sqlite_errorcode = code
    return error


def _from(orig: Exception) -> OperationalError:
    return OperationalError("INSERT", {}, orig)


def _following(first: Exception, then: Exception) -> Exception:
    then.__context__ = first
    return then


TROUBLE = {
    "disk full": (_from(_sqlite_error(13, "database or disk is full")), Kind.FULL),
    "the disk takes less than it was given": (_from(_sqlite_error(778, "disk I/O error")), Kind.FULL),
    "locked": (_from(_sqlite_error(5, "database is locked")), Kind.BUSY),
    "locked as of an older moment": (_from(_sqlite_error(517, "database is locked")), Kind.BUSY),
    "file gone": (_from(_sqlite_error(14, "unable to open database file")), Kind.AWAY),
    "no space for a blob": (OSError(errno.ENOSPC, "No space left on device"), Kind.FULL),
    "over quota": (OSError(errno.EDQUOT, "Disk quota exceeded"), Kind.FULL),
    "server shut down": (_from(psycopg.errors.AdminShutdown()), Kind.AWAY),
    "server starting": (_from(psycopg.errors.CannotConnectNow()), Kind.AWAY),
    "no more connections": (_from(psycopg.errors.TooManyConnections()), Kind.AWAY),
    "whoever reads tries to write": (_from(psycopg.errors.ReadOnlySqlTransaction()), None),
    "server's disk full": (_from(psycopg.errors.DiskFull()), Kind.FULL),
    "deadlock": (_from(psycopg.errors.DeadlockDetected()), Kind.BUSY),
    "connection cut": (_from(psycopg.OperationalError("server closed the connection")), Kind.AWAY),
    "savepoint lost with the transaction": (
        _following(
            _from(_sqlite_error(13, "full")), _from(_sqlite_error(1, "no such savepoint: sa_savepoint_1"))
        ),
        Kind.FULL,
    ),
    "ours": (ZeroDivisionError(), None),
    "no such table": (_from(_sqlite_error(1, "no such table: x")), None),
    "file not there": (FileNotFoundError(errno.ENOENT, "No such file"), None),
    "not text": (_from(psycopg.errors.InvalidTextRepresentation()), None),
}


@pytest.mark.parametrize("name", TROUBLE)
def test_the_worlds_errors_are_told_from_ours(name: str) -> None:
    error, kind = TROUBLE[name]
    found = unavailable(error)
    assert (found.kind if found else None) is kind
    assert found is None or str(found).endswith(".")


# A store with patience


@pytest.fixture
def patient(url: str, tmp_path: Path) -> Iterator[Store]:
    """A store as the daemon opens it."""
    opened = Store.open(url, tmp_path / "blobs", patience=Patience(Outages(lambda: NOW)))
    yield opened
    opened.close_sync()


async def _blocked(task: asyncio.Task[Any], seconds: float = 0.6) -> None:
    done, _ = await asyncio.wait({task}, timeout=seconds)
    assert not done, task


@sqlite_only
async def test_a_lock_of_another_process_is_waited_out(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "BUSY_AFTER", 0.1)
    store = Store.open(url, tmp_path / "blobs", patience=Patience(Outages(lambda: NOW)))
    holder = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    task = asyncio.create_task(store.write(ledger.keep, store.blobs, (raw(1),), NOW))
    await _blocked(task)
    holder.execute("COMMIT")
    assert len(await task) == 1
    holder.close()
    await store.close()


@sqlite_only
async def test_without_patience_trouble_is_said_at_once(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "BUSY_AFTER", 0.1)
    store = Store.open(url, tmp_path / "blobs")
    holder = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="Another process holds the database"):
        await asyncio.to_thread(store.write_sync, ledger.keep, store.blobs, (raw(1),), NOW)
    holder.close()
    await store.close()


def _limit_pages(store: Store, more: int) -> None:
    """As if the disk had room for so many more pages."""

    def limit(tx: Tx) -> None:
        pages = tx.scalar(text("PRAGMA page_count"))
        tx.execute(text(f"PRAGMA max_page_count = {pages + more}"))

    store.write_sync(limit)


@sqlite_only
async def test_a_full_disk_is_waited_out_and_nothing_is_lost(patient: Store) -> None:
    _limit_pages(patient, 2)
    raws = tuple(raw(k, b"Subject: %d\r\n\r\n" % k + b"x" * 4000) for k in range(1, 11))
    task = asyncio.create_task(patient.write(ledger.keep, patient.blobs, raws, NOW))
    await _blocked(task)
    assert await patient.read(ledger.cursor, raws[0].mailbox, 1) == 0  # the page stays up meanwhile
    # Nobody stands in the queue meanwhile; the pragma needs no page.
    await patient.write(lambda tx: tx.execute(text("PRAGMA max_page_count = 1000000")).all())
    assert len(await task) == 10
    assert (await patient.read(ledger.cursor, raws[0].mailbox, 1)) == 10


@contextmanager
def _files_no_bigger_than(octets: int) -> Iterator[None]:
    """The kernel refuses to write beyond; Python ignores SIGXFSZ."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_big_letter_waits_for_room_too_and_leaves_no_half_file(patient: Store) -> None:
    whole = b"Subject: big\r\n\r\n" + b"x" * (4 * INLINE)
    with _files_no_bigger_than(2 * INLINE):
        task = asyncio.create_task(patient.write(ledger.keep, patient.blobs, (raw(1, whole),), NOW))
        await _blocked(task)
        assert [file for file in patient.blobs.folder.rglob("*") if file.is_file()] == []
    assert len(await task) == 1
    (kept,) = await patient.write(ledger.unfinished, patient.blobs, NOW, 10)
    assert kept.mail.octets == whole


# A letter is not to blame


@pytest.fixture
def furnished(tmp_path: Path) -> desk_room.Desk:
    write_config(tmp_path, imap_port=1, smtp_port=1)
    return desk_room.furnish(load(tmp_path / "config.toml"))


def _decided(tx: Tx) -> list[tuple[str | None, int]]:
    """Outcomes, and how many acknowledgements there are."""
    acknowledged = select(func.count()).where(schema.outbox.c.kind == ReplyKind.ACKNOWLEDGEMENT)
    return [(row, tx.scalar(acknowledged) or 0) for row in tx.scalars(select(schema.inbound.c.outcome))]


def _once(desk: desk_room.Desk, breaks: Callable[[], None]) -> desk_room.Desk:
    """A desk that something happens to while it writes its first mail."""
    times: list[int] = []

    def render(*args: Any, **kwargs: Any) -> Any:
        times.append(1)
        if len(times) == 1:
            breaks()
        return desk.render(*args, **kwargs)

    return replace(desk, render=render)


def _kept(store: Store, *texts: str) -> tuple[Letter, ...]:
    raws = tuple(raw(k, words.encode()) for k, words in enumerate(texts, 1))
    stored = store.write_sync(ledger.keep, store.blobs, raws, NOW)
    return tuple(Letter(s, letter(f"{s.mail.uid}@customer.example")) for s in stored)


@postgresql_only
async def test_a_connection_that_is_cut_while_letters_are_decided_costs_no_letter(
    patient: Store, url: str, furnished: desk_room.Desk
) -> None:
    letters = _kept(patient, "one", "two")

    def cut() -> None:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    endings = await patient.write(desk_room.take, _once(furnished, cut), letters, NOW)
    assert [ending.outcome for ending in endings] == [Outcome.OPENED] * 2
    assert await patient.read(_decided) == [(Outcome.OPENED, 2)] * 2


@sqlite_only
async def test_a_disk_that_fills_up_while_letters_are_decided_puts_none_in_quarantine(
    patient: Store, furnished: desk_room.Desk
) -> None:
    letters = _kept(patient, "one", "two")
    _limit_pages(patient, 4)  # room for a traceback, but for no ticket
    filling = tuple(
        replace(one, mail=letter(f"{one.stored.inbound}@x", "long words " * 900)) for one in letters
    )
    task = asyncio.create_task(patient.write(desk_room.take, furnished, filling, NOW))
    await _blocked(task)
    assert await patient.read(_decided) == [(None, 0)] * 2
    await patient.write(lambda tx: tx.execute(text("PRAGMA max_page_count = 1000000")).all())
    assert [ending.outcome for ending in await task] == [Outcome.OPENED] * 2
    assert await patient.read(_decided) == [(Outcome.OPENED, 2)] * 2


async def test_a_commit_whose_answer_is_lost_decides_no_letter_twice(
    patient: Store, furnished: desk_room.Desk
) -> None:
    letters = _kept(patient, "one", "two")
    lost: list[int] = []

    def commit_then_lose(connection: Any) -> None:
        if not lost:
            lost.append(1)
            connection.connection.dbapi_connection.commit()
            raise OSError(errno.ENOSPC, "as if the answer had not come")

    assert patient._write_engine is not None
    event.listen(patient._write_engine, "commit", commit_then_lose)
    endings = await patient.write(desk_room.take, furnished, letters, NOW)
    assert lost
    assert endings == ()
    assert await patient.read(_decided) == [(Outcome.OPENED, 2)] * 2


async def test_a_commit_whose_answer_is_lost_keeps_letters_once_and_has_them_decided(patient: Store) -> None:
    lost: list[int] = []

    def commit_then_lose(connection: Any) -> None:
        if not lost:
            lost.append(1)
            connection.connection.dbapi_connection.commit()
            raise OSError(errno.ENOSPC, "as if the answer had not come")

    assert patient._write_engine is not None
    event.listen(patient._write_engine, "commit", commit_then_lose)
    stored = await patient.write(ledger.keep, patient.blobs, (raw(1), raw(2)), NOW)
    assert lost
    assert [s.mail for s in stored] == [raw(1), raw(2)]
    assert len(await patient.read(views.ledger_rows)) == 2


# A server that restarts


@postgresql_only
async def test_a_server_that_restarts_under_load_loses_nothing_and_doubles_nothing(
    patient: Store, postgres: Postgres, url: str
) -> None:
    lee = (await patient.write(people.ensure, LEE, NOW))[0]
    ended = asyncio.Event()

    async def queue(first: int) -> int:
        put = 0
        for k in range(first, first + 150):
            put += await patient.write(queued, outgoing(lee), f"in:{k}", False, NOW)
        return put

    async def look() -> int:
        looked = 0
        while not ended.is_set():
            await patient.read(outbox.next_due)
            looked += 1
        return looked

    async def restart() -> None:
        for _ in range(2):
            await asyncio.sleep(0.3)
            await asyncio.to_thread(postgres.stop)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(postgres.start)
        ended.set()

    work: list[Awaitable[Any]] = [*(queue(1000 * n) for n in range(3)), look(), restart()]
    *_, looked, _ = await asyncio.gather(*work)
    assert looked > 0
    rows = await patient.read(lambda tx: tx.scalar(select(func.count()).select_from(schema.outbox)))
    assert rows == 450


# What the operator reads


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the log says."""
    stream = io.StringIO()
    log.setup("json", stream=stream)
    yield stream
    structlog.reset_defaults()


async def test_each_trouble_is_told_once_and_its_end_once(lines: io.StringIO) -> None:
    patience = Patience(Outages(lambda: NOW))
    trouble = Unavailable(Kind.AWAY, "connection refused")
    for tries in range(2):
        await patience.wait("write", trouble, tries)
    await patience.wait("read", trouble, 0)
    patience.went_well("read")
    held = patience.is_tried
    patience.went_well("write")
    patience.went_well("write")
    assert (held, patience.is_tried) == (True, False)
    said = lines.getvalue()
    assert said.count("database unavailable") == 1
    assert said.count("database back") == 1
    assert "See whether its server is up." in said


def test_an_outage_knows_how_long_it_was() -> None:
    now = [NOW]
    outages = Outages(lambda: now[0])
    assert outages.begins("relay", "It is away.")
    assert not outages.begins("relay", "It is away.")
    now[0] += timedelta(minutes=5)
    assert outages.begins("relay", "It refuses us.")
    assert [(o.name, o.since) for o in outages.lasting()] == [("relay", NOW)]
    assert outages.ends("relay") == timedelta(minutes=5)
    assert outages.ends("relay") is None
    assert [o.until for o in outages.over()] == [now[0]]
    assert outages.over() == ()
