"""The way to a clerk, whether or not a daemon is up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime

from mailtickets import desk as desk_room
from mailtickets.config import Settings
from mailtickets.control.caller import SocketClerk
from mailtickets.control.clerk import LedgerClerk
from mailtickets.control.questions import Clerk, socket_path
from mailtickets.store import engine, lock, people
from mailtickets.store.engine import Store


@contextlib.contextmanager
def reach(settings: Settings, clock: Callable[[], datetime]) -> Iterator[Clerk]:
    """The daemon's clerk, or, with no daemon up, one that holds its lock and writes by itself.

    `DaemonGone` when the lock is held but the socket is silent: a daemon that starts, stops or hangs.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock.hold(settings.state_dir))
        except lock.Held:
            yield SocketClerk(socket_path(settings.state_dir))
            return
        engine.make_current(settings.database_url, settings.state_dir)
        store = Store.open(settings.database_url, settings.blobs)
        stack.callback(store.close_sync)
        store.write_sync(people.sync_staff, settings.staff, clock())
        # Nobody to wake: the daemon looks for work when it starts.
        yield LedgerClerk(store, desk_room.furnish(settings), clock, lambda: None)
