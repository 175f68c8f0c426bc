"""The window's own process: opens the ledger to read, serves the pages, and ends with whoever started it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from datetime import datetime

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from mailtickets.config import Settings
from mailtickets.config.values import UNIX
from mailtickets.store.engine import Store
from mailtickets.templates import Pages
from mailtickets.web import app
from mailtickets.web.armour import ALWAYS
from mailtickets.web.clerk import Clerk

ORPHAN_CHECK = 1.0  # seconds between looks whether the parent lives
WAITING = 256  # connections whose request has not come yet; of more, the one that has waited longest is cut
HEAD_OCTETS = 16 * 1024  # of a request's first line and headers
BACKLOG = 128  # connections that the system holds for us
IDLE = 5  # seconds that a connection is kept for another request
HEAD_WITHIN = 10.0  # seconds from connecting, or from the last answer, to a whole request head
ANSWER_WITHIN = 300.0  # seconds from there to the last octet taken by the reader
STOP_WITHIN = 3  # seconds for answers that are under way


class Impatient(H11Protocol):
    """uvicorn's own waits for ever for a request's first lines, for a reader who does not read, and for any number of them."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_again()
        self._make_room()

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._wait_again()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait_again()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline:
            self._deadline.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP never reaches the app, which would put the headers on."""
        headers = {**ALWAYS, "Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        for event in (
            h11.Response(status_code=400, headers=list(headers.items()), reason=b"Bad Request"),
            h11.Data(data=msg.encode()),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    @property
    def _is_waiting(self) -> bool:
        """For its request, or for the rest of it."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _make_room(self) -> None:
        """Whoever sends a request at once is answered, however many others only hold a connection."""
        waiting = [
            one
            for one in self.connections
            if isinstance(one, Impatient) and one._is_waiting and not one.transport.is_closing()
        ]
        if len(waiting) > WAITING:
            min(waiting, key=lambda one: one._since).transport.abort()

    def _wait_again(self) -> None:
        """A new deadline for what comes now: a request's head, or the end of its answer."""
        if self._deadline:
            self._deadline.cancel()
        self._since = self.loop.time()
        is_answering = self.cycle is not None and not self.cycle.response_complete
        seconds = ANSWER_WITHIN if is_answering else HEAD_WITHIN
        self._deadline = self.loop.call_later(seconds, self.transport.abort)


def main(settings: Settings, clerk: Clerk, clock: Callable[[], datetime]) -> None:
    """Serve until SIGTERM or SIGINT, or until the parent is gone. OSError if the port cannot be had."""
    asyncio.run(_serve(settings, clerk, clock, os.getppid()))


async def _serve(settings: Settings, clerk: Clerk, clock: Callable[[], datetime], parent: int) -> None:
    store = Store.open(settings.database_url, settings.blobs, read_only=True)
    try:
        with listening(settings.web.listen) as sock:
            served = app.create(
                store, settings.policy, settings.web, clerk, clock, Pages(settings.templates_dir).render
            )
            await _until_told(uvicorn.Server(config(served)), sock, parent)
    finally:
        await store.close()


def config(served: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        served,
        http=Impatient,
        ws="none",
        lifespan="off",
        log_config=None,  # ours stands already
        access_log=False,  # paths hold sign-in links
        server_header=False,
        proxy_headers=False,  # `web.proxies` knows whom to believe
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=STOP_WITHIN,
        h11_max_incomplete_event_size=HEAD_OCTETS,
    )


async def _until_told(server: uvicorn.Server, sock: socket.socket, parent: int) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    # uvicorn would raise the signal again once it has stopped, and so end with an error.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, stop)
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(_stop_with(parent, stop))
        await server.serve(sockets=[sock])
        watch.cancel()


async def _stop_with(parent: int, stop: Callable[[], None]) -> None:
    """A window whose daemon was killed must free the port for the next one."""
    while os.getppid() == parent:  # noqa: ASYNC110 (no event tells that a parent died)
        await asyncio.sleep(ORPHAN_CHECK)
    stop()


def listening(listen: str) -> socket.socket:
    """A socket that listens on "host:port", "[v6 host]:port" or "unix:/path". OSError if it cannot be had."""
    if listen.startswith(UNIX):
        return _named_socket(listen.removeprefix(UNIX))
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host, int(port)), family=family, backlog=BACKLOG)
    # What is accepted inherits it. asyncio would set it, but not on a socket of protocol 0, which this is; and
    # head and body of an answer are two writes, of which the second waits 40 ms for the first one's ACK.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _named_socket(path: str) -> socket.socket:
    """A socket in a folder. Whoever may enter that folder may connect, as anybody here may to a port."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if _is_left_over(path):
            os.unlink(path)
        sock.bind(path)
        os.chmod(path, 0o666)  # noqa: S103 - the folder says who may come in
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _is_left_over(path: str) -> bool:
    """Whether the socket of a window that was killed lies there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        try:
            knocking.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False
