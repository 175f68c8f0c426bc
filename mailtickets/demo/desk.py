"""The desk that the demo is about: the real one, as `mailtickets run` starts it, with a config as an operator writes it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from mailtickets.core.mail import Address
from mailtickets.demo.server import AUTHSERV_ID, HOST, PASSWORD, Ports

DESK = Address("support@example.org", "Example Support")
ANN = Address("ann@example.org", "Ann Smith")
MARIA = Address("maria@customer.example", "Maria Lopez")
PEOPLE = (DESK, ANN, MARIA)

_CONFIG = """\
[desk]
name = "{desk.name}"
public_url = "{url}"
state_dir = "state"
undo_window = "0s"                         # nobody waits in a demo

[[mailbox]]
address = "{desk.spec}"
[mailbox.imap]
host = "{host}"
port = {imap}
tls = "none"
user = "{desk.spec}"
password_file = "password"

[smtp]
host = "{host}"
port = {smtp}
tls = "none"
user = "{desk.spec}"
password_file = "password"

[trust]
authserv_id = "{authserv_id}"
dkim = false

[web]
listen = "{listen}"

[[agent]]
address = "{ann.spec}"
name = "{ann.name}"
role = "admin"

[log]
format = "console"
"""


class Broken(Exception):
    """Something of the demo did not happen. `str()` is a plain sentence."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A running desk. All it keeps is in `folder`."""

    folder: Path
    url: str
    process: asyncio.subprocess.Process

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def log(self) -> Path:
        return self.folder / "desk.log"


async def start(folder: Path, ports: Ports, ready_within: float) -> Desk:
    """Write the config, start the desk, wait for its page. Broken if it does not come up in so many seconds."""
    listen = f"{HOST}:{_free_port()}"
    words = _CONFIG.format(
        desk=DESK, ann=ANN, host=HOST, imap=ports.imap, smtp=ports.smtp, url=f"http://{listen}", listen=listen,
        authserv_id=AUTHSERV_ID,
    )  # fmt: skip
    (folder / "config.toml").write_text(words)
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(f"{PASSWORD}\n")
    with (folder / "desk.log").open("wb") as log:
        # A session of its own: Ctrl-C is for the demo, which then stops the desk in its own time.
        process = await asyncio.create_subprocess_exec(
            *_command("run", folder / "config.toml"), stdout=log, stderr=log, start_new_session=True
        )
    desk = Desk(folder, f"http://{listen}", process)
    try:
        async with asyncio.timeout(ready_within):
            await _up(desk)
    except TimeoutError:
        await stop(desk)
        raise Broken(f"The desk did not open its page within {ready_within:.0f} s.") from None
    return desk


async def stop(desk: Desk) -> None:
    """End it as systemd would; after 40 s with force."""
    if desk.process.returncode is not None:
        return
    desk.process.terminate()
    try:
        async with asyncio.timeout(40):
            await desk.process.wait()
    except TimeoutError:
        os.killpg(desk.process.pid, signal.SIGKILL)
        await desk.process.wait()


async def link(desk: Desk, address: Address) -> str:
    """A fresh sign-in link to the page."""
    return (await _told(desk, "link", address.spec)).split()[-1]


async def status(desk: Desk, number: int) -> str:
    """The status of a ticket, "" if there is no such ticket."""
    rows = json.loads(await _told(desk, "ticket", "list", "--json"))
    return next((str(row["status"]) for row in rows if row["number"] == number), "")


async def _told(desk: Desk, *words: str) -> str:
    """What a command of the operator prints. Broken if it fails."""
    process = await asyncio.create_subprocess_exec(
        *_command(*words, desk.config), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, error = await process.communicate()
    if process.returncode:
        raise Broken(f"“mailtickets {' '.join(words)}” failed: {error.decode(errors='replace').strip()}")
    return out.decode()


def _command(*words: str | Path) -> tuple[str, ...]:
    """`mailtickets WORDS… --config FILE` in this very interpreter; the last word is the file."""
    *command, config = map(str, words)
    return (sys.executable, "-m", "mailtickets", *command, "--config", config)


async def _up(desk: Desk) -> None:
    while not await asyncio.to_thread(_answers, f"{desk.url}/healthz"):
        if desk.process.returncode is not None:
            raise Broken("The desk stopped before its page was up.")
        await asyncio.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:  # noqa: S310
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
