"""What comes back by the clock: a table of jobs on APScheduler, each under its lease."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from mailtickets import desk as desk_room
from mailtickets import log
from mailtickets.config import SessionLimits
from mailtickets.desk import Desk
from mailtickets.failpoints import Point, reach
from mailtickets.store import audit, leases, ledger, outbox, sessions
from mailtickets.store.audit import InboxCount, Witness
from mailtickets.store.engine import Store

AUDITED = timedelta(
    days=2
)  # what has moved in so long is looked at closely each day; the rest by “mailtickets audit”
KEEP_SENT = timedelta(days=90)  # outbox rows that are done; the ticket's own messages stay


@dataclass(frozen=True, slots=True)
class Clockwork:
    """What jobs work with."""

    store: Store
    desk: Desk
    clock: Callable[[], datetime]
    nudge: Callable[[], None]
    reconcile: Callable[[], None]  # asks every inbox for a full comparison
    owner: str
    sessions: SessionLimits
    inboxes: Callable[[], Sequence[InboxCount]]  # as they stood when they were last compared
    named: frozenset[str] = frozenset()  # keys of addresses that may be told of any ticket


async def reconcile(works: Clockwork) -> str:
    """Every UID of every inbox against the ledger: what IDLE and the cursor missed is found here."""
    works.reconcile()
    return "every inbox is compared with the ledger"


async def purge(works: Clockwork) -> str:
    """Old sessions, spent links, done outbox rows and signatures that are too old to count."""
    now = works.clock()
    links = await works.store.write(sessions.purge, now, works.sessions)
    rows = await works.store.write(outbox.purge, now - KEEP_SENT)
    await works.store.write(ledger.purge_seals, now)
    return f"{links} links and sessions, {rows} outbox rows"


async def digest(works: Clockwork) -> str:
    """Yesterday in figures, to the operators, with what the auditor finds in it."""
    now = works.clock()
    witness = Witness(now, named=works.named, since=now - AUDITED)
    findings = await works.store.read(audit.check, works.store.blobs, witness)
    count = await works.store.write(
        desk_room.send_digest, works.desk, works.inboxes(), findings, works.clock()
    )
    works.nudge()
    return f"{count} mailed"


@dataclass(frozen=True, slots=True)
class Job:
    """A row of the table: `cron` in the desk's own time zone."""

    name: str
    cron: str
    run: Callable[[Clockwork], Awaitable[str]]
    is_everybodys: bool = False  # each daemon does it for itself; else one for all


JOBS = (
    Job("reconcile", "7 * * * *", reconcile, is_everybodys=True),
    Job("purge", "37 3 * * *", purge),
    Job("digest", "0 7 * * *", digest),
)


async def start(works: Clockwork, jobs: tuple[Job, ...] = JOBS) -> AsyncIOScheduler:
    """Run the table. A run that was missed, even while the daemon was down, is made up for once."""
    scheduler = AsyncIOScheduler(
        timezone=works.desk.policy.timezone,
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    for job in jobs:
        trigger = _trigger(works, job)
        ran_at = await works.store.read(leases.last_run, job.name)
        due = trigger.get_next_fire_time(None, ran_at or works.clock())
        scheduler.add_job(run, trigger, args=(works, job), id=job.name, next_run_time=due)
    scheduler.start()
    return scheduler


def _trigger(works: Clockwork, job: Job) -> CronTrigger:
    return CronTrigger.from_crontab(job.cron, timezone=works.desk.policy.timezone)


async def _is_ours(works: Clockwork, job: Job) -> bool:
    """Whether this daemon is to do it now: no other is at it, and none has just done it."""
    if job.is_everybodys:
        return True
    now = works.clock()
    if not await works.store.write(leases.take, job.name, works.owner, now):
        return False
    ran_at = await works.store.read(leases.last_run, job.name)
    # A second later, since what ran on the dot has had its turn.
    due = _trigger(works, job).get_next_fire_time(None, ran_at + timedelta(seconds=1)) if ran_at else now
    if due <= now:
        return True
    await works.store.write(leases.release, (works.owner,))
    return False


async def run(works: Clockwork, job: Job) -> None:
    """One run of a job, if it is this daemon's to do."""
    began = works.clock()
    if not await _is_ours(works, job):
        return
    reach(Point.JOB_TAKEN)
    try:
        found = await job.run(works)
    except Exception as error:
        # A job is a side task: it is told, kept as not run, and tried again when it is due.
        log.job_failed(job.name, error)
        return
    reach(Point.JOB_DONE)
    if not job.is_everybodys:
        await works.store.write(leases.ran, job.name, works.owner, works.clock())
    log.job_ran(job.name, works.clock() - began, found)
