"""A file that came with a mail, to be saved and never shown. The law: what strangers sent is octets here, nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from mailtickets.core.mail import Attachment
from mailtickets.store import views
from mailtickets.store.engine import Store
from mailtickets.store.views import TicketView
from mailtickets.web.armour import FILE_POLICY

PIECE = 64 * 1024  # octets handed to the network at a time
OPENED_AT_ONCE = 2  # letters that are taken apart
AT_ONCE = 12  # files on their way to readers
OF_ONE = 4  # of them, to one person
BUSY = "too many files are on their way, try again in a minute"
GONE = "The letter that this file came with is not kept any more."


class Counter:
    """How many files are on their way. Each lies in memory until its reader has it, and readers may be slow."""

    def __init__(self) -> None:
        self.opening = asyncio.Semaphore(OPENED_AT_ONCE)
        self._under_way: list[int] = []  # Person.id of each reader

    @contextlib.contextmanager
    def taking(self, reader: int) -> Iterator[None]:
        """Room for one more; 503 if there is none."""
        if len(self._under_way) >= AT_ONCE or self._under_way.count(reader) >= OF_ONE:
            raise HTTPException(503, BUSY, {"Retry-After": "60"})
        self._under_way.append(reader)
        try:
            yield
        finally:
            self._under_way.remove(reader)


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way: an ASGI app, as responses are. It counts until its last octet is taken, or nobody wants it any more."""

    counter: Counter
    store: Store
    reader: int  # Person.id
    message: int
    index: int
    file: Attachment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.counter.taking(self.reader):
            octets = await self._octets()
            answer = StreamingResponse(_pieces(octets), headers=_headers(self.file, len(octets)))
            await answer(scope, receive, send)

    async def _octets(self) -> bytes:
        async with self.counter.opening:
            letter = await self.store.read(views.attached_to, self.store.blobs, self.message)
            octets = None if letter is None else await asyncio.to_thread(_taken_out, letter, self.index)
        if octets is None:
            raise HTTPException(404, GONE)
        return octets


def download(
    store: Store, counter: Counter, view: TicketView, reader: int, message: int, index: int
) -> Download:
    """The file as a download. 404 if the talk that the viewer sees has no such file."""
    return Download(counter, store, reader, message, index, _named(view, message, index))


def _named(view: TicketView, message: int, index: int) -> Attachment:
    for entry in view.entries:
        if entry.id == message and index < len(entry.attachments):
            return entry.attachments[index]
    raise HTTPException(404)


def _taken_out(letter: bytes, index: int) -> bytes | None:
    from mailtickets.core import reading  # seldom needed here, and 20 MB

    try:
        return reading.attachment(letter, index)
    except (IndexError, reading.Broken):
        return None


def _pieces(octets: bytes) -> Iterator[bytes]:
    for at in range(0, len(octets), PIECE):
        yield octets[at : at + PIECE]


def _headers(file: Attachment, size: int) -> dict[str, str]:
    # Never the type that the sender named: no browser may take it for a page. RFC 6266 section 4.3
    # has the name in two forms; the plain one is for programs that know no other.
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in file.name) or "file"
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Length": str(size),
        "Content-Security-Policy": FILE_POLICY,
    }
