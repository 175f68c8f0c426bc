"""The window's own process: opens the ledger to read, serves the pages, and ends with whoever started it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from datetime import datetime

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from mailtickets.config import Settings
from mailtickets.store.engine import Store
from mailtickets.templates import Pages
from mailtickets.web import app
from mailtickets.web.clerk import Clerk

ORPHAN_CHECK = 1.0  # seconds between looks whether the parent lives
CONNECTIONS = 200
HEAD_OCTETS = 16 * 1024  # of a request's first line and headers
IDLE = 5  # seconds that a connection is kept for another request
HEAD_WITHIN = 10.0  # seconds from connecting, or from the last answer, to a whole request head
ANSWER_WITHIN = 300.0  # seconds from there to the last octet taken by the reader
STOP_WITHIN = 3  # seconds for answers that are under way


class Impatient(H11Protocol):
    """uvicorn's own waits for ever for a request's first lines, and for a reader who does not read."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_again()

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

    def _wait_again(self) -> None:
        """A new deadline for what comes now: a request's head, or the end of its answer."""
        if self._deadline:
            self._deadline.cancel()
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
        limit_concurrency=CONNECTIONS,
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
    """A socket that listens on "host:port" or "[v6 host]:port". OSError if it cannot be had."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host, int(port)), family=family, backlog=128)
    # What is accepted inherits it. asyncio would set it, but not on a socket of protocol 0, which this is; and
    # head and body of an answer are two writes, of which the second waits 40 ms for the first one's ACK.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
