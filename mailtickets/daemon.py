"""Builds the house and keeps it standing: no globals, no import side effects.

Reads like a checklist: lock, ledger, words, people, leftovers, then every loop at once until a
signal. Any loop that dies takes the process with it; systemd starts it again, and the ledger
makes that safe.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from mailtickets import __version__, config, desk, dkim, failpoints, log, schedule, strike, upkeep
from mailtickets.config import Settings
from mailtickets.control import door
from mailtickets.control.clerk import LedgerClerk
from mailtickets.delivery import Delivery
from mailtickets.failpoints import Point, reach
from mailtickets.hands import Hands
from mailtickets.indexing import Indexing
from mailtickets.intake import Ground, House, Intake, finish_leftovers, watched_by_others
from mailtickets.oauth import Keyring
from mailtickets.outage import Outages
from mailtickets.reader.pool import Reader
from mailtickets.room import Room
from mailtickets.smtp import Courier
from mailtickets.store import connect, engine, lock, people, presence
from mailtickets.store.engine import Store
from mailtickets.store.patience import DATABASE, Patience
from mailtickets.store.presence import Presence
from mailtickets.upkeep import Upkeep

SWITCH = (
    0.0005  # seconds: the thread that writes gets the interpreter back soon after each word with the database
)
STOP_WITHIN = 30.0  # seconds for what is on the wire
BEAT_WITHIN = 900.0  # seconds: the longest that a loop may be busy with one thing
LAG_LIMIT = 5.0  # seconds: an event loop later than this is no longer working
WINDOW_PAUSE = 2.5  # seconds before a window that fell shut is opened again; doubles
LONGEST_WINDOW_PAUSE = 120.0


def utcnow() -> datetime:
    """The clock of the house: handed to everyone who needs the time."""
    return datetime.now(UTC)


@dataclass
class Pulse:
    """When each loop last showed a sign of life, in seconds of the event loop's clock."""

    beats: dict[str, float] = field(default_factory=dict)

    def beat(self, name: str) -> Callable[[], None]:
        def now() -> None:
            self.beats[name] = asyncio.get_running_loop().time()

        now()
        return now

    def silent(self, now: float) -> tuple[str, ...]:
        """Loops that have been quiet for too long."""
        return tuple(name for name, at in self.beats.items() if now - at > BEAT_WITHIN)


