"""The daemon's end of the socket."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import socket
from collections.abc import Iterator
from pathlib import Path

from mailtickets.control.questions import Clerk, short, socket_path


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """The control socket, for this user only; removed at the end."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        with short(path) as name:
            sock.bind(name)
        path.chmod(0o600)
        sock.listen()
        try:
            yield sock
        finally:
            path.unlink(missing_ok=True)


async def serve(clerk: Clerk, state_dir: Path) -> None:
    """Answer questions until cancelled."""
    with listening(socket_path(state_dir)) as sock:
        await _somebody(sock)
        # Only now, since few desks are ever asked: FastAPI and what it needs take 12 MB.
        answering = await asyncio.to_thread(importlib.import_module, "mailtickets.control.answering")
        await answering.serve(clerk, sock)


async def _somebody(sock: socket.socket) -> None:
    """Until somebody knocks; they wait in the socket's queue meanwhile."""
    loop, knocked = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sock, knocked.set)
    try:
        await knocked.wait()
    finally:
        loop.remove_reader(sock)
