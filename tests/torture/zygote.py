"""Starts daemons by fork, so that a thousand of them cost a thousand forks and not a thousand imports.

A process of its own, single-threaded, that has imported the program once and forks for each start. What runs in
the fork is `mailtickets run`: its settings, its log, its exit codes. The one difference: the clock may be moved by
writing seconds into the file `clock` beside the config.

    with Zygote() as zygote:
        process = zygote.start(config, MAILTICKETS_FAILPOINTS="kept=kill")
        process.pid; process.poll(); process.wait(10); process.send_signal(signal.SIGTERM)
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, Self

ROOT = Path(__file__).parents[2]


class Zygote:
    """Owns the process that forks."""

    def __enter__(self) -> Self:
        # Compiled once: this machine's settings may forbid that.
        cache = {
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": f"{tempfile.gettempdir()}/mt-torture-pyc",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | cache,
        )
        self._ask()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def start(self, config: Path, limits: dict[str, int] | None = None, **environment: str) -> Forked:
        """`limits`: of resource.setrlimit, by their names."""
        told = {"config": str(config), "environment": environment, "limits": limits or {}}
        return Forked(self, self._ask(told)["pid"])

    def status(self, pid: int) -> int | None:
        """As Popen.poll tells it."""
        code: int | None = self._ask({"poll": pid})["code"]
        return code

    def _ask(self, told: dict[str, Any] | None = None) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if told is not None:
            self._process.stdin.write(json.dumps(told).encode() + b"\n")
            self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


class Forked:
    """One daemon, with the methods of a Popen."""

    def __init__(self, zygote: Zygote, pid: int) -> None:
        self._zygote = zygote
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._zygote.status(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        until = time.monotonic() + (timeout or 3600)
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("mailtickets run", timeout or 3600)
            time.sleep(0.01)
        return code

    def send_signal(self, signum: int) -> None:
        os.kill(self.pid, signum)


# The other side.


def _serve() -> None:
    from mailtickets import daemon  # noqa: F401  what a start needs, imported once
    from mailtickets.cli import run  # noqa: F401

    ended: dict[int, int] = {}
    _say({})
    for line in sys.stdin:
        told = json.loads(line)
        if "poll" in told:
            _say({"code": _status(told["poll"], ended)})
            continue
        if pid := os.fork():
            _say({"pid": pid})
        else:
            _be_the_daemon(Path(told["config"]), told["environment"], told["limits"])


def _status(pid: int, ended: dict[int, int]) -> int | None:
    if pid not in ended:
        found, status = os.waitpid(pid, os.WNOHANG)
        if not found:
            return None
        ended[pid] = os.waitstatus_to_exitcode(status)
    return ended[pid]


def _be_the_daemon(config: Path, environment: dict[str, str], limits: dict[str, int]) -> NoReturn:
    import resource

    import typer

    from mailtickets import daemon
    from mailtickets.cli import run

    code = 1
    try:
        os.setsid()
        os.chdir(config.parent)
        out = os.open("daemon.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.environ.update(environment)
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, name), (value, value))
        daemon.run.__defaults__ = (_moved_clock(config.parent / "clock"),)
        run.run(config)
        code = 0
    except typer.Exit as end:
        code = end.exit_code
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _moved_clock(file: Path) -> Any:
    from mailtickets.daemon import utcnow

    def clock() -> datetime:
        try:
            return utcnow() + timedelta(seconds=float(file.read_text()))
        except (OSError, ValueError):
            return utcnow()

    return clock


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _serve()
