"""Addresses whose mail keeps coming back: to them the desk mails nothing by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from mailtickets.cli.options import NOT_THERE, AsJson, ConfigFile, clerk, end, group, ledger, settings
from mailtickets.cli.rows import Column, Row, counted, show

app = typer.Typer(
    help="Addresses that nothing automatic is mailed to: list, lift.", callback=group, no_args_is_help=True
)

COLUMNS = (
    Column("address", "Address"),
    Column("since", "Since (UTC)"),
    Column("bounces", "Came back"),
    Column("why", "Why"),
)


@app.command("list")
def list_(as_json: AsJson = False, config: ConfigFile = None) -> None:
    """List the addresses, the longest paused first."""
    found = settings(config)
    from mailtickets.store import views

    with ledger(found) as store:
        paused = store.read_sync(views.paused_rows)
    rows: list[Row] = [
        {"address": one.address, "since": one.since, "bounces": one.bounces, "why": one.why} for one in paused
    ]
    show(rows, COLUMNS, as_json=as_json, none="No address is paused.")


@app.command()
def lift(
    addresses: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ADDRESS]...", help="Which ones; none named: all.", show_default=False),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Mail there by itself again. Mail from such an address does the same."""
    with clerk(settings(config)) as reached:
        count = reached.lift_paused(tuple(addresses or ()))
    if addresses and not count:
        end(NOT_THERE, "None of these is paused.")
    print(counted(count, "address gets automatic mail again.", "addresses get automatic mail again."))
