"""The desk under the clock: `mailtickets run` as an operator starts it, its limits lifted, nobody to notify."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.dovecot import PASSWORD
from tests.loopback import HOST, free_port

_CONFIG = """
[desk]
name = "Bench"
public_url = "http://{listen}"
state_dir = "state"

[database]
url = "{database}"

[[mailbox]]
address = "{user}"
[mailbox.imap]
host = "{host}"
port = {imap}
tls = "none"
user = "{user}"
password_file = "password"

[smtp]
host = "{host}"
port = {smtp}
tls = "none"
connections = {connections}

[web]
listen = "{listen}"

# Senders' domains are asked about over the network, once an hour each: what is measured here is mail, on this machine.
[trust]
dkim = false

[limits]
unproven_per_address = "none"
unproven_per_domain = "none"
unproven_in_all = "none"
automatic_per_ticket = "none"
tickets_per_sender = "none"
same_words = "none"

[log]
format = "json"
"""
_LOOK_EVERY = 0.25  # seconds between two looks at the memory
_UP_WITHIN = 60.0  # seconds


class Desk:
    """Owns the daemon's process. Ready when entered; memory is watched until it is left."""

    def __init__(
        self, folder: Path, user: str, imap: int, smtp: int, database: str, connections: int
    ) -> None:
        self.config = folder / "config.toml"
        self.peak = 0  # octets: the greatest proportional set size of all its processes together
        self.peaks = {"daemon": 0, "child": 0}  # of one process alone
        self.begun_at = self.ready_at = 0.0  # time.perf_counter()
        self._folder = folder
        self._cpu_before = 0.0
        self._told = self._done = 0  # octets of the log that were read, and letters in them
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._watch = threading.Thread(target=self._look, daemon=True)
        (folder / "password").write_text(PASSWORD)
        words = _CONFIG.format(
            listen=f"{HOST}:{free_port()}", host=HOST, user=user, imap=imap, smtp=smtp, database=database,
            connections=connections,
        )  # fmt: skip
        self.config.write_text(words)

    def __enter__(self) -> Self:
        # Type=notify, as systemd does it: READY comes after migrations and before the IMAP login.
        path = str(self._folder / "notify")
        self._ear.bind(path)
        self._ear.settimeout(_LOOK_EVERY)
        self.begun_at = time.perf_counter()
        with (self._folder / "daemon.log").open("wb") as log:
            self._process = subprocess.Popen(
                _command("run", self.config),
                stdout=log,
                stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": path},
                start_new_session=True,
            )
        self._wait_until_ready(self._process)
        self._cpu_before = cpu(self._process.pid)
        self.ready_at = time.perf_counter()
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._stopped.set()
        self._watch.join()
        self._ear.close()
        if error is not None:
            error.add_note(self._said())

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _UP_WITHIN
        while time.monotonic() < until and process.poll() is None:
            with suppress(TimeoutError):
                if b"READY=1" in self._ear.recv(4096):
                    return
        process.kill()
        sys.exit(f"The desk did not come up. It said:\n{self._said()}")

    def _said(self) -> str:
        return (self._folder / "daemon.log").read_text(errors="replace")[-6000:]

    def cpu(self) -> float:
        """Seconds that its processes have worked since READY, the start of the window and the reader included."""
        assert self._process is not None
        return sum(map(cpu, family(self._process.pid))) - self._cpu_before

    def is_up(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def memory(self) -> int:
        """Octets: the proportional set size of all its processes together."""
        assert self._process is not None
        return sum(map(pss, family(self._process.pid)))

    def done(self) -> int:
        """How many letters have their outcome, as its log says."""
        with (self._folder / "daemon.log").open("rb") as log:
            log.seek(self._told)
            new = log.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._told += len(whole)
        self._done += whole.count(b'"event": "mail done"')
        return self._done

    def outcomes(self) -> Counter[str]:
        """How many letters ended how."""
        done = subprocess.run(
            _command("ledger", "--json", self.config), capture_output=True, check=True, timeout=120
        )
        return Counter(row["outcome"] for row in json.loads(done.stdout))

    def _look(self) -> None:
        """Look at the memory now and then; listen meanwhile, so that the daemon's pings find room."""
        assert self._process is not None
        while not self._stopped.is_set():
            sizes = {pid: pss(pid) for pid in family(self._process.pid)}
            self.peak = max(self.peak, sum(sizes.values()))
            self.peaks["daemon"] = max(self.peaks["daemon"], sizes[self._process.pid])
            children = [size for pid, size in sizes.items() if _is_child(pid)]
            self.peaks["child"] = max(self.peaks["child"], *children, 0)
            with suppress(TimeoutError):
                self._ear.recv(4096)


def _command(*words: str | Path) -> tuple[str, ...]:
    *command, config = map(str, words)
    return (sys.executable, "-m", "mailtickets", *command, "--config", config)


def family(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:  # it has just ended
        return
    for child in children:
        yield from family(child)


def _is_child(pid: int) -> bool:
    """Whether it opens letters."""
    try:
        return b"mailtickets.reader.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def pss(pid: int) -> int:
    """Octets; shared pages count in equal parts for all that share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def cpu(pid: int) -> float:
    """Seconds, in user and kernel mode (proc(5), fields 14 and 15)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
