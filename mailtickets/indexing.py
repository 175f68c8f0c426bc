"""Puts the words of new messages into the index, a moment after they came, and keeps the tally short.

The law: it stands in nobody's way. While letters are taken in it takes one small batch now and then; what waits is
in the backlog, and the page says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from mailtickets.store import search
from mailtickets.store.engine import Store

BATCH = 200  # cards in one transaction
QUIET = 0.5  # seconds without a new letter, before what has come is put into the index
LONGEST_WAIT = 30.0  # seconds; however many letters come, one batch gets its turn
LOOK_EVERY = 300.0  # seconds; for what the command line has written


class Indexing:
    """Owns nothing but its turn."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """There are new messages."""
        self._nudged.set()

    async def run(self, beat: Callable[[], None]) -> None:
        """Write cards until cancelled: at once for what was left, then after each nudge."""
        while True:
            beat()
            await self._catch_up(beat)
            await self._nudge_within(LOOK_EVERY)
            await self._quiet()

    async def _catch_up(self, beat: Callable[[], None]) -> None:
        """Until nothing waits, or until new letters come: they go first."""
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            if not await self._store.write(search.write_cards, BATCH):
                break
            if self._nudged.is_set():
                return
            beat()
            # As long as it took: half of the writer's time is for everybody else.
            await asyncio.sleep(loop.time() - begun)
        await self._store.write(search.tidy)

    async def _quiet(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_WAIT
        while self._nudged.is_set() and loop.time() < until:
            self._nudged.clear()
            await self._nudge_within(QUIET)
        self._nudged.clear()

    async def _nudge_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._nudged.wait()
