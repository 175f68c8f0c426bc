"""What the command line and the sign-in page may ask of the daemon, over a unix socket of mode 0600.

The same `Clerk` works three ways: in the daemon, through its socket, and, with no daemon up,
in the command line itself under the daemon's lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

import httpx
import uvicorn
from fastapi import BackgroundTasks, FastAPI
from pydantic import BaseModel

from mailtickets import desk as desk_room
from mailtickets.config import Settings
from mailtickets.desk import Desk
from mailtickets.store import engine, ledger, lock, outbox, people
from mailtickets.store.engine import Store

ANSWER_WITHIN = 30.0  # seconds


class Clerk(Protocol):
    """Everything that somebody outside the daemon may ask to be written."""

    def link(self, address: str) -> str | None:
        """URL of a sign-in link for a known person; None if nobody has that address."""

    def sign_in(self, address: str) -> None:
        """Mail a sign-in link to the registered address, if there is one; tell nobody if not."""

    def use_link(self, token: str) -> str | None:
        """Spend a link: the token of a new session, None if the link is spent, old or wrong."""

    def sign_out(self, session: str) -> None:
        """End a session."""

    def retry_quarantined(self, ids: tuple[int, ...]) -> int:
        """Have letters of the quarantine read again; how many were there. () is all."""

    def release_held(self, ids: tuple[int, ...]) -> int:
        """Let held letters go on; how many were held. () is all."""

    def retry_outbox(self, ids: tuple[int, ...]) -> int:
        """Make failed, held and waiting rows due now; how many there were. () is all."""


class DaemonGone(ConnectionError):
    """The daemon's socket is there but nobody answers; `str()` says what to do."""


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

    def sign_out(self, session: str) -> None:
        self._store.write_sync(desk_room.close_session, session)

    def retry_quarantined(self, ids: tuple[int, ...]) -> int:
        return self._nudged(self._store.write_sync(ledger.requeue_quarantined, ids, self._clock()))

    def release_held(self, ids: tuple[int, ...]) -> int:
        return self._nudged(self._store.write_sync(ledger.requeue_held, ids, self._clock()))

    def retry_outbox(self, ids: tuple[int, ...]) -> int:
        return self._nudged(self._store.write_sync(outbox.retry, ids, self._clock()))

    def _nudged(self, count: int) -> int:
        self._nudge()
        return count


class Question(BaseModel):
    """What is asked: an address, a token, or row ids; each question reads its own."""

    address: str = ""
    token: str = ""
    ids: tuple[int, ...] = ()


class Answer(BaseModel):
    text: str | None = None
    count: int = 0


def app(clerk: Clerk) -> FastAPI:
    """The clerk behind HTTP, for the unix socket only."""
    api = FastAPI(title="mailtickets control", docs_url=None, redoc_url=None, openapi_url=None)

    @api.post("/link")
    def link(question: Question) -> Answer:
        return Answer(text=clerk.link(question.address))

    @api.post("/sign-in")
    def sign_in(question: Question, later: BackgroundTasks) -> Answer:
        # After the answer: how long it takes must not tell whether the address is known.
        later.add_task(clerk.sign_in, question.address)
        return Answer()

    @api.post("/use-link")
    def use_link(question: Question) -> Answer:
        return Answer(text=clerk.use_link(question.token))

    @api.post("/sign-out")
    def sign_out(question: Question) -> Answer:
        clerk.sign_out(question.token)
        return Answer()

    @api.post("/retry-quarantined")
    def retry_quarantined(question: Question) -> Answer:
        return Answer(count=clerk.retry_quarantined(question.ids))

    @api.post("/release-held")
    def release_held(question: Question) -> Answer:
        return Answer(count=clerk.release_held(question.ids))

    @api.post("/retry-outbox")
    def retry_outbox(question: Question) -> Answer:
        return Answer(count=clerk.retry_outbox(question.ids))

    return api


class SocketClerk:
    """Asks the daemon. Each method raises `DaemonGone` if it does not answer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _ask(self, what: str, question: Question) -> Answer:
        try:
            with _short(self._path) as name, _client(name) as client:
                reply = client.post(f"/{what}", json=question.model_dump(mode="json"))
                reply.raise_for_status()
        except (httpx.HTTPError, OSError) as error:
            raise DaemonGone(
                f"The daemon does not answer on {self._path} ({error}). See its log, or restart it."
            ) from error
        return Answer.model_validate(reply.json())

    def link(self, address: str) -> str | None:
        return self._ask("link", Question(address=address)).text

    def sign_in(self, address: str) -> None:
        self._ask("sign-in", Question(address=address))

    def use_link(self, token: str) -> str | None:
        return self._ask("use-link", Question(token=token)).text

    def sign_out(self, session: str) -> None:
        self._ask("sign-out", Question(token=session))

    def retry_quarantined(self, ids: tuple[int, ...]) -> int:
        return self._ask("retry-quarantined", Question(ids=ids)).count

    def release_held(self, ids: tuple[int, ...]) -> int:
        return self._ask("release-held", Question(ids=ids)).count

    def retry_outbox(self, ids: tuple[int, ...]) -> int:
        return self._ask("retry-outbox", Question(ids=ids)).count


def _client(name: str) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=name)
    return httpx.Client(transport=transport, base_url="http://control", timeout=ANSWER_WITHIN)


def socket_path(state_dir: Path) -> Path:
    return state_dir / "control.sock"


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


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of at most 108 octets for a socket in whatever folder: sockaddr_un holds no more (unix(7))."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """The control socket, for this user only; removed at the end."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        with _short(path) as name:
            sock.bind(name)
        path.chmod(0o600)
        try:
            yield sock
        finally:
            path.unlink(missing_ok=True)


async def serve(clerk: Clerk, state_dir: Path) -> None:
    """Answer questions until cancelled."""
    config = uvicorn.Config(app(clerk), log_config=None, lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    with listening(socket_path(state_dir)) as sock:
        # The daemon has the signals; uvicorn must not take them.
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        try:
            await server.serve(sockets=[sock])
        except asyncio.CancelledError:
            server.should_exit = True
            raise
