"""The desk as an operator runs it: `mailtickets run` between a real Dovecot and a real Postfix.

with House(tmp_path) as house:
    house.start()
    house.write("lee@customer.example", "Printer", "It prints blank pages.")
    letter = house.read("lee@customer.example", 1)      # the acknowledgement
    house.answer(letter, "lee@customer.example", "Thanks.")
    house.stop(); house.kill()
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mailtickets.core.mail import Address
from mailtickets.demo import letters
from mailtickets.demo.letters import Letter
from tests.dovecot import PASSWORD, Dovecot
from tests.loopback import HOST, free_port, wait_until
from tests.postfix import Postfix

SUPPORT, SALES = "support@example.org", "sales@example.org"
ANN, BEN = "ann@example.org", "ben@example.org"
LEE, KIM = "lee@customer.example", "kim@customer.example"
EVERYBODY = (SUPPORT, SALES, ANN, BEN, LEE, KIM)

CONFIG = """
[desk]
name = "Example Support"
public_url = "http://127.0.0.1:{page}"
state_dir = "state"
undo_window = "0s"
{desk}

[database]
url = "{database}"

{mailboxes}

[smtp]
host = "127.0.0.1"
port = {smtp}
tls = "none"

[web]
listen = "{listen}"

[[agent]]
address = "ann@example.org"
name = "Ann Smith"
role = "admin"

[[agent]]
address = "ben@example.org"
name = "Ben Okafor"

[log]
format = "json"

[trust]
{trust}
{more}
"""

MAILBOX = """
[[mailbox]]
address = "{address}"
[mailbox.imap]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "{address}"
password_file = "imap-password"
poll = "1s"
"""


def write_config(
    folder: Path,
    *,
    imap_port: int,
    smtp_port: int,
    page_port: int = 0,
    database: str = "sqlite:///mailtickets.db",
    mailboxes: tuple[str, ...] = (SUPPORT,),
    desk: str = "",
    trust: str = "dkim = false",
    more: str = "",
) -> None:
    """`config.toml` in a folder, with its password file. `page_port` 0: no page."""
    (folder / "imap-password").write_text(PASSWORD)
    (folder / "config.toml").write_text(
        CONFIG.format(
            page=page_port,
            listen=f"{HOST}:{page_port}" if page_port else "",
            database=database,
            desk=desk,
            trust=trust,
            more=more,
            mailboxes="".join(MAILBOX.format(address=a, port=imap_port) for a in mailboxes),
            smtp=smtp_port,
        )
    )


class House:
    """Owns the daemon's process and, unless they are handed in, nothing else."""

    def __init__(
        self,
        folder: Path,
        dovecot: Dovecot,
        relay: Postfix | int,
        *,
        database: str = "sqlite:///mailtickets.db",
        mailboxes: tuple[str, ...] = (SUPPORT,),
        desk: str = "",
        trust: str = "dkim = false",
        more: str = "",
        page: bool = False,
    ) -> None:
        self.folder = folder
        self.dovecot = dovecot
        self.page = free_port()
        self.config = folder / "config.toml"
        self._process: subprocess.Popen[bytes] | None = None
        self._read: dict[str, int] = {}
        write_config(
            folder,
            imap_port=dovecot.port,
            smtp_port=relay if isinstance(relay, int) else relay.port,
            page_port=self.page if page else 0,
            database=database,
            mailboxes=mailboxes,
            desk=desk,
            trust=trust,
            more=more,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        died = self._process is not None and self._process.poll() is not None
        if self._process is not None and not died:
            self.kill()
        if error is not None:
            error.add_note(self.log)
        elif died:
            raise AssertionError(f"the daemon ended by itself\n{self.log}")

    # The process

    def start(self, **environment: str) -> None:
        """Ready when this returns."""
        before = self._ready
        self.launch(**environment)
        self.wait_until_ready(before)

    def launch(self, **environment: str) -> subprocess.Popen[bytes]:
        """Started, and no more than that."""
        with (self.folder / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mailtickets", "run", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | environment,
                start_new_session=True,
            )
        return self._process

    def wait_until_ready(self, before: int = 0) -> None:
        """`before`: how often it had been ready when it was launched."""
        assert self._process is not None
        process = self._process
        wait_until(lambda: self._ready > before or process.poll() is not None, "READY", 90)
        assert process.poll() is None, self.log

    @property
    def _ready(self) -> int:
        return self.log.count('"event":"ready"')

    def stop(self) -> int:
        """SIGTERM, and wait: the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(40)
        self._process = None
        return code

    def kill(self) -> None:
        """SIGKILL for the daemon alone: its children have to notice by themselves."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        path = self.folder / "daemon.log"
        return path.read_text(errors="replace").replace('": ', '":') if path.exists() else ""

    # The mail

    def write(self, sender: str, subject: str, text: str, to: str = SUPPORT, **headers: str) -> None:
        """A new letter to the desk, as a mail client makes it."""
        message = letters.fresh(Address(sender), Address(to), subject, text, datetime.now(UTC))
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        self.deliver(message.as_bytes(), sender, to)

    def answer(self, letter: Letter, sender: str, text: str) -> None:
        """A reply made from the raw letter and nothing else."""
        message = letters.reply(letter, Address(sender), text, datetime.now(UTC))
        self.deliver(
            message.as_bytes(), sender, SUPPORT if "To" not in message else _spec(str(message["To"]))
        )

    def deliver(self, octets: bytes, sender: str, to: str = SUPPORT) -> None:
        self.dovecot.deliver(octets, to, sender)

    def read(self, who: str, count: int = 1, timeout: float = 60) -> list[Letter]:
        """The next `count` letters in somebody's inbox, oldest first; TimeoutError if they do not come."""
        start = self._read.get(who, 0)
        found = self.dovecot.wait_for(who, start + count, timeout=timeout)
        self._read[who] = start + count
        return [Letter(Address(who), octets) for octets in found[start : start + count]]

    def all(self, who: str) -> list[Letter]:
        """Every letter in somebody's inbox."""
        return [Letter(Address(who), octets) for octets in self.dovecot.mails(who)]

    def unread(self, who: str) -> int:
        """How many letters have come that nobody asked for yet."""
        return len(self.dovecot.mails(who)) - self._read.get(who, 0)

    # The ledger, as an operator sees it

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """What a command of the operator's prints with --json."""
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr.decode()
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "mailtickets", *words, "--config", str(self.config)]
        return subprocess.run(command, cwd=self.folder, capture_output=True, timeout=60, check=False)

    def wait_for_ledger(self, count: int, timeout: float = 60) -> list[dict[str, Any]]:
        """The ledger as soon as it has so many letters, each with an outcome."""
        found: list[dict[str, Any]] = []

        def settled() -> bool:
            found[:] = self.rows("ledger")
            return len([row for row in found if row["outcome"]]) >= count

        wait_until(settled, f"{count} letters in the ledger", timeout)
        return found

    def ticket(self, number: int) -> dict[str, Any]:
        return next(row for row in self.rows("ticket", "list") if row["number"] == number)

    def wait_for_status(self, number: int, status: str) -> None:
        wait_until(lambda: self.ticket(number)["status"] == status, f"{number} to be {status}", 25)


def _spec(header: str) -> str:
    return header.rpartition("<")[2].rstrip(">")
