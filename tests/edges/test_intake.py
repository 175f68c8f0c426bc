"""The way in between a real inbox and a real ledger: found again, never twice, whatever others do to the inbox meanwhile."""

from __future__ import annotations

import asyncio
import email
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from mailtickets import desk, dkim, survey
from mailtickets.config import load
from mailtickets.core.case import Outcome, ReplyKind
from mailtickets.hands import Hands
from mailtickets.intake import Ground, House, Intake
from mailtickets.outage import Outages
from mailtickets.reader.pool import Reader
from mailtickets.room import Room
from mailtickets.store import engine, ledger, people, schema
from mailtickets.store.engine import Store, Tx
from mailtickets.store.presence import Presence, names
from tests.dovecot import Dovecot
from tests.edges.conftest import inbox_of
from tests.house.house import SUPPORT, write_config

LIFTED = (
    '[limits]\nunproven_per_address = "none"\nunproven_per_domain = "none"\nunproven_in_all = "none"\n'
    'tickets_per_sender = "none"\n'
)


def letter(number: int, sender: str = "lee@customer.example") -> bytes:
    return (
        f"From: Lee <{sender}>\r\nTo: {SUPPORT}\r\nSubject: Matter {number}\r\n"
        f"Message-ID: <{number}@customer.example>\r\nDate: Mon, 02 Nov 2026 09:00:00 +0000\r\n\r\n"
        f"This is matter {number}.\r\n"
    ).encode()


Watching = Callable[..., AbstractAsyncContextManager["Watched"]]


class Watched:
    """One inbox, and the desk that watches it."""

    def __init__(self, store: Store, inbox: Intake, outages: Outages) -> None:
        self.store = store
        self.inbox = inbox
        self.outages = outages

    async def outcomes(self) -> Counter[Outcome | None]:
        return Counter(await self.store.read(_outcomes))

    async def until(self, count: int, within: float = 60) -> Counter[Outcome | None]:
        """The outcomes, as soon as so many letters have one."""
        async with asyncio.timeout(within):
            while (found := await self.outcomes()).total() - found[None] < count:
                await asyncio.sleep(0.05)
        return found


def _outcomes(tx: Tx) -> Sequence[Outcome | None]:
    return tx.scalars(select(schema.inbound.c.outcome)).all()


def _mailed(tx: Tx, kind: ReplyKind) -> int:
    return len(tx.scalars(select(schema.outbox.c.id).where(schema.outbox.c.kind == kind)).all())


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    async with Reader() as children:
        yield children


@pytest.fixture
def watching(tmp_path: Path, dovecot: Dovecot, user: str, reader: Reader) -> Watching:
    """with watching(after="seen") as desk: the inbox of `user` is watched. The ledger outlives it."""
    write_config(tmp_path, imap_port=1, smtp_port=1, mailboxes=(user,), more=LIFTED)
    settings = load(tmp_path / "config.toml")

    @asynccontextmanager
    async def watch(
        server: Dovecot = dovecot, free: Callable[[], int] | None = None, **imap: object
    ) -> AsyncIterator[Watched]:
        def clock() -> datetime:
            return datetime.now(UTC)

        engine.make_current(settings.database_url, settings.state_dir)
        store = Store.open(settings.database_url, settings.blobs)
        await store.write(people.sync_staff, settings.staff, clock())
        outages = Outages(clock)
        presence = Presence(settings.database_url, "tests", names([user]))
        ground = Ground(Room([tmp_path], free() if free else None, outages), presence, outages)
        house = House(store, reader, desk.furnish(settings), clock, lambda: None, dkim.Checker(()), Hands())
        box = inbox_of(user, server.port, None, **imap)
        inbox = Intake(house, ground, box, lambda: None)
        running = asyncio.create_task(inbox.run())
        try:
            yield Watched(store, inbox, outages)
        finally:
            inbox.stop()
            await asyncio.wait({running}, timeout=20)
            assert running.done(), "the inbox does not end when it is stopped"
            running.result()
            await store.close()

    return watch


# Marks, with somebody else in the same inbox


