"""One inbox, for ever: door → keep → read → desk → mark.

The law (reliability.md of the trade: write down first, act second, note it third): nothing is
marked on the server before its outcome is committed here, and nothing here depends on a mark.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailtickets import casefile, dkim, imap, log, survey
from mailtickets import desk as desk_room
from mailtickets.config import MailboxSettings
from mailtickets.core import identity
from mailtickets.core.case import Outcome
from mailtickets.core.mail import InboundMail, RawMail, Unreadable
from mailtickets.desk import Desk, Ending, Letter
from mailtickets.failpoints import Point, reach
from mailtickets.hands import Hands
from mailtickets.oauth import Tokens
from mailtickets.outage import Outages
from mailtickets.reader.pool import Reader
from mailtickets.room import Room
from mailtickets.store import ledger
from mailtickets.store.audit import InboxCount
from mailtickets.store.engine import Store
from mailtickets.store.presence import Presence

FIRST_PAUSE = 1.0  # seconds after a lost connection; doubles
LONGEST_PAUSE = 60.0
REFUSED_PAUSE = 300.0  # a wrong password does not get right by hammering
LONGEST_IDLE = timedelta(minutes=4)
ALONE = 4 * 2**20  # octets of a batch beside which no other is fetched
AHEAD = 2  # batches in hand while the next one is fetched
LEFTOVERS = 50  # letters at a time, after a crash: as many as come in one answer of a server
GONE = 100  # letters without a mark that have left the inbox, and are passed over


@dataclass(frozen=True, slots=True)
class Ground:
    """What the house stands on."""

    room: Room
    presence: Presence
    outages: Outages


@dataclass(frozen=True, slots=True)
class House:
    """What every inbox shares."""

    store: Store
    reader: Reader
    desk: Desk
    clock: Callable[[], datetime]
    nudge: Callable[[], None]  # there is something to send
    signatures: dkim.Checker
    hands: Hands


class Intake:
    """Owns the connection to one inbox."""

    def __init__(
        self,
        house: House,
        ground: Ground,
        settings: MailboxSettings,
        beat: Callable[[], None],
        tokens: Tokens | None = None,
    ) -> None:
        self.house = house
        self.ground = ground
        self.settings = settings
        self.mailbox = settings.address.key
        self._name = f"inbox {self.mailbox}"  # among the locks and the outages
        self._beat = beat
        self._tokens = tokens
        self._reconcile = asyncio.Event()
        self.count: InboxCount | None = None  # as of the last full comparison
        self._called = asyncio.Event()  # ends a wait
        self._stopping = False
        self._pause = FIRST_PAUSE
        self._is_watching = False

    def reconcile_soon(self) -> None:
        """Compare the whole inbox with the ledger now."""
        self._reconcile.set()
        self._called.set()

    def stop(self) -> bool:
        """Take nothing more in; whether something has begun that should come to its end."""
        self._stopping = True
        self._called.set()
        return self._is_watching

    async def run(self) -> None:
        """Watch the inbox until stopped. The world's errors are waited out; ours rise."""
        while not self._stopping:
            self._beat()
            await self._stand_by()
            inbox = imap.Inbox(self.settings, self.house.desk.policy.limits.mail_size, tokens=self._tokens)
            pause = FIRST_PAUSE
            try:
                opened = await inbox.connect()
                log.mailbox_connected(self.mailbox, opened.can_idle)
                self._is_watching = True
                await self._watch(inbox, opened)
            except imap.LinkDown as down:
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
                # Jitter, so that many inboxes of one server do not knock together.
                pause = (REFUSED_PAUSE if down.is_refusal else self._pause) * random.uniform(0.75, 1.0)
                self._tell_down(down, timedelta(seconds=pause))
            finally:
                await inbox.close()
                self._is_watching = False
            if not self._stopping:
                await self._sleep(pause)

    async def _stand_by(self) -> None:
        """Until no other daemon watches this inbox; then what that one has left undone is ours."""
        presence = self.ground.presence
        if presence.holds(self._name):
            return
        log.standing_by(self.mailbox)
        await presence.until_held(self._name, self._beat)
        log.taken_over(self.mailbox)
        await finish_leftovers(self.house, others=watched_by_others(presence))

    def _tell_up(self) -> None:
        """Only when all has been listed: a server that lets us in and then fails is not up."""
        self._pause = FIRST_PAUSE
        if (span := self.ground.outages.ends(self._name)) is not None:
            log.mailbox_recovered(self.mailbox, span)

    def _tell_down(self, down: imap.LinkDown, again_after: timedelta) -> None:
        """One line for each change of state, not one for each try."""
        words = f"The inbox {self.mailbox} cannot be read. {down.reason}"
        if self.ground.outages.begins(self._name, words, is_urgent=down.is_refusal):
            log.mailbox_down(self.mailbox, down.reason, again_after, down.is_refusal)

    async def _sleep(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            self._beat()  # "waiting to reconnect" is a sign of life
            await asyncio.sleep(min(left, 10))

    async def _watch(self, inbox: imap.Inbox, opened: imap.Mailbox) -> None:
        """Search, take, idle, search again: IDLE is only a hint. Returns when the inbox is another daemon's."""
        uidvalidity = opened.uidvalidity
        wait = LONGEST_IDLE if opened.can_idle else min(self.settings.imap.poll, LONGEST_IDLE)
        if await self.house.store.read(ledger.is_to_be_surveyed, self.mailbox, uidvalidity):
            await self._survey(inbox, uidvalidity)
        missing = await self._take_all(inbox, uidvalidity, above=0)
        self._tell_up()
        while not self._stopping and self.ground.presence.holds(self._name):
            await self._tell_withheld()
            self._beat()
            await inbox.wait(wait, self._called)
            self._called.clear()
            self._beat()
            if self._stopping or not self.ground.presence.holds(self._name):
                return
            above = 0
            if self._reconcile.is_set():
                self._reconcile.clear()
            else:
                above = await self.house.store.read(ledger.cursor, self.mailbox, uidvalidity)
            # What the server kept back is below the cursor by now, and asked for until it has come or gone.
            above = min([above, *(uid - 1 for uid in missing)])
            missing = await self._take_all(inbox, uidvalidity, above)

    async def _survey(self, inbox: imap.Inbox, uidvalidity: int) -> None:
        """All mail has been numbered anew: what the desk has is noted, what it has not is counted first."""
        house, unmatched, matched = self.house, list[int](), 0
        uids = await house.store.read(
            ledger.unknown_uids, self.mailbox, uidvalidity, await inbox.uids(above=0)
        )
        async for raws in inbox.fetch(uids):
            self._beat()
            await self.ground.room.wait(self._beat)
            known = await survey.known(house.store, house.reader, raws)
            await self._take([raw for raw in raws if raw.uid in known])
            unmatched += [raw.uid for raw in raws if raw.uid not in known]
            matched += len(known)
        waiting = unmatched if len(unmatched) > survey.FEW else ()
        await house.store.write(ledger.surveyed, self.mailbox, uidvalidity, waiting, house.clock())
        log.numbered_anew(self.mailbox, matched, len(unmatched), is_waiting=bool(waiting))
        if unmatched:
            words = survey.told(self.mailbox, matched, len(unmatched))
            once = f"numbers:{self.mailbox}:{uidvalidity}"
            await house.store.write(desk_room.send_alarm, house.desk, words, once, house.clock())
            house.nudge()

    async def _tell_withheld(self) -> None:
        """As long as letters wait for the operator's word, that is wrong with this inbox."""
        name = f"numbers {self.mailbox}"
        found = await self.house.store.read(ledger.withheld, self.mailbox)
        if found:
            words = survey.waits(self.mailbox, sum(one.count for one in found))
            self.ground.outages.begins(name, words)
        else:
            self.ground.outages.ends(name)

    async def _take_all(self, inbox: imap.Inbox, uidvalidity: int, above: int) -> frozenset[int]:
        """Take in every letter above a UID that the ledger does not have; mark what is done.

        Gives the UIDs that the server has listed, but not handed out.
        """
        await self.ground.room.wait(self._beat)
        uids = await inbox.uids(above)
        unknown = await self.house.store.read(ledger.wanted_uids, self.mailbox, uidvalidity, uids)
        missing = set(unknown)
        pending: deque[asyncio.Task[tuple[int, ...]]] = deque()
        down: imap.LinkDown | None = None
        async with asyncio.TaskGroup() as group:
            try:
                # While one batch is decided and another read, the next one is on its way.
                async for raws in inbox.fetch(unknown):
                    self._beat()
                    missing -= {raw.uid for raw in raws}
                    pending.append(group.create_task(self._take(raws)))
                    # Big mails are in memory one batch at a time.
                    is_big = sum(len(raw.octets) for raw in raws) > ALONE
                    del raws
                    while len(pending) > (0 if is_big else AHEAD):
                        await self._mark(inbox, uidvalidity, await pending.popleft())
                    await self.ground.room.wait(self._beat)
                    if self._stopping:
                        break
                while pending:
                    await self._mark(inbox, uidvalidity, await pending.popleft())
            except imap.LinkDown as error:
                down = error  # what has been fetched is decided all the same
        if down is not None:
            raise down
        if above == 0:
            await self._mark_forgotten(inbox, uidvalidity, uids)
            unknown = await self.house.store.read(ledger.unknown_uids, self.mailbox, uidvalidity, uids)
            self.count = InboxCount(self.mailbox, len(uids), len(unknown), self.house.clock())
        return frozenset(missing)

    async def _take(self, raws: Sequence[RawMail]) -> tuple[int, ...]:
        """Keep, read, decide one batch. Gives the UIDs that may be marked."""
        house = self.house
        reach(Point.FETCHED)
        async with house.hands.batch() as turn:
            stored = await house.store.write(ledger.keep, house.store.blobs, raws, house.clock())
            reach(Point.KEPT)
            letters = await _read_all(house, stored)
            await turn()
            await _decide(house, letters)
        return tuple(raw.uid for raw in raws if not raw.oversize)

    async def _mark(self, inbox: imap.Inbox, uidvalidity: int, uids: Sequence[int]) -> None:
        if uids:
            reach(Point.MARKING)
            await inbox.mark(tuple(uids))
            reach(Point.MARKED)
            await self.house.store.write(ledger.mark, self.mailbox, uidvalidity, uids, self.house.clock())
            reach(Point.NOTED)

    async def _mark_forgotten(self, inbox: imap.Inbox, uidvalidity: int, present: Sequence[int]) -> None:
        """Mark what was decided while the link was down; what has left the inbox needs no mark."""
        unmarked = await self.house.store.read(
            ledger.unmarked, self.mailbox, uidvalidity, len(present) + GONE
        )
        await self._mark(inbox, uidvalidity, tuple(sorted(set(unmarked) & set(present))))


async def decide_all(house: House, stored: Sequence[ledger.Stored]) -> tuple[Ending, ...]:
    """Read letters in the children and let the desk decide them, in order, in one commit."""
    return await _decide(house, await _read_all(house, stored))


async def _read_all(house: House, stored: Sequence[ledger.Stored]) -> tuple[Letter, ...]:
    if not stored:
        return ()
    mails = await asyncio.gather(*(house.reader.read(s.mail.octets) for s in stored))
    reach(Point.READ)
    return tuple(await asyncio.gather(*(_checked(house, s, m) for s, m in zip(stored, mails, strict=True))))


async def _decide(house: House, letters: Sequence[Letter]) -> tuple[Ending, ...]:
    if not letters:
        return ()
    endings = await house.store.write(desk_room.take, house.desk, letters, house.clock())
    reach(Point.DECIDED)
    house.nudge()
    for ending in endings:
        _tell(ending)
    return endings


async def _checked(house: House, stored: ledger.Stored, mail: InboundMail | Unreadable) -> Letter:
    """A letter with what its signature proves, where it is for the desk to look at that."""
    if (
        isinstance(mail, InboundMail)
        and not stored.mail.oversize
        and identity.wants_check(mail, house.desk.policy.trust)
    ):
        policy = house.desk.policy
        may_disown = identity.may_be_disowned(mail, policy.trust, policy.own)
        found = await house.signatures.check(mail, stored.mail.octets, may_disown=may_disown)
        mail = replace(mail, signer=found.signer, disowned=found.disowned)
    return await _with_doubted(house, Letter(stored, mail))


async def _with_doubted(house: House, answer: Letter) -> Letter:
    """An answer to a question of ours, with the letter that it is about, read once more."""
    signs = casefile.signs(house.desk, answer.mail)
    if not signs or answer.stored.mail.oversize:
        return answer
    stored = await house.store.read(ledger.doubted, house.store.blobs, signs)
    if stored is None:
        return answer
    return replace(answer, doubted=Letter(stored, await house.reader.read(stored.mail.octets)))


def _tell(ending: Ending) -> None:
    mail = ending.stored.mail
    match ending.outcome:
        case Outcome.QUARANTINED:
            log.mail_quarantined(mail.mailbox, mail.uid, ending.message_id, ending.reason)
        case Outcome.HELD:
            log.mail_held(mail.mailbox, mail.uid, ending.message_id, ending.reason)
        case _:
            log.mail_done(
                mail.mailbox, mail.uid, ending.message_id, ending.outcome, ending.reason, ending.ticket
            )


def watched_by_others(presence: Presence) -> tuple[str, ...]:
    """Inboxes of ours at which another daemon is now."""
    return tuple(name.removeprefix("inbox ") for name in presence.awaited())


async def finish_leftovers(house: House, others: Sequence[str] = ()) -> int:
    """Decide what was kept but not decided: after a crash, or when the operator asked again. But not in `others`."""
    done = 0
    async with house.hands.empty():
        while stored := await house.store.write(
            ledger.unfinished, house.store.blobs, house.clock(), LEFTOVERS, others
        ):
            reach(Point.LEFTOVERS_TAKEN)
            done += len(await decide_all(house, stored))
    return done
