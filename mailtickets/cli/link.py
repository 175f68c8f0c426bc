"""A way onto the page for somebody who cannot wait for a mail."""

from __future__ import annotations

from typing import Annotated

import typer

from mailtickets.cli.options import NOT_THERE, ConfigFile, clerk, end, settings


def link(
    address: Annotated[str, typer.Argument(help="Address of an agent or a customer.", show_default=False)],
    config: ConfigFile = None,
) -> None:
    """Print a link that signs somebody in to the page, once, within 15 minutes."""
    with clerk(settings(config)) as reached:
        url = reached.link(address)
    if url is None:
        end(NOT_THERE, f"Nobody known has the address {address}. Whoever has written to the desk is known.")
    print(url)
