"""A name server on loopback that knows only what a test tells it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class Zone(asyncio.DatagramProtocol):
    """Text records by name. `is_silent`: it hears and does not answer."""

    def __init__(self, records: dict[str, tuple[str, ...]]) -> None:
        self.records = records
        self.asked: list[str] = []
        self.is_silent = False
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # What the loop hands over is one by duty, not by class (until Python 3.12).
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name
        self.asked.append(name.to_text(omit_final_dot=True))
        if self.is_silent or self.transport is None:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA
        texts = self.records.get(self.asked[-1], ())
        if texts:
            quoted = ['"' + '" "'.join(t[i : i + 200] for i in range(0, len(t), 200)) + '"' for t in texts]
            answer.answer.append(dns.rrset.from_text(name, 300, "IN", "TXT", *quoted))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def nameserver(records: dict[str, tuple[str, ...]]) -> AsyncIterator[tuple[Zone, tuple[str, int]]]:
    """The zone, and the address and port at which it answers."""
    transport, zone = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Zone(records), local_addr=("127.0.0.1", 0)
    )
    try:
        yield zone, transport.get_extra_info("sockname")
    finally:
        transport.close()


@contextmanager
def nameserver_aside(records: dict[str, tuple[str, ...]]) -> Iterator[tuple[Zone, tuple[str, int]]]:
    """The same, in a thread of its own: for tests that only wait."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="nameserver")
    thread.start()
    running = nameserver(records)
    try:
        yield asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
