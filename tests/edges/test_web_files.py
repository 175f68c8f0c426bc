"""Readers who fetch files and do not read them fill neither the memory nor the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import uvicorn

from mailtickets.core.mail import Address
from mailtickets.store import views
from mailtickets.web import files, serve
from tests import day as days
from tests.day import ANN, MARIA, NORA, TOM, Day

BIG = 12_000_000  # more than the sockets' buffers take


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    day = days.open_day(tmp_path)
    for who in (MARIA, TOM, NORA):
        day.letter(
            days.at(19, 9), who, "Plan", "See it.\n", files=(("plan.bin", "application/x", b"x" * BIG),)
        )
    yield day
    day.store.close_sync()


class Site:
    """A window that serves, and what its readers hold."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._sock = serve.listening("127.0.0.1:0")
        self.server = uvicorn.Server(serve.config(days.window(day)))
        self.held: list[asyncio.StreamWriter] = []
        self._running = asyncio.create_task(self.server.serve(sockets=[self._sock]))

    async def ask(self, who: Address, path: str) -> asyncio.StreamReader:
        """A connection on which the answer begins to come."""
        reader, writer = await asyncio.open_connection(*self._sock.getsockname(), limit=1000)
        cookie = f"Cookie: mailtickets={days.session(self._day, who)}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: desk\r\n{cookie}\r\nConnection: close\r\n\r\n".encode())
        self.held.append(writer)
        return reader

    def file(self, number: int) -> str:
        view = self._day.store.read_sync(views.ticket, number)
        assert view is not None
        return f"/ticket/{number}/attachment/{view.entries[0].id}/0"

    async def stop(self) -> None:
        for writer in self.held:
            writer.transport.abort()
        self.server.should_exit = True
        await self._running


@pytest.fixture
async def site(day: Day) -> AsyncIterator[Site]:
    site = Site(day)
    while not site.server.started:
        await asyncio.sleep(0.01)
    yield site
    await site.stop()


async def _status(reader: asyncio.StreamReader) -> int:
    return int((await asyncio.wait_for(reader.readline(), 20)).split()[1])


async def _rest(reader: asyncio.StreamReader) -> int:
    count = 0
    with suppress(ConnectionError):
        while piece := await asyncio.wait_for(reader.read(1_000_000), 20):
            count += len(piece)
    return count


async def test_one_person_holds_a_few_files_and_others_still_get_theirs(site: Site) -> None:
    held = [await site.ask(MARIA, site.file(1042)) for _ in range(files.OF_ONE)]
    assert [await _status(one) for one in held] == [200] * files.OF_ONE
    assert await _status(await site.ask(MARIA, site.file(1042))) == 503
    toms = await site.ask(TOM, site.file(1043))
    assert await _status(toms) == 200
    assert await _rest(toms) > BIG
    assert await _status(await site.ask(MARIA, "/tickets")) == 200
    # Whoever gives up, or has it, makes room.
    site.held[0].transport.abort()
    assert await _rest(held[1]) > BIG
    async with asyncio.timeout(20):
        while await _status(await site.ask(MARIA, site.file(1042))) != 200:
            await asyncio.sleep(0.1)


async def test_all_together_hold_no_more_than_memory_has_room_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "AT_ONCE", 3)
    asked = ((MARIA, 1042), (TOM, 1043), (NORA, 1044))
    assert [await _status(await site.ask(who, site.file(number))) for who, number in asked] == [200] * 3
    more = await site.ask(ANN, site.file(1042))
    assert await _status(more) == 503
    assert b"try again in a minute" in await more.read(20_000)
