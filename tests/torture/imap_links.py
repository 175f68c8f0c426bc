"""An IMAP server that misbehaves in every state, under the real intake: afterwards every mail is taken in all the same.

The server is that of tests/edges/test_imap_scripted.py, once in a bad mood. Deadlines and pauses are shortened, so that
all of these can be had at once in one loop: what is shown is that each fault is noticed, given up and left behind.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import func, select

from mailtickets import desk, dkim, intake
from mailtickets.config import MailboxSettings, Settings, load
from mailtickets.hands import Hands
from mailtickets.imap import Deadlines, inbox
from mailtickets.intake import House, Intake
from mailtickets.reader.pool import Reader
from mailtickets.store import audit, engine, people
from mailtickets.store.audit import InboxMail, Witness
from mailtickets.store.engine import Store, Tx
from mailtickets.store.schema import inbound
from tests.edges.test_imap_scripted import GOOD, GREETING, MISBEHAVIOUR, STEPS, Scripted, listening
from tests.ground import firm
from tests.house.house import write_config
from tests.torture.site import LIFTED

QUICK = Deadlines(connect=2.0, command=1.5, octets_a_second=100_000, logout=0.2)
TOGETHER = 16  # in one loop: more, and on a loaded machine the loop itself is late
WITHIN = 60.0  # seconds, I12
FAULTS = MISBEHAVIOUR | {
    "answers NO": b"{tag} NO not now\r\n",
    "dribbles": b"* 1 FETCH (UID 1 BODY[] {{50000}}\r\n",
}
LETTERS = (1, 2, 3)  # UIDs; the last one comes when the fault is over


@dataclass(frozen=True, slots=True)
class Recovered:
    step: str
    what: str
    seconds: float  # from the fault to the last letter's outcome


class Moody(Scripted):
    """Misbehaves once at one step, then never again; from then on it has a third mail."""

    def __init__(self, name: str, step: str, what: str) -> None:
        super().__init__({})
        self.step, self.what = step, what
        self.failed_at = 0.0
        self._mails = {uid: _mail(name, uid) for uid in LETTERS}

    @property
    def uids(self) -> tuple[int, ...]:
        return LETTERS if self.failed_at else LETTERS[:2]

    async def _say(self, writer: asyncio.StreamWriter, verb: str, tag: str) -> None:
        is_turn = verb == self.step and not self.failed_at
        self.lines = GOOD | self._lists()
        if is_turn:
            self.failed_at = time.monotonic()
            self.lines[verb] = FAULTS[self.what]
        await super()._say(writer, verb, tag)
        while is_turn and self.what == "dribbles":
            await asyncio.sleep(0.1)
            writer.write(b"x")
            await writer.drain()

    def _lists(self) -> dict[str, bytes]:
        heads = b"".join(
            b'* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE "21-Nov-2026 05:57:21 +0100")\r\n'
            % (uid, uid, len(self._mails[uid]))
            for uid in self.uids
        )
        bodies = b"".join(
            b"* %d FETCH (UID %d BODY[] {{%d}}\r\n%s)\r\n"
            % (uid, uid, len(self._mails[uid]), self._mails[uid])
            for uid in self.uids
        )
        return {
            "SEARCH": b"* SEARCH " + b" ".join(b"%d" % uid for uid in self.uids) + b"\r\n{tag} OK\r\n",
            "HEADS": heads + b"{tag} OK\r\n",
            "FETCH": bodies + b"{tag} OK\r\n",
        }


def _mail(name: str, uid: int) -> bytes:
    return (
        f"From: lee@customer.example\r\nTo: {name}\r\nSubject: Matter {uid}\r\nMessage-ID: <{uid}.{name}>\r\n\r\n"
        f"It does not work ({name}).\r\n"
    ).encode()


def cases() -> list[tuple[str, str]]:
    """Every fault in every state."""
    return [(step, what) for step in (GREETING, *STEPS) for what in FAULTS]


def some_cases() -> list[tuple[str, str]]:
    """Every fault once and every state once or twice, for a short run."""
    states = (GREETING, *STEPS)
    return [(states[k % len(states)], what) for k, what in enumerate(FAULTS)]


async def campaign(folder: Path, wanted: Sequence[tuple[str, str]]) -> list[Recovered]:
    """Each fault once, some at the same time. AssertionError names those that were not left behind."""
    found = []
    for start in range(0, len(wanted), TOGETHER):
        own = folder / str(start)
        own.mkdir()
        found += await _some(own, wanted[start : start + TOGETHER])
    return found


async def _some(folder: Path, wanted: Sequence[tuple[str, str]]) -> list[Recovered]:
    names = [f"desk{k}@example.org" for k in range(len(wanted))]
    write_config(folder, imap_port=1, smtp_port=1, mailboxes=tuple(names), more=LIFTED)
    settings = load(folder / "config.toml")
    servers = [Moody(name, step, what) for name, (step, what) in zip(names, wanted, strict=True)]
    with (
        patch.multiple(
            intake, FIRST_PAUSE=0.1, LONGEST_PAUSE=0.5, REFUSED_PAUSE=0.5, LONGEST_IDLE=timedelta(seconds=1)
        ),
        patch.object(inbox, "Deadlines", lambda: QUICK),
    ):
        async with AsyncExitStack() as exits:
            for server in servers:
                await exits.enter_async_context(listening(server))
            house = await exits.enter_async_context(_house(settings))
            boxes = [_at(box, server.port) for box, server in zip(settings.mailboxes, servers, strict=True)]
            return await _until_all_are_in(house, boxes, servers)


def _at(box: MailboxSettings, port: int) -> MailboxSettings:
    return replace(box, imap=replace(box.imap, port=port, poll=timedelta(seconds=0.5)))


@asynccontextmanager
async def _house(settings: Settings) -> AsyncIterator[House]:
    engine.make_current(settings.database_url, settings.state_dir)
    store = Store.open(settings.database_url, settings.blobs)
    try:
        await store.write(people.sync_staff, settings.staff, datetime.now(UTC))
        async with Reader() as reader:
            yield _furnished(store, reader, settings)
    finally:
        await store.close()


def _furnished(store: Store, reader: Reader, settings: Settings) -> House:
    return House(
        store=store,
        reader=reader,
        desk=desk.furnish(settings),
        clock=lambda: datetime.now(UTC),
        nudge=lambda: None,
        signatures=dkim.Checker(settings.nameservers),
        hands=Hands(),
    )


async def _until_all_are_in(
    house: House, boxes: Sequence[MailboxSettings], servers: Sequence[Moody]
) -> list[Recovered]:
    done: dict[str, float] = {}
    ground = firm(house.clock, *(box.address.key for box in boxes))
    watchers = [asyncio.create_task(Intake(house, ground, box, lambda: None).run()) for box in boxes]
    until = time.monotonic() + WITHIN
    try:
        while len(done) < len(boxes) and time.monotonic() < until:
            for name in await house.store.read(_complete):
                done.setdefault(name, time.monotonic())
            ended = [w for w in watchers if w.done()]
            assert not ended, f"the intake ended: {ended}"
            await asyncio.sleep(0.1)
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
    names = [box.address.key for box in boxes]
    late = [(s.step, s.what) for name, s in zip(names, servers, strict=True) if name not in done]
    assert not late, f"not recovered from: {late}"
    assert all(server.failed_at for server in servers), "a fault was never met"
    await _judge(house, names)
    return [
        Recovered(s.step, s.what, done[name] - s.failed_at) for name, s in zip(names, servers, strict=True)
    ]


def _complete(tx: Tx) -> list[str]:
    """The inboxes whose letters all have their outcome."""
    ended = select(inbound.c.mailbox).where(inbound.c.outcome.is_not(None)).group_by(inbound.c.mailbox)
    return list(tx.scalars(ended.having(func.count() >= len(LETTERS))))


async def _judge(house: House, names: Sequence[str]) -> None:
    now = datetime.now(UTC)
    # Octet by octet: half a mail would be worse than none.
    hashes = {(n, uid): hashlib.sha256(_mail(n, uid)).hexdigest() for n in names for uid in LETTERS}
    seen = [InboxMail(name, 7, uid, now, hashes[name, uid]) for name in names for uid in LETTERS]
    witness: Any = Witness(now + timedelta(hours=1), inbox=seen)
    findings = await house.store.read(audit.check, house.store.blobs, witness)
    broken = [(f.sentence, f.rows) for f in findings if not f.holds and f.law is not audit.Law.PROGRESS]
    assert not broken, broken  # nobody sends here: mails wait, and that is no breach
