"""The clerk who writes: in the daemon, or in the command line when no daemon is up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mailtickets import desk as desk_room
from mailtickets.core.mail import Address
from mailtickets.desk import Desk
from mailtickets.store import ledger, outbox, people
from mailtickets.store.engine import Store


class LedgerClerk:
    """Writes by itself. `nudge` tells the house that there is work: letters, mail."""

    def __init__(
        self, store: Store, desk: Desk, clock: Callable[[], datetime], nudge: Callable[[], None]
    ) -> None:
        self._store = store
        self._desk = desk
        self._clock = clock
        self._nudge = nudge

    def link(self, address: str) -> str | None:
        return self._store.write_sync(desk_room.sign_in_link, self._desk, address, self._clock())

    def sign_in(self, address: str) -> None:
        self._store.write_sync(desk_room.mail_sign_in_link, self._desk, address, self._clock())
        self._nudge()

    def use_link(self, token: str) -> str | None:
        return self._store.write_sync(desk_room.open_session, token, self._clock())

    def sign_out(self, session: str, everywhere: bool = False) -> None:
        self._store.write_sync(desk_room.close_session, session, everywhere)

    def note_session(self, session: str) -> None:
        self._store.write_sync(desk_room.note_session, session, self._clock())

    def revoke_sessions(self, ids: tuple[int, ...], addresses: tuple[str, ...]) -> int:
        return self._store.write_sync(desk_room.revoke_sessions, ids, addresses)

    def retry_quarantined(self, ids: tuple[int, ...]) -> int:
        return self._nudged(self._store.write_sync(ledger.requeue_quarantined, ids, self._clock()))

    def release_held(self, ids: tuple[int, ...]) -> int:
        return self._nudged(self._store.write_sync(ledger.requeue_held, ids, self._clock()))

    def accept(self, mailbox: str) -> int:
        return self._nudged(self._store.write_sync(ledger.accept, mailbox))

    def retry_outbox(self, ids: tuple[int, ...]) -> int:
        return self._nudged(self._store.write_sync(outbox.retry, ids, self._clock()))

    def lift_paused(self, addresses: tuple[str, ...]) -> int:
        return self._store.write_sync(people.lift, tuple(Address(spec).key for spec in addresses))

    def _nudged(self, count: int) -> int:
        self._nudge()
        return count
