"""One writer for a state directory: the daemon, or the command line when no daemon runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class Held(Exception):
    """Another process has the lock; `pid` is what it wrote there, 0 if it wrote nothing."""

    def __init__(self, path: Path, pid: int) -> None:
        super().__init__(f"Another mailtickets (process {pid}) works in {path.parent}. Stop it first.")
        self.pid = pid


@contextlib.contextmanager
def hold(state_dir: Path) -> Iterator[None]:
    """Hold the state directory's lock; `Held` if somebody else does. The kernel frees it with its process."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = state_dir / "lock"
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
