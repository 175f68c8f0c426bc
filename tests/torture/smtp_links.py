"""A relay that misbehaves at every stage, under the real delivery: what the policy says happens, and then the mail arrives.

The relay is tests/sink.py. The clock stands still until the mail has been tried once, then it is moved to the next try.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Row, select

from mailtickets import delivery, desk, smtp
from mailtickets.config import load
from mailtickets.core.case import ReplyKind
from mailtickets.core.mail import Address
from mailtickets.delivery import Delivery
from mailtickets.desk import Desk
from mailtickets.smtp import Courier
from mailtickets.store import audit, engine, people
from mailtickets.store.audit import RelayMail, Witness
from mailtickets.store.engine import Store, Tx
from mailtickets.store.schema import MailState
from mailtickets.store.schema import outbox as rows
from tests.ground import firm
from tests.house.house import LEE, write_config
from tests.sink import DROP, SILENCE, Sink
from tests.store.desk import outgoing, queue

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
QUICK = smtp.Deadlines(connect=1.5, command=1.0, data=1.0, octets_a_second=10_000, kept=30.0)
STAGES = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END")
FAULTS = {
    "hangs up": DROP,
    "falls silent": SILENCE,
    "says 421": "421 4.3.2 Shutting down.",
    "says 450": "450 4.2.0 Greylisted.",
    "says 550": "550 5.1.1 Nobody of that name.",
}
TOGETHER = 6


@dataclass(frozen=True, slots=True)
class Policy:
    """What must follow from one fault."""

    state: MailState
    attempts: int  # counted
    wait: tuple[int, int]  # seconds until the next try: from, to
    copies: int = 0  # that the relay may have got


RELAY = Policy(MailState.DUE, 0, (0, 10))  # nothing about this mail: its attempt is given back
LATER = Policy(MailState.DUE, 1, (60, 75))
NEVER = Policy(MailState.FAILED, 1, (0, 0))


def policy(stage: str, what: str) -> Policy:
    """The table of reliability: the relay's trouble is nobody's fault, 4yz is later, 5yz is never."""
    if stage in ("CONNECT", "EHLO"):
        return RELAY
    if what == "says 450":
        return LATER
    if what == "says 550":
        return NEVER
    if stage in ("MAIL", "RCPT"):
        return RELAY
    # From DATA on it may be this very mail that kills the link; after the dot the relay may have it.
    if stage == "END" and what in ("hangs up", "falls silent"):
        return Policy(MailState.DUE, 1, (60, 75), copies=1)
    return LATER


def cases() -> list[tuple[str, str]]:
    return [(stage, what) for stage in STAGES for what in FAULTS]


async def campaign(folder: Path, wanted: Sequence[tuple[str, str]]) -> int:
    """How many were tried; AssertionError tells of those that went otherwise."""
    write_config(folder, imap_port=1, smtp_port=1)
    settings = load(folder / "config.toml")
    engine.make_current(settings.database_url, settings.state_dir)
    ready, furnished = settings.state_dir / "mailtickets.db", desk.furnish(settings)
    wrong: list[str] = []
    with patch.multiple(delivery, FIRST_BREAK=0.1, LONGEST_BREAK=0.3, LONGEST_SLEEP=0.3):
        for start in range(0, len(wanted), TOGETHER):
            some = wanted[start : start + TOGETHER]
            tried = (_one(folder / f"{stage} {what}", ready, furnished, stage, what) for stage, what in some)
            wrong += [w for w in await asyncio.gather(*tried) if w]
    assert not wrong, "\n".join(wrong)
    return len(wanted)


async def _one(folder: Path, ready: Path, furnished: Desk, stage: str, what: str) -> str:
    """What went wrong with one fault at one stage, "" if nothing did."""
    (folder / "state").mkdir(parents=True)
    shutil.copy(ready, folder / "state" / "mailtickets.db")
    expected = policy(stage, what)
    with Sink() as sink:
        write_config(folder, imap_port=1, smtp_port=sink.port)
        sink.script(stage, FAULTS[what])
        clock = Clock()
        async with _delivery(folder, furnished, clock) as (store, nudge):
            await store.write(_queue)
            nudge()
            row = await _when(store, lambda r: r.code or r.answer or r.state is MailState.FAILED)
            wait = (row.next_at - NOW).total_seconds() if row.next_at else 0
            fits = (row.state, row.attempts) == (expected.state, expected.attempts)
            if not fits or not expected.wait[0] <= wait <= expected.wait[1]:
                return f"{what} at {stage}: {row.state}, {row.attempts} attempts, next in {wait:.0f} s; wanted {expected}"
            if expected.state is MailState.FAILED:
                return "" if not sink.mails else f"{what} at {stage}: refused, and there all the same"
            clock.now += timedelta(minutes=10)
            nudge()
            await _when(store, lambda r: r.state is MailState.SENT)
            return await _judged(store, sink, clock.now, expected.copies, f"{what} at {stage}")


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def _delivery(
    folder: Path, furnished: Desk, clock: Clock
) -> AsyncIterator[tuple[Store, Callable[[], None]]]:
    settings = load(folder / "config.toml")
    store = Store.open(settings.database_url, settings.blobs)
    courier = Courier(settings.smtp, QUICK)
    ground = firm(clock)
    out = Delivery(store, courier, furnished, clock, "one", settings.smtp, ground.room, ground.outages)
    task = asyncio.create_task(out.run(lambda: None))
    try:
        yield store, out.nudge
    finally:
        out.stop()
        await asyncio.wait_for(task, 30)
        await courier.close()
        await store.close()


def _queue(tx: Tx) -> None:
    lee = people.ensure(tx, Address(LEE), NOW)[0]
    octets = b"Message-ID: <mt.1@example.org>\r\nSubject: Re: Printer\r\n\r\n.A line with a dot.\r\n"
    mail = outgoing(lee, ReplyKind.HELP, message_id="mt.1@example.org", octets=octets, due_at=NOW)
    queue(tx, mail, "in:1", False, NOW)


async def _when(store: Store, is_so: Any) -> Row[Any]:
    """The only row, once it is so and nobody is at it."""
    async with asyncio.timeout(60):
        while True:
            row = await store.read(lambda tx: tx.execute(select(rows)).one())
            if row.state is not MailState.CLAIMED and is_so(row):
                return row
            await asyncio.sleep(0.02)


async def _judged(store: Store, sink: Sink, now: datetime, copies: int, name: str) -> str:
    relay = [RelayMail(kept.recipients[0], kept.octets) for kept in sink.mails]
    findings = await store.read(
        audit.check, store.blobs, Witness(now, relay=relay, copies=copies, patience=timedelta())
    )
    broken = [finding.sentence for finding in findings if not finding.holds]
    return f"{name}: {'; '.join(broken)}" if broken else ""