@pytest.mark.parametrize(
    ("after", "marked"),
    [("seen", {"\\Seen"}), ("keyword:$MailTickets", {"$MailTickets"})],
)
async def test_what_is_decided_is_marked_and_nothing_else_about_it_changes(
    after: str, marked: set[str], watching: Watching, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver_all([letter(n) for n in range(5)], user)
    async with watching(after=after) as desk:
        await desk.until(5)
        dovecot.deliver(letter(5), user)
        await desk.until(6)
    assert list(dovecot.flags(user).values()) == [marked] * 6


async def test_what_is_decided_is_moved_away(watching: Watching, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver_all([letter(n) for n in range(5)], user)
    async with watching(after="move:Done") as desk:
        assert await desk.until(5) == {Outcome.OPENED: 5}
    assert dovecot.mails(user) == []
    assert len(dovecot.mails(user, "Done")) == 5


@pytest.mark.parametrize("after", ["seen", "keyword:$MailTickets", "move:Done"])
async def test_somebody_who_reads_moves_and_deletes_meanwhile_hides_nothing_and_doubles_nothing(
    after: str, watching: Watching, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver_all([letter(n) for n in range(40)], user)

    def meddle() -> None:
        """Read some, move some, delete some, as a person does who has the same inbox open."""
        with dovecot.imap(user) as client:
            client.create("Private")
            for n in range(1, 41):
                uid = str(n)
                match n % 4:
                    case 0:
                        client.uid("STORE", uid, "+FLAGS", "(\\Seen)")
                    case 1:
                        client.uid("STORE", uid, "-FLAGS", "(\\Seen)")
                    case 2:
                        client.uid("MOVE", uid, "Private")
                    case 3:
                        client.uid("STORE", uid, "+FLAGS", "(\\Deleted)")
                        client.uid("EXPUNGE", uid)

    async with watching(after=after) as desk:
        await asyncio.to_thread(meddle)
        dovecot.deliver_all([letter(n) for n in range(100, 110)], user)
        # Of those that were only read or unread, and of those that came afterwards, each has its outcome.
        stayed = {n for n in range(1, 41) if n % 4 in (0, 1)} | set(range(41, 51))
        async with asyncio.timeout(60):
            while not stayed <= set(await desk.store.read(_decided_uids)):
                await asyncio.sleep(0.05)
    async with watching(after=after) as desk:
        await desk.until(len(stayed))
        found = await desk.outcomes()
        assert found == {Outcome.OPENED: found.total()}
        assert await desk.store.read(_mailed, ReplyKind.ACKNOWLEDGEMENT) == found.total()


def _decided_uids(tx: Tx) -> Sequence[int]:
    return tx.scalars(select(schema.inbound.c.uid).where(schema.inbound.c.outcome.is_not(None))).all()


# What was missed


async def test_the_hourly_comparison_finds_what_the_cursor_has_passed(
    watching: Watching, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver_all([letter(n) for n in range(3)], user)
    async with watching() as desk:
        await desk.until(3)
        await desk.store.write(lambda tx: _forget(tx, 2))
        dovecot.deliver(letter(3), user)
        await desk.until(3)
        await asyncio.sleep(0.5)
        assert (await desk.outcomes()).total() == 3  # below the cursor: not looked for
        desk.inbox.reconcile_soon()
        assert await desk.until(4) == {Outcome.OPENED: 4}


def _forget(tx: Tx, uid: int) -> None:
    """As if a letter had never been kept."""
    row = tx.execute(select(schema.inbound).where(schema.inbound.c.uid == uid)).one()
    tx.execute(delete(schema.message).where(schema.message.c.inbound == row.id))
    tx.execute(delete(schema.inbound).where(schema.inbound.c.id == row.id))


async def test_a_letter_that_somebody_has_read_is_taken_in_all_the_same(
    watching: Watching, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver_all([letter(n) for n in range(3)], user)
    with dovecot.imap(user) as client:
        client.store("1:*", "+FLAGS", "\\Seen")
    async with watching() as desk:
        assert await desk.until(3) == {Outcome.OPENED: 3}


# Stopping


async def test_a_stopped_inbox_ends_its_batch_with_the_marks_and_leaves_the_rest(
    watching: Watching, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver_all([letter(n) + b"x" * 400_000 for n in range(60)], user)
    async with watching() as desk:
        await desk.until(1)
    marked = [uid for uid, flags in dovecot.flags(user).items() if "\\Seen" in flags]
    assert 0 < len(marked) < 60
    async with watching() as desk:
        assert await desk.until(60, within=60) == {Outcome.OPENED: 60}


async def test_a_waiting_inbox_says_goodbye_when_it_is_stopped(
    watching: Watching, dovecot: Dovecot, user: str
) -> None:
    async with watching() as desk:
        dovecot.deliver(letter(1), user)
        await desk.until(1)
        await asyncio.sleep(1)
        before = dovecot.log.count(f"imap({user})") and dovecot.log.count("Logged out")
    assert dovecot.log.count("Logged out") > before


# No room


async def test_without_room_no_letter_is_fetched_and_with_room_each_is(
    watching: Watching, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [0]
    monkeypatch.setattr("mailtickets.room.free_octets", lambda folder: free[0])
    monkeypatch.setattr("mailtickets.room.LOOK_EVERY", 0.1)
    dovecot.deliver_all([letter(n) for n in range(3)], user)
    async with watching(free=lambda: 1000) as desk:
        await asyncio.sleep(1.5)
        assert (await desk.outcomes()).total() == 0
        assert [outage.name for outage in desk.outages.lasting()] == ["disk"]
        free[0] = 1040  # above the limit, but hardly
        await asyncio.sleep(0.5)
        assert (await desk.outcomes()).total() == 0
        free[0] = 2000
        assert await desk.until(3) == {Outcome.OPENED: 3}
        assert desk.outages.lasting() == ()


# Numbered anew


def _lie_there(dovecot: Dovecot, user: str, count: int) -> None:
    """Letters from before the desk looked last, which it has never seen: from a backup, say."""
    long_ago = (datetime.now(UTC) - timedelta(days=30)).strftime('"%d-%b-%Y %H:%M:%S +0000"')
    with dovecot.imap(user) as client:
        for number in range(1000, 1000 + count):
            client.append("INBOX", "", long_ago, letter(number))


@pytest.fixture
def own(user: str) -> Iterator[Dovecot]:
    """A server that may be killed."""
    with Dovecot(user) as server:
        yield server


async def test_more_unknown_letters_than_a_few_wait_for_the_operator_and_new_mail_goes_on(
    watching: Watching, own: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "FEW", 3)
    own.deliver_all([letter(n) for n in range(5)], user)
    async with watching(own) as desk:
        await desk.until(5)
    own.forget_uids(user)
    _lie_there(own, user, 4)
    for _ in range(2):  # a restart is no word of the operator's
        async with watching(own) as desk:
            assert await desk.until(10) == {Outcome.OPENED: 5, Outcome.IGNORED: 5}
            await asyncio.sleep(1)
            assert [outage.name for outage in desk.outages.lasting()] == [f"numbers {user}"]
    async with watching(own) as desk:
        own.deliver(letter(77), user)
        assert await desk.until(11) == {Outcome.OPENED: 6, Outcome.IGNORED: 5}
        assert await desk.store.read(_mailed, ReplyKind.ALARM) == 1
        assert await desk.store.write(ledger.accept, user) == 4
        desk.inbox.reconcile_soon()
        assert await desk.until(15) == {Outcome.OPENED: 10, Outcome.IGNORED: 5}
        assert await desk.store.read(_mailed, ReplyKind.ACKNOWLEDGEMENT) == 6
        assert await desk.store.write(ledger.accept, user) == 0
        await asyncio.sleep(0.5)
        assert desk.outages.lasting() == ()


async def test_a_few_unknown_letters_are_taken_in_without_acknowledgements(
    watching: Watching, own: Dovecot, user: str
) -> None:
    own.deliver_all([letter(n) for n in range(3)], user)
    async with watching(own) as desk:
        await desk.until(3)
    own.forget_uids(user)
    _lie_there(own, user, 2)
    await asyncio.sleep(1.1)  # IMAP tells whole seconds
    own.deliver(letter(50), user)  # while the desk was down: new
    async with watching(own) as desk:
        assert await desk.until(9) == {Outcome.OPENED: 6, Outcome.IGNORED: 3}
        assert await desk.store.read(_mailed, ReplyKind.ACKNOWLEDGEMENT) == 4
        assert await desk.store.read(_mailed, ReplyKind.ALARM) == 1


async def test_a_known_letter_that_a_backup_has_put_back_is_known_by_its_fingerprint(
    watching: Watching, own: Dovecot, user: str
) -> None:
    own.deliver(letter(1), user)  # LMTP writes a Received line into it
    async with watching(own) as desk:
        await desk.until(1)
    with own.imap(user) as client:
        client.store("1:*", "+FLAGS", "\\Deleted")
        client.expunge()
    own.forget_uids(user)
    with own.imap(user) as client:
        client.append("INBOX", "", "", letter(1))
    assert email.message_from_bytes(own.mails(user)[0])["Received"] is None
    async with watching(own) as desk:
        assert await desk.until(2) == {Outcome.OPENED: 1, Outcome.IGNORED: 1}
        assert await desk.store.read(_mailed, ReplyKind.ALARM) == 0


def test_more_than_five_hundred_is_more_than_a_few() -> None:
    assert survey.FEW == 500
    assert "ledger accept support@example.org" in survey.told("support@example.org", 3, 501)
    assert "accept" not in survey.told("support@example.org", 3, 500)
