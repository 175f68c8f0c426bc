"""Waits while the database is away, held by another, or has no room; says once that it does, and once that it is over."""

from __future__ import annotations

import asyncio
import random
from typing import Literal

from mailtickets import log
from mailtickets.outage import Outages
from mailtickets.store.trouble import Unavailable

FIRST_PAUSE = 0.2  # seconds; doubles
LONGEST_PAUSE = 10.0
DATABASE = "database"  # its name among the outages

Side = Literal["read", "write"]


class Patience:
    """Shared by all who use one store."""

    def __init__(self, outages: Outages) -> None:
        self._outages = outages
        self._troubled: dict[Side, str] = {}

    @property
    def is_tried(self) -> bool:
        """Whether somebody waits for the database now."""
        return bool(self._troubled)

    async def wait(self, side: Side, trouble: Unavailable, tries: int) -> None:
        """Until it is worth trying again, after so many tries."""
        pause = min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)
        self._troubled[side] = str(trouble)
        # What keeps us from writing is worth more words than what keeps us from reading.
        if self._outages.begins(DATABASE, self._troubled.get("write", str(trouble))):
            log.database_away(str(trouble))
        await asyncio.sleep(pause * random.uniform(0.75, 1.0))

    def went_well(self, side: Side) -> None:
        """That it can be used again shows when it is."""
        if self._troubled.pop(side, None) is None or self._troubled:
            return
        if (span := self._outages.ends(DATABASE)) is not None:
            log.database_back(span)
