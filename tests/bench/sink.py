"""Where the bench's mail ends: `smtp-sink` of Postfix, which counts and forgets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.loopback import HOST, free_port, listens, wait_until

_COUNT = re.compile(rb"mesg=\s*(\d+)")


def missing() -> str:
    """Why there can be no sink here, "" if there can."""
    return "" if shutil.which("smtp-sink") else "left out: smtp-sink (install the Debian package postfix)"


class Sink:
    """Owns the process. `count()` is the number of mails it has taken so far."""

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="mt-sink-"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        drop = ["-u", "nobody"] if os.geteuid() == 0 else []
        with (self._folder / "counters").open("wb") as counters:
            self._process = subprocess.Popen(
                ["smtp-sink", "-c", *drop, f"{HOST}:{self.port}", "100"],
                stdout=counters,
                stderr=subprocess.DEVNULL,
                cwd="/",
            )
        wait_until(lambda: listens(self.port), "smtp-sink to listen")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        shutil.rmtree(self._folder)

    def count(self) -> int:
        with (self._folder / "counters").open("rb") as counters:
            counters.seek(max(0, counters.seek(0, os.SEEK_END) - 200))
            found = _COUNT.findall(counters.read())
        return int(found[-1]) if found else 0

    def wait_for(self, count: int, timeout: float, is_up: Callable[[], bool] = lambda: True) -> float:
        """time.perf_counter() when the count was reached; TimeoutError names how far it came."""
        until = time.monotonic() + timeout
        while (reached := self.count()) < count:
            if time.monotonic() > until or not is_up():
                raise TimeoutError(f"{reached} of {count} mails came out, and no more")
            time.sleep(0.002)
        return time.perf_counter()
