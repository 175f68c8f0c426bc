"""The demo is a house of its own: its words are passed on to it, unread."""

from __future__ import annotations

from typing import Any

import typer

from mailtickets.cli.options import ConfigFile

# Its own --help too is for the demo to print.
PASSED_ON: dict[str, Any] = {
    "add_help_option": False,
    "context_settings": {"ignore_unknown_options": True, "allow_extra_args": True},
}


def demo(context: typer.Context, config: ConfigFile = None) -> None:
    """See all of it at work with a mail server of its own; “demo send” writes to it. Needs no config."""
    from mailtickets.demo import app

    app(context.args, prog_name="mailtickets demo")
