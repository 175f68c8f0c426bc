"""The way out: claim → send → settle, woken by a nudge or at the next due time.

The law: the attempt and the next try are on disk before the socket opens, so a crash while
sending costs at most one copy a connection, with the same Message-ID and octets, and never a mail.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtickets import desk as desk_room
from mailtickets import log
from mailtickets.config import SmtpSettings
from mailtickets.core import retry
from mailtickets.core.case import ReplyKind
from mailtickets.core.retry import Again, Deferred, Done, GiveUp, Result, Step
from mailtickets.desk import Desk
from mailtickets.failpoints import Point, reach
from mailtickets.outage import Outages
from mailtickets.room import LOOK_EVERY, Room
from mailtickets.smtp import Courier
from mailtickets.store import attempts, outbox
from mailtickets.store.engine import Store, Tx
from mailtickets.store.outbox import Claimed

CLAIM = 40  # rows at a time
LONGEST_SLEEP = 30.0  # seconds; a nudge or a due row comes first
RELAY = "relay"  # its name among the outages
FIRST_BREAK = 2.0  # seconds without claiming after the relay went away; doubles
LONGEST_BREAK = 60.0


@dataclass(frozen=True, slots=True)
class Settled:
    claimed: Claimed
    result: Result
    jitter: float


class Delivery:
    """Owns the outbox's way to the relay."""

    def __init__(
        self,
        store: Store,
        courier: Courier,
        desk: Desk,
        clock: Callable[[], datetime],
        owner: str,
        relay: SmtpSettings,
        room: Room,
        outages: Outages,
    ) -> None:
        self._store = store
        self._courier = courier
        self._desk = desk
        self._clock = clock
        self._owner = owner
        self._connections = relay.connections
        self._host = relay.host
        self._nudged = asyncio.Event()
        self._stopping = asyncio.Event()
        self._break = 0.0
        self._room = room
        self._outages = outages
        self._to_settle: list[tuple[Settled, asyncio.Future[None]]] = []
        self._settling = asyncio.Lock()

    def nudge(self) -> None:
        """There is something to send."""
        self._nudged.set()

    def stop(self) -> None:
        """Claim no more; what is on the wire goes to its end."""
        self._stopping.set()
        self._nudged.set()

    async def run(self, beat: Callable[[], None]) -> None:
        """Send what is due until stopped."""
        while not self._stopping.is_set():
            beat()
            self._nudged.clear()
            has_room = self._room.is_there()
            # Short of room nothing is begun, but for telling the operators so.
            what = outbox.claim if has_room else outbox.claim_alarms
            rows = await self._store.write(what, self._owner, CLAIM, self._clock())
            if rows:
                reach(Point.CLAIMED)
                await self._send_all(rows)
                await self._pause_for_relay(beat)
            else:
                await self._sleep(LONGEST_SLEEP if has_room else LOOK_EVERY)

    async def _sleep(self, wait: float) -> None:
        """Until a nudge, or the next mail is due; so long at most."""
        # Nothing is in hand now: what is still claimed is of a claim whose answer was lost on the way.
        if self._owner in await self._store.read(outbox.claimants):
            await self._store.write(outbox.release_claims, (self._owner,), self._clock())
            return
        due = await self._store.read(outbox.next_due)
        if due is not None and wait == LONGEST_SLEEP:
            wait = min(max((due - self._clock()).total_seconds(), 0.05), LONGEST_SLEEP)
        try:
            async with asyncio.timeout(wait):
                await self._nudged.wait()
        except TimeoutError:
            return

    async def _pause_for_relay(self, beat: Callable[[], None]) -> None:
        """After the relay went away: leave it alone a little, then try with one claim."""
        if self._break == 0.0:
            return
        try:
            async with asyncio.timeout(self._break):
                await self._stopping.wait()
        except TimeoutError:
            beat()

    async def _send_all(self, rows: Sequence[Claimed]) -> None:
        waiting = list(reversed(rows))

        async def work() -> None:
            while waiting and not self._stopping.is_set() and self._break == 0.0:
                await self._send(waiting.pop())

        self._break, broken_for = 0.0, self._break
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._connections, len(rows))):
                group.create_task(work())
        if self._break:
            self._break = min(max(broken_for * 2, FIRST_BREAK), LONGEST_BREAK)
        elif (span := self._outages.ends(RELAY)) is not None:
            log.relay_up(self._host, span)
        if waiting:
            # Claimed but never dialled: back as they were.
            reach(Point.UNCLAIMING)
            await self._store.write(outbox.unclaim, tuple(waiting), self._clock())

    async def _send(self, row: Claimed) -> None:
        reach(Point.DIALLING)
        result = await self._courier.send(row.recipient, row.envelope_from, row.octets)
        reach(Point.ANSWERED)
        if isinstance(result, Deferred) and result.relay_down:
            words = f"The relay {self._host} takes no mail: “{result.text}”. What is to be sent waits."
            if self._outages.begins(RELAY, words, is_urgent=result.is_refusal):
                log.relay_down(self._host, result.text, timedelta(seconds=FIRST_BREAK))
            self._break = FIRST_BREAK
        await self._settle(Settled(row, result, random.random()))

    async def _settle(self, settled: Settled) -> None:
        """Note the result before this connection takes another row; rows that end together share a commit."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._to_settle.append((settled, done))
        async with self._settling:
            if done.done():
                return
            batch, self._to_settle = self._to_settle, []
            steps = await self._store.write(settle, self._desk, tuple(s for s, _ in batch), self._clock())
            reach(Point.SETTLED)
            for (item, waiter), step in zip(batch, steps, strict=True):
                waiter.set_result(None)
                _tell(item, step)


def settle(tx: Tx, desk: Desk, batch: Sequence[Settled], now: datetime) -> tuple[Step, ...]:
    """Write down what became of each row; one that is given up becomes news on its ticket."""
    steps = []
    for item in batch:
        row = item.claimed
        step = retry.after(row.attempts, row.created_at, item.result, now, item.jitter)
        # Whoever has lost the claim meanwhile has nothing to tell.
        if outbox.settle(tx, row, item.result, step, now):
            attempts.note(tx, row, item.result, step, now)
            if isinstance(step, GiveUp):
                desk_room.give_up(tx, desk, row, step.reason, item.result, now)
                reach(Point.GIVING_UP)
        steps.append(step)
    reach(Point.SETTLING)
    return tuple(steps)


def _tell(item: Settled, step: Step) -> None:
    row = item.claimed
    # No code, no answer: the relay was not even reached, or not asked.
    answer = f"{item.result.code} {item.result.text}" if item.result.code else item.result.text
    match step:
        case Done():
            # Who reads the log must not be able to answer in somebody's name.
            shown = "" if row.kind is ReplyKind.CONFIRM else row.message_id
            log.sent(row.id, row.kind, row.recipient.spec, row.ticket, shown, answer)
        case Again(at=at):
            log.deferred(row.id, row.kind, row.recipient.spec, row.ticket, answer, at)
        case GiveUp():
            log.given_up(row.id, row.kind, row.recipient.spec, row.ticket, answer)