def notify(message: str) -> None:
    """Tell systemd (sd_notify(3)); nothing if it does not listen."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    # A listener that went away is no reason to stop the mail.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect("\0" + path[1:] if path.startswith("@") else path)
        sock.sendall(message.encode())


def run(settings: Settings, clock: Callable[[], datetime] = utcnow) -> None:
    """Be the service until SIGTERM or SIGINT. `lock.Held` if another one works here."""
    failpoints.arm(config.failpoint_plan())
    _give_memory_back()
    sys.setswitchinterval(SWITCH)
    with lock.hold(settings.state_dir, settings.database_url):
        reach(Point.LOCKED)
        asyncio.run(_serve(settings, clock))


# mallopt(3), malloc.h: M_MMAP_THRESHOLD and M_ARENA_MAX.
_MALLOC = {-3: 256 * 1024, -8: 2}


def _give_memory_back() -> None:
    """What a big mail took goes back to the system at once. glibc would learn from it to keep such blocks."""
    with contextlib.suppress(OSError, AttributeError):  # other libraries have other ways
        library = ctypes.CDLL(None)
        for option, value in _MALLOC.items():
            library.mallopt(option, value)


async def _serve(settings: Settings, clock: Callable[[], datetime]) -> None:
    log.starting(__version__, settings.config_file, settings.state_dir)
    for sentence in (*config.concerns(settings), *config.key_concerns(settings, clock())):
        log.concern(sentence)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    outages, keyring = Outages(clock), Keyring(settings.state_dir)
    patience = Patience(outages)
    if await _ledger_is_current(settings, stop, patience):
        async with (
            _ledger(settings, clock, patience) as (store, watch),
            Reader(pinned=settings.pinned) as reader,
        ):
            ground = Ground(_room(settings, outages), watch, outages)
            courier = Courier(settings.smtp, tokens=keyring.of(settings.smtp.oauth2))
            try:
                await _work(settings, clock, stop, store, reader, courier, ground, keyring)
            finally:
                await courier.close()
                await keyring.close()
    log.stopped()


async def _ledger_is_current(settings: Settings, stop: asyncio.Event, patience: Patience) -> bool:
    """The ledger is there and up to date; False if the daemon was stopped while it waited for that."""
    tries = 0
    # Threads, so that a signal is heard and systemd is told: migrations and their backup take what they take.
    async with _more_time():
        while not stop.is_set():
            try:
                await asyncio.to_thread(engine.make_current, settings.database_url, settings.state_dir)
                patience.went_well("write")
                return True
            except engine.Away as away:
                if away.is_refusal:
                    raise
                await _first(stop.wait(), patience.wait("write", away.trouble, tries))
                tries += 1
    return False


@contextlib.asynccontextmanager
async def _more_time() -> AsyncIterator[None]:
    """Keep asking systemd for more time to start, for as long as it takes."""

    async def ask() -> None:
        while True:
            notify("EXTEND_TIMEOUT_USEC=60000000")
            await asyncio.sleep(15)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()


async def _first(*coroutines: Coroutine[Any, Any, Any]) -> None:
    """Until one of them has ended."""
    tasks = [asyncio.ensure_future(one) for one in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _room(settings: Settings, outages: Outages) -> Room:
    """The disks that the desk writes to."""
    folders = [settings.state_dir, settings.blobs]
    if connect.is_sqlite(settings.database_url):
        folders.append(connect.sqlite_file(settings.database_url).parent)
    return Room(folders, settings.free_disk, outages)


@contextlib.asynccontextmanager
async def _ledger(
    settings: Settings, clock: Callable[[], datetime], patience: Patience
) -> AsyncIterator[tuple[Store, Presence]]:
    """The ledger with the people of the config in it, and who we are there."""
    store = Store.open(settings.database_url, settings.blobs, patience=patience)
    owner = f"{os.getpid()}-{secrets.token_hex(4)}"
    inboxes = presence.names([box.address.key for box in settings.mailboxes])
    watch = Presence(settings.database_url, owner, inboxes)
    try:
        await store.write(people.sync_staff, settings.staff, clock())
        reach(Point.STAFF_KNOWN)
        await watch.renew()
        await store.write(watch.release_dead, clock())
        reach(Point.CLAIMS_RELEASED)
        yield store, watch
    finally:
        await store.close()
        await watch.close()


async def _work(
    settings: Settings,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    store: Store,
    reader: Reader,
    courier: Courier,
    ground: Ground,
    keyring: Keyring,
) -> None:
    furnished = desk.furnish(settings)
    strike.hide(*(key.decode("latin-1") for key in furnished.secret.keys))
    watch, outages = ground.presence, ground.outages
    pulse = Pulse()
    loop = asyncio.get_running_loop()
    delivery = Delivery(store, courier, furnished, clock, watch.owner, settings.smtp, ground.room, outages)
    indexing = Indexing(store)

    def nudge() -> None:
        delivery.nudge()
        indexing.nudge()

    checker = dkim.Checker(settings.nameservers)
    house = House(store, reader, furnished, clock, nudge, checker, Hands())
    inboxes = [
        Intake(house, ground, box, pulse.beat(f"inbox {box.address.key}"), keyring.of(box.imap.oauth2))
        for box in settings.mailboxes
    ]
    keeping = Upkeep(
        store, furnished, clock, outages, watch, ground.room, delivery.nudge, settings.alarm_after
    )
    asked = asyncio.Event()  # the operator wants letters looked at again, or rows sent

    def ask() -> None:
        loop.call_soon_threadsafe(asked.set)

    def reconcile() -> None:
        ask()  # also for what somebody without our socket has let go on

    clerk = LedgerClerk(store, furnished, clock, ask)
    works = schedule.Clockwork(
        store,
        furnished,
        clock,
        delivery.nudge,
        reconcile,
        watch.owner,
        settings.web.sessions,
        inboxes=lambda: [inbox.count for inbox in inboxes if inbox.count is not None],
        named=furnished.policy.told,
    )

    await finish_leftovers(house, watched_by_others(watch))
    jobs = await schedule.start(works)
    try:
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(delivery.run(pulse.beat("delivery")))
            taking = [group.create_task(inbox.run()) for inbox in inboxes]
            others = [
                group.create_task(door.serve(clerk, settings.state_dir)),
                group.create_task(_answer_operator(asked, house, delivery, watch, inboxes)),
                group.create_task(indexing.run(pulse.beat("indexing"))),
                group.create_task(upkeep.hold(keeping)),
                group.create_task(upkeep.tell(keeping)),
                group.create_task(_watchdog(pulse, outages)),
                group.create_task(keyring.watch(partial(_tell_login, outages), pulse.beat("logins"))),
            ]
            if settings.web.listen:
                others.append(group.create_task(_keep_window_open(settings)))
            _say_ready(settings, watch)
            await stop.wait()
            notify("STOPPING=1")
            log.stopping("asked to by a signal")
            delivery.stop()
            busy = [task for inbox, task in zip(inboxes, taking, strict=True) if inbox.stop()]
            await _wind_down((sending, *busy), (*others, *taking))
    finally:
        jobs.shutdown(wait=False)


def _say_ready(settings: Settings, watch: Presence) -> None:
    """To systemd and the log; what stands now stands till the end, so the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    notify(f"READY=1\nSTATUS={_status(watch, len(settings.mailboxes))}")
    url = settings.policy.url if settings.web.listen else ""
    log.ready([box.address.key for box in settings.mailboxes], url)


