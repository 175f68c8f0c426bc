"""Who is signed in to the page."""

from __future__ import annotations

from typing import Annotated

import typer

from mailtickets.cli.options import (
    NOT_THERE,
    USAGE,
    AsJson,
    ConfigFile,
    clerk,
    end,
    group,
    ledger,
    now,
    settings,
)
from mailtickets.cli.rows import Column, Row, counted, show

app = typer.Typer(
    help="Browsers that are signed in to the page: list, revoke.", callback=group, no_args_is_help=True
)

COLUMNS = (
    Column("id", "Id"),
    Column("address", "Who"),
    Column("role", "Role"),
    Column("opened", "Since (UTC)"),
    Column("seen", "Last used (UTC)"),
    Column("until", "Ends (UTC)"),
)


@app.command("list")
def list_(
    address: Annotated[str, typer.Option("--person", metavar="ADDRESS", help="Only theirs.")] = "",
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List who is signed in, the last used first. When one was used is known to the hour."""
    found = settings(config)
    from mailtickets.core.mail import Address
    from mailtickets.store import people, sessions

    limits = found.web.sessions
    with ledger(found) as store:
        who = store.read_sync(people.by_address, Address(address).key) if address else None
        if address and who is None:
            end(NOT_THERE, f"Nobody known has the address {address}.")
        opened = store.read_sync(sessions.opened, now(), limits, who.id if who else None)
    rows: list[Row] = [
        {
            "id": one.id,
            "address": one.person.address.spec,
            "role": one.person.role,
            "opened": one.opened_at,
            "seen": one.seen_at,
            "until": min(one.opened_at + limits.whole, one.seen_at + limits.idle),
        }
        for one in opened
    ]
    show(rows, COLUMNS, as_json=as_json, none="Nobody is signed in.")


@app.command()
def revoke(
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="[ID]...", help="Which ones, as listed.", show_default=False),
    ] = None,
    addresses: Annotated[
        list[str] | None,
        typer.Option(
            "--person", metavar="ADDRESS", help="All of theirs. May stand more than once.", show_default=False
        ),
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All that there are.")] = False,
    config: ConfigFile = None,
) -> None:
    """Sign somebody out everywhere. With --person and --all the links that wait in inboxes are spent, too."""
    if everybody == bool(ids or addresses):
        end(
            USAGE,
            "Say which: ids as “mailtickets sessions list” shows them, --person ADDRESS, or --all alone.",
        )
    with clerk(settings(config)) as reached:
        count = reached.revoke_sessions(tuple(ids or ()), tuple(addresses or ()))
    if not count and not everybody:
        end(NOT_THERE, "None of these is signed in.")
    print(counted(count, "session is ended.", "sessions are ended."))
