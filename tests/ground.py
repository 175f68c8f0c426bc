"""What the house stands on, for tests that build parts of it: room without end, and no rival."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mailtickets.intake import Ground
from mailtickets.outage import Outages
from mailtickets.room import Room
from mailtickets.store.presence import Presence, names


def firm(clock: Callable[[], datetime], *mailboxes: str) -> Ground:
    """The locks of these inboxes are held."""
    outages = Outages(clock)
    return Ground(Room((), None, outages), Presence("sqlite:///any.db", "tests", names(mailboxes)), outages)
