"""Every command that there is."""

from __future__ import annotations

from typing import Annotated

import typer

from mailtickets import __version__
from mailtickets.cli import (
    audit,
    authorize,
    check,
    database,
    demo,
    explain,
    init,
    ledger,
    link,
    outbox,
    paused,
    read,
    run,
    sessions,
    simulate,
    ticket,
)
from mailtickets.cli.options import ConfigFile

app = typer.Typer(
    name="mailtickets",
    help="A ticket desk that works by mail.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: rich alone would double the time to show it
    pretty_exceptions_enable=False,  # its tracebacks show local variables, passwords among them
)


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    config: ConfigFile = None,
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    pass


app.command()(init.init)
app.command()(authorize.authorize)
app.add_typer(check.app, name="check")
app.command()(audit.audit)
app.command()(run.run)
app.command(hidden=True)(run.window)
app.command(**demo.PASSED_ON)(demo.demo)
app.command()(link.link)
app.add_typer(ticket.app, name="ticket")
app.add_typer(ledger.app, name="ledger")
app.add_typer(ledger.quarantine, name="quarantine")
app.add_typer(ledger.held, name="held")
app.add_typer(outbox.app, name="outbox")
app.command()(explain.explain)
app.command()(simulate.simulate)
app.add_typer(paused.app, name="paused")
app.add_typer(sessions.app, name="sessions")
app.command()(read.read)
app.add_typer(database.app, name="db")
