"""Every setting tested against the real thing, and said in plain words."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from mailtickets.cli.options import NOT_THERE, AsJson, ConfigFile, settings
from mailtickets.cli.rows import Column, counted, show, words

if TYPE_CHECKING:
    from mailtickets.wire import Finding

COLUMNS = (Column("subject", "Subject"), Column("state", "State"), Column("text", "Text"))
COLOURS = {"ok": 32, "note": 33, "FAIL": 31}  # ECMA-48


def check(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Test the config against the real servers. Exit code 1 if anything is wrong."""
    found = settings(config, with_secrets=True)
    from mailtickets.cli.findings import CHECKS
    from mailtickets.wire import State

    findings = []
    for test in CHECKS:
        for finding in test(found):
            findings.append(finding)
            if not as_json:
                _say(finding)
    failed = sum(finding.state is State.FAIL for finding in findings)
    if as_json:
        rows = [{"subject": f.subject, "state": f.state.value, "text": f.text} for f in findings]
        show(rows, COLUMNS, as_json=True, none="")
    else:
        print(
            f"\n{counted(failed, 'thing needs', 'things need')} mending."
            if failed
            else "\nThe desk can start."
        )
    raise typer.Exit(NOT_THERE if failed else 0)


def _say(finding: Finding) -> None:
    mark = f"{finding.state.value:<4}"
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        mark = f"\033[{COLOURS[finding.state.value]}m{mark}\033[0m"
    print(f"{mark}  {finding.subject:<11}  {words(finding.text)}", flush=True)
