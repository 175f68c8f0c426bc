"""One writer for a state directory, and for an SQLite file: the daemon, or the command line when no daemon runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from mailtickets.store import connect


class Held(Exception):
    """Another process has the lock; `pid` is what it wrote there, 0 if it wrote nothing."""

    def __init__(self, path: Path, pid: int) -> None:
        super().__init__(f"Another mailtickets (process {pid}) works in {path.parent}. Stop it first.")
        self.pid = pid


@contextlib.contextmanager
def hold(state_dir: Path, database_url: str = "") -> Iterator[None]:
    """Hold the state directory's lock, and that of an SQLite file which lies elsewhere; `Held` if somebody else does.

    The kernel frees them with their process.
    """
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_hold(state_dir / "lock"))
        if database_url and connect.is_sqlite(database_url):
            file = connect.sqlite_file(database_url)
            if file.parent.resolve() != state_dir.resolve():
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                stack.enter_context(_hold(file.with_name(f"{file.name}.lock")))
        yield


@contextlib.contextmanager
def _hold(path: Path) -> Iterator[None]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            written = os.read(fd, 20).strip()
            raise Held(path, int(written) if written.isdigit() else 0) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(fd)
