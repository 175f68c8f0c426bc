"""A PostgreSQL of the tests' own, on a free loopback port.

    with Postgres() as server:
        url = server.database()     # of a fresh, empty database: postgresql+psycopg://…

`missing()` says why there can be none here. The cluster lies in a folder of its own that goes with it;
`stop()` and `start()` cut every connection; fsync is off, since no test cuts the power.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import psycopg

from tests.loopback import HOST, free_port, wait_until

USER = "postgres"


def _programs() -> Path | None:
    """The folder of initdb and postgres; Debian keeps it off the path."""
    found = shutil.which("initdb", path=os.pathsep.join(map(str, _folders())))
    return Path(found).parent if found else None


def _folders() -> list[str]:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return [*map(str, debian), *os.environ.get("PATH", "").split(os.pathsep)]


def missing() -> str:
    """Why there can be no PostgreSQL here, "" if there can."""
    if _programs() is None:
        return "left out: PostgreSQL (install the Debian package postgresql)"
    # It refuses to run as root, so as root there must be somebody else to run it.
    if os.geteuid() == 0 and (USER not in {p.pw_name for p in pwd.getpwall()} or not shutil.which("setpriv")):
        return "left out: PostgreSQL (as root it needs the user postgres and setpriv)"
    return ""


class Postgres:
    """Owns one cluster, its process and its folder."""

    def __init__(self, *, durable: bool = False) -> None:
        """`durable`: wait for the disk at each commit, as nobody needs who only tests."""
        self._fsync = "on" if durable else "off"
        self.folder = Path(tempfile.mkdtemp(prefix="mt-postgres-"))
        self.port = free_port()
        self._programs = _programs() or Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER, USER)
        self._run(
            "initdb",
            "--auth=trust",
            f"--username={USER}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            str(self._data),
        )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGQUIT)  # nobody needs the data any more
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Up and answering when this returns."""
        options = {
            "port": self.port,
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "fsync": self._fsync,
            "full_page_writes": self._fsync,
            "shared_buffers": "32MB",
            "timezone": "America/New_York",  # whoever trusts the server's zone is found out
        }
        settings = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command("postgres", "-D", str(self._data), *settings), stdout=log, stderr=log
            )
        wait_until(self._answers, "PostgreSQL to answer", timeout=30)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Every connection is cut, and the data is whole when it starts again."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def database(self, like: str = "template0") -> str:
        """The URL of a fresh database: empty, or a copy of the one of that name."""
        name = f"t{next(self._numbers)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        return self._url(name).replace("postgresql://", "postgresql+psycopg://", 1)

    def drop(self, url: str) -> None:
        """Forget a database: each takes some 8 MB."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    @property
    def log(self) -> str:
        """What the server wrote down, for a test that fails."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}@{HOST}:{self.port}/{database}"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, *command: str) -> None:
        subprocess.run(self._command(*command), check=True, capture_output=True, timeout=60, cwd=self.folder)

    def _command(self, program: str, *words: str) -> list[str]:
        command = [str(self._programs / program), *words]
        if os.geteuid() != 0:
            return command
        return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", *command]
