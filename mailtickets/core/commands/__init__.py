"""What people can tell the desk: `#word value`, alone on a line. One row a command, in `table`."""

from __future__ import annotations

from mailtickets.core.case import Wanted
from mailtickets.core.commands.asks import list_query, show_number
from mailtickets.core.commands.command import Cannot, Command, Deed, Scene
from mailtickets.core.commands.grammar import Block, Said, is_signature, parse, visible
from mailtickets.core.commands.play import Deeds, need, play
from mailtickets.core.commands.table import RELAY, TABLE, help_lines, ruling
from mailtickets.core.mail import InboundMail
from mailtickets.core.person import Role

__all__ = [
    "RELAY",
    "TABLE",
    "Block",
    "Cannot",
    "Command",
    "Deed",
    "Deeds",
    "Said",
    "Scene",
    "help_lines",
    "is_signature",
    "listing",
    "need",
    "parse",
    "play",
    "ruling",
    "visible",
]


def listing(mail: InboundMail) -> Wanted:
    """What a letter asks to be shown, to be loaded before it is decided.

    Asked of the widest role, since the sender is not known yet: at most something is loaded in vain.
    """
    wanted_list: str | None = None
    wanted_show: int | None = None
    for said in parse(mail.typed, Role.ADMIN).said:
        if said.command.word == "list" and wanted_list is None:
            wanted_list = list_query(said.value)
        if said.command.word == "show" and wanted_show is None:
            wanted_show = show_number(said.value)
    return Wanted(wanted_list, wanted_show)
