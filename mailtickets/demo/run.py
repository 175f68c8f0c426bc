"""The words of `mailtickets demo`: play the conversation and stay up, or send one more mail to a demo that is up.

The law: all it makes lies in one temporary folder, gone at the end; every process and port it opened is closed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import smtplib
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from mailtickets.core.mail import Address
from mailtickets.demo import desk, letters, server
from mailtickets.demo.conversation import Stage, play
from mailtickets.demo.desk import DESK, MARIA, Broken
from mailtickets.demo.server import PostOffice
from mailtickets.demo.terminal import Terminal

_READY_WITHIN = 60.0  # seconds
_PREFIX = "mailtickets-demo-"

app = typer.Typer(
    help="See all of it at work with a mail server of its own. Needs no config, and nothing leaves this machine.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@dataclass(frozen=True, slots=True)
class Running:
    """What `demo send` must know of a demo that is up: kept in its folder."""

    pid: int
    smtp: int  # port
    folder: str


@app.callback(invoke_without_command=True)
def _demo(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Play, check that each step happened, exit 0 or 1.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        raise typer.Exit(asyncio.run(_run(once)))


@app.command()
def send(
    text: Annotated[str, typer.Argument(help="What the mail says.")],
    sender: Annotated[str, typer.Option("--from", help="Whose mail client writes it.")] = MARIA.spec,
    to: Annotated[str, typer.Option("--to", help="Whom it goes to.")] = DESK.spec,
    subject: Annotated[str, typer.Option("--subject")] = "A question",
    reply_to_last: Annotated[
        bool,
        typer.Option(
            "--reply-to-last",
            help="Answer the last mail that --from got, quoting it; --to and --subject follow from it.",
        ),
    ] = False,
) -> None:
    """Send a mail to a demo that is up in another terminal."""
    running = _newest()
    if running is None:
        _end("No demo is up. Start one in another terminal: mailtickets demo")
    writer, now = _address(sender), datetime.now(UTC)
    if reply_to_last:
        last = server.last(Path(running.folder), writer)
        if last is None:
            _end(f"{writer.spec} got no mail yet, there is nothing to reply to.")
        message = letters.reply(last, writer, text, now)
    else:
        message = letters.fresh(writer, _address(to), subject, text, now)
    try:
        server.post(running.smtp, writer, message)
    except (smtplib.SMTPException, OSError) as error:
        _end(f"The demo's mail server did not take it: {error}")
    print(f"Sent to {message['To']}: {message['Subject']}")


async def _run(once: bool) -> int:
    """The exit code: 0 if each step happened."""
    terminal = Terminal()
    # Ctrl-C and SIGTERM end it alike; a second one does not stop the tidying up.
    playing = asyncio.ensure_future(_opened(terminal, once))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    try:
        await playing
    except Broken:
        return 1
    except asyncio.CancelledError:
        terminal.goodbye("Stopped; nothing is left behind.")
        return 130 if once else 0
    terminal.goodbye("Each step happened.")
    return 0


async def _opened(terminal: Terminal, once: bool) -> None:
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        office = PostOffice(folder / "mail", terminal.passed)
        ports = await office.open()
        try:
            terminal.opening()
            (folder / "demo.json").write_text(
                json.dumps(asdict(Running(os.getpid(), ports.smtp, str(folder / "mail"))))
            )
            await _played(terminal, folder, office, ports, once)
        except Broken as broken:
            terminal.broken(str(broken), folder / "desk.log")
            raise
        finally:
            await office.close()


async def _played(
    terminal: Terminal, folder: Path, office: PostOffice, ports: server.Ports, once: bool
) -> None:
    for person in desk.PEOPLE:
        office.admit(person)
    running = await desk.start(folder, ports, _READY_WITHIN)
    try:
        await play(Stage(office, ports.smtp, running, terminal))
        if not once:
            terminal.rest(running, ports, await desk.link(running, desk.ANN))
            await running.process.wait()
            raise Broken("The desk stopped.")
    finally:
        await desk.stop(running)


def _newest() -> Running | None:
    """The demo that was started last, of those of ours that are up."""
    found = []
    for file in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/demo.json"):
        with suppress(OSError, ValueError, TypeError):
            running = Running(**json.loads(file.read_text()))
            if file.stat().st_uid == os.getuid():
                os.kill(running.pid, 0)
                found.append((file.stat().st_mtime, running))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _address(word: str) -> Address:
    """The address that a person means, with the name that the demo knows for it."""
    return next((known for known in desk.PEOPLE if known == Address(word)), Address(word))


def _end(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
