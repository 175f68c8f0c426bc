"""Periodic jobs on a real ledger: each runs under its lease, and a run that was missed is made up for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import select, update

from mailtickets import desk, schedule
from mailtickets.config import SessionLimits, load
from mailtickets.core.case import ReplyKind
from mailtickets.core.retry import Done, Sent
from mailtickets.schedule import JOBS, Clockwork, Job
from mailtickets.store import engine, leases, outbox, people, schema
from mailtickets.store.audit import InboxCount
from mailtickets.store.engine import Store, Tx
from tests.house.house import write_config

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def works(tmp_path: Path) -> AsyncIterator[Clockwork]:
    write_config(tmp_path, imap_port=1, smtp_port=1)
    settings = load(tmp_path / "config.toml")
    engine.make_current(settings.database_url, settings.state_dir)
    store = Store.open(settings.database_url, settings.blobs)
    await store.write(people.sync_staff, settings.staff, NOW)
    asked: list[str] = []
    yield Clockwork(
        store,
        desk.furnish(settings),
        Clock(),
        lambda: None,
        lambda: asked.append("reconcile"),
        "this one",
        SessionLimits(),
        inboxes=lambda: [InboxCount("support@example.org", 1204, 3, NOW)],
    )
    await store.close()


def _kinds(tx: Tx) -> list[str]:
    return [str(kind) for kind in tx.scalars(select(schema.outbox.c.kind))]


def _job(name: str) -> Job:
    return next(job for job in JOBS if job.name == name)


async def test_the_digest_goes_to_the_operators_once_a_day(works: Clockwork) -> None:
    await schedule.run(works, _job("digest"))
    await schedule.run(works, _job("digest"))
    assert await works.store.read(_kinds) == [ReplyKind.DIGEST]


async def test_the_digest_says_what_the_inbox_holds_and_which_promise_is_broken(works: Clockwork) -> None:
    await schedule.run(works, _job("digest"))
    (digest,) = await works.store.write(outbox.claim, "test", 10, NOW)
    assert b"1,201" in digest.octets
    assert b"all kept" in digest.octets
    assert b"NOT TRUE" not in digest.octets
    # A sent mail that the relay refused: nobody but the auditor would ever notice.
    await works.store.write(outbox.settle, digest, Sent(250, "ok"), Done(), NOW)
    await works.store.write(lambda tx: tx.execute(update(schema.outbox).values(code=550)))
    works.clock.now += timedelta(days=1)  # type: ignore[attr-defined]
    await schedule.run(works, _job("digest"))
    (alarm,) = await works.store.write(outbox.claim, "test", 10, works.clock())
    assert b"1 of them not kept" in alarm.octets
    assert b"NOT TRUE: Every mail that is noted as sent was taken by the relay." in alarm.octets
    assert b"1 promise not kept" in alarm.octets


async def test_a_job_at_which_another_daemon_is_is_left_to_it(works: Clockwork) -> None:
    assert await works.store.write(leases.take, "digest", "another one", works.clock())
    await schedule.run(works, _job("digest"))
    assert await works.store.read(_kinds) == []


async def test_a_job_that_fails_is_told_and_not_counted_as_run(works: Clockwork) -> None:
    async def fail(_: Clockwork) -> str:
        raise ValueError("on purpose")

    await schedule.run(works, Job("failing", "* * * * *", fail))
    assert await works.store.read(leases.last_run, "failing") is None


async def test_a_run_that_was_missed_is_made_up_for_at_the_start(works: Clockwork) -> None:
    ran = asyncio.Event()

    async def note(_: Clockwork) -> str:
        ran.set()
        return "done"

    yearly = Job("yearly", "0 0 1 1 *", note)
    await works.store.write(leases.take, "yearly", "this one", NOW - timedelta(days=700))
    await works.store.write(leases.ran, "yearly", "this one", NOW - timedelta(days=700))
    scheduler = await schedule.start(works, (yearly,))
    try:
        async with asyncio.timeout(5):
            await ran.wait()
    finally:
        scheduler.shutdown(wait=False)


async def test_a_job_that_never_ran_waits_for_its_time(works: Clockwork) -> None:
    async def never(_: Clockwork) -> str:
        raise AssertionError("it is not due")

    scheduler = await schedule.start(works, (Job("yearly", "0 0 1 1 *", never),))
    due = scheduler.get_job("yearly").next_run_time
    scheduler.shutdown(wait=False)
    assert due > NOW


def test_every_job_has_a_time_that_comes() -> None:
    for job in JOBS:
        assert CronTrigger.from_crontab(job.cron, timezone="UTC").get_next_fire_time(None, NOW) is not None
