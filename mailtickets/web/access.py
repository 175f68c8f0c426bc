"""Who sees what. The law: every page and every answer of the API asks `sight`, and nothing else decides.

What is not yours and what is not there give the same `NOTHING`, so that no answer tells them apart.
"""

from __future__ import annotations

from enum import Enum, auto

from mailtickets.core.case import Listed
from mailtickets.core.person import Person
from mailtickets.store.views import TicketView


class Room(Enum):
    """What of the window is not one ticket."""

    OVERVIEW = auto()
    TICKETS = auto()


class Sight(Enum):
    NOTHING = auto()  # as if it were not there
    DOORSTEP = auto()  # sign in first; says nothing about what is behind
    COUNTS = auto()  # the public figures
    OWN = auto()  # what a requester sees of the own tickets or the company's: the talk, no notes, no machines, no history
    ALL = auto()


def sight(
    viewer: Person | None, wanted: Room | Listed | TicketView | None, public_counts: bool = False
) -> Sight:
    """What somebody sees of a room or a ticket; `wanted` None is a ticket that does not exist."""
    if viewer is None:
        return Sight.COUNTS if public_counts and wanted is Room.OVERVIEW else Sight.DOORSTEP
    match wanted:
        case None:
            return Sight.NOTHING
        case Room():
            return Sight.ALL if viewer.is_staff else Sight.OWN
        case _ if viewer.works_on(wanted.ticket.project):
            return Sight.ALL
        case _:
            return Sight.OWN if viewer.reads_of(wanted.requester) else Sight.NOTHING
