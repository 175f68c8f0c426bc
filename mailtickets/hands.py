"""The batches that are in hand: while one is decided the next is read and a third is kept.

The law: batches are decided in the order in which they were taken in hand, and whoever wants to see what nobody has in
hand waits until that is all there is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

PLACES = 3

Turn = Callable[[], Awaitable[object]]


class Hands:
    """Shared by all who decide letters."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(PLACES)
        self._emptying = asyncio.Lock()
        self._before = asyncio.Event()  # the batch that was taken in hand last is decided
        self._before.set()

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[Turn]:
        """A place for one batch. What comes out waits until all that were taken in hand before are decided."""
        async with self._places:
            before, mine = self._before, asyncio.Event()
            self._before = mine
            try:
                yield before.wait
            finally:
                mine.set()  # also when this one came to nothing: the next must not wait for it

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[None]:
        """Nothing is in hand meanwhile: what is kept and undecided now is a leftover."""
        async with self._emptying, AsyncExitStack() as stack:
            for _ in range(PLACES):
                await stack.enter_async_context(self._places)
            yield
