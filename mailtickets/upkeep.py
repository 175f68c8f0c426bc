"""What the house does beside the mail, every few seconds: holds its locks, takes over from the dead, and tells
the operators what has been wrong for long.

The law: an outage is mailed once when it lasts and once when it is over, however often the daemon starts meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailtickets import desk as desk_room
from mailtickets import log
from mailtickets.desk import Desk
from mailtickets.outage import Outage, Outages
from mailtickets.room import Room
from mailtickets.store import board, outbox
from mailtickets.store.engine import Store
from mailtickets.store.presence import Presence

HOLD_EVERY = 3.0  # seconds
TELL_EVERY = 5.0
OUTBOX = "outbox"
RELAY = "relay"  # as delivery calls it
AFTERWARDS = frozenset({RELAY, OUTBOX})  # a mail about these would not leave before they are over


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What this works with."""

    store: Store
    desk: Desk
    clock: Callable[[], datetime]
    outages: Outages
    presence: Presence
    room: Room
    nudge: Callable[[], None]  # there is something to send
    alarm_after: timedelta


async def hold(upkeep: Upkeep) -> None:
    """Keep the locks, and have what dead daemons were at fall due. Ends at once where no other daemon can be."""
    while upkeep.presence.is_shared:
        await asyncio.sleep(HOLD_EVERY)
        await upkeep.presence.renew()
        await release_dead(upkeep)


async def release_dead(upkeep: Upkeep) -> None:
    """Whose lock has come free is dead: what it claimed is sent by us."""
    mails = await upkeep.store.write(upkeep.presence.release_dead, upkeep.clock())
    if mails:
        log.claims_released(mails)
        upkeep.nudge()


async def tell(upkeep: Upkeep) -> None:
    """Pin up for the page what is wrong, and mail what has lasted."""
    told: set[str] = set()
    pinned: tuple[Outage, ...] = ()
    while True:
        await asyncio.sleep(TELL_EVERY)
        upkeep.room.is_there()  # said by day and by night, not only when there is mail
        await _look_at_outbox(upkeep)
        lasting = upkeep.outages.lasting()
        if lasting != pinned:
            await upkeep.store.write(board.pin, upkeep.presence.owner, lasting)
            pinned = lasting
        for outage in (*lasting, *upkeep.outages.over()):
            told |= await _mail(upkeep, outage, told)


async def _look_at_outbox(upkeep: Upkeep) -> None:
    """Mail that is due and does not leave, whatever the reason."""
    due = await upkeep.store.read(outbox.next_due)
    age = upkeep.clock() - due if due else timedelta()
    if age > upkeep.alarm_after:
        words = "Mail of the desk is due and does not leave. See “mailtickets outbox list” and the log."
        if upkeep.outages.begins(OUTBOX, words):
            log.mail_stays(age)
    else:
        upkeep.outages.ends(OUTBOX)


async def _mail(upkeep: Upkeep, outage: Outage, told: set[str]) -> set[str]:
    """Tell the operators of an outage if they are to know by now; which of its two mails that was."""
    is_over = outage.until is not None
    once = f"{'over' if is_over else 'outage'}:{outage.name}:{outage.since:%Y-%m-%dT%H:%M:%S}"
    span = (outage.until or upkeep.clock()) - outage.since
    has_lasted = span >= upkeep.alarm_after or outage.is_urgent
    if once in told or not has_lasted or (not is_over and outage.name in AFTERWARDS):
        return set()
    mails = await upkeep.store.write(
        desk_room.send_alarm, upkeep.desk, _words(upkeep, outage, span), once, upkeep.clock()
    )
    if mails:
        upkeep.nudge()
    return {once}


def _words(upkeep: Upkeep, outage: Outage, span: timedelta) -> str:
    if outage.until is not None:
        return f"It is over, after {shown(span)}. What was wrong: {outage.words}"
    zone = ZoneInfo(upkeep.desk.policy.timezone)
    since = outage.since.astimezone(zone)
    return f"{outage.words} It has been so since {since.day} {since:%B, %H:%M}."


def shown(span: timedelta) -> str:
    """ "3 h 5 min", for people."""
    minutes = max(1, round(span.total_seconds() / 60))
    hours, minutes = divmod(minutes, 60)
    return " ".join(word for word in (f"{hours} h" * bool(hours), f"{minutes} min" * bool(minutes)) if word)
