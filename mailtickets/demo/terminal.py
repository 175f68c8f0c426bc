"""What the demo shows: each mail as it passes, each step as it is done, and where to go on by hand."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mailtickets.demo.desk import ANN, DESK, MARIA, Desk
from mailtickets.demo.letters import Letter
from mailtickets.demo.server import HOST, PASSWORD, Ports

_LINES = 16  # of a mail that is longer than _WHOLE; the rest is counted
_WHOLE = 20
_LOG_LINES = 25
_WIDTH = 84


class Terminal:
    """Owns the console."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._width = min(_WIDTH, self._console.width)

    def opening(self) -> None:
        self._console.print(
            Text.assemble(
                ("mailtickets demo\n", "bold"),
                f"The desk {DESK.spec} with a mail server of its own, a customer ({MARIA.name}) and an agent ({ANN.name}).\n"
                "Nothing leaves this machine.",
            )
        )

    def step(self, sentence: str) -> None:
        """What somebody is about to do."""
        self._console.print(Text(f"\n{sentence}", "bold"))

    def done(self, sentence: str) -> None:
        """What was checked and is so."""
        self._console.print(Text.assemble(("  ✓ ", "green"), sentence))

    def broken(self, sentence: str, log: Path) -> None:
        self._console.print(Text.assemble(("\n  ✗ ", "bold red"), (sentence, "bold")))
        if log.exists():
            last = log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
            self._console.print("The desk's last words:", *last, sep="\n", markup=False, soft_wrap=True)

    def passed(self, letter: Letter) -> None:
        """One mail, as its recipient gets it."""
        is_ours = letter.sender == DESK
        title = Text.assemble(
            (letter.sender.shown, "bold"), " → ", letter.recipient.spec, (f"  {datetime.now():%H:%M:%S}", "dim")  # noqa: DTZ005
        )  # fmt: skip
        body = Group(Text(letter.subject, "bold"), Text(), _body(letter))
        panel = Panel(
            body,
            title=title,
            title_align="left",
            border_style="blue" if is_ours else "dim",
            width=self._width,
        )
        self._console.print(Padding(panel, (0, 0, 0, 2 if is_ours else 0)))

    def rest(self, desk: Desk, ports: Ports, link: str) -> None:
        """Where to look and how to go on by hand."""
        table = Table.grid(padding=(0, 2))
        for name, value in (
            ("The page", Text(link, "bold blue")),
            (
                "",
                f"signed in as {ANN.name}; the link works once, within 15 minutes. A new one: mail #login to the desk",
            ),
            ("IMAP", f"{HOST} port {ports.imap}, no encryption"),
            ("SMTP", f"{HOST} port {ports.smtp}, no encryption"),
            ("User", f"{ANN.spec}, {MARIA.spec} or any other address; password {PASSWORD}"),
            ("Files", f"{desk.folder} (config.toml, desk.log; gone at the end)"),
        ):
            table.add_row(Text(name, "dim"), value)
        self._console.print(
            Text("\nGo on by hand, with your own mail client or from another terminal:", "bold")
        )
        self._console.print(table)
        self._console.print()
        for command in _examples():
            self._console.print(f"  {command}", soft_wrap=True, markup=False)
        self._console.print(Text("\nCtrl-C ends it.", "dim"))

    def goodbye(self, sentence: str) -> None:
        self._console.print(Text(f"\n{sentence}"))


def _body(letter: Letter) -> Text:
    """The words: what a reply quotes below is counted, what would fill the screen is cut."""
    lines = letter.text.rstrip().splitlines()
    typed = lines[
        : len(lines) - sum(1 for _ in takewhile(lambda line: line.startswith(">"), reversed(lines)))
    ]
    words = typed or lines
    shown = words if len(words) <= _WHOLE else words[:_LINES]
    body = Text("\n").join(Text(line, "dim" if line.startswith((">", "-- ")) else "") for line in shown)
    if quoted := len(lines) - len(typed):
        body.append(f"\n> … {quoted} lines quoted", "dim")
    elif cut := len(lines) - len(shown):
        body.append(f"\n… {cut} more lines", "dim")
    return body


def _examples() -> tuple[str, ...]:
    program = _program()
    return (
        f'{program} demo send --from {MARIA.spec} --subject "The door" "It does not open."',
        f'{program} demo send --from {ANN.spec} --reply-to-last "Have you pulled?"',
        f'{program} demo send --from {ANN.spec} --reply-to-last "#priority high"',
    )


def _program() -> str:
    """How this very program is called from here."""
    found = shutil.which("mailtickets")
    if found and Path(found).resolve() == Path(sys.argv[0]).resolve():
        return "mailtickets"
    return shlex.quote(os.path.relpath(sys.argv[0]))
