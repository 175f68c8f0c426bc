"""The operator's door: one file for each group of commands.

The law: exit codes are 0 done, 1 what was asked for is not there or a check failed, 2 usage,
78 the config or a second instance stands in the way. Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The console script."""
    # Here and not above: a spawned reader child imports the script anew, and has no use for commands.
    from mailtickets.cli.app import app

    # Names and subjects come in every script; a terminal that cannot show one gets a mark instead of a traceback.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app()
