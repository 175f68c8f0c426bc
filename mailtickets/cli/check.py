"""Every setting tested against the real thing, and said in plain words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

import typer

from mailtickets.cli import trust
from mailtickets.cli.options import NOT_THERE, AsJson, ConfigFile, settings
from mailtickets.cli.rows import Column, counted, show, words

if TYPE_CHECKING:
    from mailtickets.wire import Finding

COLUMNS = (Column("subject", "Subject"), Column("state", "State"), Column("text", "Text"))
COLOURS = {"ok": 32, "note": 33, "FAIL": 31}  # ECMA-48


app = typer.Typer(help="Test the config against the real servers; trust: try what they let through.")


@app.callback(invoke_without_command=True)
def check(context: typer.Context, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Test the config against the real servers. Exit code 1 if anything is wrong."""
    if context.invoked_subcommand is not None:
        return
    found = settings(config, with_secrets=True)
    from mailtickets.cli.findings import CHECKS

    report((f for test in CHECKS for f in test(found)), as_json=as_json, well="The desk can start.")


def report(found: Iterable[Finding], *, as_json: bool, well: str) -> NoReturn:
    """Say each finding as soon as it is there, and exit: 1 if anything is wrong. `well`: what is said if not."""
    from mailtickets.wire import State

    findings = []
    for finding in found:
        findings.append(finding)
        if not as_json:
            _say(finding)
    failed = sum(finding.state is State.FAIL for finding in findings)
    if as_json:
        rows = [{"subject": f.subject, "state": f.state.value, "text": f.text} for f in findings]
        show(rows, COLUMNS, as_json=True, none="")
    else:
        print(f"\n{counted(failed, 'thing needs', 'things need')} mending." if failed else f"\n{well}")
    raise typer.Exit(NOT_THERE if failed else 0)


app.command()(trust.trust)


def _say(finding: Finding) -> None:
    mark = f"{finding.state.value:<4}"
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        mark = f"\033[{COLOURS[finding.state.value]}m{mark}\033[0m"
    print(f"{mark}  {finding.subject:<11}  {words(finding.text)}", flush=True)