async def _wind_down(ending: Sequence[asyncio.Task[None]], others: Sequence[asyncio.Task[None]]) -> None:
    """What has begun comes to its end: a batch, with its marks; a conversation with the relay. The rest goes at once."""
    for task in others:
        if task not in ending:
            task.cancel()
    await asyncio.wait(ending, timeout=STOP_WITHIN)
    for task in ending:
        task.cancel()


def _status(watch: Presence, inboxes: int) -> str:
    """What `systemctl status` shows."""
    if awaited := len(watch.awaited()):
        return f"Standing by for {awaited} of {inboxes} inboxes: another mailtickets watches them"
    return f"Watching {inboxes} inboxes"


async def _answer_operator(
    asked: asyncio.Event, house: House, delivery: Delivery, watch: Presence, inboxes: Sequence[Intake]
) -> None:
    """After the clerk was asked for something: letters that wait again, or may be taken in; rows that are due again."""
    while True:
        await asked.wait()
        asked.clear()
        for inbox in inboxes:
            inbox.reconcile_soon()
        await finish_leftovers(house, watched_by_others(watch))
        delivery.nudge()


def _tell_login(outages: Outages, login: str, wrong: str, is_refusal: bool) -> None:
    """A login that cannot be renewed still works for a while: the operators hear of it before mail stops."""
    words = f"The {login} cannot be renewed, and mail stops when the present one ends. {wrong}"
    if wrong and outages.begins(login, words, is_urgent=is_refusal):
        log.login_failing(login, wrong, is_refusal)
    elif not wrong and outages.ends(login):
        log.login_renewed(login)


async def _watchdog(pulse: Pulse, outages: Outages) -> None:
    """Ping systemd while the loop runs on time and every part of the house shows signs of life."""
    wanted = float(os.environ.get("WATCHDOG_USEC", "0")) / 1e6
    every = wanted / 3 if wanted else 10.0
    loop = asyncio.get_running_loop()
    while True:
        before = loop.time()
        await asyncio.sleep(every)
        lag = loop.time() - before - every
        # Whoever waits for the database is silent and well: to be started again would not bring it back.
        is_waiting = any(outage.name == DATABASE for outage in outages.lasting())
        silent = () if is_waiting else pulse.silent(loop.time())
        if lag > LAG_LIMIT or silent:
            log.unwell(lag, silent)
        else:
            notify("WATCHDOG=1")


async def _keep_window_open(settings: Settings) -> None:
    """The page, in a process of its own; opened again whenever it falls shut, ever later if it will not stay open."""
    loop = asyncio.get_running_loop()
    pause = WINDOW_PAUSE
    while True:
        command = (sys.executable, "-m", "mailtickets", "window", "--config", str(settings.config_file))
        opened_at = loop.time()
        window = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, env=config.left_in_environment(settings)
        )
        log.window_started(window.pid, settings.web.listen)
        try:
            code = await window.wait()
        finally:
            if window.returncode is None:
                window.terminate()
                await asyncio.shield(window.wait())
        stayed_open = loop.time() - opened_at > LONGEST_WINDOW_PAUSE
        pause = WINDOW_PAUSE if stayed_open else min(pause * 2, LONGEST_WINDOW_PAUSE)
        log.window_restarted(code, timedelta(seconds=pause))
        await asyncio.sleep(pause)
