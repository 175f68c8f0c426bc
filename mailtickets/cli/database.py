"""The database itself."""

from __future__ import annotations

import typer

from mailtickets.cli.options import IN_THE_WAY, ConfigFile, end, group, settings

app = typer.Typer(help="The database.", callback=group, no_args_is_help=True)


@app.command()
def upgrade(config: ConfigFile = None) -> None:
    """Bring the database up to this version; an SQLite file is copied first. The daemon must not run."""
    found = settings(config)
    from mailtickets.store import engine, lock

    try:
        with lock.hold(found.state_dir):
            before = engine.revision_state(found.database_url)
            if before == "newer":
                end(
                    IN_THE_WAY,
                    "The database is newer than this program. Install the newer mailtickets again.",
                )
            engine.upgrade(found.database_url, found.state_dir)
    except lock.Held as error:
        end(IN_THE_WAY, str(error))
    print("The database was up to date." if before == "current" else "The database is up to date now.")
